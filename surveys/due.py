"""Invitations that are due, with what decides about each: read and locked at once for a whole batch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.case import Case
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OPEN_STATES, OutboxState
from domain.survey import Invitation, Survey, Transaction
from surveys import asking
from surveys.flow import Question, following
from surveys.plans import Plan, Plans

FAILED = (OutboxState.failed, OutboxState.cancelled, OutboxState.unknown)
"""What became of a question that no reminder may follow."""

Pair = tuple[UUID, UUID | None]


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed invitation with what decides about it; `contacts` are all addresses of its citizen, `question` is the
    first of its survey."""

    invitation: Invitation
    transaction: Transaction
    contacts: Sequence[ContactPoint]
    plan: Plan
    question: Question | None

    @property
    def own(self) -> ContactPoint:
        """The address the invitation was made for."""
        return next(one for one in self.contacts if one.id == self.invitation.contact_point_id)

    @property
    def asked_at(self) -> datetime | None:
        """When the citizen was last asked, on whichever address."""
        return max((one.last_survey_at for one in self.contacts if one.last_survey_at), default=None)


def load(session: Session, ids: Collection[UUID], made: Plans) -> list[Due]:
    """Claimed invitations, oldest due first; their citizens' contact points are locked in one order, so that two
    workers never ask one citizen twice."""
    rows = session.exec(
        select(Invitation, Transaction)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .where(col(Invitation.id).in_(ids))
    ).all()
    citizens = select(ContactPoint.citizen_id).where(
        col(ContactPoint.id).in_({invitation.contact_point_id for invitation, _ in rows})
    )
    contacts = session.exec(
        select(ContactPoint)
        .where(col(ContactPoint.citizen_id).in_(citizens))
        .order_by(col(ContactPoint.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    by_citizen: dict[UUID, list[ContactPoint]] = {}
    for contact in contacts:
        by_citizen.setdefault(contact.citizen_id, []).append(contact)
    citizen = {contact.id: contact.citizen_id for contact in contacts}
    surveys = select(Survey).where(col(Survey.id).in_({invitation.survey_id for invitation, _ in rows}))
    questions = {survey.id: following(asking.questions_in(survey), {}) for survey in session.exec(surveys)}
    found = [
        Due(
            invitation,
            transaction,
            by_citizen[citizen[invitation.contact_point_id]],
            made.of(transaction.service_id),
            questions[invitation.survey_id],
        )
        for invitation, transaction in rows
    ]
    return sorted(found, key=lambda due: (due.invitation.due_at or due.transaction.completed_at, due.invitation.id))


def with_open_case(session: Session, contacts: Collection[UUID]) -> set[Pair]:
    """Contact points and services with an open case."""
    return {
        (contact, service)
        for contact, service in session.exec(
            select(Case.contact_point_id, Case.service_id).where(
                col(Case.contact_point_id).in_(contacts), col(Case.state).in_(OPEN_STATES)
            )
        )
        if contact is not None
    }


def failed_of(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Invitations of which a message did not arrive, or nobody knows whether it did."""
    if not ids:
        return set()
    rows = session.exec(
        select(OutboundMessage.invitation_id).where(
            col(OutboundMessage.invitation_id).in_(ids), col(OutboundMessage.state).in_(FAILED)
        )
    )
    return {one for one in rows if one is not None}
