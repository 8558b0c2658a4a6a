"""The connection to Twilio. Importing this loads the twilio library, so it is imported at the first send."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from math import isnan
from typing import Any
from urllib.parse import urlencode, urlsplit

import certifi
import urllib3.exceptions as urllib3
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Disconnected
from requests.exceptions import ConnectTimeout, ReadTimeout
from requests.utils import select_proxy
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3 import PoolManager

from channels.errors import Failure, SendFailed

REAL = "https://api.twilio.com"
CONNECTIONS = 32


class _Connection(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client with another address, and with the Retry-After that its exceptions drop.

    Requests go to the pool of connections underneath the library's own client: two thirds of a request's processor time
    were spent on what a session adds to it, such as cookies and redirects, which Twilio's interface has none of. Where
    the machine reaches the world through a proxy they go by the library's own way.
    """

    def __init__(self, api_url: str | None, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.api_url = (api_url or REAL).rstrip("/")
        self._pool: PoolManager | None = None
        if self.session is None:
            return
        # as many connections are kept as threads send, else each further one shakes hands anew
        self.session.mount(self.api_url, HTTPAdapter(pool_maxsize=CONNECTIONS))
        if _is_loopback(self.api_url):
            self.session.trust_env = False  # no proxy on the way to ourselves
        found = self.session.merge_environment_settings(self.api_url, {}, False, None, None)
        if not select_proxy(self.api_url, found["proxies"]):
            trusted = found["verify"] if isinstance(found["verify"], str) else certifi.where()
            self._pool = PoolManager(maxsize=CONNECTIONS, cert_reqs="CERT_REQUIRED", ca_certs=trusted)

    def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._pool.clear()
        if self.session is not None:
            self.session.close()

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if url.startswith(REAL):
            url = self.api_url + url[len(REAL) :]
        as_json = "json" in ((kwargs.get("headers") or {}).get("Content-Type") or "")
        if self._pool is None or args or as_json or method not in ("GET", "POST"):
            response = super().request(method, url, *args, **kwargs)
        else:
            response = self._asked(self._pool, method, url, **kwargs)
        if response.status_code == 429:
            seconds = retry_after((response.headers or {}).get("Retry-After"), now=datetime.now(UTC))
            raise SendFailed(Failure.rate_limited, "Twilio 429: too many requests", retry_after=seconds)
        return response

    def _asked(
        self,
        pool: PoolManager,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        **_: object,
    ) -> Response:
        """One request; what breaks it is raised as the library's own client does."""
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        body = urlencode(_given(data), doseq=True) if method == "POST" else None
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if params:
            url = f"{url}?{urlencode(_given(params), doseq=True)}"
        seconds = self.timeout if timeout is None else timeout
        try:
            answer = pool.urlopen(method, url, body=body, headers=sent, timeout=seconds, redirect=False, retries=False)
        except urllib3.ConnectTimeoutError as error:
            if isinstance(error, urllib3.NewConnectionError):
                raise Disconnected(error) from error
            raise ConnectTimeout(error) from error
        except urllib3.ReadTimeoutError as error:
            raise ReadTimeout(error) from error
        except urllib3.HTTPError as error:
            raise Disconnected(error) from error
        except OSError as error:
            raise Disconnected(error) from error
        return Response(int(answer.status), answer.data.decode("utf-8", "replace"), answer.headers)


def _given(fields: Mapping[str, object] | None) -> dict[str, object]:
    return {name: value for name, value in (fields or {}).items() if value is not None}


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
