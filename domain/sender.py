"""Senders: the numbers messages leave from, and how many a second each may send."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from channels.values import Channel
from core.types import UtcDateTime
from domain.base import Row


class Sender(Row, table=True):
    """One sender of one channel: a number in E.164, a messaging service's SID, a bot's id or an e-mail address.

    It serves its office and all below that have none of their own; without an office it is the default, or only
    keeps the pace of the sender the settings name. `per_second` is its rate, None the rate of the settings; `next_at`
    is the first moment that no message has been promised yet.
    """

    __tablename__ = "sender"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    channel: Channel = Field(sa_type=Text)
    address: str
    office_id: UUID | None = Field(default=None, foreign_key="office.id", index=True)
    per_second: float | None = None
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    active: bool = True
