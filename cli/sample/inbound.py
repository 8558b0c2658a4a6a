"""Inbox rows of the sample history."""

from datetime import datetime

from channels.values import Channel
from cli.sample.world import World
from core.crypto import blind_index
from core.ids import new_id
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import InboxState


def keep(world: World, case: Case, contact: ContactPoint | None, text: str, at: datetime, outcome: str) -> None:
    """What a citizen sent, as the inbox keeps it: processed long ago."""
    direct = contact is not None and contact.channel == case.channel
    sender = contact.address if contact is not None and direct else ""
    channel = (
        Channel(case.channel) if direct or outcome == "case" else Channel(contact.channel if contact else case.channel)
    )
    row_id = new_id()
    world.rows.add(
        InboundMessage,
        id=row_id,
        channel=channel,
        account="sample",
        provider_id=f"sample-{row_id.hex}",
        sender=sender,
        sender_index=blind_index(str(channel), sender) if sender else "",
        text=text,
        received_at=at,
        state=InboxState.processed,
        outcome=outcome,
        case_id=case.id,
        attempts=1,
    )
