"""What surveys brought lately among some people: what a trial is planned from."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from domain.catalogue import Catalogue
from domain.citizen import ContactPoint
from domain.survey import Answer, Invitation, Transaction
from domain.trial import Outcome
from surveys import trials
from surveys.flow import MONEY, RATING

WEEKS = 13
PACE_DAYS = 28
FEWEST = 20
"""With fewer citizens asked, or fewer ratings, nothing is offered."""


@dataclass(frozen=True, slots=True)
class Lately:
    """Citizens asked and what came back; `per_day` are different citizens asked a day."""

    asked: int = 0
    answered: int = 0
    rated: int = 0
    total: int = 0
    squares: int = 0
    satisfied: int = 0
    money: int = 0
    per_day: float = 0.0

    @property
    def response(self) -> float | None:
        """The share that answered; None for too few."""
        return self.answered / self.asked if self.asked >= FEWEST else None

    @property
    def spread(self) -> float | None:
        """The standard deviation of the ratings; None for too few."""
        if self.rated < FEWEST:
            return None
        mean = self.total / self.rated
        return float(max(0.05, ((self.squares - self.rated * mean * mean) / (self.rated - 1)) ** 0.5))

    def of(self, outcome: Outcome) -> float | None:
        """An outcome as it was; None for too few."""
        match outcome:
            case Outcome.response:
                return self.response
            case Outcome.money:
                return self.money / self.asked if self.asked >= FEWEST else None
            case Outcome.satisfied:
                return self.satisfied / self.rated if self.rated >= FEWEST else None
            case Outcome.rating:
                return self.total / self.rated if self.rated >= FEWEST else None


def lately(session: Session, known: Catalogue, stored: dict[str, list[str]], now: datetime) -> Lately:
    """The last 13 weeks among a population as a trial keeps it, and the pace of the last four."""
    whom, rating, money = trials.population(known, stored), aliased(Answer), aliased(Answer)

    def of(answer: type[Answer], question: str) -> object:
        return and_(col(answer.invitation_id) == col(Invitation.id), col(answer.question) == question)

    def number(of: object) -> object:
        return func.coalesce(func.sum(case((of, 1), else_=0)), 0)  # type: ignore[arg-type]

    recent = case((col(Invitation.sent_at) > now - timedelta(days=PACE_DAYS), col(ContactPoint.citizen_id)), else_=None)
    query = (
        select(  # type: ignore[call-overload]
            func.count(),
            number(col(Invitation.answered_at).is_not(None)),
            func.count(col(rating.id)),
            func.coalesce(func.sum(col(rating.value)), 0),
            func.coalesce(func.sum(col(rating.value) * col(rating.value)), 0),
            number(col(rating.value) >= 4),
            number(col(money.value) == 1),
            func.count(recent.distinct()),
        )
        .select_from(Invitation)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .join(ContactPoint, col(ContactPoint.id) == col(Invitation.contact_point_id))
        .join(rating, of(rating, RATING), isouter=True)
        .join(money, of(money, MONEY), isouter=True)
        .where(col(Invitation.sent_at) > now - timedelta(weeks=WEEKS), col(Invitation.sent_at) <= now)
    )
    for column, wanted in (
        (col(Transaction.service_id), whom.services),
        (col(Transaction.office_id), whom.offices),
        (col(Invitation.language), whom.languages),
        (col(ContactPoint.channel), whom.channels),
    ):
        if wanted is not None:
            query = query.where(column.in_(wanted))
    *counts, citizens = session.execute(query).one()
    return replace(Lately(*map(int, counts)), per_day=int(citizens) / PACE_DAYS)
