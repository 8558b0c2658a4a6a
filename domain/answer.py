"""Writing an answer: saved replies, drafts, who is on a case, translations, and what each answer given was worth."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import Doing, ReplyState, Templated


class SavedReply(Row, table=True):
    """Words that are needed again and again: for an office and those below it, for one service or for all.

    Its words stand in its versions.
    """

    __tablename__ = "saved_reply"

    office_id: UUID = Field(foreign_key="office.id", index=True)
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    created_at: datetime = Field(sa_type=UtcDateTime)


class SavedReplyVersion(Row, table=True):
    """One version of a saved reply: `bodies` are its words by language. At most one is published at a time, by
    somebody other than who wrote it (None: it was brought in on the command line)."""

    __tablename__ = "saved_reply_version"
    __table_args__ = (UniqueConstraint("reply_id", "number"),)

    reply_id: UUID = Field(foreign_key="saved_reply.id")
    number: int
    state: ReplyState = Field(default=ReplyState.draft, sa_type=Text)
    title: str
    bodies: dict[str, str] = Field(sa_type=Json)
    written_by: UUID | None = Field(default=None, foreign_key="staff.id")
    written_at: datetime = Field(sa_type=UtcDateTime)
    published_by: UUID | None = Field(default=None, foreign_key="staff.id")
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GivenAnswer(Row, table=True):
    """An answer a person wrote, as it is compared and counted: `words` are folded, `templated` is why it may not count.

    `entry` is the number of the timeline entry that says it. `reply_id` is the saved reply it began as. One answer for
    a whole crowd is one row, of its lead.
    """

    __tablename__ = "given_answer"
    __table_args__ = (
        UniqueConstraint("case_id", "entry"),
        Index("ix_given_answer_staff_at", "staff_id", "at"),
        Index("ix_given_answer_at", "at"),
    )

    case_id: UUID = Field(foreign_key="case.id")
    entry: int
    staff_id: UUID = Field(foreign_key="staff.id")
    office_id: UUID = Field(foreign_key="office.id")
    at: datetime = Field(sa_type=UtcDateTime)
    words: str
    templated: Templated | None = Field(default=None, sa_type=Text)
    reply_id: UUID | None = Field(default=None, foreign_key="saved_reply.id", index=True)


class AnswerDraft(Row, table=True):
    """What somebody was writing in the answer box of a case; one for each person and case."""

    __tablename__ = "answer_draft"
    __table_args__ = (UniqueConstraint("case_id", "staff_id"),)

    case_id: UUID = Field(foreign_key="case.id")
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    text: str
    reply_id: UUID | None = Field(default=None, foreign_key="saved_reply.id")
    at: datetime = Field(sa_type=UtcDateTime)


class CasePresence(Row, table=True):
    """Somebody has a case before them, and what they do with it, as far as is known, `until` then."""

    __tablename__ = "case_presence"
    __table_args__ = (UniqueConstraint("case_id", "staff_id"),)

    case_id: UUID = Field(foreign_key="case.id")
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    doing: Doing = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    until: datetime = Field(sa_type=UtcDateTime)


class Translation(Row, table=True):
    """A citizen's words in another language, made by a machine. `entry` is the number of the timeline entry they stand
    in, `original` what was translated, as a digest."""

    __tablename__ = "translation"
    __table_args__ = (UniqueConstraint("case_id", "entry", "language"),)

    case_id: UUID = Field(foreign_key="case.id")
    entry: int
    language: str
    original: str
    text: str
    at: datetime = Field(sa_type=UtcDateTime)
