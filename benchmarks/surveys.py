"""Surveys: how quickly batches of transactions are taken, beside what PostgreSQL does with the same rows.

Each part is a function that measures on a scratch installation in a production's settings.
"""

import http.client
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import psycopg

from benchmarks import asking, site
from benchmarks.figures import Figure, figure, folder, rounds

BATCH = 10_000

BARE = """
CREATE TABLE bare_transaction (LIKE transaction INCLUDING DEFAULTS);
ALTER TABLE bare_transaction ADD PRIMARY KEY (id), ADD UNIQUE (source, external_id);
"""


def run(quick: bool = False) -> list[Figure]:
    """Measure on a scratch database; `quick` is short and serves to see that it works."""
    found: list[Figure] = []
    with folder() as where, site.scratch(where) as installed:
        installed.prepare(model=False)
        for part in PARTS:
            found += part(installed, quick)
    return found


def accepting(installed: site.Scratch, quick: bool) -> list[Figure]:
    """Batches of 10,000 from the first byte of the request to the last of the answer, beside a bare COPY of the rows
    that this stored into a copy of their table with its unique index, commit included; both on one connection."""
    count, times, turns = (200, 1, 1) if quick else (BATCH, 5, 6)
    made = installed.run(*site.OMBUD, "api-key", "create", "--name", "bench", "--scope", "write")
    secret = json.loads(made)["key"]
    with psycopg.connect(installed.url) as connection, site.web(installed) as web:
        connection.execute(BARE)
        connection.commit()
        codes = connection.execute(
            "SELECT o.code, s.code FROM office o CROSS JOIN service s WHERE o.active AND s.active LIMIT 60"
        ).fetchall()
        columns = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'transaction'"
            )
        ]
        number = 0

        def once() -> dict[str, float]:
            nonlocal number
            ours, bare = [], []
            for _ in range(turns):
                number += 1
                body = _batch(codes, number, count)
                ours.append(_post(web.port, secret, body, count))
                connection.execute("DELETE FROM transaction_task")  # the worker's work is not measured
                rows = connection.execute(
                    f"SELECT {', '.join(columns)} FROM transaction WHERE external_id LIKE %s",
                    (f"B{number:05}-%",),
                ).fetchall()
                connection.commit()
                bare.append(_copy(connection, columns, rows))
            return {"ours": count / median(ours), "bare": count / median(bare)}

        _post(web.port, secret, _batch(codes, number, 50), 50)
        found = rounds(times, once)
    return [figure("surveys: transactions accepted", found["ours"], found["bare"], "rows/s", least=0.5)]


PARTS: list[Callable[[site.Scratch, bool], list[Figure]]] = [accepting, *asking.PARTS]


def _batch(codes: list[tuple[str, ...]], number: int, count: int) -> bytes:
    now = datetime.now(UTC)
    lines = []
    for index in range(count):
        office, service = codes[index % len(codes)]
        lines.append(
            {
                "external_id": f"B{number:05}-{index:06}",
                "office": office,
                "service": service,
                "completed_at": (now - timedelta(seconds=index)).isoformat(),
                "phone": f"+35569{(number * count + index) % 10_000_000:07}",
                "language": "sq",
                "operator": f"desk {index % 9}",
            }
        )
    return json.dumps({"transactions": lines}).encode()


def _post(port: int, secret: str, body: bytes, count: int) -> float:
    """Seconds of one request. Raises Unusable where it was not taken whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request("POST", "/api/v1/transactions", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    spent = time.perf_counter() - began
    connection.close()
    if answer.status != 201 or json.loads(said)["created"] != count:
        raise site.Unusable(f"A batch was not taken: {answer.status} {said[:500]!r}")
    return spent


def _copy(
    connection: "psycopg.Connection[tuple[object, ...]]", columns: list[str], rows: list[tuple[object, ...]]
) -> float:
    """Seconds of a bare COPY of the rows, commit included."""
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(f"COPY bare_transaction ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.commit()
    return time.perf_counter() - began
