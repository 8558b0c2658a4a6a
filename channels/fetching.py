"""Getting the files that providers keep for us: pictures of MMS and WhatsApp, voice recordings, Telegram's files.

An address is never simply opened. Only Twilio's own are asked, and only for our own account; a redirect may lead to
Twilio's stores and nowhere else; every answer is read with a bound.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from channels.errors import Failure, SendFailed
from channels.media import TOO_LARGE
from core.errors import TooLarge

if TYPE_CHECKING:
    import httpx

REAL: Final = "https://api.twilio.com"
STORES: Final = frozenset({"mms.twiliocdn.com", "media.twiliocdn.com", "api.twilio.com"})
"""Hosts that a redirect of Twilio's may lead to. None of them is told our token, but api.twilio.com."""
BUCKETS: Final = {"s3-external-1.amazonaws.com": "/media.twiliocdn.com/", "s3.amazonaws.com": "/media.twiliocdn.com/"}
"""Amazon's hosts, with the one bucket there that is Twilio's."""
REDIRECTS: Final = 3
TIMEOUT: Final = 15.0  # seconds, for connecting and again for each part of the answer
TELEGRAM: Final = "telegram:"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as the provider gave it; its type and name are what the provider says."""

    data: bytes
    content_type: str | None = None
    name: str = ""


def from_twilio(source: str, *, account_sid: str, auth_token: str, api_url: str | None, limit: int) -> Fetched:
    """The file at one of Twilio's media or recording addresses, of at most `limit` bytes.

    Raises:
        SendFailed: `unreachable` where there is no such file, `content_refused` for an address that is not Twilio's
            or leads elsewhere, else what the provider's answer means.
        TooLarge: it has more bytes.
    """
    import httpx

    base = (api_url or REAL).rstrip("/")
    url = source
    with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=not _is_loopback(base)) as client:
        for hop in range(REDIRECTS + 1):
            ours = _is_api(url, base, account_sid)
            if not ours and (hop == 0 or not _is_store(url, base)):
                raise SendFailed(Failure.content_refused, f"{_shown(url)} is no address of Twilio's")
            auth = (account_sid, auth_token) if ours else None
            try:
                with client.stream("GET", url, auth=auth) as answer:
                    if answer.is_redirect:
                        url = _next(url, answer.headers.get("location", ""))
                        continue
                    _check(answer)
                    return Fetched(_bounded(answer, limit), answer.headers.get("content-type"))
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                raise SendFailed(Failure.provider_down, f"{_shown(url)}: {type(error).__name__}") from error
    raise SendFailed(Failure.content_refused, "Twilio redirects without end")


def _next(url: str, location: str) -> str:
    """Where a redirect leads; empty for an address that is none."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _is_api(url: str, base: str, account_sid: str) -> bool:
    """Whether an address is of our own account at Twilio's API (or the stand-in that is set for it)."""
    known = urlsplit(base)
    try:
        parts = urlsplit(url)
        same = (parts.scheme, parts.hostname, parts.port) == (known.scheme, known.hostname, known.port)
    except ValueError:  # no address at all, or a port that is none
        return False
    if "@" in parts.netloc or not same:
        return False
    path = parts.path.removeprefix(known.path.rstrip("/"))
    plain = ".." not in path and "%" not in path and "\\" not in path
    return plain and path.startswith(f"/2010-04-01/Accounts/{account_sid}/")


def _is_store(url: str, base: str) -> bool:
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    if "@" in parts.netloc:
        return False
    if _is_loopback(base):  # a stand-in redirects to itself
        known = urlsplit(base)
        return (parts.scheme, host, port) == (known.scheme, known.hostname, known.port)
    if parts.scheme != "https" or port not in (None, 443):
        return False
    return host in STORES or (host in BUCKETS and parts.path.startswith(BUCKETS[host]) and ".." not in parts.path)


def _check(answer: "httpx.Response") -> None:
    status = answer.status_code
    if status == 200:
        return
    if status in (401, 403):
        raise SendFailed(Failure.credentials, f"Twilio {status} for a file")
    if status in (404, 410):
        raise SendFailed(Failure.unreachable, f"Twilio {status}: no such file")
    if status == 429:
        seconds = answer.headers.get("retry-after", "")
        raise SendFailed(Failure.rate_limited, "Twilio 429", retry_after=float(seconds) if seconds.isdigit() else None)
    failure = Failure.provider_down if status >= 500 else Failure.content_refused
    raise SendFailed(failure, f"Twilio {status} for a file")


def _bounded(answer: "httpx.Response", limit: int) -> bytes:
    declared = answer.headers.get("content-length", "")
    if declared.isdigit() and len(declared) < 20 and int(declared) > limit:
        raise TooLarge(TOO_LARGE, fields={"file": TOO_LARGE})
    parts, taken = [], 0
    for part in answer.iter_bytes(65_536):
        taken += len(part)
        if taken > limit:
            raise TooLarge(TOO_LARGE, fields={"file": TOO_LARGE})
        parts.append(part)
    return b"".join(parts)


def _shown(url: str) -> str:
    """The host alone: paths and queries of signed addresses belong into no log."""
    try:
        return urlsplit(url).hostname or "an address without host"
    except ValueError:
        return "an address that is none"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
