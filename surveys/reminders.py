"""Telling citizens before what they were issued expires: once for each step, and never for what was renewed since.

A service says how many days before (its steps) and what to do then, by language. What is due is found anew from the
transactions, so a step that is added later holds for what was issued long before. Quiet hours, a no and an address that
takes nothing hold as they do for surveys.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, col, func, select

from channels.values import Channel
from core import claims
from core.database import database
from core.ids import new_id
from core.sets import one_of
from core.settings import settings
from domain.catalogue import catalogue, name_of
from domain.citizen import ContactPoint
from domain.ledger import Reminder, ReminderState
from domain.service import Service
from domain.states import Purpose
from domain.survey import Transaction
from domain.trial import Moment
from notifications import compose, outbox
from surveys import trials
from surveys.ledger import insert_new
from surveys.sweep import opening_of
from surveys.trial_arms import Subject

BATCH = 200
PLANNED = 5_000
"""Reminders written down at a time."""
NEAR = timedelta(days=5)
"""Two about one document are at least so far apart, also where the steps were changed in between."""
TEMPLATE = "expiring"
MOST_STEPS = 5
FURTHEST = 730
"""Days before."""
WORDS = 160
"""Letters of what to do next: it shares the message with what expires when."""


def steps_of(service: Service) -> list[int]:
    """The days before the end on which a service's citizens are told, nearest first."""
    return sorted({days for days in service.reminders if 0 < days <= FURTHEST})


def windows(service: Service, today: date) -> list[tuple[int, date, date]]:
    """Each step with the first and last day of ending of what it is for today: behind the nearer step, up to its own.

    So what is reported late gets the one step that fits by now, and never two at once.
    """
    days = [0, *steps_of(service)]
    return [(step, today + timedelta(days=before + 1), today + timedelta(days=step)) for before, step in pairwise(days)]


def plan(now: datetime) -> int:
    """Write down who is to be told by now; returns how many were new."""
    current = settings()
    today = now.astimezone(current.zone).date()
    made = 0
    with database().write() as session:
        for service in catalogue(session).services.values():
            if not service.active:
                continue
            for step, first, last in windows(service, today):
                rows = session.execute(
                    select(Transaction.id, Transaction.contact_point_id, Transaction.language, ContactPoint.language)
                    .join(ContactPoint, col(ContactPoint.id) == col(Transaction.contact_point_id))
                    .where(
                        col(Transaction.expires_on).between(first, last),
                        Transaction.service_id == service.id,
                        ~exists().where(
                            col(Reminder.transaction_id) == col(Transaction.id), col(Reminder.days_before) == step
                        ),
                    )
                    .order_by(col(Transaction.expires_on), col(Transaction.id))
                    .limit(PLANNED - made)
                ).all()
                made += len(rows)
                insert_new(session, Reminder, [_row(row, step, now) for row in rows], ["transaction_id", "days_before"])
                if made >= PLANNED:
                    return made
    return made


def _row(found: Sequence[object], step: int, now: datetime) -> dict[str, object]:
    transaction_id, contact_id, language, theirs = found
    return {
        "id": new_id(),
        "transaction_id": transaction_id,
        "days_before": step,
        "contact_point_id": contact_id,
        "language": language or theirs or settings().languages[0],
        "state": ReminderState.scheduled,
        "due_at": now,
        "attempts": 0,
    }


def sweep(now: datetime, limit: int = BATCH) -> int:
    """Send, put off or drop what is due; returns how many there were. One transaction, so each leaves once."""
    with database().write() as session:
        ids = claims.claim(session, Reminder, now, state=ReminderState.scheduled, limit=limit)
        if not ids:
            return 0
        found = session.exec(
            select(Reminder, Transaction)
            .join(Transaction, col(Transaction.id) == col(Reminder.transaction_id))
            .where(col(Reminder.id).in_(ids))
            .order_by(col(Reminder.due_at), col(Reminder.id))
        ).all()
        contacts = _held(session, {reminder.contact_point_id for reminder, _ in found})
        dealing = trials.Dealing(session, now, {contact.citizen_id for contact in contacts.values()})
        over = _renewed_of(session, {transaction.id for _, transaction in found})
        lately = _told_lately(session, {transaction.id for _, transaction in found}, now)
        for reminder, transaction in found:
            contact = contacts[reminder.contact_point_id]
            renewed, told = transaction.id in over, transaction.id in lately
            _settle(session, reminder, transaction, contact, now, renewed, told, dealing)
    return len(ids)


