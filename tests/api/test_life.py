"""After the closing, on pages: the citizen's answers, appeals at the desk, cases merged, split and linked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from cases import solved
from cases.opening import Opening, open_case, pin_of
from cases.solved_token import token_of
from channels.values import Channel
from core.database import database
from domain.case import Case
from domain.citizen import ContactPoint
from domain.closing import SolvedQuestion, SolvedState
from domain.states import CaseState, EntryKind, Outcome
from domain.timeline import TimelineEntry
from tests.api.site import Web
from tests.cases.test_intake import WATER

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


def opened(web: Web, text: str = WATER) -> Case:
    before = {case.id for case in web.cases()}
    web.text(text)
    web.work()
    return next(case for case in web.cases() if case.id not in before)


def once_more(web: Web, first: Case, text: str) -> Case:
    """The same citizen raises something else, or thinks so."""
    with database().write() as session:
        contact = session.get(ContactPoint, first.contact_point_id)
        office = "WAT1"
        made = open_case(
            session,
            Opening(Channel.sms, text, "en", datetime.now(UTC), contact=contact, office_code=office),
            datetime.now(UTC),
        )
    web.work()
    return made


def act(web: Web, case: Case, action: str, who: str = "officer1", **form: str) -> int:
    version = str(next(one for one in web.cases() if one.id == case.id).timeline_length)
    return web.post(f"/staff/cases/{case.reference}/{action}", who, version=version, **form).status_code


def close(web: Web, case: Case, **form: str) -> int:
    status = act(web, case, "close", outcome=form.pop("outcome", "upheld"), words="The pipe is mended.", **form)
    web.work()
    return status


def unlocked(web: Web, case: Case) -> str:
    page = web.post(f"/track/{case.reference}", code=pin_of(case.id)).text
    return page.partition('name="unlock" value="')[2].partition('"')[0]


def kinds(case: Case) -> list[EntryKind]:
    with database().read() as session:
        query = select(TimelineEntry.kind).where(col(TimelineEntry.case_id) == case.id)
        return [EntryKind(kind) for kind in session.exec(query.order_by(col(TimelineEntry.number)))]


def test_what_is_not_upheld_needs_a_reason_which_the_citizen_reads(web: Web) -> None:
    case = opened(web)
    assert close(web, case, outcome="not_upheld") == 422
    assert web.case().state == CaseState.open
    assert close(web, case, outcome="withdrawn") == 422
    assert close(web, case, outcome="not_upheld", why="The meter was read twice.") == 303
    assert web.case().outcome == Outcome.not_upheld
    assert "The meter was read twice." in web.post(f"/track/{case.reference}", code=pin_of(case.id)).text
    assert "The meter was read twice." not in web.get(f"/track/{case.reference}").text


def test_on_the_page_yes_then_no_then_an_appeal(web: Web) -> None:
    case = opened(web)
    close(web, case)
    proof, page = unlocked(web, case), f"/track/{case.reference}/solved"
    assert "Is it solved?" in web.post(f"/track/{case.reference}", code=pin_of(case.id)).text
    assert "stays closed" not in web.post(page, unlock="x", said="no").text
    assert web.case().state == CaseState.closed
    assert "You said yes" in web.post(page, unlock=proof, said="yes").text
    assert web.case().state == CaseState.closed
    web.post(page, unlock=proof, said="no", still="The tap is dry again")
    assert web.case().state == CaseState.open
    close(web, case)
    told = web.post(page, unlock=proof, said="no", still="Nobody came").text
    assert "Office WATER decides on your appeal" in told
    assert web.case().office_id == web.known.office["WATER"]
    assert web.get(f"/staff/cases/{case.reference}", "officer1").status_code == 404
    below = web.get("/staff/appeals", "officer1").text
    assert case.reference in below
    assert f'href="/staff/cases/{case.reference}"' not in below
    assert case.reference not in web.get("/staff/appeals", "officer2").text
    assert "Decide the appeal" in web.get(f"/staff/cases/{case.reference}", "head_water").text
    assert ">appeal<" in web.get("/staff", "head_water").text
    assert act(web, case, "decide", "head_water", decision_words="So it is.") == 422
    assert act(web, case, "decide", "head_water", decision="allowed", decision_words="So it is.") == 303
    web.work()
    told = web.post(f"/track/{case.reference}", code=pin_of(case.id)).text
    assert "You are right" in told
    assert "This decision is final." in told
    assert "Is it solved?" not in told
    assert "So it is." in web.get("/staff/appeals", "officer1").text


def test_an_appeal_at_once_needs_words(web: Web) -> None:
    case = opened(web)
    close(web, case, outcome="not_upheld", why="It is the rule.")
    proof, page = unlocked(web, case), f"/track/{case.reference}/solved"
    assert "Write why you do not agree." in web.post(page, unlock=proof, said="appeal").text
    assert web.case().state == CaseState.closed
    web.post(page, unlock=proof, said="appeal", still="The rule is another one")
    assert web.case().office_id == web.known.office["WATER"]


def test_words_about_conduct_are_no_further_words(web: Web) -> None:
    case = opened(web)
    close(web, case)
    page = web.post(
        f"/track/{case.reference}/solved", unlock=unlocked(web, case), said="no", still="the clerk took a bribe"
    )
    assert "other people read it" in page.text
    assert web.case().state == CaseState.closed


def test_the_link_of_a_mail_asks_and_looking_changes_nothing(web: Web) -> None:
    case = opened(web)
    close(web, case)
    with database().write() as session:
        question = session.exec(select(SolvedQuestion)).one()
        question.state, question.asked_at = SolvedState.asked, datetime.now(UTC)
    path = f"/solved/{token_of(question.id)}"
    assert "Yes, it is solved" in web.get(path).text
    assert web.case().state == CaseState.closed
    assert web.get("/solved/x").status_code == 404
    assert web.get(path[:-2] + "xx").status_code == 404
    assert "is open again" in web.post(path, said="no", still="Still dry").text
    assert web.case().state == CaseState.open
    assert "This question is over" in web.get(path).text
    web.post(path, said="yes")
    assert web.case().state == CaseState.open


def test_taking_back_needs_a_tick_and_ends_no_silence_as_answered(web: Web) -> None:
    case = opened(web)
    proof, page = unlocked(web, case), f"/track/{case.reference}/take-back"
    assert "Tick the box first" in web.post(page, unlock=proof).text
    assert web.case().state == CaseState.open
    web.post(page, unlock="wrong", sure="yes")
    assert web.case().state == CaseState.open
    web.post(page, unlock=proof, sure="yes")
    assert (web.case().state, web.case().outcome) == (CaseState.closed, Outcome.withdrawn)
    assert web.case().first_response_at is None
    web.post(f"/track/{case.reference}/message", unlock=proof, text="I want it after all")
    assert web.case().state == CaseState.open


def test_merged_at_the_desk_and_followed_by_either_number(web: Web) -> None:
    first = opened(web)
    second = once_more(web, first, "WAT1 And the water is still away, please look at Lumas")
    desk = web.get(f"/staff/cases/{second.reference}", "officer1").text
    assert first.reference in desk
    assert act(web, second, "merge", into=first.reference) == 422
    assert act(web, second, "merge", into=first.reference, merge_reason="The same pipe") == 303
    assert act(web, second, "answer", text="No") == 409
    assert second.reference not in web.get("/staff/queue", "officer1").text
    assert act(web, first, "answer", text="Water is back at six.") == 303
    web.work()
    page = web.post(f"/track/{second.reference}", code=pin_of(second.id)).text
    assert "Water is back at six." in page
    assert f"your other message {first.reference}" in page
    web.post(f"/track/{second.reference}/message", unlock=unlocked(web, second), text="It is not back")
    assert EntryKind.citizen_wrote in kinds(first)
    assert EntryKind.citizen_wrote not in kinds(second)
    assert act(web, second, "unmerge", unmerge_reason="It is another pipe") == 303
    assert act(web, second, "answer", text="This one tomorrow.") == 303


def test_split_linked_and_seen_on_both_sides_by_who_may_see_both(web: Web) -> None:
    case = opened(web, "WAT1 No water in Lumas. And my passport is late since March.")
    assert act(web, case, "divide", entry="9", split_text="My passport is late") == 422
    assert act(web, case, "divide", entry="1", split_text="My passport is late since March, CIV1") == 303
    web.work()
    other = next(one for one in web.cases() if one.id != case.id)
    assert other.received_at == case.received_at
    assert "You wrote about two matters" in web.texts()[-1]
    assert other.reference in web.texts()[-1]
    third = once_more(web, case, "A lamp fell on the pipe in Lumas yesterday night")
    assert act(web, third, "link", link_to=case.reference, link_why="cause") == 303
    assert "The same cause" in web.get(f"/staff/cases/{case.reference}", "officer1").text
    assert act(web, third, "link", link_to=case.reference, link_why="cause") == 409
    assert act(web, third, "link", link_to="K7QF-3M9V", link_why="cause") == 422
    assert act(web, third, "link", link_to=case.reference, undo="yes") == 303


def test_a_duplicate_names_the_other_message_of_the_same_citizen(web: Web) -> None:
    first = opened(web)
    second = once_more(web, first, "WAT1 As I said: no water in Lumas, since Monday, nobody comes")
    assert close(web, second, outcome="duplicate") == 422
    web.text("WAT1 no water at mine in Lumas either", sender="+355691119999")
    web.work()
    stranger = web.cases()[-1]
    assert close(web, second, outcome="duplicate", duplicate_of=stranger.reference) == 422
    assert close(web, second, outcome="duplicate", duplicate_of=first.reference) == 303
    assert next(one for one in web.cases() if one.id == second.id).lead_id == first.id
    with database().read() as session:
        assert session.exec(select(SolvedQuestion)).all() == []
    solved.sweep(datetime.now(UTC) + timedelta(days=2))
