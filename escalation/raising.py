"""What the sweep hands on of a rung of which the citizen is to hear."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Raised:
    """A rung that climbed and of which the citizen is to hear: the case, and the step that was reached."""

    case_id: UUID
    step: str


OnRaised = Callable[[Session, Raised, datetime], None]
"""Tells the citizen, in the transaction in which the rung climbs."""


def nothing_more(session: Session, raised: Raised, now: datetime) -> None:
    """Where nobody is to hear of it."""
