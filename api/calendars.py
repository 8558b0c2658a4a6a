"""Staff's pages of the calendars: when offices work, the days that are otherwise, and what a correction moves."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.administration import change_lines, flash_said, read_id
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from api.recounts import lines_of, shown_preview
from cases import administration, calendar_form, calendars
from cases.calendar_form import WEEKDAYS, Day, Given
from core.database import database
from core.errors import BadInput, Conflict, NotFound, OmbudError
from core.ids import new_id
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.policy import Calendar
from escalation import recount
from escalation.calendar import WorkingCalendar
from escalation.spans import in_words, public_holidays

router = APIRouter(include_in_schema=False)


@router.get("/staff/calendars")
def show_calendars(request: Request, staff: Staffed, said: str = "") -> Response:
    """Every calendar: who works by it, its week, the next days that are otherwise."""
    administration.check_reader(staff.viewer)
    flash_said(request, said)
    with database().read() as session:
        known = catalogue(session)
        today = _today()
        rows = [
            {
                "id": str(row.id),
                "name": row.name,
                "zone": row.time_zone,
                "offices": len(calendars.users_of(known, row.id)),
                "week": _week_words(row, today),
                "coming": [day for day in _special(row, today, today + timedelta(days=60)) if day["hours"] == ""][:3],
            }
            for row in sorted(known.calendars.values(), key=lambda one: one.name)
        ]
        context = {"rows": rows, "may_add": bool(administration.offices_of(known, staff.viewer))}
    return render(request, "staff/calendars.html", context)


@router.get("/staff/calendars/new")
def show_new(request: Request, staff: Staffed) -> Response:
    """An empty form, with the usual week to begin with."""
    return _page(request, staff, None)


@router.post("/staff/calendars/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """A new calendar."""
    given = _given(form)
    try:
        row_id = read_id(form)
        with database().write() as session:
            calendars.add(session, staff.viewer, row_id, given, datetime.now(UTC))
    except BadInput as error:
        return _page(request, staff, None, given=given, problem=error, form=form)
    return RedirectResponse(f"/staff/calendars/{row_id}?said=calendar-added", 303)


@router.get("/staff/calendars/{calendar_id}")
def show_calendar(
    request: Request, staff: Staffed, calendar_id: str, year: str = "", day: str = "", said: str = ""
) -> Response:
    """One calendar: its week, its year's days, and the form for one of them."""
    flash_said(request, said)
    return _page(request, staff, calendar_id, year=year, day=day)


@router.post("/staff/calendars/{calendar_id}")
def change(request: Request, staff: Staffed, form: Filled, calendar_id: str) -> Response:
    """Another week from a day on, one day otherwise, or the last change taken back; or a look at what that moves."""
    now, go, seen = datetime.now(UTC), form.get("go", ""), form.get("seen", "")
    week = go in ("look-week", "save-week")
    given, one_day = (_given(form), None) if week else (None, _day(form))
    try:
        row_id = _uuid(calendar_id)
        if go.startswith("look"):
            return _page(request, staff, calendar_id, given=given, one_day=one_day, form=form, look=True)
        with database().write() as session:
            if go == "undo":
                one_day = None
                calendars.undo(session, staff.viewer, row_id, _uuid(form.get("change", "")), now)
            elif given is not None:
                calendars.change(session, staff.viewer, row_id, given, seen, now)
            elif one_day is not None:
                calendars.change_day(session, staff.viewer, row_id, one_day, seen, now)
    except (BadInput, Conflict) as error:
        return _page(request, staff, calendar_id, given=given, one_day=one_day, problem=error, form=form)
    return RedirectResponse(f"/staff/calendars/{calendar_id}?said=calendar-saved", 303)


def _today() -> date:
    return administration.today(datetime.now(UTC))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such calendar.", mend="Choose one from the list.") from error


def _given(form: Mapping[str, str]) -> Given:
    return Given(
        form.get("name", ""),
        form.get("time_zone", ""),
        form.get("country", ""),
        tuple(form.get(f"hours-{number}", "")[:200] for number in range(7)),
        form.get("begins", ""),
    )


def _day(form: Mapping[str, str]) -> Day:
    return Day(
        form.get("day", ""),
        form.get("what", ""),
        form.get("hours", "")[:200],
        form.get("day_name", ""),
        form.get("announced", ""),
        form.get("yearly", "") == "yes",
    )


