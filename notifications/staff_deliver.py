"""Sending to staff what is due, one message for all that is due to one person by one channel.

Whoever claims a row holds its person, and takes all that is due to them: so a digest is one message however many
workers there are, and what another worker claimed meanwhile is simply no longer queued when it comes to it. Before
anything leaves it is looked at once more: whether the person may still see the case, and whether it still waits.

As with the citizens' outbox no connection is held while a channel is asked, `sending_at` is written just before, and
what was cut off in between is looked up or left `unknown`: it is never sent again blindly. The notice inside the
program stands there either way. Each takes a moment of its sender, as the citizens' do (`pacing`).
"""

import time
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from channels.errors import Failure, SendFailed
from channels.values import Channel, Sent
from core import claims
from core.database import database
from core.logs import logger
from domain.reach import Matter, ReachState, StaffContact, StaffMessage
from domain.staff import Staff
from notifications import pacing
from notifications.sending import Running, Send, lease
from notifications.staff_look import Bundle, Calendars, Look, goes_by_mail

GIVE_UP = timedelta(hours=6)
"""What could not be sent for so long is not sent any more; a look-up is given up after as long."""
NOWHERE = "The person has no address on this channel, or it is not set up."
UNTOLD = "It was cut off while it left, and the channel cannot say whether it did."

log = logger("notifications.staff")


def deliver_due(now: datetime, *, send: Send, calendars: Calendars, limit: int = 50) -> int:
    """Send what is due to the people of up to `limit` rows; how many rows were claimed.

    What `send` raises besides SendFailed is raised here: such a row is looked up when its lease ends.
    """
    with database().write() as session:
        ids = claims.claim(session, StaffMessage, now, state=ReachState.queued, limit=limit, lease=lease())
        asked = select(StaffMessage.staff_id).where(col(StaffMessage.id).in_(ids)).distinct()
        people = sorted(session.exec(asked)) if ids else []
    running = Running(now)
    for staff_id in people:
        with database().write() as session:
            bundles = _begin(session, staff_id, running(), calendars)
        for bundle, moment in bundles:
            time.sleep(max((moment - running()).total_seconds(), 0))  # the sender's rate asks for it
            gate = pacing.gate((bundle.channel, pacing.default_address(bundle.channel)))
            entered = gate.enter()
            try:
                outcome: Sent | SendFailed = send(bundle.outgoing, bundle.channel)
            except SendFailed as error:
                outcome = error
                log.warning("staff_not_told", bundle=str(bundle.id), channel=bundle.channel, failure=str(error))
            finally:
                gate.leave(entered, asked=True)
            with database().write() as session:
                _record(session, bundle, outcome, running())
    return len(ids)


def _begin(session: Session, staff_id: UUID, now: datetime, calendars: Calendars) -> list[tuple[Bundle, datetime]]:
    """Everything that is due to a person: dropped, put off, or marked as leaving, each message with its moment."""
    person = session.exec(
        select(Staff).where(Staff.id == staff_id).with_for_update(key_share=True), execution_options=_FRESH
    ).one()
    rows = session.exec(
        select(StaffMessage)
        .where(
            StaffMessage.staff_id == staff_id,
            StaffMessage.state == ReachState.queued,
            col(StaffMessage.due_at) <= now,
        )
        .order_by(col(StaffMessage.created_at), col(StaffMessage.id))
        .with_for_update(),
        execution_options=_FRESH,
    ).all()
    if not rows:  # another worker took them
        return []
    contact = session.exec(select(StaffContact).where(StaffContact.staff_id == staff_id)).first()
    look = Look(session, person, contact, rows, calendars, now)
    together: dict[tuple[Channel, str, bool, UUID | None], list[StaffMessage]] = {}
    for row in rows:
        row.leased_until = None
        if why := look.pointless(row):
            settle(row, ReachState.dropped, why)
        elif (at := look.send_at(row, now)) > now:
            row.due_at, row.attempts = at, row.attempts - 1  # waiting is no try
        elif (way := look.way(row)) is None:
            settle(row, ReachState.dropped, NOWHERE)
        else:
            row.channel = way[0]
            alone = None if row.about == Matter.rung else row.id
            together.setdefault((*way, row.urgent, alone), []).append(row)
    ways = {channel: (channel, pacing.default_address(channel)) for channel, *_ in together}
    moments = pacing.take_moments(session, ways.values(), now)
    begun = []
    for (channel, address, *_), group in together.items():
        sender = moments[ways[channel]]
        if sender.next > now + pacing.HORIZON:  # it pauses, or citizens' messages have filled it
            for row in group:
                row.due_at, row.attempts = sender.next, row.attempts - 1
            continue
        begun.append((look.bundle(channel, address, group, now), sender.take()))
    return begun


_FRESH = {"populate_existing": True}


def _record(session: Session, bundle: Bundle, outcome: Sent | SendFailed, now: datetime) -> None:
    """What became of a message, written on all that it told."""
    rows = session.exec(
        select(StaffMessage)
        .where(StaffMessage.bundle_id == bundle.id, StaffMessage.sending_at == bundle.since)
        .order_by(col(StaffMessage.id))
        .with_for_update(),
        execution_options=_FRESH,
    ).all()
    for row in rows:
        if isinstance(outcome, Sent):
            settle(row, ReachState.sent, None)
            row.sent_at, row.provider_id, row.last_error = now, outcome.provider_id, None
        elif row.state == ReachState.sending:
            row.last_error = str(outcome)
            _failed(session, row, outcome, now)


def _failed(session: Session, row: StaffMessage, error: SendFailed, now: datetime) -> None:
    if error.failure is Failure.outcome_unknown:
        settle(row, ReachState.unknown, UNTOLD)
    elif error.failure.retry and now - row.created_at < GIVE_UP:
        queue_again(row, claims.retry_at(now, row.attempts, error.retry_after))
    elif row.about == Matter.rung and row.channel != Channel.email and not goes_by_mail(session, row):
        row.channel = Channel.email  # whoever is not reached this way is told by the other
        queue_again(row, now)
    else:
        settle(row, ReachState.failed, str(error.failure.__doc__))


def settle(row: StaffMessage, state: ReachState, why: str | None) -> None:
    """This is what became of it."""
    row.state, row.why, row.due_at, row.leased_until = state, why, None, None


def queue_again(row: StaffMessage, due_at: datetime) -> None:
    """Certainly not sent: it waits again, and leaves with whatever waits then."""
    row.state, row.due_at, row.leased_until = ReachState.queued, due_at, None
    row.sending_at, row.bundle_id, row.body = None, None, None
