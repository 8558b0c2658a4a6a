# ruff: noqa: E501  (tables of words)
"""The rules that never break, through webhooks and pages: opt-outs, PINs, silence, limits, a broker that is down."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select, update

from api import throttle
from cases.contacts import STOP_WORDS, TWILIO_STOPS
from cases.opening import pin_of
from core.database import database
from core.settings import settings
from domain.case import Case
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import CaseState, InvitationState
from domain.survey import Invitation
from surveys import sweep
from tests.api.site import CITIZEN, Web, signed, web_of
from tests.conftest import Installation

OTHER = "+355692223344"
REPORT = {"step": "check", "go": "send", "text": "The lamp in front of the school is broken", "answer": "anonymous"}
UNKNOWN = "4GK3-H8ZF"


def answer(web: Web, case: Case, text: str = "We come tomorrow.") -> None:
    """Whoever has the case answers it."""
    with database().write() as session:
        session.execute(update(Case).values(office_id=web.known.office["WAT1"], state="open"))
    done = web.post(f"/staff/cases/{case.reference}/answer", "officer1", text=text, version="99")
    assert done.status_code == 303, done.text


# webhooks


def test_forged_webhooks_leave_nothing(web: Web) -> None:
    form = {
        "MessageSid": "SM1",
        "From": CITIZEN,
        "To": "+355690000000",
        "Body": "x",
        "AccountSid": settings().twilio_account_sid,
    }
    good = signed(form)["X-Twilio-Signature"]
    for path in ("/webhooks/twilio/messages", "/webhooks/twilio/status"):
        for signature in (None, "", "x", good[:-2] + "A=", "é", good + good):
            headers = {} if signature is None else {"X-Twilio-Signature": signature.encode()}
            answer = web.call("POST", path, data=form | {"Body": "other"}, headers=headers)
            assert answer.status_code == 403, (path, signature)
    assert web.call("POST", "/webhooks/twilio/messages?x=1", data=form, headers=signed(form)).status_code == 403
    for secret in (
        {},
        {"X-Telegram-Bot-Api-Secret-Token": "wrong"},
        {"X-Telegram-Bot-Api-Secret-Token": "\xff".encode("latin-1")},
    ):
        assert web.call("POST", "/webhooks/telegram", json={"update_id": 1}, headers=secret).status_code == 403
    assert web.count(InboundMessage) == 0


def test_behind_a_proxy_the_public_address_is_signed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_of(installation, monkeypatch, public_url="https://x.example/ombud") as web:
        form = {"MessageSid": "SM1", "From": CITIZEN, "To": "+355690000000", "Body": "No water"}
        for host in ("10.0.0.7:8000", "evil.example", "x.example", "[::1"):
            headers = signed(form) | {"Host": host, "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
            assert web.call("POST", "/webhooks/twilio/messages", data=form, headers=headers).status_code == 200, host
        assert web.count(InboundMessage) == 1


WEIRD = (
    "", " ", "\x00", "\x01\x02", "👩‍👩‍👧‍👦" * 50, "\u202eمياه\u202c", "x" * 2000, "x" * 19_000, "9" * 5000, "STATUS " + "9" * 5000, "STATUS \x00",
    "STATUS \ud7ff", "5", "٥", "²", "%s{}", "K7QF", "help\x00", "a\r\nb", "🚰", "\ufeffSTATUS", "\u200bSTOPP", "/start \x00", "/status@bot",
)  # fmt: skip


def test_signed_but_weird_messages_become_something(web: Web) -> None:
    for number, text in enumerate(WEIRD):
        answer = web.text(text, sender=f"+35569{number:07d}", sid=f"SM{number}")
        assert answer.status_code == 200, (text[:20], answer.text)
    for number, fields in enumerate(
        (
            {"NumMedia": "99999999999999999999"},
            {"NumMedia": "²"},
            {"Latitude": "nan", "Longitude": "1e999"},
            {"From": "x" * 500},
            {"From": "\x00+1"},
        )
    ):
        assert web.text("x", sid=f"SW{number}", **fields).status_code in (200, 422), fields
    web.work()
    waiting = [(row.text[:20], row.state, row.last_error) for row in web.inbox() if row.state != "processed"]
    assert waiting == []


TIRING = (
    "9" * 19_000, "STATUS " + "9" * 5000, "pay" * 6000, "asked me for " * 1500, "x" * 19_000, "a@" * 9000, "took 1 2 3 " * 1700, "1 " * 9000, "K7QF-" * 3800,
    "https://" * 2300, "\u0301" * 19_000, "взял " * 3800, "\u0997\u09bf" * 9000, "(" * 19_000, "no water " * 2100,
)  # fmt: skip


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_no_message_keeps_a_processor_busy(web: Web) -> None:
    """Patterns that go over a text again and again would let one SMS stop intake for minutes."""
    web.text("No water in Lumas", sender=OTHER, sid="first")
    web.work()  # whatever is loaded once is loaded here
    slow = {}
    for number, text in enumerate(TIRING):
        began = time.process_time()
        web.text(text, sender=f"+35569{number:07d}", sid=f"ST{number}")
        web.work()
        slow[text[:14]] = time.process_time() - began
    assert {text: round(seconds, 1) for text, seconds in slow.items() if seconds > 2} == {}
    assert web.count(Case) + len([row for row in web.inbox() if row.outcome in ("status", "help")]) == len(TIRING) + 1


def test_telegram_updates_of_any_shape(web: Web) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": settings().telegram_webhook_secret}
    chat = {"id": 1, "type": "private"}
    shapes: tuple[object, ...] = (
        {}, [], None, "x", {"update_id": "x"}, {"update_id": 1}, {"update_id": 10**30, "message": {}}, {"update_id": 2, "message": None},
        {"update_id": 3, "message": {"message_id": 1, "date": 10**20, "chat": chat, "text": "x"}},
        {"update_id": 4, "message": {"message_id": 1, "date": 1, "chat": {"id": 10**30, "type": "private"}, "from": {"id": 1}, "text": "\x00"}},
        {"update_id": 5, "message": {"message_id": 1, "date": 1, "chat": chat, "from": {"id": 1, "first_name": "\x00", "is_bot": False}, "text": "a\x00"}},
        {"update_id": 6, "callback_query": {"id": "1", "data": "\x00" * 100}}, {"update_id": 7, "my_chat_member": {}},
    )  # fmt: skip
    for number, shape in enumerate(shapes):
        told = web.call("POST", "/webhooks/telegram", json=shape, headers=headers)
        assert told.status_code in (200, 400, 422), (number, told.text)
    told = web.call(
        "POST", "/webhooks/telegram", content=b'{"update_id": 8, "message": {"text": "\\ud800"}}', headers=headers
    )
    assert told.status_code in (200, 400, 422)
    web.work()
    assert [row.last_error for row in web.inbox() if row.state != "processed"] == []


# opt-out


def test_after_stop_nothing_is_ever_sent(web: Web) -> None:
    web.text("No water in Lumas since Monday")
    web.work()
    case = web.case()
    answer(web, case, "Queued, then stopped.")
    web.text(" Stop. ")
    web.api(
        "POST",
        "/transactions",
        json={
            "external_id": "A",
            "office": "CIV1",
            "service": "passport",
            "completed_at": "2026-03-02T09:00:00Z",
            "phone": CITIZEN,
        },
    )
    before = web.texts()
    web.work()
    for text in (
        "STATUS",
        f"STATUS {case.reference}",
        "HELP",
        "And now the cellar is wet",
        f"{case.reference} more",
        "5",
        "STOP",
    ):
        web.text(text)
        web.work()
    answer(web, case, "An answer after the stop.")
    web.post("/report", **REPORT | {"answer": "phone", "phone": CITIZEN})
    with database().write() as session:
        session.execute(update(Case).values(office_id=web.known.office["WAT1"], state="open", pending_office_id=None))
    web.post(f"/staff/cases/{case.reference}/transfer", "officer1", office="WAT2", reason="Theirs", version="99")
    web.post(f"/staff/cases/{case.reference}/accept", "officer2", version="99")
    web.work()
    now = datetime.now(UTC)
    for hours in range(0, 48, 6):
        sweep.sweep(now + timedelta(hours=hours))
        web.work(now + timedelta(hours=hours))
    assert web.texts() == before
    assert web.case(case.reference).first_response_at is None, "what was not delivered ended no silence"
    web.text("START")
    web.work()
    assert len(web.texts()) == len(before) + 1


def test_a_survey_planned_before_stop_is_not_sent(web: Web) -> None:
    now = datetime.now(UTC)
    posted = web.api(
        "POST", "/transactions",
        json={"external_id": "A", "office": "CIV1", "service": "passport", "completed_at": now.isoformat(), "phone": CITIZEN},
    )  # fmt: skip
    assert posted.json()["transactions"][0]["survey"] == "scheduled"
    web.text("STOP")
    web.work()
    for hours in range(0, 48, 4):
        sweep.sweep(now + timedelta(hours=hours))
        web.work(now + timedelta(hours=hours))
    assert web.texts() == []
    with database().read() as session:
        assert session.exec(select(Invitation.state)).all() == [InvitationState.suppressed]


def test_words_that_stop_in_every_language(web: Web) -> None:
    for number, word in enumerate(sorted(STOP_WORDS)):
        web.text(word.upper(), sender=f"+35569{number:07d}", sid=f"S{number}")
    # an account may have words of its own, which Twilio marks
    web.text("BASTA", sender=OTHER, sid="own", OptOutType="STOP")
    web.work()
    own = STOP_WORDS - TWILIO_STOPS  # Twilio answers its own, and lets nothing of ours past
    assert len(web.sent) == len({message.to for message in web.sent}) == len(own)
    assert all("START" in message.text for message in web.sent)
    assert web.texts(OTHER) == []
    assert web.count(Case) == 0


def test_the_same_message_is_never_sent_twice(web: Web) -> None:
    for _ in range(3):
        web.text("No water in Lumas since Monday", sid="SM1")
        web.work()
    case = web.case()
    for _ in range(3):
        with database().write() as session:
            session.execute(update(Case).values(office_id=web.known.office["WAT1"]))
        web.post(
            f"/staff/cases/{case.reference}/answer", "officer1", text="We come.", version=str(case.timeline_length)
        )
        web.work()
    assert len(web.texts()) == len(set(web.texts())) == 2
    assert web.count(OutboundMessage) == 2


# what a stranger learns


def test_a_strangers_reference_and_a_wrong_one_read_the_same(web: Web) -> None:
    web.text("No water in Lumas since Monday")
    web.work()
    reference = web.case().reference
    told = []
    for number, wanted in enumerate((reference, UNKNOWN)):
        sender = f"+35569888000{number}"
        web.text(f"STATUS {wanted}", sender=sender, sid=f"S{number}")
        web.work()
        told.append([text.replace(wanted, "REF") for text in web.texts(sender)])
    assert told[0] == told[1]
    assert len(told[0]) == 1
    # on the page a reference opens no more than where it stands; unknown, broken and empty ones read the same
    wrong = [web.post("/track", reference=typed) for typed in (UNKNOWN, UNKNOWN[:-1] + "A", "4GK3")]
    assert {one.status_code for one in wrong} == {404}
    pages = {re.sub(r'value="[^"]*"', "", one.text) for one in wrong}
    assert len(pages) == 1
    pages = {
        re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}", "", web.get(f"/track/{typed}").text) for typed in (UNKNOWN, "4GK3-H8ZA")
    }
    assert len(pages) == 1
    shown = web.get(f"/track/{reference}").text
    assert "No water" not in shown
    assert "2233" not in shown


def test_guessing_pins_and_references_is_stopped(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.post("/report", **REPORT)
    case = web.case()
    right = pin_of(case.id)
    guesses = [f"{number:04d}" for number in range(40) if f"{number:04d}" != right]
    seen = [web.post(f"/track/{case.reference}", code=guess).status_code for guess in guesses[:15]]
    assert seen == [422] * 10 + [429] * 5
    locked = web.post(f"/track/{case.reference}", code=right)
    assert locked.status_code == 429, "the right one is not told from the others any more"
    assert REPORT["text"] not in locked.text
    assert int(web.post(f"/track/{case.reference}/message", text="x", message_code=right).status_code) == 429
    # patience does not help either: the hours pass, the week does not
    wrong, began = 10, time.time()
    for hour in range(1, 12):
        later = began + 3700 * hour
        monkeypatch.setattr(time, "time", lambda later=later: later)
        for guess in guesses[:12]:
            wrong += web.post(f"/track/{case.reference}", code=guess).status_code == 422
    assert wrong == throttle.RULES["pin-week"].amount
    monkeypatch.undo()
    statuses = [
        web.post("/track", reference=f"{UNKNOWN[:-1]}{letter}").status_code for letter in "ABCDEGHJKMNPQRSTVWXYZ012"
    ]
    assert statuses[-1] == 429
    assert web.get("/track/4GK3-H8ZA").status_code == 429


def test_limits_count_what_is_sent_not_what_is_typed(web: Web) -> None:
    for _ in range(70):
        assert web.post("/report", **REPORT | {"go": "next", "step": "what"}).status_code == 200
    amount = throttle.RULES["report"].amount
    statuses = [web.post("/report", **REPORT | {"form_id": ""}).status_code for _ in range(amount + 2)]
    assert statuses == [200] * amount + [429] * 2
    assert web.count(InboundMessage) == amount
    assert "Retry-After" not in web.get("/report").headers
    assert web.get("/report").status_code == 200


# anonymous


def test_an_anonymous_report_is_answered_on_the_page(web: Web) -> None:
    receipt = web.post("/report", **REPORT)
    assert receipt.status_code == 200
    case = web.case()
    pin = pin_of(case.id)
    assert pin in receipt.text
    assert case.contact_point_id is None
    answer(web, case, "A new lamp comes on Friday.")
    web.work()
    assert web.case().first_response_at is not None, "published where this citizen reads: the silence is over"
    closed = web.get(f"/track/{case.reference}").text
    assert "new lamp" not in closed
    assert "new lamp" not in web.post(f"/track/{case.reference}", code="0000" if pin != "0000" else "1111").text
    opened = web.post(f"/track/{case.reference}", code=pin)
    assert "A new lamp comes on Friday." in opened.text
    unlock = re.search(r'name="unlock" value="([^"]+)"', opened.text)
    assert unlock is not None
    more = web.post(f"/track/{case.reference}/message", unlock=unlock[1], text="It is still dark")
    assert "It is still dark" in more.text
    other = web.post("/report", **REPORT | {"text": "Another matter"})
    assert other.status_code == 200
    second = next(one for one in web.cases() if one.id != case.id)
    assert web.post(f"/track/{second.reference}/message", unlock=unlock[1], text="x").status_code == 422, (
        "one proof, one case"
    )


def test_a_form_sent_again_with_other_words_is_not_lost(web: Web) -> None:
    """The browser's way back from the receipt, another text, send: two different messages."""
    form = REPORT | {"form_id": "0192d5a0-0000-7000-8000-000000000001"}
    first, again = web.post("/report", **form), web.post("/report", **form)
    assert first.status_code == again.status_code == 200
    assert web.count(Case) == 1
    web.post("/report", **form | {"text": "And the bench is broken too"})
    assert sorted(case.text for case in web.cases()) == ["And the bench is broken too", REPORT["text"]]


