"""The service catalogue, and the routing table: service × place → office."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from core.types import Json
from domain.base import Row


class Service(Row, table=True):
    """An entry of the service catalogue. Its code is the classifier's label."""

    __tablename__ = "service"

    code: str = Field(unique=True, max_length=64)
    names: dict[str, str] = Field(sa_type=Json)
    group: str = ""
    keywords: list[str] = Field(default_factory=list, sa_type=Json)
    active: bool = True


class Jurisdiction(Row, table=True):
    """Who answers for a service in a place, from day to day. An empty place means everywhere else."""

    __tablename__ = "jurisdiction"

    service_id: UUID = Field(foreign_key="service.id", index=True)
    place: str = ""
    office_id: UUID = Field(foreign_key="office.id")
    valid_from: date = date(1970, 1, 1)
    valid_to: date | None = None
