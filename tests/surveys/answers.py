"""Citizens who were served, asked and answered, written straight into the tables."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from channels.values import Channel
from core.ids import new_id
from domain.citizen import Citizen, ContactPoint
from domain.outbox import OutboundMessage
from domain.states import InvitationState, OutboxState, Purpose
from domain.survey import Answer, Invitation, Survey, Transaction
from tests.builders import Government


class Asking:
    """Writes one citizen after the other."""

    def __init__(self, session: Session, known: Government) -> None:
        self.session, self.known = session, known
        survey = Survey(code="s", questions=[])
        session.add(survey)
        session.flush()
        self.survey = survey.id

    def ask(
        self,
        office: str,
        at: datetime,
        answers: dict[str, int | str] | None = None,
        *,
        service: str = "passport",
        channel: Channel = Channel.sms,
        operator: str | None = None,
        probability: float | None = None,
        state: OutboxState = OutboxState.delivered,
        hours: float = 1.0,
    ) -> UUID:
        """One citizen asked at a moment, who gives these answers an hour later; the invitation's id."""
        citizen = Citizen(created_at=at)
        self.session.add(citizen)
        self.session.flush()
        contact = ContactPoint(
            citizen_id=citizen.id, channel=channel, address="x", address_index=str(citizen.id), hint="…", created_at=at
        )
        transaction = Transaction(
            source="x", external_id=str(citizen.id), office_id=self.known.office[office], operator=operator,
            service_id=self.known.service[service], completed_at=at - timedelta(hours=hours), received_at=at,
        )  # fmt: skip
        self.session.add_all([contact, transaction])
        self.session.flush()
        told = at + timedelta(hours=1)
        invitation = Invitation(
            survey_id=self.survey, transaction_id=transaction.id, contact_point_id=contact.id, token=str(new_id()),
            language="en", sent_at=at, probability=probability, answered_at=told if answers else None,
            state=InvitationState.answered if answers else InvitationState.sent,
        )  # fmt: skip
        self.session.add(invitation)
        self.session.flush()
        message = OutboundMessage(
            dedupe_key=str(invitation.id), purpose=Purpose.survey, channel=channel, state=state, language="en",
            body="?", contact_point_id=contact.id, invitation_id=invitation.id, created_at=at,
        )  # fmt: skip
        self.session.add(message)
        for question, value in (answers or {}).items():
            self._answer(f"invitation:{invitation.id}", office, service, question, value, told, channel, invitation.id)
        return invitation.id

    def tap(self, office: str, at: datetime, answers: dict[str, int | str], service: str = "passport") -> None:
        """A face tapped at the exit."""
        source = f"exit:{new_id()}"
        for question, value in answers.items():
            self._answer(source, office, service, question, value, at, Channel.kiosk, None)

    def _answer(
        self,
        source: str,
        office: str,
        service: str,
        question: str,
        value: int | str,
        at: datetime,
        channel: Channel,
        invitation: UUID | None,
    ) -> None:
        row = Answer(
            source_id=source, question=question, office_id=self.known.office[office], invitation_id=invitation,
            service_id=self.known.service[service], channel=channel, answered_at=at,
            value=value if isinstance(value, int) else None, text=value if isinstance(value, str) else None,
        )  # fmt: skip
        self.session.add(row)