# a broker that is down


def test_without_its_broker_everything_is_taken_at_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_of(installation, monkeypatch, broker_url="redis://127.0.0.1:9/0") as web:
        started = time.monotonic()
        assert web.text("No water").status_code == 200
        assert web.post("/report", **REPORT).status_code == 200
        assert web.post("/exit/WAT1", rating="5", visit="0192d5a0-0000-7000-8000-000000000001").status_code == 200
        assert web.post("/track", reference=UNKNOWN).status_code == 404
        assert web.api("POST", "/cases", json={"text": "No lamp"}).status_code == 201
        assert web.get("/healthz").status_code == 200
        assert time.monotonic() - started < 10
        web.work()
        assert web.count(Case) == 3
        for _ in range(throttle.RULES["track"].amount):
            last = web.post("/track", reference=UNKNOWN)
        assert last.status_code == 429, "it counts on its own meanwhile"
        with database().read() as session:
            assert session.exec(select(col(InboundMessage.state)).distinct()).all() == ["processed"]


def test_who_looks_for_the_office_is_not_called_the_office_in_charge(web: Web) -> None:
    web.text("Zzz qqq")
    web.work()
    case = web.case()
    assert case.state == CaseState.triage
    page = web.get(f"/track/{case.reference}").text
    assert "It went to the office in charge" not in page
    assert page.count("We are finding the right office") == 3  # title, heading and history
