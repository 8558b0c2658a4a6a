"""Contact points: found by blind index or made, opted out and in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from channels.values import Channel
from core.crypto import blind_index, mask
from core.ids import new_id
from core.texts import clean, latin_digits
from domain.citizen import Citizen, ContactPoint


def _orders(words: str) -> frozenset[str]:
    """Orders separated by bars, as `word_of` gives them."""
    return frozenset(clean(word).casefold() for word in words.split("|"))


TWILIO_STOPS = frozenset("stop stopall unsubscribe cancel end quit revoke optout".split()) | {"stop all", "opt out"}
"""English words that Twilio itself takes for an opt-out, answers, and then refuses with 21610 to send past
(https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out)."""

STOP_WORDS = TWILIO_STOPS | _orders(
    "/stop|no more messages|stop messages|stop sms|remove me|"
    "ndal|ndalo|ndaloni|ndale|ndalni|stop mesazhe|çregjistro|çregjistrohu|çregjistrohem|çabonohu|çabonim|"
    "cregjistro|cregjistrohu|cabonohu|hiqmë|hiqme|mos më shkruaj|mos me shkruaj|"
    "বন্ধ|বন্ধ করুন|বন্ধ কর|বন্ধ করো|থামুন|থামান|থামাও|স্টপ|মেসেজ বন্ধ|বার্তা বন্ধ|"
    "bondho|bondho korun|thamun|"
    "стоп|стоп смс|отписаться|отписка|отпиши|отпишите|отписать|прекратить|прекратите|"
    "не пишите|не писать|больше не пишите|"
    "otpiska|otpisatsya"
)
START_WORDS = _orders(
    "start|unstop|yes start|subscribe|resume|"
    "fillo|nis|rifillo|abonohu|po fillo|"
    "শুরু|শুরু করুন|চালু|চালু করুন|স্টার্ট|shuru|"
    "старт|начать|начни|возобновить|подписаться"
)
TWILIO_STARTS = frozenset({"start", "yes", "unstop"})
"""Words that lift Twilio's own block. YES is an answer to many questions, so it counts only after an opt-out."""

HELP_WORDS = _orders(
    "help|info|/help|/start|menu|/menu|0|?|"
    "ndihme|ndihmë|ndihma|menyja|meny|"
    "সাহায্য|সহায়তা|তথ্য|হেল্প|মেনু|"
    "помощь|справка|помогите|инфо|меню"
)
LONGEST_ORDER = 3
"""Words in the longest order."""


_MARKS = str.maketrans(
    dict.fromkeys(".!,;:'\"«»„“”‘’…*()[]<>।-–—", " ") | dict.fromkeys("\u200b\u200c\u200d\ufe0f", "")
)


_HELD = "contact_points_held"


@dataclass(frozen=True, slots=True)
class Known:
    """A contact point, and whether it was there before."""

    contact: ContactPoint
    existed: bool


def word_of(text: str) -> str:
    """What a message says that may be an order, folded, without the marks people put around it; empty for a longer one.

    "STOP ALL" is an order of two words. Combining letters are composed, so that both ways to type ë are one.
    """
    words = latin_digits(clean(text)).casefold().translate(_MARKS).split()
    return " ".join(words) if len(words) <= LONGEST_ORDER else ""


def find_or_make(session: Session, channel: Channel, address: str, now: datetime, *, name: str | None = None) -> Known:
    """The contact point of an address, locked, so that one citizen's messages are handled one after the other.

    An empty address is never an identity: the caller must not come here with one. The lock lets others name the contact
    point in rows of theirs meanwhile: whoever answers a case holds that, and needs no more of its contact.
    """
    index = blind_index(str(channel), address)
    held: dict[str, Known] = session.info.get(_HELD, {})
    if (known := held.get(index)) is not None:
        held[index] = Known(known.contact, existed=True)
        if name and not known.existed:
            session.get_one(Citizen, known.contact.citizen_id).name = name
        return known
    contact = session.exec(
        select(ContactPoint)
        .where(col(ContactPoint.channel) == channel, col(ContactPoint.address_index) == index)
        .with_for_update(key_share=True)
    ).first()
    if contact is not None:
        return Known(contact, existed=True)
    return Known(_make(session, channel, address, index, now, name), existed=False)


def hold(session: Session, addresses: Iterable[tuple[Channel, str]], now: datetime) -> None:
    """Find or make, and lock, the contact points of a whole batch at once: `find_or_make` has them from then on.

    The session must end with the transaction. In the order of their ids, so that two workers wait and do not deadlock.
    """
    wanted: dict[Channel, dict[str, str]] = {}
    for channel, address in addresses:
        if address:
            wanted.setdefault(channel, {})[blind_index(str(channel), address)] = address
    held: dict[str, Known] = {}
    for channel, by_index in sorted(wanted.items()):
        found = session.exec(
            select(ContactPoint)
            .where(col(ContactPoint.channel) == channel, col(ContactPoint.address_index).in_(by_index))
            .order_by(col(ContactPoint.id))
            .with_for_update(key_share=True)
        )
        held |= {contact.address_index: Known(contact, existed=True) for contact in found}
        for index, address in by_index.items():
            if index not in held:
                held[index] = Known(_make(session, channel, address, index, now), existed=False)
    session.flush()  # they come before their cases
    session.info[_HELD] = held


def _make(
    session: Session, channel: Channel, address: str, index: str, now: datetime, name: str | None = None
) -> ContactPoint:
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
    return contact
