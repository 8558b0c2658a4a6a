"""Messages to staff that were cut off while they left: looked up at their channel, or left `unknown`."""

from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from channels.errors import SendFailed
from channels.values import Channel, Sent
from core import claims
from core.database import database
from domain.reach import ReachState, StaffContact, StaffMessage
from domain.staff import Staff
from notifications.sending import FindSent, NoLookUp, lease
from notifications.staff_channels import address_of
from notifications.staff_deliver import GIVE_UP, UNTOLD, queue_again, settle
from notifications.staff_look import outgoing_of


def reconcile_due(now: datetime, *, find_sent: FindSent, limit: int = 50) -> int:
    """Find out what became of messages whose sending was cut off; how many rows were looked at."""
    with database().write() as session:
        ids = claims.claim(session, StaffMessage, now, state=ReachState.sending, limit=limit, lease=lease())
        firsts = session.exec(
            select(StaffMessage).where(col(StaffMessage.id).in_(ids), StaffMessage.bundle_id == StaffMessage.id)
        ).all()
        cut_off = [(row, _address(session, row)) for row in firsts]
    for row, address in cut_off:
        outcome = _found(row, address, find_sent, now)
        if outcome == "later" or row.sending_at is None:
            continue
        with database().write() as session:
            held = session.exec(
                select(StaffMessage)
                .where(StaffMessage.bundle_id == row.id, StaffMessage.state == ReachState.sending)
                .order_by(col(StaffMessage.id))
                .with_for_update(),
                execution_options={"populate_existing": True},
            ).all()
            for one in held:
                if isinstance(outcome, Sent):
                    settle(one, ReachState.sent, None)
                    one.sent_at, one.provider_id = row.sending_at, outcome.provider_id
                elif outcome is None:
                    queue_again(one, now)
                else:
                    settle(one, ReachState.unknown, UNTOLD)
    return len(ids)


def _address(session: Session, row: StaffMessage) -> str | None:
    person = session.get_one(Staff, row.staff_id)
    contact = session.exec(select(StaffContact).where(StaffContact.staff_id == row.staff_id)).first()
    return address_of(person, contact, Channel(row.channel))


def _found(
    row: StaffMessage, address: str | None, find_sent: FindSent, now: datetime
) -> Sent | Literal["unknown", "later"] | None:
    """What the channel knows of a message: sent, certainly not, or nothing, now or for good."""
    if address is None or row.body is None or row.sending_at is None:
        return "unknown"
    try:
        return find_sent(outgoing_of(row.id, address, row.body, None), Channel(row.channel), row.sending_at)
    except NoLookUp:
        return "unknown"
    except SendFailed:
        return "later" if now - row.sending_at < GIVE_UP else "unknown"
