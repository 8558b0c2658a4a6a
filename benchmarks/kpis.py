"""Kpis: figures of silence of 25,000 offices and two years, out of the tables kept for them, beside the cases.

The reference is the raw percentile query: median and 90th percentile of every office, straight from the cases. Pages
are asked of one serving process, beside a bare page of the app. All is measured at several sizes, each in a database of
its own; `OMBUD_BENCH_KPI_CASES` names them (100000,1000000,10000000), `OMBUD_BENCH_KPI_OFFICES` how many offices.
"""

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from uuid import UUID

from sqlmodel import Session

from api.auth import COOKIE
from benchmarks import intake, kpis_load, site
from benchmarks.desk import signed_in
from benchmarks.figures import Figure, figure, folder, told
from benchmarks.process import in_process
from core.database import Database
from core.settings import settings
from domain.catalogue import catalogue
from domain.states import Role
from domain.visibility import SYSTEM_KEY
from reports import cells, footing, rebuild, refresh, scores, tables
from reports.board import Period, board
from reports.reading import Asked, estimate_all
from reports.scores import Order
from reports.weeks import start_of

SIZES = "100000,1000000,10000000"
NATION = 10_000_000
"""Cases from which on reading and refreshing are held to their share of what they stand beside: what they take hangs on
what is shown and what changed, and with few cases there is nothing to be spared."""
OFFICES = 25_000
EVENTS = 30_000
"""A day's: one third of a year's cases of 10,000,000 in two years, each told of twice."""
TIMES = 20
QUICK = 5_000
SLOW = 2.0
"""Seconds from which on a page is asked only once more."""
BARE, PAGE = "/staff/account", "/leadership"


def run(quick: bool = False) -> list[Figure]:
    """Measure at each size; `quick` takes one small one and serves to see that it works."""
    sizes = os.environ.get("OMBUD_BENCH_KPI_CASES", SIZES)
    offices = 100 if quick else int(os.environ.get("OMBUD_BENCH_KPI_OFFICES", OFFICES))
    cases = [QUICK] if quick else [int(one) for one in sizes.split(",")]
    found: list[Figure] = []
    read: list[float] = []
    for size in cases:
        figures, spent = _measure(size, offices, quick)
        found += figures
        read.append(spent)
    # it grows with the offices shown, not with the cases stored: a hundred times as many may double it
    return [*found, figure("kpis: reading at the largest beside the smallest", read[-1], read[0], "ms", most=3.0)]


