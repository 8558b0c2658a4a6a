"""The inbox: one row per message or receipt a provider ever delivered to us."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from channels.values import Channel
from core.claims import Claimable
from core.types import Encrypted, Json, UtcDateTime
from domain.base import Row
from domain.states import InboxState


class InboxKind(StrEnum):
    """What an inbox row holds."""

    message = "message"
    receipt = "receipt"
    contact = "contact"


class InboundMessage(Row, Claimable, table=True):
    """What arrived, once: unique on (channel, account, provider id). Sender and words are encrypted at rest.

    `message_key` is what replies and edits call the message by (a Telegram chat and message, an e-mail's Message-ID);
    `group_key` joins the parts of one album.
    """

    __tablename__ = "inbound_message"
    __table_args__ = (
        UniqueConstraint("channel", "account", "provider_id"),
        Index("ix_inbound_message_state_due_at", "state", "due_at"),
        Index("ix_inbound_message_message_key", "message_key"),
        Index("ix_inbound_message_sender_received", "sender_index", "received_at"),
    )

    kind: InboxKind = Field(default=InboxKind.message, sa_type=Text)
    channel: Channel = Field(sa_type=Text)
    account: str
    provider_id: str
    sender: str = Field(default="", sa_type=Encrypted)
    sender_index: str = ""
    recipient: str = ""
    text: str = Field(default="", sa_type=Encrypted)
    details: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    state: InboxState = Field(default=InboxState.received, sa_type=Text)
    outcome: str | None = None
    message_key: str | None = None
    group_key: str | None = None
    case_id: UUID | None = Field(default=None, foreign_key="case.id")
