"""Dashboards mailed every Monday at seven, as it is where their reader's office is; once a week, whatever is replayed.

The row is the job: a sweep claims what is due, puts the mail into words without holding the database, and writes it
as a message to staff in the transaction that moves the row on to the next Monday. Who may no longer read the office's
figures gets no more of them.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from channels.values import Channel
from core import doorbell
from core.claims import claim, retry_at
from core.database import after_commit, database
from core.errors import NotAllowed, NotFound
from core.i18n import SOURCE_LANGUAGE
from core.ids import new_id
from core.logs import logger
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.dashboard import READERS, DashboardMail, MailState
from domain.reach import Matter, StaffMessage
from domain.staff import Staff
from domain.visibility import Viewer, viewer
from escalation.terms import calendar_of
from notifications import letters
from reports.letter import Letter, letter
from reports.tables import may_read
from reports.weeks import monday_of

HOUR = time(7)
LEASE = timedelta(minutes=5)
"""Longer than a mail of the largest office takes to be put into words."""
LEFT, SHUT, CLOSED = "Its reader has left.", "Its reader may not see these figures any more.", "The office is closed."
_log = logger(__name__)


def next_monday(after: datetime, zone: ZoneInfo) -> datetime:
    """The first Monday, seven o'clock, after a moment; in UTC."""
    monday = monday_of(after, zone)
    at = _seven(monday, zone)
    return at if at > after else _seven(monday + timedelta(days=7), zone)


def _seven(monday: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(monday, HOUR, zone).astimezone(UTC)


def zone_of(known: Catalogue, who: Viewer) -> ZoneInfo:
    """The time zone of somebody's office, else the government's."""
    home = min(who.home, key=known.name, default=None)
    if home is None or known.calendar(home) is None:
        return settings().zone
    return calendar_of(known, home).zone


def start(session: Session, who: Viewer, office_id: UUID, now: datetime) -> DashboardMail:
    """Mail an office's dashboard to somebody from the next Monday on. Raises NotAllowed."""
    if who.staff_id is None or not _readable(who, office_id):
        raise NotAllowed("The figures of this office are not yours to read.", mend="Choose another office.")
    # the person first: of two clicks at once the second waits, and finds the row
    session.exec(select(Staff.id).where(Staff.id == who.staff_id).with_for_update()).one()
    row = of(session, who.staff_id, office_id)
    if row is None:
        row = DashboardMail(staff_id=who.staff_id, office_id=office_id, at=now)
    elif row.state == MailState.active:
        return row
    row.state, row.stopped_at, row.why, row.attempts, row.leased_until = MailState.active, None, "", 0, None
    row.due_at = next_monday(now, zone_of(catalogue(session), who))
    session.add(row)
    return row


def stop(session: Session, mail_id: UUID, now: datetime, why: str = "") -> DashboardMail:
    """No more of it, from now on; what waits to leave is dropped. Raises NotFound."""
    row = session.exec(select(DashboardMail).where(DashboardMail.id == mail_id).with_for_update()).first()
    if row is None:
        raise NotFound("There is no such mail.", mend="Perhaps a part of the link is missing.")
    if row.state == MailState.active:
        row.state, row.stopped_at, row.why, row.due_at, row.leased_until = MailState.stopped, now, why, None, None
    return row


def of(session: Session, staff_id: UUID, office_id: UUID) -> DashboardMail | None:
    """What somebody chose for the dashboard of an office; None if they never chose."""
    query = select(DashboardMail).where(DashboardMail.staff_id == staff_id, DashboardMail.office_id == office_id)
    return session.exec(query).first()


def _readable(who: Viewer, office_id: UUID) -> bool:
    return who.has(*READERS) and may_read(who, office_id)


def sweep(now: datetime, limit: int = 20) -> int:
    """Write up to `limit` mails that are due; how many rows were settled."""
    with database().write() as session:
        claimed = claim(session, DashboardMail, now, state=MailState.active, limit=limit, lease=LEASE)
    return sum(_alone(mail_id, now) for mail_id in claimed)


def _alone(mail_id: UUID, now: datetime) -> int:
    """One mail in its own transaction, so that one that fails holds up no other."""
    try:
        return _settle(mail_id, now)
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        _log.exception("a dashboard could not be mailed", mail=str(mail_id))
        with database().write() as session:
            row = session.get(DashboardMail, mail_id)
            if row is not None:
                row.last_error = f"{type(error).__name__}: {error}"[:500]
                row.leased_until = retry_at(now, row.attempts)
        return 0


def _settle(mail_id: UUID, now: datetime) -> int:
    with database().read() as session:
        row = session.get_one(DashboardMail, mail_id)
        person, known = session.get_one(Staff, row.staff_id), catalogue(session)
        who = viewer(session, person.id, person.name, now=now)
        zone = zone_of(known, who)
        why = _over(person, known, who, row.office_id)
        told: Letter | None = None
        if not why and row.week != monday_of(now, zone):
            language = person.language if person.language in settings().languages else SOURCE_LANGUAGE
            told = letter(session, who, known, row.office_id, zone, letters.weekly_url(mail_id), language)
            if told is None:  # figures were never counted: the lease runs out, and it is asked for again
                return 0
    with database().write() as session:
        return _write(session, mail_id, told, why, zone, now)


def _over(person: Staff, known: Catalogue, who: Viewer, office_id: UUID) -> str:
    """Why it is mailed no more; empty where it is."""
    if not person.active:
        return LEFT
    if not known.offices[office_id].active:
        return CLOSED
    return "" if _readable(who, office_id) else SHUT


def _write(session: Session, mail_id: UUID, told: Letter | None, why: str, zone: ZoneInfo, now: datetime) -> int:
    row = session.exec(
        select(DashboardMail).where(DashboardMail.id == mail_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()
    if row.state != MailState.active or row.due_at is None or row.due_at > now:
        return 0  # stopped meanwhile, or another worker had the same after a lease that ran out
    if why:
        stop(session, mail_id, now, why)
        return 1
    week = monday_of(now, zone)
    if told is not None and row.week != week:
        session.add(
            StaffMessage(
                id=new_id(),
                staff_id=row.staff_id,
                about=Matter.figures,
                dashboard_mail_id=row.id,
                week=week,
                channel=Channel.email,
                text=told.text,
                html=told.html,
                created_at=now,
                due_at=now,
            )
        )
        row.week = week
        after_commit(session, lambda: doorbell.ring(doorbell.STAFF))
    row.due_at, row.leased_until, row.attempts, row.last_error = next_monday(now, zone), None, 0, None
    return 1
