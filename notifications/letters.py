"""What an e-mail has and a text message has not: a subject, the mail it answers, a link to end its like."""

import base64
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from channels.email_words import subject_of, with_reference
from channels.values import Channel
from core.crypto import cipher, decrypt, same
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose

_MAC = 16  # bytes
BY_A_PERSON = frozenset({Purpose.answer, Purpose.question})
"""Mails that a person wrote; all others say of themselves that a machine did, so that no machine answers them."""


def address(session: Session, message: OutboundMessage, case: Case | None) -> None:
    """Give a mail that is about to be queued its subject, and where a citizen wrote in this case, what it answers."""
    answered = _last_mail(session, case) if case is not None else None
    given = message.subject
    _entitle(message, answered, case)
    message.subject = given or message.subject


def answering(session: Session, contact: ContactPoint, row: InboundMessage, case: Case | None, now: datetime) -> None:
    """Let what was queued for the citizen just now (in this transaction) answer the mail it was queued for."""
    queued = session.exec(
        select(OutboundMessage).where(
            col(OutboundMessage.contact_point_id) == contact.id,
            col(OutboundMessage.channel) == Channel.email,
            col(OutboundMessage.state) == OutboxState.queued,
            col(OutboundMessage.created_at) == now,
            col(OutboundMessage.reply_to).is_(None),
        )
    ).all()
    for message in queued:
        _entitle(message, row, case)
        session.add(message)


def unsubscribe_url(contact_id: UUID) -> str:
    """Where one click ends surveys to a contact point. The token names no address and cannot be guessed."""
    return f"{settings().site_url}/unsubscribe/{_token(b'unsubscribe ', contact_id)}"


def contact_of(token: str) -> UUID | None:
    """The contact point an unsubscribe token is for; None when it was not made here."""
    return _opened(b"unsubscribe ", token)


def weekly_url(mail_id: UUID) -> str:
    """Where one click ends a dashboard that is mailed every Monday."""
    return f"{settings().site_url}/unsubscribe/weekly/{_token(b'weekly ', mail_id)}"


def weekly_of(token: str) -> UUID | None:
    """The mailed dashboard a token ends; None when it was not made here."""
    return _opened(b"weekly ", token)


def _token(ends: bytes, what: UUID) -> str:
    return base64.urlsafe_b64encode(what.bytes + _mac(ends, what)).rstrip(b"=").decode()


def _opened(ends: bytes, token: str) -> UUID | None:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if len(raw) != 16 + _MAC:
        return None
    what = UUID(bytes=raw[:16])
    return what if same(raw[16:].hex(), _mac(ends, what).hex()) else None


def _mac(ends: bytes, what: UUID) -> bytes:
    return bytes.fromhex(cipher().seal(ends + what.bytes))[:_MAC]


def _last_mail(session: Session, case: Case) -> InboundMessage | None:
    return session.exec(
        select(InboundMessage)
        .where(
            col(InboundMessage.case_id) == case.id,
            col(InboundMessage.channel) == Channel.email,
            col(InboundMessage.message_key).is_not(None),
        )
        .order_by(col(InboundMessage.received_at).desc(), col(InboundMessage.id).desc())
        .limit(1)
    ).first()


def _entitle(message: OutboundMessage, answered: InboundMessage | None, case: Case | None) -> None:
    reference = case.reference if case is not None else ""
    theirs = str(answered.details.get("subject") or "") if answered is not None else ""
    unasked = message.purpose in (Purpose.survey, Purpose.reminder)
    if answered is not None and not unasked:
        message.reply_to = answered.message_key
    if theirs and not unasked:
        # mail programs show one conversation only where the subject stays what it was
        message.subject = with_reference(decrypt(theirs), reference)
    else:
        message.subject = subject_of(str(message.purpose), reference, message.language)
