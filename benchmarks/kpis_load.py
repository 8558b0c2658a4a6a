"""Millions of cases for `benchmarks.kpis`, made by PostgreSQL itself: two years of them at offices of a deep tree."""

import time
from datetime import datetime

import psycopg

# ids are made from numbers, so that cases and clocks find each other without a look-up
OFFICES = """
CREATE FUNCTION numbered(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('0198' || lpad(to_hex(kind), 4, '0') || '70008' || lpad(to_hex(n), 19, '0'))::uuid $$;
CREATE TEMP TABLE regions AS SELECT r, numbered(10, r) AS id FROM generate_series(1, 10) r;
CREATE TEMP TABLE districts AS SELECT r, d, numbered(11, r * 1000 + d) AS id
FROM regions, generate_series(1, greatest(1, (%(offices)s / 500)::int)) d;
CREATE TEMP TABLE centres AS SELECT r, d, c, numbered(12, (r * 1000 + d) * 1000 + c) AS id
FROM districts, generate_series(1, (%(offices)s / (SELECT count(*) FROM districts))::int - 1) c;
INSERT INTO office (id, code, names, tier, function, parent_id, places, active)
SELECT id, 'B-' || r, jsonb_build_object('en', 'Region ' || r), 'region', 'service',
    (SELECT id FROM office WHERE parent_id IS NULL ORDER BY code LIMIT 1), '[]', true FROM regions;
INSERT INTO office (id, code, names, tier, function, parent_id, places, active)
SELECT id, 'B-' || r || '-' || d, jsonb_build_object('en', 'District ' || r || '.' || d), 'district', 'service',
    numbered(10, r), '[]', true FROM districts;
INSERT INTO office (id, code, names, tier, function, parent_id, places, active)
SELECT id, 'B-' || r || '-' || d || '-' || c, jsonb_build_object('en', 'Centre ' || r || '.' || d || '.' || c),
    'service_centre', 'service', numbered(11, r * 1000 + d), '[]', true FROM centres;
UPDATE catalogue_revision SET number = number + 1;
CREATE TABLE bench_office AS SELECT id, row_number() OVER (ORDER BY r, d, c) - 1 AS place,
    exp(0.4 * sin(r * 7 + d * 13 + c * 29)) AS slow FROM centres;
ALTER TABLE bench_office ADD PRIMARY KEY (place);
CREATE TABLE bench_service AS SELECT id, row_number() OVER (ORDER BY code) - 1 AS place FROM service WHERE active;
ANALYZE bench_office, bench_service;
"""
# one in twelve is never answered, some write twice as often as others; silences are log-normal (Box and Muller)
CASES = """
INSERT INTO "case" (id, reference, kind, state, channel, language, text, source, confidential, office_id, service_id,
    integrity, routing_method, routing_reason, routing_suggestions, hops, received_at, opened_at, first_response_at,
    first_response_templated, closed_at, outcome, due_at, updated_at, timeline_length, timeline_head)
SELECT id, lpad(n::text, 9, '-'), (ARRAY['complaint', 'question', 'request', 'suggestion'])[1 + n %% 4],
    CASE WHEN answered IS NULL THEN 'open' ELSE 'closed' END,
    (ARRAY['sms', 'whatsapp', 'web', 'telegram'])[1 + n %% 4], (ARRAY['sq', 'en', 'sq'])[1 + n %% 3],
    'The water is off.',
    'citizen', false, office, service, false, 'rule', 'place', '[]', (n %% 17 = 0)::int, at, at, answered,
    n %% 23 = 0, answered, CASE WHEN answered IS NOT NULL THEN 'answered' END,
    CASE WHEN answered IS NULL THEN at + interval '5 days' END, coalesce(answered, at), 0, ''
FROM (
    SELECT *, CASE WHEN chance < 0.92 AND at + long <= %(now)s THEN at + long END AS answered FROM (
        SELECT n, numbered(1, n) AS id, o.id AS office, s.id AS service,
            date_trunc('second', %(now)s - interval '730 days' * ((%(cases)s - n)::float / %(cases)s)) AS at,
            random() AS chance,
            interval '1 second' *
                floor(o.slow * exp(11.0 + 1.2 * sqrt(-2 * ln(1 - random())) * cos(6.283185 * random()))) AS long
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        JOIN bench_office o ON o.place = (n * 7919) %% (SELECT count(*) FROM bench_office)
        JOIN bench_service s ON s.place = (n / 3) %% (SELECT count(*) FROM bench_service)
    ) drawn
) made
"""
CLOCKS = """
INSERT INTO clock (id, case_id, kind, entry, state, office_id, started_at, target_seconds, deadline_at, rungs,
    worked_seconds, idle_seconds, ended_at)
SELECT numbered(2, ('x' || right(id::text, 12))::bit(48)::bigint), id, 'first_response', 2,
    CASE WHEN first_response_at IS NULL THEN 'running' WHEN first_response_at <= received_at + interval '5 days'
    THEN 'met' ELSE 'missed' END, office_id, received_at, 432000, received_at + interval '5 days', '[]', 0, 0,
    first_response_at
FROM "case" WHERE id BETWEEN numbered(1, %(first)s) AND numbered(1, %(last)s)
"""
RAW = """
SELECT office_id, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP
    (ORDER BY extract(epoch FROM coalesce(first_response_at, now()) - received_at))
FROM "case" GROUP BY office_id
"""
CHANGES = """
WITH touched AS (
    SELECT numbered(1, 1 + floor(%(cases)s * (1 - power(random(), 8)))::bigint) AS id FROM generate_series(1, %(count)s)
)
UPDATE "case" SET first_response_at = CASE WHEN first_response_at IS NULL THEN %(now)s
        ELSE received_at + (first_response_at - received_at) * 0.9 END, updated_at = %(now)s
WHERE id IN (SELECT id FROM touched)
"""
BATCH = 1_000_000


def load(url: str, cases: int, offices: int, now: datetime) -> None:
    """Make offices and cases; the indexes of cases and clocks are built last."""
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor, autocommit=True) as connection:
        connection.execute(OFFICES, {"offices": offices})
        connection.execute("SET session_replication_role = replica")  # foreign keys hold by construction; no marks yet
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET work_mem = '128MB'")
        connection.execute("SELECT setseed(0.5)")
        kept = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('case', 'clock')"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        ).fetchall()
        for name, _ in kept:
            connection.execute(f'DROP INDEX "{name}"')
        for first in range(1, cases + 1, BATCH):
            values = {"cases": cases, "now": now, "first": first, "last": min(first + BATCH - 1, cases)}
            connection.execute(CASES, values)
            connection.execute(CLOCKS, values)
        for _, definition in kept:
            connection.execute(definition)
        connection.execute('VACUUM ANALYZE "case", clock')
        connection.execute("CHECKPOINT")


def raw(url: str) -> float:
    """Seconds of the raw percentile query, the quicker of two."""
    spent = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET work_mem = '256MB'")
        for _ in range(2):
            began = time.perf_counter()
            connection.execute(RAW).fetchall()
            spent.append(time.perf_counter() - began)
    return min(spent)


def events(url: str, count: int, now: datetime) -> None:
    """So many changes to cases, half of them to those of the last days and a tenth older than ten months.

    Silent ones are answered, answers turn out to have come earlier.
    """
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor, autocommit=True) as connection:
        (cases,) = connection.execute("SELECT count(*) FROM figure_case").fetchone() or (0,)
        connection.execute(CHANGES, {"count": count, "cases": cases, "now": now})
