"""Views of the queue: keeping what was searched for, giving it to an office, throwing it away."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import queue
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from cases import views
from cases.asking import LONGEST
from core.database import database
from core.errors import BadInput, NotFound
from core.texts import clean
from domain.catalogue import catalogue

router = APIRouter(include_in_schema=False)

SAID = {"kept": "Kept. It is among your views.", "gone": "Thrown away."}


@router.get("/staff/views")
def show_views(
    request: Request, staff: Staffed, view: str = "", q: str = "", order: str = "", said: str = ""
) -> Response:
    """The views a person has, and a form to keep another: what was searched for stands in it already."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    with database().read() as session:
        known = views.among(views.views(session, staff.viewer), clean(view, 40)) if view else None
    query = clean(q, LONGEST) or (known.query if known else "")
    return _page(request, staff, {"query": query, "order": order or (str(known.order) if known else "due")})


def _page(
    request: Request, staff: SignedIn, given: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> Response:
    with database().read() as session:
        known = catalogue(session)
        every = views.views(session, staff.viewer)
        counts = views.counts(session, staff.viewer, every, known, datetime.now(UTC))
        offices = [
            {"code": known.offices[office].code, "name": known.name(office)}
            for office in sorted(staff.viewer.home, key=known.name)
            if views.may_share(staff.viewer, office)
        ]
    context = {
        "views": [
            {
                "key": view.key,
                "name": view.name,
                "query": view.query,
                "ready": number < len(views.READY),
                "shared": view.shared,
                "own": view.own,
                "count": counts[view.key][0] if view.key in counts else None,
                "more": view.key in counts and counts[view.key][1],
            }
            for number, view in enumerate(every)
        ],
        "orders": [{"code": str(code), "name": name} for code, name in queue.ORDERS.items()],
        "offices": offices,
        "given": {name: given.get(name, "") for name in ("name", "query", "order", "office")},
        "errors": dict(errors or {}),
    }
    return render(request, "staff/views.html", context, status=422 if errors else 200)


@router.post("/staff/views")
def keep_view(request: Request, staff: Staffed, form: Filled) -> Response:
    """Keep a view, for oneself or for an office one leads."""
    given = {name: form.get(name, "") for name in ("name", "query", "order", "office")}
    try:
        with database().write() as session:
            known = catalogue(session)
            views.keep(session, staff.viewer, known, now=datetime.now(UTC), **given)
    except BadInput as error:
        return _page(request, staff, given, error.fields or {"name": str(error)})
    return RedirectResponse("/staff/views?said=kept", status_code=303)


@router.post("/staff/views/{key}/away")
def throw_away(staff: Staffed, form: Filled, key: str) -> Response:
    """Throw a view away."""
    assert form  # noqa: S101  (checked by its token)
    try:
        wanted = UUID(key)
    except ValueError as error:
        raise NotFound("There is no such view of yours.") from error
    with database().write() as session:
        views.throw_away(session, staff.viewer, wanted)
    return RedirectResponse("/staff/views?said=gone", status_code=303)
