"""Transactions on both databases: once each, politely scheduled, all or nothing."""

import itertools
import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import blake2b

import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as settings_of_hypothesis
from msgspec.structs import replace
from sqlalchemy import event, func
from sqlmodel import Session, col, select

from core.crypto import cipher
from core.errors import BadInput, TooLarge
from core.settings import settings
from domain.catalogue import catalogue
from domain.citizen import Citizen, ContactPoint
from domain.ledger import TransactionTask
from domain.states import InvitationState
from domain.survey import Invitation, Transaction
from surveys import lookups
from surveys.checking import Checker, TransactionIn
from surveys.transactions import BATCH, Accepted, accept
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
    return replace(base, **changes)


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
            one(5, completed_at=datetime.max.replace(tzinfo=timezone(-timedelta(hours=5)))),
            one(6, completed_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), expires_on=NOW.date()),
            one(7, completed_at=NOW.replace(tzinfo=None)),
        )
    assert set(caught.value.fields) == {
        "transactions/1/office",
        "transactions/2/service",
        *(f"transactions/{line}/completed_at" for line in (3, 4, 5, 6)),
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
    assert {(a.state, a.survey) for a in first} == {("created", "pending")}
    assert [a.external_id for a in first] == [item.external_id for item in items]
    assert statements < 200, "set-based: a few statements of many rows each"
    assert took < 30
    assert {a.state for a in post(installation, *items)} == {"duplicate"}
    while lookups.work_off(NOW):
        pass
    assert {(a.state, a.survey) for a in post(installation, *items)} == {("duplicate", "scheduled")}
    with installation.database.read() as session:
        for model in (Transaction, Invitation, ContactPoint, Citizen):
            assert count(session, model) == BATCH


def test_what_was_foretold_of_a_batch_is_not_said_where_it_came_otherwise(installation: Installation) -> None:
    """The answer to a big batch is made while it is being written, as if all of it were new."""
    new = [one(number, phone=None if number % 2 else f"069 100 {number:04}") for number in range(150)]
    first = post(installation, *new, one(7, operator="desk 4"))
    assert [(a.state, a.differs) for a in first] == [("created", False)] * 150 + [("duplicate", True)]
    assert {(a.survey, a.why) for a in first} == {("pending", None), ("none", "no_number")}
    more = post(installation, *[one(number) for number in range(500, 650)], *new)
    assert [(a.state, a.differs) for a in more] == [("created", False)] * 150 + [("duplicate", False)] * 150
    assert [a.id for a in more[150:]] == [a.id for a in first[:150]]


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
    while lookups.work_off(NOW):
        pass
    with installation.database.read() as session:
        for model in (Transaction, Invitation, ContactPoint, Citizen):
            assert count(session, model) == 300


@settings_of_hypothesis(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_any_split_overlap_order_and_repetition_gives_the_same_rows(
    installation: Installation, data: strategies.DataObject
) -> None:
    """So whoever is unsure whether a batch arrived sends it again, in whatever pieces."""
    source = f"system {next(_SOURCES)}"
    everything = [
        one(
            number,
            operator=f"ডেস্ক\t{number % 3}\\N",
            completed_at=NOW - timedelta(seconds=number, microseconds=number % 2 * 7),
            phone=None if number % 7 == 0 else f"069 100 {number:04}",
            expires_on=date(2036, 3, 1) if number % 2 else None,
        )
        for number in range(45)
    ]
    some = strategies.lists(strategies.sampled_from(everything), max_size=60)
    batches = [
        *data.draw(strategies.lists(some, max_size=3)),
        everything,
        *data.draw(strategies.lists(some, max_size=2)),
    ]
    made: list[str] = []
    for batch in data.draw(strategies.permutations(batches)):
        for found in post(installation, *batch, source=source):
            if found.state == "created":
                made.append(found.external_id)
            assert not found.differs
    while lookups.work_off(NOW):
        pass
    assert sorted(made) == sorted(item.external_id for item in everything), "each was created once"
    with installation.database.read() as session:
        rows = session.exec(select(Transaction).where(col(Transaction.source) == source)).all()
        asked = session.exec(
            select(Invitation.transaction_id).where(col(Invitation.transaction_id).in_([row.id for row in rows]))
        ).all()
    assert {
        (row.external_id, row.operator, row.completed_at, row.expires_on, row.not_asked is None) for row in rows
    } == {
        (item.external_id, item.operator, item.completed_at, item.expires_on, item.phone is not None)
        for item in everything
    }
    assert len(rows) == len(everything)
    assert sorted(asked) == sorted(row.id for row in rows if row.not_asked is None)


_SOURCES = itertools.count()


@given(
    moments=strategies.lists(
        strategies.datetimes(datetime(1972, 1, 1), NOW.replace(tzinfo=None), timezones=strategies.timezones())
    )
)
@settings_of_hypothesis(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_mark_of_what_was_reported_stays_what_it_is(installation: Installation, moments: list[datetime]) -> None:
    """Else every repeat of what was stored by an earlier version would be told to differ."""
    with installation.database.read() as session:
        known = catalogue(session)
    places = f"{known.office_by_code['CIV1'].id}\n{known.service_by_code['passport'].id}"
    items = [one(7, completed_at=moment, phone="+355 69-1", email=" A@B.example") for moment in moments]
    lines, wrong = Checker(known, NOW).lines(items)
    assert not wrong
    for item, line in zip(items, lines, strict=True):
        told = f"T-7\n{places}\ndesk 3\n{item.completed_at.astimezone(UTC).isoformat()}\nsq\nNone\n+355691\na@b.example"
        assert line.mark == blake2b(told.encode(), digest_size=12, key=cipher().index_key[:64]).hexdigest()


@pytest.mark.parametrize(
    ("day", "wrong"),
    [(date(2026, 3, 1), False), (date(2036, 3, 2), False), (date(2026, 2, 20), True), (date(2300, 1, 1), True)],
)
def test_what_was_issued_expires_after_it_was_issued(installation: Installation, day: date, wrong: bool) -> None:
    if wrong:
        with pytest.raises(BadInput) as caught:
            post(installation, one(expires_on=day))
        assert list(caught.value.fields) == ["transactions/0/expires_on"]
    else:
        assert post(installation, one(expires_on=day))[0].state == "created"


def test_a_task_that_fails_is_tried_again_and_loses_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(installation, *[one(number) for number in range(150)])

    def broken(*_: object) -> None:
        raise RuntimeError("+355691000001 cannot be read")

    with monkeypatch.context() as patched:
        patched.setattr(lookups, "contacts_of", broken)
        assert lookups.work_off(NOW) == 1
    with installation.database.read() as session:
        task = session.exec(select(TransactionTask)).one()
        assert (task.attempts, task.last_error) == (1, "RuntimeError"), "and not the number in its words"
        assert task.due_at is not None
        assert count(session, Invitation) == count(session, ContactPoint) == 0
    assert lookups.work_off(NOW) == 0, "not at once"
    assert lookups.work_off(task.due_at) == 1
    with installation.database.read() as session:
        assert count(session, Invitation) == 150
        assert count(session, TransactionTask) == 0
