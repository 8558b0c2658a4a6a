"""Pictures and files that citizens send over the phone network, kept in memory; `simulators.store` serves them."""

import hashlib
import hmac
import secrets
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

KEPT = 300
"""Files kept; an older one is gone, as with a citizen who deleted it."""
LARGEST = 20 * 1024 * 1024
MOST = 10
"""Files in one message."""
SAFE = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
SHOWN = {
    "image/jpeg": "picture",
    "image/png": "picture",
    "image/gif": "picture",
    "image/webp": "picture",
    "audio": "sound",
    "video": "film",
}


@dataclass(frozen=True, slots=True)
class Picked:
    """A file a citizen picked on their phone."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Medium:
    """One file of one message."""

    sid: str
    message: str
    picked: Picked

    @property
    def shown_as(self) -> str:
        """How the phone shows it: picture, sound, film or paper."""
        return shown_as(self.picked.content_type)


def shown_as(content_type: str) -> str:
    """What a phone makes of a type."""
    return SHOWN.get(content_type) or SHOWN.get(content_type.partition("/")[0], "paper")


class Media:
    """What was sent lately, by sid."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Medium] = deque(maxlen=KEPT)
        self._key = secrets.token_bytes(32)

    def keep(self, message: str, files: Sequence[Picked]) -> tuple[Medium, ...]:
        """Keep the files of one message."""
        made = tuple(Medium("ME" + secrets.token_hex(16), message, file) for file in files[:MOST])
        with self._lock:
            self._kept.extend(made)
        return made

    def find(self, sid: str) -> Medium | None:
        """A file by its sid."""
        with self._lock:
            return next((medium for medium in self._kept if medium.sid == sid), None)

    def signed(self, sid: str, until: int) -> str:
        """The signature of a store's address."""
        return hmac.new(self._key, f"{sid}.{until}".encode(), hashlib.sha256).hexdigest()[:40]


def fields(mediums: Sequence[Medium], base: str, account: str) -> dict[str, str]:
    """What a webhook says of its files; `base` is where the simulated Twilio is."""
    said = {"NumMedia": str(len(mediums))}
    for place, medium in enumerate(mediums):
        said[f"MediaUrl{place}"] = f"{base}/2010-04-01/Accounts/{account}/Messages/{medium.message}/Media/{medium.sid}"
        said[f"MediaContentType{place}"] = medium.picked.content_type
    return said
