"""The doorbell: tells the workers that there is something to do. A lost ring loses nothing; the sweep finds the row."""

from collections.abc import Callable

INBOX = "inbox"
OUTBOX = "outbox"
RUNGS = "rungs"
SURVEYS = "surveys"
MEDIA = "media"
TRAINING = "training"
CROWDS = "crowds"
LINKS = "links"
CORRECTIONS = "corrections"
BULK = "bulk"
STAFF = "staff"
FILES = "files"
EXPORTS = "exports"

_ringers: list[Callable[[str], None]] = []


def register(ringer: Callable[[str], None]) -> Callable[[], None]:
    """Let `ringer` be called with a kind for each ring; returns what takes it off again."""
    _ringers.append(ringer)
    return lambda: _ringers.remove(ringer) if ringer in _ringers else None


def ring(kind: str) -> None:
    """Ring after a commit. Must not block and must not raise: the ringer answers for both."""
    for ringer in tuple(_ringers):
        ringer(kind)
