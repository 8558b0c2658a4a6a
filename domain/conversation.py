"""Conversations: what we asked a citizen who writes by SMS, WhatsApp or Telegram, and what they said so far."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from core.claims import Claimable
from core.types import Json, UtcDateTime
from domain.base import Row


class Conversation(Row, Claimable, table=True):
    """The one open conversation of a contact point; gone when it ended.

    `state` is a step of the state machine that runs it; `due_at` is when it ends by itself. `asked` counts our
    questions. `inbound_id` is the message it began with, `case_id` the case it is about, once there is one.
    """

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_state_due_at", "state", "due_at"),)

    contact_point_id: UUID = Field(foreign_key="contact_point.id", unique=True)
    state: str
    gathered: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    asked: int = 0
    inbound_id: UUID | None = Field(default=None, foreign_key="inbound_message.id")
    case_id: UUID | None = Field(default=None, foreign_key="case.id", index=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
