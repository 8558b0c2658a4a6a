"""From an inbox row to what it means. `process` does all of it in one transaction: no case without a clock, no
acknowledgement without a case.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select

from cases import assisted, calls, contacts, forms, mail, outcomes, texting
from cases.arriving import LATER
from cases.inbox import Arrival, receive
from channels.values import Channel
from core import claims
from core.database import database
from core.logs import logger
from core.settings import settings
from core.texts import clean
from domain.inbox import InboundMessage, InboxKind
from domain.states import InboxState
from notifications.results import Known

BATCH = 25
MAX_ATTEMPTS = 6

Handler = Callable[[Session, InboundMessage, datetime], str]
"""Does what one message asks for, in the caller's transaction; gives in a word what that was (`LATER`: nothing yet)."""

HANDLERS: dict[Channel, Handler] = {
    Channel.sms: texting.take,
    Channel.whatsapp: texting.take,
    Channel.telegram: texting.take,
    Channel.email: mail.take,
    Channel.web: forms.take,
    Channel.api: forms.take,
    Channel.kiosk: forms.take_exit_survey,
    Channel.assisted: assisted.take,
    Channel.voice: calls.take,
}

log = logger("cases.intake")


def process_due(now: datetime, limit: int = BATCH) -> int:
    """Claim and process up to `limit` inbox rows; returns how many were claimed.

    The batch shares one transaction while all goes well. If one row fails, all are rolled back and done one by one,
    so a bad row delays its neighbours but never harms them.
    """
    with database().write() as session:
        lease = timedelta(seconds=settings().lease_seconds)
        ids = claims.claim(session, InboundMessage, now, state=InboxState.received, limit=limit, lease=lease)
    if not ids:
        return 0
    try:
        with database().write() as session:
            rows = _load(session, ids)
            known = outcomes.hold(session, rows)
            contacts.hold(session, texting.senders(rows), now)
            for row in rows:
                process(session, row, now, known)
    except Exception as error:  # noqa: BLE001  (whatever it was is met again, and recorded, row by row)
        log.info("batch_split", rows=len(ids), error=type(error).__name__)
        for row_id in ids:
            process_one(row_id, now)
    return len(ids)


def _load(session: Session, ids: list[UUID]) -> list[InboundMessage]:
    rows = session.exec(
        select(InboundMessage)
        .where(col(InboundMessage.id).in_(ids), col(InboundMessage.state) == InboxState.received)
        .with_for_update()
    ).all()
    return sorted(rows, key=lambda row: (row.received_at, row.id))


def process_one(row_id: UUID, now: datetime) -> None:
    """Process one claimed row in a transaction of its own; a failure is recorded on the row and tried again later."""
    for _ in range(3):
        try:
            with database().write() as session:
                for row in _load(session, [row_id]):
                    process(session, row, now)
            return
        except (IntegrityError, OperationalError) as error:
            failure: Exception = error  # somebody else made the same contact or held the same rows: look again
        except Exception as error:  # noqa: BLE001  (recorded below; a message is never dropped)
            failure = error
            break
    log.error("inbox_row_failed", row=str(row_id), error=type(failure).__name__, detail=str(failure)[:300])
    with database().write() as session:
        failed = session.get(InboundMessage, row_id, with_for_update=True)
        if failed is None or failed.state != InboxState.received:
            return
        failed.last_error = f"{type(failure).__name__}: {str(failure)[:500]}"
        failed.leased_until = None
        if failed.attempts >= MAX_ATTEMPTS:
            failed.state, failed.due_at = InboxState.failed, None
        else:
            failed.due_at = claims.retry_at(now, failed.attempts)


def receive_and_process(arrival: Arrival, now: datetime) -> InboundMessage:
    """Store one arrival and process it at once, for a caller who shows the result (web form, API).

    A repeat returns the row of the first. If processing fails it is tried again by the worker; the row is stored.
    """
    receive([arrival], now)
    with database().write() as session:
        row = session.exec(
            select(InboundMessage).where(
                col(InboundMessage.channel) == arrival.channel,
                col(InboundMessage.account) == clean(arrival.account, 200),
                col(InboundMessage.provider_id) == clean(arrival.provider_id, 200),
            )
        ).one()
        row_id = row.id
    process_one(row_id, now)
    with database().read() as session:
        return session.exec(select(InboundMessage).where(col(InboundMessage.id) == row_id)).one()


def process(session: Session, row: InboundMessage, now: datetime, known: Known | None = None) -> None:
    """Do what one inbox row asks for, and mark it processed. `known` are messages of ours held already."""
    match InboxKind(row.kind):
        case InboxKind.receipt:
            if not outcomes.take_receipt(session, row, now, known) and row.attempts < MAX_ATTEMPTS:
                # quicker than our own note of having sent: look again in a moment
                row.due_at, row.leased_until = claims.retry_at(now, row.attempts), None
                return
            outcome = "receipt"
        case InboxKind.contact:
            outcome = _contact_change(session, row, now)
        case InboxKind.message:
            outcome = HANDLERS[Channel(row.channel)](session, row, now)
            if outcome == LATER:
                row.leased_until = None
                return
    row.outcome = outcome
    row.state, row.due_at, row.leased_until, row.last_error = InboxState.processed, None, None, None


def _contact_change(session: Session, row: InboundMessage, now: datetime) -> str:
    contact = contacts.find_or_make(session, Channel(row.channel), row.sender, now).contact
    blocked = bool(row.details.get("blocked"))
    contact.opted_out_at = (contact.opted_out_at or now) if blocked else None
    return "blocked" if blocked else "unblocked"
