"""`/staff/links`: dashboards that people see who do not sign in: made, shown once, ended."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api.administration import flash_said
from api.auth import SignedIn, Staffed
from api.finding import office_meant, shown, suggestions
from api.forms import Filled
from api.pages import render
from core.database import database
from core.errors import BadInput, NotFound
from domain.catalogue import Catalogue, catalogue, name_of
from domain.dashboard import DashboardLink
from domain.staff import Staff
from domain.visibility import Viewer
from reports import lending
from reports.tables import may_read

router = APIRouter(include_in_schema=False)

TOLD = {1: "this week and the one before", 4: "this week and the 4 before", 13: "this week and the 13 before"}
FIELDS = ("office", "service", "weeks", "name", "sites")


@router.get("/staff/links")
def show(
    request: Request, staff: Staffed, office: str = "", service: str = "", weeks: str = "", said: str = ""
) -> Response:
    """The links of offices one may look into, and a form for another."""
    flash_said(request, said)
    return _page(request, staff, given={"office": office, "service": service, "weeks": weeks})


@router.post("/staff/links")
def change(request: Request, staff: Staffed, form: Filled) -> Response:
    """Make a link, or end one (go = `end` and its id)."""
    now, go = datetime.now(UTC), form.get("go", "")
    try:
        with database().write() as session:
            if go.startswith("end "):
                lending.end(session, staff.viewer, _id(go.removeprefix("end ")), now)
                secret = ""
            else:
                secret = _make(session, staff.viewer, form, now)
    except BadInput as error:
        return _page(request, staff, given=form, errors=error.fields or {"name": error.message})
    if secret:  # in this answer alone
        return _page(request, staff, secret=secret)
    return RedirectResponse("/staff/links?said=link-ended", 303)


def _make(session: Session, who: Viewer, form: Mapping[str, str], now: datetime) -> str:
    lending.check_lender(who)
    known, code = catalogue(session), form.get("service", "")
    office, service = office_meant(known, form.get("office", "")), known.service_by_code.get(code)
    if office is None or not may_read(who, office.id):
        wrong = "Choose an office whose figures you see."
        raise BadInput(wrong, mend="Write its name or code.", fields={"office": wrong})
    if code and service is None:
        wrong = "Choose one of the services, or all."
        raise BadInput(wrong, mend="Look at the list again.", fields={"service": wrong})
    weeks = int(form["weeks"]) if form.get("weeks", "").isdecimal() else 0
    sites = lending.sites_of(form.get("sites", ""))
    of = service.id if service is not None else None
    return lending.lend(session, who, office.id, weeks, form.get("name", ""), sites, now, of)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such link.", mend="Choose one from the list.") from error


def _page(
    request: Request,
    staff: SignedIn,
    *,
    secret: str = "",
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    who, given = staff.viewer, given or {}
    lending.check_lender(who)
    with database().read() as session:
        known = catalogue(session)
        found = lending.listed(session, who)
        people = {one for row in found for one in (row.made_by, row.ended_by) if one}
        names = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(people))).all())
        offered = suggestions(known, who.offices)
        chosen = office_meant(known, given.get("office", ""))
    context = {
        "links": [_row(known, names, one) for one in found],
        "secret": lending.address_of(secret) if secret else "",
        "offices": offered,
        "services": sorted(
            ({"code": one.code, "name": name_of(one, "en")} for one in known.service_by_code.values()),
            key=lambda one: one["name"],
        ),
        "periods": [{"weeks": weeks, "text": TOLD[weeks]} for weeks in lending.PERIODS],
        "given": {name: given.get(name, "") for name in FIELDS}
        | ({"office": shown(chosen)} if chosen and may_read(who, chosen.id) else {})
        | ({} if given.get("weeks", "") in map(str, lending.PERIODS) else {"weeks": "4"}),
        "errors": dict(errors or {}),
    }
    return render(request, "staff/links.html", context, status=422 if errors else 200)


def _row(known: Catalogue, names: Mapping[UUID, str], one: DashboardLink) -> dict[str, object]:
    return {
        "id": str(one.id),
        "name": one.name,
        "office": name_of(known.offices[one.office_id], "en"),
        "service": name_of(known.services[one.service_id], "en") if one.service_id is not None else "",
        "period": TOLD.get(one.weeks, str(one.weeks)),
        "sites": list(one.sites),
        "made": one.at,
        "by": names.get(one.made_by, ""),
        "used": one.used_at,
        "ended": one.ended_at,
        "ended_by": names.get(one.ended_by, "") if one.ended_by else "",
    }
