"""Receipts of messages to staff: one that never arrived goes by e-mail instead, for somebody waits for its reader."""

from datetime import datetime

from sqlmodel import Session, col, select

from channels.values import Channel, DeliveryStatus, Receipt
from domain.reach import Matter, ReachState, StaffMessage
from notifications.staff_deliver import queue_again, settle
from notifications.staff_look import goes_by_mail


def take(session: Session, receipt: Receipt, now: datetime) -> bool:
    """Apply a receipt; False when it is about no message to staff, or about one that is not noted as sent yet.

    A failure counts once: what it told waits to leave by e-mail, or has failed where that told it already.
    """
    if receipt.message_id is None:
        return False
    rows = session.exec(
        select(StaffMessage)
        .where(StaffMessage.bundle_id == receipt.message_id, StaffMessage.provider_id == receipt.provider_id)
        .order_by(col(StaffMessage.id))
        .with_for_update(),
        execution_options={"populate_existing": True},
    ).all()
    for row in rows:
        if receipt.status is not DeliveryStatus.failed or row.state != ReachState.sent:
            continue
        row.last_error = receipt.detail or str(receipt.failure or "")
        if row.about == Matter.rung and row.channel != Channel.email and not goes_by_mail(session, row):
            row.channel = Channel.email
            queue_again(row, now)
            row.provider_id, row.sent_at = None, None
        else:
            settle(row, ReachState.failed, str(receipt.failure.__doc__) if receipt.failure else receipt.detail)
    return bool(rows)
