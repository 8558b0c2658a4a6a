"""The months of the money question: counted once, when a month is over, and then left as they are.

A figure that is counted again whenever somebody looks can be looked at twice, and the difference is what one citizen
said. So what was answered in a month is written down the first evening after it, and every page reads that.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from core.ids import new_id
from core.settings import settings
from domain.catalogue import catalogue
from domain.flag import MoneyMonth
from domain.survey import Answer
from surveys.flow import MONEY
from surveys.ledger import insert_new

BACK = 13
"""Months that are counted later, where nobody looked in time."""


def close(session: Session, now: datetime) -> int:
    """Write down the months that are over and are not there yet; gives how many. The caller commits.

    Two callers never do this at once: each day's look is one transaction of one process.
    """
    known = set(session.exec(select(col(MoneyMonth.month)).where(col(MoneyMonth.office_id).is_(None))))
    first = session.exec(select(func.min(Answer.answered_at)).where(col(Answer.question) == MONEY)).one()
    if first is None:
        return 0
    closed = [month for month in _over(now) if month not in known and after(month) > first]
    parents = {office.id: office.parent_id for office in catalogue(session).offices.values()}
    for month in closed:
        counts = _count(session, month)
        out = publish({office: n for office, (n, _) in counts.items()}, parents, settings().survey_money_least)
        rows = []
        for office, below in [(None, True), *sorted(out.own), *sorted(out.below)]:
            within = [one for one in counts if one == office or (below and office in (None, *above(one, parents)))]
            told = office is not None or out.whole
            n, yes = (sum(counts[one][place] for one in within) if told else 0 for place in (0, 1))
            rows.append({"id": new_id(), "month": month, "office_id": office, "below": below, "n": n, "yes": yes})
        insert_new(session, MoneyMonth, rows, ["month", "office_id", "below"])
    return len(closed)


@dataclass(frozen=True, slots=True)
class Out:
    """What may be told: offices by themselves, offices with all below them (each with whether that is meant), and the
    whole."""

    own: frozenset[tuple[UUID, bool]]
    below: frozenset[tuple[UUID, bool]]
    whole: bool


def above(office: UUID, parents: Mapping[UUID, UUID | None]) -> Iterator[UUID]:
    """The offices above one, nearest first."""
    at = parents.get(office)
    while at is not None:
        yield at
        at = parents.get(at)


def publish(numbers: Mapping[UUID, int], parents: Mapping[UUID, UUID | None], least: int) -> Out:
    """What may be told of so many answers at each office, so that nothing can be worked out of fewer than `least`.

    What is told is a tree of sets. All that can be had from it by adding and taking away are unions of what remains of
    one set when those told within it are taken off; so each remainder is to be nothing or `least` and more. A total in
    the tree that leaves less is not told, and what it leaves is its parent's. For the whole, the smallest office gives
    way instead.
    """
    own = {office for office, n in numbers.items() if n >= least}
    chains = {office: (office, *above(office, parents)) for office in {*parents, *numbers}}
    totals: dict[UUID, int] = defaultdict(int)
    for office, n in numbers.items():
        for one in chains[office]:
            totals[one] += n
    below = {parent for parent in parents.values() if parent is not None and totals[parent] >= least}

    def holder(office: UUID) -> UUID | None:
        """The smallest told total that an office's own answers are in; None is the whole."""
        return next((one for one in chains[office] if one in below), None)

    def remainders() -> dict[UUID | None, int]:
        left: dict[UUID | None, int] = defaultdict(int)
        for office, n in numbers.items():
            if office not in own:
                left[holder(office)] += n
        return left

    while low := [one for one, n in remainders().items() if one is not None and 0 < n < least]:
        below.discard(max(low, key=lambda office: (len(chains[office]), str(office))))
    while 0 < remainders()[None] < least:
        single = sorted((numbers[office], str(office), office) for office in own if holder(office) is None)
        highest = sorted((office for office in below if not below & set(chains[office][1:])), key=str)
        if single:
            own.discard(single[0][2])
        elif highest:
            below.discard(highest[0])
        else:
            break
    rest = remainders()[None]
    return Out(
        frozenset((office, False) for office in own),
        frozenset((office, True) for office in below),
        sum(numbers.values()) >= least and (rest == 0 or rest >= least),
    )


def _over(now: datetime) -> Iterator[date]:
    """The first days of the last months that are over, newest first."""
    day = now.astimezone(settings().zone).date().replace(day=1)
    for _ in range(BACK):
        day = date(day.year - 1, 12, 1) if day.month == 1 else date(day.year, day.month - 1, 1)
        yield day


def after(month: date) -> datetime:
    """The first moment after a month, at the government."""
    following = date(month.year + 1, 1, 1) if month.month == 12 else date(month.year, month.month + 1, 1)
    return datetime.combine(following, clock(), settings().zone)


def _count(session: Session, month: date) -> dict[UUID, tuple[int, int]]:
    """Answers of yes or no by office. Taps at an exit are left out: there only a yes is ever told."""
    rows = session.execute(
        select(col(Answer.office_id), func.count(), func.sum(col(Answer.value)))
        .where(
            col(Answer.question) == MONEY,
            col(Answer.invitation_id).is_not(None),
            col(Answer.value).in_((0, 1)),
            col(Answer.answered_at) >= datetime.combine(month, clock(), settings().zone),
            col(Answer.answered_at) < after(month),
        )
        .group_by(col(Answer.office_id))
    )
    return {office: (n, int(yes)) for office, n, yes in rows}
