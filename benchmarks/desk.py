"""Desk: the queue and the search of an officer with 500 open cases in an installation of 1,000,000 cases.

The reference is a bare page of the app, signed in like the others: the account of the officer. Both are asked of one
serving process on a kept connection, in turns. Statements are counted in this process, those of signing in included.
"""

import csv
import http.client
import itertools
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from api.app import create_app
from api.auth import COOKIE
from benchmarks import site
from benchmarks.figures import Figure, figure, folder
from benchmarks.load import MESSAGES
from benchmarks.process import Statements, in_process
from core.crypto import token, token_hash
from core.database import Database
from core.ids import new_reference
from domain.office import Office
from domain.staff import StaffRole, StaffSession
from domain.states import Role, Tier
from domain.words import vector
from nlp.indexing import terms

STATEMENTS = 12
TIMES = 10.0
"""Times of a bare page that a page of the desk may take."""
WARM = 3
BARE = "bare"
OPEN_EACH = 500
"""Open cases of one office."""

# ids are made from numbers, so that cases, clocks and words find each other without a look-up
SEED = """
CREATE FUNCTION pg_temp.numbered(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('0198' || lpad(to_hex(kind), 4, '0') || '70008' || lpad(to_hex(n), 19, '0'))::uuid $$;
CREATE TEMP TABLE desk AS SELECT o AS id, place - 1 AS place
FROM unnest(%(offices)s::uuid[]) WITH ORDINALITY t(o, place);
CREATE TEMP TABLE known AS SELECT r AS reference, %(cases)s + 1 - place AS n
FROM unnest(%(references)s::text[]) WITH ORDINALITY t(r, place);
CREATE TEMP TABLE said AS SELECT txt, words::tsvector AS words, place - 1 AS place
FROM unnest(%(texts)s::text[], %(words)s::text[]) WITH ORDINALITY t(txt, words, place);
CREATE TEMP TABLE made AS SELECT n, pg_temp.numbered(1, n) AS id, desk.id AS office, said.txt, said.words,
    n > %(cases)s - %(open)s AS open, %(now)s - interval '2 years' * (%(cases)s - n) / %(cases)s AS at
FROM generate_series(1, %(cases)s) n JOIN desk ON desk.place = n %% %(places)s
JOIN said ON said.place = (n::bigint * 7919) %% %(said)s;
INSERT INTO "case" (id, reference, kind, state, channel, language, text, office_id, integrity, routing_method,
    routing_reason, routing_suggestions, hops, received_at, opened_at, first_response_templated, updated_at,
    timeline_length, timeline_head, due_at, closed_at, first_response_at)
SELECT id, coalesce(reference, lpad(n::text, 9, '-')), 'complaint',
    CASE WHEN open THEN 'open' ELSE 'closed' END, 'sms', 'en', txt,
    office, false, 'rule', 'place', '[]', 0, at, at, false, at, 0, '',
    CASE WHEN open THEN %(now)s + interval '1 minute' * (n %% 4000 - 500) END,
    CASE WHEN NOT open THEN at + interval '3 days' END, CASE WHEN NOT open THEN at + interval '1 day' END
FROM made LEFT JOIN known USING (n);
INSERT INTO clock (id, case_id, kind, entry, state, office_id, started_at, target_seconds, deadline_at, rungs,
    worked_seconds, counted_from)
SELECT pg_temp.numbered(2, n), id, 'first_response', 2, 'running', office, at, 57600,
    %(now)s + interval '1 minute' * (n %% 4000 - 500), '[]', 0, at FROM made WHERE open;
DROP INDEX ix_case_words_words;
INSERT INTO case_words (case_id, words)
SELECT id, words || ('''number' || n || ''':1 ''o:' || replace(office::text, '-', '') || ''':1A')::tsvector FROM made;
CREATE INDEX ix_case_words_words ON case_words USING gin (words);
"""


