"""The outbox: a message is written in the transaction that decided it, once per dedupe key."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from channels.values import Button, Channel
from core import doorbell
from core.database import after_commit
from core.ids import new_id
from domain.case import Case
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from domain.survey import Invitation
from notifications import letters, pacing
from notifications.results import OnResult, nothing_more, record_cancelled
from notifications.segments import for_sms, segments

_RINGING = "outbox_rings_after_commit"
_COLUMNS = tuple(OutboundMessage.model_fields)


def enqueue(
    session: Session,
    *,
    purpose: Purpose,
    contact: ContactPoint,
    language: str,
    body: str,
    dedupe_key: str,
    now: datetime,
    case: Case | None = None,
    invitation: Invitation | None = None,
    buttons: Sequence[Sequence[Button]] = (),
    due_at: datetime | None = None,
    message_id: UUID | None = None,
    replaces: str | None = None,
    sender: str | None = None,
    subject: str | None = None,
    fallback_of: UUID | None = None,
    fresh: bool = False,
) -> OutboundMessage | None:
    """Write a message to a citizen, to be sent from `due_at` (by default at once) after the commit.

    The same key again gives the row that is there already, unchanged. None where nothing may be sent: the citizen
    opted out, or it is a survey or reminder to an address that takes no messages. One statement, and a flush of what
    is pending.
    `message_id` is the id a fresh row gets, for a caller who must name it beforehand. `replaces` is the message of
    ours, as the provider calls it, that this one follows: its buttons go. `sender` is the address of ours that it
    should leave from, as the one the citizen wrote to; else it is the office's.
    `fresh`: the key names what this very transaction makes, so nobody can have written it; the row goes to the database
    together with that.
    """
    if not may_send(contact, purpose):
        return None
    channel, by_sms = Channel(contact.channel), contact.channel == Channel.sms
    words = for_sms(body) if by_sms else body
    row = OutboundMessage(
        id=message_id or new_id(),
        dedupe_key=dedupe_key,
        purpose=purpose,
        channel=contact.channel,
        contact_point_id=contact.id,
        case_id=case.id if case else None,
        invitation_id=invitation.id if invitation else None,
        language=language,
        body=words,
        subject=subject,
        segments=segments(words) if by_sms else None,
        sender=pacing.address_for(session, channel, case.office_id if case else None, sender),
        fallback_of=fallback_of,
        bulk=_nobody_waits(purpose, invitation),
        buttons=[[_stored(button) for button in row] for row in buttons],
        replaces=replaces,
        due_at=due_at or now,
        created_at=now,
    )
    if not fresh:
        session.flush()
    if row.channel == Channel.email:
        letters.address(session, row, case)
    written: OutboundMessage | None = row
    if fresh:
        session.add(row)
    else:
        written = _insert_once(session, row)
    if written is None:
        return session.exec(select(OutboundMessage).where(col(OutboundMessage.dedupe_key) == dedupe_key)).one()
    if (due_at is None or due_at <= now) and not session.info.get(_RINGING):
        session.info[_RINGING] = True  # one ring per transaction, however many messages
        after_commit(session, lambda: _ring(session))
    return written


def cancel_queued(session: Session, contact: ContactPoint, now: datetime, on_result: OnResult = nothing_more) -> int:
    """Cancel what still waits to be sent to a contact point, as after STOP; gives how many messages."""
    waiting = session.exec(
        select(OutboundMessage)
        .where(col(OutboundMessage.contact_point_id) == contact.id, col(OutboundMessage.state) == OutboxState.queued)
        .order_by(col(OutboundMessage.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for message in waiting:
        record_cancelled(session, message, "The citizen takes no more messages.", now, on_result)
    return len(waiting)


def may_send(contact: ContactPoint, purpose: Purpose) -> bool:
    """Whether this contact point may get a message of this purpose now: after an opt-out, what confirms it alone.

    A fixed line takes none: it is called.
    """
    if contact.channel == Channel.voice:
        return False
    if contact.opted_out_at is not None:
        return purpose == Purpose.stopped
    return purpose not in (Purpose.survey, Purpose.solved, Purpose.reminder) or (
        contact.unreachable_at is None and contact.no_surveys_at is None
    )


def _nobody_waits(purpose: Purpose, invitation: Invitation | None) -> bool:
    """A survey's first words to somebody; whoever has answered waits for the next question."""
    return purpose is Purpose.survey and invitation is not None and invitation.answered_at is None


def _stored(button: Button) -> dict[str, str]:
    asks = {"asks": str(button.asks)} if button.asks else {}
    return {"text": button.text, "data": button.data, **asks}


def _insert_once(session: Session, row: OutboundMessage) -> OutboundMessage | None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {name: getattr(row, name) for name in _COLUMNS}
    written: OutboundMessage | None = session.scalars(
        dialect.insert(OutboundMessage)
        .values(values)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(OutboundMessage)
    ).one_or_none()
    return written


def _ring(session: Session) -> None:
    session.info.pop(_RINGING, None)
    doorbell.ring(doorbell.OUTBOX)
