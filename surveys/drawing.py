"""From transactions to invitations, a whole batch in a handful of statements: who is drawn, and who of them is asked.

`draw` comes before a batch is written, since the chance stands in the transaction; `invite` comes after it.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from core.crypto import cipher
from core.ids import new_id
from core.settings import settings
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.states import InvitationState
from domain.survey import Invitation
from surveys import budget, counts, plans
from surveys.definitions import Choice
from surveys.ledger import among, chunks, insert_new
from surveys.plans import Plan, Plans
from surveys.sampling import Known, chance, draws, usual
from surveys.schedule import office_zone, send_at

NOT_DRAWN, NO_BUDGET = "not_drawn", "budget"
LASTING = (InvitationState.scheduled, InvitationState.sent, InvitationState.answered)
"""Invitations that count for the days of rest."""

Row = dict[str, Any]
"""A transaction about to be written: its columns by name."""


def draw(session: Session, rows: Sequence[Row], now: datetime) -> None:
    """Write into each row that can be asked about its `probability`, and `not_asked` where the lot says no.

    A few statements however long the batch, and none where everybody is asked. The same transaction is drawn or not
    however often it is posted (`surveys.sampling`).
    """
    able = [row for row in rows if row["not_asked"] is None]
    for row in rows:
        row["probability"] = None
    if not able:
        return
    chances = _chances(session, able, now)
    numbers = draws(_key(), (f"{row['source']}\0{row['external_id']}" for row in able))
    for row, number, (planned_chance, paid) in zip(able, numbers, chances, strict=True):
        row["probability"] = paid
        if number >= paid:
            row["not_asked"] = NO_BUDGET if number < planned_chance else NOT_DRAWN


def _key() -> bytes:
    return cipher().seal(b"who is asked").encode()


def _chances(session: Session, rows: Sequence[Row], now: datetime) -> list[tuple[float, float]]:
    """The chance of each row by its plan, and what the budgets leave of it."""
    made = plans.current(session)
    thinned = budget.factors(session, made, None, now)
    aims = {service: made.of(service).aim for service in {row["service_id"] for row in rows}}
    if not thinned and all(aim.target is None for aim in aims.values()):
        shares = {service: usual(aim, Known()) for service, aim in aims.items()}
        return [(share, share) for share in (shares[row["service_id"]] for row in rows)]
    pairs = [(row["office_id"], row["service_id"]) for row in rows]
    here, days, left = Counter(pairs), _days(rows), counts.month_of(now)[1]
    facts: dict[counts.Pair, Known] = {}
    if any(aim.target is not None for aim in aims.values()):
        facts = counts.known(session, now, {office for office, _ in here})
    known = catalogue(session)
    found = {}
    for pair, number in here.items():
        plain = chance(aims[pair[1]], counts.with_batch(facts.get(pair), number, days, left))
        found[pair] = (plain, plain * budget.factor_at(known, thinned, pair[0]))
    return [found[pair] for pair in pairs]


def _days(rows: Sequence[Row]) -> int:
    return len({row["completed_at"].date() for row in rows})


@dataclass(slots=True)
class _Contact:
    """What decides whether a contact point is asked; its address stays sealed."""

    citizen_id: UUID
    language: str | None
    refused: bool
    unreachable: bool


def invite(session: Session, rows: Sequence[Row], surveys: Choice, now: datetime) -> None:
    """One invitation for each drawn transaction of a batch; those that must not be sent say why.

    The rows stand in the database. A transaction that has an invitation keeps it.
    """
    asked = [row for row in rows if row["not_asked"] is None and row["contact_point_id"] is not None]
    if not asked:
        return
    made, current, known = plans.current(session), settings(), catalogue(session)
    contacts = _contacts(session, {row["contact_point_id"] for row in asked})
    lately = asked_at(session, {contact.citizen_id for contact in contacts.values()}, made, now)
    zones: dict[UUID, ZoneInfo] = {}
    usual = current.languages[0]
    invitations: list[Row] = []
    for row in sorted(asked, key=lambda row: (row["completed_at"], row["id"].int)):
        contact, plan, office = contacts[row["contact_point_id"]], made.of(row["service_id"]), row["office_id"]
        zone = zones.get(office) or zones.setdefault(office, office_zone(known, office, current))
        due = planned(plan, row["completed_at"], now, zone)
        state, why = _verdict(contact, plan, due, lately.get(contact.citizen_id), now)
        if state is InvitationState.scheduled and due is not None:
            lately[contact.citizen_id] = due
        invitations.append(
            {
                "id": new_id(),
                "survey_id": surveys.of(row["service_id"]),
                "transaction_id": row["id"],
                "contact_point_id": row["contact_point_id"],
                "token": new_token(),
                "language": row["language"] or contact.language or usual,
                "state": state,
                "why": why,
                "due_at": due if state is InvitationState.scheduled else None,
                "attempts": 0,
                "probability": row["probability"],
            }
        )
    insert_new(session, Invitation, sorted(invitations, key=lambda row: row["transaction_id"].int), ["transaction_id"])


def new_token() -> str:
    """What stands in a survey's link: 96 random bits, short enough for an SMS."""
    return secrets.token_urlsafe(12)


