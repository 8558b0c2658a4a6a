"""Who is asked, and how quickly it leaves: decisions about transactions that are due, and sending at a provider's cap.

Decisions are measured in a worker's own steps (draw, note, invite) on stored transactions whose citizens are known.
Questions are put into the outbox by the sweep, beside a bare loop that claims and writes the same rows.
Sending is one worker process against the simulated Twilio in a process of its own, which counts what arrives.
"""

import json
import time
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import randbelow
from uuid import UUID

import psycopg
from sqlalchemy import Table, insert, select, update

from benchmarks import send, site
from benchmarks.figures import Figure, figure, rounds
from benchmarks.process import in_process
from cases import outcomes
from core import claims, memory
from core.database import Database
from core.ids import new_id, new_key
from domain.catalogue import catalogue
from domain.outbox import OutboundMessage
from domain.states import InvitationState, OutboxState, Purpose, Tier
from domain.survey import Invitation
from notifications import deliver, pacing
from notifications.senders import close_senders, senders
from surveys import definitions, lookups, sweep, transactions
from surveys.checking import TransactionIn
from surveys.lookups import SIZE, TABLE
from surveys.sweep import BATCH
from worker.tasks import KEEP_ON

_INVITATION: Table = Invitation.__table__  # type: ignore[attr-defined]
_OUTBOX: Table = OutboundMessage.__table__  # type: ignore[attr-defined]

TRANSACTIONS, DECIDED = 1_000_000, 100_000
LEAST = 20_000
"""Decisions a second."""
CAP, SECONDS = 100, 60
HELD, PROCESSOR = 0.95, 0.25

# ids are made from numbers, so that citizens, contacts and transactions find each other without a look-up; half of the
# services are asked by share, so that the lot has something to decide
SEED = """
CREATE FUNCTION pg_temp.numbered(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('0198' || lpad(to_hex(kind), 4, '0') || '70008' || lpad(to_hex(n), 19, '0'))::uuid $$;
INSERT INTO citizen (id, created_at) SELECT pg_temp.numbered(1, n), now() FROM generate_series(1, %(count)s) n;
INSERT INTO contact_point (id, citizen_id, channel, address, address_index, hint, created_at)
SELECT pg_temp.numbered(2, n), pg_temp.numbered(1, n), 'sms', 'x', n::text, '…', now()
FROM generate_series(1, %(count)s) n;
CREATE TEMP TABLE place AS
SELECT o.id AS office, s.id AS service, row_number() OVER (ORDER BY o.code, s.code) - 1 AS place
FROM office o CROSS JOIN service s WHERE o.active AND s.active LIMIT 400;
INSERT INTO transaction (id, source, external_id, office_id, service_id, completed_at, received_at)
SELECT pg_temp.numbered(3, n), 'due', n::text, place.office, place.service, now() - interval '1 hour', now()
FROM generate_series(1, %(count)s) n JOIN place ON place.place = n %% 400;
INSERT INTO asking_plan (id, service_id, version, ended, share, delay_minutes, rest_days, reminder_days, notice_hours,
    channels, made_at, made_by)
SELECT pg_temp.numbered(4, 1), NULL, 1, false, %(share)s, 60, 30, 3, 0, '[]', now(), 'bench';
"""


