"""Packs that make themselves: planned for each office that holds meetings, made when their hour comes, kept for good.

The row is the job. A pack is due at the office's hour on the first day it works after the week; whoever opens a
meeting earlier, or of an office that plans none, gets one made then. Once made it never changes.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from core import claims
from core.database import database
from core.errors import BadInput
from core.ids import new_id
from core.logs import logger
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.pack import PackState, ReviewPack, ReviewPlan
from domain.staff import Staff, StaffRole, in_force
from domain.states import OfficeFunction, Role
from domain.visibility import Viewer
from escalation import terms
from escalation.calendar import Week, WorkingCalendar
from reports.weeks import monday_of
from reviews.chairs import CHAIRS_BELOW, check_chair
from reviews.gathering import gather
from reviews.snapshot import Body, dump, load
from reviews.telling import tell_of_review

HOUR, CHECKS = 7, 5
MOST_CHECKS = 30
AHEAD = timedelta(days=6)
"""How long before the week is over its packs are planned."""
BATCH = 20
LEASE = timedelta(minutes=10)

log = logger("reviews.packs")


def calendar_of(known: Catalogue, office_id: UUID) -> WorkingCalendar:
    """The calendar of an office; five plain days of the government's zone where nobody has entered one yet."""
    if known.calendar(office_id) is not None:
        return terms.calendar_of(known, office_id)
    days = tuple(((8 * 3600, 16 * 3600),) if day < 5 else () for day in range(7))
    return WorkingCalendar(settings().zone, (Week(date.min, days),))


def plan_of(session: Session, office_id: UUID) -> tuple[bool, int, int]:
    """Whether an office's packs make themselves, at which hour of its day, and how many closed cases they draw."""
    row = session.exec(select(ReviewPlan).where(ReviewPlan.office_id == office_id)).first()
    return (row.holds, row.hour, row.checks) if row else (True, HOUR, CHECKS)


def choose_plan(
    session: Session, who: Viewer, office_id: UUID, *, holds: bool, hour: int | None, checks: int | None, now: datetime
) -> ReviewPlan:
    """Keep when an office's packs are made; those planned already move with it.

    Raises:
        NotFound, NotAllowed: not theirs to say.
        BadInput: no hour of the day, or no number of cases (`fields`: hour, checks).
    """
    check_chair(session, who, office_id)
    wrong = {}
    if hour is None or not 0 <= hour <= 23:
        wrong["hour"] = "Give a full hour from 0 to 23."
    if checks is None or not 0 <= checks <= MOST_CHECKS:
        wrong["checks"] = f"Give a number from 0 to {MOST_CHECKS}."
    if wrong or hour is None or checks is None:
        raise BadInput("This cannot be planned.", mend="Mend what is marked.", fields=wrong)
    row = session.exec(select(ReviewPlan).where(ReviewPlan.office_id == office_id).with_for_update()).first()
    row = row or ReviewPlan(office_id=office_id, changed_at=now)
    row.holds, row.hour, row.checks, row.changed_at, row.changed_by = holds, hour, checks, now, who.staff_id
    session.add(row)
    calendar = calendar_of(catalogue(session), office_id)
    waiting = select(ReviewPack).where(ReviewPack.office_id == office_id, ReviewPack.state == PackState.waiting)
    for pack in session.exec(waiting.with_for_update()):
        pack.due_at = due_at(calendar, pack.week, hour) if holds else None
        session.add(pack)
    session.flush()
    return row


def due_at(calendar: WorkingCalendar, week: date, hour: int) -> datetime:
    """The hour of the office's own day on the first day after the week on which it works; within a week in any case."""
    days = [week + timedelta(days=7 + ahead) for ahead in range(7)]
    day = next((one for one in days if calendar.spans(one)), days[0])
    return datetime.combine(day, time(hour), calendar.zone).astimezone(UTC)


def plan(now: datetime) -> int:
    """Write the jobs of the week that ends next and of the one before; gives how many were new."""
    monday = monday_of(now, settings().zone)
    weeks = (monday - timedelta(weeks=1), monday)
    with database().write() as session:
        known = catalogue(session)
        holding = _holding(session, known, now)
        there = set(
            session.exec(
                select(col(ReviewPack.office_id), col(ReviewPack.week)).where(col(ReviewPack.week).in_(weeks))
            ).all()
        )
        plans = {row.office_id: row for row in session.exec(select(ReviewPlan))}
        rows = []
        for office_id in holding:
            chosen = plans.get(office_id)
            if chosen is not None and not chosen.holds:
                continue
            calendar = calendar_of(known, office_id)
            for week in weeks:
                due = due_at(calendar, week, chosen.hour if chosen else HOUR)
                # what was due before the office was known to hold meetings is made when somebody opens it
                if (office_id, week) not in there and now - timedelta(days=2) <= due <= now + AHEAD + timedelta(days=8):
                    rows.append(_row(office_id, week, due))
        return _insert(session, rows)


