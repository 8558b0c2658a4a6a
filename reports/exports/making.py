"""Making exports: a worker takes one that waits, and writes its file in bounded memory. The row is the job.

Whoever is killed leaves the row behind with a lease that runs out, and nothing else: a file is there only once it is
whole. The next worker makes it from the beginning.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from sqlmodel import Session, col, select

from cases.persons import Redactor
from channels.values import Channel
from core import claims, doorbell, streams
from core.database import after_commit, database
from core.errors import BadInput
from core.ids import new_id
from core.logs import logger
from core.settings import settings
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.export import Every, Export, ExportFormat, ExportKind, ExportPlan, ExportState, PlanState
from domain.reach import Matter, StaffMessage
from domain.visibility import reach_of
from notifications.staff_channels import set_up
from reports.exports.asking import Asker, Sight, export_of, sight
from reports.exports.choice import Choice, filter_of, following
from reports.exports.formats import writer
from reports.exports.rows import Asked
from reports.exports.tables import TABLES

LEASE = timedelta(minutes=5)
TELLS_EVERY = 20_000
"""Rows between two words to the database that it goes on."""
TRIES = 5
LEFT = "Whoever asked for it has left, or the key counts no more."

Clock = Callable[[], datetime]

log = logger("reports.exports")


class _Overtaken(Exception):
    """Another worker took it up, since this one was slower than its lease: that one goes on."""


class _Hashing:
    """Hands bytes on, and works out their digest on the way."""

    def __init__(self, target: Any) -> None:
        self._target, self.digest = target, hashlib.sha256()

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return int(self._target.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


def make_due(clock: Clock) -> int:
    """Make one export that waits; returns how many there were."""
    with database().write() as session:
        ids = claims.claim(session, Export, clock(), state=ExportState.waiting, limit=1, lease=LEASE)
        attempt = session.get_one(Export, ids[0]).attempts if ids else 0
    for export_id in ids:
        try:
            _make(export_id, attempt, clock)
        except _Overtaken:
            log.info("export_overtaken", export=str(export_id))
        except BadInput as error:
            _fail(export_id, str(error), clock())
        except Exception as error:
            log.exception("export_failed", export=str(export_id))
            _put_off(export_id, attempt, error, clock())
    return len(ids)


def _make(export_id: UUID, attempt: int, clock: Clock) -> None:
    home, now = database(), clock()
    with home.read() as session:
        row = session.get_one(Export, export_id)
        seen = sight(session, row, now)
    if seen is None:
        _fail(export_id, LEFT, now)
        return
    count = 0

    def told(rows: int) -> None:
        nonlocal count
        if (count + rows) // TELLS_EVERY > count // TELLS_EVERY:
            with home.write() as session:
                held = _held(session, export_id, attempt)
                held.rows, held.leased_until = count + rows, clock() + LEASE
        count += rows

    with streams.writing(export_id) as sink:
        hashing = _Hashing(sink)
        kind, choice = ExportKind(row.kind), Choice.of(row.chosen)
        write_rows(kind, ExportFormat(row.format), choice, seen, hashing, now, told)  # type: ignore[arg-type]
        with home.read() as session:  # whoever was overtaken leaves the other's file alone
            if session.get_one(Export, export_id).attempts != attempt:
                raise _Overtaken
    with home.write() as session:
        held = _held(session, export_id, attempt)
        done = clock()
        held.state, held.finished_at, held.due_at, held.leased_until = ExportState.done, done, None, None
        held.rows, held.size, held.sha256 = count, sink.size, hashing.digest.hexdigest()
        held.expires_at = done + timedelta(days=settings().export_days)
        held.plain, held.reach, held.last_error = seen.plain, reach_of(seen.who), None
        if held.plan_id is not None:
            _tell(session, held, done)


def write_rows(
    kind: ExportKind,
    kind_of_file: ExportFormat,
    choice: Choice,
    seen: Sight,
    sink: IO[bytes],
    now: datetime,
    told: Callable[[int], None] = lambda rows: None,
) -> None:
    """Write what somebody may see to a sink that need not go back; `told` hears of the rows as they are written.

    Raises BadInput for a filter that is not understood any more, as when its office was renamed.
    """
    table = TABLES[kind]
    streams.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with database().read() as session:
        chosen = filter_of(choice, kind, catalogue(session), now)
        asked = Asked(seen.who, chosen, seen.plain, now, Redactor(session), seen.language)
        with writer(kind_of_file, sink, table.columns, table.title, streams.folder()) as write:
            for rows in table.batches(session, asked):
                write(rows)
                told(len(rows))


def _held(session: Session, export_id: UUID, attempt: int) -> Export:
    """The row, locked. Raises _Overtaken where another worker has it by now."""
    held = session.get_one(Export, export_id, with_for_update=True, populate_existing=True)
    if held.state != ExportState.waiting or held.attempts != attempt:
        raise _Overtaken
    return held


def _fail(export_id: UUID, why: str, now: datetime) -> None:
    with database().write() as session:
        row = session.get_one(Export, export_id, with_for_update=True)
        row.state, row.problem, row.finished_at = ExportState.failed, why, now
        row.due_at = row.leased_until = None


def _put_off(export_id: UUID, attempt: int, error: Exception, now: datetime) -> None:
    if attempt >= TRIES:
        _fail(export_id, "It could not be made. Whoever runs Ombud finds why in the log.", now)
        return
    with database().write() as session:
        row = session.get_one(Export, export_id, with_for_update=True)
        # of the error only its kind: its words may repeat a citizen's
        row.leased_until, row.last_error, row.due_at = None, type(error).__name__, claims.retry_at(now, attempt)


def _tell(session: Session, row: Export, now: datetime) -> None:
    """Tell the owner of a planned export that it is ready: inside, and by mail with a link that needs a sign-in."""
    planned = session.get(ExportPlan, row.plan_id)
    if planned is None or not planned.tell or row.staff_id is None:
        return
    text = f"Your export is ready: {TABLES[ExportKind(row.kind)].title.lower()}, {row.rows:,} rows."
    session.add(Notice(staff_id=row.staff_id, dedupe_key=f"export:{row.id}", text=text, at=now))
    if Channel.email in set_up():
        session.add(
            StaffMessage(
                id=new_id(),
                staff_id=row.staff_id,
                about=Matter.export,
                channel=Channel.email,
                text=f"{text}\n{settings().site_url}/staff/exports",
                created_at=now,
                due_at=now,
            )
        )
        after_commit(session, lambda: doorbell.ring(doorbell.STAFF))


def plan_due(now: datetime) -> int:
    """Ask for the planned exports whose hour has come; how many. What was missed is made once, not once for each."""
    with database().write() as session:
        ids = claims.claim(session, ExportPlan, now, state=PlanState.active, limit=50)
        for row in session.exec(select(ExportPlan).where(col(ExportPlan.id).in_(ids)).order_by(col(ExportPlan.id))):
            asker = Asker(row.staff_id, row.key_id, row.by)
            row.leased_until, row.attempts = None, 0
            if sight(session, asker, now) is None:
                row.state, row.stopped_at, row.due_at, row.last_error = PlanState.stopped, now, None, LEFT
                continue
            session.add(
                export_of(asker, ExportKind(row.kind), ExportFormat(row.format), Choice.of(row.chosen), now, row.id)
            )
            row.due_at = following(Every(row.every), now)
    return len(ids)


def tidy(now: datetime) -> int:
    """Forget files whose days are over, and what no row knows; returns how many."""
    with database().write() as session:
        over: Sequence[Export] = session.exec(
            select(Export).where(col(Export.state) == ExportState.done, col(Export.expires_at) <= now).limit(500)
        ).all()
        for row in over:
            row.state = ExportState.expired
        known = set(session.exec(select(Export.id).where(col(Export.state) == ExportState.done)))
        busy = set(session.exec(select(Export.id).where(col(Export.state) == ExportState.waiting)))
    gone = [file_id for file_id in streams.kept() if file_id not in known | busy]
    for file_id in gone:
        streams.remove(file_id)
    for path in streams.half_written(now - timedelta(hours=6)):
        if path.is_dir():
            for one in path.iterdir():
                one.unlink(missing_ok=True)
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    return len(gone)
