"""Sending what is due, and finding out about what was cut off.

No database connection is held while a provider is asked. A row goes `queued → sending` (claimed) and gets `sending_at`
in a later commit, just before the request; so after a crash a row without `sending_at` certainly was not sent, and one
with it is looked up at the provider, or left to a person. It is never blindly sent again.

Requests run side by side on threads that touch no database. What begins at the same time is begun in one transaction,
what ended meanwhile is written down in one, and each waits for its sender's next moment (`notifications.pacing`).
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from channels.errors import Failure, SendFailed
from channels.values import Channel, Sent
from core.claims import claim
from core.database import database
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from notifications import brake, pacing, results
from notifications.outbox import may_send
from notifications.reconcile import reconcile_due
from notifications.results import OnResult, apply_receipt, nothing_more
from notifications.sending import PARALLEL, Claimed, FindSent, NoLookUp, Running, Send, lease, outgoing_of

KEEP = timedelta(seconds=2.5)
"""A message that found no moment for so long goes back into the queue."""

GATHER = 0.01
"""Seconds to let further requests end before those that did are written down."""

__all__ = ["FindSent", "NoLookUp", "Send", "apply_receipt", "deliver_due", "reconcile_due"]


class _TooLate(Exception):
    """The message's moment has passed, or its sender must pause: it was not sent."""


Outcome = Sent | SendFailed | _TooLate


def deliver_due(
    now: datetime, *, send: Send, limit: int = 100, on_result: OnResult = nothing_more, parallel: int = PARALLEL
) -> int:
    """Send up to `limit` messages that are due, `parallel` at a time; gives how many were claimed.

    Whoever opted out since the message was written gets nothing: it is cancelled. What `send` raises besides SendFailed
    is raised here after the others are through; such a row is reconciled when its lease ends.
    """
    with database().write() as session:
        ids = claim(
            session,
            OutboundMessage,
            now,
            state="queued",
            becomes="sending",
            limit=limit,
            lease=lease(),
            only=pacing.has_room(session, now),
        )
    if ids:
        _Round(now, send, on_result).run(ids, parallel)
    return len(ids)


@dataclass(slots=True)
class _Waiting:
    """A claimed row that has not begun; `after` is when to try."""

    id: UUID
    after: datetime


