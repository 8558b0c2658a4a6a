"""What became of a message that left: the delivery of a human answer ends a silence, its failure resumes it."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import lifecycle
from channels.errors import Failure
from channels.values import Channel, DeliveryStatus, Receipt
from domain.case import Case
from domain.clock import Notice
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from domain.timeline import TimelineEntry
from notifications import results

RECEIPTED = frozenset({Channel.sms, Channel.whatsapp})
"""Channels that report deliveries; elsewhere the provider's acceptance is the delivery."""


def take_receipt(session: Session, row: InboundMessage, now: datetime) -> bool:
    """Apply one stored delivery receipt; False when it is about a message nobody knows (yet)."""
    details = row.details
    failure = details.get("failure")
    message_id = details.get("message_id")
    receipt = Receipt(
        channel=Channel(row.channel),
        account=row.account,
        provider_id=str(details["provider_id"]),
        status=DeliveryStatus(str(details["status"])),
        failure=Failure(str(failure)) if failure else None,  # type: ignore[call-arg]
        detail=str(details.get("detail") or ""),
        message_id=_uuid(message_id),
        at=row.sent_at,
    )
    return results.apply_receipt(session, receipt, now, on_result) is not None


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None


def on_result(session: Session, message: OutboundMessage, now: datetime) -> None:
    """Called in the transaction that moves a message to another state."""
    if message.case_id is None or message.purpose != Purpose.answer:
        return
    case = session.exec(select(Case).where(col(Case.id) == message.case_id).with_for_update()).one()
    counted = _counted(session, case, message)
    arrived = message.state == OutboxState.delivered or (
        message.channel not in RECEIPTED and message.state in (OutboxState.accepted, OutboxState.sent)
    )
    if arrived and counted != "answer_delivered":
        lifecycle.delivered(session, case, message, message.delivered_at or message.accepted_at or now)
    elif message.state in (OutboxState.failed, OutboxState.cancelled) and counted != "answer_failed":
        lifecycle.failed(session, case, message, message.failed_at or now)
        _warn(session, case, message, now)


def _counted(session: Session, case: Case, message: OutboundMessage) -> str | None:
    """Which of delivered and failed the timeline said last of this message."""
    said = session.exec(
        select(TimelineEntry)
        .where(
            col(TimelineEntry.case_id) == case.id,
            col(TimelineEntry.kind).in_(["answer_delivered", "answer_failed"]),
        )
        .order_by(col(TimelineEntry.number).desc())
    ).all()
    return next((str(entry.kind) for entry in said if entry.body.get("message") == str(message.id)), None)


def _warn(session: Session, case: Case, message: OutboundMessage, now: datetime) -> None:
    if case.assignee_id is not None:
        session.add(
            Notice(
                staff_id=case.assignee_id,
                case_id=case.id,
                dedupe_key=f"undelivered:{message.id}",
                text=f"Your answer to {case.reference} did not reach the citizen, so the silence goes on.",
                at=now,
            )
        )
