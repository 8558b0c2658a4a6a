"""Transactions, surveys, invitations and answers."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from channels.values import Channel
from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import InvitationState, SurveyKind, SurveyState


class Transaction(Row, table=True):
    """One completed service, reported by an agency's system; unique on the agency's own id.

    `not_asked` says why nobody could be invited: no_number, unusable_number, landline, no_survey; or why nobody was:
    not_drawn, budget. While it is empty and there is no contact, the citizen is still to be looked up. `probability` is
    the chance it had of being drawn, None where nobody could be asked. `expires_on` is the last day of what was issued.
    `given_mark` is a keyed digest of what was reported, to tell a repeat from a contradiction.

    Office and service are no foreign keys: both were looked up by their codes and neither is ever deleted, while
    checking them row by row takes PostgreSQL as long as writing them (ADR 33).
    """

    __tablename__ = "transaction"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_transaction_office_completed", "office_id", "completed_at"),
        Index("ix_transaction_received", "received_at", postgresql_using="brin"),
        Index(
            "ix_transaction_contact_point_id",
            "contact_point_id",
            postgresql_where=text("contact_point_id IS NOT NULL"),
            sqlite_where=text("contact_point_id IS NOT NULL"),
        ),
        Index(
            "ix_transaction_expires_on",
            "expires_on",
            postgresql_where=text("expires_on IS NOT NULL"),
            sqlite_where=text("expires_on IS NOT NULL"),
        ),
    )

    source: str
    external_id: str
    office_id: UUID
    service_id: UUID
    operator: str | None = None
    completed_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    contact_point_id: UUID | None = Field(default=None, foreign_key="contact_point.id")
    language: str | None = None
    not_asked: str | None = None
    probability: float | None = None
    expires_on: date | None = None
    given_mark: str | None = None


class Survey(Row, table=True):
    """One version of a set of questions, for one service or for all. What `surveys.flow.read` makes of `questions`.

    A version that was published never changes; each invitation keeps the one it was made with. `writers` are all who
    changed it while it was a draft: whoever publishes it is none of them. `note` says what is new, for who reads it.
    A version without `published_by` came with Ombud.
    """

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("code", "version"),)

    code: str
    version: int = 1
    kind: SurveyKind = Field(
        default=SurveyKind.service, sa_type=Text, sa_column_kwargs={"server_default": SurveyKind.service}
    )
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    title: str = ""
    note: str = ""
    questions: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    state: SurveyState = Field(
        default=SurveyState.published, sa_type=Text, sa_column_kwargs={"server_default": SurveyState.published}
    )
    writers: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    written_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_by: UUID | None = Field(default=None, foreign_key="staff.id")
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


_SENT = text("state = 'sent'")
_ANSWERED = text("answered_at IS NOT NULL")


class Invitation(Row, Claimable, table=True):
    """Asking one citizen about one transaction: at most once.

    `asking` is the code of the question that was put last and is still open; `asked` lists each that was put, with
    `question`, `at` and the `message` (id of the outbox row) that put it. `probability` is the chance with which this
    transaction was drawn, None where all were asked. `due_at` of one that was sent is when its reminder is due;
    `noticed_at` and `reminded_at` say when the notice before and the reminder after the question were written.
    `unclear` is the one reply we asked about: its `text`, the questions it may answer (`between`), `at`, and whether we
    still wait to hear (`open`).
    """

    __tablename__ = "invitation"
    __table_args__ = (
        Index("ix_invitation_state_due_at", "state", "due_at"),
        Index("ix_invitation_open", "sent_at", postgresql_where=_SENT, sqlite_where=_SENT),
        Index("ix_invitation_answered", "answered_at", postgresql_where=_ANSWERED, sqlite_where=_ANSWERED),
    )

    survey_id: UUID = Field(foreign_key="survey.id")
    transaction_id: UUID = Field(foreign_key="transaction.id", unique=True)
    contact_point_id: UUID = Field(foreign_key="contact_point.id", index=True)
    token: str = Field(unique=True)
    language: str
    state: InvitationState = Field(default=InvitationState.scheduled, sa_type=Text)
    why: str | None = None
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asking: str | None = None
    asked: list[dict[str, object]] = Field(
        default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"}
    )
    probability: float | None = None
    noticed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unclear: dict[str, object] | None = Field(default=None, sa_type=Json)


class Answer(Row, table=True):
    """What came back to one question: of an invitation, or of an exit survey (then `invitation_id` is empty).

    `source_id` is unique per way in, so a repeated press or message counts once. `history` keeps what was corrected.
    `kiosk_device_id` is the paired tablet it was tapped on, where it was one.
    """

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("source_id", "question"),
        Index("ix_answer_service_answered", "service_id", "answered_at"),
        Index("ix_answer_office_answered", "office_id", "answered_at"),
    )

    source_id: str
    question: str
    invitation_id: UUID | None = Field(default=None, foreign_key="invitation.id", index=True)
    office_id: UUID = Field(foreign_key="office.id")
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    kiosk_device_id: UUID | None = Field(default=None, foreign_key="kiosk_device.id")
    channel: Channel = Field(sa_type=Text)
    value: int | None = None
    text: str | None = None
    answered_at: datetime = Field(sa_type=UtcDateTime)
    history: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
