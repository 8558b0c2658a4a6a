"""How often money was asked for, by office and month: read from what is out, never from answers (`surveys.months`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from uuid import UUID

from sqlmodel import Session, col, select

from domain.catalogue import Catalogue
from domain.flag import MoneyMonth
from domain.visibility import Viewer, sees_money
from reports.shrinkage import Shrunk, shares
from surveys.shares import wilson


@dataclass(frozen=True, slots=True)
class Asked:
    """At an office, or (`below`) there and at all below it: `yes` of `n` said that money was asked for.

    `drawn` is the share drawn towards all offices; None for totals, and where too few offices are told.
    """

    office_id: UUID | None
    below: bool
    n: int
    yes: int
    drawn: Shrunk | None = None

    @property
    def share(self) -> float:
        """Share of yes."""
        return self.yes / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95% interval (Wilson)."""
        return wilson(self.share, self.n)


@dataclass(frozen=True, slots=True)
class Month:
    """What is out of one month: the `whole` (None: too few answered), totals of the tree, offices with most first."""

    month: date
    whole: Asked | None
    totals: tuple[Asked, ...]
    offices: tuple[Asked, ...]


def months(session: Session, known: Catalogue, who: Viewer) -> list[date]:
    """The months this viewer may look at, newest first; none for whoever may not see these figures at all."""
    offices = frozenset(office for office in session.exec(select(MoneyMonth.office_id).distinct()) if office)
    if not sees_money(known, who, offices):
        return []
    query = (
        select(col(MoneyMonth.month)).where(col(MoneyMonth.office_id).is_(None)).order_by(col(MoneyMonth.month).desc())
    )
    return list(session.exec(query))


def month(session: Session, day: date) -> Month:
    """The figures of one month. Whether somebody may see them was asked before, with `months`."""
    rows = session.exec(select(MoneyMonth).where(col(MoneyMonth.month) == day)).all()
    single = sorted((row for row in rows if not row.below), key=lambda row: str(row.office_id))
    drawn: Sequence[Shrunk | None] = shares([row.yes for row in single], [row.n for row in single]) or ()
    offices = [Asked(row.office_id, False, row.n, row.yes, one) for row, one in zip_longest(single, drawn)]
    whole = next((Asked(None, True, row.n, row.yes) for row in rows if row.office_id is None and row.n), None)
    alone = {row.office_id: row.n for row in single}
    totals = [
        Asked(row.office_id, True, row.n, row.yes)
        for row in rows
        if row.below and row.office_id and row.n != alone.get(row.office_id)  # nothing below it: told already
    ]
    return Month(
        day,
        whole,
        tuple(sorted(totals, key=lambda one: (-one.n, str(one.office_id)))),
        tuple(sorted(offices, key=lambda one: (-(one.drawn.value if one.drawn else one.share), str(one.office_id)))),
    )