def _page(
    request: Request,
    staff: SignedIn,
    calendar_id: str | None,
    *,
    given: Given | None = None,
    one_day: Day | None = None,
    problem: OmbudError | None = None,
    form: Mapping[str, str] | None = None,
    look: bool = False,
    year: str = "",
    day: str = "",
) -> Response:
    administration.check_reader(staff.viewer)
    form, today, now = form or {}, _today(), datetime.now(UTC)
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    with database().read() as session:
        known = catalogue(session)
        row = known.calendars.get(_uuid(calendar_id)) if calendar_id is not None else None
        if calendar_id is not None and row is None:
            raise NotFound("There is no such calendar.", mend="Choose one from the list.")
        preview = None
        if look and row is not None:
            try:
                preview = _preview(session, staff, known, row, given, one_day, now)
            except BadInput as error:
                problem, errors = error, dict(error.fields)
        chosen = _chosen(day, today)
        number = int(year) if year.isascii() and year.isdigit() and 1970 <= int(year) <= 2199 else chosen.year
        changes = administration.changes(session, row_id=row.id, limit=5)[0] if row else []
        usual = WEEK if row is None else calendar_form.typed(row, today)
        context = {
            "id": str(row.id) if row else "",
            "new_id": form.get("id", "") or str(new_id()),
            "title": row.name if row else "",
            "given": asdict(given or usual),
            "weekdays": WEEKDAYS,
            "day": asdict(one_day or (calendar_form.typed_day(row, chosen) if row and day else Day(today.isoformat()))),
            "picked": bool(day) or one_day is not None,
            "seen": administration.stamp(calendars.values_of(row)) if row else "",
            "editable": calendars.may_change(known, staff.viewer, row.id)
            if row
            else bool(administration.offices_of(known, staff.viewer)),
            "year": number,
            "days": _special(row, date(number, 1, 1), date(number, 12, 31)) if row else [],
            "weeks": _later_weeks(row) if row else [],
            "offices": sorted(known.name(one) for one in calendars.users_of(known, row.id)) if row else [],
            "preview": preview,
            "changes": change_lines(changes),
            "undo": str(changes[0].id) if row and changes and _may_undo(changes[0].after, row) else "",
            "corrections": lines_of(session, row.id) if row else [],
            "today": today.isoformat(),
            "errors": errors,
        }
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/calendar.html", context, status=problem.status if problem else 200)


WEEK = Given("", settings().time_zone, "", (*["08:00–12:00, 13:00–16:30"] * 5, "", ""))
"""What a new calendar begins with."""


def _may_undo(after: Mapping[str, object] | None, row: Calendar) -> bool:
    return after == calendars.values_of(row)


def _chosen(day: str, today: date) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError:
        return today


def _preview(
    session: Session,
    staff: SignedIn,
    known: Catalogue,
    row: Calendar,
    given: Given | None,
    one_day: Day | None,
    now: datetime,
) -> dict[str, object]:
    """What saving would come to, counted by the very code that would then count."""
    today = administration.today(now)
    if given is not None:
        new = calendar_form.draft(known, given, row.id, today, row)
    else:
        new = calendar_form.draft_day(one_day or Day(), today, row)
    scope = calendars.scope_of(known, row, new, now)
    found = recount.preview(session, staff.viewer, calendars.after(known, new), scope, now)
    same = calendars.values_of(row) == calendars.values_of(new)
    return {"said": [] if same else calendars.why(row, new), "recount": shown_preview(found)}


def _week_words(row: Calendar, day: date) -> str:
    told = calendars.told(calendars.values_of(row))
    later = [
        str(words) for what, words in told.items() if what.startswith("week from ") and what[10:] <= day.isoformat()
    ]
    return later[-1] if later else str(told["week"])


def _later_weeks(row: Calendar) -> list[dict[str, object]]:
    """The weeks, each with the day it counts from, newest first."""
    told = calendars.told(calendars.values_of(row))
    dated = [(what[10:], str(words)) for what, words in told.items() if what.startswith("week from ")]
    found: list[dict[str, object]] = [
        {"from": date.fromisoformat(since), "words": words} for since, words in reversed(dated)
    ]
    return [*found, {"from": None, "words": str(told["week"])}]


def _special(row: Calendar, first: date, last: date) -> list[dict[str, object]]:
    """The days that are otherwise than their weekday says, by the country or by hand."""
    calendar = WorkingCalendar.of(row)
    found: list[dict[str, object]] = []
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        single, yearly = day in calendar.days, (day.month, day.day) in calendar.yearly
        country = calendar.week(day).country
        public = bool(country) and day in public_holidays(str(country), day.year)
        if not (single or yearly or public):
            continue
        key = day.isoformat() if single else f"{day:%m-%d}"
        found.append(
            {
                "day": day,
                "name": calendar.named(day),
                "hours": in_words(calendar.spans(day)),
                "by": "by hand" if single else "every year" if yearly else "public holiday",
                "announced": row.notes.get(key, {}).get("announced", "") if single or yearly else "",
            }
        )
    return found
