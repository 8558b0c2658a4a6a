"""Calendars in the browser: the week from a day on, single days, and which open cases that moves.

A week is never rewritten: another one counts from a day. A day may be corrected late, as when a moon-sighted holiday
was announced the evening before; whatever counted over it is counted anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlmodel import Session

from cases import administration
from cases.administration import Values
from cases.calendar_form import LATEST_DAYS, WEEKDAYS, Day, Given, draft, draft_day
from core.errors import Conflict, NotAllowed, NotFound
from domain.access import CatalogueChange
from domain.catalogue import Catalogue
from domain.policy import Calendar
from domain.visibility import Viewer
from escalation import recount
from escalation.calendar import WorkingCalendar
from escalation.recount import Scope

FIELDS = ("name", "time_zone", "week", "days", "country", "weeks", "notes")


def values_of(row: Calendar) -> Values:
    """A calendar as it is written down; enough to make it again."""
    return {name: getattr(row, name) for name in FIELDS}


def told(value: Mapping[str, object]) -> Values:
    """The same as people read it."""
    weeks = value.get("weeks")
    later = weeks if isinstance(weeks, list) else []
    notes = value.get("notes")
    named = notes if isinstance(notes, dict) else {}
    days = value.get("days")
    return {
        "name": value.get("name"),
        "time zone": value.get("time_zone"),
        "week": _week_words(value.get("week"), value.get("country")),
        **{f"week from {one['from']}": _week_words(one.get("week"), one.get("country")) for one in later},
        **{
            f"day {key}": ", ".join(
                filter(
                    None,
                    (named.get(key, {}).get("name", ""), ", ".join(f"{a}–{b}" for a, b in spans) or "closed"),
                )
            )
            for key, spans in (days.items() if isinstance(days, dict) else ())
        },
    }


def after(known: Catalogue, row: Calendar) -> Catalogue:
    """The catalogue as it would be with a calendar."""
    return replace(known, calendars={**known.calendars, row.id: row})


def scope_of(known: Catalogue, old: Calendar | None, new: Calendar, now: datetime) -> Scope:
    """The cases a changed calendar concerns: its offices', and what was counted since the first day that differs."""
    offices = users_of(known, new.id)
    since = first_difference(old, new, now) if old is not None else None
    return Scope(offices if since is not None else frozenset(), since)


def first_difference(old: Calendar, new: Calendar, now: datetime) -> datetime | None:
    """The beginning of the first day that two calendars count otherwise, not before the last year; None for none."""
    before, after_it = WorkingCalendar.of(old), WorkingCalendar.of(new)
    day = now.astimezone(after_it.zone).date() - timedelta(days=LATEST_DAYS + 1)
    for ahead in range(LATEST_DAYS + 2 + 5 * 366):
        one = day + timedelta(days=ahead)
        if old.time_zone != new.time_zone or before.spans(one) != after_it.spans(one):
            return datetime.combine(one, time(), tzinfo=after_it.zone).astimezone(UTC)
    return None


def users_of(known: Catalogue, calendar_id: UUID) -> frozenset[UUID]:
    """The offices that work by a calendar, their own or that of an office above them."""
    found = set()
    for office_id in known.offices:
        row = known.calendar(office_id)
        if row is not None and row.id == calendar_id:
            found.add(office_id)
    return frozenset(found)


def may_change(known: Catalogue, who: Viewer, calendar_id: UUID) -> bool:
    """Whether somebody administers every office that works by a calendar."""
    return administration.wide(known, who) or (
        bool(users := users_of(known, calendar_id)) and users <= administration.offices_of(known, who)
    )


def add(session: Session, who: Viewer, row_id: UUID, given: Given, now: datetime) -> Calendar:
    """A new calendar under the id its form was given, so that a form sent twice adds one.

    Raises BadInput, NotAllowed.
    """
    known = administration.begin(session, who)
    if (there := session.get(Calendar, row_id)) is not None:
        return there
    row = draft(known, given, row_id, administration.today(now))
    session.add(row)
    session.flush()
    administration.record(session, who, "calendar", row.id, row.name, None, values_of(row), now)
    return row


