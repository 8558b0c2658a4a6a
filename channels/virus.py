"""Looking for viruses with a ClamAV daemon, by its INSTREAM command. The library is loaded with the first file."""

from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from channels.forms import N_
from core.errors import BadInput, Misconfigured

if TYPE_CHECKING:
    from clamav_client.clamd import ClamdNetworkSocket

INFECTED: Final = N_("This file carries a virus. Please send a photo of it instead.")
TIMEOUT = 20.0  # seconds for one file


class ScannerAway(Exception):
    """Nobody could look at the file; it waits until somebody can."""


def check(data: bytes, url: str) -> str:
    """Have a file looked at; gives what the scanner said of it, for the record (empty where `url` is empty).

    Raises:
        BadInput: it carries a virus.
        ScannerAway: the scanner is out of reach, or cannot look at this file now.
    """
    if not url:
        return ""
    from clamav_client.clamd import ClamdError

    scanner = _scanner(url)
    try:
        (verdict,) = scanner.instream(BytesIO(data)).values()
    except (ClamdError, OSError, ValueError) as error:
        raise ScannerAway(f"{type(error).__name__}: {error}"[:200]) from error
    status, found = verdict
    if status == "FOUND":
        raise BadInput(INFECTED, fields={"file": INFECTED})
    if status != "OK":
        raise ScannerAway(f"{status}: {found}"[:200])
    return "clean"


def version(url: str) -> str:
    """What the scanner says it is. Raises ScannerAway; also the way to try whether it is there."""
    from clamav_client.clamd import ClamdError

    try:
        return _scanner(url, timeout=5.0).version()
    except (ClamdError, OSError) as error:
        raise ScannerAway(str(error)[:200]) from error


def _scanner(url: str, timeout: float = TIMEOUT) -> "ClamdNetworkSocket":
    from clamav_client.clamd import ClamdNetworkSocket, ClamdUnixSocket

    parts = urlsplit(url)
    if parts.scheme == "tcp" and parts.hostname:
        return ClamdNetworkSocket(parts.hostname, parts.port or 3310, timeout=timeout)
    if parts.scheme == "unix" and parts.path:
        return ClamdUnixSocket(parts.path, timeout=int(timeout))
    raise Misconfigured(
        "OMBUD_CLAMAV_URL names no scanner.", mend="Write tcp://host:3310 or unix:///run/clamav/clamd.ctl."
    )
