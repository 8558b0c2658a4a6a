"""Surges in the database: looked for every minute, told once to who leads the office, over when the rate falls.

What may not be counted before the public (integrity, confidence, conduct) is not counted here either, so that a notice
tells its reader nothing they may not see. The past is read once in `KEEP` per process; a look costs one query over the
last day's cases.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from cases.surging import DAYS, Alarm, Arrival, Profile, Stream, alarms, goes_on, streams_of
from cases.telling import tell
from core.database import database
from core.i18n import format_duration
from core.sets import one_of
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.clock import Notice
from domain.crowd import Surge
from domain.office import Office
from domain.staff import Staff, StaffRole, in_force
from domain.states import NOT_LIVE_SOURCES, OfficeFunction, Role
from domain.visibility import countable
from nlp.distinctive import typical

DAY = timedelta(hours=24)
KEEP = timedelta(hours=6)
"""The past is read anew after this long."""
AGAIN = timedelta(hours=24)
"""A surge that comes back within this long after it was over is the same one."""
LOOK_BACK = timedelta(hours=6)
LEAST = timedelta(hours=1)
"""A surge lasts at least this long: a pause in the rain is no end of it."""
UNREAD = timedelta(hours=2)
"""Left unread this long, the office above is told."""
TEXTS = 300

_kept: dict[str, tuple[datetime, int, Profile]] = {}
_lock = threading.Lock()


def sweep(now: datetime) -> int:
    """Look for surges once; gives how many began, came back or ended."""
    if not _lock.acquire(blocking=False):
        return 0
    try:
        with database().read() as session:
            known = catalogue(session)
            profile = profile_of(session, known, now)
            lately = session.exec(
                select(Surge).where(or_(col(Surge.over_at).is_(None), col(Surge.over_at) > now - AGAIN))
            ).all()
            arrivals = _arrivals(session, now)
        fresh = [one for one in arrivals if not any(_told_of(one, row, profile) for row in lately)]
        going = [(row.office_id, row.service_id) for row in lately if row.over_at is None]
        found = alarms(fresh, profile, now, going)
        if not found and not any(one.over_at is None for one in lately):
            return 0
        with database().write() as session:
            return _settle(session, known, profile, arrivals, found, now)
    finally:
        _lock.release()


def profile_of(session: Session, known: Catalogue, now: datetime) -> Profile:
    """The past of all streams, up to a day ago so that a surge does not hide itself; kept for some hours."""
    key = str(session.get_bind().engine.url)
    kept = _kept.get(key)
    if kept is not None and kept[1] == known.revision and timedelta(0) <= now - kept[0] < KEEP:
        return kept[2]
    until = now.replace(minute=0, second=0, microsecond=0) - DAY
    since = until - timedelta(days=DAYS)
    chains = {office_id: [office.id for office in known.chain(office_id)] for office_id in known.offices}
    made = Profile(until, settings().zone, lambda office_id: chains.get(office_id, []))
    hour = hour_of(session, Case.received_at)
    rows = session.execute(
        select(col(Case.office_id), col(Case.service_id), hour, func.count())
        .where(col(Case.opened_at) >= since, col(Case.received_at) >= since, col(Case.received_at) < until, _counted())
        .group_by(col(Case.office_id), col(Case.service_id), hour)
    )
    for office_id, service_id, at, number in rows:
        made.add(office_id, service_id, moment_of(at), number)
    _kept[key] = (now, known.revision, made)
    return made


def forget() -> None:
    """Drop what this process knows of the past."""
    _kept.clear()


def hour_of(session: Session, column: Any) -> Any:
    """The hour in UTC that a moment lies in, as SQL: a datetime, or text on SQLite; `moment_of` reads either."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H:00:00", column)
    return func.date_trunc("hour", column)


def moment_of(hour: str | datetime) -> datetime:
    """The hour that `hour_of` gave, in UTC."""
    moment = datetime.fromisoformat(hour) if isinstance(hour, str) else hour
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _counted() -> Any:
    return countable() & col(Case.source).not_in(NOT_LIVE_SOURCES)


def _arrivals(session: Session, now: datetime) -> list[Arrival]:
    # by when it was received: a batch of letters that is written in today is no surge
    rows = session.exec(
        select(Case.office_id, Case.service_id, Case.received_at).where(
            col(Case.opened_at) > now - DAY, col(Case.received_at) > now - DAY, _counted()
        )
    )
    return [Arrival(office_id, service_id, at) for office_id, service_id, at in rows]


def _settle(
    session: Session,
    known: Catalogue,
    profile: Profile,
    arrivals: Sequence[Arrival],
    found: Sequence[Alarm],
    now: datetime,
) -> int:
    rows = session.exec(
        select(Surge)
        .where(or_(col(Surge.over_at).is_(None), col(Surge.over_at) > now - AGAIN))
        .order_by(col(Surge.started_at), col(Surge.id))
        .with_for_update()
    ).all()
    by_stream = {(row.office_id, row.service_id): row for row in rows}
    # a day's window still holds the crowd of this morning: whether one goes on is asked of the last hours
    ended = [row.id for row in rows if row.over_at is None and _end(row, profile, arrivals, now)]
    changed = len(ended)
    for alarm in found:
        row = by_stream.get(alarm.stream)
        if row is not None and row.id in ended:
            continue
        if row is None and _covered(alarm.stream, rows, profile):
            continue
        if row is None:
            # one process at a time may find it, whoever else looks in this very moment
            session.exec(select(Office.id).where(col(Office.id) == alarm.stream[0]).with_for_update()).one()
            again = select(Surge.id).where(
                col(Surge.office_id) == alarm.stream[0],
                col(Surge.service_id) == alarm.stream[1] if alarm.stream[1] else col(Surge.service_id).is_(None),
                col(Surge.over_at).is_(None),
            )
            if session.exec(again).first() is not None:
                continue
        changed += row is None or row.over_at is not None
        row = row or Surge(
            office_id=alarm.stream[0], service_id=alarm.stream[1], started_at=alarm.since, seen_at=now,
            window_seconds=0, observed=0, expected=0.0,
        )  # fmt: skip
        row.over_at, row.seen_at = None, now
        row.window_seconds = int(alarm.window.total_seconds())
        row.observed, row.expected = alarm.observed, round(alarm.expected, 2)
        row.words = words_of(session, known, row, now)
        session.add(row)
        session.flush()
        _tell(session, known, row, now)
    for row in rows:
        if row.over_at is None:
            _tell_above(session, known, row, now)
    return changed


