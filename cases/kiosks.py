"""Tablets at the doors: paired with an office by a code of one use, heard from, revoked; and the answers they send."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select

from cases import intake
from cases.inbox import receive
from channels import kiosk
from channels.values import Inbound
from core.crypto import token, token_hash
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound, Tampered, TooMany
from core.ids import ALPHABET
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.kiosk import KioskDevice
from domain.office import Office
from domain.states import Role
from domain.survey import Answer
from domain.visibility import Viewer

CODE_MINUTES = 15
CODE_LETTERS = 8  # 40 random bits, tried at most ten times in ten minutes from one address
MANAGE = frozenset({Role.operator, Role.supervisor, Role.head, Role.admin})
"""Roles that set up tablets: an operator at their own office, the others also below it."""


def offices_of(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """The offices whose tablets somebody may set up."""
    found: set[UUID] = set()
    for role, office in who.roles:
        if role in MANAGE:
            found |= {office} if role is Role.operator else known.subtree(office)
    return frozenset(found)


def create(session: Session, who: Viewer, office_id: UUID, name: str, hand: str, now: datetime) -> KioskDevice:
    """A tablet that waits to be paired. Raises BadInput, NotAllowed."""
    if office_id not in offices_of(catalogue(session), who):
        raise NotAllowed("You cannot set up tablets of this office.", mend="Ask its head, or your administrator.")
    if not (name := clean(name, 60)):
        raise BadInput("The tablet has no name.", fields={"name": "Say where it stands, such as Main door."})
    device = KioskDevice(
        office_id=office_id, name=name, hand=_hand(hand), created_by=who.staff_id, created_at=now, version=""
    )
    session.add(device)
    session.flush()
    return device


def _hand(given: str) -> str:
    return "left" if given == "left" else "right"


def load(session: Session, who: Viewer, device_id: str) -> KioskDevice:
    """A tablet the viewer may set up, locked. Raises NotFound."""
    try:
        device = session.get(KioskDevice, UUID(device_id), with_for_update=True)
    except ValueError:
        device = None
    if device is None or device.office_id not in offices_of(catalogue(session), who):
        raise NotFound("There is no such tablet at your offices.", mend="Look at the list of tablets.")
    return device


def new_code(device: KioskDevice, now: datetime) -> str:
    """A fresh pairing code, good once and for a quarter of an hour; one given before is void."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
    device.code_hash, device.code_expires_at = token_hash(code), now + timedelta(minutes=CODE_MINUTES)
    return f"{code[:4]}-{code[4:]}"


def pair(session: Session, office: Office, typed: str, version: str, now: datetime) -> tuple[KioskDevice, str]:
    """The tablet a code is for, and the token it shows from now on; a tablet paired under it before is shut out.

    Raises:
        BadInput: the code is wrong, used or too old.
    """
    letters = "".join(typed.split()).replace("-", "").upper().translate(str.maketrans("OIL", "011"))
    device = session.exec(
        select(KioskDevice).where(col(KioskDevice.code_hash) == token_hash(letters)).with_for_update()
    ).first()
    if device is None or device.code_expires_at is None or device.code_expires_at <= now:
        raise BadInput(
            "This code is wrong, was used already, or is older than 15 minutes.",
            mend="Make a new code on the page Tablets, and type it here.",
        )
    if device.office_id != office.id:
        right = catalogue(session).offices[device.office_id]
        raise BadInput(
            f"This code is for the office {right.code}, and this page is of {office.code}.",
            mend=f"Open {settings().site_url}/exit/{right.code} on the tablet.",
        )
    value = token()
    device.token_hash, device.code_hash, device.code_expires_at = token_hash(value), None, None
    device.paired_at = device.seen_at = now
    device.revoked_at, device.waiting, device.version = None, 0, clean(version, 40)
    return device, value


def revoke(device: KioskDevice, now: datetime) -> None:
    """Shut a tablet out. Its token is remembered, so that it can be told why."""
    device.revoked_at = device.revoked_at or now
    device.code_hash = device.code_expires_at = None


