"""The pages about messages: who may see what, what a person decides once, and wordings that are checked before use."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlmodel import col, select

from cases import lifecycle
from cases.acting import Form
from channels.errors import Failure, SendFailed
from channels.values import Channel, Outgoing, Sent
from core.settings import settings
from domain.access import CatalogueChange
from domain.clock import Clock
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.sender import Sender
from domain.states import InboxState, OutboxState
from domain.timeline import TimelineEntry
from domain.wording import Wording
from notifications import compose, deliver, reconcile, wordings
from notifications.sending import NoLookUp
from tests.api.site import CITIZEN, Web, give_all_roles

WATER = "WAT1 no water in Lumas since Monday"


def in_doubt(web: Web) -> UUID:
    """An answer whose sending broke, and which nobody can vouch for."""
    web.text(WATER)
    web.work()
    with web.database.write() as session:
        who = web.known.viewer(session, "officer1")
        lifecycle.reply(session, web.case().id, who, "The pump is mended.", datetime.now(UTC), Form(99, "t"))

    def breaks(outgoing: Outgoing, channel: Channel) -> Sent:
        raise SendFailed(Failure.outcome_unknown)

    def cannot_look(*_: object) -> None:
        raise NoLookUp

    now = datetime.now(UTC)
    deliver.deliver_due(now, send=breaks)
    later = now.replace(year=now.year + 1)
    reconcile.reconcile_due(later, find_sent=cannot_look)
    with web.database.read() as session:
        return session.exec(select(OutboundMessage.id).where(col(OutboundMessage.state) == OutboxState.unknown)).one()


def row(web: Web, message_id: UUID) -> OutboundMessage:
    with web.database.read() as session:
        return session.get_one(OutboundMessage, message_id)


@pytest.mark.parametrize("go", ["arrived", "again", "given_up"])
def test_a_person_decides_about_a_send_in_doubt_once(web: Web, go: str) -> None:
    message, path = in_doubt(web), ""
    path = f"/staff/messages/{message}"
    assert "The pump is mended." in web.get("/staff/messages", "head1").text
    assert web.post(path, "head1", go=go, why="").status_code == 422
    assert web.post(path, "head1", go="nonsense", why="x").status_code == 422
    assert row(web, message).state == OutboxState.unknown
    done = web.post(path, "head1", go=go, why="He said so on the phone")
    assert done.status_code == 303
    assert web.post(path, "head1", go=go, why="He said so on the phone").status_code == 409
    web.work()
    copies = [text for text in web.texts(CITIZEN) if "The pump is mended." in text]
    assert len(copies) == (1 if go == "again" else 0)
    assert row(web, message).state == (OutboxState.delivered if go == "arrived" else OutboxState.failed)
    assert (web.case().first_response_at is not None) == (go != "given_up")
    with web.database.read() as session:
        said = [str(entry.body.get("text")) for entry in session.exec(select(TimelineEntry)) if entry.kind == "noted"]
    assert any("He said so on the phone" in text for text in said)


@pytest.mark.parametrize("who", ["officer1", "head_water", "officer2", "triage", "clerk"])
def test_only_who_looks_after_the_case_decides(web: Web, who: str) -> None:
    message = in_doubt(web)
    shown = web.get("/staff/messages", who)
    may = who == "head_water"  # heads the office above
    assert shown.status_code == (200 if may else 403)
    assert ("The pump is mended." in shown.text) == may
    assert web.post(f"/staff/messages/{message}", who, go="arrived", why="x").status_code == (303 if may else 403)


def test_a_case_about_the_head_is_not_shown_to_them(web: Web) -> None:
    message = in_doubt(web)
    with web.database.write() as session:
        case = session.get_one(type(web.case()), web.case().id)
        case.about_office_id = web.known.office["WAT1"]
    assert "The pump is mended." not in web.get("/staff/messages", "head1").text
    assert web.post(f"/staff/messages/{message}", "head1", go="arrived", why="x").status_code == 404


def test_failures_are_told_by_reason_and_broken_arrivals_are_tried_again(web: Web) -> None:
    give_all_roles(web.known, "minister")
    web.text(WATER)
    with web.database.write() as session:
        arrived = session.exec(select(InboundMessage)).one()
        arrived.state, arrived.due_at, arrived.attempts, arrived.last_error = (
            InboxState.failed,
            None,
            6,
            "ValueError: x",
        )
    page = web.get("/staff/messages", "minister").text
    assert "ValueError: x" in page
    assert WATER not in page
    assert web.post(f"/staff/messages/arrivals/{arrived.id}", "head1").status_code == 403
    assert web.post(f"/staff/messages/arrivals/{arrived.id}", "minister").status_code == 303
    assert web.post(f"/staff/messages/arrivals/{arrived.id}", "minister").status_code == 409

    def refuses(outgoing: Outgoing, channel: Channel) -> Sent:
        raise SendFailed(Failure.content_refused, "Twilio 63016: outside the window")

    web.work()
    web.text("STATUS")
    web.work()
    deliver.deliver_due(datetime.now(UTC), send=refuses)
    assert len(web.cases()) == 1


def test_an_office_gets_a_sender_of_its_own(web: Web) -> None:
    give_all_roles(web.known, "minister")
    form = {"channel": "sms", "address": "+355 69 000 0001", "office": "WATER", "per_second": "2.5"}
    assert web.post("/staff/senders", "head1", **form).status_code == 422
    assert web.post("/staff/senders", "minister", **{**form, "per_second": "fast"}).status_code == 422
    assert web.post("/staff/senders", "minister", **{**form, "office": "NOWHERE"}).status_code == 422
    assert web.post("/staff/senders", "minister", **{**form, "address": ""}).status_code == 422
    assert web.post("/staff/senders", "minister", **form).status_code == 303
    assert web.post("/staff/senders", "minister", **form).status_code == 303  # the same again changes nothing
    with web.database.read() as session:
        (sender,) = session.exec(select(Sender)).all()
    assert (sender.address, sender.per_second) == ("+355690000001", 2.5)
    assert "+355690000001" in web.get("/staff/messages", "minister").text
    web.text(WATER)
    web.work()
    assert [message.sender for message in web.sent] == ["+355690000001"]  # WAT1 is below WATER
    web.text("passport renewal CIV1", sender="+355691112299")
    web.work()
    assert web.sent[-1].sender == settings().twilio_from


GOOD = "We heard you, {{ reference }}. {{ office }} answers{% if due is defined and due %} by {{ due|day }}{% endif %}."


def test_a_wording_waits_for_a_second_person_and_is_sent_from_the_next_message_on(web: Web) -> None:
    give_all_roles(web.known, "minister")
    give_all_roles(web.known, "auditor")
    path = "/staff/wordings/acknowledgement/en"
    assert web.post(path, "minister", go="look", seen="0", body=GOOD).status_code == 200
    assert web.count(Wording) == 0
    assert web.post(path, "minister", go="save", seen="0", body=GOOD).status_code == 303
    assert (
        web.post(path, "minister", go="save", seen="0", body=GOOD + " Thanks").status_code == 409
    )  # somebody was first
    assert web.post(path, "minister", go="save", seen="1", body=GOOD + " Thanks").status_code == 303
    assert "draft waits" in web.get("/staff/wordings", "minister").text
    assert 'value="publish"' not in web.get(path, "minister").text
    assert web.post(path, "minister", go="publish", seen="2").status_code == 403  # who wrote it
    assert web.post(path, "head1", go="publish", seen="2").status_code == 403
    assert web.post(path, "auditor", go="publish", seen="1").status_code == 409  # not what they read
    web.text(WATER)
    web.work()
    assert web.texts()[0].startswith("We have your message")
    assert 'value="publish"' in web.get(path, "auditor").text
    assert web.post(path, "auditor", go="publish", seen="2").status_code == 303
    assert web.post(path, "auditor", go="publish", seen="2").status_code == 409
    web.text("passport CIV1", sender="+355691112299")
    web.work()
    assert web.texts("+355691112299")[0].startswith("We heard you, ")
    assert " Thanks" in web.texts("+355691112299")[0]
    assert "own words" in web.get("/staff/wordings", "minister").text
    assert web.post(f"{path}/revert", "minister", version="1", seen="2").status_code == 303
    wordings.forget()
    assert compose.compose("acknowledgement", "en", reference="R", office="O").endswith("Thanks")  # that one waits
    assert web.post(f"{path}/revert", "minister", version="0", seen="3").status_code == 303
    wordings.forget()
    assert compose.compose("acknowledgement", "en", reference="R", office="O").startswith("We have your message")
    assert web.count(Wording) == 3  # every version is kept
    assert web.post(f"{path}/revert", "minister", version="9", seen="3").status_code == 404


def test_a_wording_is_returned_with_a_reason_and_all_of_it_is_written_down(web: Web) -> None:
    give_all_roles(web.known, "minister")
    give_all_roles(web.known, "auditor")
    path = "/staff/wordings/acknowledgement/en"
    assert web.post(path, "auditor", go="publish", seen="0").status_code == 409
    web.post(path, "minister", go="save", seen="0", body=GOOD)
    for reason, status in ((" ", 422), ("Say when they hear.", 303)):
        assert web.post(path, "auditor", go="return", seen="1", reason=reason).status_code == status
    assert web.post(path, "auditor", go="publish", seen="1").status_code == 409
    page = web.get(path, "minister").text
    assert "returned by auditor: Say when they hear." in page
    with web.database.read() as session:
        (row,) = session.exec(select(Wording)).all()
        told = session.exec(select(CatalogueChange).order_by(col(CatalogueChange.id))).all()
    assert (row.state, row.decided_by) == ("returned", web.known.staff["auditor"])
    assert [(one.kind, one.by, (one.after or {})["state"]) for one in told] == [
        ("wording", "minister", "draft"),
        ("wording", "auditor", "returned"),
    ]
    assert "Wordings" in web.get("/staff/changes?kind=wording", "minister").text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "empty"),
        ("Hello", "{{ office }}, {{ reference }} is missing"),
        ("{{ ofice }} {{ office }} {{ reference }}", "no placeholder {{ ofice }}"),
        ("{{ office }} {{ reference }} {{", "Line 1 cannot be read"),
        ("{{ office }} {{ reference }} {% if due %}x", "cannot be read"),
        ("{{ office }} {{ reference }} {% for x in office %}{{ x }}{% endfor %}", "cannot hold this"),
        ("{{ office }} {{ reference }} {{ 'a' * 999999999 }}", "cannot hold this"),
        ("{{ office.__class__.__mro__ }} {{ reference }}", "cannot hold this"),
        ("{{ office }} {{ reference }} {{ office|upper }}", "no filter 'upper'"),
        ("{{ office }} {{ reference }} {{ office|day }}", "cannot be filled in"),
        ("{{ office }} {{ reference }} " + "x" * 1600, "1600 fit"),
        ("{% include 'secret' %} {{ office }} {{ reference }}", "cannot hold this"),
    ],
)
def test_a_wording_that_will_not_do_is_refused_in_a_sentence(web: Web, body: str, said: str) -> None:
    give_all_roles(web.known, "minister")
    answer = web.post("/staff/wordings/acknowledgement/en", "minister", go="save", seen="0", body=body)
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'")
    assert web.count(Wording) == 0


def test_nobody_but_an_editor_has_words_filled_in_and_none_unchecked(web: Web) -> None:
    path, body = "/staff/wordings/acknowledgement/en", "{{ office }} {{ reference }} {{ 'a' * 99 }}"
    assert web.post(path, "head1", go="mend", seen="0", body=body).status_code == 403
    give_all_roles(web.known, "minister")
    for go in ("mend", "look"):
        answer = web.post(path, "minister", go=go, seen="0", body=body)
        assert (answer.status_code, "a" * 99 in answer.text) == (422, False)
    nested = "{% for a in files %}{% for b in 'xxxx' %}{{ b }}{% endfor %}{% endfor %}{{ reference }}"
    answer = web.post("/staff/wordings/files_refused/en", "minister", go="look", seen="0", body=nested)
    assert (answer.status_code, "goes around a list" in answer.text) == (422, True)


def test_a_curly_quote_is_pointed_out_and_mended(web: Web) -> None:
    give_all_roles(web.known, "minister")
    body = "“{{ office }}” has your message {{ reference }}\u00a0– wait… it’s on its way to whoever has to answer it."
    looked = web.post("/staff/wordings/acknowledgement/en", "minister", go="look", seen="0", body=body).text
    for name in ("left double quotation mark", "no-break space", "en dash", "horizontal ellipsis"):
        assert name in looked
    mended = web.post("/staff/wordings/acknowledgement/en", "minister", go="mend", seen="0", body=body).text
    assert "&#34;{{ office }}&#34; has your message {{ reference }} - wait... it&#39;s on its way" in mended
    assert "Letters that can double the price" not in mended


@pytest.mark.parametrize("who", ["head1", "auditor", "officer1"])
def test_only_administrators_change_words(web: Web, who: str) -> None:
    path = "/staff/wordings/answer/en"
    assert web.get(path, who).status_code == (403 if who == "officer1" else 200)
    body = "{{ text }} {{ reference }}"
    assert web.post(path, who, go="save", seen="0", body=body).status_code == 403
    assert web.post(f"{path}/revert", who, version="0", seen="0").status_code == 403
    assert web.get("/staff/wordings/nothing/en", "head1").status_code == 404
    assert web.get("/staff/wordings/answer/xx", "head1").status_code == 404


def test_the_desk_says_what_an_answer_takes(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_SMS_PRICE", "0.08")
    settings.cache_clear()
    web.text(WATER)
    web.work()
    page = web.get(f"/staff/cases/{web.case().reference}", "officer1").text
    assert "1 SMS · " in page
    assert "0.08 EUR" in page
    wrong = web.post(
        f"/staff/cases/{web.case().reference}/answer", "officer1", text="x" * 1700, go="answer", version="99"
    )
    assert "12 SMS · " in wrong.text
    assert "0.96 EUR" in wrong.text
    with web.database.read() as session:
        assert session.exec(select(Clock)).first() is not None
