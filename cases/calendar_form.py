"""A calendar's forms: its week from a day on, and one of its days; read, checked, and shown."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from cases import administration
from core.errors import BadInput
from core.texts import clean
from domain.catalogue import Catalogue
from domain.policy import Calendar
from escalation.calendar import WorkingCalendar
from escalation.spans import as_written, in_words, read_spans

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOSED, HOURS, USUAL = "closed", "hours", "usual"
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Given:
    """A calendar's week as typed: `hours` by weekday, such as "08:00–12:00, 13:00–16:30"; `begins` a day."""

    name: str = ""
    time_zone: str = ""
    country: str = ""
    hours: tuple[str, ...] = field(default=("",) * 7)
    begins: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day as typed. `what` is closed, hours or usual (as in the week, whatever the country celebrates)."""

    day: str = ""
    what: str = CLOSED
    hours: str = ""
    name: str = ""
    announced: str = ""
    yearly: bool = False


def typed(row: Calendar, begins: date) -> Given:
    """A calendar's week as its form shows it: the one that counts on a day."""
    week = WorkingCalendar.of(row).week(begins)
    return Given(
        row.name, row.time_zone, week.country or "", tuple(in_words(spans) for spans in week.days), begins.isoformat()
    )


def typed_day(row: Calendar, day: date) -> Day:
    """A day as its form shows it."""
    calendar, key = WorkingCalendar.of(row), day.isoformat()
    yearly = key not in row.days and f"{day:%m-%d}" in row.days
    key = f"{day:%m-%d}" if yearly else key
    note = row.notes.get(key, {})
    spans = calendar.spans(day)
    what = HOURS if spans and key in row.days else CLOSED if not spans else USUAL
    name = note.get("name", "") or calendar.named(day)
    return Day(day.isoformat(), what, in_words(spans), name, note.get("announced", ""), yearly)


def draft(known: Catalogue, given: Given, row_id: UUID, today: date, old: Calendar | None = None) -> Calendar:
    """The calendar a form describes, checked and not saved. Raises BadInput, with what is wrong by field."""
    faults: dict[str, str] = {}
    row = administration.copied(old) if old is not None else Calendar(id=row_id, name="", time_zone="", week={})
    row.name = clean(given.name, LONGEST_NAME)
    if not row.name:
        faults["name"] = "Give it a name."
    elif any(one.name.casefold() == row.name.casefold() and one.id != row.id for one in known.calendars.values()):
        faults["name"] = "There is a calendar of this name."
    row.time_zone = given.time_zone.strip()
    week = {}
    for number, text in enumerate(given.hours):
        if spans := _spans(text, f"hours-{number}", WEEKDAYS[number], faults):
            week[str(number)] = spans
    country = given.country.strip().upper() or None
    begins = _day(given.begins, "begins", faults) if given.begins.strip() else today
    if old is None:
        row.week, row.country = week, country
    elif begins is not None and (week, country) != _last(old, begins):
        if begins < today - timedelta(days=LATEST_DAYS):
            faults["begins"] = f"A week begins at most {LATEST_DAYS} days ago: what was counted by then stays."
        kept = [dict(one) for one in old.weeks if str(one["from"]) != begins.isoformat()]
        new = {"from": begins.isoformat(), "week": week, "country": country}
        row.weeks = sorted([*kept, new], key=lambda one: str(one["from"]))
    if not faults:
        _parse(row, faults)
    administration.check(faults)
    return row


LATEST_DAYS = 366
"""Days back that a week may begin, or a day be corrected."""


def draft_day(given: Day, today: date, old: Calendar) -> Calendar:
    """The calendar with one day changed, checked and not saved. Raises BadInput."""
    faults: dict[str, str] = {}
    row = administration.copied(old)
    row.days, row.notes = dict(old.days), {key: dict(note) for key, note in old.notes.items()}
    day = _day(given.day, "day", faults)
    if day is None:
        faults.setdefault("day", "Choose the day.")
    announced = _day(given.announced, "announced", faults) if given.announced.strip() else None
    spans: list[list[str]] | None = []
    if given.what == HOURS:
        spans = _spans(given.hours, "hours", "that day", faults)
        if not spans:
            faults.setdefault("hours", "Give its hours, such as 08:00–12:00.")
    elif given.what == USUAL and day is not None:
        week = WorkingCalendar.of(old).week(day)
        usual = in_words(week.days[day.weekday()])
        spans = _spans(usual, "hours", "that day", faults)
        if not given.yearly and (not week.country or not usual):
            spans = None  # it is what the week says without a word
    elif given.what != CLOSED:
        faults["what"] = "Choose what the day is."
    if day is not None:
        if day < today - timedelta(days=LATEST_DAYS):
            faults["day"] = f"A day is corrected at most {LATEST_DAYS} days later."
        key = f"{day:%m-%d}" if given.yearly else day.isoformat()
        row.days.pop(day.isoformat(), None)
        row.notes.pop(day.isoformat(), None)
        if spans is None:
            row.days.pop(key, None)
            row.notes.pop(key, None)
        else:
            row.days[key] = spans
            note = {"name": clean(given.name, LONGEST_NAME), "announced": announced.isoformat() if announced else ""}
            row.notes[key] = {name: text for name, text in note.items() if text}
    if not faults:
        _parse(row, faults)
    administration.check(faults)
    return row


def _parse(row: Calendar, faults: dict[str, str]) -> None:
    try:
        WorkingCalendar.of(row)
    except BadInput as error:
        what = str(error).lower()
        field_ = "time_zone" if "zone" in what else "country" if "public holidays" in what else "hours-0"
        faults[field_] = str(error)


def _last(old: Calendar, day: date) -> tuple[dict[str, Any], str | None]:
    week, country = dict(old.week), old.country
    for one in old.weeks:
        if str(one["from"]) <= day.isoformat():
            week, country = dict(one["week"]), one.get("country")
    return {key: spans for key, spans in week.items() if spans}, country


def _spans(text: str, field_: str, day: str, faults: dict[str, str]) -> list[list[str]]:
    """Hours as people type them: 8-12, 13:00–16:30."""
    found = []
    for part in clean(text).replace("–", "-").replace("—", "-").replace(";", ",").split(","):
        ends = [_time(one) for one in part.split("-")] if part.strip() else []
        if ends and len(ends) != 2:
            faults[field_] = "Write hours such as 08:00–12:00, 13:00–16:30, or leave it empty."
            return []
        if ends:
            found.append(ends)
    try:
        return as_written(read_spans("", day, found))
    except BadInput as error:
        faults[field_] = str(error).partition(": ")[2] or str(error)
        return []


def _time(text: str) -> str:
    hours, _, minutes = text.strip().replace(".", ":").partition(":")
    return f"{hours.zfill(2)}:{minutes or '00'}"


def _day(text: str, field_: str, faults: dict[str, str]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        faults[field_] = "Write the day as year-month-day, such as 2026-03-31."
        return None
