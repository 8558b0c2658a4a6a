"""Surveys in the browser: drafted, tried out, published by somebody else, and never changed after that."""

import json
import re
from html import unescape

import pytest
from sqlmodel import Session, col, select

from core.database import database
from core.settings import settings
from domain.staff import StaffRole
from domain.states import Role, SurveyKind, SurveyState
from domain.survey import Survey
from surveys import definitions
from surveys.definitions import EXIT_QUESTIONS, SERVICE_QUESTIONS
from surveys.flow import Condition, Kind, Question, read, store
from tests.api.site import Web
from tests.api.staffed import administered, changes

pytestmark = pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
MINE = "/staff/surveys/service"
WRITER, SECOND, READER = "minister", "auditor", "head_water"


@pytest.fixture
def staffed(web: Web) -> Web:
    """Two administrators of the whole, and one of the waterworks."""
    administered(web)
    with database().write() as session:
        top = web.known.office["GOV"]
        session.add(StaffRole(staff_id=web.known.staff["auditor"], office_id=top, role=Role.admin))
    web.get("/staff/surveys", WRITER)
    return web


def stamp_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\w*)"', page)
    assert found
    return found[1]


def press(web: Web, who: str, go: str, path: str = MINE, **form: str) -> tuple[int, str]:
    """One of the page's buttons, and the page that follows."""
    seen = form.pop("seen", "") or stamp_on(web.get(path, who).text)
    answer = web.post(path, who, go=go, seen=seen, **form)
    if answer.status_code == 303:
        return 303, web.get(answer.headers["location"], who).text
    return answer.status_code, answer.text


def newest(code: str = "service") -> Survey:
    with database().read() as session:
        return session.exec(select(Survey).where(col(Survey.code) == code).order_by(col(Survey.version).desc())).first()  # type: ignore[return-value]


def in_force(session: Session) -> int:
    found = session.get_one(Survey, definitions.active(session).of(None))
    return found.version


def test_what_came_with_ombud_is_there_and_read_by_who_leads(staffed: Web) -> None:
    page = staffed.get("/staff/surveys", READER).text
    assert "After a service" in page
    assert "At the door" in page
    page = staffed.get(MINE, READER).text
    assert "Did anyone ask for extra money?" in page
    assert "put if reason is “wait”" in unescape(page)
    assert staffed.get(MINE, "officer1").status_code == 403
    assert staffed.get("/staff/surveys/dragons", WRITER).status_code == 404


def test_a_draft_is_changed_and_published_by_somebody_else(staffed: Web) -> None:
    status, page = press(staffed, WRITER, "add", question="clean", kind="yes_no")
    assert (status, "Question 6" in page) == (303, True), "own words come last"
    assert [one.code for one in read(newest().questions)][-2:] == ["clean", "words"]
    path = f"{MINE}/questions/clean"
    words = {f"words-{language}": f"Clean? {language}" for language in settings().languages}
    ticked = {"when-money-0": "1", "when-rating-low": "4", "kind": "yes_no"}
    press(staffed, WRITER, "save", path, **words, **ticked)
    (question,) = [one for one in read(newest().questions) if one.code == "clean"]
    assert question.words == {language: f"Clean? {language}" for language in settings().languages}
    assert question.when == (Condition("rating", low=4), Condition("money", frozenset({"0"})))
    press(staffed, WRITER, "up", question="clean")
    press(staffed, WRITER, "name", title="After a visit", note="Asks whether it was clean")
    page = unescape(staffed.get(MINE, WRITER).text)
    assert "“clean” is new, as question 5: yes or no." in page
    assert "You wrote at this draft" in page
    status, page = press(staffed, WRITER, "publish")
    assert (status, newest().state) == (403, SurveyState.draft)
    with database().write() as session:
        assert in_force(session) == 1
    status, page = press(staffed, SECOND, "publish")
    assert (status, "Published." in page) == (303, True)
    with database().write() as session:
        assert in_force(session) == 2
        states = session.exec(select(Survey.state).where(col(Survey.code) == "service").order_by(col(Survey.version)))
        assert list(states) == [SurveyState.replaced, SurveyState.published]
        first = session.exec(select(Survey).where(col(Survey.code) == "service", col(Survey.version) == 1)).one()
        assert read(first.questions) == SERVICE_QUESTIONS, "what was published stays as it was"
    told = [(one.kind, one.by) for one in changes() if one.kind == "survey"]
    assert len(told) == 6, "four changes, one end, one publishing"
    assert len({by for _, by in told}) == 2


