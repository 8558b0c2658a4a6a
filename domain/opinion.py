"""What a model that is only being tried says of new cases."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from core.types import UtcDateTime
from domain.base import Row


class Opinion(Row, table=True):
    """What a candidate model, running in the shadow, would have said of a new case."""

    __tablename__ = "opinion"
    __table_args__ = (UniqueConstraint("case_id", "model"),)

    case_id: UUID = Field(foreign_key="case.id", index=True)
    model: str = Field(index=True)
    label: str
    probability: float
    confident: bool
    at: datetime = Field(sa_type=UtcDateTime)
