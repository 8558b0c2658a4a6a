"""Sending what is due, and finding out about what was cut off.

No database connection is held while a provider is asked. A row goes `queued → sending` (claimed) and gets `sending_at`
in a later commit, just before the request; so after a crash a row without `sending_at` certainly was not sent, and one
with it is looked up at the provider, or left to a person. It is never blindly sent again.

Requests run side by side on threads that touch no database (`notifications.crew`). Many messages are begun in one
transaction and wait for a free thread, what ended meanwhile is written down in one, and each waits for its sender's
next moment (`notifications.pacing`).
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from channels.errors import Failure, SendFailed
from channels.values import Channel, Sent
from core.claims import claim
from core.database import database
from core.sets import among
from domain.outbox import FIRST, OutboundMessage
from domain.states import OutboxState, Purpose
from notifications import brake, held, pacing, results
from notifications.crew import Crew, Ended, Lately
from notifications.outbox import may_send
from notifications.reconcile import reconcile_due
from notifications.results import OnResult, apply_receipt, nothing_more
from notifications.sending import PARALLEL, Claimed, FindSent, NoLookUp, Running, Send, lease, outgoing_of

KEEP = timedelta(seconds=2.5)
"""A message that found no moment for so long goes back into the queue."""

GATHER = 0.1
"""Seconds to let further requests end before those that did are written down; fewer when enough have."""

_TURN = timedelta(seconds=0.02)
"""Until it is looked again whether the message before to the same address is through."""

BEGUN, MOST_BEGUN = 4, 16
"""Messages begun for each thread, at least and at most, so that none waits while the next are begun; between them as
many as ended within about the last `AHEAD`. Many at once cost less, and what has not begun can still be stopped."""

__all__ = ["FindSent", "NoLookUp", "Send", "apply_receipt", "deliver_due", "reconcile_due"]


class _TooLate(Exception):
    """The message's moment has passed, or its sender must pause: it was not sent."""


Outcome = Sent | SendFailed | _TooLate


def deliver_due(
    now: datetime,
    *,
    send: Send,
    limit: int = 500,
    on_result: OnResult = nothing_more,
    parallel: int = PARALLEL,
    keep_on: float = 0.0,
) -> int:
    """Send up to `limit` messages that are due, `parallel` at a time; gives how many were claimed.

    For `keep_on` seconds more are claimed as room comes, so that a sender's moments do not pass unused between two
    calls. Whoever opted out since the message was written gets nothing: it is cancelled. What `send` raises besides
    SendFailed is raised here after the others are through; such a row is reconciled when its lease ends.
    """
    this = _Round(now, send, on_result, limit, now + timedelta(seconds=keep_on))
    if this.claim(now):
        this.run(parallel)
    return len(this.claimed)


