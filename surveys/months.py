"""The months of the money question: counted once, when a month is over, and then left as they are.

A figure that is counted again whenever somebody looks can be looked at twice, and the difference is what one citizen
said. So what was answered in a month is written down the first evening after it, and every page reads that.
"""

from collections.abc import Iterator
from datetime import date, datetime
from datetime import time as clock
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from core.ids import new_id
from core.settings import settings
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
    for month in closed:
        counts = _count(session, month)
        totals = (sum(n for n, _ in counts.values()), sum(yes for _, yes in counts.values()))
        rows = [
            {"id": new_id(), "month": month, "office_id": office, "n": n, "yes": yes}
            for office, (n, yes) in ({None: totals} | counts).items()
        ]
        insert_new(session, MoneyMonth, rows, ["month", "office_id"])
    return len(closed)


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


def _count(session: Session, month: date) -> dict[UUID | None, tuple[int, int]]:
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
