"""Fetching from providers: which addresses are ever asked, what a bad answer means, and never more than the bound."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from channels import fetching
from channels.errors import Failure, SendFailed
from channels.media import TOO_LARGE
from core.errors import TooLarge

ACCOUNT, TOKEN = "AC" + "1" * 32, "secret"
API = "https://api.twilio.com"
OURS = f"{API}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"


def fetch(source: str, api_url: str | None = None, limit: int = 1000) -> fetching.Fetched:
    return fetching.from_twilio(source, account_sid=ACCOUNT, auth_token=TOKEN, api_url=api_url, limit=limit)


NEVER = [
    "http://api.twilio.com/2010-04-01/Accounts/" + ACCOUNT + "/Messages/MM1/Media/ME1",
    f"{API}/2010-04-01/Accounts/AC{'2' * 32}/Messages/MM1/Media/ME1",
    f"{API}/2010-04-01/Accounts/{ACCOUNT}/../../admin",
    f"{API}/2010-04-01/Accounts/{ACCOUNT}/%2e%2e/x",
    f"{API}:8443/2010-04-01/Accounts/{ACCOUNT}/x",
    f"{API}:x/2010-04-01/Accounts/{ACCOUNT}/x",
    f"https://user@api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/x",
    f"https://api.twilio.com.evil.example/2010-04-01/Accounts/{ACCOUNT}/x",
    f"https://api.twilio.com@evil.example/2010-04-01/Accounts/{ACCOUNT}/x",
    "https://mms.twiliocdn.com/x",  # where only a redirect of Twilio's leads
    "http://169.254.169.254/latest/meta-data",
    "http://127.0.0.1:5432/",
    "http://[::1]/2010-04-01/Accounts/x",
    "file:///etc/passwd",
    "ftp://api.twilio.com/",
    "//api.twilio.com/",
    "https://[",
    "",
]


@pytest.mark.parametrize("source", NEVER)
def test_no_other_address_is_asked(source: str) -> None:
    with pytest.raises(SendFailed) as caught:
        fetch(source)
    assert caught.value.failure is Failure.content_refused
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://mms.twiliocdn.com/AC1/x?Signature=y", True),
        ("https://media.twiliocdn.com/AC1/x", True),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/x", True),
        ("https://s3-external-1.amazonaws.com/somebody-else/x", False),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/../else/x", False),
        ("http://mms.twiliocdn.com/x", False),
        ("https://mms.twiliocdn.com:444/x", False),
        ("https://mms.twiliocdn.com.evil.example/x", False),
        ("https://x@mms.twiliocdn.com/x", False),
        ("http://127.0.0.1/x", False),
        ("https://169.254.169.254/x", False),
        ("https://mms.twiliocdn.com:x/", False),
    ],
)
def test_redirects_lead_to_twilios_stores_alone(url: str, good: bool) -> None:
    assert fetching._is_store(url, API) is good


@dataclass
class Stand:
    """A stand-in on this machine. `answers` by path: status, headers, body; `asked`: path and authorization."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture(scope="module")
def server() -> Iterator[Stand]:
    stand = Stand()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stand.asked.append((self.path, self.headers.get("Authorization")))
            status, headers, body = stand.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        stand.url = f"http://127.0.0.1:{listening.server_address[1]}/twilio"
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield stand
        listening.shutdown()


PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"


def test_a_redirect_is_followed_and_the_token_stays_behind(server: Stand) -> None:
    server.asked.clear()
    server.answers = {
        f"/twilio{PATH}": (307, {"Location": "/twilio/cdn/x"}, b""),
        "/twilio/cdn/x": (200, {"Content-Type": "image/jpeg"}, b"dots"),
    }
    assert fetch(server.url + PATH, server.url) == fetching.Fetched(b"dots", "image/jpeg")
    assert [bool(auth) for _, auth in server.asked] == [True, False]


ANSWERS = [
    (401, {}, Failure.credentials, None),
    (403, {}, Failure.credentials, None),
    (404, {}, Failure.unreachable, None),
    (410, {}, Failure.unreachable, None),
    (429, {"Retry-After": "7"}, Failure.rate_limited, 7.0),
    (500, {}, Failure.provider_down, None),
    (503, {}, Failure.provider_down, None),
    (418, {}, Failure.content_refused, None),
    (302, {"Location": "http://169.254.169.254/"}, Failure.content_refused, None),
    (302, {"Location": "https://mms.twiliocdn.com/x"}, Failure.content_refused, None),
    (302, {"Location": "https://["}, Failure.content_refused, None),
    (302, {}, Failure.content_refused, None),
    (302, {"Location": f"/twilio{PATH}"}, Failure.content_refused, None),  # without end
]


@pytest.mark.parametrize(("status", "headers", "failure", "wait"), ANSWERS)
def test_what_an_answer_means(
    server: Stand, status: int, headers: dict[str, str], failure: Failure, wait: float | None
) -> None:
    server.answers = {f"/twilio{PATH}": (status, headers, b"")}
    with pytest.raises(SendFailed) as caught:
        fetch(server.url + PATH, server.url)
    assert (caught.value.failure, caught.value.retry_after) == (failure, wait)
    assert ACCOUNT not in str(caught.value)


@pytest.mark.parametrize("headers", [{"Content-Length": "1001"}, {}])
def test_no_more_than_the_bound_is_read(server: Stand, headers: dict[str, str]) -> None:
    server.answers = {f"/twilio{PATH}": (200, headers, b"x" * 1001)}
    with pytest.raises(TooLarge) as caught:
        fetch(server.url + PATH, server.url)
    assert caught.value.message == TOO_LARGE


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(SendFailed) as caught:
        fetch(f"http://127.0.0.1:9{PATH}", "http://127.0.0.1:9")
    assert caught.value.failure is Failure.provider_down
