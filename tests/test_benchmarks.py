"""The benchmarks run and say what they found, in the form others script against. Speed is not judged here."""

import json
import os
import subprocess
import sys

import pytest
import redis

from benchmarks.__main__ import NAMES
from tests.conftest import REDIS, SERVER, left_out
from tests.processes import ROOT

EXPECTED = {
    "intake": [
        "intake: 8 clients",
        "intake: 32 clients",
        "intake: p99 beside p50, 8 clients",
        "intake: p99 beside p50, 32 clients",
        "intake: broker down, 8 clients",
        "intake: broker down, 32 clients",
        "intake: memory of the web process",
    ],
    "process": ["process: cases", "process: statements per case", "process: memory of a worker without model"],
    "nlp": [
        "nlp: starter: right",
        "nlp: starter: routable at 95%",
        "nlp: starter: calibration error",
        "nlp: sets with more coverage than the SVC",
        "nlp: messages in batch, beside the SVC",
        "nlp: messages in batch",
        "nlp: messages one at a time",
        "nlp: 95th percentile of one",
        "nlp: model on disk",
        "nlp: trained anew",
        "nlp: first prediction of a process",
    ],
    "send": ["send: messages", "send: statements per message"],
    "replay": ["replay: median timeline", "replay: silent timeline", "replay: eventful timeline"],
    "desk": [
        "desk: statements of a page, at most",
        "desk: queue",
        "desk: queue, late",
        "desk: live queue",
        "desk: search, common word",
        "desk: search, rare word",
        "desk: search, two words",
        "desk: queue of the leadership",
        "desk: search of the leadership",
    ],
    "surveys": [
        "surveys: transactions accepted",
        "surveys: questions put into the outbox",
        "surveys: processor of the sweep at the cap",
        "surveys: sampling decisions",
        "surveys: of the provider's cap held",
        "surveys: most within one second",
        "surveys: processor of the worker",
    ],
    "kpis": [
        "kpis: 5,000 cases: leadership figures",
        "kpis: 5,000 cases: an office's figures",
        "kpis: 5,000 cases: error of medians and 90th percentiles",
        "kpis: 5,000 cases: refreshing a day's events",
        "kpis: 5,000 cases: intake while refreshing",
        "kpis: 5,000 cases: leadership page",
        "kpis: 5,000 cases: office page",
        "kpis: reading at the largest beside the smallest",
    ],
    "reviews": [
        "reviews: pack of 200 cases as PDF, first of a process",
        "reviews: pack of 200 cases as PDF",
        "reviews: of that gathered",
        "reviews: of that laid out",
        "reviews: of that set on paper",
    ],
    "sweep": ["sweep: claims", "sweep: full climb", "sweep: empty"],
}


LONGEST = 900
"""Seconds that all of them may take on a machine that does much else."""


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "OMBUD_BENCH_DATABASE_URL": SERVER, "OMBUD_BENCH_BROKER_URL": REDIS}
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


@pytest.fixture(scope="module")
def done(postgres_url: str | None) -> "subprocess.CompletedProcess[str]":
    """One quick run of all, which make the sample government once."""
    if postgres_url is None:
        left_out("PostgreSQL could not be reached")
    try:
        redis.Redis.from_url(REDIS).ping()
    except redis.ConnectionError:
        left_out("Redis could not be reached")
    return _run("all", "--quick", "--json")


def test_a_quick_run_of_all_says_whether_they_hold(done: "subprocess.CompletedProcess[str]") -> None:
    assert done.returncode in (0, 1), done.stderr
    assert done.returncode == (0 if all(one["holds"] for one in json.loads(done.stdout)) else 1)
    assert set(NAMES) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_benchmark_gives_well_formed_figures(name: str, done: "subprocess.CompletedProcess[str]") -> None:
    figures = [one for one in json.loads(done.stdout) if one["name"].startswith(f"{name}:")]
    assert [one["name"] for one in figures] == EXPECTED[name]
    for one in figures:
        assert set(one) == {"name", "ratio", "ours", "reference", "unit", "holds"}
        assert one["ours"] > 0
        assert one["reference"] > 0
        assert one["ratio"] > 0
        assert isinstance(one["holds"], bool)


def test_a_benchmark_that_does_not_exist_is_named() -> None:
    done = _run("moon")
    assert done.returncode == 2
    assert "moon" in done.stderr
    assert "intake" in done.stderr
