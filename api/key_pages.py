"""Staff's page of API keys: made and shown once, for all or for some offices, until a day; ended when not wanted."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api import keys
from api.administration import flash_said
from api.auth import SignedIn, Staffed
from api.finding import office_meant, suggestions
from api.forms import Filled
from api.pages import render
from cases import administration
from cases.staff_list import EVERYBODY
from cases.staff_reach import Reach, begin, reach_of
from core.database import database
from core.errors import BadInput, NotFound
from core.settings import settings
from domain.access import ApiKey, Scope
from domain.catalogue import Catalogue, catalogue, name_of
from domain.staff import Staff
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)

LONGEST = timedelta(days=3650)
ABOUT = {
    Scope.read: "Reads cases, with names and numbers struck out, and figures.",
    Scope.write: "Reads, brings in cases, and reports completed services.",
    Scope.admin: "All of it, and reads cases as they were written.",
}


@router.get("/staff/keys")
def show_keys(request: Request, staff: Staffed, said: str = "") -> Response:
    """The keys within one's reach, and a form for another."""
    flash_said(request, said)
    return _page(request, staff)


@router.post("/staff/keys")
def change(request: Request, staff: Staffed, form: Filled) -> Response:
    """Make a key, or end one (go = `end` and its beginning)."""
    now, go = datetime.now(UTC), form.get("go", "")
    try:
        with database().write() as session:
            reach = begin(session, staff.viewer, datetime.now(UTC))
            if go.startswith("end "):
                _end(session, staff.viewer, reach, go.removeprefix("end "), now)
                secret = ""
            else:
                secret = _make(session, staff.viewer, reach, form, now)
    except BadInput as error:
        return _page(request, staff, form=form, errors=error.fields or {"name": error.message})
    if secret:  # in this answer alone
        return _page(request, staff, secret=secret)
    return RedirectResponse("/staff/keys?said=key-revoked", 303)


def _make(session: Session, who: Viewer, reach: Reach, form: Mapping[str, str], now: datetime) -> str:
    faults: dict[str, str] = {}
    office = office_meant(reach.known, form.get("office", "")) if form.get("office", "").strip() else None
    if form.get("office", "").strip() and office is None:
        faults["office"] = "No open office is called so."
    elif not reach.wide and (office is None or office.id not in reach.offices):
        faults["office"] = "Choose an office you administer: your keys reach no further than you."
    if form.get("scope") not in [*map(str, Scope)]:
        faults["scope"] = "Choose what it may do."
    elif form.get("scope") == Scope.admin and not reach.wide:
        faults["scope"] = "Only administrators of the whole government make such keys."
    expires_at = None
    if form.get("until", "").strip():
        try:
            day = date.fromisoformat(form["until"].strip())
            expires_at = datetime.combine(day + timedelta(days=1), time(), settings().zone).astimezone(UTC)
            if not now < expires_at < now + LONGEST:
                faults["until"] = "Choose a day from today on, at most ten years away."
        except (ValueError, OverflowError):
            faults["until"] = "Write a day such as 2027-06-30."
    name = " ".join(form.get("name", "").split())
    if not 1 <= len(name) <= 80:
        faults["name"] = "Name the system, in at most 80 letters."
    administration.check(faults)
    made = keys.create(
        session,
        name,
        Scope(form["scope"]),
        now,
        office_id=office.id if office else None,
        expires_at=expires_at,
        made_by=who.staff_id,
    )
    administration.record(session, who, "key", made.key.id, _title(made.key), None, _values(reach.known, made.key), now)
    return made.secret


def _end(session: Session, who: Viewer, reach: Reach, prefix: str, now: datetime) -> None:
    key = session.exec(select(ApiKey).where(col(ApiKey.prefix) == prefix).with_for_update()).first()
    if key is None or not (reach.wide or key.office_id in reach.offices):
        raise NotFound("There is no such key.", mend="Choose one from the list.")
    if key.revoked_at is not None:
        return
    before = _values(reach.known, key)
    keys.revoke(session, prefix, now)
    administration.record(session, who, "key", key.id, _title(key), before, _values(reach.known, key), now)


def _title(key: ApiKey) -> str:
    return f"{key.name} ({keys.PREFIX}{key.prefix}…)"


def _values(known: Catalogue, key: ApiKey) -> administration.Values:
    return {
        "name": key.name,
        "scope": str(key.scope),
        "office": known.offices[key.office_id].code if key.office_id else "",
        "ends": key.expires_at.date().isoformat() if key.expires_at else "",
        "in_use": key.revoked_at is None,
    }


def _page(
    request: Request,
    staff: SignedIn,
    *,
    secret: str = "",
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    administration.check_reader(staff.viewer)
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        reach = reach_of(known, staff.viewer)
        query = select(ApiKey).order_by(col(ApiKey.created_at).desc())
        if not (reach.wide or staff.viewer.has(*EVERYBODY)):
            query = query.where(col(ApiKey.office_id).in_(reach.offices))
        found = session.exec(query).all()
        by = {key.made_by for key in found if key.made_by}
        makers = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(by))).all())
        context = {
            "keys": [_row(known, makers, key, now) for key in found],
            "scopes": [
                {"code": str(scope), "about": about}
                for scope, about in ABOUT.items()
                if reach.wide or scope is not Scope.admin
            ],
            "offices": suggestions(known, None if reach.wide else reach.offices),
            "wide": reach.wide,
            "may_make": bool(reach.offices),
            "secret": secret,
            "given": {name: (form or {}).get(name, "") for name in ("name", "scope", "office", "until")},
            "errors": dict(errors or {}),
        }
    return render(request, "staff/keys.html", context, status=422 if errors else 200)


def _row(known: Catalogue, makers: Mapping[UUID, str], key: ApiKey, now: datetime) -> dict[str, object]:
    over = key.expires_at is not None and key.expires_at <= now
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scope": str(key.scope),
        "office": name_of(known.offices[key.office_id], "en") if key.office_id else "",
        "made": key.created_at,
        "by": makers.get(key.made_by, "") if key.made_by else "",
        "used": key.last_used_at,
        "ends": key.expires_at,
        "state": "ended" if key.revoked_at else "over" if over else "",
    }
