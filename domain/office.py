"""Offices: the government tree."""

from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from core.types import Json
from domain.base import Row
from domain.states import OfficeFunction, Tier


class Office(Row, table=True):
    """A node of the government tree. `places` lists the names (all spellings) of what it serves."""

    __tablename__ = "office"

    code: str = Field(unique=True, max_length=32)
    names: dict[str, str] = Field(sa_type=Json)
    tier: Tier = Field(sa_type=Text)
    function: OfficeFunction = Field(default=OfficeFunction.service, sa_type=Text)
    parent_id: UUID | None = Field(default=None, foreign_key="office.id", index=True)
    calendar_id: UUID | None = Field(default=None, foreign_key="calendar.id")
    places: list[str] = Field(default_factory=list, sa_type=Json)
    active: bool = True