def run(quick: bool = False) -> list[Figure]:
    """Measure on a scratch database; `quick` takes 20,000 cases and serves to see that it works."""
    cases, times = (20_000, 10) if quick else (1_000_000, 100)
    with folder() as where, site.scratch(where) as installed:
        installed.prepare(model=False)
        with in_process(installed) as home:
            officer, minister, word = _people(home)
            _seed(installed.url, home, cases, word)
            pages = {
                "queue": ("/staff?view=todo", officer),
                "queue, late": ("/staff?view=late", officer),
                "live queue": ("/staff/queue", officer),
                "search, common word": (f"/staff/search?q={word[:-1]}", officer),
                "search, rare word": (f"/staff/search?q=number{cases // 1000}", officer),
                "search, two words": (f"/staff/search?q={word}+days", officer),
                "queue of the leadership": ("/staff?view=todo", minister),
                "search of the leadership": (f"/staff/search?q={word}", minister),
            }
            counted = _counted(home, pages)
            with site.web(installed) as web:
                spent = _timed(web.port, {BARE: ("/staff/account", officer), **pages}, times)
        bare = spent.pop(BARE)
    found = [figure("desk: statements of a page, at most", max(counted.values()), STATEMENTS, "statements", most=1.0)]
    return found + [figure(f"desk: {name}", ours, bare, "ms", most=TIMES) for name, ours in spent.items()]


def _people(home: Database) -> tuple[str, str, str]:
    """Sessions of an officer and of somebody of the leadership, and a word that is common in what citizens wrote."""
    with home.write() as session:
        officer = signed_in(session, Role.officer, tier=Tier.district)
        minister = signed_in(session, Role.leadership)
    return officer, minister, "water"


def signed_in(session: Session, role: Role, tier: Tier | None = None) -> str:
    """A session of somebody who holds this role."""
    query = select(StaffRole.staff_id).join(Office, col(Office.id) == col(StaffRole.office_id))
    query = query.where(col(StaffRole.role) == role)
    staff_id = session.exec(query.where(col(Office.tier) == tier) if tier else query).first()
    assert staff_id is not None, f"the sample government has no {role}"
    value, now = token(), datetime.now(UTC)
    row = StaffSession(
        token_hash=token_hash(value),
        csrf=token(),
        staff_id=staff_id,
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    session.add(row)
    return value


def _seed(url: str, home: Database, cases: int, word: str) -> None:
    with home.read() as session:
        first = session.exec(
            select(StaffRole.office_id)
            .join(StaffSession, col(StaffSession.staff_id) == col(StaffRole.staff_id))
            .where(col(StaffRole.role) == Role.officer)
        ).first()
        others = session.exec(select(Office.id).where(col(Office.tier) == Tier.district)).all()
    offices: Sequence[UUID] = list(dict.fromkeys([first, *others]))  # type: ignore[list-item]
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    # every fifth says the word, so that it is as common as words of a service are
    texts = [f"{text} {word}" if number % 5 == 0 else text for number, text in enumerate(texts)]
    open_cases = min(cases // 2, OPEN_EACH * len(offices))
    values: dict[str, Any] = {
        "cases": cases,
        "open": open_cases,
        "references": [new_reference() for _ in range(open_cases)],
        "now": datetime.now(UTC),
        "offices": [str(one) for one in offices],
        "places": len(offices),
        "texts": texts,
        "words": [vector(terms(text)) for text in texts],
        "said": len(texts),
    }
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys hold by construction
        connection.execute(SEED, values)
        connection.execute("VACUUM ANALYZE")


def _counted(home: Database, pages: dict[str, tuple[str, str]]) -> dict[str, int]:
    """Statements of each page, once it is warm."""
    found = {}
    client = TestClient(create_app(embedded=False), base_url=site.PUBLIC_URL)
    for name, (path, session) in pages.items():
        for _ in range(2):
            statements = Statements(home)
            answer = client.get(path, follow_redirects=False, headers={"Cookie": f"{COOKIE}={session}"})
            found[name] = statements.end()
            assert answer.status_code == 200, f"{path} answered {answer.status_code}"
    return found


def _timed(port: int, pages: dict[str, tuple[str, str]], times: int) -> dict[str, float]:
    """Milliseconds of each page on a kept connection, asked in turns; medians, after three to warm up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    spent: dict[str, list[float]] = {name: [] for name in pages}
    for turn, (name, (path, session)) in itertools.product(range(times + WARM), pages.items()):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": f"{COOKIE}={session}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, f"{path} answered {answer.status}"
        if turn >= WARM:
            spent[name].append(time.perf_counter() - began)
    connection.close()
    return {name: median(found) * 1000 for name, found in spent.items()}
