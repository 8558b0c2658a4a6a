"""What surveys cost and may cost: spent so far, the month's end foreseen, and a chance that shrinks in time.

The price of a message is its segments times `OMBUD_SMS_PRICE`; e-mails and chats cost nothing. A budget that would not
last lessens every chance by the same share from now to the end of the month, so that the last week is asked like the
first. What is left at the end is a wall: nothing leaves that it does not cover.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from core.settings import settings
from domain.asking import AskingBudget, AskingDay
from domain.catalogue import Catalogue, catalogue
from domain.states import InvitationState
from domain.survey import Invitation, Transaction
from surveys import counts
from surveys.plans import Plans
from surveys.sampling import MONTH, Known, usual

START_SEGMENTS = 3.0
"""Segments that asking one citizen is taken to cost, with all questions and a reminder, until it is known better."""
LEAST_LEFT = 0.01
"""A chance that is lessened further than this is none: one answer would stand for too many."""
NEAR = 0.05
"""Share of a budget from which on it is counted anew before each batch, under a lock."""


@dataclass(frozen=True, slots=True)
class Spending:
    """A month of one budget, in segments: `spent`, `bound` for what is scheduled, `coming` for the rest of the month if
    every plan were followed, and the `limit`; each times `price` is money. `share_gone` of the month is over."""

    spent: float
    bound: float
    coming: float
    limit: float | None
    price: float
    share_gone: float

    @property
    def factor(self) -> float:
        """What is left of each chance, from 0 to 1, so that the budget lasts to the month's end."""
        if self.limit is None:
            return 1.0
        room = self.limit - self.spent - self.bound
        if room < 1:
            return 0.0
        left = min(1.0, room / self.coming) if self.coming else 1.0
        return left if left >= LEAST_LEFT else 0.0

    @property
    def foreseen(self) -> float:
        """Segments at the month's end, with the chances as they are now lessened."""
        return self.spent + self.bound + self.coming * self.factor

    @property
    def unlimited(self) -> float:
        """Segments at the month's end if no budget lessened anything."""
        return self.spent + self.bound + self.coming

    @property
    def full(self) -> bool:
        """Whether nothing more leaves: not even one segment is covered."""
        return self.limit is not None and self.limit - self.spent < 1

    def money(self, segments: float) -> float:
        """Segments in money."""
        return segments * self.price


def rows(session: Session) -> list[AskingBudget]:
    """Budgets that limit something, the whole deployment's first."""
    found = session.exec(select(AskingBudget).where(col(AskingBudget.amount).is_not(None))).all()
    return sorted(found, key=lambda row: (row.office_id is not None, str(row.office_id)))


def covers(known: Catalogue, office_id: UUID | None) -> frozenset[UUID] | None:
    """The offices a budget is for; None is all."""
    return None if office_id is None else known.subtree(office_id)


@dataclass(frozen=True)
class Ledger:
    """What all budgets look at, read once."""

    spent: Mapping[UUID, int]
    scheduled: Mapping[UUID, int]
    coming: Mapping[UUID, float]
    each: float
    price: float
    gone: float

    def of(self, offices: frozenset[UUID] | None, amount: float | None) -> Spending:
        """The month of some offices (None: all) under a limit in money."""

        def within(numbers: Mapping[UUID, float] | Mapping[UUID, int]) -> float:
            return float(sum(number for office, number in numbers.items() if offices is None or office in offices))

        limit = amount / self.price if amount is not None and self.price else None
        return Spending(
            within(self.spent), within(self.scheduled) * self.each, within(self.coming), limit, self.price, self.gone
        )


