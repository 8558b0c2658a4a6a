"""How a person of staff is reached: the pace and hours they choose, a telephone proven by a code, a Telegram chat."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select

from channels.phones import read_phone
from channels.values import Channel
from core import doorbell
from core.crypto import same, token_hash
from core.database import after_commit
from core.errors import BadInput, TooMany
from core.ids import new_id
from core.settings import settings
from core.texts import latin_digits
from domain.inbox import InboundMessage
from domain.reach import Matter, Pace, ReachState, StaffContact, StaffMessage
from domain.staff import Staff
from notifications.staff_look import CODE_MINUTES
from notifications.staff_words import code_of

OFFICE, OWN, NEVER = "office", "own", "never"
QUIET = (OFFICE, OWN, NEVER)
START = "staff-"
"""What a link to the bot begins with that links a chat to a person of staff."""
LINK_MINUTES = 30
CODES_A_DAY = 5
TRIES = 5
"""Wrong codes before another one must be sent."""


def contact_of(session: Session, staff_id: UUID) -> StaffContact | None:
    """What a person chose, if they chose anything."""
    return session.exec(select(StaffContact).where(StaffContact.staff_id == staff_id)).first()


def _held(session: Session, staff_id: UUID) -> StaffContact:
    """The same, to be changed: made where there is none, with the person held so that there is only one."""
    session.exec(select(Staff.id).where(Staff.id == staff_id).with_for_update(key_share=True)).one()
    contact = contact_of(session, staff_id)
    if contact is None:
        contact = StaffContact(id=new_id(), staff_id=staff_id)
        session.add(contact)
    return contact


def quiet_of(contact: StaffContact | None) -> str:
    """Which of `QUIET` they chose."""
    if contact is None or contact.quiet_from is None:
        return OFFICE
    return NEVER if contact.quiet_from == contact.quiet_until else OWN


def choose(session: Session, staff_id: UUID, form: Mapping[str, str], now: datetime) -> None:
    """When somebody hears of things. What waits is looked at again by it. Raises BadInput."""
    faults: dict[str, str] = {}
    pace, quiet = form.get("pace", ""), form.get("quiet", "")
    if pace not in [*map(str, Pace)]:
        faults["pace"] = "Choose how often."
    if quiet not in QUIET:
        faults["quiet"] = "Choose when it is quiet."
    hours = [form.get("from", ""), form.get("until", "")]
    if quiet == OWN and not all(
        hour.isascii() and hour.isdecimal() and len(hour) < 3 and int(hour) < 24 for hour in hours
    ):
        faults["from"] = "Choose two full hours."
    elif quiet == OWN and int(hours[0]) == int(hours[1]):
        faults["from"] = "These two are the same hour."
    if faults:
        raise BadInput("This needs another look.", fields=faults)
    contact = _held(session, staff_id)
    contact.pace = Pace(pace)
    first, end = (int(hours[0]), int(hours[1])) if quiet == OWN else (0, 0)
    contact.quiet_from, contact.quiet_until = (None, None) if quiet == OFFICE else (first, end)
    waiting = select(StaffMessage).where(
        StaffMessage.staff_id == staff_id, StaffMessage.state == ReachState.queued, col(StaffMessage.due_at) > now
    )
    for row in session.exec(waiting.with_for_update()):
        row.due_at = now
    after_commit(session, lambda: doorbell.ring(doorbell.STAFF))


def give_phone(session: Session, staff_id: UUID, typed: str, now: datetime) -> None:
    """Send a code to a telephone; nothing else goes there until it came back. Raises BadInput, TooMany."""
    phone = read_phone(typed, settings().region)
    if phone.number is None:
        raise BadInput("This needs another look.", fields={"phone": phone.why})
    sent = session.exec(
        select(func.count())
        .select_from(StaffMessage)
        .where(
            StaffMessage.staff_id == staff_id,
            StaffMessage.about == Matter.code,
            col(StaffMessage.created_at) > now - timedelta(days=1),
        )
    ).one()
    if sent >= CODES_A_DAY:
        raise TooMany("No more codes are sent today.", mend="Try again tomorrow.")
    contact = _held(session, staff_id)
    contact.phone, contact.phone_proven_at, contact.tries = phone.number, None, 0
    _tell(session, staff_id, Matter.code, Channel.sms, now)


def prove_phone(session: Session, staff_id: UUID, typed: str, now: datetime) -> bool:
    """Whether the code is the one that was sent last, and not too long ago. A wrong one is counted: commit it."""
    contact = _held(session, staff_id)
    newest = session.exec(
        select(StaffMessage)
        .where(
            StaffMessage.staff_id == staff_id,
            StaffMessage.about == Matter.code,
            col(StaffMessage.created_at) > now - timedelta(minutes=CODE_MINUTES),
        )
        .order_by(col(StaffMessage.created_at).desc())
        .limit(1)
    ).first()
    digits = "".join(char for char in latin_digits(typed) if char.isdecimal())
    if newest is None or contact.phone is None or contact.tries >= TRIES or not same(digits, code_of(newest)):
        contact.tries += 1
        return False
    contact.phone_proven_at, contact.tries = now, 0
    return True


def awaits_code(contact: StaffContact | None) -> bool:
    """Whether a telephone was given and is not proven."""
    return contact is not None and contact.phone is not None and contact.phone_proven_at is None


def forget_phone(session: Session, staff_id: UUID) -> None:
    """Nothing goes to their telephone any more."""
    contact = _held(session, staff_id)
    contact.phone, contact.phone_proven_at = None, None


def telegram_link(session: Session, staff_id: UUID, now: datetime) -> str:
    """What to start the bot with so that a chat becomes theirs: good once, for `LINK_MINUTES`."""
    contact, start = _held(session, staff_id), START + secrets.token_hex(20)
    contact.link_hash, contact.link_until = token_hash(start), now + timedelta(minutes=LINK_MINUTES)
    return start


def forget_telegram(session: Session, staff_id: UUID) -> None:
    """Nothing goes to their chat any more, and no link that was made opens it again."""
    contact = _held(session, staff_id)
    contact.telegram, contact.telegram_at, contact.link_hash, contact.link_until = None, None, None, None


def take(session: Session, row: InboundMessage, now: datetime) -> str | None:
    """Link the chat of whoever started the bot with a link of theirs; None for every other message."""
    start = str(row.details.get("start") or "")
    if row.channel != Channel.telegram or not start.startswith(START) or not row.sender:
        return None
    contact = session.exec(
        select(StaffContact)
        .where(StaffContact.link_hash == token_hash(start), col(StaffContact.link_until) > now)
        .with_for_update()
    ).first()
    if contact is None:
        return None
    contact.telegram, contact.telegram_at, contact.link_hash, contact.link_until = row.sender, now, None, None
    _tell(session, contact.staff_id, Matter.linked, Channel.telegram, now)
    return "staff"


def _tell(session: Session, staff_id: UUID, about: Matter, channel: Channel, now: datetime) -> None:
    session.add(StaffMessage(id=new_id(), staff_id=staff_id, about=about, channel=channel, created_at=now, due_at=now))
    after_commit(session, lambda: doorbell.ring(doorbell.STAFF))


def _is_hour(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 3 and int(typed) < 24
