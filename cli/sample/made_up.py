"""One office that made up its numbers for a fortnight: the clerks' own three again and again, and others in a row.

The rest is as the program does it: the same number is asked about once, a number that does not exist is found dead.
"""

import random
from datetime import date, datetime, timedelta
from itertools import count
from uuid import UUID

from sqlmodel import Session, col, select

from channels.values import Channel
from cli.sample.world import FICTIONAL_NUMBER, World
from core.crypto import blind_index, mask
from core.settings import settings
from domain.citizen import Citizen, ContactPoint
from domain.flag import FlagKind, FlagState, SurveyFlag
from domain.outbox import OutboundMessage
from domain.staff import Staff, StaffRole
from domain.states import InvitationState, OutboxState, Role
from domain.survey import Invitation, Transaction
from domain.visibility import viewer
from surveys import flags

OFFICE = "CIV3"
LASTS = timedelta(days=15)
SHARE = 0.5
"""Share of those made up among the office's transactions that nobody answered about: a third of all."""
OWN = 3
_ROW = 5_550_000
"""Where the numbers in a row begin; one that a citizen of the sample has is passed over."""
FOUND = (
    "I called ten of these numbers. Three belong to people who work at the windows; of the others none exists."
    " The head of the centre has been told, and the windows ask for the number again since Monday."
)


def write(world: World) -> None:
    """Put made-up numbers in place of some that citizens gave."""
    dice = random.Random(len(world.rows.of(Transaction)))
    office = world.known.office_by_code[OFFICE].id
    answered = {row.transaction_id for row in world.rows.of(Invitation) if row.answered_at is not None}
    faked = [
        row
        for row in world.rows.of(Transaction)
        if row.office_id == office
        and row.completed_at > world.now - LASTS
        and row.contact_point_id is not None
        and row.id not in answered
        and dice.random() < SHARE
    ]
    taken = {row.address for row in world.rows.of(ContactPoint)}
    following = (number for number in count(_ROW) if FICTIONAL_NUMBER.format(number) not in taken)
    own = [_contact(world, next(following)) for _ in range(OWN)]
    instead: dict[UUID, ContactPoint] = {}
    for row in faked:
        contact = dice.choice(own) if dice.random() < 0.55 else _contact(world, next(following))
        row.contact_point_id, row.language = contact.id, contact.language
        instead[row.id] = contact
    _ask_again(world, instead, {contact.id for contact in own})


def _contact(world: World, number: int) -> ContactPoint:
    address = FICTIONAL_NUMBER.format(number)
    citizen = world.rows.add(Citizen, language="sq", created_at=world.now - LASTS)
    contact: ContactPoint = world.rows.add(
        ContactPoint,
        citizen_id=citizen.id,
        channel=Channel.sms,
        address=address,
        address_index=blind_index(str(Channel.sms), address),
        hint=mask(address),
        language="sq",
        created_at=world.now - LASTS,
    )
    return contact


def _ask_again(world: World, instead: dict[UUID, ContactPoint], own: set[UUID]) -> None:
    """What became of the surveys about them: one each for the clerks' numbers, and none that arrived at the others."""
    gone: set[UUID] = set()
    asked: set[UUID] = set()
    messages = {row.invitation_id: row for row in world.rows.of(OutboundMessage) if row.invitation_id is not None}
    for invitation in world.rows.of(Invitation):
        contact = instead.get(invitation.transaction_id)
        if contact is None:
            continue
        invitation.contact_point_id = contact.id
        message = messages.get(invitation.id)
        if message is None:
            invitation.state, invitation.why, invitation.due_at = InvitationState.suppressed, "asked_lately", None
            continue
        message.contact_point_id = contact.id
        if contact.id in own and contact.id in asked:
            gone.add(message.id)
            invitation.state, invitation.why, invitation.sent_at = InvitationState.suppressed, "asked_lately", None
        elif contact.id not in own:
            message.state, message.failure = OutboxState.failed, "invalid_address"
            message.failed_at, message.delivered_at = message.delivered_at, None
            contact.unreachable_at, contact.unreachable_why = message.failed_at, "invalid_address"
        asked.add(contact.id)
    kept = world.rows.of(OutboundMessage)
    kept[:] = [row for row in kept if row.id not in gone]


def look(now: datetime) -> None:
    """Look at the last two weeks that are over, as each of their Sundays would have, and at the days since."""
    today = now.astimezone(settings().zone).date()
    for days in (7, 0):
        sunday = today - timedelta(days=today.weekday() + 1 + days)
        flags.look_at(sunday, min(now, _evening(sunday)))
    flags.look_due(now)


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 21, 10, tzinfo=settings().zone)


def judge(session: Session, now: datetime) -> None:
    """The integrity office looked into the first sign, and says what it found."""
    first = session.exec(
        select(SurveyFlag)
        .where(
            col(SurveyFlag.kind) == FlagKind.repeated,
            col(SurveyFlag.operator) == "",
            col(SurveyFlag.state) == FlagState.open,
        )
        .order_by(col(SurveyFlag.period))
    ).first()
    person = session.exec(
        select(Staff)
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(col(StaffRole.role) == Role.integrity)
    ).first()
    if first is not None and person is not None:
        who = viewer(session, person.id, person.name, now=now)
        flags.judge(session, who, first.id, FlagState.confirmed, FOUND, 0, now - timedelta(hours=3))
