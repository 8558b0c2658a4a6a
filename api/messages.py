"""Messages that need a person, and what stands in the way of the others: for administrators, heads and supervisors."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, func, select

from api.auth import SignedIn, Staffed
from api.choices import offices as office_choices
from api.forms import Filled
from api.pages import render
from cases import loops, mending
from channels.errors import Failure
from channels.values import Channel
from core.database import database
from core.errors import BadInput, Conflict, NotFound, OmbudError
from core.texts import clean, shorten
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage, InboxKind
from domain.outbox import OutboundMessage
from domain.sender import Sender
from domain.states import InboxState, OutboxState, Purpose, Role
from notifications import brake, pacing

router = APIRouter(include_in_schema=False)

DAYS = 14
SHOWN = 50
SENDING = (Channel.sms, Channel.whatsapp, Channel.telegram, Channel.email)
SENTENCES = {failure.value: str(failure.__doc__) for failure in Failure}
SAID = {
    "arrived": "It counts as delivered from now on.",
    "again": "One more copy is on its way.",
    "given_up": "Given up. If it was an answer, the silence goes on.",
    "tried": "It is processed again.",
    "sender": "Kept. Messages written from now on go by it.",
}
DECISIONS: dict[str, Callable[[Session, SignedIn, UUID, str, datetime], None]] = {
    "arrived": lambda s, who, message, why, now: mending.arrived(s, who.viewer, message, why, now),
    "again": lambda s, who, message, why, now: mending.send_again(s, who.viewer, message, why, now),
    "given_up": lambda s, who, message, why, now: mending.give_up(s, who.viewer, message, why, now),
}


@router.get("/staff/messages")
def show_messages(request: Request, staff: Staffed, said: str = "") -> Response:
    """What needs a person, and how the senders do."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff)


@router.post("/staff/messages/{message_id}")
def decide(request: Request, staff: Staffed, form: Filled, message_id: str) -> Response:
    """Say what became of a send nobody can vouch for: it arrived, send it again, give it up."""
    decision = form.get("go", "")
    try:
        if decision not in DECISIONS:
            raise BadInput("Choose what became of it.", mend="Use one of the buttons.")
        with database().write() as session:
            DECISIONS[decision](session, staff, _uuid(message_id), form.get("why", ""), datetime.now(UTC))
    except BadInput as error:
        return _page(request, staff, errors={f"why-{message_id}": str(error)})
    except Conflict as error:
        return _page(request, staff, problem=error)
    return RedirectResponse(f"/staff/messages?said={decision}", status_code=303)


@router.post("/staff/messages/arrivals/{row_id}")
def try_again(request: Request, staff: Staffed, form: Filled, row_id: str) -> Response:
    """Process an arrival again that broke six times."""
    try:
        with database().write() as session:
            mending.try_again(session, staff.viewer, _uuid(row_id), datetime.now(UTC))
    except Conflict as error:
        return _page(request, staff, problem=error)
    return RedirectResponse("/staff/messages?said=tried", status_code=303)


@router.post("/staff/senders")
def keep_sender(request: Request, staff: Staffed, form: Filled) -> Response:
    """Add a sender of an office, or change one: office, rate, in use."""
    mending.check(staff.viewer)
    try:
        with database().write() as session:
            _keep(session, staff, form)
    except BadInput as error:
        return _page(request, staff, errors=error.fields, typed=form)
    pacing.forget()
    return RedirectResponse("/staff/messages?said=sender", status_code=303)


def _keep(session: Session, staff: SignedIn, form: dict[str, str]) -> None:
    if not staff.viewer.has(Role.admin):
        raise BadInput("Only administrators change senders.", fields={"address": "Only administrators change senders."})
    wrong: dict[str, str] = {}
    channel, address = form.get("channel", ""), clean(form.get("address", ""), 200).replace(" ", "")
    if channel not in {str(one) for one in SENDING}:
        wrong["channel"] = "Choose a channel."
    by_twilio = channel in (Channel.sms, Channel.whatsapp)
    if not address or (by_twilio and not (address.startswith(("+", "MG")) or address.isalnum())):
        wrong["address"] = "Enter a number such as +355691234567, a sender name, or a messaging service (MG…)."
    office = catalogue(session).office_by_code.get(form.get("office", "").upper())
    if form.get("office") and office is None:
        wrong["office"] = "Choose an office, or none."
    rate = _rate(form.get("per_second", ""))
    if rate is not None and not 0 < rate <= 10_000:
        wrong["per_second"] = "Enter messages a second, such as 10, or leave it empty for the setting's rate."
    if wrong:
        raise BadInput("The sender cannot be kept.", fields=wrong)
    query = select(Sender).where(col(Sender.channel) == channel, col(Sender.address) == address).with_for_update()
    sender = session.exec(query).first() or Sender(channel=Channel(channel), address=address)
    sender.office_id, sender.per_second = office.id if office else None, rate
    sender.active = form.get("active", "yes") == "yes"
    session.add(sender)


