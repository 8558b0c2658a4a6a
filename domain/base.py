"""What every table shares."""

from uuid import UUID

from sqlalchemy import MetaData
from sqlmodel import Field, SQLModel

from core.ids import new_id

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """A table row, known by a time-ordered UUID."""

    id: UUID = Field(default_factory=new_id, primary_key=True)


def metadata() -> MetaData:
    """Metadata of all tables; import `domain.tables` first so that every one is known."""
    return SQLModel.metadata