def _claim(session: Session, now: datetime, limit: int, only: ColumnElement[bool] | None) -> list[UUID]:
    return claim(
        session, OutboundMessage, now, state="queued", becomes="sending", limit=limit, lease=lease(), only=only
    )


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
    limit: int
    until: datetime
    running: Running = field(init=False)
    waiting: list[_Waiting] = field(default_factory=list)
    claimed: dict[UUID, datetime] = field(default_factory=dict)
    asking: dict[UUID, UUID] = field(default_factory=dict)
    broken: list[BaseException] = field(default_factory=list)
    lately: Lately = field(default_factory=lambda: Lately(pacing.AHEAD.total_seconds()))

    def __post_init__(self) -> None:
        self.running = Running(self.now)

    def claim(self, at: datetime) -> int:
        """Claim what is due and can leave soon; gives how many there were. Answers overtake what nobody waits for."""
        with database().write() as session:
            most, apart = min(self.limit, pacing.room()), pacing.has_room(session, at)
            ids = _claim(session, at, most, and_(FIRST, *([] if apart is None else [apart])))
            if len(ids) < most:
                ids += _claim(session, at, most - len(ids), apart)
        self.claimed |= dict.fromkeys(ids, at)
        self.waiting += [_Waiting(message_id, at) for message_id in ids]
        return len(ids)

    def run(self, parallel: int) -> None:
        """Send all that is claimed, then raise what broke, if anything did."""
        threads, more = min(parallel, max(len(self.waiting), 1)), True
        if self.until > self.now:
            threads = parallel
        with Crew(threads, self._ask) as crew:
            while self.waiting or crew.busy:
                at, most = self.running(), min(max(self.lately.ended(), threads * BEGUN), threads * MOST_BEGUN)
                few = crew.busy <= most // 2
                ready = [one for one in self.waiting if one.after <= at][: most - crew.busy] if few else []
                if ready:
                    taken = {one.id for one in ready}
                    begun, later = self._begun([one.id for one in ready], at)
                    self.waiting = [*later, *(one for one in self.waiting if one.id not in taken)]
                    crew.give(begun)
                    continue
                if few and not self.waiting and more and at < self.until:
                    more = bool(self.claim(at))
                    continue
                pause = None
                if self.waiting and few:
                    pause = max((min(one.after for one in self.waiting) - self.running()).total_seconds(), 0.001)
                if not crew.busy:
                    time.sleep(pause or 0)  # until the sender's next moment; nobody and nothing waits for this thread
                elif ended := crew.ended(pause, GATHER, most // 2):
                    self.waiting += self._record(ended)
        if self.broken:
            raise self.broken[0]

    def _lease_end(self, message_id: UUID) -> datetime:
        return self.claimed[message_id] + lease()

    def _ask(self, claimed: Claimed) -> Sent:
        """Wait for the message's moment and send it; in a thread of its own, without a connection."""
        moment, gate = claimed.moment, pacing.gate((claimed.channel, claimed.outgoing.sender or ""))
        if moment is None:
            return self.send(claimed.outgoing, claimed.channel)
        time.sleep(max((moment - self.running()).total_seconds(), 0))  # the sender's rate asks for it
        entered, asked, late = gate.enter(), False, timedelta(0)
        try:
            at = self.running()
            late = at - moment
            if late > claimed.patience or gate.opens(at) > at:
                raise _TooLate
            asked = True
            return self.send(claimed.outgoing, claimed.channel)
        except SendFailed as error:
            if error.failure is Failure.rate_limited:
                gate.pause(self.running() + results.pause_of(error))
            raise
        finally:
            gate.leave(entered, asked=asked, late=(pacing.NEAR - late).total_seconds())

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
        to: dict[UUID, UUID] = {}
        with database().write() as session:
            messages = [row for row in held.rows(session, ids) if row.leased_until == self._lease_end(row.id) > at]
            contacts = held.contacts(session, messages)
            wanted = []
            repeats = brake.repeats(session, messages, at)
            busy = set(self.asking.values())
            for message in messages:
                if message.contact_point_id in busy:  # one after the other, so a no to the first stops the second
                    later.append(_Waiting(message.id, at + _TURN))
                    continue
                if not may_send(contacts[message.contact_point_id], Purpose(message.purpose)):
                    why = "The citizen takes no more messages."
                    results.record_cancelled(session, message, why, at, self.on_result)
                elif message.id in repeats:
                    results.record_cancelled(session, message, brake.LOOP, at, self.on_result)
                else:
                    if not message.sender:
                        message.sender = pacing.default_address(Channel(message.channel)) or None
                    wanted.append(message)
                    busy.add(message.contact_point_id)
            session.flush()
            ways = pacing.take_moments(session, (_way(row) for row in wanted if row.sender), at)
            for message in wanted:
                contact = contacts[message.contact_point_id]
                moments = ways.get(_way(message))
                due = max(moments.next if moments else at, contact.next_send_at or at)
                if due > at + pacing.AHEAD:
                    if due - self.claimed[message.id] > KEEP:
                        message.attempts -= 1  # waiting is no try
                        results.queue_again(message, due if due == contact.next_send_at else message.due_at or at)
                    else:
                        later.append(_Waiting(message.id, due - pacing.AHEAD / 2))
                    continue
                moment = max(moments.take(), due) if moments else None
                if gap := pacing.CHAT_GAP.get(Channel(message.channel)):
                    contact.next_send_at = due + gap
                to[message.id] = contact.id
                patience = moments.patience if moments else timedelta(0)
                outgoing = outgoing_of(message, contact)
                begun.append(Claimed(message.id, Channel(message.channel), outgoing, at, moment, patience, message))
            session.flush()
            session.execute(
                update(OutboundMessage)
                .where(among(session, OutboundMessage.id, [claimed.id for claimed in begun]))
                .values(sending_at=at, leased_until=at + lease())
                .execution_options(synchronize_session=False)
            )
        self.asking |= to
        return begun, later

    def _record(self, ended: list[Ended]) -> list[_Waiting]:
        """Write down what became of requests, together if that goes well, else each for itself; gives those that were
        too late and need another moment."""
        self.lately.ended(len(ended))
        known: list[tuple[Claimed, Outcome]] = []
        for claimed, outcome in ended:
            self.asking.pop(claimed.id, None)
            if isinstance(outcome, Sent | SendFailed | _TooLate):
                known.append((claimed, outcome))
            else:
                self.broken.append(outcome)
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

    def _write(self, known: list[tuple[Claimed, Outcome]]) -> list[_Waiting]:
        now, again, pauses = self.running(), list[_Waiting](), dict[pacing.Way, datetime]()
        with database().write() as session:
            known = results.record_taken(session, known, now, self.on_result)
            rows = {row.id: row for row in held.rows(session, [claimed.id for claimed, _ in known], state=None)}
            for claimed, outcome in known:
                message = rows.get(claimed.id)
                if message is None:
                    continue
                if isinstance(outcome, Sent):
                    results.record_sent(session, message, outcome, now, self.on_result)
                elif message.sending_at != claimed.since or message.state != OutboxState.sending:
                    continue  # the row has moved on, and this failure is old news
                elif isinstance(outcome, _TooLate):  # claimed as it was before, and certainly not asked
                    until = pacing.gate(_way(message)).opens(now)
                    if until - self.claimed[claimed.id] > KEEP:
                        message.attempts -= 1
                        results.queue_again(message, until)
                    else:
                        message.sending_at, message.leased_until = None, self._lease_end(claimed.id)
                        again.append(_Waiting(message.id, until))
                else:
                    results.record_failure(session, message, outcome, now, self.on_result)
                    if outcome.failure is Failure.rate_limited and message.sender:
                        way = _way(message)
                        pauses[way] = max(pauses.get(way, now), now + results.pause_of(outcome))
            session.flush()
            pacing.pause(session, pauses)
        return again


def _way(message: OutboundMessage) -> pacing.Way:
    return Channel(message.channel), message.sender or ""
