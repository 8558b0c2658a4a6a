"""Sweeping ladders: 100,000 rungs due among 1,000,000 open clocks, beside a bare loop that only claims.

The reference is what PostgreSQL itself allows: `UPDATE … WHERE id IN (SELECT … FOR UPDATE SKIP LOCKED LIMIT 500)
RETURNING`, one commit a batch, on a copy of the same table in the same run. Figures count claims (the time the real
sweep spends claiming), the full climb (timeline, notices, next rungs) and a sweep that finds nothing.
"""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from core import database as core_database
from core.settings import settings
from domain import catalogue, tables
from domain.base import metadata
from domain.office import Office
from domain.policy import Calendar, Policy
from domain.staff import Staff, StaffRole
from domain.states import OfficeFunction, Role, Tier
from escalation import sweep as sweeping

SERVER = "postgresql://postgres@127.0.0.1/postgres"
BATCH = 500
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
OFFICES = 30

Figure = dict[str, object]

BARE_CLAIM = """
UPDATE bare_rung SET state = 'climbed', leased_until = %(until)s, attempts = attempts + 1 WHERE id IN (
    SELECT id FROM bare_rung WHERE state = 'waiting' AND due_at <= %(now)s ORDER BY due_at LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED) RETURNING id
"""

# ids are made from numbers, so that clocks, cases and rungs find each other without a look-up
SEED = """
CREATE FUNCTION pg_temp.numbered(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('0198' || lpad(to_hex(kind), 4, '0') || '70008' || lpad(to_hex(n), 19, '0'))::uuid $$;
CREATE TEMP TABLE desk AS SELECT id, row_number() OVER (ORDER BY code) - 1 AS place FROM office WHERE tier = 'district';
INSERT INTO "case" (id, reference, kind, state, channel, language, text, office_id, integrity, routing_method,
    routing_reason, routing_suggestions, hops, received_at, opened_at, first_response_templated, updated_at,
    timeline_length, timeline_head)
SELECT pg_temp.numbered(1, n), lpad(n::text, 9, '0'), 'complaint', 'open', 'sms', 'en',
    'Water has not come for four days in our street.', desk.id, false, 'rule', 'place', '[]', 0,
    moment, moment, false, moment, 0, ''
FROM generate_series(1, %(cases)s) n, LATERAL (SELECT %(now)s - interval '1 day' AS moment) t
JOIN desk ON true WHERE desk.place = n %% %(offices)s;
INSERT INTO clock (id, case_id, kind, entry, state, office_id, started_at, target_seconds, deadline_at, rungs,
    worked_seconds, counted_from)
SELECT pg_temp.numbered(2, n), pg_temp.numbered(1, n), 'first_response', 2, 'running', desk.id,
    %(now)s - interval '1 day', 57600, %(now)s + interval '1 day', %(ladder)s::jsonb, 0, %(now)s - interval '1 day'
FROM generate_series(1, %(cases)s) n JOIN desk ON desk.place = n %% %(offices)s;
INSERT INTO rung (id, clock_id, case_id, number, tell, state, due_at, attempts, told)
SELECT pg_temp.numbered(3, n), pg_temp.numbered(2, n), pg_temp.numbered(1, n), 1, 'officer', 'waiting',
    CASE WHEN n %% %(every)s = 0 THEN %(now)s - interval '1 second' * (n %% 3600)
    ELSE %(now)s + interval '1 day' + interval '1 second' * (n %% 86400) END, 0, '[]'
FROM generate_series(1, %(cases)s) n;
CREATE TABLE bare_rung (LIKE rung INCLUDING ALL) WITH (fillfactor = 80);
INSERT INTO bare_rung SELECT * FROM rung;
"""


@dataclass(slots=True)
class _ClaimTime:
    """Seconds and rows of the sweep's own claims, commit included."""

    seconds: float = 0.0
    rows: int = 0


