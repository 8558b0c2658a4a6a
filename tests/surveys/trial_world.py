"""Trials to test with: a registered one, and citizens who were served and are about to be asked."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from channels.values import Channel
from core.crypto import blind_index, mask
from core.ids import new_id
from domain.citizen import Citizen, ContactPoint
from domain.outbox import OutboundMessage
from domain.states import InvitationState, OutboxState, Purpose
from domain.survey import Answer, Invitation, Survey, Transaction
from domain.trial import Moment, Outcome, Trial
from surveys.definitions import QUESTIONS
from surveys.trial_arms import Arm, Subject, store
from tests.builders import NOW, Government

TWO = (Arm("As now", {"en": "{{ service }}, {{ office }}: how was it?"}), Arm("Short", {"en": "{{ office }}: 1 to 5?"}))


def trial(session: Session, **values: Any) -> Trial:
    """A trial that began a day ago, for everybody, of two wordings and the response."""
    given: dict[str, Any] = {
        "id": new_id(),
        "title": "Short wording",
        "hypothesis": "Fewer words bring more answers.",
        "moment": Moment.survey,
        "outcome": Outcome.response,
        "arms": TWO,
        "base": 0.3,
        "response": 0.3,
        "effect": 0.05,
        "alpha": 0.05,
        "power": 0.8,
        "planned": 1_000,
        "looks": 1,
        "days": 7,
        "seed": "a seed",
        "protocol": "As registered.",
        "registered_at": NOW - timedelta(days=2),
        "starts_at": NOW - timedelta(days=1),
        "confirmed_at": NOW - timedelta(days=2),
        **values,
    }
    row = Trial(**(given | {"arms": store(given["arms"])}))
    session.add(row)
    session.flush()
    return row


def survey(session: Session) -> UUID:
    """The standard survey."""
    row = Survey(id=new_id(), code="service", version=1, questions=QUESTIONS)
    session.add(row)
    session.flush()
    return row.id


def served(
    session: Session,
    known: Government,
    survey_id: UUID,
    number: int,
    *,
    office: str = "CIV1",
    language: str = "en",
    citizen: UUID | None = None,
    at: datetime = NOW,
) -> Subject:
    """A citizen (by default another for each number) whose survey is due."""
    person, address = citizen or new_id(), f"+35569{2_000_000 + number}"
    if citizen is None:
        session.add(Citizen(id=person, language=language, created_at=at))
    contact = ContactPoint(
        id=new_id(),
        citizen_id=person,
        channel=Channel.sms,
        address=address,
        address_index=blind_index("sms", address),
        hint=mask(address),
        language=language,
        created_at=at,
    )
    transaction = Transaction(
        id=new_id(),
        source="test",
        external_id=f"T-{number}",
        office_id=known.office[office],
        service_id=known.service["passport"],
        completed_at=at - timedelta(hours=1),
        received_at=at - timedelta(hours=1),
        contact_point_id=contact.id,
    )
    session.add_all([contact, transaction])
    session.flush()
    invitation = Invitation(
        id=new_id(),
        survey_id=survey_id,
        transaction_id=transaction.id,
        contact_point_id=contact.id,
        token=f"token-{number}",
        language=language,
        state=InvitationState.scheduled,
        due_at=at,
    )
    session.add(invitation)
    session.flush()
    tier = "service_centre" if office == "CIV1" else "district"
    return Subject(invitation.id, person, transaction.service_id, transaction.office_id, tier, language, Channel.sms)


def asked(session: Session, subject: Subject, at: datetime, *, delivered: bool = True) -> None:
    """Its message left."""
    invitation = session.get_one(Invitation, subject.id)
    invitation.state, invitation.sent_at = InvitationState.sent, at
    session.add(
        OutboundMessage(
            id=new_id(),
            dedupe_key=f"survey:{subject.id}",
            purpose=Purpose.survey,
            channel=Channel.sms,
            contact_point_id=invitation.contact_point_id,
            invitation_id=invitation.id,
            language="en",
            body="How was it?",
            state=OutboxState.delivered if delivered else OutboxState.failed,
            created_at=at,
            delivered_at=at if delivered else None,
        )
    )


def answered(session: Session, subject: Subject, rating: int, at: datetime, *, money: bool | None = None) -> None:
    """The citizen answered."""
    invitation = session.get_one(Invitation, subject.id)
    invitation.state, invitation.answered_at = InvitationState.answered, at
    for question, value in (("rating", rating), ("money", None if money is None else int(money))):
        if value is not None:
            session.add(
                Answer(
                    id=new_id(),
                    source_id=f"invitation:{subject.id}",
                    question=question,
                    invitation_id=subject.id,
                    office_id=subject.office_id,
                    service_id=subject.service_id,
                    channel=Channel.sms,
                    value=value,
                    answered_at=at,
                )
            )
