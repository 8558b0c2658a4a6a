"""Histories of earlier systems: each bringing-over, and which case each of their lines became."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from core.types import UtcDateTime
from domain.base import Row


class PastImport(Row, table=True):
    """One bringing-over of a file. `source` names the earlier system, `answer` says in words what counted as the first
    human answer and who says so ("" where nothing did), `map` is the text of the map it was read by.

    `taken` lines became cases now, `known` had become ones before, `differing` of these read otherwise then.
    """

    __tablename__ = "past_import"

    source: str
    name: str
    sha256: str
    map: str = Field(sa_type=Text)
    answer: str = ""
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lines: int = 0
    taken: int = 0
    known: int = 0
    differing: int = 0
    refused: int = 0


class PastCase(Row, table=True):
    """A case as the earlier system knew it; unique, so that a line becomes one case. `digest` is of its cells."""

    __tablename__ = "past_case"
    __table_args__ = (UniqueConstraint("source", "external_id"),)

    source: str
    external_id: str
    case_id: UUID = Field(foreign_key="case.id", unique=True)
    import_id: UUID = Field(foreign_key="past_import.id", index=True)
    digest: str
