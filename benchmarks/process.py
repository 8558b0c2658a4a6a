"""Process: inbox rows to cases with route, clocks and acknowledgement, one worker process, beside bare inserts.

The reference writes what a case leaves in the database, and nothing else: the same rows of the same tables (citizen,
contact point, case, timeline, clocks, rungs, acknowledgement), copied from the cases just made, by SQLAlchemy Core as
one statement per table and batch of 25, one commit a batch, plus the claim and the mark on the inbox rows. What lies
between is understanding, routing, encryption, sealing, deadlines and words.
"""

import csv
import gc
import os
import random
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, event, insert, select, update

from benchmarks import site
from benchmarks.figures import Figure, figure, folder, rounds
from benchmarks.load import MESSAGES
from cases import inbox, intake
from channels.values import Channel, Inbound
from core import database as core_database
from core import logs, memory
from core.database import Database
from core.ids import new_id
from core.settings import settings
from domain import catalogue, tables
from domain.case import Case
from domain.citizen import Citizen, ContactPoint
from domain.clock import Clock, Rung
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.timeline import TimelineEntry

WORKER_MB = 150
STATEMENTS = 12
_TABLES: tuple[Table, ...] = tuple(
    model.__table__  # type: ignore[union-attr]
    for model in (Citizen, ContactPoint, Case, TimelineEntry, Clock, Rung, OutboundMessage)
)
_INBOX: Table = InboundMessage.__table__  # type: ignore[attr-defined]


def run(quick: bool = False) -> list[Figure]:
    """Measure on a scratch database; `quick` is short, without a model, and serves to see that it works."""
    messages, times = (50, 1) if quick else (1000, 3)
    with folder() as where, site.scratch(where) as installed:
        installed.prepare(model=False)
        held = _worker_memory(installed)
        if not quick:
            installed.run(*site.OMBUD, "nlp", "train", "--json")
        with in_process(installed) as home:
            _warm(home)
            found = rounds(times, lambda: _once(home, messages))
    return [
        figure("process: cases", found["cases"], found["bare"], "rows/s"),
        figure("process: statements per case", found["statements"], STATEMENTS, "statements", most=1.0),
        figure("process: memory of a worker without model", held, WORKER_MB, "MiB", most=1.0),
    ]


@contextmanager
def in_process(installed: site.Scratch) -> Iterator[Database]:
    """This process as the installation's worker."""
    before = {name: value for name, value in os.environ.items() if name.startswith("OMBUD_")}
    os.environ.update({k: v for k, v in installed.environment.items() if k.startswith("OMBUD_")})
    _forget()
    logs.configure("warning")
    young = gc.get_threshold()
    memory.settle()
    try:
        yield core_database.database()
    finally:
        core_database.database().close()
        gc.set_threshold(*young)
        gc.unfreeze()
        for name in [name for name in os.environ if name.startswith("OMBUD_")]:
            del os.environ[name]
        os.environ.update(before)
        _forget()


def _forget() -> None:
    settings.cache_clear()
    core_database.database.cache_clear()
    catalogue.forget()


def _arrive(count: int, now: datetime) -> None:
    """Messages of the starter set, each with a place, from as many citizens."""
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    with core_database.database().read() as session:
        known = catalogue.catalogue(session)
    places = sorted(office.names["en"] for office in known.offices.values() if office.tier == "district") or [""]
    chance = random.Random(count)
    inbox.receive(
        [
            Inbound(
                channel=Channel.sms,
                account=site.TWILIO_ACCOUNT,
                provider_id=f"SM{new_id().hex}",
                sender=f"+3556{secrets.randbelow(10**9):09}",
                recipient="+355690000000",
                text=f"{chance.choice(texts)} {chance.choice(places)}",
            )
            for _ in range(count)
        ],
        now,
    )


def _warm(home: Database) -> None:
    """Load what the first messages load."""
    now = datetime.now(UTC)
    _arrive(50, now)
    while intake.process_due(now):
        pass
    with home.read() as session:
        session.connection()


def _once(home: Database, count: int) -> dict[str, float]:
    now = datetime.now(UTC)
    with home.read() as session:
        newest = session.execute(select(Case.id).order_by(Case.id.desc()).limit(1)).scalar()  # type: ignore[attr-defined,call-overload]
    _arrive(count, now)
    statements = Statements(home)
    began = time.perf_counter()
    while intake.process_due(now):
        pass
    spent = time.perf_counter() - began
    executed = statements.end()
    with home.read() as session:
        made = [row[0] for row in session.execute(select(Case.id).where(Case.id > newest))]  # type: ignore[call-overload,operator]
    if not made:
        raise site.Unusable("No case came of the messages.")
    return {
        "cases": len(made) / spent,
        "bare": _bare(home, made, now),
        "statements": executed / len(made),
    }


