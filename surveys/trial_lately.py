"""What surveys brought lately among some people: what a trial is planned from."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, literal
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from domain.case import Case
from domain.catalogue import Catalogue
from domain.citizen import ContactPoint
from domain.closing import SolvedQuestion, SolvedState
from domain.ledger import Reminder
from domain.survey import Answer, Invitation, Transaction
from domain.trial import Moment, Outcome
from surveys import trials
from surveys.flow import MONEY, RATING
from surveys.trial_tally import SATISFIED, came_again

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
    solved: int = 0
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
            case Outcome.response | Outcome.renewed:
                return self.response
            case Outcome.solved:
                return self.solved / self.asked if self.asked >= FEWEST else None
            case Outcome.money:
                return self.money / self.asked if self.asked >= FEWEST else None
            case Outcome.satisfied:
                return self.satisfied / self.rated if self.rated >= FEWEST else None
            case Outcome.rating:
                return self.total / self.rated if self.rated >= FEWEST else None


def lately(
    session: Session, known: Catalogue, stored: dict[str, list[str]], now: datetime, moment: Moment = Moment.survey
) -> Lately:
    """The last 13 weeks among a population as a trial keeps it, and the pace of the last four."""
    whom = trials.population(known, stored)
    kinds = {Moment.solved: _closings, Moment.expiring: _reminders}
    query = kinds.get(moment, _surveys)(now)
    about = Case if moment is Moment.solved else Transaction
    languages = {Moment.solved: ContactPoint.language, Moment.expiring: Reminder.language}
    language = languages.get(moment, Invitation.language)
    for column, wanted in (
        (col(about.service_id), whom.services),
        (col(about.office_id), whom.offices),
        (col(language), whom.languages),
        (col(ContactPoint.channel), whom.channels),
    ):
        if wanted is not None:
            query = query.where(column.in_(wanted))
    *counts, citizens = session.execute(query).one()
    return replace(Lately(*map(int, counts)), per_day=int(citizens) / PACE_DAYS)


def _surveys(now: datetime) -> Any:
    rating, money = aliased(Answer), aliased(Answer)

    def of(answer: type[Answer], question: str) -> object:
        return and_(col(answer.invitation_id) == col(Invitation.id), col(answer.question) == question)

    return (
        select(  # type: ignore[call-overload]
            func.count(),
            _number(col(Invitation.answered_at).is_not(None)),
            func.count(col(rating.id)),
            func.coalesce(func.sum(col(rating.value)), 0),
            func.coalesce(func.sum(col(rating.value) * col(rating.value)), 0),
            _number(col(rating.value) >= SATISFIED),
            _number(col(money.value) == 1),
            literal(0),
            _recent(Invitation.sent_at, now),
        )
        .select_from(Invitation)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .join(ContactPoint, col(ContactPoint.id) == col(Invitation.contact_point_id))
        .join(rating, of(rating, RATING), isouter=True)
        .join(money, of(money, MONEY), isouter=True)
        .where(col(Invitation.sent_at) > now - timedelta(weeks=WEEKS), col(Invitation.sent_at) <= now)
    )


def _closings(now: datetime) -> Any:
    """Questions whether a case is solved; what only the integrity office or others than the accused see is left out."""
    return (
        select(  # type: ignore[call-overload]
            func.count(),
            _number(col(SolvedQuestion.answered_at).is_not(None)),
            *[literal(0)] * 5,
            _number(col(SolvedQuestion.state) == SolvedState.yes),
            _recent(SolvedQuestion.asked_at, now),
        )
        .select_from(SolvedQuestion)
        .join(Case, col(Case.id) == col(SolvedQuestion.case_id))
        .join(ContactPoint, col(ContactPoint.id) == col(SolvedQuestion.contact_point_id))
        .where(
            col(SolvedQuestion.asked_at) > now - timedelta(weeks=WEEKS),
            col(SolvedQuestion.asked_at) <= now,
            col(Case.integrity).is_(False),
            col(Case.about_office_id).is_(None),
            col(Case.about_staff_id).is_(None),
        )
    )


def _reminders(now: datetime) -> Any:
    """Reminders before something expires; to come again since is the answer."""
    return (
        select(  # type: ignore[call-overload]
            func.count(),
            _number(came_again(col(Reminder.sent_at), now)),
            *[literal(0)] * 6,
            _recent(Reminder.sent_at, now),
        )
        .select_from(Reminder)
        .join(Transaction, col(Transaction.id) == col(Reminder.transaction_id))
        .join(ContactPoint, col(ContactPoint.id) == col(Reminder.contact_point_id))
        .where(col(Reminder.sent_at) > now - timedelta(weeks=WEEKS), col(Reminder.sent_at) <= now)
    )


def _number(of: Any) -> Any:
    return func.coalesce(func.sum(case((of, 1), else_=0)), 0)


def _recent(at: Any, now: datetime) -> Any:
    """How many different citizens were asked in the days of the pace."""
    since = now - timedelta(days=PACE_DAYS)
    return func.count(case((col(at) > since, col(ContactPoint.citizen_id)), else_=None).distinct())
