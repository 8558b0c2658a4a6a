"""What became of a message that left: the delivery of a human answer ends a silence, its failure resumes it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, or_, select

from cases import delivery
from cases.fallback import fall_back
from cases.telling import tell_administrators, tell_office
from channels.errors import Failure
from channels.values import Channel, DeliveryStatus, Receipt
from domain.case import Case
from domain.inbox import InboundMessage, InboxKind
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from domain.timeline import TimelineEntry
from notifications import brake, results, staff_receipts

RECEIPTED = frozenset({Channel.sms, Channel.whatsapp})
"""Channels that report deliveries; elsewhere the provider's acceptance is the delivery."""


def hold(session: Session, rows: Iterable[InboundMessage]) -> results.Known:
    """Lock the messages that the receipts among some inbox rows are about, all at once."""
    receipts = [receipt_of(row) for row in rows if row.kind == InboxKind.receipt]
    return results.hold(session, receipts) if receipts else results.Known(())


def take_receipt(session: Session, row: InboundMessage, now: datetime, known: results.Known | None = None) -> bool:
    """Apply one stored delivery receipt; False when it is about a message nobody knows (yet)."""
    receipt = receipt_of(row)
    if results.apply_receipt(session, receipt, now, on_result, known) is not None:
        return True
    return staff_receipts.take(session, receipt, now)


def receipt_of(row: InboundMessage) -> Receipt:
    """The receipt an inbox row holds."""
    details = row.details
    failure = details.get("failure")
    return Receipt(
        channel=Channel(row.channel),
        account=row.account,
        provider_id=str(details["provider_id"]),
        status=DeliveryStatus(str(details["status"])),
        failure=Failure(str(failure)) if failure else None,  # type: ignore[call-arg]
        detail=str(details.get("detail") or ""),
        message_id=_uuid(details.get("message_id")),
        at=row.sent_at,
    )


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None


def on_result(session: Session, message: OutboundMessage, now: datetime) -> None:
    """Called in the transaction that moves a message to another state."""
    if message.state == OutboxState.cancelled and message.last_error == brake.LOOP:
        text = "The same words went to one address again and again, so Ombud stopped sending them. See Messages."
        tell_administrators(session, f"loop:{message.contact_point_id}:{now:%Y-%m-%d}", text, now)
    if message.case_id is not None and message.purpose == Purpose.answer:
        _answer(session, message, now)
    if message.state == OutboxState.failed:
        fall_back(session, message, now)


def _answer(session: Session, message: OutboundMessage, now: datetime) -> None:
    """A human answer moved: its arrival ends the silence, whichever message brought it."""
    case = session.exec(select(Case).where(col(Case.id) == message.case_id).with_for_update()).one()
    counted = _counted(session, case, message)
    if _arrived(message) and counted != "answer_delivered":
        delivery.delivered(session, case, message, message.delivered_at or message.accepted_at or now)
    elif message.state in (OutboxState.failed, OutboxState.cancelled) and counted != "answer_failed":
        if _came_otherwise(session, message):
            return
        delivery.failed(session, case, message, message.failed_at or now)
        _warn(session, case, message, "did not reach the citizen, so the silence goes on", now)
    elif message.state == OutboxState.unknown:
        _warn(session, case, message, "may or may not have reached the citizen: look under Messages", now)


def _arrived(message: OutboundMessage) -> bool:
    if message.channel in RECEIPTED:
        return message.state == OutboxState.delivered
    return message.state in (OutboxState.accepted, OutboxState.sent, OutboxState.delivered)


def _came_otherwise(session: Session, message: OutboundMessage) -> bool:
    """Whether the message it stands for, or one that stands for it, reached the citizen."""
    others = session.exec(
        select(OutboundMessage).where(
            or_(col(OutboundMessage.id) == message.fallback_of, col(OutboundMessage.fallback_of) == message.id)
        )
    )
    return any(_arrived(other) for other in others)


def _counted(session: Session, case: Case, message: OutboundMessage) -> str | None:
    """Which of delivered and failed the timeline said last of this answer."""
    said = session.exec(
        select(TimelineEntry)
        .where(
            col(TimelineEntry.case_id) == case.id,
            col(TimelineEntry.kind).in_(["answer_delivered", "answer_failed"]),
        )
        .order_by(col(TimelineEntry.number).desc())
    ).all()
    answer = str(delivery.answer_of(message))
    return next((str(entry.kind) for entry in said if entry.body.get("message") == answer), None)


def _warn(session: Session, case: Case, message: OutboundMessage, what: str, now: datetime) -> None:
    key = f"{'unknown' if message.state == OutboxState.unknown else 'undelivered'}:{message.id}"
    tell_office(session, case, key, f"Your answer to {case.reference} {what}.", now)