def _told_of(one: Arrival, row: Surge, profile: Profile) -> bool:
    """Whether a case was part of a surge that is over: it is no part of another."""
    if row.over_at is None or not row.started_at <= one.at <= row.over_at:
        return False
    return (row.office_id, row.service_id) in streams_of(one.office_id, one.service_id, profile.chain)


def _covered(stream: Stream, rows: Sequence[Surge], profile: Profile) -> bool:
    """Whether a surge that is known already counts this one in."""
    chain = profile.chain(stream[0])
    return any(row.over_at is None and row.office_id in chain and row.service_id in (None, stream[1]) for row in rows)


def _end(row: Surge, profile: Profile, arrivals: Sequence[Arrival], now: datetime) -> bool:
    if now - row.started_at < LEAST:
        return False
    stream, since = (row.office_id, row.service_id), max(row.started_at, now - LOOK_BACK)
    number = sum(
        one.at > since and stream in streams_of(one.office_id, one.service_id, profile.chain) for one in arrivals
    )
    if goes_on(number, stream, profile, since, now):
        return False
    row.over_at = now
    return True


# -- words and notices ---------------------------------------------------------------------------------------------


def cases_of(known: Catalogue, row: Surge) -> Any:
    """SQL predicate over `Case`: the cases a surge counts."""
    offices = known.subtree(row.office_id)
    inside = one_of(Case.office_id, offices) & (col(Case.received_at) >= row.started_at) & _counted()
    if row.over_at is not None:
        inside &= col(Case.received_at) <= row.over_at
    return inside & (col(Case.service_id) == row.service_id) if row.service_id else inside


def words_of(session: Session, known: Catalogue, row: Surge, now: datetime) -> list[str]:
    """What the cases of a surge speak of and others do not."""
    newest = select(func.substr(Case.text, 1, 600)).order_by(col(Case.opened_at).desc()).limit(TEXTS)
    texts = session.exec(newest.where(col(Case.opened_at) > row.started_at - DAY, cases_of(known, row))).all()
    others = session.exec(
        newest.where(col(Case.opened_at) > now - timedelta(days=30), col(Case.received_at) < row.started_at, _counted())
    ).all()
    return typical(texts, others)


def told(known: Catalogue, row: Surge) -> str:
    """A surge in a sentence."""
    about = f" about {name_of(known.services[row.service_id], 'en')}" if row.service_id in known.services else ""
    usual = f"{row.expected:.1f}" if row.expected < 3 else f"{row.expected:.0f}"
    text = (
        f"Surge at {known.name(row.office_id)}: {row.observed} messages{about} in "
        f"{format_duration(row.window_seconds, 'en')}, where about {usual} are usual."
    )
    return f"{text} They speak of: {', '.join(row.words)}." if row.words else text


def _tell(session: Session, known: Catalogue, row: Surge, now: datetime) -> None:
    """Whoever leads the office, or the nearest above that somebody leads; once a day at most."""
    day = now.astimezone(settings().zone).date()
    for office in known.chain(row.office_id):
        if people := leading(session, office, now):
            tell(session, people, f"surge:{row.id}:{day}", told(known, row), now)
            return


def _tell_above(session: Session, known: Catalogue, row: Surge, now: datetime) -> None:
    """Nobody there has read of it for two hours: the office above hears of it as well."""
    if row.above_at is not None or now - row.started_at < UNREAD:
        return
    notices = session.exec(select(Notice).where(col(Notice.dedupe_key).startswith(f"surge:{row.id}:"))).all()
    if not notices or any(one.read_at for one in notices) or now - min(one.at for one in notices) < UNREAD:
        return
    row.above_at = now
    there = {one.staff_id for one in notices}
    for office in list(known.chain(row.office_id))[1:]:
        if people := [one for one in leading(session, office, now) if one not in there]:
            tell(session, people, f"surge:{row.id}:above", f"{told(known, row)} Nobody there has read this yet.", now)
            return


def leading(session: Session, office: Office, now: datetime) -> list[UUID]:
    """Who leads an office: its head, else its supervisors; at the top the leadership, at triage whoever works there."""
    roles: list[tuple[Role, ...]] = [(Role.head,), (Role.supervisor,)]
    if office.function == OfficeFunction.triage:
        roles.append((Role.triage,))
    if office.function == OfficeFunction.leadership:
        roles.append((Role.leadership,))
    for wanted in roles:
        found = session.exec(
            select(StaffRole.staff_id)
            .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
            .where(col(StaffRole.office_id) == office.id, col(StaffRole.role).in_(wanted), in_force(now))
            .where(col(Staff.active).is_(True))
            .distinct()
        ).all()
        if found:
            return list(found)
    return []
