"""The messages that leave when a rung climbs: one for each person and channel its step names. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from channels.values import Channel
from core.ids import new_id
from domain.reach import Matter, ReachState
from notifications.staff_channels import USUAL

COLUMNS = (
    "id",
    "staff_id",
    "about",
    "case_id",
    "clock_id",
    "rung",
    "channel",
    "urgent",
    "text",
    "state",
    "created_at",
    "due_at",
    "attempts",
)


def channels_of(rung: Mapping[str, object], ready: frozenset[Channel]) -> tuple[Channel, ...]:
    """By which channels a step tells, besides in the program: what it says, else `USUAL`; none but those set up.

    One that names only what is not set up tells by e-mail.
    """
    said = rung.get("by")
    asked = USUAL if said is None else tuple(Channel(str(one)) for one in said if isinstance(one, str))  # type: ignore[attr-defined]
    found = tuple(channel for channel in asked if channel in ready)
    return found or tuple(channel for channel in USUAL if asked and channel in ready)


def messages(
    row: RowMapping,
    rung: Mapping[str, object],
    told: Iterable[tuple[UUID, str]],
    now: datetime,
    ready: frozenset[Channel],
) -> list[tuple[Any, ...]]:
    """Rows of `StaffMessage`, as `COLUMNS`. `row` is the rung as the sweep reads it; `told` are people and words."""
    head = Matter.rung.value, row["case_id"], row["clock_id"], row["number"]
    tail = ReachState.queued.value, now, now, 0
    urgent, ways = row["urgency"] is not None, channels_of(rung, ready)
    return [(new_id(), staff_id, *head, way.value, urgent, text, *tail) for staff_id, text in told for way in ways]
