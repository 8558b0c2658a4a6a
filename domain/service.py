"""The service catalogue, and the routing table: service × place → office."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Field

from core.types import Json
from domain.base import Row


class Service(Row, table=True):
    """An entry of the service catalogue. Its code is the classifier's label.

    `keywords` and `examples` (whole sentences, as citizens would write them, in any language) teach the classifier
    before the first case arrives. `shared`: one matter of it is many people's at once, as a burst pipe is and a
    passport is not; None where its group says that (`SHARED_GROUPS`). `reminders`: so many days before what it issues
    expires, its citizens are told; `next_steps` says by language what to do then.
    """

    __tablename__ = "service"

    code: str = Field(unique=True, max_length=64)
    names: dict[str, str] = Field(sa_type=Json)
    group: str = ""
    keywords: list[str] = Field(default_factory=list, sa_type=Json)
    examples: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    shared: bool | None = None
    reminders: list[int] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    next_steps: dict[str, str] = Field(default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": "{}"})
    active: bool = True


SHARED_GROUPS = frozenset({"water", "roads", "municipal", "energy"})
"""Groups whose matters are many people's at once. Of any other, a likeness needs more to be taken for the same."""


class Area(Row, table=True):
    """A piece of the map, as GeoJSON (RFC 7946: WGS 84, longitude first): a Polygon or MultiPolygon."""

    __tablename__ = "area"

    code: str = Field(unique=True, max_length=64)
    names: dict[str, str] = Field(sa_type=Json)
    geometry: dict[str, object] = Field(sa_type=Json)
    active: bool = True


class Jurisdiction(Row, table=True):
    """A rule of the routing table: who answers for a topic in a place, from day to day.

    The topic is `service_id`, or a whole `group` of services, or with neither all of them. The place is one of `places`
    (names), or the map inside `area_id`, or what the office `within_id` and those below it serve; none of these means
    everywhere else. Of rules that fit, the closer topic and then the closer place applies.
    """

    __tablename__ = "jurisdiction"

    service_id: UUID | None = Field(default=None, foreign_key="service.id", index=True)
    group: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    places: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    area_id: UUID | None = Field(default=None, foreign_key="area.id")
    within_id: UUID | None = Field(default=None, foreign_key="office.id")
    office_id: UUID = Field(foreign_key="office.id")
    valid_from: date = date(1970, 1, 1)
    valid_to: date | None = None
    note: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
