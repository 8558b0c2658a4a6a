"""Contact points: found by blind index or made, opted out and in."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from channels.values import Channel
from core.crypto import blind_index, mask
from core.ids import new_id
from core.texts import clean
from domain.citizen import Citizen, ContactPoint

# Twilio's own words (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out) and those of our languages
STOP_WORDS = frozenset(
    (
        "stop stopall unsubscribe cancel end quit revoke optout "
        "ndal ndalo çregjistro cregjistro বন্ধ থামুন стоп отписаться"
    ).split()
)
START_WORDS = frozenset("start unstop fillo শুরু старт начать".split())
HELP_WORDS = frozenset("help info ndihme ndihmë সাহায্য помощь справка /help /start menu 0".split())


@dataclass(frozen=True, slots=True)
class Known:
    """A contact point, and whether it was there before."""

    contact: ContactPoint
    existed: bool


def word_of(text: str) -> str:
    """The single word a command message consists of, folded; empty when there is more than one."""
    words = clean(text).casefold().strip(" .!,'\"").split()
    return words[0] if len(words) == 1 else ""


def find_or_make(session: Session, channel: Channel, address: str, now: datetime, *, name: str | None = None) -> Known:
    """The contact point of an address, locked, so that one citizen's messages are handled one after the other.

    An empty address is never an identity: the caller must not come here with one.
    """
    index = blind_index(str(channel), address)
    contact = session.exec(
        select(ContactPoint)
        .where(col(ContactPoint.channel) == channel, col(ContactPoint.address_index) == index)
        .with_for_update()
    ).first()
    if contact is not None:
        return Known(contact, existed=True)
    citizen = Citizen(id=new_id(), name=name, created_at=now)
    contact = ContactPoint(
        id=new_id(),
        citizen_id=citizen.id,
        channel=channel,
        address=address,
        address_index=index,
        hint=mask(address),
        created_at=now,
    )
    session.add_all((citizen, contact))
    return Known(contact, existed=False)
