"""Signing in: the password and who may try it, sessions, and what ends them.

Wrong passwords make strangers wait, ever longer, for the person they tried; a browser the person has signed in with
before is no stranger and has its own count, so nobody locks a colleague out by guessing at their door.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, func, select

from cases.staff_links import by_password
from core.crypto import token
from core.database import database
from core.passwords import hash_password, matches
from core.settings import settings
from domain.clock import Notice
from domain.staff import Staff, StaffSession, email_index

FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)
SHORTEST, LONGEST = 12, 200
"""Length of a password: NIST SP 800-63B asks for length, not for signs."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try came to: the person, if all was right; the seconds to wait; whether the way by password is shut."""

    person: Staff | None = None
    wait: int = 0
    shut: bool = False


def find(email: str) -> Staff | None:
    """Whoever has this address."""
    with database().read() as session:
        return session.exec(select(Staff).where(col(Staff.email_index) == email_index(email))).first()


def try_password(email: str, password: str, now: datetime, *, familiar: bool) -> Tried:
    """Compare a password. `familiar`: the browser has signed this person in before, so no stranger's lock holds it."""
    person = find(email)
    if not familiar and person is not None and person.locked_until is not None and person.locked_until > now:
        return Tried(wait=int((person.locked_until - now).total_seconds()) + 1)
    # a stranger costs the same time as a colleague, so the time tells nobody who works here
    right = matches(password[:1000], person.password_hash if person else _decoy())
    if person is None or not right or not person.active:
        if person is not None and not familiar:
            _count_failure(person.id, now)
        return Tried()
    return Tried(person) if by_password(person) else Tried(shut=True)


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash that no password matches."""
    return hash_password(token())


def _count_failure(person_id: UUID, now: datetime) -> None:
    with database().write() as session:
        row = session.get_one(Staff, person_id, with_for_update=True)
        row.failed_attempts += 1
        if row.failed_attempts < FREE_ATTEMPTS:
            return
        wait = timedelta(seconds=2 ** min(row.failed_attempts - FREE_ATTEMPTS + 1, 10))
        row.locked_until = now + min(wait, LONGEST_LOCK)
        _tell(session, row, now)


def _tell(session: Session, person: Staff, now: datetime) -> None:
    """The person hears of it, once a day, when they are in."""
    key = f"guessed:{now:%Y-%m-%d}"
    known = select(Notice.id).where(col(Notice.staff_id) == person.id, col(Notice.dedupe_key) == key)
    if session.exec(known).first() is None:
        text = (
            f"Somebody tried {person.failed_attempts} wrong passwords for you from a browser you have not used before. "
            "It has to wait now; your own browsers do not. If it was not you, tell your administrator."
        )
        session.add(Notice(staff_id=person.id, dedupe_key=key, text=text, at=now))


def password_fault(new: str, person: Staff) -> str:
    """What is wrong with a password somebody chose; "" for nothing."""
    if not SHORTEST <= len(new) <= LONGEST:
        return f"Choose {SHORTEST} to {LONGEST} letters or digits."
    if new.strip().casefold() in (person.email, person.name.casefold(), person.email.partition("@")[0]):
        return "This is your name or address, which others know. Choose something else."
    if len(set(new)) < 4:
        return "This is the same few signs again and again. Choose something else."
    return ""


def alive(now: datetime) -> ColumnElement[bool]:
    """SQL predicate over `StaffSession`: not ended, not too old, and used not too long ago."""
    idle = now - timedelta(minutes=settings().session_idle_minutes)
    return and_(
        col(StaffSession.revoked_at).is_(None),
        col(StaffSession.expires_at) > now,
        func.coalesce(col(StaffSession.last_seen_at), col(StaffSession.created_at)) > idle,
    )


def sessions_of(session: Session, staff_id: UUID, now: datetime) -> list[StaffSession]:
    """Where somebody is signed in, newest first."""
    query = select(StaffSession).where(col(StaffSession.staff_id) == staff_id, alive(now))
    return list(session.exec(query.order_by(col(StaffSession.created_at).desc())))
