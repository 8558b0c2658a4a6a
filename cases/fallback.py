"""When a message does not arrive: another way to the same citizen, if they agreed to that.

It happens once for each message, to a contact point on another channel, the citizen's preferred one first. A citizen
who said no on one channel is not followed to the next: an opt-out is an answer, not a failure of the line.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from channels.errors import Failure
from channels.values import Channel
from core.ids import new_id
from domain.case import Case
from domain.citizen import Citizen, ContactPoint
from domain.outbox import OutboundMessage
from domain.states import EntryKind, Purpose
from domain.timeline import append
from domain.visibility import names_citizen
from notifications import outbox, pacing
from notifications.sending import button_of

PURPOSES = frozenset({Purpose.acknowledgement, Purpose.answer, Purpose.question, Purpose.status, Purpose.transfer})
"""What the citizen waits for. A survey is not worth a second try, a code belongs to its own address."""

ENDS_HERE = frozenset({Failure.opted_out, Failure.blocked, Failure.outcome_unknown})
"""The citizen's own no; and what may have arrived, which only a person sends again."""


def fall_back(session: Session, message: OutboundMessage, now: datetime) -> OutboundMessage | None:
    """Send a message (locked) that failed for good another way; None where that is not wanted or there is none."""
    if message.purpose not in PURPOSES or message.fallback_of is not None or message.failure in ENDS_HERE:
        return None
    other = _other_way(session, message)
    if other is None or _stands_in(session, message):
        return None
    return _send(session, message, other, f"fallback:{message.id}", now)


def send_again(session: Session, message: OutboundMessage, now: datetime, by: str) -> OutboundMessage | None:
    """Send a message (locked) once more to the same address, as a person decided; a second time gives None."""
    if _stands_in(session, message):
        return None
    contact = session.get_one(ContactPoint, message.contact_point_id)
    return _send(session, message, contact, f"again:{message.id}", now, by)


def _other_way(session: Session, message: OutboundMessage) -> ContactPoint | None:
    contact = session.get_one(ContactPoint, message.contact_point_id)
    citizen = session.get_one(Citizen, contact.citizen_id)
    case = session.get(Case, message.case_id) if message.case_id else None
    if contact.opted_out_at is not None:  # they said no while it was on its way
        return None
    if not citizen.fallback or (case is not None and not names_citizen(case)):  # in confidence: only where it was told
        return None
    others = session.exec(
        select(ContactPoint).where(
            col(ContactPoint.citizen_id) == citizen.id,
            col(ContactPoint.channel).not_in((message.channel, Channel.voice)),
            col(ContactPoint.opted_out_at).is_(None),
            col(ContactPoint.unreachable_at).is_(None),
        )
    ).all()
    usable = [other for other in others if pacing.address_for(session, Channel(other.channel), None) is not None]
    return min(
        usable,
        key=lambda other: (other.id != citizen.preferred_contact_id, other.verified_at is None, other.created_at),
        default=None,
    )


def _stands_in(session: Session, message: OutboundMessage) -> bool:
    """Whether another message stands for this one already."""
    found = select(OutboundMessage.id).where(col(OutboundMessage.fallback_of) == message.id)
    return session.exec(found).first() is not None


def _send(
    session: Session, message: OutboundMessage, contact: ContactPoint, key: str, now: datetime, by: str = ""
) -> OutboundMessage | None:
    case = session.get_one(Case, message.case_id, with_for_update=True) if message.case_id else None
    sent = outbox.enqueue(
        session,
        purpose=Purpose(message.purpose),
        contact=contact,
        language=message.language,
        body=message.body,
        subject=message.subject,
        dedupe_key=key,
        now=now,
        case=case,
        buttons=[[button_of(button) for button in row] for row in message.buttons],
        message_id=new_id(),
        fallback_of=message.id,
    )
    if sent is not None and case is not None:
        body: dict[str, object] = {"message": str(sent.id), "instead_of": str(message.id), "channel": contact.channel}
        append(session, case, EntryKind.fell_back, now, body=body | ({"by": by} if by else {}))
    return sent
