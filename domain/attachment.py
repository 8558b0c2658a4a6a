"""Photos, voice, documents and recordings that came along with what a citizen told us."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from channels.values import Channel
from core.claims import Claimable
from core.types import Encrypted, UtcDateTime
from domain.base import Row


class AttachmentState(StrEnum):
    """Life of an attachment: fetched from its provider where it came by one, then kept or refused with a reason."""

    waiting = "waiting"
    stored = "stored"
    refused = "refused"
    failed = "failed"


class Attachment(Row, Claimable, table=True):
    """One file. Its bytes lie encrypted in the data folder under its id, never under a name somebody chose.

    `kind` is a word of `channels.values.Attachment`. `source` is the provider's address of it, or empty for what was
    uploaded. `upload_key` joins the uploads of a form that is not sent yet. `entry` is the number of the timeline
    entry it belongs to. `size` in bytes; `sha256` of what is kept, in hex. `why` says in words why it was refused.
    `scan`: clean, or empty where no scanner is set. `transcript` is what staff heard in a recording.
    """

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_state_due_at", "state", "due_at"),)

    kind: str
    channel: Channel = Field(sa_type=Text)
    source: str = ""
    name: str = Field(default="", sa_type=Encrypted)
    content_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    state: AttachmentState = Field(default=AttachmentState.waiting, sa_type=Text)
    why: str | None = None
    scan: str = ""
    upload_key: str | None = Field(default=None, index=True)
    inbound_id: UUID | None = Field(default=None, foreign_key="inbound_message.id", index=True)
    case_id: UUID | None = Field(default=None, foreign_key="case.id", index=True)
    book_page_id: UUID | None = Field(default=None, foreign_key="book_page.id", index=True)
    entry: int | None = None
    transcript: str | None = Field(default=None, sa_type=Encrypted)
    transcript_by: UUID | None = Field(default=None, foreign_key="staff.id")
    transcript_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
