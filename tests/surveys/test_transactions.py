"""Transactions on both databases: once each, politely scheduled, all or nothing."""

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func
from sqlmodel import Session, col, select

from core.errors import BadInput, TooLarge
from core.settings import settings
from domain.citizen import Citizen, ContactPoint
from domain.states import InvitationState
from domain.survey import Invitation, Transaction
from surveys.transactions import BATCH, Accepted, TransactionIn, accept
from tests.builders import NOW, government
from tests.conftest import Installation


def one(number: int = 1, **changes: object) -> TransactionIn:
    base = TransactionIn(
        external_id=f"T-{number}",
        office="CIV1",
        service="passport",
        completed_at=NOW - timedelta(minutes=5),
        phone=f"+35569{1000000 + number}",
        language="sq",
        operator="desk 3",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def post(
    installation: Installation, *items: TransactionIn, now: datetime = NOW, source: str = "registry"
) -> list[Accepted]:
    with installation.database.write() as session:
        return accept(session, source, items, now)


def count(session: Session, model: type) -> int:
    return session.exec(select(func.count()).select_from(model)).one()


@pytest.fixture(autouse=True)
def _government(installation: Installation) -> None:
    with installation.database.write() as session:
        government(session)


def test_a_transaction_is_stored_once_and_invited_after_the_delay(installation: Installation) -> None:
    [first] = post(installation, one())
    [again] = post(installation, one())
    [other] = post(installation, one(operator="desk 4"))
    assert (first.state, first.differs, first.survey) == ("created", False, "scheduled")
    assert (again.state, again.differs, again.id) == ("duplicate", False, first.id)
    assert (other.state, other.differs) == ("duplicate", True)
    assert [a.state for a in post(installation, one(), source="other system")] == ["created"]
    with installation.database.read() as session:
        stored = session.get_one(Transaction, first.id)
        assert stored.operator == "desk 3"
        invitation = session.exec(select(Invitation).where(col(Invitation.transaction_id) == first.id)).one()
        assert invitation.due_at == NOW + timedelta(minutes=55)
        assert invitation.language == "sq"
        contact = session.get_one(ContactPoint, invitation.contact_point_id)
        assert contact.address == "+355691000001"
        assert contact.hint == "…001"


@pytest.mark.parametrize(
    ("phone", "why"),
    [
        (None, "no_number"),
        ("  ", "no_number"),
        ("12", "unusable_number"),
        ("n/a", "unusable_number"),
        ("04 223 4567", "landline"),
    ],
)
def test_without_a_usable_number_it_is_stored_and_says_why(
    installation: Installation, phone: str | None, why: str
) -> None:
    [found] = post(installation, one(phone=phone))
    assert (found.state, found.survey, found.why) == ("created", "none", why)
    [again] = post(installation, one(phone=phone))
    assert (again.state, again.differs, again.why) == ("duplicate", False, why)
    with installation.database.read() as session:
        assert count(session, Invitation) == 0


def test_national_numbers_are_read_in_the_region(installation: Installation) -> None:
    one_way, another = post(installation, one(1, phone="069 100 0009"), one(2, phone="00355 69-100-0009"))
    assert one_way.survey == "scheduled"
    assert (another.survey, another.why) == ("suppressed", "asked_lately"), "the same citizen, in one batch"
    with installation.database.read() as session:
        assert count(session, ContactPoint) == 1
        assert count(session, Citizen) == 1


def test_a_citizen_rests_for_the_days_set(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    post(installation, one(1, phone="+355691000009"))
    later = NOW + timedelta(days=29)
    [soon] = post(installation, one(2, phone="+355691000009", completed_at=later), now=later)
    assert soon.why == "asked_lately"
    later = NOW + timedelta(days=32)
    [rested] = post(installation, one(3, phone="+355691000009", completed_at=later), now=later)
    assert rested.survey == "scheduled"
    monkeypatch.setenv("OMBUD_SURVEY_REST_DAYS", "0")
    settings.cache_clear()
    [no_rest] = post(installation, one(4, phone="+355691000009", completed_at=later), now=later)
    assert no_rest.survey == "scheduled"


def test_whoever_opted_out_is_never_invited(installation: Installation) -> None:
    post(installation, one(1))
    with installation.database.write() as session:
        session.exec(select(ContactPoint)).one().opted_out_at = NOW
        session.exec(select(Invitation)).one().state = InvitationState.suppressed
    [found] = post(installation, one(2, phone="+355691000001"))
    assert (found.survey, found.why) == ("suppressed", "opted_out")


def test_a_late_report_is_asked_at_once_or_not_at_all(installation: Installation) -> None:
    late, too_late = post(
        installation, one(1, completed_at=NOW - timedelta(days=3)), one(2, completed_at=NOW - timedelta(days=8))
    )
    assert (too_late.survey, too_late.why) == ("expired", "too_late")
    with installation.database.read() as session:
        assert session.exec(select(Invitation.due_at).where(col(Invitation.transaction_id) == late.id)).one() == NOW


def test_one_bad_line_stores_nothing_and_is_named(installation: Installation) -> None:
    with pytest.raises(BadInput) as caught:
        post(
            installation,
            one(1),
            one(2, office="CIVI"),
            one(3, service="pasport"),
            one(4, completed_at=NOW + timedelta(hours=2)),
        )
    assert set(caught.value.fields) == {
        "transactions/1/office",
        "transactions/2/service",
        "transactions/3/completed_at",
    }
    assert "CIV1" in caught.value.fields["transactions/1/office"]
    assert "passport" in caught.value.fields["transactions/2/service"]
    with installation.database.read() as session:
        assert count(session, Transaction) == count(session, ContactPoint) == 0
    with pytest.raises(TooLarge):
        post(installation, *[one()] * (BATCH + 1))


def test_ten_thousand_at_once_twice(installation: Installation) -> None:
    items = [one(number) for number in range(BATCH)]
    statements = 0

    def counted(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(installation.database.engine, "before_cursor_execute", counted)
    began = time.perf_counter()
    first = post(installation, *items)
    took = time.perf_counter() - began
    assert {a.state for a in first} == {"created"}
    assert [a.external_id for a in first] == [item.external_id for item in items]
    assert statements < 200, "set-based: a few statements of many rows each"
    assert took < 30
    assert {a.state for a in post(installation, *items)} == {"duplicate"}
    with installation.database.read() as session:
        for model in (Transaction, Invitation, ContactPoint, Citizen):
            assert count(session, model) == BATCH


def test_two_overlapping_batches_at_once(installation: Installation) -> None:
    forth = [one(number) for number in range(300)]
    back = list(reversed(forth))
    outcomes: list[list[Accepted]] = []
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work(items: list[TransactionIn]) -> None:
        start.wait()
        try:
            outcomes.append(post(installation, *items))
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(items,)) for items in (forth, back, forth, back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert sum(a.state == "created" for found in outcomes for a in found) == 300
    with installation.database.read() as session:
        for model in (Transaction, Invitation, ContactPoint, Citizen):
            assert count(session, model) == 300