def _rate(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text.strip() else None
    except ValueError:
        return -1.0


def _page(
    request: Request,
    staff: SignedIn,
    *,
    errors: dict[str, str] | None = None,
    problem: OmbudError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    mending.check(staff.viewer)
    now, admin = datetime.now(UTC), staff.viewer.has(Role.admin)
    since = now - timedelta(days=DAYS)
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    with database().read() as session:
        known = catalogue(session)
        seen = mending.looked_after(staff.viewer)
        unknown = _messages(session, seen, col(OutboundMessage.state) == OutboxState.unknown, since=None)
        failed = _messages(session, seen, col(OutboundMessage.state) == OutboxState.failed, since=since)
        stopped = _messages(session, seen, col(OutboundMessage.last_error) == brake.LOOP, since=since)
        context = {
            "admin": admin,
            "days": DAYS,
            "unknown": unknown,
            "failures": _by_reason(failed),
            "stopped": stopped,
            "loops": _loops(session, since) if admin else [],
            "arrivals": _broken(session) if admin else [],
            "senders": _senders(session, now),
            "offices": office_choices(known, "en"),
            "channels": [str(channel) for channel in SENDING],
            "typed": {name: (typed or {}).get(name, "") for name in ("channel", "address", "office", "per_second")},
            "errors": dict(errors or {}),
        }
    status = problem.status if problem else 422 if errors else 200
    return render(request, "staff/messages.html", context, status=status)


def _messages(session: Session, seen: object, which: object, since: datetime | None) -> list[dict[str, object]]:
    query = (
        select(OutboundMessage, ContactPoint.hint, Case.reference, Case.confidential)
        .join(ContactPoint, col(ContactPoint.id) == col(OutboundMessage.contact_point_id))
        .join(Case, col(Case.id) == col(OutboundMessage.case_id), isouter=True)
        .where(seen, which)  # type: ignore[arg-type]
        .order_by(col(OutboundMessage.created_at).desc())
        .limit(500)
    )
    if since is not None:
        query = query.where(col(OutboundMessage.created_at) > since)
    return [
        {
            "id": str(message.id),
            "channel": str(message.channel),
            "purpose": str(message.purpose).replace("_", " "),
            "hint": "…" if confidential else hint,
            "reference": reference or "",
            "text": shorten(message.body, 160) if message.purpose != Purpose.proof else "",
            "at": message.sending_at or message.created_at,
            "reason": SENTENCES.get(message.failure or "", message.last_error or ""),
            "detail": message.last_error or "",
        }
        for message, hint, reference, confidential in session.exec(query).all()
    ]


def _by_reason(failed: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Failed messages by the sentence that says why, most first."""
    groups: dict[str, list[dict[str, object]]] = {}
    for message in failed:
        groups.setdefault(str(message["reason"]), []).append(message)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return [{"reason": reason, "count": len(rows), "messages": rows[:SHOWN]} for reason, rows in ordered]


def _loops(session: Session, since: datetime) -> list[dict[str, object]]:
    """Addresses whose repeats were kept but not answered, newest first; what they say is not shown."""
    query = (
        select(
            InboundMessage.sender_index,
            InboundMessage.channel,
            func.count(),
            func.max(InboundMessage.received_at),
        )
        .where(col(InboundMessage.outcome) == loops.LOOP, col(InboundMessage.received_at) > since)
        .group_by(col(InboundMessage.sender_index), col(InboundMessage.channel))
        .order_by(func.max(InboundMessage.received_at).desc())
        .limit(SHOWN)
    )
    found = session.exec(query).all()
    hints = dict(
        session.exec(
            select(ContactPoint.address_index, ContactPoint.hint).where(
                col(ContactPoint.address_index).in_([index for index, *_ in found])
            )
        ).all()
    )
    return [
        {"channel": str(channel), "hint": hints.get(index, ""), "count": count, "at": at}
        for index, channel, count, at in found
    ]


def _broken(session: Session) -> list[dict[str, object]]:
    """Arrivals that could not be processed; only what broke is shown, not what was said."""
    rows = session.exec(
        select(InboundMessage)
        .where(col(InboundMessage.state) == InboxState.failed)
        .order_by(col(InboundMessage.received_at).desc())
        .limit(SHOWN)
    ).all()
    return [
        {
            "id": str(row.id),
            "channel": str(row.channel),
            "kind": "receipt" if row.kind == InboxKind.receipt else "message",
            "at": row.received_at,
            "why": row.last_error or "",
        }
        for row in rows
    ]


def _senders(session: Session, now: datetime) -> list[dict[str, object]]:
    """Each sender, its rate, and what waits for it."""
    known = catalogue(session)
    waiting = {
        (Channel(channel), sender or ""): count
        for channel, sender, count in session.exec(
            select(OutboundMessage.channel, OutboundMessage.sender, func.count())
            .where(col(OutboundMessage.state) == OutboxState.queued, col(OutboundMessage.due_at) <= now)
            .group_by(col(OutboundMessage.channel), col(OutboundMessage.sender))
        ).all()
    }
    rows = {(Channel(row.channel), row.address): row for row in session.exec(select(Sender))}
    defaults = [(channel, pacing.default_address(channel)) for channel in SENDING]
    ways = dict.fromkeys([*(way for way in defaults if way[1]), *sorted(rows), *(way for way in waiting if way[1])])
    told = []
    for way in ways:
        channel, address = way
        row = rows.get(way)
        rate = (row.per_second if row else None) or pacing.default_rate(channel)
        count = waiting.get(way, 0)
        paused = row.next_at if row and row.next_at and row.next_at > now + pacing.HORIZON else None
        told.append(
            {
                "channel": str(channel),
                "address": address,
                "office": known.name(row.office_id) if row and row.office_id else "",
                "office_code": known.offices[row.office_id].code if row and row.office_id in known.offices else "",
                "default": way in defaults,
                "rate": rate,
                "own_rate": row.per_second if row else None,
                "active": row.active if row else True,
                "waiting": count,
                "minutes": count * pacing.SPARE / rate / 60,
                "paused": paused,
            }
        )
    return told


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such message.", mend="Reload the page.") from error
