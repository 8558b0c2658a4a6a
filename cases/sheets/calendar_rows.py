"""Calendars as CSV lines: one for the first week, one for each later week by the day it counts from (`from`), one for
each day that is otherwise (`day`: 2026-03-31, or 03-31 for every year).

A file changes a calendar by the rules of its page: a week that counted is never rewritten, a day is corrected at most a
year later, and open cases are counted anew, once for each calendar.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from sqlmodel import Session, col, select

from cases import administration, calendar_form, calendars
from cases.calendar_form import CLOSED, HOURS, LONGEST_NAME, USUAL, Day, Given
from cases.sheets.csvs import Line, Unusable
from cases.sheets.job import Job
from cases.staff_reach import Reach
from core.errors import BadInput
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue
from domain.policy import Calendar
from escalation import recount
from escalation.spans import as_written, in_words, read_spans

WEEKDAYS = tuple(name.lower() for name in calendar_form.WEEKDAYS)
KEY = ("calendar", "from", "day")
OF_WEEK, OF_DAY = ("country", *WEEKDAYS), ("hours", "called", "announced")
COLUMNS = (*KEY, "time_zone", *OF_WEEK, *OF_DAY)
_YEARLY = re.compile(r"\d\d-\d\d")
_FIELDS = {"begins": "from", **{f"hours-{number}": name for number, name in enumerate(WEEKDAYS)}}
"""Columns by the fields of the page's forms."""


def rows(session: Session, reach: Reach | None = None) -> list[dict[str, str]]:
    """Every line of every calendar, as far as an administrator may change them."""
    known = catalogue(session)
    return [
        line
        for row in session.exec(select(Calendar).order_by(col(Calendar.name)))
        if reach is None or _theirs(known, reach, row)
        for line in rows_of(row)
    ]


def rows_of(row: Calendar) -> list[dict[str, str]]:
    """The lines of one calendar: its weeks in order, then its days."""
    week = {"week": row.week, "country": row.country}
    return [
        _row(row, time_zone=row.time_zone, **_week(row.name, week)),
        *(_row(row, **{"from": str(one["from"])}, **_week(row.name, one)) for one in row.weeks),
        *(
            _row(
                row,
                day=key,
                hours=in_words(read_spans(row.name, key, spans)) or CLOSED,
                called=row.notes.get(key, {}).get("name", ""),
                announced=row.notes.get(key, {}).get("announced", ""),
            )
            for key, spans in sorted(row.days.items())
        ),
    ]


def _row(row: Calendar, **cells: str) -> dict[str, str]:
    return {"id": str(row.id), **dict.fromkeys(COLUMNS, ""), "calendar": row.name, **cells}


def _week(name: str, week: Mapping[str, object]) -> dict[str, str]:
    found = week["week"] if isinstance(week["week"], dict) else {}
    hours = {day: in_words(read_spans(name, day, found.get(str(number), []))) for number, day in enumerate(WEEKDAYS)}
    return {"country": str(week.get("country") or ""), **hours}


def _theirs(known: Catalogue, reach: Reach, row: Calendar) -> bool:
    users = calendars.users_of(known, row.id)
    return reach.wide or (bool(users) and users <= reach.offices)


def put(job: Job) -> None:
    """Add calendars, weeks and days, and change days; what counted over them is counted anew afterwards."""
    known = catalogue(job.session)
    there = {row.name.casefold(): row for row in known.calendars.values()}
    groups: dict[str, list[Line]] = {}

    def gather(line: Line) -> None:
        groups.setdefault(line.needed("calendar", LONGEST_NAME).casefold(), []).append(line)

    job.complaints.each(job.lines, gather)
    for name, lines in groups.items():
        old = there.get(name)
        given = _Draft(job, known, old, lines)
        # weeks first: what is usual on a day is said by the week it lies in
        job.complaints.each(sorted(lines, key=lambda line: (bool(line.text("day")), line.text("from"))), given.use)
        if given.row is not None and (old is None or rows_of(old) != rows_of(given.row)):
            _write(job, known, old, given.row)


