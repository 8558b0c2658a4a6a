"""What open pages are told at once: what concerns their person, once, and nothing of what they may not see."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select, update

from api.live_hub import EACH, OVERLAP, Hub, Listener, hub
from cases import presence
from core.database import database
from core.errors import TooMany
from core.settings import settings
from domain.case import Case
from domain.clock import Notice
from domain.staff import StaffRole, StaffSession
from domain.states import Doing, EntryKind
from domain.timeline import append
from domain.visibility import viewer
from tests.api.site import Web
from tests.builders import plain_case


def listener(web: Web, name: str, case: Case | None = None) -> Listener:
    with database().read() as session:
        who = viewer(session, web.known.staff[name], name, now=datetime.now(UTC))
        found = session.exec(select(StaffSession.id).where(col(StaffSession.staff_id) == who.staff_id)).one()
    return Listener(found, who, case.id if case else None, seen={case.id} if case else set())


def grows(web: Web, case: Case | None = None, **values: Any) -> Case:
    """A case gets one more entry; by default a new case of WAT1."""
    with database().write() as session:
        case = session.get_one(Case, case.id) if case else plain_case(web.known, **values)
        append(session, case, EntryKind.noted, datetime.now(UTC), body={"text": "x", "by": "x"})
        session.add(case)
    return case


def look(*hubs: Hub) -> None:
    for one in hubs:
        one.look(datetime.now(UTC) - timedelta(seconds=1), datetime.now(UTC))


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub that looks only when it is told to."""
    monkeypatch.setattr(Hub, "_run", lambda self, stopped: None)
    return Hub()


def test_each_hears_what_is_theirs_once_from_whichever_process(web: Web, quiet: Hub) -> None:
    case = grows(web)
    other = Hub()
    pages = {name: listener(web, name, case if name == "head1" else None) for name in ("officer1", "head1", "officer2")}
    elsewhere = listener(web, "officer1")
    for page in pages.values():
        quiet.join(page)
    other.join(elsewhere)
    look(quiet, other)
    for page in (*pages.values(), elsewhere):
        page.taken()
    grows(web, case)
    look(quiet, other)
    assert {name: page.taken() for name, page in pages.items()} == {
        "officer1": ["queue"], "head1": ["queue", "case"], "officer2": [],
    }  # fmt: skip
    assert elsewhere.taken() == ["queue"]
    look(quiet, other)
    assert not any(page.taken() for page in (*pages.values(), elsewhere))


@pytest.mark.parametrize(
    "hidden",
    [{"integrity": True}, {"about_office_id": "WAT1"}, {"about_staff_id": "officer1"}],
    ids=lambda one: next(iter(one)),
)
def test_nothing_of_what_one_may_not_see(web: Web, quiet: Hub, hidden: dict[str, object]) -> None:
    known = web.known
    if "about_office_id" in hidden:
        hidden = {"about_office_id": known.office["WAT1"]}
    elif "about_staff_id" in hidden:
        hidden = {"about_staff_id": known.staff["officer1"]}
    page = listener(web, "officer1")
    quiet.join(page)
    case = grows(web, None, **hidden)
    with database().write() as session:
        presence.mark(session, case, page.who, Doing.reading, datetime.now(UTC))
        session.add(
            Notice(staff_id=known.staff["officer1"], case_id=case.id, dedupe_key="x", text="late", at=datetime.now(UTC))
        )
    look(quiet)
    assert page.taken() == []


def test_what_leaves_ones_sight_is_heard_of_once_and_never_again(web: Web, quiet: Hub) -> None:
    case = grows(web)
    page = listener(web, "officer1", case)
    quiet.join(page)
    look(quiet)
    page.taken()
    with database().write() as session:
        session.execute(update(Case).values(integrity=True, office_id=web.known.office["INTEG"]))
    grows(web, case)
    look(quiet)
    assert page.taken() == ["queue", "case"]