def run(quick: bool = False) -> list[Figure]:
    """Measure on a scratch database; `quick` takes 1,000 due of 5,000 and serves to see that it works."""
    cases, due = (5_000, 1_000) if quick else (1_000_000, 100_000)
    with _scratch() as url:
        _seed(url, cases, cases // due)
        bare = _bare(url, due)
        claims, climbed = _sweep(due)
        empty = _empty(20 if quick else 200)
    return [
        _figure("sweep: claims", claims, bare, "rows/s", 0.5),
        _figure("sweep: full climb", climbed, bare, "rows/s", None),
        {
            "name": "sweep: empty",
            "ratio": round(empty, 3),
            "ours": round(empty, 3),
            "reference": 1.0,
            "unit": "ms",
            "holds": empty <= 1.0,
        },
    ]


def _figure(name: str, ours: float, reference: float, unit: str, least: float | None) -> Figure:
    ratio = ours / reference
    return {
        "name": name,
        "ratio": round(ratio, 3),
        "ours": round(ours),
        "reference": round(reference),
        "unit": unit,
        "holds": least is None or ratio >= least,
    }


@contextmanager
def _scratch() -> Iterator[str]:
    server = os.environ.get("OMBUD_BENCH_DATABASE_URL", SERVER)
    name = f"ombud_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = server.rsplit("/", 1)[0] + f"/{name}"
    before = os.environ.get("OMBUD_DATABASE_URL")
    os.environ["OMBUD_DATABASE_URL"] = url
    _forget()
    try:
        yield url
    finally:
        core_database.database().close()
        if before is None:
            del os.environ["OMBUD_DATABASE_URL"]
        else:
            os.environ["OMBUD_DATABASE_URL"] = before
        _forget()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _forget() -> None:
    settings.cache_clear()
    core_database.database.cache_clear()
    catalogue.forget()


def _seed(url: str, cases: int, every: int) -> None:
    assert tables.__all__
    home = core_database.database()
    metadata().create_all(home.engine)
    with home.write() as session:
        calendar = Calendar(
            name="Bench", time_zone="Europe/Tirane", week={str(day): [["08:00", "16:00"]] for day in range(5)}
        )
        session.add(calendar)
        session.flush()
        nation = Office(code="NAT", names={"en": "Nation"}, tier=Tier.national, function=OfficeFunction.leadership)
        nation.calendar_id = calendar.id
        districts = [
            Office(code=f"D{place:02}", names={"en": f"District {place}"}, tier=Tier.district, parent_id=nation.id)
            for place in range(OFFICES)
        ]
        session.add(nation)
        session.flush()
        session.add_all(districts)
        session.add(Policy(name="Bench", targets={"first_response": 16.0}, ladder=LADDER))
        session.flush()
        for office in districts:
            for role in (Role.officer, Role.supervisor, Role.head):
                mark = f"{role}-{office.code}"
                person = Staff(name=mark, email=f"{mark}@example.org", email_index=mark, password_hash="x")
                session.add(person)
                session.flush()
                session.add(StaffRole(staff_id=person.id, office_id=office.id, role=role))
        catalogue.touch(session)
    steps = [
        {"number": 1, "tell": "officer", "after": 28800, "at": (NOW - timedelta(hours=1)).isoformat()},
        {"number": 2, "tell": "supervisor", "after": 46080, "at": (NOW + timedelta(hours=20)).isoformat()},
        {"number": 3, "tell": "head", "after": 57600, "at": (NOW + timedelta(days=1)).isoformat()},
    ]
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys hold by construction
        values = {
            "cases": cases,
            "every": every,
            "now": NOW,
            "offices": OFFICES,
            "ladder": psycopg.types.json.Jsonb(steps),
        }
        connection.execute(SEED, values)
        connection.execute("VACUUM ANALYZE")


LADDER: list[dict[str, object]] = [
    {"share": 0.5, "tell": "officer"},
    {"share": 0.8, "tell": "supervisor"},
    {"share": 1.0, "tell": "head"},
]


def _bare(url: str, due: int) -> float:
    done = 0
    values = {"now": NOW, "until": NOW + timedelta(minutes=1), "batch": BATCH}
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        while rows := connection.execute(BARE_CLAIM, values).fetchall():
            connection.commit()
            done += len(rows)
        spent = time.perf_counter() - began
    assert done == due, f"the bare loop claimed {done} of {due}"
    return done / spent


def _sweep(due: int) -> tuple[float, float]:
    timed, claim_due = _ClaimTime(), sweeping.claim_due

    def timed_claim(home: core_database.Database, now: datetime, limit: int) -> list[uuid.UUID]:
        began = time.perf_counter()
        found = claim_due(home, now, limit)
        timed.seconds += time.perf_counter() - began
        timed.rows += len(found)
        return found

    sweeping.claim_due = timed_claim
    done = 0
    began = time.perf_counter()
    try:
        while settled := sweeping.sweep(NOW, BATCH):
            done += settled
    finally:
        sweeping.claim_due = claim_due
    spent = time.perf_counter() - began
    assert done == due, f"the sweep settled {done} of {due}"
    return timed.rows / timed.seconds, done / spent


def _empty(times: int) -> float:
    """Milliseconds of a sweep that finds nothing due; the median."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        assert sweeping.sweep(NOW, BATCH) == 0
        spent.append(time.perf_counter() - began)
    return sorted(spent)[len(spent) // 2] * 1000
