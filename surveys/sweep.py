"""Sending surveys that are due, after looking once more whether each may still be sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from channels.values import Channel
from core import claims
from core.database import database
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue, name_of
from domain.citizen import ContactPoint
from domain.states import OPEN_STATES, InvitationState, Purpose
from domain.survey import Invitation, Transaction
from notifications import compose, outbox
from surveys.schedule import REPLY_TIME, SHELF_LIFE, into_daytime

BATCH = 200


@dataclass(frozen=True, slots=True)
class _Due:
    """A claimed invitation with what decides about it."""

    invitation: Invitation
    transaction: Transaction
    contact: ContactPoint


def sweep(now: datetime, limit: int = BATCH) -> int:
    """Send, put off or drop up to `limit` due invitations, and expire unanswered ones; returns how many were due.

    Claim, decisions and outbox rows are one transaction, so a survey is sent exactly when its invitation says so.
    """
    with database().write() as session:
        expire_unanswered(session, now)
        ids = claims.claim(session, Invitation, now, state=InvitationState.scheduled, limit=limit)
        if ids:
            _send(session, ids, now)
    return len(ids)


def _send(session: Session, ids: list[UUID], now: datetime) -> None:
    current = settings()
    opening = into_daytime(now, current)
    found = _load(session, ids)
    asked = _asked_within_rest(session, {due.contact.citizen_id for due in found}, now)
    troubled = _with_open_case(session, {due.contact.id for due in found})
    for due in found:
        invitation, contact = due.invitation, due.contact
        invitation.leased_until = None
        session.add(invitation)
        if now > due.transaction.completed_at + SHELF_LIFE:
            _drop(invitation, InvitationState.expired, "too_late")
        elif contact.opted_out_at is not None or contact.no_surveys_at is not None:
            _drop(invitation, InvitationState.suppressed, "opted_out")
        elif contact.unreachable_at is not None:
            _drop(invitation, InvitationState.suppressed, "unreachable")
        elif contact.citizen_id in asked:
            _drop(invitation, InvitationState.suppressed, "asked_lately")
        elif (contact.id, due.transaction.service_id) in troubled:
            _drop(invitation, InvitationState.suppressed, "open_case")
        elif opening > now:
            invitation.due_at = opening
        else:
            _ask(session, due, now)
            if current.survey_rest_days:
                asked.add(contact.citizen_id)


def _load(session: Session, ids: Collection[UUID]) -> list[_Due]:
    """Claimed invitations, oldest due first; their citizens' contact points are locked in one order, so that two
    workers never ask one citizen twice."""
    rows = session.exec(
        select(Invitation, Transaction)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .where(col(Invitation.id).in_(ids))
    ).all()
    citizens = select(ContactPoint.citizen_id).where(
        col(ContactPoint.id).in_({invitation.contact_point_id for invitation, _ in rows})
    )
    contacts = {
        contact.id: contact
        for contact in session.exec(
            select(ContactPoint)
            .where(col(ContactPoint.citizen_id).in_(citizens))
            .order_by(col(ContactPoint.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    found = [_Due(invitation, transaction, contacts[invitation.contact_point_id]) for invitation, transaction in rows]
    return sorted(found, key=lambda due: (due.invitation.due_at or due.transaction.completed_at, due.invitation.id))


def _asked_within_rest(session: Session, citizens: Collection[UUID], now: datetime) -> set[UUID]:
    rest = settings().survey_rest_days
    if not rest:
        return set()
    since = now - timedelta(days=rest)
    return set(
        session.exec(
            select(ContactPoint.citizen_id).where(
                col(ContactPoint.citizen_id).in_(citizens), col(ContactPoint.last_survey_at) > since
            )
        )
    )


def _with_open_case(session: Session, contacts: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """(contact, service) pairs with an open case: whoever waits for an answer is not asked how it was."""
    return {
        (contact, service)
        for contact, service in session.exec(
            select(Case.contact_point_id, Case.service_id).where(
                col(Case.contact_point_id).in_(contacts), col(Case.state).in_(OPEN_STATES)
            )
        )
        if contact is not None and service is not None
    }


def _drop(invitation: Invitation, state: InvitationState, why: str) -> None:
    invitation.state, invitation.why, invitation.due_at = state, why, None


def _ask(session: Session, due: _Due, now: datetime) -> None:
    known = catalogue(session)
    invitation, language = due.invitation, due.invitation.language
    outbox.enqueue(
        session,
        purpose=Purpose.survey,
        contact=due.contact,
        language=language,
        body=compose.compose(
            "survey",
            language,
            service=name_of(known.services[due.transaction.service_id], language),
            office=known.name(due.transaction.office_id, language),
            # a link costs nothing in a mail, and a segment in an SMS
            link=f"{settings().site_url}/s/{invitation.token}" if due.contact.channel == Channel.email else None,
        ),
        dedupe_key=f"survey:{invitation.id}",
        now=now,
        invitation=invitation,
    )
    invitation.state, invitation.sent_at, invitation.due_at = InvitationState.sent, now, None
    due.contact.last_survey_at = now
    session.add(due.contact)


def expire_unanswered(session: Session, now: datetime) -> None:
    """Close invitations nobody answered in time, so that a later message is not taken for a reply."""
    session.execute(
        update(Invitation)
        .where(col(Invitation.state) == InvitationState.sent, col(Invitation.sent_at) < now - REPLY_TIME)
        .values(state=InvitationState.expired, why="no_answer")
        .execution_options(synchronize_session=False)
    )
