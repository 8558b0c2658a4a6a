"""Finding out what became of sends that were cut off: by look-up at the provider, else by a person."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from channels.errors import SendFailed
from channels.values import Channel, Sent
from core.claims import claim
from core.database import database
from core.logs import logger
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState
from notifications import results
from notifications.results import OnResult, nothing_more
from notifications.sending import PARALLEL, Claimed, FindSent, NoLookUp, Running, lease, outgoing_of

GIVE_UP_LOOKING = timedelta(hours=24)

log = logger("notifications")


def reconcile_due(
    now: datetime,
    *,
    find_sent: FindSent,
    limit: int = 100,
    on_result: OnResult = nothing_more,
    parallel: int = PARALLEL,
) -> int:
    """Find out what became of messages whose sending was cut off; gives how many were looked at.

    Found at the provider: accepted. Certainly not there, or never asked: queued again. No way to look: `unknown`, for
    a person to decide. A provider that cannot be asked now is asked again when the lease ends, for a day at most.
    """
    with database().write() as session:
        ids = claim(session, OutboundMessage, now, state="sending", limit=limit, lease=lease())
    running = Running(now)

    def one(message_id: UUID) -> None:
        claimed = _cut_off(message_id, now + lease(), now)
        if claimed is None:
            return
        why = "The channel cannot say whether it was sent."
        found: Sent | SendFailed | NoLookUp | None
        try:
            found = find_sent(claimed.outgoing, claimed.channel, claimed.since)
        except (NoLookUp, SendFailed) as error:
            found = error
        if isinstance(found, SendFailed):
            log.warning("look_up_failed", message=str(message_id), failure=found.failure.value)
            if running() - claimed.since < GIVE_UP_LOOKING:
                return
            why = "The provider could not be asked for a day whether it was sent."
        with database().write() as session:
            message = _held(session, message_id, claimed.since)
            if message is None:
                return
            if found is None:
                results.queue_again(message, running())
            elif isinstance(found, Sent) and not _taken(session, found, message_id):
                results.record_sent(session, message, found, running(), on_result)
            else:
                results.record_unknown(session, message, why, running(), on_result)

    _each(one, ids, parallel)
    return len(ids)


def _cut_off(message_id: UUID, lease_end: datetime, now: datetime) -> Claimed | None:
    with database().write() as session:
        message = results.locked(session, message_id)
        if message is None or message.state != OutboxState.sending or message.leased_until != lease_end:
            return None
        message.attempts -= 1  # looking is no try
        if message.sending_at is None:
            results.queue_again(message, now)
            return None
        contact = session.get_one(ContactPoint, message.contact_point_id)
        return Claimed(message_id, Channel(message.channel), outgoing_of(message, contact), message.sending_at)


def _held(session: Session, message_id: UUID, since: datetime) -> OutboundMessage | None:
    message = results.locked(session, message_id)
    held = message is not None and message.state == OutboxState.sending and message.sending_at == since
    return message if held else None


def _taken(session: Session, found: Sent, message_id: UUID) -> bool:
    """Whether what the provider found is another message of ours with the same words."""
    return (
        session.exec(
            select(OutboundMessage.id).where(
                col(OutboundMessage.provider_id) == found.provider_id,
                col(OutboundMessage.account) == found.account,
                col(OutboundMessage.id) != message_id,
            )
        ).first()
        is not None
    )


def _each(action: Callable[[UUID], None], ids: list[UUID], parallel: int) -> None:
    if len(ids) < 2 or parallel < 2:
        for message_id in ids:
            action(message_id)
        return
    with ThreadPoolExecutor(min(parallel, len(ids)), thread_name_prefix="ombud-send") as pool:
        for future in [pool.submit(action, message_id) for message_id in ids]:
            future.result()
