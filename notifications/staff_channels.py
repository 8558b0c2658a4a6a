"""Where somebody of staff is reached: the channels that are set up, and the address a person has on each."""

from channels.values import Channel
from core.settings import settings
from domain.reach import StaffContact
from domain.staff import Staff

CHANNELS = (Channel.email, Channel.sms, Channel.telegram)
"""By which staff can be told besides the program."""
USUAL = (Channel.email,)
"""How a step tells that says nothing of it."""


def set_up() -> frozenset[Channel]:
    """Those of them that this installation can send by."""
    now = settings()
    there = {
        Channel.email: bool(now.mail_server_url and now.mail_address),
        Channel.sms: bool(now.twilio_account_sid and now.twilio_from),
        Channel.telegram: bool(now.telegram_token) and now.telegram_mode != "off",
    }
    return frozenset(channel for channel in CHANNELS if there[channel])


def address_of(person: Staff, contact: StaffContact | None, channel: Channel) -> str | None:
    """Where a person is written to; None where they gave and proved no address."""
    if channel is Channel.email:
        return person.email or None
    if contact is None:
        return None
    return (contact.phone if contact.phone_proven_at else None) if channel is Channel.sms else contact.telegram


def way_to(
    person: Staff, contact: StaffContact | None, wanted: Channel, ready: frozenset[Channel]
) -> tuple[Channel, str] | None:
    """The channel that was wanted, else e-mail, with the address; None where neither reaches anybody."""
    for channel in (wanted, Channel.email):
        address = address_of(person, contact, channel) if channel in ready else None
        if address:
            return channel, address
    return None