def _row(office_id: UUID, week: date, due: datetime | None) -> dict[str, object]:
    seed = secrets.randbelow(2**53)
    return {
        "id": new_id(), "office_id": office_id, "week": week, "state": PackState.waiting, "seed": seed, "due_at": due,
        "attempts": 0, "body": {},
    }  # fmt: skip


def _insert(session: Session, rows: list[dict[str, object]]) -> int:
    if not rows:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(ReviewPack).on_conflict_do_nothing(index_elements=["office_id", "week"])
    for start in range(0, len(rows), 500):
        session.execute(statement, rows[start : start + 500])
    return len(rows)


def _holding(session: Session, known: Catalogue, now: datetime) -> list[UUID]:
    """Active offices that have somebody of their own to hold a meeting."""
    rows = session.exec(
        select(StaffRole.office_id, StaffRole.role)
        .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
        .where(col(StaffRole.role).in_((*CHAIRS_BELOW, Role.leadership)), col(Staff.active).is_(True), in_force(now))
        .distinct()
    )
    offices = {
        at for at, _ in rows if at in known.offices and known.offices[at].active and _works(known.offices[at].function)
    }
    return sorted(offices)


def _works(function: OfficeFunction) -> bool:
    """Whether an office of that function holds meetings about citizens' cases; what integrity does is on no wall."""
    return function != OfficeFunction.integrity


def make_due(now: datetime) -> int:
    """Make the packs whose hour has come; how many were claimed."""
    with database().write() as session:
        ids = claims.claim(session, ReviewPack, now, state=PackState.waiting, limit=BATCH, lease=LEASE)
    for pack_id in ids:
        try:
            with database().write() as session:
                row = session.exec(select(ReviewPack).where(ReviewPack.id == pack_id).with_for_update()).one()
                if row.state == PackState.waiting:
                    _make(session, row, now)
                    tell_of_review(session, _chairs(session, row.office_id, now), "pack", row.office_id, row.week, now)
        except Exception as error:
            log.exception("pack_not_made", pack=str(pack_id))
            with database().write() as session:
                row = session.get_one(ReviewPack, pack_id)
                row.due_at, row.leased_until = claims.retry_at(now, row.attempts), None
                row.last_error = f"{type(error).__name__}: {error}"[:500]
                session.add(row)
    return len(ids)


def _chairs(session: Session, office_id: UUID, now: datetime) -> Iterable[UUID]:
    """Who holds the office's meetings by a role there."""
    return session.exec(
        select(StaffRole.staff_id)
        .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
        .where(
            StaffRole.office_id == office_id,
            col(StaffRole.role).in_((*CHAIRS_BELOW, Role.leadership)),
            col(Staff.active).is_(True),
            in_force(now),
        )
        .distinct()
    ).all()


def pack_of(session: Session, office_id: UUID, week: date) -> Body | None:
    """The pack of a meeting as it was made; None while there is none. What may be shown of it: `snapshot.shown`."""
    row = _find(session, office_id, week)
    return load(row.body) if row is not None and row.state == PackState.made else None


def ensure(session: Session, office_id: UUID, week: date, now: datetime) -> Body:
    """The pack of a meeting, made now where it is not yet there; of two who ask at once one makes it."""
    row = _find(session, office_id, week)
    if row is None:
        _insert(session, [_row(office_id, week, None)])
    row = session.exec(
        select(ReviewPack).where(ReviewPack.office_id == office_id, ReviewPack.week == week).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()
    if row.state == PackState.waiting:
        _make(session, row, now)
    return load(row.body)


def _find(session: Session, office_id: UUID, week: date) -> ReviewPack | None:
    return session.exec(select(ReviewPack).where(ReviewPack.office_id == office_id, ReviewPack.week == week)).first()


def _make(session: Session, row: ReviewPack, now: datetime) -> None:
    checks = plan_of(session, row.office_id)[2]
    row.body = dump(gather(session, row.office_id, row.week, row.seed, checks, now))
    row.state, row.made_at, row.due_at, row.leased_until, row.last_error = PackState.made, now, None, None, None
    session.add(row)
    session.flush()
