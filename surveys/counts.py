"""What was asked and answered each day, by office and service: counted from the rows themselves, anew while a day may
still change. Plans and budgets lean on it, so neither reads a million rows to decide about ten thousand."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlmodel import Session, col

from core.database import database
from core.ids import new_id
from core.settings import settings
from domain.asking import AskingDay
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from domain.survey import Invitation, Transaction
from surveys.ledger import among, insert_new
from surveys.sampling import MONTH, Known

BACK = 60
"""Days that are counted at first, and that say how many answer."""
LATELY = 28
"""Days that say how many transactions a month brings: whole weeks, since Sundays are not Mondays."""
UNRIPE = 2
"""Days in which those who were asked may still answer, so they say nothing yet of how many do."""
FIELDS = ("seen", "drawn", "sent", "answered", "segments")

Pair = tuple[UUID, UUID]
"""An office and a service."""


def count(now: datetime) -> int:
    """Count the days that may have changed; gives how many."""
    with database().write() as session:
        return refresh(session, now)


def refresh(session: Session, now: datetime) -> int:
    """Count anew from the day before the last one counted to today; at first the last `BACK` days. Gives how many."""
    zone = settings().zone
    today = now.astimezone(zone).date()
    last = session.execute(select(func.max(AskingDay.day))).scalar_one()
    first = min(last, today) - timedelta(days=1) if last else today - timedelta(days=BACK)
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    rows = [row for day in days for row in _counted(session, day, zone)]
    session.execute(delete(AskingDay).where(col(AskingDay.day) >= first))
    insert_new(session, AskingDay, rows, ["day", "office_id", "service_id"])
    return len(days)


def _counted(session: Session, day: date, zone: ZoneInfo) -> list[dict[str, object]]:
    start, end = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))

    def within(column: object) -> ColumnElement[bool]:
        moment: ColumnElement[datetime] = column  # type: ignore[assignment]
        return (moment >= start) & (moment < end)

    left = (OutboxState.cancelled, OutboxState.failed)
    base: Select[tuple[UUID, UUID]] = select(Transaction.office_id, Transaction.service_id).group_by(  # type: ignore[call-overload]
        col(Transaction.office_id), col(Transaction.service_id)
    )
    invited = base.join(Invitation, col(Invitation.transaction_id) == col(Transaction.id))
    written = invited.join(OutboundMessage, col(OutboundMessage.invitation_id) == col(Invitation.id)).where(
        col(OutboundMessage.purpose) == Purpose.survey, within(OutboundMessage.created_at)
    )
    asked = col(Transaction.probability).is_not(None)
    queries = {
        "seen": base.add_columns(func.count()).where(within(Transaction.received_at), asked),
        "drawn": base.add_columns(func.count()).where(
            within(Transaction.received_at), asked, col(Transaction.not_asked).is_(None)
        ),
        "sent": written.add_columns(func.count(Invitation.id.distinct())).where(within(Invitation.sent_at)),  # type: ignore[attr-defined]
        "answered": invited.add_columns(func.count()).where(within(Invitation.answered_at)),
        "segments": written.add_columns(func.coalesce(func.sum(OutboundMessage.segments), 0)).where(
            col(OutboundMessage.state).not_in(left)
        ),
    }
    found: dict[Pair, dict[str, object]] = defaultdict(lambda: dict.fromkeys(FIELDS, 0))
    for name, query in queries.items():
        for office_id, service_id, number in session.execute(query):
            found[office_id, service_id][name] = int(number)
    return [
        {"id": new_id(), "day": day, "office_id": office_id, "service_id": service_id, **numbers}
        for (office_id, service_id), numbers in sorted(found.items())
    ]


def month_of(now: datetime) -> tuple[date, float]:
    """The first day of the month at the government, and the share of the month that is still to come."""
    local = now.astimezone(settings().zone)
    first = local.date().replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    gone = (local.date() - first).days + (local.hour + local.minute / 60) / 24
    return first, 1 - gone / (after - first).days


def known(session: Session, now: datetime, offices: Collection[UUID] | None = None) -> dict[Pair, Known]:
    """What is known of each office and service, of all or of some offices."""
    first, left = month_of(now)
    today = now.astimezone(settings().zone).date()
    lately, back, ripe = (today - timedelta(days=days) for days in (LATELY, BACK, UNRIPE))
    day = col(AskingDay.day)
    sums = (
        ("seen", (day >= lately) & (day < today)),
        ("seen", day == today),
        ("sent", day <= ripe),
        ("answered", day <= today),
        ("sent", day >= first),
        ("answered", day >= first),
    )
    columns: list[Any] = [
        AskingDay.office_id,
        AskingDay.service_id,
        *(func.sum(getattr(AskingDay, name)).filter(when) for name, when in sums),
        func.min(day).filter((day >= lately) & (col(AskingDay.seen) > 0)),
    ]
    query = (
        select(*columns).where(day >= min(back, first)).group_by(col(AskingDay.office_id), col(AskingDay.service_id))
    )
    if offices is not None:
        query = query.where(among(session, AskingDay.office_id, offices))
    found: dict[Pair, Known] = {}
    for office_id, service_id, before, on_day, sent, answered, sent_now, answered_now, since in session.execute(query):
        days = (today - since).days if since else 0
        monthly = (before or 0) / days * MONTH if days else (on_day or 0) * MONTH
        found[office_id, service_id] = Known(
            monthly or None, sent or 0, answered or 0, sent_now or 0, answered_now or 0, left
        )
    return found


def with_batch(known_now: Known | None, rows: int, days: int, left: float) -> Known:
    """What is known where nothing was counted yet: a batch of `rows` transactions of so many days speaks for itself."""
    if known_now is not None and known_now.monthly:
        return known_now
    return Known(monthly=rows / max(days, 1) * MONTH, left=left)
