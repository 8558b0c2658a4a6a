"""A trial's arms counted: how many were assigned, reached, answered and what they said."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from domain.citizen import ContactPoint
from domain.closing import SolvedQuestion, SolvedState
from domain.ledger import Reminder
from domain.outbox import OutboundMessage
from domain.states import Purpose
from domain.survey import Answer, Invitation, Transaction
from domain.trial import Moment, Outcome, Trial, TrialAssignment
from surveys.flow import MONEY, RATING
from surveys.trial_maths import Mean, Sample, Share

SATISFIED = 4
"""A rating from here on counts as satisfied."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One arm in numbers of citizens. `total` and `squares` are sums of ratings and of their squares."""

    assigned: int = 0
    sent: int = 0
    delivered: int = 0
    answered: int = 0
    opted_out: int = 0
    rated: int = 0
    total: int = 0
    squares: int = 0
    satisfied: int = 0
    money: int = 0
    solved: int = 0

    def sample(self, outcome: Outcome) -> Sample:
        """What an outcome is judged by."""
        match outcome:
            case Outcome.response | Outcome.renewed:
                return Share(self.assigned, self.answered)
            case Outcome.money:
                return Share(self.assigned, self.money)
            case Outcome.solved:
                return Share(self.assigned, self.solved)
            case Outcome.satisfied:
                return Share(self.rated, self.satisfied)
            case Outcome.rating:
                mean = self.total / self.rated if self.rated else 0.0
                spread = self.squares - self.rated * mean * mean
                return Mean(self.rated, mean, max(0.0, spread / (self.rated - 1)) if self.rated > 1 else 0.0)


def tally(session: Session, trial: Trial, upto: int) -> list[Tally]:
    """The arms in numbers, of the first `upto` citizens assigned; only what came in each one's own time counts."""
    kinds = {Moment.solved: _of_closings, Moment.expiring: _of_reminders}
    query = kinds.get(Moment(trial.moment), _of_surveys)()
    query = query.where(col(TrialAssignment.trial_id) == trial.id, col(TrialAssignment.number) <= upto)
    found = {
        arm: Tally(*map(int, counts)) for arm, *counts in session.execute(query.group_by(col(TrialAssignment.arm)))
    }
    return [found.get(arm, Tally()) for arm in range(len(trial.arms))]


def _of_surveys() -> Any:
    row, rating, money = TrialAssignment, aliased(Answer), aliased(Answer)
    message = _message(OutboundMessage.invitation_id, Invitation.id, Purpose.survey)
    return (
        select(  # type: ignore[call-overload]
            col(row.arm),
            func.count(),
            _number(exists(message)),
            _number(exists(message.where(col(OutboundMessage.delivered_at).is_not(None)))),
            _number(col(Invitation.answered_at) <= col(row.until)),
            _number(_left()),
            func.count(col(rating.id)),
            func.coalesce(func.sum(col(rating.value)), 0),
            func.coalesce(func.sum(col(rating.value) * col(rating.value)), 0),
            _number(col(rating.value) >= SATISFIED),
            _number(col(money.value) == 1),
        )
        .join(Invitation, col(Invitation.id) == col(row.invitation_id))
        .join(ContactPoint, col(ContactPoint.id) == col(Invitation.contact_point_id))
        .join(rating, _answer_of(rating, RATING), isouter=True)
        .join(money, _answer_of(money, MONEY), isouter=True)
    )


def _of_closings() -> Any:
    """Of citizens who were asked whether their closed case is solved."""
    row = TrialAssignment
    message = _message(OutboundMessage.case_id, SolvedQuestion.case_id, Purpose.solved)
    in_time = col(SolvedQuestion.answered_at) <= col(row.until)
    nothing = literal(0)
    return (
        select(  # type: ignore[call-overload]
            col(row.arm),
            func.count(),
            _number(exists(message)),
            _number(exists(message.where(col(OutboundMessage.delivered_at).is_not(None)))),
            _number(in_time),
            _number(_left()),
            *[nothing] * 5,
            _number(and_(in_time, col(SolvedQuestion.state) == SolvedState.yes)),
        )
        .join(SolvedQuestion, col(SolvedQuestion.id) == col(row.solved_id))
        .join(ContactPoint, col(ContactPoint.id) == col(SolvedQuestion.contact_point_id), isouter=True)
    )


def _of_reminders() -> Any:
    """Of citizens who were told that something expires: to come again in time is their answer."""
    row, message = TrialAssignment, aliased(OutboundMessage)
    told = select(message.id).where(
        col(message.contact_point_id) == col(Reminder.contact_point_id),
        col(message.purpose) == Purpose.reminder,
        col(message.created_at) == col(Reminder.sent_at),
    )
    told = told.correlate(Reminder)
    return (
        select(  # type: ignore[call-overload]
            col(row.arm),
            func.count(),
            _number(col(Reminder.sent_at).is_not(None)),
            _number(exists(told.where(col(message.delivered_at).is_not(None)))),
            _number(came_again(col(row.assigned_at), col(row.until))),
            _number(_left()),
            *[literal(0)] * 6,
        )
        .join(Reminder, col(Reminder.id) == col(row.reminder_id))
        .join(Transaction, col(Transaction.id) == col(Reminder.transaction_id))
        .join(ContactPoint, col(ContactPoint.id) == col(Reminder.contact_point_id))
    )


def came_again(since: Any, until: Any) -> Any:
    """Whether the citizen of a joined contact point got the service of the joined transaction again in this time."""
    later, theirs = aliased(Transaction), aliased(ContactPoint)
    return exists(
        select(later.id)
        .join(theirs, col(theirs.id) == col(later.contact_point_id))
        .where(
            col(theirs.citizen_id) == col(ContactPoint.citizen_id),
            col(later.service_id) == col(Transaction.service_id),
            col(later.completed_at).between(since, until),
        )
        .correlate_except(later, theirs)
    )


def _message(column: Any, about: Any, purpose: Purpose) -> Any:
    """Messages of a purpose that left after their citizen entered the trial."""
    return (
        select(OutboundMessage.id)
        .where(
            col(column) == col(about),
            col(OutboundMessage.purpose) == purpose,
            col(OutboundMessage.created_at) >= col(TrialAssignment.assigned_at),
        )
        .correlate_except(OutboundMessage)
    )


def _left() -> Any:
    """Whether somebody opted out after they entered, in time."""
    row = TrialAssignment
    return or_(
        col(ContactPoint.opted_out_at).between(col(row.assigned_at), col(row.until)),
        col(ContactPoint.no_surveys_at).between(col(row.assigned_at), col(row.until)),
    )


def _number(of: Any) -> Any:
    return func.coalesce(func.sum(case((of, 1), else_=0)), 0)


def _answer_of(answer: type[Answer], question: str) -> object:
    return and_(
        col(answer.invitation_id) == col(Invitation.id),
        col(answer.question) == question,
        col(answer.answered_at) <= col(TrialAssignment.until),
    )
