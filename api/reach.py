"""How we reach you: when a person of staff hears of what waits for them, and where."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api import throttle, ways
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from cases import reach
from channels.phones import readable
from channels.values import Channel
from core.database import database
from core.errors import BadInput
from domain.reach import Matter, ReachState, StaffContact, StaffMessage
from domain.staff import Staff
from notifications.staff_channels import set_up

router = APIRouter(include_in_schema=False)

SAID = {
    "kept": "Kept. What waits leaves by it.",
    "sent": "A code is on its way to your telephone.",
    "proven": "Your telephone is proven.",
    "phone-off": "Nothing goes to your telephone any more.",
    "telegram-off": "Nothing goes to your chat any more.",
}
LATELY = 5


@router.get("/staff/account/reach")
def show_reach(request: Request, staff: Staffed, said: str = "") -> Response:
    """What one chose, and what left lately."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff)


@router.post("/staff/account/reach")
def change(request: Request, staff: Staffed, form: Filled) -> Response:
    """One of the forms of the page."""
    now, staff_id, go = datetime.now(UTC), UUID(staff.id), form.get("go", "")
    said, link = "kept", ""
    try:
        if go == "code":
            throttle.check("code", staff.id)
        with database().write() as session:
            match go:
                case "phone":
                    reach.give_phone(session, staff_id, form.get("phone", "")[:40], now)
                    said = "sent"
                case "code":
                    said = "proven" if reach.prove_phone(session, staff_id, form.get("code", "")[:20], now) else ""
                case "phone-off":
                    reach.forget_phone(session, staff_id)
                    said = go
                case "telegram":
                    link = reach.telegram_link(session, staff_id, now)
                case "telegram-off":
                    reach.forget_telegram(session, staff_id)
                    said = go
                case _:
                    reach.choose(session, staff_id, form, now)
        if not said:
            throttle.spend("code", staff.id)
            raise BadInput("This code opens nothing.", fields={"code": "This code opens nothing. Send another one."})
    except BadInput as error:
        return _page(request, staff, typed=form, errors=error.fields)
    if link:
        return _page(request, staff, link=link)
    return RedirectResponse(f"/staff/account/reach?said={said}", status_code=303)


def _page(
    request: Request,
    staff: SignedIn,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    link: str = "",
) -> Response:
    bot = next((way["url"] for way in ways.ways() if way["channel"] == Channel.telegram), "")
    with database().read() as session:
        person = session.get_one(Staff, UUID(staff.id))
        contact = reach.contact_of(session, person.id)
        context = {
            "email": person.email,
            "given": _given(contact, typed or {}),
            "phone": readable(contact.phone) if contact and contact.phone else "",
            "awaits": reach.awaits_code(contact),
            "telegram": contact.telegram_at if contact and contact.telegram else None,
            "link": f"{bot}?start={link}" if bot and link else "",
            "minutes": reach.LINK_MINUTES,
            "ready": sorted(str(channel) for channel in set_up() if channel is not Channel.telegram or bot),
            "lately": _lately(session, person.id),
            "errors": dict(errors or {}),
        }
    return render(request, "staff/reach.html", context, status=422 if errors else 200)


def _given(contact: StaffContact | None, typed: Mapping[str, str]) -> dict[str, str]:
    first, end = (contact.quiet_from, contact.quiet_until) if contact else (None, None)
    stored = {
        "pace": str(contact.pace) if contact else "hourly",
        "quiet": reach.quiet_of(contact),
        "from": str(20 if first is None or first == end else first),
        "until": str(7 if end is None or first == end else end),
        "phone": "",
    }
    return {name: typed.get(name, value) for name, value in stored.items()}


def _lately(session: Session, staff_id: UUID) -> list[dict[str, object]]:
    """The last messages: when, by what, about how many matters, and what became of each. Of no case a word."""
    left = session.exec(
        select(StaffMessage)
        .where(StaffMessage.staff_id == staff_id, col(StaffMessage.sending_at).is_not(None))
        .order_by(col(StaffMessage.sending_at).desc(), col(StaffMessage.id))
        .limit(200)
    ).all()
    bundles: dict[UUID | None, list[StaffMessage]] = {}
    for row in left:
        bundles.setdefault(row.bundle_id, []).append(row)
    return [
        {
            "at": rows[0].sending_at,
            "channel": str(rows[0].channel),
            "count": len(rows) if rows[0].about == Matter.rung else 0,
            "state": str(rows[0].state),
            "why": rows[0].why or "",
            "well": rows[0].state in (ReachState.sent, ReachState.sending),
        }
        for rows in list(bundles.values())[:LATELY]
    ]
