"""Answering at the desk: what one is told before sending, drafts, taking back, and two who answer at once."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape
from threading import Barrier
from uuid import UUID

import httpx
import pytest
from sqlmodel import select, update

from cases import lifecycle
from cases.acting import Form
from core.database import database
from core.errors import Conflict
from core.settings import settings
from domain.answer import AnswerDraft, GivenAnswer
from domain.case import Case
from domain.outbox import OutboundMessage
from domain.staff import StaffSession
from domain.states import CaseState, EntryKind, OutboxState, Purpose
from domain.timeline import TimelineEntry
from domain.visibility import viewer
from tests.api.site import Web, web_of
from tests.conftest import Installation

OWN = "The valve in your street was broken; the crew put in a new one and water runs since noon."
OTHER = "+355691110002"


@pytest.fixture
def held(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The application, where an answer waits half a minute before it leaves."""
    with web_of(installation, monkeypatch, undo_seconds="30") as served:
        yield served


def opened(web: Web, sender: str = "+355691112233") -> str:
    """The page of a fresh case."""
    before = {case.id for case in web.cases()}
    web.text("WAT1 no water since Monday", sender=sender)
    web.work()
    (case,) = [case for case in web.cases() if case.id not in before]
    return f"/staff/cases/{case.reference}"


def fields(page: str) -> dict[str, str]:
    """What the answer form of a page sends along."""
    form = re.search(r'<form class="answer".*?</form>', page, re.DOTALL)
    assert form, page
    return dict(re.findall(r'<input type="hidden" name="(\w+)"(?: id="\w+")? value="([^"]*)"', form[0]))


def send(web: Web, page: str, text: str, who: str = "officer1", **more: str) -> httpx.Response:
    given = fields(web.get(page, who).text)
    return web.post(f"{page}/answer", who, text=text, go="answer", **{"version": given["version"], **more})


