"""Kiosk devices: the tablets at the doors of offices."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from core.types import UtcDateTime
from domain.base import Row


class KioskDevice(Row, table=True):
    """One tablet, paired with an office by a code of one use. Only hashes of the code and the token are stored.

    `waiting` is how many answers it said it has not sent yet, at `seen_at`. `hand`: right or left.
    """

    __tablename__ = "kiosk_device"

    office_id: UUID = Field(foreign_key="office.id", index=True)
    name: str
    hand: str = "right"
    code_hash: str | None = Field(default=None, unique=True)
    code_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    token_hash: str | None = Field(default=None, unique=True)
    created_by: UUID | None = Field(default=None, foreign_key="staff.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    paired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    waiting: int = 0
    version: str = ""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
