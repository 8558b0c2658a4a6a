"""Plans and budgets of asking in the browser: what is typed, checked, kept as another version, and audited."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import administration
from cases.administration import Values
from channels.values import Channel
from core.errors import BadInput
from core.ids import new_id
from core.settings import settings
from domain.asking import AskingBudget, AskingPlan
from domain.catalogue import Catalogue, catalogue, name_of
from domain.visibility import Viewer
from surveys import plans
from surveys.schedule import REPLY_TIME, SHELF_LIFE

OTHERS = "All other services"
SHARED = "Plans and budgets of asking"
LARGEST = 1e9
"""Largest budget, in whole currency."""


@dataclass(frozen=True, slots=True)
class Given:
    """A plan as it stands in its form. `way`: share or target; `channels`: first to last."""

    way: str = "share"
    share: str = "100"
    target: str = "40"
    delay: str = "60"
    rest: str = "30"
    reminder: str = "0"
    notice: str = "0"
    channels: tuple[str, ...] = ()


def typed(row: AskingPlan) -> Given:
    """A version as its form begins with it."""
    return Given(
        "share" if row.target is None else "target",
        f"{row.share * 100:g}",
        str(row.target if row.target is not None else 40),
        str(row.delay_minutes),
        str(row.rest_days),
        str(row.reminder_days),
        str(row.notice_hours),
        tuple(row.channels),
    )


def values_of(row: AskingPlan | None) -> Values:
    """A version as people read it; an ended one says nothing."""
    if row is None or row.ended:
        return {}
    aim = f"{row.share * 100:g}% of transactions" if row.target is None else f"{row.target} answers a month and office"
    return {
        "asks": aim,
        "minutes after the service": row.delay_minutes,
        "days of rest": row.rest_days,
        "reminder after days": row.reminder_days or "none",
        "notice before, hours": row.notice_hours or "none",
        "channels": list(row.channels) or "as reported",
    }


def in_force(session: Session, known: Catalogue, code: str) -> tuple[UUID | None, AskingPlan, bool]:
    """The service a code names (empty: all others), the version that counts for it, and whether it is its own.

    Raises BadInput for a code nobody knows.
    """
    rows = plans.rows(session)
    others = rows.get(None) or plans.usual_row(settings())
    if not code:
        return None, others, None in rows
    service = known.service_by_any_code.get(code)
    if service is None:
        raise BadInput("There is no such service.", mend="Choose one from the list.")
    own = rows.get(service.id)
    if own is None or own.ended:
        return service.id, others, False
    return service.id, own, True


def title_of(known: Catalogue, service_id: UUID | None) -> str:
    """Whom a plan is for, in words."""
    return name_of(known.services[service_id], "en") if service_id else OTHERS


def draft(given: Given, service_id: UUID | None, who: str, now: datetime, version: int = 1) -> AskingPlan:
    """The version that a form describes. Raises BadInput naming each field that cannot be used."""
    faults: dict[str, str] = {}
    by_share = given.way != "target"
    longest = int(SHELF_LIFE.total_seconds() // 60)
    share = _number(given.share, "share", 0, 100, "percent", faults) if by_share else 100.0
    target = None if by_share else int(_whole(given.target, "target", 0, 1_000_000, "answers", faults))
    delay = _whole(given.delay, "delay", 0, longest - 60, "minutes", faults)
    notice = _whole(given.notice, "notice", 0, 48, "hours", faults)
    if "delay" not in faults and notice * 60 > delay:
        faults["notice"] = (
            f"The notice would come before the service was over: the question follows {delay} minutes later."
        )
    channels = [name for name in dict.fromkeys(given.channels) if name]
    if any(name not in plans.WAYS for name in channels):
        faults["way-1"] = "Choose from the list."
    row = AskingPlan(
        id=new_id(),
        service_id=service_id,
        version=version,
        share=share / 100,
        target=target,
        delay_minutes=delay,
        rest_days=_whole(given.rest, "rest", 0, 3650, "days", faults),
        reminder_days=_whole(given.reminder, "reminder", 0, REPLY_TIME.days - 1, "days", faults),
        notice_hours=notice,
        channels=channels,
        made_at=now,
        made_by=who,
    )
    administration.check(faults)
    return row


def save(session: Session, who: Viewer, code: str, given: Given, seen: str, now: datetime) -> None:
    """Another version for a service, or for all others. Raises BadInput, Conflict, NotAllowed."""
    known = _begin(session, who)
    service_id, row, own = in_force(session, known, code)
    new = draft(given, service_id, who.name, now, _next(session, service_id))
    before = values_of(row)
    if administration.agreed(session, row.id, seen, before, values_of(new)) or not own:
        session.add(new)
        session.flush()
        administration.record(
            session, who, "asking", new.id, title_of(known, service_id), before if own else None, values_of(new), now
        )


def end(session: Session, who: Viewer, code: str, seen: str, now: datetime) -> None:
    """Give a service back to the plan for all others. Raises BadInput, Conflict, NotAllowed."""
    known = _begin(session, who)
    service_id, row, own = in_force(session, known, code)
    if service_id is None:
        raise BadInput("The plan for all others does not end.", mend="Set its share to 0 to ask nobody.")
    if own and administration.agreed(session, row.id, seen, values_of(row), {}):
        ended = administration.copied(row)
        ended.id, ended.version, ended.ended = new_id(), _next(session, service_id), True
        ended.made_at, ended.made_by = now, who.name
        session.add(ended)
        session.flush()
        title = title_of(known, service_id)
        administration.record(session, who, "asking", ended.id, title, values_of(row), {}, now)


def set_budget(session: Session, who: Viewer, office_code: str, amount: str, seen: str, now: datetime) -> None:
    """What the surveys of an office and all below it may cost a month.

    An empty code is everybody's, an empty amount no limit. Raises BadInput, Conflict, NotAllowed.
    """
    known = _begin(session, who)
    office = known.office_by_any_code.get(office_code) if office_code else None
    faults: dict[str, str] = {}
    if office_code and office is None:
        faults["office"] = "No open office is so called."
    limit = _number(amount, "amount", 0, LARGEST, settings().sms_currency, faults) if amount.strip() else None
    administration.check(faults)
    office_id = office.id if office else None
    row = session.exec(select(AskingBudget).where(col(AskingBudget.office_id).is_not_distinct_from(office_id))).first()
    title = name_of(office, "en") if office else "Whole government"
    before = budget_values(row)
    after: Values = {"a month": f"{limit:g} {settings().sms_currency}" if limit is not None else "no limit"}
    if row is None:
        if limit is None:
            return
        row = AskingBudget(id=new_id(), office_id=office_id, amount=limit, changed_at=now)
    elif not administration.agreed(session, row.id, seen, before, after):
        return
    had = before if row.amount is not None and before != after else None
    row.amount, row.changed_at = limit, now
    session.add(row)
    session.flush()
    administration.record(session, who, "budget", row.id, title, had, after, now)


def budget_values(row: AskingBudget | None) -> Values:
    """A budget as people read it."""
    if row is None or row.amount is None:
        return {"a month": "no limit"}
    return {"a month": f"{row.amount:g} {settings().sms_currency}"}


def ways_of(form: Mapping[str, str]) -> tuple[str, ...]:
    """The channels a form names, first to last."""
    return tuple(form.get(f"way-{number}", "") for number in range(1, len(plans.WAYS) + 1))


def channels() -> Sequence[Channel]:
    """The channels a plan can name."""
    return plans.WAYS


def _begin(session: Session, who: Viewer) -> Catalogue:
    known = administration.begin(session, who)
    administration.check_wide(known, who, SHARED)
    return catalogue(session)


def _next(session: Session, service_id: UUID | None) -> int:
    newest = plans.rows(session).get(service_id)
    return newest.version + 1 if newest else 1


def _whole(text: str, field: str, low: int, high: int, unit: str, faults: dict[str, str]) -> int:
    number = _number(text or "0", field, low, high, unit, faults)
    if number != int(number):
        faults[field] = f"Write whole {unit}."
    return int(number)


def _number(text: str, field: str, low: float, high: float, unit: str, faults: dict[str, str]) -> float:
    try:
        number = float(text.strip().replace(",", ".").removesuffix("%"))
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        faults[field] = f"Write a number from {low:,g} to {high:,g} ({unit})."
        return low
    return number
