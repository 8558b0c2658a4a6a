"""What others told us about the same thing: counted, never shown one by one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.case import Case
from domain.states import OPEN_STATES, CaseState
from domain.visibility import countable

RECENT = timedelta(days=45)
FEWEST = 3
"""Fewer are not told of: one or two could be known by their neighbours."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Open cases about one service in one place: how many, since when, and how many of them have an answer (None where
    so few have one, or so few have none, that the figure would tell of somebody)."""

    number: int
    since: datetime
    answered: int | None


def alike(session: Session, service_id: UUID, place: str, now: datetime) -> Neighbours | None:
    """Recent open cases about the same service in the same place; None for fewer than three."""
    rows = session.exec(
        select(Case.state, func.count(), func.min(col(Case.opened_at)))
        .where(
            col(Case.opened_at) > now - RECENT,
            col(Case.service_id) == service_id,
            col(Case.place) == place,
            col(Case.state).in_(OPEN_STATES),
            countable(),
        )
        .group_by(col(Case.state))
    ).all()
    number = sum(count for _, count, _ in rows)
    if number < FEWEST:
        return None
    answered = sum(count for state, count, _ in rows if state == CaseState.answered)
    plain = all(part == 0 or part >= FEWEST for part in (answered, number - answered))
    return Neighbours(number, min(first for _, _, first in rows), answered if plain else None)