def _measure(size: int, offices: int, quick: bool) -> tuple[list[Figure], float]:
    called = f"kpis: {size:,} cases"
    with folder() as where, site.scratch(where) as installed:
        installed.prepare(model=False)
        with in_process(installed) as home:
            with _told(f"{called}: loading"):
                kpis_load.load(installed.url, size, offices, datetime.now(UTC))
            minister = _minister(home)
            now = datetime.now(UTC)
            with _told(f"{called}: rebuilding"):
                rebuilt = _seconds(lambda: _rebuild(home, now))
            raw = kpis_load.raw(installed.url) * 1000
            spent, small = _reads(home, 3 if quick else TIMES)
            wrong = _worst_error(home)
            events = min(EVENTS, size // 4)
            kpis_load.events(installed.url, events, now)
            with _told(f"{called}: refreshing"):
                refreshed = _seconds(lambda: _refresh(home, datetime.now(UTC)))
            with site.web(installed) as web:
                pages = _pages(home, web.port, minister)
                alone, beside = _intake(home, installed.url, web.port, 0.5 if quick else 5.0, events)
    bare, nation = pages[BARE], size >= NATION
    quickly = 1 / 200 if nation else None
    found = [
        figure(f"{called}: leadership figures", spent, raw, "ms", most=quickly),
        figure(f"{called}: an office's figures", small, raw, "ms", most=quickly),
        figure(f"{called}: error of medians and 90th percentiles", max(wrong * 100, 0.01), 2.0, "%", most=1.0),
        figure(f"{called}: refreshing a day's events", refreshed, rebuilt, "s", most=0.02 if nation else None),
        figure(f"{called}: intake while refreshing", beside, alone, "rows/s", least=0.7),
        figure(f"{called}: leadership page", pages[PAGE], min(20 * bare, 300.0), "ms", most=1.0),
        figure(f"{called}: office page", pages["office"], min(20 * bare, 50.0), "ms", most=1.0),
    ]
    return found, spent


@contextmanager
def _told(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    told.print(f"{what}: {time.perf_counter() - began:,.1f} s", style="dim")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _rebuild(home: Database, now: datetime) -> None:
    with home.write() as session:
        rebuild.everything(session, now)
    with home.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE figure_case, figure_cell, figure_office, figure_tree")


def _refresh(home: Database, now: datetime) -> None:
    while True:
        with home.write() as session:
            if not refresh.refresh(session, now):
                return


def _as_a_worker() -> None:
    """The same at a worker's pace, which leaves room for others."""
    while refresh.work_off(datetime.now(UTC)):
        pass


# -- reading ---------------------------------------------------------------------------------------------------------


def _root(session: Session) -> UUID:
    return next(office.id for office in catalogue(session).offices.values() if office.parent_id is None)


def _reads(home: Database, times: int) -> tuple[float, float]:
    """Milliseconds of all that the leadership's page reads, and of all that an office's does; medians."""
    with home.read() as session:
        root = _root(session)
        known = catalogue(session)
        small = next(one.id for one in known.offices.values() if one.code.startswith("B-1-1-"))
    return _often(home, root, times), _often(home, small, times)


def _often(home: Database, at: UUID, times: int) -> float:
    spent = []
    for _ in range(times + 1):
        began = time.perf_counter()
        with home.read() as session:
            _read(session, at)
        spent.append(time.perf_counter() - began)
    return median(spent[1:]) * 1000  # the first one fills the catalogue


def _read(session: Session, at: UUID) -> None:
    """What the leadership's page shows of figures: these five weeks and those before, the trend, what changed, the
    offices next below by service, the list."""
    assert board(session, SYSTEM_KEY, catalogue(session), at, Period(4), settings().zone, Order.drawn) is not None


def _worst_error(home: Database) -> float:
    """The largest distance of a median or 90th percentile read from sums to that of the cases, as a share of it.

    Of every office with sums and 30 cases and more: as a whole, and by service.
    """
    worst = 0.0
    with home.read() as session:
        zone, now = settings().zone, tables.as_of(session)
        assert now is not None
        kept = footing.kept(session)
        for by in (cells.Dimension.all, cells.Dimension.service):
            asked = Asked(start_of(scores.window(now, zone), zone), None, now, zone, by, True)
            for at in kept.by(by):
                read = tables.read(session, [at], asked)
                exact = tables.from_cases(session, [at], asked)
                estimate_all(exact.get(at, {}).values())
                for value, one in read.get(at, {}).items():
                    if one.silence.n >= 30:
                        ours, theirs = one.silence, exact[at][value].reading(at, value, asked).silence
                        for name in ("median_seconds", "p90_seconds"):
                            mine, true = getattr(ours, name), getattr(theirs, name)
                            worst = max(worst, 1.0 if (mine is None) != (true is None) else 0.0)
                            worst = max(worst, abs(mine - true) / true if mine and true else 0.0)
    return worst


# -- pages -----------------------------------------------------------------------------------------------------------


def _minister(home: Database) -> str:
    with home.write() as session:
        return signed_in(session, Role.leadership)


def _pages(home: Database, port: int, session: str) -> dict[str, float]:
    """Milliseconds of each page on a kept connection; a slow one is asked twice, so that something comes of it."""
    paths = {BARE: BARE, PAGE: PAGE, "office": f"{PAGE}?office=B-1-1-1"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=900)
    found = {}
    for name, path in paths.items():
        spent: list[float] = []
        while len(spent) < TIMES and not (len(spent) >= 2 and spent[-1] > SLOW):
            began = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": f"{COOKIE}={session}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, f"{path} answered {answer.status}"
            spent.append(time.perf_counter() - began)
        found[name] = median(spent[1:]) * 1000
    connection.close()
    return found


# -- intake meanwhile ------------------------------------------------------------------------------------------------


def _intake(home: Database, url: str, port: int, seconds: float, events: int) -> tuple[float, float]:
    """Webhooks a second: alone, and while a day's changes are worked off."""
    intake.send(port, 8, 30.0, 200)
    alone = [intake.send(port, 8, seconds)["rate"]]
    kpis_load.events(url, events, datetime.now(UTC))
    busy = threading.Thread(target=_as_a_worker)
    busy.start()
    beside = intake.send(port, 8, seconds)["rate"]
    busy.join()
    alone.append(intake.send(port, 8, seconds)["rate"])
    return median(alone), beside