def test_everybody_who_changed_a_draft_is_one_of_the_two_eyes(staffed: Web) -> None:
    press(staffed, WRITER, "remove", question="visits")
    press(staffed, SECOND, "name", title="After a service", note="one comma")
    assert press(staffed, WRITER, "publish")[0] == 403
    assert press(staffed, SECOND, "publish")[0] == 403
    assert press(staffed, READER, "publish")[0] == 403, "an administrator of one branch speaks not for all"
    assert newest().state == SurveyState.draft


def test_what_is_wrong_is_kept_but_not_published(staffed: Web) -> None:
    press(staffed, WRITER, "remove", question="reason")
    page = unescape(staffed.get(MINE, SECOND).text)
    assert "Question 3 depends on “reason”, which this survey does not ask." in page
    status, page = press(staffed, SECOND, "publish")
    assert (status, "It cannot be asked like this" in page, newest().state) == (422, True, SurveyState.draft)
    press(staffed, WRITER, "discard")
    assert (newest().version, newest().state) == (1, SurveyState.published)


def test_two_who_change_at_once(staffed: Web) -> None:
    seen = stamp_on(staffed.get(MINE, WRITER).text)
    assert press(staffed, WRITER, "remove", question="visits", seen=seen)[0] == 303
    status, page = press(staffed, SECOND, "remove", question="minutes", seen=seen)
    assert (status, "Somebody changed this survey meanwhile" in page) == (409, True)
    assert "minutes" in {one.code for one in read(newest().questions)}


@pytest.mark.parametrize(
    ("question", "kind", "says"),
    [
        ("Wait time", "number", "A code is small letters"),
        ("money", "yes_no", "already"),
        ("shade", "colour", "Choose what"),
    ],
)
def test_a_question_that_cannot_be_added(staffed: Web, question: str, kind: str, says: str) -> None:
    status, page = press(staffed, WRITER, "add", question=question, kind=kind)
    assert (status, says in unescape(page), newest().version) == (422, True, 1)


def test_choices_are_written_by_language_and_looked_at_first(staffed: Web) -> None:
    path = f"{MINE}/questions/reason"
    form = {"option-1": "queue", "option-2": "", "option-3": "rude", "kind": "choice", "when-rating-high": "3"}
    form |= {f"option-{row}-{language}": f"{row} {language}" for row in (1, 3) for language in settings().languages}
    status, page = press(staffed, WRITER, "look", path, **form)
    assert (status, 'value="queue"' in page, newest().version) == (200, True, 1)
    assert "depends on the choice" not in page
    press(staffed, WRITER, "save", path, **form)
    (reason,) = [one for one in read(newest().questions) if one.code == "reason"]
    assert [option.code for option in reason.options] == ["queue", "rude"]
    assert reason.options[1].words["ru"] == "3 ru"
    assert reason.when == (Condition("rating", high=3),)
    assert "Question 4 depends on the choice “wait”" in unescape(staffed.get(MINE, WRITER).text)


def test_walking_through_it(staffed: Web) -> None:
    page = staffed.get(f"{MINE}/try?language=en", READER).text
    assert "how was it?" in page
    page = staffed.get(f"{MINE}/try?language=en&given=rating:2,reason:wait,money:1,minutes:40", READER).text
    assert "What else should the office know?" in page
    assert ">40<" in page
    page = staffed.get(f"{MINE}/try?language=ru&channel=web&given=rating:5,dragons:1&answer=0", READER).text
    assert "The end." in page
    assert "reason, minutes, visits, words" in page
    for given in ("rating:9", "money:1", "rating:2,reason:", "rating:2,reason:wait,money:0,minutes:soon", ":::,,,"):
        assert staffed.get(f"{MINE}/try?given={given}&channel=telegram", READER).status_code == 200
    assert staffed.get("/staff/surveys/exit/try?channel=kiosk&given=rating:2", READER).status_code == 200


