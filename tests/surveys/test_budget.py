"""What surveys may cost: a chance that shrinks in time, a wall at the end, and a forecast."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import func, select

from core.settings import settings
from domain.asking import AskingDay
from domain.states import InvitationState
from domain.survey import Invitation
from surveys import budget, counts, plans
from surveys.budget import Spending
from surveys.sweep import sweep
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.asking import DUE, limit, plan, post, sent, transactions


@pytest.fixture
def known(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Government:
    monkeypatch.setenv("OMBUD_SMS_PRICE", "0.1")
    settings.cache_clear()
    with installation.database.write() as session:
        return government(session)


AMOUNT = st.floats(0, 1e6)


@given(spent=AMOUNT, bound=AMOUNT, coming=AMOUNT, most=AMOUNT)
def test_what_is_foreseen_never_passes_the_budget_by_more_than_is_bound(
    spent: float, bound: float, coming: float, most: float
) -> None:
    month = Spending(spent, bound, coming, most, 0.1, 0.5)
    assert 0 <= month.factor <= 1
    assert month.foreseen <= max(most, spent + bound) + 1e-3
    assert month.unlimited >= month.foreseen - 1e-3
    assert Spending(spent, bound, coming, None, 0.1, 0.5).factor == 1


def test_a_budget_that_would_not_last_thins_every_chance_alike(installation: Installation, known: Government) -> None:
    """Half of the month's cost is covered, so half of the chance is left, on this day and on the last."""
    for day in range(1, 15):
        post(installation, *range(day * 100, day * 100 + 20), now=NOW - timedelta(days=15 - day), phone=None)
    with installation.database.write() as session:
        offices = {row: known.office[row] for row in ("CIV1",)}
        for day in range(1, 15):
            when = (NOW - timedelta(days=15 - day)).date()
            session.add(
                AskingDay(
                    day=when, office_id=offices["CIV1"], service_id=known.service["passport"], seen=20, drawn=20,
                    sent=20, answered=5, segments=60,
                )
            )  # fmt: skip
    with installation.database.read() as session:
        made, facts = plans.current(session), counts.known(session, NOW)
        before = budget.ledger(session, made, facts, NOW).of(None, None)
    assert before.coming == pytest.approx(20 * 3 * 31 * counts.month_of(NOW)[1], rel=0.05)
    plan(installation, known, share=1.0)
    limit(installation, known, (before.spent + before.coming / 2) * 0.1)
    post(installation, 5000)
    posted = next(row for row in transactions(installation) if row.external_id == "T-5000")
    assert posted.probability == pytest.approx(0.5, rel=0.05)


def test_at_the_limit_nothing_more_leaves(installation: Installation, known: Government) -> None:
    """Twenty are due, and there is money for seven messages of one segment."""
    limit(installation, known, 0.75)
    post(installation, *range(20))
    threads = [threading.Thread(target=sweep, args=(DUE, 5)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep(DUE)
    assert sum(row.segments or 0 for row in sent(installation)) == 7
    with installation.database.read() as session:
        states = dict(session.exec(select(Invitation.why, func.count()).group_by(Invitation.why)).all())
        session.expire_all()
    assert states == {None: 7, "budget": 13}
    counts.count(DUE)
    with installation.database.read() as session:
        month = budget.ledger(session, plans.current(session), counts.known(session, DUE), DUE).of(None, 0.75)
    assert (month.spent, month.full, month.factor) == (7, True, 0.0)
    post(installation, 100, now=DUE)
    assert {row.not_asked for row in transactions(installation)} == {None, "budget"}


def test_a_budget_of_an_office_holds_for_all_below_it_and_nobody_else(
    installation: Installation, known: Government
) -> None:
    limit(installation, known, 0.0, "WATER")
    post(installation, 1, office="WAT1", service="water")
    post(installation, 2)
    sweep(DUE)
    with installation.database.read() as session:
        states = {row.state: row.why for row in session.exec(select(Invitation))}
    assert states == {InvitationState.sent: None}
    assert {row.external_id: row.not_asked for row in transactions(installation)} == {"T-1": "budget", "T-2": None}
    assert len(sent(installation)) == 1


def test_days_are_counted_from_the_rows_and_stay_the_same(installation: Installation, known: Government) -> None:
    post(installation, 1, 2, 3)
    sweep(DUE)
    for _ in range(2):
        counts.count(DUE)
        with installation.database.read() as session:
            [row] = session.exec(select(AskingDay)).all()
        assert (row.seen, row.drawn, row.sent, row.answered, row.segments) == (3, 3, 3, 0, 3)
        assert row.day == NOW.date()