def by_token(session: Session, value: str) -> KioskDevice | None:
    """The tablet that shows this token, revoked or not; None for a token nobody has any more."""
    return session.exec(select(KioskDevice).where(col(KioskDevice.token_hash) == token_hash(value))).first()


def leave(session: Session, value: str) -> None:
    """A tablet was unpaired on its own screen."""
    device = by_token(session, value)
    if device is not None:
        device.token_hash = None


def hear(session: Session, device_id: UUID, batch: kiosk.Batch, stored: int, now: datetime) -> KioskDevice:
    """Note what a tablet said of itself, once `stored` of its answers are here."""
    device = session.get_one(KioskDevice, device_id, with_for_update=True)
    device.seen_at, device.version = now, batch.version
    device.waiting = max(0, batch.waiting - stored)
    if batch.hand:
        device.hand = batch.hand
    return device


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one answer of a batch: stored (also when it was before), later (keep it and try again), or bad
    (it can never be read). `why`: key, busy, or empty."""

    id: str
    state: str
    why: str = ""
    reference: str = ""


def take(
    batch: kiosk.Batch,
    office: Office,
    device_id: UUID | None,
    allowed: Mapping[str, Collection[str]],
    now: datetime,
    spend: Callable[[], None],
) -> list[Outcome]:
    """Store the answers of a batch, all in one commit, each once however often it comes.

    `spend` counts one answer against the sender's limit and raises TooMany; the rest of the batch then waits.
    """
    outcomes = [Outcome(one, "bad") for one in batch.unreadable]
    messages: list[Inbound] = []
    busy = False
    for item in batch.answers:
        try:
            if not busy:
                spend()
        except TooMany:
            busy = True
        if busy:
            outcomes.append(Outcome(item.id, "later", "busy"))
            continue
        try:
            message = kiosk.open_sealed(
                item, office=office.code, region=settings().region, allowed=allowed, clock=batch.clock, now=now
            )
        except NotFound:
            outcomes.append(Outcome(item.id, "later", "key"))
        except (Tampered, BadInput):
            outcomes.append(Outcome(item.id, "bad"))
        else:
            messages.append(_of_device(message, device_id))
    reference = _store(messages, now)
    return outcomes + [Outcome(message.provider_id, "stored", reference=reference) for message in messages]


def _of_device(message: Inbound, device_id: UUID | None) -> Inbound:
    if device_id is None:
        return message
    return replace(message, details={**message.details, "device": str(device_id)})


def _store(messages: Sequence[Inbound], now: datetime) -> str:
    """A single answer with words comes from somebody who may still stand there: it is worked on at once, and the
    reference of the case it became is given back."""
    if len(messages) != 1 or not messages[0].text:
        receive(messages, now)
        return ""
    row = intake.receive_and_process(messages[0], now)
    if row.case_id is None:
        return ""
    with database().read() as session:
        return session.exec(select(Case.reference).where(col(Case.id) == row.case_id)).one()


@dataclass(frozen=True, slots=True)
class Listed:
    """A tablet in the list, with how many ratings it brought lately."""

    device: KioskDevice
    answers: int


def listing(session: Session, who: Viewer, since: datetime) -> tuple[list[Listed], dict[UUID, int]]:
    """The tablets somebody may set up, and per office the exit ratings that came from no tablet (posters)."""
    mine = offices_of(catalogue(session), who)
    counted = {
        (office, device): number
        for office, device, number in session.exec(
            select(Answer.office_id, Answer.kiosk_device_id, func.count())
            .where(
                col(Answer.office_id).in_(mine),
                col(Answer.question) == "rating",
                col(Answer.channel) == "kiosk",
                col(Answer.answered_at) >= since,
            )
            .group_by(col(Answer.office_id), col(Answer.kiosk_device_id))
        )
    }
    devices = session.exec(
        select(KioskDevice)
        .where(col(KioskDevice.office_id).in_(mine))
        .order_by(col(KioskDevice.revoked_at).is_not(None), col(KioskDevice.name), col(KioskDevice.id))
    ).all()
    listed = [Listed(device, counted.get((device.office_id, device.id), 0)) for device in devices]
    return listed, {office: number for (office, device), number in counted.items() if device is None}