def change(session: Session, who: Viewer, row_id: UUID, given: Given, seen: str, now: datetime) -> Calendar:
    """Another week from a day on, another name or zone. Raises BadInput, Conflict, NotAllowed, NotFound."""
    known = administration.begin(session, who)
    old = _old(known, who, row_id)
    return _put(session, known, who, old, draft(known, given, row_id, administration.today(now), old), seen, now)


def change_day(session: Session, who: Viewer, row_id: UUID, given: Day, seen: str, now: datetime) -> Calendar:
    """One day otherwise than the week says. Raises BadInput, Conflict, NotAllowed, NotFound."""
    known = administration.begin(session, who)
    old = _old(known, who, row_id)
    return _put(session, known, who, old, draft_day(given, administration.today(now), old), seen, now)


def undo(session: Session, who: Viewer, row_id: UUID, change_id: UUID, now: datetime) -> Calendar:
    """Take the last change back, by another one. Raises Conflict where something was changed since."""
    known = administration.begin(session, who)
    old = _old(known, who, row_id)
    made = session.get(CatalogueChange, change_id)
    if made is None or made.row_id != row_id or made.before is None:
        raise NotFound("There is no such change.", mend="Choose one from the list.")
    if made.after != values_of(old):
        raise Conflict("This was changed again since.", mend="Take the later change back first, or set it by hand.")
    row = administration.copied(old)
    for name in FIELDS:
        setattr(row, name, made.before.get(name))
    return _put(session, known, who, old, row, administration.stamp(values_of(old)), now)


def _old(known: Catalogue, who: Viewer, row_id: UUID) -> Calendar:
    row = known.calendars.get(row_id)
    if row is None:
        raise NotFound("There is no such calendar.", mend="Choose one from the list.")
    if not may_change(known, who, row_id):
        raise NotAllowed(
            "Offices that you do not administer work by this calendar.",
            mend="Ask an administrator of the whole government, or give your offices a calendar of their own.",
        )
    return row


def _put(
    session: Session, known: Catalogue, who: Viewer, old: Calendar, new: Calendar, seen: str, now: datetime
) -> Calendar:
    before, after_it = values_of(old), values_of(new)
    row = session.get_one(Calendar, old.id, with_for_update=True)
    if not administration.agreed(session, old.id, seen, before, after_it):
        return row
    for name in FIELDS:
        setattr(row, name, getattr(new, name))
    administration.record(session, who, "calendar", old.id, new.name, before, after_it, now)
    scope = scope_of(known, old, new, now)
    recount.ask(session, who, "calendar", old.id, new.name, why(old, new), scope, now)
    return row


def why(old: Calendar, new: Calendar) -> list[str]:
    """What changed, in sentences for a case's history."""
    found = []
    for what, before, later in administration.differences(told(values_of(old)), told(values_of(new))):
        if what.startswith("day "):
            key, note = what.removeprefix("day "), new.notes.get(what.removeprefix("day "), {})
            announced = f", announced on {note['announced']}" if note.get("announced") else ""
            found.append(f"{new.name}: {key} is {later or 'as in the week'}{announced}.")
        elif what != "name":
            found.append(f"{new.name}: {what} is {later or 'gone'} instead of {before or 'none'}.")
    return found or [f"{new.name} was changed."]


def _week_words(week: object, country: object) -> str:
    if not isinstance(week, Mapping):
        return ""
    spans = {key: ", ".join(f"{a}–{b}" for a, b in found) for key, found in week.items() if found}
    days = "; ".join(f"{WEEKDAYS[int(key)][:3]} {spans[key]}" for key in sorted(spans))
    return f"{days or 'never'}{f', without the holidays of {country}' if country else ''}"
