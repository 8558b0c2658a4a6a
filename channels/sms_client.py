"""The connection to Twilio. Importing this loads the twilio library, so it is imported at the first send."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from math import isnan
from typing import Any
from urllib.parse import urlsplit

import urllib3.exceptions as urllib3
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Disconnected
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.errors import Failure, SendFailed

REAL = "https://api.twilio.com"
CONNECTIONS = 32


class _Connection(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client with another address, and with the Retry-After that its exceptions drop."""

    def __init__(self, api_url: str | None, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.api_url = (api_url or REAL).rstrip("/")
        if self.session is not None:
            # as many connections are kept as threads send, else each further one shakes hands anew
            self.session.mount(self.api_url, HTTPAdapter(pool_maxsize=CONNECTIONS))
            if _is_loopback(self.api_url):
                self.session.trust_env = False  # no proxy on the way to ourselves

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if url.startswith(REAL):
            url = self.api_url + url[len(REAL) :]
        response = super().request(method, url, *args, **kwargs)
        if response.status_code == 429:
            seconds = retry_after((response.headers or {}).get("Retry-After"), now=datetime.now(UTC))
            raise SendFailed(Failure.rate_limited, "Twilio 429: too many requests", retry_after=seconds)
        return response


def make_client(account_sid: str, auth_token: str, api_url: str | None, timeout: float) -> Client:
    """A client that gives up after `timeout` seconds and never repeats a request by itself."""
    # environment: TWILIO_EDGE and _REGION of the machine would change the address behind the settings' back
    return Client(account_sid, auth_token, http_client=_Connection(api_url, timeout), environment={"": ""})


def never_left(error: Disconnected) -> bool:
    """Whether a broken connection broke before the request was sent."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(
        reason,
        urllib3.NewConnectionError | urllib3.ConnectTimeoutError | urllib3.NameResolutionError | urllib3.ProxyError,
    )


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date; at most an hour."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).replace(tzinfo=UTC) - now).total_seconds()
        except ValueError:
            return None
    return None if isnan(seconds) else min(max(seconds, 0.0), 3600.0)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
