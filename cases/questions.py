"""A question put to a citizen by itself, in answer to what they wrote."""

from datetime import datetime

from sqlmodel import Session

from cases.conversation import language_of, question
from domain.citizen import ContactPoint
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.states import Purpose
from notifications import outbox


def put(
    session: Session,
    contact: ContactPoint,
    talk: Conversation,
    template: str,
    row: InboundMessage,
    key: str,
    now: datetime,
    **values: object,
) -> None:
    """Send what a conversation's turn asks, by the way the message came; once for a message (`row`) and a `key`.

    `values` are what its words need besides.
    """
    talk.asked = 1
    asked = question(contact, talk, template, **values)
    outbox.enqueue(
        session,
        purpose=Purpose.conversation,
        contact=contact,
        language=language_of(contact),
        body=asked.text,
        dedupe_key=f"{key}:{row.id}",
        now=now,
        buttons=asked.buttons,
        message_id=asked.message_id,
        sender=row.recipient or None,
    )
