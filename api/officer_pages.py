"""Figures of single officers: one's own, those of an office for who leads it, their export, which goes on record."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import kpi_view
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.kpi_scope import Asked, scope_of
from api.pages import choose_language, render
from cases import administration
from core.database import database
from core.errors import NotAllowed
from core.i18n import Translator, translator
from core.settings import settings
from core.texts import clean
from domain.catalogue import catalogue, name_of
from reports.registry import officers
from reports.registry.officers import SHOWN, Officer
from reports.registry.values import Figure

router = APIRouter(include_in_schema=False)

LONGEST = 300
COLUMNS = ("officer", "kpi", "value", "unit", "low", "high", "n", "since", "until", "not_shown")


@router.get("/staff/kpis/officers")
def show_officers(request: Request, staff: Staffed, office: str = "", since: str = "", until: str = "") -> Response:
    """One's own figures; and of an office one leads those of everybody who works there."""
    return _page(request, staff, Asked(office=office, since=since, until=until))


@router.post("/staff/kpis/officers")
def save_officers(request: Request, staff: Staffed, form: Filled) -> Response:
    """The figures of an office's officers as CSV. Who took them out, when and what for goes on record first."""
    officers.check_on("exported")
    asked = Asked(office=form.get("office", ""), since=form.get("since", ""), until=form.get("until", ""))
    why = clean(form.get("why", ""), LONGEST)
    if not why:
        errors = {"why": "Say what they are for: it is kept, and those they are about can read it."}
        return _page(request, staff, asked, errors=errors, status=422)
    now = datetime.now(UTC)
    with database().write() as session:
        known = catalogue(session)
        scope = scope_of(asked, known, staff.viewer, now)
        _, found = officers.of_office(session, scope)
        assert scope.office_id is not None  # noqa: S101  (else there is none of whom)
        title = known.name(scope.office_id)
        after: dict[str, object] = {
            "from": scope.since.isoformat(), "to": scope.until.isoformat(), "for": why,
            "officers": [one.name for one in found],
        }  # fmt: skip
        administration.record(session, staff.viewer, officers.KIND, scope.office_id, title, None, after, now)
    headers = {"Content-Disposition": 'attachment; filename="officers.csv"', "Cache-Control": "no-store"}
    return Response(_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(found: list[Officer]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for officer in found:
        for one in officer.figures.values():
            numbers = ("" if number is None else round(number, 6) for number in (one.low, one.high))
            writer.writerow(
                [
                    officer.name, one.kpi.name, "" if one.value is None else round(one.value, 6), one.kpi.unit.value,
                    *numbers, one.n, one.since.isoformat(), one.until.isoformat(),
                    one.hidden.value if one.hidden else "",
                ]
            )  # fmt: skip
    return out.getvalue()


def _page(
    request: Request, staff: SignedIn, asked: Asked, *, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    words = translator(choose_language(request, staff)[0])
    officers.check_on()
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        led = officers.offices_of(session, staff.viewer)
        scope = scope_of(asked, known, staff.viewer, now)
        if scope.office_id is not None and scope.office_id not in led:
            raise NotAllowed("Figures of officers are for who leads their office.", mend="Your own are on this page.")
        chosen = scope.office_id
        if chosen is None and len(led) == 1:
            (chosen,) = led
        total, found = officers.of_office(session, replace(scope, office_id=chosen)) if chosen else ({}, [])
        own = officers.own(session, scope)
        taken = officers.taken_out(session, staff.viewer.home | ({chosen} if chosen else set()))
        offices = [
            {"code": known.offices[one].code, "name": name_of(known.offices[one], words.language)} for one in led
        ]
        context = {
            "scope": known.name(chosen, words.language) if chosen else staff.name,
            "office": known.offices[chosen].code if chosen else "",
            "offices": sorted(offices, key=lambda one: one["name"]),
            "many": False,
            "since": scope.since.astimezone(settings().zone).date().isoformat(),
            "until": asked.until[:10],
            "as_of": now,
            "own": [kpi_view.told(one, words) for one in own.values() if one.n and one.hidden is None],
            "few": [words.gettext(one.kpi.title) for one in own.values() if one.n and one.hidden],
            "columns": [{"name": one.name, "title": words.gettext(one.title)} for one in SHOWN],
            "total": _cells(total, words) if total else [],
            "rows": [{"name": one.name, "cells": _cells(one.figures, words)} for one in found],
            "least": SHOWN[2].personal_least,
            "exported": settings().officer_figures == "exported" and bool(found),
            "taken": [
                {"by": one.by, "at": one.at, "office": one.title, "why": str((one.after or {}).get("for", ""))}
                for one in taken
            ],
            "errors": errors or {},
        }  # fmt: skip
    return render(request, "staff/officers.html", context, status=status)


def _cells(figures: dict[str, Figure], words: Translator) -> list[dict[str, str]]:
    """One cell for each column: the value, what it stands on or why there is none, and the way to its cases."""
    cells = []
    for kpi in SHOWN:
        one = figures.get(kpi.name)
        if one is None:
            cells.append({"value": "", "note": "", "url": ""})
        else:
            cells.append(
                {
                    "value": kpi_view.value(one, words),
                    "note": kpi_view.short(one, words),
                    "url": kpi_view.cases_url(one),
                }
            )
    return cells