def planned(plan: Plan, completed_at: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the first message to somebody who was served is due, a notice included; None when it would be too late."""
    return send_at(completed_at, now, settings(), max(plan.delay - plan.notice, timedelta()), zone)


def _verdict(
    contact: _Contact, plan: Plan, due: datetime | None, last: datetime | None, now: datetime
) -> tuple[InvitationState, str | None]:
    if due is None:
        return InvitationState.expired, "too_late"
    if contact.refused:
        return InvitationState.suppressed, "opted_out"
    if contact.unreachable and not plan.channels:
        return InvitationState.suppressed, "unreachable"
    if plan.rest and last is not None and last > now - plan.rest:
        return InvitationState.suppressed, "asked_lately"
    return InvitationState.scheduled, None


def _contacts(session: Session, ids: Collection[UUID]) -> dict[UUID, _Contact]:
    columns = (
        ContactPoint.id,
        ContactPoint.citizen_id,
        ContactPoint.language,
        (col(ContactPoint.opted_out_at).is_not(None) | col(ContactPoint.no_surveys_at).is_not(None)).label("refused"),
        col(ContactPoint.unreachable_at).is_not(None).label("unreachable"),
    )
    return {
        row[0]: _Contact(row[1], row[2], bool(row[3]), bool(row[4]))
        for chunk in chunks(list(ids))
        for row in session.execute(select(*columns).where(among(session, ContactPoint.id, chunk)))  # type: ignore[call-overload]
    }


def asked_at(session: Session, citizens: Collection[UUID], made: Plans, now: datetime) -> dict[UUID, datetime]:
    """When each of the citizens was asked last, or will be, on any of their addresses; as far back as a plan looks."""
    rest = made.longest_rest
    if not rest or not citizens:
        return {}
    since = now - rest
    moment = func.coalesce(col(Invitation.sent_at), col(Invitation.due_at))
    invited = case((col(Invitation.state).in_(LASTING), moment), else_=None)
    found: dict[UUID, datetime] = {}
    for chunk in chunks(list(citizens)):
        rows = session.exec(
            select(ContactPoint.citizen_id, func.max(ContactPoint.last_survey_at), func.max(invited))
            .join(Invitation, col(Invitation.contact_point_id) == col(ContactPoint.id), isouter=True)
            .where(among(session, ContactPoint.citizen_id, chunk))
            .group_by(col(ContactPoint.citizen_id))
        )
        for citizen, written, planned_at in rows:
            moments = [one for one in (written, planned_at) if one is not None and one > since]
            if moments:
                found[citizen] = max(moments)
    return found