def test_notices_and_colleagues(web: Web, quiet: Hub) -> None:
    case, now = grows(web), datetime.now(UTC)
    page = listener(web, "officer1", case)
    quiet.join(page)
    look(quiet)
    page.taken()
    with database().write() as session:
        presence.mark(session, case, viewer(session, web.known.staff["head1"], now=now), Doing.reading, now)
        session.add(Notice(staff_id=web.known.staff["officer1"], dedupe_key="y", text="Late", at=now))
    look(quiet)
    assert page.taken() == ["here", "notice"]
    with database().write() as session:  # still there: nothing new
        presence.mark(session, case, viewer(session, web.known.staff["head1"], now=now), Doing.reading, now)
    look(quiet)
    assert page.taken() == []


def test_it_ends_with_the_session_and_follows_the_roles(web: Web, quiet: Hub) -> None:
    stays, leaves = listener(web, "head1"), listener(web, "officer1")
    quiet.join(stays)
    quiet.join(leaves)
    web.post("/staff/sign-out", "officer1")
    with database().write() as session:
        theirs = col(StaffRole.staff_id) == stays.who.staff_id
        session.execute(update(StaffRole).where(theirs).values(office_id=web.known.office["CIV1"]))
    grows(web)
    look(quiet)
    assert (leaves.ended, stays.ended, len(quiet)) == (True, False, 1)
    assert stays.taken() == []  # WAT1 is no longer theirs


def test_a_page_that_comes_back_hears_what_it_missed(web: Web, quiet: Hub) -> None:
    now = datetime.now(UTC)
    case = grows(web)
    for since, told in (
        (now - timedelta(seconds=5), ["queue", "case"]),
        (now + 3 * OVERLAP, []),
        (None, ["queue", "case", "here", "notice"]),
    ):
        page = listener(web, "officer1", case)
        quiet.catch_up(page, since, now)
        assert page.taken() == told


def test_streams_are_bounded(web: Web, quiet: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [listener(web, "officer1") for _ in range(EACH + 2)]
    for page in pages:
        quiet.join(page)
    assert [page.ended for page in pages] == [True, True] + [False] * EACH
    monkeypatch.setenv("OMBUD_LIVE_STREAMS", str(EACH))
    settings.cache_clear()
    with pytest.raises(TooMany):
        quiet.join(listener(web, "head1"))


def soon(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # between two looks, up to a deadline


def test_over_the_wire(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    case = grows(web)
    assert web.get("/staff/live", "officer1").status_code == 406  # who follows a link does not hang
    assert web.get("/staff/live", headers={"Accept": "text/event-stream"}).status_code == 303  # to the sign-in page
    monkeypatch.setenv("OMBUD_LIVE_SECONDS", "0.05")
    settings.cache_clear()

    def happen() -> None:
        soon(lambda: len(hub()))
        time.sleep(0.3)  # several looks pass in which nothing has happened
        grows(web, case)
        time.sleep(0.6)  # and several after it, so that it would be heard twice if it could
        hub().close()

    beside = threading.Thread(target=happen)
    beside.start()
    now = int(datetime.now(UTC).timestamp() * 1000) + 60_000
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(now)}
    heard = web.get(f"/staff/live?case={case.reference}", "officer1", headers=headers)
    beside.join()
    assert heard.headers["content-type"].startswith("text/event-stream")
    told = [line for line in heard.text.splitlines() if line.startswith("event")]
    assert (set(told), told[-1]) == ({"event: queue", "event: case", "event: over"}, "event: over")
    assert case.reference not in heard.text
    assert len(hub()) == 0


def test_asyncio_is_woken_from_another_thread() -> None:
    async def wait() -> list[str]:
        page = Listener.__new__(Listener)
        page.pending, page.ended, page.bell = {}, False, asyncio.Event()
        page.loop = asyncio.get_running_loop()
        threading.Thread(target=page.push, args=("queue",)).start()
        await asyncio.wait_for(page.bell.wait(), 5)
        return page.taken()

    assert asyncio.run(wait()) == ["queue"]
