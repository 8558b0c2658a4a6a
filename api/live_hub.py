"""What open pages of staff are told at once: that their queue, the case before them, who is at it, or their notices
changed. Never what; the page asks for that itself.

One thread a process looks, however many listen: for timeline entries and notices made since (their ids are in order of
time), so it works with any number of processes and either database. Looks overlap, since a row is seen only once its
transaction is done. At each push the visibility predicate decides anew, with the roles of that moment.
"""

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from cases.sign_in import alive
from core.database import database
from core.errors import TooMany
from core.logs import logger
from core.settings import settings
from domain.answer import CasePresence
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.staff import Staff, StaffRole, StaffSession, in_force
from domain.states import Role
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, readable, viewer_of, visible

OVERLAP = timedelta(seconds=10)
"""How long a transaction may take, and clocks of several machines differ, without a change being missed."""
LONGEST = timedelta(minutes=10)
"""After a longer break a page is told that everything may have changed."""
EACH = 8
"""Open pages of one person; another ends the oldest."""
KNOWN = 2000
"""Cases a page is remembered to have seen, so that it hears when they leave its sight."""
EVERYTHING = ("queue", "case", "here", "notice")

log = logger("api.live")


@dataclass(eq=False)
class Listener:
    """One open page. `wake` is called from another thread when `pending` or `ended` changed."""

    session_id: UUID
    who: Viewer
    case_id: UUID | None
    seen: set[UUID] = field(default_factory=set)
    pending: dict[str, None] = field(default_factory=dict)
    ended: bool = False
    loop: asyncio.AbstractEventLoop | None = None
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, *kinds: str) -> None:
        """Tell the page that these may have changed; told twice before it listened is told once."""
        self.pending |= dict.fromkeys(kinds)
        self._wake()

    def end(self) -> None:
        """The stream ends: nobody is signed in any more, or the process stops."""
        self.ended = True
        self._wake()

    def taken(self) -> list[str]:
        """What there is to tell, which is told now."""
        kinds, self.pending = list(self.pending), {}
        return kinds

    def _wake(self) -> None:
        if self.loop is not None:
            with suppress(RuntimeError):  # its loop is closed: nobody waits
                self.loop.call_soon_threadsafe(self.bell.set)


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is new: a case's history grew, somebody came to it or went, or a person got a notice. `row` names it
    once and for all, `about` is the case or the person."""

    kind: str
    row: str
    about: UUID


class Hub:
    """All listeners of this process, and the thread that looks for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[Listener, None] = {}
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._told: dict[str, datetime] = {}

    def join(self, listener: Listener) -> None:
        """Listen from now on. Raises TooMany where this process tells as many pages as it may."""
        with self._lock:
            mine = [one for one in self._listeners if one.who.staff_id == listener.who.staff_id]
            if len(self._listeners) >= settings().live_streams:
                raise TooMany("Too many open pages.", retry_after=60)
            for oldest in mine[: max(len(mine) - EACH + 1, 0)]:
                oldest.end()
                del self._listeners[oldest]
            self._listeners[listener] = None
            if self._thread is None or not self._thread.is_alive():
                self._stopped = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._stopped,), name="ombud-live", daemon=True)
                self._thread.start()

    def leave(self, listener: Listener) -> None:
        """The page is closed."""
        with self._lock:
            self._listeners.pop(listener, None)
            if not self._listeners:
                self._stopped.set()
                self._thread = None

    def close(self) -> None:
        """End all streams, as the process stops."""
        with self._lock:
            self._stopped.set()
            self._thread = None
            for listener in self._listeners:
                listener.end()
            self._listeners.clear()

    def __len__(self) -> int:
        return len(self._listeners)

    def _run(self, stopped: threading.Event) -> None:
        since = datetime.now(UTC)
        while not stopped.wait(settings().live_seconds):
            now = datetime.now(UTC)
            try:
                self.look(since, now)
                since = now
            except SQLAlchemyError as error:  # the database is away: pages go on by themselves, later looks catch up
                log.warning("not_looked", error=type(error).__name__)

    def look(self, since: datetime, now: datetime) -> None:
        """Look once for what changed since a moment, and tell whom it concerns."""
        with self._lock:
            listening = list(self._listeners)
        with database().read() as session:
            still = refreshed(session, listening, now)
            for listener in listening:
                if listener not in still:
                    listener.end()
                    self.leave(listener)
            found = [change for change in changes(session, since - OVERLAP) if change.row not in self._told]
            self._told = {row: at for row, at in self._told.items() if at > now - 3 * OVERLAP}
            self._told |= {change.row: now for change in found}
            for listener in still:
                tell(session, listener, found)

    def catch_up(self, listener: Listener, since: datetime | None, now: datetime) -> None:
        """Tell a page that comes back what changed since it was last told; without that moment, that anything may."""
        if since is None or since < now - LONGEST:
            listener.push(*EVERYTHING)
            return
        with database().read() as session:
            tell(session, listener, changes(session, since - OVERLAP))


