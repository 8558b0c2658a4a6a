"""The outbox: one row per message that leaves, written in the transaction that decided it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, false, text
from sqlmodel import Field

from channels.values import Channel
from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import OutboxState, Purpose

_SURVEY = text("purpose = 'survey'")
FIRST = text("state = 'queued' AND NOT bulk")
"""What is sent before anything else."""


class OutboundMessage(Row, Claimable, table=True):
    """A message to a citizen. `dedupe_key` is unique: the same message is never written, so never sent, twice.

    `sender` is the address it leaves from where that is not the channel's only one. `reply_to` is the message of the
    citizen it answers, as the provider calls it, and `replaces` the message of ours that this one follows and whose
    buttons go. `fallback_of` is the message that did not arrive, for which this one stands. `bulk` is what nobody waits
    for, such as the first question of a survey: everything else overtakes it.
    """

    __tablename__ = "outbound_message"
    __table_args__ = (
        Index("ix_outbound_message_state_due_at", "state", "due_at"),
        Index("ix_outbound_message_provider_id", "provider_id"),
        Index("ix_outbound_message_contact_created", "contact_point_id", "created_at"),
        Index("ix_outbound_message_first", "due_at", postgresql_where=FIRST, sqlite_where=FIRST),
        Index("ix_outbound_message_survey", "created_at", postgresql_where=_SURVEY, sqlite_where=_SURVEY),
    )

    dedupe_key: str = Field(unique=True)
    purpose: Purpose = Field(sa_type=Text)
    channel: Channel = Field(sa_type=Text)
    contact_point_id: UUID = Field(foreign_key="contact_point.id", index=True)
    case_id: UUID | None = Field(default=None, foreign_key="case.id", index=True)
    invitation_id: UUID | None = Field(default=None, foreign_key="invitation.id", index=True)
    language: str
    body: str
    subject: str | None = None
    buttons: list[list[dict[str, str]]] = Field(default_factory=list, sa_type=Json)
    state: OutboxState = Field(default=OutboxState.queued, sa_type=Text)
    account: str | None = None
    provider_id: str | None = None
    sender: str | None = None
    segments: int | None = None
    reply_to: str | None = None
    replaces: str | None = None
    fallback_of: UUID | None = Field(default=None, foreign_key="outbound_message.id", index=True)
    failure: str | None = None
    bulk: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    created_at: datetime = Field(sa_type=UtcDateTime)
    sending_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
