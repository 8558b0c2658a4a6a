"""Intake: signed Twilio webhooks until durable, one web process, beside bare durable inserts.

The reference is what PostgreSQL itself does with one row a commit: 16 pgbench connections with prepared statements
inserting a row of the same size into a copy of the inbox. Each round measures all of it one after the other, in an
order that alternates; the figures are medians over the rounds.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from benchmarks import site
from benchmarks.figures import Figure, figure, folder, rounds

BARE = r"""
\set n random(1, 9000000000000000)
\set m random(1, 9000000000000000)
INSERT INTO bare_inbox (id, kind, channel, account, provider_id, sender, sender_index, recipient, text, details,
    received_at, state, due_at, attempts)
VALUES (md5(:n::bigint::text || :m::bigint::text)::uuid, 'message', 'sms', '{account}',
    'SM' || md5(:m::bigint::text || :n::bigint::text), '{sender}', md5(:n::bigint::text) || md5(:m::bigint::text),
    '+355690000000', '{text}', '{{"country": "AL"}}', now(), 'received', now(), 0);
"""
WEB_MB = 170
"""Of these some 60 are Python and the libraries, 26 the tables alone; docs/benchmarks.md."""


def run(quick: bool = False) -> list[Figure]:
    """Measure on a scratch database; `quick` is short and serves to see that it works."""
    seconds, times = (0.4, 1) if quick else (5.0, 5)
    pgbench = shutil.which("pgbench")
    if pgbench is None:
        raise site.Unusable("pgbench is not installed; it comes with PostgreSQL (postgresql-contrib elsewhere).")
    closed = f"redis://127.0.0.1:{site.free_port()}/0"
    with folder() as where, site.scratch(where) as installed:
        installed.prepare(model=False)
        script = _bare_script(installed.url, where)
        try:
            with site.web(installed) as up, site.web(installed, OMBUD_BROKER_URL=closed) as down:
                send(up.port, 4, 60.0, 1000)
                held = site.memory(up.pid)
                send(down.port, 4, 60.0, 200)
                found = _measure(
                    times,
                    {
                        "bare": lambda: {"rate": _bare(pgbench, installed.url, script, seconds)},
                        "8": lambda: send(up.port, 8, seconds),
                        "8_down": lambda: send(down.port, 8, seconds),
                        "32": lambda: send(up.port, 32, seconds),
                        "32_down": lambda: send(down.port, 32, seconds),
                    },
                )
        finally:
            _clear_broker()
    bare = found["bare_rate"]
    return [
        figure("intake: 8 clients", found["8_rate"], bare, "rows/s", least=0.10),
        figure("intake: 32 clients", found["32_rate"], bare, "rows/s", least=0.10),
        figure("intake: p99 beside p50, 8 clients", found["8_p99"], found["8_p50"], "ms", most=4.0),
        figure("intake: p99 beside p50, 32 clients", found["32_p99"], found["32_p50"], "ms"),
        figure("intake: broker down, 8 clients", found["8_down_rate"], found["8_rate"], "rows/s", least=0.95),
        figure("intake: broker down, 32 clients", found["32_down_rate"], found["32_rate"], "rows/s", least=0.95),
        figure("intake: memory of the web process", held, WEB_MB, "MiB", most=1.0),
    ]


def _measure(times: int, phases: dict[str, Callable[[], dict[str, float]]]) -> dict[str, float]:
    turn = 0

    def once() -> dict[str, float]:
        nonlocal turn
        names = list(phases) if turn % 2 == 0 else list(phases)[::-1]
        turn += 1
        found = {name: phases[name]() for name in names}
        return {
            f"{name}_{key}": found[name][key] for name in phases for key in ("rate", "p50", "p99") if key in found[name]
        }

    return rounds(times, once)


def send(port: int, clients: int, seconds: float, count: int | None = None) -> dict[str, float]:
    """Webhooks from a crowd for some seconds (or `count` of them). Raises Unusable where one got no 200."""
    asked = {
        "port": port,
        "clients": clients,
        "seconds": seconds,
        "count": count or int(seconds * 8000),
        "public_url": site.PUBLIC_URL,
        "token": site.TWILIO_TOKEN,
        "account": site.TWILIO_ACCOUNT,
        "seed": secrets.randbits(60),
    }
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks.load"),
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=site.ROOT,
        check=False,
        timeout=seconds + 60,
    )
    if done.returncode:
        raise site.Unusable(f"The crowd of webhooks failed: {done.stderr[-1000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    if found["refused"] or found["unanswered"]:
        raise site.Unusable(f"{found['refused']} webhooks were refused, {found['unanswered']} got no answer.")
    return found


def _bare_script(url: str, where: Path) -> Path:
    """The table and script of the reference; the row is as long as one of ours."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare_inbox (LIKE inbound_message INCLUDING ALL)")
    script = where / "bare.sql"
    script.write_text(BARE.format(account=site.TWILIO_ACCOUNT, sender="x" * 58, text="x" * 180))
    return script


def _bare(pgbench: str, url: str, script: Path, seconds: float) -> float:
    command = [pgbench, "-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", str(max(1, round(seconds)))]
    done = subprocess.run(
        [*command, "-f", str(script), url],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if rate is None:
        raise site.Unusable(f"pgbench failed: {done.stderr}")
    return float(rate.group(1))


def _clear_broker() -> None:
    """Take the rings out of the broker that no worker was there to hear."""
    with redis.Redis.from_url(site.broker()) as connection:
        connection.delete("ombud", "_kombu.binding.ombud")
