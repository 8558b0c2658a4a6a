"""Ratings by service and by office, with the uncertainty that goes with their number. Reads nothing but answers."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import Session, col, select

from core.sets import one_of
from domain.survey import Answer
from surveys.shares import Z, wilson

FEW = 10
"""Below this many answers the interval of the mean comes from the bounds of the scale instead of the spread."""


@dataclass(frozen=True, slots=True)
class Rating:
    """`n` answers from 1 to 5: how many of each (`counts`), their mean with a 95% interval, and the share of 4 and 5.

    The interval of the mean is Student's t from `FEW` answers on; below, and where all agree, it is Wilson's interval
    on the scale stretched to 0–1, which supposes the widest spread a mean allows and so never claims too much. The
    interval of the share is Wilson's (1927).
    """

    counts: tuple[int, int, int, int, int]

    @property
    def n(self) -> int:
        """How many answered."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """Mean rating; None without answers."""
        return sum(rating * count for rating, count in enumerate(self.counts, 1)) / self.n if self.n else None

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of each rating, 1 to 5."""
        return tuple(count / self.n if self.n else 0.0 for count in self.counts)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95% interval of the mean."""
        mean, n = self.mean, self.n
        if mean is None:
            return None
        squares = sum(count * (rating - mean) ** 2 for rating, count in enumerate(self.counts, 1))
        if n < FEW or squares == 0:
            low, high = wilson((mean - 1) / 4, n)
            return 1 + 4 * low, 1 + 4 * high
        half = student(n - 1) * math.sqrt(squares / (n - 1) / n)
        return max(1.0, mean - half), min(5.0, mean + half)

    @property
    def satisfied(self) -> float | None:
        """Share of 4 and 5."""
        return (self.counts[3] + self.counts[4]) / self.n if self.n else None

    @property
    def satisfied_interval(self) -> tuple[float, float] | None:
        """95% interval of that share."""
        share = self.satisfied
        return None if share is None else wilson(share, self.n)


@dataclass(frozen=True, slots=True)
class Group:
    """The ratings of one office or service (None: no service was named)."""

    id: UUID | None
    rating: Rating


def overall(session: Session, since: datetime, until: datetime, office_ids: Collection[UUID] | None = None) -> Rating:
    """All ratings answered from `since` to before `until`; `office_ids` None means every office."""
    total = [0] * 5
    for group in by_office(session, since, until, office_ids):
        total = [one + other for one, other in zip(total, group.rating.counts, strict=True)]
    return Rating((total[0], total[1], total[2], total[3], total[4]))


def by_service(
    session: Session, since: datetime, until: datetime, office_ids: Collection[UUID] | None = None
) -> list[Group]:
    """Ratings of each service, lowest mean first."""
    return _grouped(session, Answer.service_id, since, until, office_ids)


def by_office(
    session: Session, since: datetime, until: datetime, office_ids: Collection[UUID] | None = None
) -> list[Group]:
    """Ratings of each office, lowest mean first."""
    return _grouped(session, Answer.office_id, since, until, office_ids)


def _grouped(
    session: Session, by: object, since: datetime, until: datetime, office_ids: Collection[UUID] | None
) -> list[Group]:
    column: InstrumentedAttribute[UUID | None] = by  # type: ignore[assignment]
    query = (
        select(column, Answer.value, func.count())
        .where(
            col(Answer.question) == "rating",
            col(Answer.answered_at) >= since,
            col(Answer.answered_at) < until,
            col(Answer.value).between(1, 5),
        )
        .group_by(column, col(Answer.value))
    )
    if office_ids is not None:
        query = query.where(one_of(Answer.office_id, office_ids))
    counts: dict[UUID | None, list[int]] = {}
    for key, value, number in session.exec(query):
        counts.setdefault(key, [0] * 5)[(value or 1) - 1] = number
    groups = [Group(key, Rating((c[0], c[1], c[2], c[3], c[4]))) for key, c in counts.items()]
    return sorted(groups, key=lambda group: (group.rating.mean or 0.0, str(group.id)))


def student(freedom: float) -> float:
    """The 97.5% point of Student's t, by the expansion 26.7.5 of Abramowitz and Stegun; within 0.001 from 9 on."""
    z, v = Z, freedom
    terms: tuple[float, ...] = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / v**power for power, term in enumerate(terms, 1)))
