"""What an administrator does to somebody's account: sign them out, for good too, and mend what they sign in with.

Each is written down, and the person reads of it among their notices.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from cases import administration, covering, staff_links
from cases.staff_reach import KIND, begin, check_administered, load, note, tell, values_of
from core.errors import Conflict
from domain.staff import NO_PASSWORD, RecoveryCode, Staff, StaffSession
from domain.visibility import Viewer


def sign_out(session: Session, who: Viewer, person_id: UUID, now: datetime) -> int:
    """Somebody has left: every browser is signed out, links are void, and their open cases go to others; how many.

    Raises Conflict for oneself and for the government's last administrator; NotAllowed, NotFound.
    """
    reach = begin(session, who, now)
    person, roles = load(session, reach, person_id, account=True)
    if person.id == reach.me:
        raise Conflict("You cannot sign yourself out for good.", mend="Another administrator does, if you leave.")
    if not person.active:
        return 0
    check_administered(session, reach, person, [])
    before = values_of(reach.known, person, roles)
    person.active = False
    end_sessions(session, person.id, now)
    staff_links.void(session, person.id, now)
    session.flush()
    moved = covering.left(session, person.id, now)
    after = values_of(reach.known, person, roles)
    administration.record(session, who, KIND, person.id, person.name, before, after, now)
    return moved


def bring_back(session: Session, who: Viewer, person_id: UUID, now: datetime) -> None:
    """Somebody is here again, with the roles they had; their password is gone, so they get a link."""
    reach = begin(session, who, now)
    person, roles = load(session, reach, person_id, account=True)
    if person.active:
        return
    before = values_of(reach.known, person, roles)
    person.active, person.password_hash, person.failed_attempts, person.locked_until = True, NO_PASSWORD, 0, None
    after = values_of(reach.known, person, roles)
    administration.record(session, who, KIND, person.id, person.name, before, after, now)


def forget_factor(session: Session, who: Viewer, person_id: UUID, now: datetime) -> None:
    """A telephone is lost: its codes and the recovery codes count no more, and every browser is signed out."""
    reach = begin(session, who, now)
    person, _ = load(session, reach, person_id, account=True)
    if person.id == reach.me:
        raise Conflict("Not your own.", mend="Under your name you change it with your password.")
    if person.factor_secret is None:
        return
    drop_factor(session, person)
    end_sessions(session, person.id, now)
    note(session, who, person, "second factor", "set up", "taken off", now)
    tell(session, person, who, "took off your second factor, as its telephone is lost", now)


def drop_factor(session: Session, person: Staff) -> None:
    """The authenticator and the recovery codes count no more."""
    person.factor_secret, person.factor_since, person.factor_step = None, None, 0
    for code in session.exec(select(RecoveryCode).where(col(RecoveryCode.staff_id) == person.id)):
        session.delete(code)


def end_all(session: Session, who: Viewer, person_id: UUID, now: datetime) -> int:
    """Sign every browser of a person out; how many."""
    reach = begin(session, who, now)
    person, _ = load(session, reach, person_id, account=True)
    ended = end_sessions(session, person.id, now)
    if ended:
        note(session, who, person, "signed-in browsers", str(ended), "0", now)
    return ended


def end_sessions(session: Session, staff_id: UUID, now: datetime, but: UUID | None = None) -> int:
    """End the sessions of a person, but for one; how many."""
    ended = session.execute(
        update(StaffSession)
        .where(
            col(StaffSession.staff_id) == staff_id,
            col(StaffSession.revoked_at).is_(None),
            col(StaffSession.expires_at) > now,
            col(StaffSession.id).is_distinct_from(but),
        )
        .values(revoked_at=now)
    )
    return int(getattr(ended, "rowcount", 0))


def send_link(session: Session, who: Viewer, person_id: UUID, now: datetime, *, mail: bool) -> str:
    """A link to choose a password: by e-mail ("" then), or to be handed over, which shows it this once.

    Raises NotAllowed, NotFound, Conflict for who has left.
    """
    reach = begin(session, who, now)
    person, _ = load(session, reach, person_id, account=True)
    if not person.active:
        raise Conflict(f"{person.name} is signed out for good.", mend="Bring them back first.")
    _, token = staff_links.make(session, person, now, by=who.staff_id, mail=mail)
    note(session, who, person, "link to choose a password", "", "by e-mail" if mail else "handed over", now)
    tell(session, person, who, "made a link to choose a new password for you", now)
    return "" if mail else token


def end_session(session: Session, staff_id: UUID, session_id: str, now: datetime) -> None:
    """End one session of a person; another's, or one that is gone, is left as it is."""
    try:
        wanted = UUID(session_id)
    except ValueError:
        return
    session.execute(
        update(StaffSession)
        .where(
            col(StaffSession.id) == wanted,
            col(StaffSession.staff_id) == staff_id,
            col(StaffSession.revoked_at).is_(None),
        )
        .values(revoked_at=now)
    )
