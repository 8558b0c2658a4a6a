"""Trials in the browser: registered for good, silent until the planned number is in, promoted and taken back."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import select

from core.database import database
from domain.trial import Moment, Outcome, Stop, Trial
from notifications import compose
from surveys import trial_plan, trials
from surveys.trial_results import tend_due
from tests.api.site import Web
from tests.api.staffed import administered, changes
from tests.surveys.trial_world import answered, served, survey, trial

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
FORM = {
    "title": "Short wording",
    "hypothesis": "Fewer words bring more answers.",
    "moment": "survey",
    "outcome": "response",
    "besides-rating": "yes",
    "service-passport": "yes",
    "language-en": "yes",
    "response": "30",
    "effect": "3",
    "alpha": "5",
    "power": "80",
    "looks": "1",
    "days": "7",
    "arm-0-name": "As now",
    "arm-1-name": "Short",
    "arm-1-words-en": "{{ service }}, {{ office }}: <b>1 to 5?",
}


@pytest.fixture
def site(web: Web) -> Web:
    return administered(web)


def registered(site: Web, **form: str) -> str:
    """Register a trial; gives its address."""
    answer = site.post("/staff/trials/new", "minister", **{**FORM, "go": "register", **form})
    assert answer.status_code == 303, unescape(answer.text)
    return str(answer.headers["location"]).partition("?")[0]


def stored() -> Trial:
    with database().read() as session:
        return session.exec(select(Trial)).one()


def test_the_number_is_shown_before_anything_is_kept(site: Web) -> None:
    page = unescape(site.post("/staff/trials/new", "minister", **FORM, go="look").text)
    assert "7,526 citizens" in page
    assert "3,763 in each arm" in page
    assert "Passports, Service Centre: <b>1 to 5?" not in page, "words are shown as words"
    assert "1 SMS" in page
    wrong = site.post("/staff/trials/new", "minister", **{**FORM, "effect": "", "go": "look"})
    assert wrong.status_code == 422
    assert 'href="#effect"' in wrong.text
    with database().read() as session:
        assert session.exec(select(Trial)).all() == []


@pytest.mark.parametrize("moment", Moment)
def test_every_message_can_be_tried(site: Web, moment: Moment) -> None:
    outcome = str(trial_plan.measured(moment)[-1])
    words = f"{compose.shipped(str(moment), 'en')} Thank you."
    form = {**FORM, "moment": str(moment), "outcome": outcome, "base": "30", "arm-1-words-en": words}
    looked = site.post("/staff/trials/new", "minister", **form, go="look")
    assert looked.status_code == 200, unescape(looked.text)
    assert "in each arm" in looked.text
    assert "Thank you." in site.get(registered(site, **form), "auditor").text


def test_what_was_registered_stays_and_is_anybodys_to_read(site: Web) -> None:
    path = registered(site)
    made = stored()
    assert (made.planned, made.secondary, made.population["languages"]) == (7_526, ["rating"], ["en"])
    page = unescape(site.get(path, "minister").text)
    assert "0 of 7,526 citizens are assigned" in page
    assert "Nobody sees it before." in page
    text = site.get(f"{path}/protocol.txt", "clerk").text
    assert text == made.protocol
    assert made.seed not in text + page
    second = site.post("/staff/trials/new", "minister", **{**FORM, "title": "Another", "go": "register"})
    assert second.status_code == 409
    look = site.post("/staff/trials/new", "minister", **{**FORM, "title": "Another", "go": "look"})
    assert "“Short wording” is about some of the same people" in unescape(look.text)
    assert "“Short wording” is about some of the same people" in unescape(second.text)
    assert [(one.kind, one.title, one.before) for one in changes()] == [("trial", "Short wording", None)]
    assert "Short wording" in site.get("/staff/trials", "auditor").text


def test_it_begins_once_somebody_else_has_read_it(site: Web) -> None:
    path = registered(site)
    assert "It begins once somebody else has read what was registered." in site.get(path, "minister").text
    assert "let it begin" not in site.get(path, "minister").text
    assert site.post(f"{path}/begin", "minister").status_code == 403
    assert site.post(f"{path}/begin", "clerk").status_code == 403
    assert "let it begin" in site.get(path, "head_water").text
    for _ in range(2):
        assert site.post(f"{path}/begin", "head_water").status_code == 303
    made = stored()
    assert made.confirmed_by == site.known.staff["head_water"]
    assert [list((one.after or {}).keys()) for one in changes()] == [["planned", "starts"], ["begins"]]
    assert "Read by head_water" in site.get(path, "auditor").text


def test_it_ends_early_only_for_a_reason(site: Web) -> None:
    path = registered(site)
    assert site.post(f"{path}/end", "minister", reason=" ").status_code == 422
    for _ in range(2):
        assert site.post(f"{path}/end", "minister", reason="The form changed.").status_code == 303
    made = stored()
    assert (made.stopped, made.end_reason) == (Stop.by_hand, "The form changed.")
    assert len(changes()) == 2
    page = unescape(site.get(path, "auditor").text)
    assert "It ended before anybody was assigned. The form changed." in page
    assert made.seed in site.get(f"{path}/protocol.txt", "clerk").text
    assert site.post(f"{path}/promote", "minister", arm="1").status_code == 409


@pytest.fixture
def finished(site: Web) -> str:
    """A trial of 60 in which the short wording brought far more; gives its address."""
    then = datetime.now(UTC) - timedelta(days=10)
    with database().write() as session:
        made = trial(session, planned=60, starts_at=then, confirmed_at=then, secondary=["rating"])
        questions = survey(session)
        people = [served(session, site.known, questions, n, at=then) for n in range(60)]
        found = trials.enter(session, Moment.survey, people, then)
        for place, one in enumerate(people):
            if found[one.id].arm.name == "Short" or place % 10 == 0:
                answered(session, one, 4, then + timedelta(days=1))
        address = f"/staff/trials/{made.id}"
    return address


def test_no_page_knows_anything_by_arm_before_the_time(site: Web, finished: str) -> None:
    for path in (finished, "/staff/trials"):
        page = unescape(site.get(path, "minister").text)
        assert "60 of 60 citizens" in page
        for told in ("answered in time", "per 100 asked", "opted out", "interval"):
            assert told not in page
    tend_due(datetime.now(UTC))
    page = unescape(site.get(finished, "minister").text)
    assert "The planned number of 60 is reached." in page
    assert "more answers per 100 asked" in page
    assert "answered in time" in page
    assert "mean rating, of those who rate" in page
    assert "more answers per 100 asked" in site.get("/staff/trials", "auditor").text


def test_a_winner_becomes_the_default_with_one_click_and_stops_being_it_with_another(site: Web, finished: str) -> None:
    assert site.post(f"{finished}/promote", "minister", arm="1").status_code == 409, "not before it is known"
    tend_due(datetime.now(UTC))
    assert site.post(f"{finished}/promote", "minister", arm="7").status_code == 422
    for _ in range(2):
        assert site.post(f"{finished}/promote", "minister", arm="1").status_code == 303
    assert stored().promoted_arm == 1
    assert "“Short” is the default for these people" in unescape(site.get(finished, "auditor").text)
    assert site.post(f"{finished}/promote", "minister", arm="none").status_code == 303
    assert (stored().promoted_arm, stored().promoted_at) == (None, None)
    told = [(one.before, one.after) for one in changes()]
    assert told == [({"default": None}, {"default": "Short"}), ({"default": "Short"}, {"default": None})]


def test_money_is_told_of_enough_answers_and_never_to_the_offices_own(site: Web, finished: str) -> None:
    tend_due(datetime.now(UTC))
    with database().write() as session:
        session.exec(select(Trial)).one().outcome = Outcome.money
    told = {who: "reports of money" in site.get(finished, who).text for who in ("auditor", "head_water")}
    assert told == {"auditor": False, "head_water": False}, "three answers in one arm are too few"
    with database().write() as session:
        row = session.exec(select(Trial)).one()
        arms = [arm | {"answered": 30} for arm in row.results[0]["arms"]]
        row.results = [row.results[0] | {"arms": arms}]
    told = {who: "reports of money" in site.get(finished, who).text for who in ("auditor", "head_water")}
    assert told == {"auditor": True, "head_water": False}
    assert "It is read by those who lead the whole government" in site.get(finished, "head_water").text
    assert "reports of money" not in site.get("/staff/trials", "head_water").text


@pytest.mark.parametrize(
    ("who", "reads", "runs"),
    [("minister", 200, 303), ("auditor", 200, 403), ("head_water", 200, 403), ("clerk", 403, 403), ("head1", 403, 403)],
)
def test_who_may(site: Web, finished: str, who: str, reads: int, runs: int) -> None:
    assert site.get("/staff/trials", who).status_code == reads
    assert site.get(finished, who).status_code == reads
    assert site.post(f"{finished}/end", who, reason="No more.").status_code == runs
    assert site.get("/staff/trials/nothing", who).status_code == (404 if reads == 200 else 403)
