"""The rows that a worker holds while it begins or notes messages: read as they are now, in one order everywhere."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from core.sets import among
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import OutboxState
from notifications import pacing


def rows(session: Session, ids: list[UUID], state: OutboxState | None = OutboxState.sending) -> list[OutboundMessage]:
    """The rows as they are now, held until the transaction ends, in the order asked for."""
    if not ids:
        return []
    query = select(OutboundMessage).where(among(session, OutboundMessage.id, ids)).order_by(col(OutboundMessage.id))
    if state is not None:
        query = query.where(col(OutboundMessage.state) == state)
    rows = session.exec(query.with_for_update().execution_options(populate_existing=True)).all()
    place = {message_id: number for number, message_id in enumerate(ids)}
    return sorted(rows, key=lambda row: place[row.id])


_CONTACT: tuple[Any, ...] = (
    *(ContactPoint.id, ContactPoint.channel, ContactPoint.address, ContactPoint.next_send_at),
    *(ContactPoint.opted_out_at, ContactPoint.unreachable_at, ContactPoint.no_surveys_at),
)
"""What is read of a contact point before something leaves: the rest costs as much as the sending."""


def contacts(session: Session, messages: list[OutboundMessage]) -> dict[UUID, ContactPoint]:
    """Their contact points; locked where the address has a pace of its own."""
    found: dict[UUID, ContactPoint] = {}
    paced = {row.contact_point_id for row in messages if row.channel in pacing.CHAT_GAP}
    for ids, locks in ((paced, True), ({row.contact_point_id for row in messages} - paced, False)):
        if ids:
            query = (
                select(ContactPoint)
                .where(among(session, ContactPoint.id, sorted(ids)))
                .order_by(col(ContactPoint.id))
                .options(load_only(*_CONTACT))
            )
            rows = session.exec(query.with_for_update() if locks else query)
            found |= {row.id: row for row in rows}
    return found
