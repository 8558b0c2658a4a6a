"""Column types: aware UTC times, encrypted text, JSON."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Text, types
from sqlalchemy.dialects.postgresql import JSONB

from core import crypto


class UtcDateTime(types.TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC on every database. A naive one is refused: it names no moment."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; give an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Encrypted(types.TypeDecorator[str]):
    """Text that is AES-GCM encrypted in the database and plain in memory."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else crypto.encrypt(value)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else crypto.decrypt(value)


Json = JSON().with_variant(JSONB(), "postgresql")
"""JSON column: JSONB on PostgreSQL."""
