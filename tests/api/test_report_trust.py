"""Reports of programs, floods of them, reports in confidence, and what others told us."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from limits import parse
from sqlmodel import delete, select

from api import report_guard, throttle
from cases import neighbours
from cases.opening import pin_of
from channels.values import Channel
from core.database import database
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import CaseState
from domain.words import CaseWords
from tests.api.person import TEXT, Person, reference_on
from tests.api.site import CITIZEN, Web, web_of
from tests.builders import plain_case
from tests.conftest import Installation

once = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
"""Nothing here asks the database more than another test does on both."""


# programs and floods


def report(web: Web, **changes: str) -> httpx.Response:
    """A report sent in one go, as programs do."""
    form = {"step": "check", "go": "send", "text": TEXT, "answer": "phone", "phone": CITIZEN, "service": "water"}
    form_id = str(new_id())
    opened = report_guard.start_of(form_id, datetime.now(UTC) - timedelta(minutes=3))
    return web.post("/report", **form | {"form_id": form_id, "started": opened, "place": "Lumas"} | changes)


LINKS = "Cheap pills http://a.example and http://b.example"


@once
@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, False),
        ({"started": ""}, False),  # a draft from another day, a partner's script
        ({"text": LINKS}, False),  # somebody quotes two pages
        ({"website": "https://spam.example"}, True),
        ({"started": "", "text": LINKS}, True),
        ({"website": "x", "about_staff": "yes"}, True),
    ],
)
def test_what_looks_like_a_program_waits_for_a_person(web: Web, changes: dict[str, str], held: bool) -> None:
    answer = report(web, **changes)
    assert answer.status_code == 200, "nobody is shown an error for it"
    case = web.case()
    assert reference_on(answer) == case.reference
    assert ("Perhaps sent by a program" in case.routing_reason) == held
    assert case.integrity == ("about_staff" in changes), "no trap opens the way around the firewall"
    web.work()
    assert bool(web.texts()) != held, "a program does not make us write to numbers it names"
    if held and not case.integrity:
        assert (case.state, case.routing_method) == (CaseState.triage, "held")
        assert "perhaps a program" in web.get("/staff/triage?apart=1", "triage").text
        assert case.reference not in web.get("/staff/triage", "triage").text
    elif not held:
        assert case.office_id == web.known.office["WAT1"]


@once
def test_haste_is_a_sign(web: Web) -> None:
    now = datetime.now(UTC)
    values = {"text": LINKS}
    for seconds, held in ((0, True), (2, True), (4, False), (9000, False)):
        started = report_guard.start_of("form", now - timedelta(seconds=seconds))
        assert bool(report_guard.held(values, started, "form", now)) == held
    other = report_guard.start_of("another form", now - timedelta(minutes=1))
    assert report_guard.held(values, other, "form", now), "one opened form serves one report"


@once
def test_a_flood_is_told_when_to_come_back_and_keeps_its_words(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(throttle.RULES, "report", parse("2 per 10 minutes"))
    assert [report(web, phone=f"+35569111220{n}").status_code for n in range(2)] == [200, 200]
    told = report(web, text="The third of this house")
    assert told.status_code == 429
    assert 500 < int(told.headers["Retry-After"]) <= 600
    assert "The third of this house" in told.text
    assert "Too many messages came from your network" in told.text
    assert f"sms:{settings().twilio_from}" in told.text
    throttle.forget()
    person = Person(web)
    person.page = told
    assert person.go("send").page.status_code == 200, "the page it left is enough to send"
    assert len(web.cases()) == 3


# confidence, e-mail, neighbours


def test_who_writes_in_confidence_is_shown_to_no_staff(web: Web) -> None:
    report(web, text="An open word")
    secret = reference_on(report(web, text="A word in confidence", confidential="yes", name="Zamira"))
    web.work()
    plain = next(case.reference for case in web.cases() if not case.confidential)
    for who in ("officer1", "head1", "head_water", "minister", "auditor"):
        page = web.get(f"/staff/cases/{secret}", who)
        if who == "officer1":
            assert "A word in confidence" in page.text
        beside_queue = re.sub(r'<aside class="queue.*?</aside>', "", page.text, flags=re.DOTALL)
        for told in ("phone ending", "Zamira", plain):
            assert told not in beside_queue, (who, told)
        page = web.get(f"/staff/cases/{plain}", who)
        assert secret not in re.sub(r'<aside class="queue.*?</aside>', "", page.text, flags=re.DOTALL)
    for scope in web.keys:
        told = web.api("GET", f"/cases/{secret}", scope).text
        assert CITIZEN[-6:] not in told
        assert "Zamira" not in told
    case = web.case(secret)
    done = web.post(f"/staff/cases/{secret}/answer", "officer1", text="We come.", version=str(case.timeline_length))
    assert done.status_code == 303
    web.work()
    assert any("We come." in text for text in web.texts(CITIZEN)), "messages reach them all the same"


@once
def test_an_answer_by_email(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "ombud@gov.example"}
    with web_of(installation, monkeypatch, **mail) as web:
        person = Person(web).until("how")
        assert person.go(answer="email", email="ana at example").page.status_code == 422
        person.go(answer="email", email="Ana@Example.org").go("send")
        assert person.sees("a…@example.org")
        with database().read() as session:
            contact = session.exec(select(ContactPoint)).one()
            message = session.exec(select(OutboundMessage)).one()
        assert (contact.channel, contact.address, message.channel) == (Channel.email, "ana@example.org", Channel.email)
        case = web.case()
        assert web.post(f"/track/{case.reference}", code="0org").status_code == 422
        assert web.post(f"/track/{case.reference}", code=pin_of(case.id)).status_code == 200


@once
def test_without_a_mail_server_no_email_is_offered(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_of(installation, monkeypatch, imap_url="imap://127.0.0.1:9") as web:  # a mailbox, and none of the demo's
        person = Person(web).until("how")
        assert not person.sees('value="email"')
        assert person.go(answer="email", email="ana@example.org").page.status_code == 422


@once
def test_a_number_alone_says_how_to_answer(web: Web) -> None:
    person = Person(web).until("how")
    assert person.go().page.status_code == 422
    assert person.go(phone=CITIZEN, email="ana@example.org").page.status_code == 422, "two ways: which one is asked"
    assert person.go(phone=CITIZEN, email="").go("send").page.status_code == 200
    assert web.case().contact_point_id is not None


NEIGHBOURS = [
    ({}, 3, True),
    ({}, 2, False),
    ({"integrity": True}, 5, False),
    ({"confidential": True}, 5, False),
    ({"about_office_id": "WAT1"}, 5, False),
    ({"state": CaseState.closed}, 5, False),
    ({"place": "Drenova"}, 5, False),
    ({"opened_at": datetime.now(UTC) - neighbours.RECENT - timedelta(days=1)}, 5, False),
]


@once
@pytest.mark.parametrize(("values", "number", "shown"), NEIGHBOURS)
def test_others_are_counted_from_three_on_and_never_told_of(
    web: Web, values: dict[str, object], number: int, shown: bool
) -> None:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "service_id": web.known.service["water"],
        "place": "Lumas",
        "opened_at": now,
        "text": "My secret",
    } | values
    if "about_office_id" in given:
        given["about_office_id"] = web.known.office[str(given["about_office_id"])]
    with database().write() as session:
        session.add_all(plain_case(web.known, **given) for _ in range(number))
    person = Person(web).go(text=TEXT).go(service="water").go(where="p:Лумас").go()
    assert (person.step == "similar") == shown
    if not shown:
        return
    assert person.sees("3 open messages about “Water supply” in Lumas")
    assert not person.sees("My secret")
    assert not any(person.sees(case.reference) for case in web.cases())
    person.go("same").go("back")
    assert person.step == "similar"
    person.go("same").go(answer="anonymous").go("send")
    (own,) = (case for case in web.cases() if case.text == TEXT)
    assert "others told us the same" in web.get(f"/staff/cases/{own.reference}", "officer1").text


@once
def test_few_answers_among_neighbours_are_not_counted_out(web: Web) -> None:
    now = datetime.now(UTC)
    service = web.known.service["water"]
    for answered, told in ((0, 0), (1, None), (3, 3)):
        with database().write() as session:
            session.exec(delete(CaseWords))
            session.exec(delete(Case))
            states = [CaseState.answered] * answered + [CaseState.open] * 4
            session.add_all(
                plain_case(web.known, service_id=service, place="Lumas", opened_at=now, state=state) for state in states
            )
        with database().read() as session:
            found = neighbours.alike(session, service, "Lumas", now)
        assert found
        assert (found.number, found.answered) == (4 + answered, told)