@dataclass(slots=True)
class _Round:
    """The sending of one batch. One thread works with the database, the others with the providers."""

    now: datetime
    send: Send
    on_result: OnResult
    running: Running = field(init=False)
    lease_end: datetime = field(init=False)
    paused: dict[pacing.Way, datetime] = field(default_factory=dict)
    broken: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.running = Running(self.now)
        self.lease_end = self.now + lease()

    def run(self, ids: list[UUID], parallel: int) -> None:
        """Send all of them, then raise what broke, if anything did."""
        waiting = [_Waiting(message_id, self.now) for message_id in ids]
        under_way: dict[Future[Sent], Claimed] = {}
        threads = min(parallel, len(ids))
        with ThreadPoolExecutor(threads, thread_name_prefix="ombud-send") as pool:
            while waiting or under_way:
                free, at = threads - len(under_way), self.running()
                ready = [one for one in waiting if one.after <= at][:free]
                if ready:
                    taken = {one.id for one in ready}
                    begun, later = self._begun([one.id for one in ready], at)
                    waiting = [*later, *(one for one in waiting if one.id not in taken)]
                    under_way |= {pool.submit(self._ask, claimed): claimed for claimed in begun}
                    continue
                self._rest(waiting, under_way, free)
                if ended := [future for future in under_way if future.done()]:
                    waiting += self._record([(under_way.pop(future), future) for future in ended])
        if self.broken:
            raise self.broken[0]

    def _rest(self, waiting: list[_Waiting], under_way: dict[Future[Sent], Claimed], free: int) -> None:
        """Until a request ends, or somebody may begin."""
        pause = None
        if waiting and free:
            pause = max((min(one.after for one in waiting) - self.running()).total_seconds(), 0.001)
        if under_way:
            wait(under_way, timeout=pause, return_when=FIRST_COMPLETED)
            if len(under_way) > 1:
                wait(under_way, timeout=GATHER)  # what ends in the same moment shares a transaction
        else:
            time.sleep(pause or 0)  # until the sender's next moment; nobody and nothing waits for this thread

    def _ask(self, claimed: Claimed) -> Sent:
        """Wait for the message's moment and send it; in a thread of its own, without a connection."""
        way = (claimed.channel, claimed.outgoing.sender or "")
        if claimed.moment is not None:
            time.sleep(max((claimed.moment - self.running()).total_seconds(), 0))  # the sender's rate asks for it
            if self.running() - claimed.moment > timedelta(seconds=pacing.LATE):
                raise _TooLate
        if self.running() < self.paused.get(way, self.now):
            raise _TooLate
        try:
            return self.send(claimed.outgoing, claimed.channel)
        except SendFailed as error:
            if error.failure is Failure.rate_limited:
                self.paused[way] = self.running() + results.pause_of(error)
            raise

    def _begun(self, ids: list[UUID], at: datetime) -> tuple[list[Claimed], list[_Waiting]]:
        """`_begin`, tried again where somebody else held the same rows; what cannot begin is reconciled later."""
        for last in (False, False, True):
            try:
                return self._begin(ids, at)
            except OperationalError as error:
                if last:
                    self.broken.append(error)
        return [], []

    def _begin(self, ids: list[UUID], at: datetime) -> tuple[list[Claimed], list[_Waiting]]:
        """Look once more whether the messages are wanted, give each a moment, and note that the provider is about to be
        asked. Those that must wait a little longer come back as waiting; for longer than `HORIZON`, they are queued."""
        begun: list[Claimed] = []
        later: list[_Waiting] = []
        with database().write() as session:
            messages = [
                row for row in _rows(session, ids) if row.leased_until == self.lease_end and at < self.lease_end
            ]
            contacts = _contacts(session, messages)
            wanted = []
            repeats = brake.repeats(session, messages, at)
            for message in messages:
                if not may_send(contacts[message.contact_point_id], Purpose(message.purpose)):
                    why = "The citizen takes no more messages."
                    results.record_cancelled(session, message, why, at, self.on_result)
                elif message.id in repeats:
                    results.record_cancelled(session, message, brake.LOOP, at, self.on_result)
                else:
                    message.sender = message.sender or pacing.default_address(Channel(message.channel)) or None
                    wanted.append(message)
            session.flush()
            ways = pacing.take_moments(session, (_way(row) for row in wanted if row.sender), at)
            for message in wanted:
                contact = contacts[message.contact_point_id]
                moments = ways.get(_way(message))
                due = max(moments.next if moments else at, contact.next_send_at or at)
                if due > at + pacing.AHEAD:
                    if due - self.now > KEEP:
                        message.attempts -= 1  # waiting is no try
                        results.queue_again(message, due if due == contact.next_send_at else message.due_at or at)
                    else:
                        later.append(_Waiting(message.id, due - pacing.AHEAD / 2))
                    continue
                moment = max(moments.take(), due) if moments else None
                if gap := pacing.CHAT_GAP.get(Channel(message.channel)):
                    contact.next_send_at = due + gap
                message.sending_at = at
                message.leased_until = at + lease()
                begun.append(Claimed(message.id, Channel(message.channel), outgoing_of(message, contact), at, moment))
        return begun, later

    def _record(self, ended: list[tuple[Claimed, Future[Sent]]]) -> list[_Waiting]:
        """Write down what became of requests, together if that goes well, else each for itself; gives those that were
        too late and need another moment."""
        known = [(claimed, outcome) for claimed, future in ended if (outcome := self._outcome(future)) is not None]
        try:
            return self._write(known)
        except Exception as error:  # noqa: BLE001  (met again below, row by row, and raised at the end)
            if len(known) == 1 and not isinstance(error, OperationalError):
                self.broken.append(error)
                return []
        return [late for one in known for late in self._write_one(one)]

    def _write_one(self, one: tuple[Claimed, Outcome]) -> list[_Waiting]:
        for last in (False, False, True):
            try:
                return self._write([one])
            except OperationalError as error:  # somebody else held the same rows: look again
                if last:
                    self.broken.append(error)
            except Exception as error:  # noqa: BLE001  (raised once the others are through)
                self.broken.append(error)
                break
        return []

    def _outcome(self, future: Future[Sent]) -> Outcome | None:
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, SendFailed | _TooLate):
            return error
        self.broken.append(error)
        return None

    def _write(self, known: list[tuple[Claimed, Outcome]]) -> list[_Waiting]:
        now, again, pauses = self.running(), list[_Waiting](), dict[pacing.Way, datetime]()
        with database().write() as session:
            rows = {row.id: row for row in _rows(session, [claimed.id for claimed, _ in known], state=None)}
            for claimed, outcome in known:
                message = rows.get(claimed.id)
                if message is None:
                    continue
                if isinstance(outcome, Sent):
                    results.record_sent(session, message, outcome, now, self.on_result)
                elif message.sending_at != claimed.since or message.state != OutboxState.sending:
                    continue  # the row has moved on, and this failure is old news
                elif isinstance(outcome, _TooLate):  # claimed as it was before, and certainly not asked
                    until = max(self.paused.get((claimed.channel, message.sender or ""), now), now)
                    if until - self.now > KEEP:
                        message.attempts -= 1
                        results.queue_again(message, until)
                    else:
                        message.sending_at, message.leased_until = None, self.lease_end
                        again.append(_Waiting(message.id, until))
                else:
                    results.record_failure(session, message, outcome, now, self.on_result)
                    if outcome.failure is Failure.rate_limited and message.sender:
                        way = _way(message)
                        pauses[way] = max(pauses.get(way, now), now + results.pause_of(outcome))
            session.flush()
            pacing.pause(session, pauses)
        return again


def _rows(session: Session, ids: list[UUID], state: OutboxState | None = OutboxState.sending) -> list[OutboundMessage]:
    """The rows as they are now, held until the transaction ends, in the order asked for."""
    query = select(OutboundMessage).where(col(OutboundMessage.id).in_(ids)).order_by(col(OutboundMessage.id))
    if state is not None:
        query = query.where(col(OutboundMessage.state) == state)
    rows = session.exec(query.with_for_update().execution_options(populate_existing=True)).all()
    return sorted(rows, key=lambda row: ids.index(row.id))


def _contacts(session: Session, messages: list[OutboundMessage]) -> dict[UUID, ContactPoint]:
    """Their contact points; locked where the address has a pace of its own."""
    found: dict[UUID, ContactPoint] = {}
    paced = {row.contact_point_id for row in messages if row.channel in pacing.CHAT_GAP}
    for ids, locks in ((paced, True), ({row.contact_point_id for row in messages} - paced, False)):
        if ids:
            query = select(ContactPoint).where(col(ContactPoint.id).in_(ids)).order_by(col(ContactPoint.id))
            rows = session.exec(query.with_for_update() if locks else query)
            found |= {row.id: row for row in rows}
    return found


def _way(message: OutboundMessage) -> pacing.Way:
    return Channel(message.channel), message.sender or ""
