"""A deployment's own words for its messages: kept in versions (`cases.wording_editing`), shared by all processes.

A process believes what it read for `FRESH` seconds, as with the catalogue. A wording that cannot be read or filled must
not keep an answer from leaving: then the words that Ombud ships go.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from core.database import database
from core.logs import logger
from domain.wording import Wording, WordingState

FRESH = 2.0

log = logger("notifications.wordings")


@dataclass(frozen=True, slots=True)
class _Known:
    words: Mapping[tuple[str, str], str]
    read_at: float


_lock = threading.Lock()
_kept: dict[str, _Known] = {}


def own(name: str, language: str) -> str | None:
    """The deployment's wording of a message in a language; None where it uses the one that Ombud ships."""
    home = database()
    kept = _kept.get(home.url)
    if kept is None or time.monotonic() - kept.read_at >= FRESH:
        try:
            with home.read() as session:
                words = {key: wording.body for key, wording in newest(session).items()}
        except SQLAlchemyError as error:
            log.warning("wordings_not_read", error=type(error).__name__)
            words = dict(kept.words) if kept else {}
        kept = _Known(words, time.monotonic())
        with _lock:
            _kept[home.url] = kept
    return kept.words.get((name, language))


def forget() -> None:
    """Read the wordings anew at the next message; whoever changes one calls this."""
    with _lock:
        _kept.clear()


def newest(session: Session, state: WordingState = WordingState.published) -> dict[tuple[str, str], Wording]:
    """The wording in use of each message and language that has one of its own; or those in another state."""
    rows = session.exec(select(Wording).where(col(Wording.state) == state).order_by(col(Wording.version))).all()
    return {(row.name, row.language): row for row in rows}


def versions(session: Session, name: str, language: str) -> list[Wording]:
    """All versions of one message in one language, newest first."""
    query = select(Wording).where(col(Wording.name) == name, col(Wording.language) == language)
    return list(session.exec(query.order_by(col(Wording.version).desc())).all())