class _Draft:
    """A calendar to which the lines of a file are put one by one; nothing is written."""

    def __init__(self, job: Job, known: Catalogue, old: Calendar | None, lines: Iterable[Line]) -> None:
        self.job, self.known, self.old = job, known, old
        self.row = administration.copied(old) if old is not None else None
        self.shown = {tuple(row[name] for name in KEY[1:]): row for row in (rows_of(old) if old is not None else ())}
        self.today = administration.today(job.now)
        if old is None:  # nothing has been counted by a new calendar, so no day of it comes too late
            days = [_date(line.text(column)) for line in lines for column in ("from", "day")]
            latest = timedelta(days=calendar_form.LATEST_DAYS)
            self.today = min([self.today, *(day + latest for day in days if day is not None)])

    def use(self, line: Line) -> None:
        """Put one line to it. Raises Unusable."""
        shown = self.shown.get((line.text("from"), line.text("day")))
        if shown is not None and all(line.text(name) == shown[name] for name in COLUMNS[1:] if name in line.cells):
            return
        if self.old is not None and self.job.reach is not None and not _theirs(self.known, self.job.reach, self.old):
            raise Unusable("offices that you do not administer work by this calendar")
        try:
            if line.text("day"):
                self._put_day(line)
            else:
                self._put_week(line)
        except BadInput as error:
            field, what = next(iter(error.fields.items()), ("", error.message))
            raise Unusable(f"{_FIELDS.get(field, field) or 'it'}: {what}") from error

    def _put_week(self, line: Line) -> None:
        _nothing_in(line, OF_DAY, "a line without a day is of a week")
        if lacking := [name for name in WEEKDAYS if name not in line.cells]:
            raise Unusable(f"a week needs the columns of all seven days; {', '.join(lacking)} is missing")
        name, hours = line.text("calendar", LONGEST_NAME), tuple(line.text(day, 200) for day in WEEKDAYS)
        given = Given(name, line.text("time_zone"), line.text("country"), hours, line.text("from"))
        if given.begins:
            _nothing_in(line, ("time_zone",), "the time zone stands in the calendar's first line, without from and day")
            row = self._there()
            given = replace(given, name=row.name, time_zone=row.time_zone)
            self.row = calendar_form.draft(self.known, given, row.id, self.today, row)
            return
        line.needed("time_zone")
        first = calendar_form.draft(self.known, given, self.row.id if self.row else new_id(), self.today)
        if self.row is None:
            self.row = first
        elif (first.week, first.country) != (_normal(self.row), self.row.country):
            raise Unusable("a week is never rewritten; write another line with the day from which the new one counts")
        else:
            self.row.time_zone = first.time_zone

    def _put_day(self, line: Line) -> None:
        if line.text("from"):
            raise Unusable("a line is of a week, by from, or of a day, by day; this one names both")
        _nothing_in(line, ("time_zone", *OF_WEEK), "a line with a day is of that day")
        row, day, hours = self._there(), line.text("day"), line.needed("hours", 200)
        yearly = bool(_YEARLY.fullmatch(day))
        given = Day(
            self._some(day, row) if yearly else day,
            hours if hours in (CLOSED, USUAL) else HOURS,
            hours,
            line.text("called", LONGEST_NAME),
            line.text("announced"),
            yearly,
        )
        self.row = calendar_form.draft_day(given, self.today, row)

    def _some(self, day: str, row: Calendar) -> str:
        """A date of a day of every year that no line of its own speaks of; 29 February is not in every year."""
        for year in range(self.today.year + 1, self.today.year + 60):
            found = f"{year}-{day}"
            if found not in row.days and _date(found) is not None:
                return found
        raise Unusable(f"day is {day!r}; a day of every year is written 03-31")

    def _there(self) -> Calendar:
        if self.row is None:
            raise Unusable("there is no such calendar; begin it with a line without from and day")
        return self.row


def _nothing_in(line: Line, columns: Iterable[str], why: str) -> None:
    if wrong := [name for name in columns if line.text(name)]:
        raise Unusable(f"{', '.join(wrong)} must be empty: {why}")


def _normal(row: Calendar) -> dict[str, list[list[str]]]:
    read = {key: as_written(read_spans(row.name, key, spans)) for key, spans in row.week.items()}
    return {key: spans for key, spans in read.items() if spans}


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _write(job: Job, known: Catalogue, old: Calendar | None, new: Calendar) -> None:
    session, before = job.session, calendars.values_of(old) if old is not None else None
    if old is None:
        session.add(administration.copied(new))
    else:
        row = session.get_one(Calendar, old.id, with_for_update=True)
        for name in calendars.FIELDS:
            setattr(row, name, getattr(new, name))
    scope = calendars.scope_of(known, old, new, job.now)
    job.concern(calendars.after(job.planned or known, new), scope)
    job.afterwards.append(partial(_tell, job, old, new, before, scope))


def _tell(
    job: Job, old: Calendar | None, new: Calendar, before: administration.Values | None, scope: recount.Scope
) -> int:
    """What the page does after a change: write it down, and have cases counted anew."""
    after = calendars.values_of(new)
    administration.record(job.session, job.by, "calendar", new.id, new.name, before, after, job.now)
    if old is not None:
        why = calendars.why(old, new)
        recount.ask(job.session, job.by, "calendar", new.id, new.name, why, scope, job.now)
    return 0