@lru_cache(maxsize=1)
def hub() -> Hub:
    """The one of this process."""
    return Hub()


def changes(session: Session, since: datetime) -> list[Change]:
    """What is new since a moment, by rows that are found by an index."""
    first = UUID(int=(int(since.timestamp() * 1000) << 80) | (7 << 76))  # no id of version 7 of that moment is less
    entries = session.exec(select(TimelineEntry.id, TimelineEntry.case_id).where(col(TimelineEntry.id) >= first))
    found = [Change("case", str(row), case_id) for row, case_id in entries]
    notices = session.exec(select(Notice.id, Notice.staff_id).where(col(Notice.id) >= first))
    found += [Change("notice", str(row), staff_id) for row, staff_id in notices]
    here = session.exec(
        select(CasePresence.id, CasePresence.changed_at, CasePresence.case_id).where(
            col(CasePresence.changed_at) >= since
        )
    )
    return found + [Change("here", f"{row}{at.isoformat()}", case_id) for row, at, case_id in here]


def tell(session: Session, listener: Listener, found: Iterable[Change]) -> None:
    """Tell one page of the changes that are its person's to know of."""
    about: dict[str, set[UUID]] = {"case": set(), "here": set(), "notice": set()}
    for change in found:
        about[change.kind].add(change.about)
    here = about["here"] & {listener.case_id} if listener.case_id else set()
    if asked := about["case"] | here:
        seen = set(session.exec(select(Case.id).where(col(Case.id).in_(asked), visible(listener.who))))
        gone = (asked - seen) & listener.seen  # what leaves one's sight is a change of one's queue, and no more is said
        if seen & about["case"] or gone:
            listener.push("queue")
        if listener.case_id in (seen & about["case"]) | gone:
            listener.push("case")
        if listener.case_id in seen & about["here"]:
            listener.push("here")
        if len(listener.seen) < KNOWN:
            listener.seen |= seen
    if listener.who.staff_id in about["notice"] and _unread(session, listener.who):
        listener.push("notice")


def _unread(session: Session, who: Viewer) -> bool:
    mine = (col(Notice.staff_id) == who.staff_id) & col(Notice.read_at).is_(None)
    return session.exec(select(Notice.id).where(mine, readable(who)).limit(1)).first() is not None


def refreshed(session: Session, listeners: Iterable[Listener], now: datetime) -> list[Listener]:
    """Those whose person is still signed in, with the roles of this moment."""
    by_session = {listener.session_id for listener in listeners}
    if not by_session:
        return []
    good = session.exec(
        select(StaffSession.id, Staff.id, Staff.name)
        .join(Staff, col(Staff.id) == col(StaffSession.staff_id))
        .where(
            col(StaffSession.id).in_(by_session),
            alive(now),
            col(Staff.active).is_(True),
        )
    ).all()
    roles: dict[UUID, set[tuple[Role, UUID]]] = {staff_id: set() for _, staff_id, _ in good}
    for staff_id, role, office in session.exec(
        select(StaffRole.staff_id, StaffRole.role, StaffRole.office_id).where(
            col(StaffRole.staff_id).in_(roles), in_force(now)
        )
    ):
        roles[staff_id].add((Role(role), office))
    known = catalogue(session)
    still = {
        session_id: viewer_of(known, staff_id, name, frozenset(roles[staff_id])) for session_id, staff_id, name in good
    }
    kept = [listener for listener in listeners if listener.session_id in still]
    for listener in kept:
        listener.who = still[listener.session_id]
    return kept
