"""Counting, in the database, what `surveys.cheating` judges: one week of transactions, messages, answers and taps."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, exists, func, literal
from sqlmodel import Session, col, select

from channels.values import Channel
from core.crypto import blind_index
from domain.citizen import ContactPoint
from domain.flag import FlagKind
from domain.outbox import OutboundMessage
from domain.reach import StaffContact
from domain.sender import Sender
from domain.states import OutboxState, Purpose
from domain.survey import Answer, Invitation, Transaction
from surveys.cheating import Bursts, Count, patterned
from surveys.ledger import among, chunks
from surveys.phones import LANDLINE, NO_NUMBER, UNUSABLE

NO_USABLE = (NO_NUMBER, UNUSABLE, LANDLINE)
OFTEN = 3
"""Transactions in a week from which on one number counts as repeated."""
VOICES = 4
VOICES_DAYS = 91
"""Answers in so many days from which on one number answers for many."""

Key = tuple[UUID, str]


def count(session: Session, since: datetime, until: datetime) -> list[Count]:
    """All counts of a period, of offices and of their operators."""
    found: list[Count] = []
    for kind, rows in (
        (FlagKind.missing, _missing(session, since, until)),
        (FlagKind.repeated, _repeated(session, since, until)),
        (FlagKind.undeliverable, _undeliverable(session, since, until)),
        (FlagKind.many_voices, _many_voices(session, since, until)),
    ):
        found += _both(kind, rows)
    found += _by_number(session, since, until)
    return found + _bursts(session, since, until) + _uniform(session, since, until)


def _both(kind: FlagKind, rows: Iterable[tuple[UUID, str | None, int, int]]) -> list[Count]:
    """Counts of the offices, and of the operators who are named, from rows by both."""
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for office, operator, hits, of in rows:
        for name in {"", operator or ""}:
            sums[office, name][0] += hits or 0
            sums[office, name][1] += of
    return [Count(kind, office, operator, hits, of) for (office, operator), (hits, of) in sums.items()]


def _in_time(since: datetime, until: datetime) -> Any:
    return (col(Transaction.completed_at) >= since) & (col(Transaction.completed_at) < until)


def _hits(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _missing(session: Session, since: datetime, until: datetime) -> Iterable[Any]:
    return session.execute(
        select(
            Transaction.office_id, Transaction.operator, _hits(col(Transaction.not_asked).in_(NO_USABLE)), func.count()
        )
        .where(_in_time(since, until))
        .group_by(col(Transaction.office_id), col(Transaction.operator))
    )


def _repeated(session: Session, since: datetime, until: datetime) -> Iterable[Any]:
    often = (
        select(Transaction.office_id, Transaction.contact_point_id)
        .where(_in_time(since, until), col(Transaction.contact_point_id).is_not(None))
        .group_by(col(Transaction.office_id), col(Transaction.contact_point_id))
        .having(func.count() >= OFTEN)
        .subquery()
    )
    return session.execute(
        select(Transaction.office_id, Transaction.operator, func.count(often.c.office_id), func.count())
        .join(
            often,
            (often.c.office_id == Transaction.office_id) & (often.c.contact_point_id == Transaction.contact_point_id),
            isouter=True,
        )
        .where(_in_time(since, until), col(Transaction.contact_point_id).is_not(None))
        .group_by(col(Transaction.office_id), col(Transaction.operator))
    )


def undelivered() -> Any:
    """SQL predicate over `Invitation`: its survey reached nobody, on any way that was tried, and nobody answered."""
    asked = (col(OutboundMessage.invitation_id) == col(Invitation.id)) & (
        col(OutboundMessage.purpose) == Purpose.survey
    )
    failed = exists().where(asked, col(OutboundMessage.state) == OutboxState.failed)
    went = exists().where(asked, col(OutboundMessage.state) != OutboxState.failed)
    return col(Invitation.answered_at).is_(None) & failed & ~went


def _undeliverable(session: Session, since: datetime, until: datetime) -> Iterable[Any]:
    # a number that was found dead before is not written to again, and is as useless as one that fails now
    dead = (col(Invitation.why) == "unreachable") & col(Invitation.sent_at).is_(None)
    return session.execute(
        select(Transaction.office_id, Transaction.operator, _hits(undelivered() | dead), func.count())
        .select_from(Invitation)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .where(_in_time(since, until), col(Invitation.sent_at).is_not(None) | dead)
        .group_by(col(Transaction.office_id), col(Transaction.operator))
    )


def _many_voices(session: Session, since: datetime, until: datetime) -> Iterable[Any]:
    voices = (
        select(Invitation.contact_point_id)
        .where(col(Invitation.answered_at) >= until - timedelta(days=VOICES_DAYS), col(Invitation.answered_at) < until)
        .group_by(col(Invitation.contact_point_id))
        .having(func.count() >= VOICES)
    )
    return session.execute(
        select(
            Transaction.office_id,
            Transaction.operator,
            _hits(col(Invitation.contact_point_id).in_(voices)),
            func.count(),
        )
        .select_from(Invitation)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .where(col(Invitation.answered_at) >= since, col(Invitation.answered_at) < until)
        .group_by(col(Transaction.office_id), col(Transaction.operator))
    )


def _by_number(session: Session, since: datetime, until: datetime) -> list[Count]:
    """Numbers that belong to staff or to us, and numbers that look made up."""
    rows = session.execute(
        select(Transaction.office_id, Transaction.operator, Transaction.contact_point_id, func.count())
        .where(_in_time(since, until), col(Transaction.contact_point_id).is_not(None))
        .group_by(col(Transaction.office_id), col(Transaction.operator), col(Transaction.contact_point_id))
    ).all()
    ours = _ours(session)
    owned: list[tuple[UUID, str | None, int, int]] = []
    numbers = _numbers(session, {contact for _, _, contact, _ in rows})
    made_up: dict[UUID, frozenset[UUID]] = {}
    of_office: dict[UUID, set[UUID]] = defaultdict(set)
    for office, _, contact, _ in rows:
        if contact in numbers:
            of_office[office].add(contact)
    for office, contacts in of_office.items():
        ordered = sorted(contacts)
        odd = patterned([numbers[contact][1] for contact in ordered])
        made_up[office] = frozenset(contact for contact, bad in zip(ordered, odd, strict=True) if bad)
    patterns: list[tuple[UUID, str | None, int, int]] = []
    for office, operator, contact, number in rows:
        owned.append((office, operator, number if contact in numbers and numbers[contact][0] in ours else 0, number))
        if contact in numbers:
            patterns.append((office, operator, number if contact in made_up[office] else 0, number))
    return _both(FlagKind.staff_owned, owned) + _both(FlagKind.pattern, patterns)


def _numbers(session: Session, contacts: set[UUID]) -> Mapping[UUID, tuple[str, str]]:
    """Blind index and number of the contact points that are telephones."""
    return {
        contact: (index, address)
        for chunk in chunks(sorted(contacts))
        for contact, index, address in session.exec(
            select(ContactPoint.id, ContactPoint.address_index, ContactPoint.address).where(
                among(session, ContactPoint.id, chunk), col(ContactPoint.channel) == Channel.sms
            )
        )
    }


def _ours(session: Session) -> frozenset[str]:
    """Blind indexes of telephones that belong to staff, and of the lines that we send from."""
    phones = session.exec(select(StaffContact.phone).where(col(StaffContact.phone).is_not(None))).all()
    lines = session.exec(select(Sender.address).where(col(Sender.channel) == Channel.sms)).all()
    return frozenset(blind_index(str(Channel.sms), number) for number in (*phones, *lines) if number)


def _bursts(session: Session, since: datetime, until: datetime) -> list[Count]:
    rows = session.exec(
        select(Answer.office_id, Answer.kiosk_device_id, Answer.answered_at)
        .where(
            col(Answer.question) == "rating",
            col(Answer.channel) == Channel.kiosk,
            col(Answer.answered_at) >= since,
            col(Answer.answered_at) < until,
        )
        .order_by(col(Answer.office_id), col(Answer.kiosk_device_id), col(Answer.answered_at))
    )
    found: dict[UUID, Bursts] = defaultdict(Bursts)
    device: tuple[UUID, UUID | None] | None = None
    for office, tablet, at in rows:
        if device is not None and device != (office, tablet):
            found[device[0]].end()
        device = (office, tablet)
        found[office].tap(at)
    for bursts in found.values():
        bursts.end()
    return [
        Count(FlagKind.burst, office, "", bursts.hits, bursts.taps, bursts.most) for office, bursts in found.items()
    ]


def _uniform(session: Session, since: datetime, until: datetime) -> list[Count]:
    rows = session.execute(
        select(Answer.office_id, Answer.value, func.count())
        .where(
            col(Answer.question) == "rating",
            col(Answer.value).between(1, 5),
            col(Answer.answered_at) >= since,
            col(Answer.answered_at) < until,
        )
        .group_by(col(Answer.office_id), col(Answer.value))
        .order_by(col(Answer.office_id), literal(1))
    )
    ratings: dict[UUID, dict[int, int]] = defaultdict(dict)
    for office, value, number in rows:
        ratings[office][value] = number
    return [
        Count(FlagKind.uniform, office, "", max(given.values()), sum(given.values()), max(given, key=given.__getitem__))
        for office, given in ratings.items()
    ]
