"""Staff's page of the tablets at the doors: who is paired, heard from when, with how much unsent; codes, revoking."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import segno
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from api.auth import Staffed
from api.forms import Filled
from api.pages import render
from api.shell import scripts_version
from cases import kiosks
from core.database import database
from core.errors import BadInput, NotAllowed
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.kiosk import KioskDevice
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)

SAID = {
    "revoked": "Revoked. The tablet is told the next time it has a network; nothing more is taken from it.",
    "changed": "Changed. The tablet learns of it the next time it sends.",
}
QUIET_DAYS = 3
"""A paired tablet that was not heard from for so long is pointed out."""
COUNTED_DAYS = 30


@router.get("/staff/kiosks")
def show_tablets(request: Request, staff: Staffed, said: str = "") -> Response:
    """The tablets of the offices one may set up."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff.viewer)


@router.post("/staff/kiosks")
def add_tablet(request: Request, staff: Staffed, form: Filled) -> Response:
    """A new tablet, with the code that pairs it."""
    now = datetime.now(UTC)
    try:
        with database().write() as session:
            office = catalogue(session).office_by_code.get(form.get("office", "").upper())
            if office is None:
                raise BadInput("Choose an office.", fields={"office": "Choose the office it stands at."})
            device = kiosks.create(session, staff.viewer, office.id, form.get("name", ""), form.get("hand", ""), now)
            pairing = _pairing(device, kiosks.new_code(device, now), office.code)
    except BadInput as error:
        return _page(request, staff.viewer, errors=error.fields, values=form)
    return _page(request, staff.viewer, pairing=pairing)


@router.post("/staff/kiosks/{device_id}/code")
def renew_code(request: Request, staff: Staffed, form: Filled, device_id: str) -> Response:
    """Another code: for the same tablet set up anew, or for the one in its place."""
    now = datetime.now(UTC)
    with database().write() as session:
        device = kiosks.load(session, staff.viewer, device_id)
        code = kiosks.new_code(device, now)
        pairing = _pairing(device, code, catalogue(session).offices[device.office_id].code)
    return _page(request, staff.viewer, pairing=pairing)


@router.post("/staff/kiosks/{device_id}/revoke")
def revoke(staff: Staffed, form: Filled, device_id: str) -> Response:
    """Take nothing more from a tablet."""
    with database().write() as session:
        kiosks.revoke(kiosks.load(session, staff.viewer, device_id), datetime.now(UTC))
    return RedirectResponse("/staff/kiosks?said=revoked", 303)


@router.post("/staff/kiosks/{device_id}/hand")
def change_hand(staff: Staffed, form: Filled, device_id: str) -> Response:
    """For which hand its buttons lie."""
    with database().write() as session:
        kiosks.load(session, staff.viewer, device_id).hand = "left" if form.get("hand") == "left" else "right"
    return RedirectResponse("/staff/kiosks?said=changed", 303)


def _pairing(device: KioskDevice, code: str, office: str) -> dict[str, object]:
    address = f"{settings().site_url}/exit/{office}/setup"
    # after the #, which browsers send to no server and no log ever sees
    drawing = segno.make(f"{address}#code={code}", error="m").svg_inline(
        scale=5, border=2, svgclass="qr", lineclass=None
    )
    return {
        "name": device.name,
        "code": code,
        "address": address,
        "minutes": kiosks.CODE_MINUTES,
        "qr": Markup(drawing),  # noqa: S704  (our own drawing)
        "secure": _secure(),
    }


def _secure() -> bool:
    """Whether browsers let the page seal and keep answers at our public address."""
    address = settings().site_url
    return address.startswith(("https://", "http://127.0.0.1", "http://localhost"))


def _page(
    request: Request,
    who: Viewer,
    *,
    pairing: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
) -> Response:
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        mine = kiosks.offices_of(known, who)
        if not mine:
            raise NotAllowed(
                "Tablets are set up by operators, supervisors, heads and administrators.",
                mend="Ask your head of office.",
            )
        offices = sorted((known.offices[one] for one in mine if known.offices[one].active), key=lambda one: one.code)
        choices = [{"code": one.code, "name": f"{known.name(one.id)} ({one.code})"} for one in offices]
        context = {
            **_listed(session, known, who, now),
            "offices": [{"label": "", "options": choices}],
            "pairing": pairing,
            "errors": dict(errors or {}),
            "values": {name: (values or {}).get(name, "") for name in ("name", "office", "hand")},
            "version": scripts_version(),
            "secure": _secure(),
            "counted_days": COUNTED_DAYS,
        }
    return render(request, "staff/tablets.html", context, status=422 if errors else 200)


def _listed(session: Session, known: Catalogue, who: Viewer, now: datetime) -> dict[str, object]:
    listed, posters = kiosks.listing(session, who, now - timedelta(days=COUNTED_DAYS))
    return {
        "tablets": [
            {
                "id": str(one.device.id),
                "name": one.device.name,
                "office": known.name(one.device.office_id),
                "hand": one.device.hand,
                "state": _state(one.device, now),
                "seen_at": one.device.seen_at,
                "waiting": one.device.waiting,
                "version": one.device.version,
                "answers": one.answers,
            }
            for one in listed
        ],
        "posters": sorted((known.name(office), number) for office, number in posters.items()),
    }


def _state(device: KioskDevice, now: datetime) -> str:
    if device.revoked_at is not None:
        return "revoked"
    if device.token_hash is None:
        return "unpaired"
    quiet = device.seen_at is None or now - device.seen_at > timedelta(days=QUIET_DAYS)
    return "quiet" if quiet else "paired"
