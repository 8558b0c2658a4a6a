"""Completed services as agencies report them: stored once, and each citizen invited at most as often as is polite."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session, col, select

from core import doorbell
from core.database import after_commit
from core.errors import BadInput, TooLarge
from core.ids import new_id
from core.settings import settings
from core.texts import clean
from domain.catalogue import Catalogue, catalogue
from domain.citizen import ContactPoint
from domain.states import InvitationState
from domain.survey import Invitation, Transaction
from surveys import definitions, drawing
from surveys.ledger import among, chunks, insert_new
from surveys.phones import Phone, contacts_of, read_address

BATCH = 10_000
"""Most transactions taken at once."""
SKEW = timedelta(minutes=15)
"""How far ahead an agency's clock may run."""
ERRORS_SHOWN = 20
NO_SURVEY = "no_survey"


@dataclass(frozen=True, slots=True)
class TransactionIn:
    """One completed service. `office` and `service` are codes; `phone` and `email` as people write them."""

    external_id: str
    office: str
    service: str
    completed_at: datetime
    phone: str | None = None
    language: str | None = None
    operator: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one: `state` created or duplicate; a duplicate `differs` when it was posted with other data.

    `survey` is the state of its invitation, or "none"; `why` is the reason when nobody is asked.
    """

    external_id: str
    id: UUID
    state: Literal["created", "duplicate"]
    differs: bool
    survey: Literal["scheduled", "sent", "answered", "suppressed", "expired", "none"]
    why: str | None


@dataclass(frozen=True, slots=True)
class _Line:
    """A transaction whose codes and number have been looked up."""

    given: TransactionIn
    external_id: str
    office_id: UUID
    service_id: UUID
    phone: Phone
    language: str | None
    operator: str | None


def accept(session: Session, source: str, items: Sequence[TransactionIn], now: datetime) -> list[Accepted]:
    """Store the transactions that are new by (source, external id) and schedule their surveys. All or nothing.

    A few set-based statements however long the batch. The caller commits; then the doorbell rings.

    Raises:
        TooLarge: more than `BATCH` items.
        BadInput: naming each item that cannot be used and what would be right; nothing is stored.
    """
    if len(items) > BATCH:
        raise TooLarge(f"{len(items)} transactions were sent at once.", mend=f"Send at most {BATCH} in one request.")
    lines = _check(catalogue(session), items, now)
    first = {line.external_id: line for line in reversed(lines)}
    stored = _stored(session, source, list(first))
    new = [first[external_id] for external_id in sorted(first) if external_id not in stored]
    contacts = contacts_of(
        session,
        {line.phone.number for line in new if line.phone.number},
        {line.phone.number: line.language for line in new if line.phone.number},
        now,
    )
    surveys = definitions.active(session)
    rows = [_row(source, line, contacts, surveys, now) for line in new]
    drawing.draw(session, rows, now)
    created = insert_new(session, Transaction, rows, ["source", "external_id"])
    drawing.invite(session, [row for row in rows if row["id"] in created], surveys, now)
    after_commit(session, lambda: doorbell.ring(doorbell.SURVEYS))
    stored = _stored(session, source, list(first))
    return _outcomes(session, lines, stored, created)


def _check(known: Catalogue, items: Sequence[TransactionIn], now: datetime) -> list[_Line]:
    current = settings()
    wrong: dict[str, str] = {}
    lines: list[_Line] = []
    for index, item in enumerate(items):
        office = known.office_by_code.get(clean(item.office).upper())
        service = known.service_by_code.get(clean(item.service))
        external_id = clean(item.external_id, 200)
        at = f"transactions/{index}"
        if office is None:
            wrong[f"{at}/office"] = unknown_code("office", item.office, known.office_by_code)
        if service is None:
            wrong[f"{at}/service"] = unknown_code("service", item.service, known.service_by_code)
        if not external_id:
            wrong[f"{at}/external_id"] = "It is empty; give your system's own id of the transaction."
        if item.completed_at.tzinfo is None:
            wrong[f"{at}/completed_at"] = "It has no time zone; write it as 2026-03-01T09:30:00+01:00."
        elif item.completed_at > now + SKEW:
            wrong[f"{at}/completed_at"] = "It lies in the future; report a service when it is completed."
        elif office is not None and service is not None:
            language = clean(item.language or "").lower()[:2]
            lines.append(
                _Line(
                    item,
                    external_id,
                    office.id,
                    service.id,
                    read_address(item.phone or "", item.email or "", current.region),
                    language if language in current.languages else None,
                    clean(item.operator or "", 200) or None,
                )
            )
    if wrong:
        named = sorted({int(name.split("/")[1]) for name in wrong})
        shown = ", ".join(str(index) for index in named[:ERRORS_SHOWN]) + (" …" if len(named) > ERRORS_SHOWN else "")
        raise BadInput(
            f"{len(named)} of {len(items)} transactions cannot be used (counted from 0: {shown}).",
            mend="Nothing was stored. Mend these and send the whole batch again.",
            fields=dict(list(wrong.items())[:ERRORS_SHOWN]),
        )
    return lines


def unknown_code(what: str, code: str, known: Mapping[str, object]) -> str:
    """What to say of a code nobody knows: the nearest ones, or what codes look like. `known` has them as keys."""
    code = clean(code, 80)
    near = difflib.get_close_matches(code.upper() if what == "office" else code.lower(), known, 3, 0.5)
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"codes look like {', '.join(sorted(known)[:3]) or 'none yet'}."
    )
    return f"There is no {what} {code!r}; {hint}"


def _stored(session: Session, source: str, external_ids: Sequence[str]) -> dict[str, Transaction]:
    return {
        row.external_id: row
        for chunk in chunks(external_ids)
        for row in session.exec(
            select(Transaction).where(col(Transaction.source) == source, among(session, Transaction.external_id, chunk))
        )
    }


def _row(
    source: str, line: _Line, contacts: dict[str, ContactPoint], surveys: definitions.Choice, now: datetime
) -> dict[str, Any]:
    contact = contacts[line.phone.number] if line.phone.number else None
    return {
        "id": new_id(),
        "source": source,
        "external_id": line.external_id,
        "office_id": line.office_id,
        "service_id": line.service_id,
        "operator": line.operator,
        "completed_at": line.given.completed_at,
        "received_at": now,
        "contact_point_id": contact.id if contact else None,
        "language": line.language,
        "not_asked": line.phone.why or (NO_SURVEY if surveys.of(line.service_id) is None else None),
    }


def _outcomes(
    session: Session, lines: Sequence[_Line], stored: dict[str, Transaction], created: set[UUID]
) -> list[Accepted]:
    states: dict[UUID, tuple[InvitationState, str | None]] = {
        transaction_id: (InvitationState(state), why)
        for chunk in chunks([row.id for row in stored.values()])
        for transaction_id, state, why in session.exec(
            select(Invitation.transaction_id, Invitation.state, Invitation.why).where(
                among(session, Invitation.transaction_id, chunk)
            )
        )
    }
    numbers = _numbers(session, lines, stored, created)
    seen: set[str] = set()
    outcomes = []
    for line in lines:
        row = stored[line.external_id]
        fresh = row.id in created and line.external_id not in seen
        seen.add(line.external_id)
        state, why = states.get(row.id, (None, row.not_asked))
        outcomes.append(
            Accepted(
                line.external_id,
                row.id,
                "created" if fresh else "duplicate",
                not fresh and _differs(line, row, numbers),
                state.value if state else "none",
                why,
            )
        )
    return outcomes


def _numbers(
    session: Session, lines: Sequence[_Line], stored: dict[str, Transaction], created: set[UUID]
) -> dict[UUID, str]:
    """Numbers of the contacts of what was stored before or came twice, to tell whether it was posted otherwise."""
    twice = len(lines) != len(stored)
    ids = {row.contact_point_id for row in stored.values() if row.contact_point_id and (twice or row.id not in created)}
    return {
        contact.id: contact.address
        for chunk in chunks(sorted(ids))
        for contact in session.exec(select(ContactPoint).where(among(session, ContactPoint.id, chunk)))
    }


def _differs(line: _Line, row: Transaction, numbers: dict[UUID, str]) -> bool:
    before = (row.office_id, row.service_id, row.completed_at, row.operator, row.language)
    after = (line.office_id, line.service_id, line.given.completed_at, line.operator, line.language)
    number = numbers.get(row.contact_point_id) if row.contact_point_id else None
    return before != after or number != line.phone.number