class Statements:
    """Counts statements sent to the database, those that begin and end transactions left out."""

    def __init__(self, home: Database) -> None:
        self._home = home
        self._count = 0
        event.listen(home.engine, "before_cursor_execute", self._tell)

    def _tell(self, *_: Any) -> None:
        self._count += 1

    def end(self) -> int:
        """Stop counting; gives how many there were."""
        event.remove(self._home.engine, "before_cursor_execute", self._tell)
        return self._count


def _bare(home: Database, made: list[UUID], now: datetime) -> float:
    """Cases a second when the same rows are only written."""
    case, rows = _TABLES[2], {}
    with home.read() as session:
        for table in _TABLES:
            if table is _TABLES[0]:
                wanted = table.c.id.in_(select(case.c.citizen_id).where(case.c.id.in_(made)))
            elif table is _TABLES[1]:
                wanted = table.c.id.in_(select(case.c.contact_point_id).where(case.c.id.in_(made)))
            else:
                wanted = (table.c.id if table is case else table.c.case_id).in_(made)
            rows[table.name] = [dict(row._mapping) for row in session.execute(select(table).where(wanted))]
    batches = [_copies(rows, made[at : at + intake.BATCH]) for at in range(0, len(made), intake.BATCH)]
    _arrive(len(made), now)
    with home.read() as session:
        waiting = [row[0] for row in session.execute(select(_INBOX.c.id).where(_INBOX.c.state == "received"))]
    began = time.perf_counter()
    for number, batch in enumerate(batches):
        taken = waiting[number * intake.BATCH : (number + 1) * intake.BATCH]
        with home.connection() as connection:
            lease = {"leased_until": now + timedelta(minutes=2), "attempts": 1}
            connection.execute(update(_INBOX).where(_INBOX.c.id.in_(taken)).values(**lease))
        with home.connection() as connection:
            for table in _TABLES:
                if batch[table.name]:
                    connection.execute(insert(table), batch[table.name])
            connection.execute(update(_INBOX).where(_INBOX.c.id.in_(taken)).values(state="processed", due_at=None))
    return len(made) / (time.perf_counter() - began)


def _copies(rows: dict[str, list[dict[str, Any]]], made: list[UUID]) -> dict[str, list[dict[str, Any]]]:
    """The rows of some cases once more, under ids of their own."""
    fresh: dict[UUID, UUID] = {}
    wanted = set(made)
    cases = [row for row in rows["case"] if row["id"] in wanted]
    contacts = {row["contact_point_id"] for row in cases}
    citizens = {row["citizen_id"] for row in cases}
    ours = {"citizen": ("id", citizens), "contact_point": ("id", contacts), "case": ("id", wanted)}
    copied: dict[str, list[dict[str, Any]]] = {}
    for table in _TABLES:
        column, those = ours.get(table.name, ("case_id", wanted))
        found = [dict(row) for row in rows[table.name] if row[column] in those]
        for row in found:
            fresh[row["id"]] = new_id()
        for row in found:
            for key in ("id", "citizen_id", "contact_point_id", "case_id", "clock_id"):
                if row.get(key) in fresh:
                    row[key] = fresh[row[key]]
            for key in ("address_index", "dedupe_key"):
                if key in row:
                    row[key] = str(new_id())
            if "reference" in row:
                row["reference"] = str(row["id"])[-9:]
        copied[table.name] = found
    return copied


def _worker_memory(installed: site.Scratch) -> float:
    """MiB of the largest process of a worker that has started and done nothing yet."""
    log = installed.folder / "worker.log"
    command = (*site.OMBUD, "worker", "--concurrency", "1", "--no-beat")
    with site.running(log, installed.environment, *command) as process:
        held, steady, end = 0.0, 0, time.monotonic() + 60
        while steady < 4:
            if process.poll() is not None or time.monotonic() > end:
                raise site.Unusable(f"The worker does not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.5)  # processes settle before their memory is read
            found = subprocess.run(("pgrep", "-P", str(process.pid)), capture_output=True, text=True, check=False)
            children = [int(pid) for pid in found.stdout.split()]
            now = max(site.memory(pid) for pid in (process.pid, *children))
            steady = steady + 1 if children and now - held < 0.5 else 0
            held = max(held, now)
    return held


assert tables.__all__
