"""Do the budgets of surveys last? What the doctor says of them."""

from datetime import UTC, datetime

from sqlmodel import Session

from core.settings import settings
from domain.catalogue import catalogue, name_of
from surveys import budget, counts, plans


def faults(session: Session) -> list[tuple[str, bool]]:
    """Budgets that are used up (True) or that would not last to the month's end (False), in words."""
    now = datetime.now(UTC)
    limited = budget.rows(session) if settings().sms_price else []
    if not limited:
        return []
    known = catalogue(session)
    ledger = budget.ledger(session, plans.current(session), counts.known(session, now), now)
    found = []
    for row in limited:
        office = known.offices.get(row.office_id) if row.office_id else None
        month = ledger.of(budget.covers(known, row.office_id), row.amount)
        whose = f"of {name_of(office, 'en')}" if office else "of the whole government"
        spent = f"{month.money(month.spent):,.2f} of {row.amount or 0:,.2f} {settings().sms_currency}"
        if month.full:
            found.append((f"The survey budget {whose} is used up ({spent}): nothing more leaves this month.", True))
        elif month.factor < 1:
            found.append(
                (f"The survey budget {whose} is short ({spent}): {month.factor:.0%} of the plan is asked.", False)
            )
    return found