def deciding(installed: site.Scratch, quick: bool) -> list[Figure]:
    """Decisions a second among a million transactions that are due, in a task's batches, each a commit."""
    count, decided = (3 * SIZE, SIZE) if quick else (TRANSACTIONS, DECIDED)
    with psycopg.connect(installed.url, cursor_factory=psycopg.ClientCursor, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys hold by construction
        connection.execute(SEED, {"count": count, "share": 0.3})
        connection.execute("VACUUM ANALYZE")
    with in_process(installed) as home:
        memory.settle()  # as a worker does when it begins
        _decide(home, SIZE)
        rate = _decide(home, decided)
    return [figure("surveys: sampling decisions", rate, LEAST, "decisions/s", least=1.0)]


def _decide(home: Database, count: int) -> float:
    now, done, spent = datetime.now(UTC), 0, 0.0
    undecided = select(*(TABLE.c[name] for name in lookups.DECIDING)).where(
        TABLE.c.source == "due", TABLE.c.probability.is_(None)
    )
    while done < count:
        with home.read() as session:
            rows = [{**row} for row in session.execute(undecided.limit(SIZE)).mappings()]
        for row in rows:  # who it was has been looked up: ids tell them apart by their second group
            row["contact_point_id"] = UUID(row["id"].hex[:4] + "0002" + row["id"].hex[8:])
            row["not_asked"] = None
        began = time.perf_counter()
        with home.write() as session:
            surveys = definitions.active(session)
            lookups.decide(session, rows, surveys, now)
        spent += time.perf_counter() - began
        done += len(rows)
    return done / spent


def leaving(installed: site.Scratch, quick: bool) -> list[Figure]:
    """Invitations a second that the sweep puts into the outbox with all its manners, beside a bare loop: a claim, the
    same outbox rows and the mark on each invitation, in batches of the same size with a commit each."""
    count, times = (200, 1) if quick else (4_000, 3)
    open_all_day = {"OMBUD_SURVEY_DAY_START": "0", "OMBUD_SURVEY_DAY_END": "24"}
    with in_process(replace(installed, environment=installed.environment | open_all_day)) as home:
        _invited(home, BATCH, datetime.now(UTC))
        while sweep.sweep(datetime.now(UTC) + timedelta(minutes=1)):
            pass
        found = rounds(times, lambda: _left(home, count))
        with home.connection() as connection:  # they would leave in the next measurement
            queued = _OUTBOX.c.state == OutboxState.queued
            connection.execute(update(_OUTBOX).where(queued).values(state=OutboxState.cancelled, due_at=None))
    return [
        figure("surveys: questions put into the outbox", found["ours"], found["bare"], "messages/s"),
        figure("surveys: processor of the sweep at the cap", found["cores"], 1.0, "cores", most=PROCESSOR),
    ]


def _invited(home: Database, count: int, now: datetime) -> None:
    """As many invitations that are due, each of a citizen of its own."""
    with home.write() as session:
        known = catalogue(session)
        service = sorted(known.service_by_code)[0]
        office = min(code for code, one in known.office_by_code.items() if one.tier == Tier.service_centre)
        items = [
            TransactionIn(new_key(), office, service, now - timedelta(hours=2), f"+35569{randbelow(10**7):07}", "sq")
            for _ in range(count)
        ]
        transactions.accept(session, "leaving", items, now)
    while lookups.work_off(now):
        pass
    with home.connection() as connection:
        connection.execute(update(_INVITATION).where(_INVITATION.c.state == "scheduled").values(due_at=now))


def _left(home: Database, count: int) -> dict[str, float]:
    _invited(home, count, now := datetime.now(UTC))
    began, used, done = time.perf_counter(), time.process_time(), 0
    while some := sweep.sweep(now):
        done += some
    spent, used = time.perf_counter() - began, time.process_time() - used
    with home.read() as session:
        newest = select(_OUTBOX).order_by(_OUTBOX.c.id.desc()).limit(done)
        rows = [{**row, "id": new_id(), "dedupe_key": new_key()} for row in session.execute(newest).mappings()]
    with home.connection() as connection:
        marked = {"state": "scheduled", "due_at": now, "leased_until": None}
        mine = [row["invitation_id"] for row in rows]
        connection.execute(update(_INVITATION).where(_INVITATION.c.id.in_(mine)).values(marked))
    bare = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        with home.write() as session:
            ids = claims.claim(session, Invitation, now, state=InvitationState.scheduled, limit=BATCH)
            session.connection().execute(insert(_OUTBOX), rows[start : start + BATCH])
            sent = {"state": "sent", "sent_at": now, "due_at": None}
            session.connection().execute(update(_INVITATION).where(_INVITATION.c.id.in_(ids)).values(sent))
            session.commit()
    return {
        "ours": done / spent,
        "bare": len(rows) / (time.perf_counter() - bare),
        "cores": used / done * CAP,
    }


def capped(installed: site.Scratch, quick: bool) -> list[Figure]:
    """A minute of surveys at a provider's cap of 100 a second: what of the cap is held, the most that came within any
    one second by the provider's count, and the worker's processor time."""
    seconds, warm = (1.0, 0.5) if quick else (float(SECONDS), 2.0)
    port = site.free_port()
    more = {
        "OMBUD_TWILIO_FROM": send.NUMBER,
        "OMBUD_TWILIO_PER_SECOND": str(CAP),
        "OMBUD_TWILIO_API_URL": f"http://127.0.0.1:{port}/simulator/twilio",
    }
    paced = replace(installed, environment=installed.environment | more)
    with send.simulated_twilio(paced, port), in_process(paced) as home:
        pacing.forget()
        send.queued(home, 50, Purpose.survey)
        _work(warm)  # loads the library, shakes hands
        _pace(port, "DELETE")
        send.queued(home, CAP * int(seconds + 2), Purpose.survey)
        spent = _work(seconds)
        told_by_provider = _pace(port)[send.NUMBER]
        close_senders()
    held = (told_by_provider["count"] - 1) / told_by_provider["over"]
    return [
        figure("surveys: of the provider's cap held", held, CAP, "messages/s", least=HELD, most=1.0),
        figure("surveys: most within one second", told_by_provider["most"], CAP, "messages", most=1.0),
        figure("surveys: processor of the worker", spent, 1.0, "cores", most=PROCESSOR),
    ]


def _work(seconds: float) -> float:
    """Send what is due for so long; the processor time it took, as a share of one core."""
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        if not deliver.deliver_due(
            datetime.now(UTC), send=senders().send, on_result=outcomes.on_result, keep_on=KEEP_ON
        ):
            time.sleep(0.02)  # as a worker between two rings
    return (time.process_time() - used) / (time.monotonic() - began)


def _pace(port: int, method: str = "GET") -> dict[str, dict[str, float]]:
    """What the simulated provider counted; DELETE begins anew."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/simulator/control/pace", method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, dict[str, float]] = json.load(answer)
    return found


PARTS = (leaving, deciding, capped)
