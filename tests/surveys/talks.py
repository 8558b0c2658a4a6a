"""A citizen who is asked the shipped questions and answers by message, for tests of the conversation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from channels.values import Channel
from core.database import Database
from core.ids import new_id
from domain.citizen import Citizen, ContactPoint
from domain.outbox import OutboundMessage
from domain.states import InvitationState
from domain.survey import Answer, Invitation, Survey, Transaction
from surveys import asking
from surveys.answers import Taken
from surveys.conversation import take
from surveys.flow import Condition, Kind, Option, Question, store
from tests.builders import NOW, Government

REASONS = ("wait", "staff", "papers", "closed", "other")
SHIPPED = (
    Question("rating", Kind.rating),
    Question(
        "reason",
        Kind.choice,
        options=tuple(Option(code, {}) for code in REASONS),
        when=(Condition("rating", low=1, high=3),),
    ),
    Question("money", Kind.yes_no),
    Question("minutes", Kind.number, when=(Condition("reason", frozenset({"wait"})),)),
    Question("words", Kind.text),
)


@dataclass
class Asked:
    """Somebody asked about one or several services on one channel. `now` moves when a test says so."""

    database: Database
    known: Government
    channel: Channel = Channel.sms
    questions: tuple[Question, ...] = SHIPPED
    now: datetime = NOW
    ids: list[Any] = field(default_factory=list)
    contact_id: Any = None

    def __post_init__(self) -> None:
        citizen, contact = Citizen(id=new_id(), created_at=NOW), new_id()
        self.contact_id = contact
        self.survey_id = new_id()
        with self.database.write() as session:
            session.add(citizen)
            session.flush()
            session.add(Survey(id=self.survey_id, code=f"s{contact}", questions=store(self.questions)))
            session.add(
                ContactPoint(
                    id=contact,
                    citizen_id=citizen.id,
                    channel=self.channel,
                    address="71",
                    address_index=str(contact),
                    hint="…71",
                    language="en",
                    created_at=NOW,
                )
            )
        self.invite()

    def invite(self, office: str = "CIV1", service: str = "passport") -> None:
        """One more service was rendered: its first question goes out."""
        transaction, invitation = new_id(), new_id()
        with self.database.write() as session:
            session.add(
                Transaction(
                    id=transaction,
                    source="registry",
                    external_id=str(transaction),
                    office_id=self.known.office[office],
                    service_id=self.known.service[service],
                    completed_at=self.now,
                    received_at=self.now,
                )
            )
            session.flush()
            row = Invitation(
                id=invitation,
                survey_id=self.survey_id,
                transaction_id=transaction,
                contact_point_id=self.contact_id,
                token=str(invitation),
                language="en",
                state=InvitationState.sent,
                sent_at=self.now,
            )
            session.add(row)
            session.flush()
            asking.put(session, row, self.questions[0], self.now)
        self.ids.append(invitation)

    def says(self, text: str, **values: Any) -> Taken | None:
        """A message of theirs, a minute after the last."""
        self.now += timedelta(minutes=1)
        with self.database.write() as session:
            contact = session.get_one(ContactPoint, self.contact_id, with_for_update=True)
            return take(session, contact, text, self.now, **values)

    def presses(self, question: str, place: int, survey: int = -1) -> Taken | None:
        """A button of theirs."""
        return self.says("x", button=asking.data_of(self.ids[survey], question, place))

    def answers(self, survey: int = -1) -> dict[str, Any]:
        """What was answered, by question."""
        return {
            code: row.text if row.text and code in ("reason", "words") else row.value
            for code, row in self.rows(survey).items()
        }

    def rows(self, survey: int = -1) -> dict[str, Answer]:
        """The answers' rows, by question."""
        with self.database.read() as session:
            found = session.exec(select(Answer).where(col(Answer.invitation_id) == self.ids[survey])).all()
            assert len({row.question for row in found}) == len(found)
            return {row.question: row for row in found}

    def invitation(self, survey: int = -1) -> Invitation:
        """The invitation as it is."""
        with self.database.read() as session:
            return session.get_one(Invitation, self.ids[survey])

    def sent(self) -> list[OutboundMessage]:
        """All that was written to them, in order."""
        with self.database.read() as session:
            mine = select(OutboundMessage).where(col(OutboundMessage.contact_point_id) == self.contact_id)
            return list(session.exec(mine.order_by(col(OutboundMessage.created_at), col(OutboundMessage.id))))

    def heard(self) -> list[str]:
        """The first lines of what was written to them."""
        return [row.body.split("\n")[0] for row in self.sent()]