def ledger(session: Session, plans: Plans, facts: Mapping[counts.Pair, Known], now: datetime) -> Ledger:
    """What was spent, is scheduled, and is to come this month, by office."""
    first, left = counts.month_of(now)
    end = (first + timedelta(days=32)).replace(day=1)
    until = datetime(end.year, end.month, end.day, tzinfo=settings().zone)
    days = (end - first).days * left
    scheduled = dict(
        session.exec(
            select(Transaction.office_id, func.count())
            .join(Invitation, col(Invitation.transaction_id) == col(Transaction.id))
            .where(col(Invitation.state) == InvitationState.scheduled, col(Invitation.due_at) < until)
            .group_by(col(Transaction.office_id))
        ).all()
    )
    each = cost_of_one(session, now)
    coming: dict[UUID, float] = {}
    for (office_id, service_id), one in facts.items():
        daily = (one.monthly or 0.0) / MONTH
        chance = usual(plans.of(service_id).aim, one)
        coming[office_id] = coming.get(office_id, 0.0) + daily * days * chance * each
    return Ledger(_spent(session, now), scheduled, coming, each, settings().sms_price, 1 - left)


def _spent(session: Session, now: datetime) -> dict[UUID, int]:
    first, _ = counts.month_of(now)
    found = session.exec(
        select(AskingDay.office_id, func.sum(AskingDay.segments))
        .where(col(AskingDay.day) >= first)
        .group_by(col(AskingDay.office_id))
    )
    return {office_id: int(segments or 0) for office_id, segments in found}


def cost_of_one(session: Session, now: datetime) -> float:
    """Segments that asking one citizen comes to, from the last weeks; `START_SEGMENTS` counts as forty of them."""
    since = now.astimezone(settings().zone).date() - timedelta(days=counts.LATELY)
    sent, segments = session.exec(
        select(func.sum(AskingDay.sent), func.sum(AskingDay.segments)).where(col(AskingDay.day) >= since)
    ).one()
    return float(((segments or 0) + 40 * START_SEGMENTS) / ((sent or 0) + 40))


def factors(
    session: Session, plans: Plans, facts: Mapping[counts.Pair, Known] | None, now: datetime
) -> dict[UUID | None, float]:
    """What budgets leave of each chance, by the office they are for; None is the whole deployment's. Empty without."""
    limited = rows(session) if settings().sms_price else []
    if not limited:
        return {}
    known = catalogue(session)
    found = ledger(session, plans, counts.known(session, now) if facts is None else facts, now)
    return {row.office_id: found.of(covers(known, row.office_id), row.amount).factor for row in limited}


def factor_at(known: Catalogue, found: Mapping[UUID | None, float], office_id: UUID) -> float:
    """The least that the budgets over an office leave."""
    if not found:
        return 1.0
    above = (found.get(office.id, 1.0) for office in known.chain(office_id))
    return min(found.get(None, 1.0), *above)


class Purse:
    """What may still be spent while a batch is sent. Without a budget, everything."""

    def __init__(self, room: list[tuple[frozenset[UUID] | None, float]]) -> None:
        self._room = room

    def take(self, office_id: UUID, segments: int) -> bool:
        """Pay for a message of an office's; False where a budget does not cover it, and then nothing is paid."""
        over = [n for n, (offices, _) in enumerate(self._room) if offices is None or office_id in offices]
        if any(self._room[n][1] < segments for n in over):
            return False
        for n in over:
            offices, left = self._room[n]
            self._room[n] = (offices, left - segments)
        return True


def purse(session: Session, now: datetime, wanted: int) -> Purse:
    """What may be spent on about `wanted` messages.

    Far from the limit the count of a minute ago is good enough. Near it the budgets are locked and the messages counted
    anew, so several workers together never pass it. Call it before any contact point is locked.
    """
    price = settings().sms_price
    limited = rows(session) if price else []
    if not limited:
        return Purse([])
    known = catalogue(session)
    spent = _spent(session, now)

    def left(row: AskingBudget) -> float:
        offices = covers(known, row.office_id)
        used = sum(number for office, number in spent.items() if offices is None or office in offices)
        return (row.amount or 0.0) / price - used

    today = now.astimezone(settings().zone).date()
    counted = session.exec(select(AskingDay.id).where(col(AskingDay.day) == today).limit(1)).first() is not None
    near = [row for row in limited if left(row) < NEAR * (row.amount or 0.0) / price + wanted * START_SEGMENTS]
    if near or not counted:
        session.exec(select(AskingBudget).order_by(col(AskingBudget.id)).with_for_update()).all()
        counts.refresh(session, now)
        spent = _spent(session, now)
    return Purse([(covers(known, row.office_id), left(row)) for row in limited])