def in_box(page: str) -> str:
    found = re.search(r'<textarea id="answer"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def outbox(web: Web) -> list[OutboundMessage]:
    with web.database.read() as session:
        return list(session.exec(select(OutboundMessage).where(OutboundMessage.purpose == Purpose.answer)))


def entries(web: Web, kind: EntryKind) -> list[TimelineEntry]:
    with web.database.read() as session:
        return list(session.exec(select(TimelineEntry).where(TimelineEntry.kind == kind)))


def test_a_copy_is_said_before_it_is_sent_and_may_be_sent_all_the_same(web: Web) -> None:
    first, second = opened(web), opened(web, OTHER)
    assert send(web, first, OWN).status_code == 303
    warned = send(web, second, OWN)
    assert warned.status_code == 422
    assert (
        f"This reads like your answer to {first[-9:]}: 100 of 100 the same. It will not end the silence." in warned.text
    )
    assert in_box(warned.text) == OWN
    assert len(outbox(web)) == 1
    allowed = fields(warned.text)["as_it_is"]
    assert send(web, second, f"Hello. {OWN}", as_it_is=allowed).status_code == 422  # the warning was about other words
    assert send(web, second, OWN, as_it_is=allowed).status_code == 303
    assert len(outbox(web)) == 2
    assert "nearly an answer" not in web.get(second, "head1").text


def test_a_draft_outlives_the_page_and_is_nobody_elses(web: Web) -> None:
    page = opened(web)
    shown = web.post(f"{page}/draft", "officer1", text="Half a <b>thought</b>")
    assert "Half a &lt;b&gt;thought" in shown.text
    assert f"Ref {page[-9:]}" in shown.text  # as it will look on the phone
    assert in_box(web.get(page, "officer1").text) == "Half a <b>thought</b>"
    assert in_box(web.get(page, "head1").text) == ""
    web.post(f"{page}/draft", "officer1", text="A whole one")
    assert web.count(AnswerDraft) == 1
    assert send(web, page, "The pipe is mended since ten.").status_code == 303
    assert web.count(AnswerDraft) == 0
    web.post(f"{page}/answer", "officer1", text="And more", go="keep")
    assert in_box(web.get(page, "officer1").text) == "And more"
    web.post(f"{page}/answer", "officer1", text="And more", go="drop")
    assert web.count(AnswerDraft) == 0
    assert web.post(f"{page}/draft", "officer2", text="mine").status_code == 404


def test_an_answer_taken_back_in_time_never_leaves(held: Web) -> None:
    page = opened(held)
    was = held.case().state
    sent = send(held, page, "The pipe is mended.")
    shown = held.get(sent.headers["location"], "officer1").text
    undo = re.search(r'action="([^"]*/undo)"', shown)
    assert undo
    held.work()
    assert [message.state for message in outbox(held)] == [OutboxState.queued]
    assert "The pipe is mended" not in held.get(f"/track/{page[-9:]}?pin=2233").text
    back = held.post(undo[1], "officer1")
    assert back.status_code == 303
    held.work(datetime.now(UTC) + timedelta(minutes=2))
    assert [message.state for message in outbox(held)] == [OutboxState.cancelled]
    assert not any("mended" in text for text in held.texts())
    case = held.case()
    assert (case.state, case.first_response_at) == (was, None)
    assert in_box(held.get(page, "officer1").text) == "The pipe is mended."
    assert held.count(GivenAnswer) == 0
    assert len(entries(held, EntryKind.recalled)) == 1
    assert not entries(held, EntryKind.answer_failed)
    again = held.post(undo[1], "officer1")
    assert "It has left already" in unescape(again.text)


def test_what_has_left_cannot_be_taken_back_nor_what_another_wrote(held: Web) -> None:
    page = opened(held)
    sent = send(held, page, "The pipe is mended.")
    (entry,) = entries(held, EntryKind.answered)
    assert held.post(f"{page}/answer/{entry.number}/undo", "head1").status_code == 409
    held.work(datetime.now(UTC) + timedelta(seconds=31))
    assert any("mended" in text for text in held.texts())
    assert held.post(f"{page}/answer/{entry.number}/undo", "officer1").status_code == 409
    assert held.case().state == CaseState.answered
    assert sent.status_code == 303


def test_without_time_to_undo_no_undo_is_offered(web: Web) -> None:
    sent = send(web, opened(web), "The pipe is mended.")
    assert settings().undo_seconds == 0
    assert "/undo" not in web.get(sent.headers["location"], "officer1").text


def test_two_at_once_one_wins_and_the_other_keeps_the_words_and_sees_what_was_sent(web: Web) -> None:
    page = opened(web)
    version = fields(web.get(page, "head1").text)["version"]
    assert send(web, page, "The crew comes at five.").status_code == 303
    lost = web.post(f"{page}/answer", "head1", text="I think it is the pump.", go="answer", version=version)
    assert lost.status_code == 409
    assert in_box(lost.text) == "I think it is the pump."
    meanwhile = re.search(r'<section class="card news.*?</section>', lost.text, re.DOTALL)
    assert meanwhile
    assert "The crew comes at five." in meanwhile[0]
    assert "officer1" in meanwhile[0]
    assert in_box(web.get(page, "head1").text) == "I think it is the pump."  # also for who closes that page
    knowing = fields(lost.text)["version"]
    again = web.post(f"{page}/answer", "head1", text="I think it is the pump.", go="answer", version=knowing)
    assert again.status_code == 303


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_two_threads_answer_at_the_same_moment(web: Web) -> None:
    for round_ in range(3):
        page = opened(web, f"+35569111000{round_}")
        reference = page[-9:]
        with database().read() as session:
            case = session.exec(select(Case).where(Case.reference == reference)).one()
        gate = Barrier(2)

        def write(name: str, seen: int = case.timeline_length, case_id: UUID = case.id, gate: Barrier = gate) -> str:
            with database().read() as session:
                who = viewer(session, web.known.staff[name], name, now=datetime.now(UTC))
            gate.wait()
            try:
                with database().write() as session:
                    words = f"{name} found the fault at house {seen}"
                    lifecycle.reply(session, case_id, who, words, datetime.now(UTC), Form(seen, f"{name}{case_id}"))
            except Conflict as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(2) as pool:
            said = sorted(pool.map(write, ("officer1", "head1")))
        assert said[0] == ""
        assert "answered" in said[1]
        assert len([one for one in outbox(web) if one.case_id == case.id]) == 1


def test_people_on_one_case_see_each_other_and_nobody_else_sees_them(web: Web) -> None:
    page = opened(web)
    web.get(page, "officer1")
    web.post(f"{page}/draft", "head1", text="Dear")
    assert "head1 is writing an answer" in web.get(page, "officer1").text
    assert "officer1 is reading" in web.get(f"{page}/here", "head1").text
    assert "head1" not in web.get(f"{page}/here", "head1").text
    web.post(f"{page}/here", "head1", doing="gone")
    assert "head1" not in web.get(f"{page}/here", "officer1").text
    assert web.get(f"{page}/here", "officer2").status_code == 404
    web.get(page, "auditor")  # who reads for another reason is nobody's colleague here
    assert "auditor" not in web.get(f"{page}/here", "officer1").text


def test_closing_words_that_say_nothing_are_told_of_once(web: Web) -> None:
    page = opened(web)
    form = {"outcome": "answered", "words": "Your matter was received.", "version": "99"}
    warned = web.post(f"{page}/close", "officer1", **form)
    assert warned.status_code == 422
    assert "not what is done about it" in warned.text
    allowed = re.search(r'name="as_it_is" value="(\w+)"', warned.text)
    assert allowed
    assert web.post(f"{page}/close", "officer1", **form, as_it_is=allowed[1]).status_code == 303
    assert web.case().state == CaseState.closed


def test_a_page_that_only_says_it_is_open_keeps_nobody_signed_in(web: Web) -> None:
    page = opened(web)
    long_ago = datetime.now(UTC) - timedelta(minutes=settings().session_idle_minutes - 1)
    with database().write() as session:
        session.execute(update(StaffSession).values(last_seen_at=long_ago))
    web.post(f"{page}/here", "officer1", doing="reading")
    with database().read() as session:
        assert set(session.exec(select(StaffSession.last_seen_at))) == {long_ago}