def test_out_and_in_again(staffed: Web) -> None:
    raw = staffed.get(f"{MINE}/export", READER).text
    press(staffed, WRITER, "remove", question="visits")
    seen = stamp_on(staffed.get(MINE, WRITER).text)
    files = {"file": ("survey.json", raw.encode(), "application/json")}
    csrf = re.search(r'name="csrf" value="([^"]+)"', staffed.get(MINE, WRITER).text)
    assert csrf
    form = {"csrf": csrf[1], "go": "import", "seen": seen}
    assert staffed.call("POST", MINE, WRITER, data=form, files=files).status_code == 303
    assert read(newest().questions) == SERVICE_QUESTIONS
    form["seen"] = stamp_on(staffed.get(MINE, WRITER).text)
    bad = {**json.loads(raw), "questions": [{"code": "rating", "kind": "stars"}]}
    files = {"file": ("survey.json", json.dumps(bad).encode(), "application/json")}
    answer = staffed.call("POST", MINE, WRITER, data=form, files=files)
    assert (answer.status_code, "questions/0/kind" in answer.text) == (422, True)
    table = staffed.get(f"{MINE}/export?form=csv", READER)
    assert table.content.startswith(b"\xef\xbb\xbfquestion,choice,")
    assert "reason,wait," in table.text


def test_one_of_a_service_goes_before_that_of_all_and_retiring_ends_it(staffed: Web) -> None:
    answer = staffed.post(
        "/staff/surveys", WRITER, code="passports", title="Passports", kind="service", service="passport"
    )
    assert answer.status_code == 303
    again = staffed.post("/staff/surveys", WRITER, code="passports", title="", kind="exit", service="passport")
    assert again.status_code == 422
    assert all(
        text in again.text for text in ("There is a survey with this code", "Give it a name", "At a door nobody")
    )
    path = "/staff/surveys/passports"
    assert press(staffed, SECOND, "publish", path)[0] == 303
    with database().write() as session:
        passport = newest("passports")
        assert definitions.active(session).of(passport.service_id) == passport.id
        assert in_force(session) == 1
    assert press(staffed, READER, "retire", path)[0] == 403
    assert press(staffed, WRITER, "retire", path)[0] == 303
    assert press(staffed, WRITER, "retire", path)[0] == 409
    with database().write() as session:
        assert definitions.active(session).of(passport.service_id) == definitions.active(session).of(None)


def test_a_door_asks_what_is_published(staffed: Web) -> None:
    before = staffed.get("/exit/CIV1/worker.js").text
    path = "/staff/surveys/exit"
    press(staffed, WRITER, "add", path, question="money", kind="yes_no")
    assert 'id="ask-money"' not in staffed.get("/exit/CIV1").text
    assert press(staffed, SECOND, "publish", path)[0] == 303
    page = staffed.get("/exit/CIV1?lang=en").text
    assert 'id="ask-money"' in page
    assert staffed.get("/exit/CIV1/worker.js").text != before, "tablets fetch it anew"
    with database().read() as session:
        assert definitions.at_the_door(session) == (*EXIT_QUESTIONS, Question("money", Kind.yes_no))
        assert definitions.answers_at_doors(session)["money"] == {"0", "1"}
    press(staffed, WRITER, "retire", path)
    assert 'id="ask-money"' not in staffed.get("/exit/CIV1").text, "a door always has its faces"


def test_versions_of_before_keep_asking(staffed: Web) -> None:
    """Rows of installations before there were drafts."""
    old: list[dict[str, object]] = [
        {"code": "rating", "kind": "rating"},
        {"code": "words", "kind": "text"},
        {"code": "money", "kind": "yes_no"},
    ]
    with database().write() as session:
        session.add(Survey(code="older", version=3, questions=old, kind=SurveyKind.service))
    page = staffed.get("/staff/surveys/older", WRITER)
    assert (page.status_code, "came with Ombud" in page.text) == (200, True)
    assert store(read(old))[0]["code"] == "rating"