def _settle(
    session: Session,
    reminder: Reminder,
    transaction: Transaction,
    contact: ContactPoint,
    now: datetime,
    renewed: bool,
    lately: bool,
    dealing: trials.Dealing,
) -> None:
    reminder.leased_until = None
    session.add(reminder)
    service = catalogue(session).services[transaction.service_id]
    today = now.astimezone(settings().zone).date()
    opening = opening_of(session, transaction.office_id, contact, now)
    if transaction.expires_on is None or transaction.expires_on < today:
        _drop(reminder, ReminderState.void, "expired")
    elif renewed:
        _drop(reminder, ReminderState.void, "renewed")
    elif reminder.days_before not in steps_of(service) or not service.active:
        _drop(reminder, ReminderState.void, "not_wanted")
    elif contact.opted_out_at is not None or contact.no_surveys_at is not None:
        _drop(reminder, ReminderState.suppressed, "opted_out")
    elif not outbox.may_send(contact, Purpose.reminder):
        _drop(reminder, ReminderState.suppressed, "unreachable")
    elif lately:
        _drop(reminder, ReminderState.suppressed, "told_lately")
    elif opening > now:
        reminder.due_at = opening
    else:
        outbox.enqueue(
            session,
            purpose=Purpose.reminder,
            contact=contact,
            language=reminder.language,
            body=words(session, reminder, transaction, contact, dealing),
            dedupe_key=f"reminder:{reminder.id}",
            now=now,
        )
        reminder.state, reminder.sent_at, reminder.due_at = ReminderState.sent, now, None


def words(
    session: Session, reminder: Reminder, transaction: Transaction, contact: ContactPoint, dealing: trials.Dealing
) -> str:
    """What one citizen is told: what ends, when, what to do next, and where to ask. The one place that chooses it; an
    arm of a trial goes before the usual words."""
    known = catalogue(session)
    service, language = known.services[transaction.service_id], reminder.language
    office = known.offices[transaction.office_id]
    one = Subject(
        reminder.id,
        contact.citizen_id,
        service.id,
        office.id,
        str(office.tier),
        language,
        Channel(contact.channel),
    )
    values = {
        "service": name_of(service, language),
        "office": name_of(office, language),
        "due": transaction.expires_on,
        "next": service.next_steps.get(language) or service.next_steps.get(settings().languages[0]) or "",
        "link": f"{settings().site_url}/report?office={office.code}&service={service.code}",
    }
    own = trials.words(dealing.treat(Moment.expiring, one), language, **values)
    return own if own is not None else compose.compose(TEMPLATE, language, **values)


def due_by_week(
    session: Session, offices: Collection[UUID] | None, now: datetime, weeks: int = 8
) -> list[tuple[date, int]]:
    """How many will be told in each of the coming weeks, by its Monday, as far as nobody renews until then."""
    today = now.astimezone(settings().zone).date()
    monday = today - timedelta(days=today.weekday())
    found: Counter[date] = Counter()
    for service in catalogue(session).services.values():
        for step in steps_of(service) if service.active else ():
            query = (
                select(Transaction.__table__.c.expires_on, func.count())  # type: ignore[attr-defined]
                .where(
                    col(Transaction.expires_on).between(
                        today + timedelta(days=step), monday + timedelta(days=step + 7 * weeks - 1)
                    ),
                    Transaction.service_id == service.id,
                    col(Transaction.contact_point_id).is_not(None),
                    ~_renewed(),
                )
                .group_by(col(Transaction.expires_on))
            )
            if offices is not None:
                query = query.where(one_of(Transaction.office_id, offices))
            for expires_on, number in session.execute(query):
                if expires_on is not None:
                    day = expires_on - timedelta(days=step)
                    found[day - timedelta(days=day.weekday())] += number
    return [(monday + timedelta(days=7 * week), found[monday + timedelta(days=7 * week)]) for week in range(weeks)]


def _renewed() -> ColumnElement[bool]:
    """Whether the same citizen got the same service again since, on whichever of their addresses."""
    later, theirs, own = (Transaction.__table__.alias(), *(ContactPoint.__table__.alias() for _ in range(2)))  # type: ignore[attr-defined]
    this = Transaction.__table__.c  # type: ignore[attr-defined]
    return exists().where(
        own.c.id == this.contact_point_id,
        theirs.c.citizen_id == own.c.citizen_id,
        later.c.contact_point_id == theirs.c.id,
        later.c.service_id == this.service_id,
        later.c.completed_at > this.completed_at,
    )


def _renewed_of(session: Session, transactions: Collection[UUID]) -> set[UUID]:
    return set(session.exec(select(Transaction.id).where(col(Transaction.id).in_(transactions), _renewed())))


def _told_lately(session: Session, transactions: Collection[UUID], now: datetime) -> set[UUID]:
    return set(
        session.exec(
            select(Reminder.transaction_id).where(
                col(Reminder.transaction_id).in_(transactions), col(Reminder.sent_at) > now - NEAR
            )
        )
    )


def _held(session: Session, ids: Collection[UUID]) -> Mapping[UUID, ContactPoint]:
    """The contact points as they are now, locked in one order: a no that comes meanwhile waits, or came before."""
    return {
        contact.id: contact
        for contact in session.exec(
            select(ContactPoint)
            .where(col(ContactPoint.id).in_(ids))
            .order_by(col(ContactPoint.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }


def _drop(reminder: Reminder, state: ReminderState, why: str) -> None:
    reminder.state, reminder.why, reminder.due_at = state, why, None
