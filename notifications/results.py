"""What becomes of a message: every change of an outbox row after it was written, in one place.

Order never goes backwards: only the ways of `OUTBOX_TRANSITIONS` are taken, so a receipt may come late, twice, or
before we noted that the provider took the message.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Table, bindparam, text
from sqlalchemy import select as sql_select
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, or_, select

from channels.errors import Failure, SendFailed
from channels.values import DeliveryStatus, Receipt, Sent
from core.claims import retry_at
from core.sets import among
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OUTBOX_TRANSITIONS, OutboxState, Purpose
from notifications.sending import Claimed

MAX_ATTEMPTS = 8
"""Tries before a failure that might have passed counts as final: about thirteen hours."""

JITTER = 0.25
"""A wait is made longer by up to this share, so that what failed together is not tried again together."""

R = TypeVar("R")
_NOTED = ("state", "account", "provider_id", "accepted_at", "delivered_at")
_OUTBOX: Table = OutboundMessage.__table__  # type: ignore[attr-defined]
_TAKEN = (
    _OUTBOX.update()
    .where(_OUTBOX.c.id == bindparam("_id"))
    .values(**{name: bindparam(name) for name in _NOTED}, due_at=None, leased_until=None, failure=None, last_error=None)
)
_TAKEN_AT_ONCE = text(
    "UPDATE outbound_message AS one SET state = t.state, account = t.account, provider_id = t.provider_id, "
    "accepted_at = t.accepted_at, delivered_at = t.delivered_at, "
    "due_at = NULL, leased_until = NULL, failure = NULL, last_error = NULL "
    "FROM unnest(CAST(:_id AS uuid[]), CAST(:state AS text[]), CAST(:account AS text[]), CAST(:provider_id AS text[]), "
    "CAST(:accepted_at AS timestamptz[]), CAST(:delivered_at AS timestamptz[])) "
    "AS t (id, state, account, provider_id, accepted_at, delivered_at) WHERE one.id = t.id"
)
"""`_TAKEN` for PostgreSQL: a statement for each row costs a fifth of all that is done about it."""
_REACHED = (OutboxState.accepted, OutboxState.sent, OutboxState.delivered)


OnResult = Callable[[Session, OutboundMessage, datetime], None]
"""Told of every change of state but a retry, in the transaction that makes it, with the message locked. Its `state`,
`failure` and times say what happened."""


def nothing_more(session: Session, message: OutboundMessage, now: datetime) -> None:
    """An `OnResult` for messages that nobody waits for."""


def locked(session: Session, message_id: UUID) -> OutboundMessage | None:
    """The row as it is now, held until the transaction ends."""
    return session.exec(
        select(OutboundMessage)
        .where(col(OutboundMessage.id) == message_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def record_sent(
    session: Session, message: OutboundMessage, sent: Sent, now: datetime, on_result: OnResult = nothing_more
) -> bool:
    """The provider has the message (locked); whether its state changed. A receipt may have been quicker."""
    message.account = sent.account
    message.provider_id = sent.provider_id
    return _move(session, message, OutboxState(sent.status.value), now, now, on_result)


WAITED_FOR = frozenset({Purpose.answer, Purpose.proof})
"""Messages whose leaving changes more than their own row."""


def record_taken(
    session: Session, known: Sequence[tuple[Claimed, R]], now: datetime, on_result: OnResult = nothing_more
) -> list[tuple[Claimed, R]]:
    """Note all that the providers took as `record_sent` would, in two statements; gives what is still to be noted.

    That is what was not taken, what moved on meanwhile, and what somebody waits for: those are read as rows.
    """
    plain = {
        claimed.id: (claimed.message, outcome)
        for claimed, outcome in known
        if isinstance(outcome, Sent) and claimed.message is not None and claimed.message.purpose not in WAITED_FOR
    }
    if not plain:
        return list(known)
    held = session.execute(
        sql_select(_OUTBOX.c.id)
        .where(among(session, OutboundMessage.id, list(plain)), _OUTBOX.c.state == OutboxState.sending)
        .order_by(_OUTBOX.c.id)
        .with_for_update()
    )
    taken = []
    for (message_id,) in held:
        message, sent = plain[message_id]
        after = OutboxState(sent.status.value)
        if after not in _REACHED:
            continue
        delivered = now if after is OutboxState.delivered else None
        made = {"state": after, "account": sent.account, "provider_id": sent.provider_id, "delivered_at": delivered}
        taken.append({"_id": message_id, **made, "accepted_at": message.accepted_at or now})
    if taken:
        if session.get_bind().dialect.name == "postgresql":
            columns = {name: [row[name] for row in taken] for name in ("_id", *_NOTED)}
            session.connection().execute(_TAKEN_AT_ONCE, columns)
        else:
            session.connection().execute(_TAKEN, taken)
    for row in taken:
        message = plain[row["_id"]][0]
        for name in _NOTED:
            set_committed_value(message, name, row[name])
        on_result(session, message, now)
    done = {row["_id"] for row in taken}
    return [one for one in known if one[0].id not in done]


def record_failure(
    session: Session, message: OutboundMessage, error: SendFailed, now: datetime, on_result: OnResult = nothing_more
) -> None:
    """The channel could not send the message (locked).

    What may pass is queued again, at most `MAX_ATTEMPTS` times. Where it is unknown whether the message left, the row
    stays `sending` until its lease ends and `reconcile_due` asks the provider.
    """
    if message.state != OutboxState.sending:
        return  # a receipt was quicker and knows better
    message.last_error = str(error)[:500]
    if error.failure is Failure.outcome_unknown:
        return
    if error.failure.retry and message.attempts < MAX_ATTEMPTS:
        due = retry_at(now, message.attempts, error.retry_after)
        queue_again(message, due + (due - now) * (JITTER * random.random()))
        return
    _move(session, message, OutboxState.failed, now, now, on_result, error.failure, error.detail)


def pause_of(error: SendFailed) -> timedelta:
    """How long a sender keeps quiet after a provider had too much of it."""
    return timedelta(seconds=error.retry_after if error.retry_after is not None else 1.0)


def record_cancelled(
    session: Session, message: OutboundMessage, why: str, now: datetime, on_result: OnResult = nothing_more
) -> None:
    """The message (locked) is not wanted any more and was not sent."""
    message.last_error = why
    _move(session, message, OutboxState.cancelled, now, now, on_result, None, why)


def record_unknown(
    session: Session, message: OutboundMessage, why: str, now: datetime, on_result: OnResult = nothing_more
) -> None:
    """Nobody can say whether the message (locked) was sent: a person decides."""
    message.last_error = why
    message.failure = Failure.outcome_unknown.value
    _move(session, message, OutboxState.unknown, now, now, on_result, Failure.outcome_unknown, why)


def record_decided(
    session: Session,
    message: OutboundMessage,
    after: OutboxState,
    why: str,
    now: datetime,
    on_result: OnResult = nothing_more,
) -> None:
    """A person decided what became of an unknown send (locked): delivered or failed."""
    failure = Failure.outcome_unknown if after is OutboxState.failed else None
    _move(session, message, after, now, now, on_result, failure, why)


def queue_again(message: OutboundMessage, due_at: datetime) -> None:
    """Put a message that certainly was not sent back into the queue."""
    message.state = OutboxState.queued
    message.due_at = due_at
    message.leased_until = None
    message.sending_at = None


def apply_receipt(
    session: Session,
    receipt: Receipt,
    now: datetime,
    on_result: OnResult = nothing_more,
    known: "Known | None" = None,
) -> OutboundMessage | None:
    """Note a delivery receipt; gives the message it is about.

    It is found by the provider's id, else by ours, which the receipt address carries. None when neither is known yet:
    the reply to our request may be a moment behind, so ask again later. A repeat, or one that is behind what is known,
    changes nothing. `known` are messages held already, as `hold` gives them.
    """
    message = (known or hold(session, [receipt])).about(receipt)
    if message is None:
        return None
    message.account = message.account or receipt.account
    message.provider_id = message.provider_id or receipt.provider_id
    at = max(message.created_at, min(receipt.at or now, now))
    after = OutboxState(receipt.status.value)
    failure = (receipt.failure or Failure.unreachable) if receipt.status is DeliveryStatus.failed else None
    _move(session, message, after, at, now, on_result, failure, receipt.detail)
    return message


class Known:
    """Messages that receipts may be about, held until the transaction ends."""

    def __init__(self, messages: Iterable[OutboundMessage]) -> None:
        self._by_id = {message.id: message for message in messages}
        self._by_name = {(one.account, one.provider_id): one for one in self._by_id.values() if one.provider_id}

    def about(self, receipt: Receipt) -> OutboundMessage | None:
        """The message of a receipt, if it is among them."""
        name = (receipt.account, receipt.provider_id)
        if name not in self._by_name and receipt.message_id in self._by_id:
            mine = self._by_id[receipt.message_id]
            if mine.provider_id in (None, receipt.provider_id):
                self._by_name[name] = mine
        return self._by_name.get(name)


def hold(session: Session, receipts: Iterable[Receipt]) -> Known:
    """Lock what some receipts may be about, in one statement and one order everywhere."""
    names = {receipt.provider_id for receipt in receipts}
    ours = {receipt.message_id for receipt in receipts if receipt.message_id is not None}
    found = session.exec(
        select(OutboundMessage)
        .where(or_(col(OutboundMessage.provider_id).in_(names), col(OutboundMessage.id).in_(ours)))
        .order_by(col(OutboundMessage.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return Known(found)


def _move(
    session: Session,
    message: OutboundMessage,
    after: OutboxState,
    at: datetime,
    now: datetime,
    on_result: OnResult,
    failure: Failure | None = None,
    detail: str = "",
) -> bool:
    before = OutboxState(message.state)
    if (before, after) not in OUTBOX_TRANSITIONS:
        return False
    message.state = after
    message.due_at = None
    message.leased_until = None
    if after in _REACHED:
        message.accepted_at = message.accepted_at or at
        message.failure = None
        message.last_error = None
    if after is OutboxState.delivered:
        message.delivered_at = at
        if before is OutboxState.failed:
            _reopen_contact(session, message)
    if after is OutboxState.failed and failure is not None:
        message.failed_at = at
        message.failure = failure.value
        message.last_error = (detail or failure.value)[:500]
        if failure.closes_contact:
            _close_contact(session, message, failure, now)
    if message.purpose == Purpose.proof and after is not OutboxState.unknown:
        message.body = ""  # a code is worth nothing to us once it left, and something to whoever reads the outbox
    session.add(message)
    on_result(session, message, now)
    return True


def _close_contact(session: Session, message: OutboundMessage, failure: Failure, now: datetime) -> None:
    contact = session.get_one(ContactPoint, message.contact_point_id, with_for_update=True)
    if failure is Failure.invalid_address:
        contact.unreachable_at = contact.unreachable_at or now
        contact.unreachable_why = str(failure.__doc__)
    else:
        contact.opted_out_at = contact.opted_out_at or now
    session.add(contact)


def _reopen_contact(session: Session, message: OutboundMessage) -> None:
    """A delivery shows that the address takes messages. An opting out is the citizen's word and stays."""
    contact = session.get_one(ContactPoint, message.contact_point_id, with_for_update=True)
    contact.unreachable_at = None
    contact.unreachable_why = None
    session.add(contact)
