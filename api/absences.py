"""Who is away: a month at a glance, days entered and taken back, and what they mean for open cases."""

from calendar import Calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from cases import absences, covering
from cases.rights import WORKING
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound
from core.settings import settings
from domain.catalogue import catalogue
from domain.staff import Absence

router = APIRouter(include_in_schema=False)
FIELDS = ("person", "first_day", "last_day", "stand_in", "reason")
AHEAD = 400
"""Days ahead that are listed."""


@dataclass(frozen=True, slots=True)
class _Filled:
    """What of the page depends on the form."""

    typed: Mapping[str, str]
    errors: Mapping[str, str]
    meaning: absences.Meaning | None = None


@router.get("/staff/absences")
def show_absences(request: Request, staff: Staffed, month: str = "", kept: str = "", moved: str = "") -> Response:
    """The month, who is away, and a form."""
    if _uuid(kept) is not None:
        many = int(moved) if moved.isascii() and moved.isdecimal() and len(moved) < 6 else 0
        text = f"Kept. {many} {'case' if many == 1 else 'cases'} went to others." if many else "Kept."
        request.state.flash = {"text": text, "tone": "well", "undo": f"/staff/absences/{kept}/back"}
    elif kept == "back":
        request.state.flash = {"text": "Taken back. What went to others is theirs again.", "tone": "well", "undo": ""}
    return _show(request, staff, month, _Filled({}, {}))


@router.post("/staff/absences")
def enter_absence(request: Request, staff: Staffed, form: Filled) -> Response:
    """Keep days away, or first say what they mean."""
    typed, now = {name: form.get(name, "") for name in FIELDS}, datetime.now(UTC)
    month = typed["first_day"][:7]
    try:
        wanted = _read(staff, typed, now)
        if form.get("go") == "look":
            with database().read() as session:
                absences.check(session, staff.viewer, wanted, now)
                meaning = absences.meaning(session, wanted, now)
            return _show(request, staff, month, _Filled(typed, {}, meaning))
        with database().write() as session:
            moved = absences.enter(session, staff.viewer, wanted, now)
            kept = str(wanted.id)
    except BadInput as error:
        return _show(request, staff, "", _Filled(typed, error.fields or {"first_day": error.message}), status=422)
    query = {"month": month, "kept": kept, "moved": moved}
    return RedirectResponse(f"/staff/absences?{urlencode(query)}", status_code=303)


@router.post("/staff/absences/{absence_id}/back")
def take_back(staff: Staffed, form: Filled, absence_id: str) -> Response:
    """Take days away back."""
    wanted = _uuid(absence_id)
    if wanted is None:
        raise NotFound("There are no such days.")
    with database().write() as session:
        absences.take_back(session, staff.viewer, wanted, datetime.now(UTC))
    return RedirectResponse("/staff/absences?kept=back", status_code=303)


def _read(staff: SignedIn, typed: Mapping[str, str], now: datetime) -> Absence:
    wrong: dict[str, str] = {}
    days: dict[str, date] = {}
    for name in ("first_day", "last_day"):
        try:
            days[name] = date.fromisoformat(typed[name])
        except ValueError:
            wrong[name] = "Write a day such as 2026-12-24."
    person = _uuid(typed["person"]) or UUID(staff.id)
    stand_in = _uuid(typed["stand_in"])
    if typed["stand_in"] and stand_in is None:
        wrong["stand_in"] = "Choose somebody of the list."
    if wrong:
        raise BadInput(next(iter(wrong.values())), fields=wrong)
    return Absence(
        staff_id=person,
        first_day=days["first_day"],
        last_day=days["last_day"],
        stand_in_id=stand_in,
        reason=typed["reason"],
        entered_at=now,
    )


def _show(request: Request, staff: SignedIn, month: str, filled: _Filled, *, status: int = 200) -> Response:
    if not staff.viewer.has(*WORKING):
        raise NotAllowed("Days away are kept for those who work on cases.")
    today = datetime.now(UTC).astimezone(settings().zone).date()
    first = _month(month, today)
    days = [day for day in Calendar().itermonthdates(first.year, first.month) if day.month == first.month]
    with database().read() as session:
        context = _people(session, staff, days, today)
    context |= {
        "month": first,
        "earlier": (first - timedelta(days=1)).strftime("%Y-%m"),
        "later": (days[-1] + timedelta(days=1)).strftime("%Y-%m"),
        "days": [{"day": day, "weekend": day.weekday() > 4, "today": day == today} for day in days],
        "typed": dict.fromkeys(FIELDS, "") | {"person": staff.id} | dict(filled.typed),
        "errors": dict(filled.errors),
        "meaning": filled.meaning,
    }
    return render(request, "staff/absences.html", context, status=status)


def _people(session: Session, staff: SignedIn, days: list[date], today: date) -> dict[str, object]:
    known = catalogue(session)
    theirs = absences.charge(known, staff.viewer)
    people: dict[UUID, tuple[str, list[UUID]]] = {}
    for person, name, office in absences.colleagues(session, staff.viewer, datetime.now(UTC)):
        people.setdefault(person, (name, []))[1].append(office)
    may = {one for one, (_, offices) in people.items() if str(one) == staff.id or set(offices) & theirs}
    shown = covering.between(session, list(people), min(days[0], today), today + timedelta(days=AHEAD))
    away = {(one.staff_id, day) for one in shown for day in days if one.first_day <= day <= one.last_day}
    names = {one: name for one, (name, _) in people.items()}
    options = [{"id": str(one), "name": name} for one, name in names.items()]
    return {
        "rows": [
            {
                "name": name,
                "office": ", ".join(sorted(known.name(office) for office in offices)),
                "away": [(one, day) in away for day in days],
            }
            for one, (name, offices) in people.items()
        ],
        "absences": [
            {
                "id": str(one.id),
                "name": names[one.staff_id],
                "first": one.first_day,
                "last": one.last_day,
                "stand_in": names.get(one.stand_in_id, "") if one.stand_in_id else "",
                "reason": one.reason if one.staff_id in may else "",
                "may": one.staff_id in may,
                "now": one.first_day <= today,
            }
            for one in shown
            if one.last_day >= today
        ],
        "people": [one for one in options if UUID(one["id"]) in may],
        "stand_ins": options,
    }


def _month(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        found = today.replace(day=1)
    return found if 2000 <= found.year <= 2200 else today.replace(day=1)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
