"""How staff are reached: what they choose, a telephone proven by a code, a chat linked by a link only they have."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select, update

from cases import reach
from channels.values import Channel
from core.database import database
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.reach import Matter, Pace, ReachState, StaffContact, StaffMessage
from escalation.terms import calendar_of
from notifications import staff_deliver
from notifications.staff_words import code_of
from tests.api.site import Web, web_of
from tests.conftest import Installation
from tests.notifications.world import Provider

PAGE = "/staff/account/reach"
PHONE = "+355691112233"


def contact(web: Web, name: str = "officer1") -> StaffContact | None:
    with database().read() as session:
        return reach.contact_of(session, web.known.staff[name])


def last_code(web: Web) -> StaffMessage:
    with database().read() as session:
        asked = select(StaffMessage).where(StaffMessage.about == Matter.code)
        return session.exec(asked.order_by(col(StaffMessage.created_at).desc()).limit(1)).one()


def deliver(provider: Provider) -> None:
    staff_deliver.deliver_due(datetime.now(UTC), send=provider.send, calendars=calendar_of)


def test_what_one_chooses_is_kept_and_counts_for_what_waits(web: Web) -> None:
    page = web.get(PAGE, "officer1").text
    assert 'value="hourly" id="pace-hourly" checked' in page
    later = datetime.now(UTC) + timedelta(days=1)
    with database().write() as session:
        row = StaffMessage(
            staff_id=web.known.staff["officer1"], channel=Channel.email, created_at=later, due_at=later, text="x"
        )
        session.add(row)
    chosen = {"pace": "daily", "quiet": "own", "from": "21", "until": "6"}
    wrong = web.post(PAGE, "officer1", **chosen | {"pace": "never", "until": "21"})
    assert wrong.status_code == 422
    assert "These two are the same hour." in wrong.text
    assert contact(web) is None
    assert web.post(PAGE, "officer1", **chosen).status_code == 303
    kept = contact(web)
    assert kept is not None
    assert (kept.pace, kept.quiet_from, kept.quiet_until) == (Pace.daily, 21, 6)
    assert contact(web, "head1") is None
    with database().read() as session:
        due = session.get_one(StaffMessage, row.id).due_at
    assert due is not None
    assert due < later
    for quiet, hours in (("never", (0, 0)), ("office", (None, None))):
        web.post(PAGE, "officer1", **chosen | {"quiet": quiet})
        kept = contact(web)
        assert kept is not None
        assert (kept.quiet_from, kept.quiet_until) == hours
        assert f'value="{quiet}" id="quiet-{quiet}" checked' in web.get(PAGE, "officer1").text


def test_a_telephone_counts_once_its_code_came_back(web: Web) -> None:
    provider = Provider()
    assert "landline" in web.post(PAGE, "officer1", go="phone", phone="+35542222222").text
    assert web.post(PAGE, "officer1", go="phone", phone=PHONE).status_code == 303
    deliver(provider)
    (sms,) = provider.taken
    code = code_of(last_code(web))
    assert sms.to == PHONE
    assert sms.text.startswith(code)
    with database().read() as session:
        for row in session.exec(select(StaffMessage)):
            assert code not in f"{row.text} {row.body}", "the code stands nowhere in the database"
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert web.post(PAGE, "officer1", go="code", code=wrong).status_code == 422
    kept = contact(web)
    assert kept is not None
    assert (kept.tries, kept.phone_proven_at) == (1, None)
    assert web.post(PAGE, "officer1", go="code", code=f"{code[:3]} {code[3:]}").status_code == 303
    page = web.get(PAGE, "officer1").text
    assert "+355 69 111 2233" in page
    assert "proven" in page
    web.post(PAGE, "officer1", go="phone-off")
    assert "+355 69 111 2233" not in web.get(PAGE, "officer1").text


def test_a_code_ends_after_a_while_and_after_five_wrong_ones(web: Web) -> None:
    web.post(PAGE, "officer1", go="phone", phone=PHONE)
    code = code_of(last_code(web))
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(reach.TRIES):
        assert web.post(PAGE, "officer1", go="code", code=wrong).status_code == 422
    assert web.post(PAGE, "officer1", go="code", code=code).status_code == 422
    web.post(PAGE, "officer1", go="phone", phone=PHONE)
    code = code_of(last_code(web))
    staff_id = web.known.staff["officer1"]
    with database().write() as session:
        session.execute(update(StaffMessage).values(created_at=datetime.now(UTC) - timedelta(minutes=16)))
    with database().write() as session:
        assert not reach.prove_phone(session, staff_id, code, datetime.now(UTC))
    for _ in range(reach.CODES_A_DAY - 2):
        assert web.post(PAGE, "officer1", go="phone", phone=PHONE).status_code == 303
    assert web.post(PAGE, "officer1", go="phone", phone=PHONE).status_code == 429


@pytest.fixture
def named(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web_of(installation, monkeypatch, telegram_name="ombud_bot") as web:
        yield web


def test_a_chat_is_linked_once_by_a_link_that_only_they_have(named: Web) -> None:
    web = named
    page = web.post(PAGE, "officer1", go="telegram").text
    found = re.search(r't\.me/ombud_bot\?start=(staff-[0-9a-f]+)"', unescape(page))
    assert found
    payload = found[1]
    assert len(payload) <= 64, "Telegram takes no longer one"
    provider = Provider()
    with database().write() as session:
        assert take(session, "staff-0000", "4241") is None
        assert take(session, payload, "4242") == "staff"
        assert take(session, payload, "4243") is None, "good once"
        assert session.exec(select(ContactPoint)).all() == [], "staff are no citizens"
    deliver(provider)
    assert [(one.to, one.text.startswith("This chat now gets what")) for one in provider.taken] == [("4242", True)]
    assert "A chat is linked since" in web.get(PAGE, "officer1").text
    web.post(PAGE, "officer1", go="telegram-off")
    kept = contact(web)
    assert kept is not None
    assert kept.telegram is None


def take(session: Session, payload: str, sender: str) -> str | None:
    """What a worker makes of `/start` with this."""
    row = InboundMessage(
        channel=Channel.telegram,
        account="bot",
        provider_id=sender,
        sender=sender,
        text="/start",
        details={"start": payload},
        received_at=datetime.now(UTC),
    )
    return reach.take(session, row, datetime.now(UTC))


def test_what_left_is_shown_without_a_case(web: Web) -> None:
    staff_id: UUID = web.known.staff["officer1"]
    now, first = datetime.now(UTC), UUID(int=7)
    left: dict[str, Any] = {
        "staff_id": staff_id,
        "channel": Channel.email,
        "text": "K7QF-3M9X: waits",
        "created_at": now,
        "sending_at": now,
        "state": ReachState.sent,
        "bundle_id": first,
    }
    with database().write() as session:
        session.add_all(StaffMessage(id=UUID(int=7 + number), **left) for number in range(3))
    page = web.get(PAGE, "officer1").text
    assert "3 matters" in page
    assert "K7QF" not in page
    assert "3 matters" not in web.get(PAGE, "head1").text
