"""Completed services as agencies report them: each stored once, in order and quickly; what follows is the worker's.

Storing is what must be done before the answer: codes and times are checked, rows are written by COPY, and the contacts
lie encrypted in a task (`surveys.lookups`). Reading numbers, finding citizens and inviting them is done from there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from core import doorbell
from core.database import after_commit
from core.errors import BadInput, TooLarge
from core.ids import new_key
from domain.catalogue import catalogue
from domain.states import InvitationState
from domain.survey import Invitation, Transaction
from surveys import lookups
from surveys.checking import Checker, Line, TransactionIn, Wrong
from surveys.copying import NULL, cell, copy
from surveys.ledger import FEW, among, chunks, insert_new
from surveys.phones import NO_NUMBER

BATCH = 10_000
"""Most transactions taken at once."""
ERRORS_SHOWN = 50
AT_ONCE = 100
"""So few are looked up before the answer; of more, the survey is "pending" at first."""

COLUMNS = (
    "id",
    "source",
    "external_id",
    "office_id",
    "service_id",
    "operator",
    "completed_at",
    "received_at",
    "language",
    "not_asked",
    "expires_on",
    "given_mark",
)


Survey = Literal["pending", "scheduled", "sent", "answered", "suppressed", "expired", "none"]


class Accepted(NamedTuple):
    """What became of one: `state` created or duplicate; a duplicate `differs` when it was posted with other data.

    `survey` is the state of its invitation, "pending" while its citizen is still to be looked up, or "none"; `why` is
    the reason when nobody is asked.
    """

    external_id: str
    key: str
    state: Literal["created", "duplicate"]
    differs: bool
    survey: Survey
    why: str | None

    @property
    def id(self) -> UUID:
        """Its id; `key` is the same as text, which is quicker where there are thousands."""
        return UUID(self.key)


def accept(
    session: Session, source: str, items: Sequence[TransactionIn], now: datetime, reach: frozenset[UUID] | None = None
) -> list[Accepted]:
    """Store the transactions that are new by (source, external id), to be asked about. All or nothing.

    A few set-based statements however long the batch. The caller commits; then the doorbell rings.

    Raises:
        TooLarge: more than `BATCH` items.
        BadInput: naming each item that cannot be used and what would be right; nothing is stored.
    """
    if len(items) > BATCH:
        raise TooLarge(f"{len(items)} transactions were sent at once.", mend=f"Send at most {BATCH} in one request.")
    lines = check(Checker(catalogue(session), now, reach), items)
    stored = store(session, source, lines, now)
    return _outcomes(session, lines, stored)


def check(checker: Checker, items: Sequence[TransactionIn]) -> list[Line]:
    """The checked lines of a batch. Raises BadInput naming each that cannot be used."""
    lines: list[Line] = []
    wrong: dict[int, list[Wrong]] = {}
    for index, item in enumerate(items):
        line = checker.line(item)
        if isinstance(line, Line):
            lines.append(line)
        else:
            wrong[index] = line
    if wrong:
        shown = ", ".join(str(index) for index in list(wrong)[:ERRORS_SHOWN])
        fields = {f"transactions/{index}/{one.field}": one.what for index, found in wrong.items() for one in found}
        raise BadInput(
            f"{len(wrong)} of {len(items)} transactions cannot be used (counted from 0: {shown}"
            f"{' …' if len(wrong) > ERRORS_SHOWN else ''}).",
            mend="Nothing was stored. Mend these and send the whole batch again.",
            fields=dict(list(fields.items())[:ERRORS_SHOWN]),
        )
    return lines


class Stored(NamedTuple):
    """What is stored under one external id: `fresh` if it was put there just now."""

    key: str
    mark: str | None
    fresh: bool


class _New(NamedTuple):
    """A line that is to be stored, under an id."""

    key: str
    line: Line


def store(session: Session, source: str, lines: Iterable[Line], now: datetime) -> dict[str, Stored]:
    """Write those that are new, once each, and leave what follows as a task. The caller commits."""
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.external_id, line)
    # in one order everywhere: two batches that overlap then wait for each other instead of locking each other out
    new = [_New(new_key(), first[external_id]) for external_id in sorted(first)]
    found: dict[str, Stored] = {}
    # most batches are new from end to end, and then nobody need look what is there
    if len(new) < FEW or not _copy(session, source, new, now):
        found = _there(session, source, list(first))
        new = [one for one in new if one.line.external_id not in found]
        rows = [_row(source, one, now) for one in new]
        created = {str(id_) for id_ in insert_new(session, Transaction, rows, ["source", "external_id"])}
        if len(created) < len(new):  # somebody stored some of them at this very moment
            found |= _there(session, source, [one.line.external_id for one in new if one.key not in created])
            new = [one for one in new if one.key in created]
    for one in new:
        found[one.line.external_id] = Stored(one.key, one.line.mark, True)
    contacts = [(one.key, one.line.phone, one.line.email) for one in new if one.line.phone or one.line.email]
    if contacts:
        tasks = lookups.leave(session, source, contacts, now)
        if len(new) <= AT_ONCE:
            session.flush()
            for task in tasks:
                lookups.do(session, task, now)
                session.expunge(task)
        after_commit(session, lambda: doorbell.ring(doorbell.SURVEYS))
    return found


def _copy(session: Session, source: str, new: Sequence[_New], now: datetime) -> bool:
    """Insert all of them, or none and give False: if one is there already, or the database is SQLite."""
    if session.get_bind().dialect.name == "sqlite":
        return False
    return copy(session, Transaction, COLUMNS, _copied(source, new, now))


def _row(source: str, one: _New, now: datetime) -> dict[str, object]:
    line = one.line
    return {
        "id": UUID(one.key),
        "source": source,
        "external_id": line.external_id,
        "office_id": line.office.id,
        "service_id": line.service.id,
        "operator": line.operator,
        "completed_at": line.completed_at,
        "received_at": now,
        "language": line.language,
        "not_asked": None if line.phone or line.email else NO_NUMBER,
        "expires_on": line.expires_on,
        "given_mark": line.mark,
    }


def _copied(source: str, new: Sequence[_New], now: datetime) -> Iterator[str]:
    """The same rows in COPY's text, a slice at a time: the database writes one while the next is put into words."""
    received, sender = now.isoformat(), cell(source)
    for some in chunks(new, 1_000):
        yield "".join(
            [
                f"{key}\t{sender}\t{cell(line.external_id)}\t{line.office.text}\t{line.service.text}\t"
                f"{cell(line.operator)}\t{line.moment}\t{received}\t{line.language or NULL}\t"
                f"{NULL if line.phone or line.email else NO_NUMBER}\t{line.expires_on or NULL}\t{line.mark}\n"
                for key, line in some
            ]
        )


def _there(session: Session, source: str, external_ids: Sequence[str]) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for chunk in chunks(external_ids):
        for external_id, id_, mark in session.exec(
            select(Transaction.external_id, Transaction.id, Transaction.given_mark).where(
                col(Transaction.source) == source, among(session, Transaction.external_id, chunk)
            )
        ):
            found[external_id] = Stored(str(id_), mark, False)
    return found


def _outcomes(session: Session, lines: Sequence[Line], stored: Mapping[str, Stored]) -> list[Accepted]:
    """One for each line, in their order; the first of an external id is the one that was created."""
    surveys = _surveys(session, stored)
    seen: set[str] = set()
    outcomes = []
    for line in lines:
        row = stored[line.external_id]
        fresh = row.fresh and line.external_id not in seen
        seen.add(line.external_id)
        survey, why = surveys.get(row.key) or ("pending" if line.phone or line.email else "none", None)
        if survey == "none" and why is None:
            why = NO_NUMBER
        differs = not fresh and row.mark is not None and row.mark != line.mark
        outcomes.append(Accepted(line.external_id, row.key, "created" if fresh else "duplicate", differs, survey, why))
    return outcomes


def _surveys(session: Session, stored: Mapping[str, Stored]) -> dict[str, tuple[Survey, str | None]]:
    """State and reason of the survey of each transaction that is more than stored; none of a big batch that is new."""
    asked = [UUID(row.key) for row in stored.values() if not row.fresh or len(stored) <= AT_ONCE]
    found: dict[str, tuple[Survey, str | None]] = {}
    for chunk in chunks(asked):
        columns = (
            Transaction.id,
            Transaction.not_asked,
            Transaction.contact_point_id,
            Invitation.state,
            Invitation.why,
        )
        for id_, not_asked, contact_id, state, why in session.execute(
            select(*columns)  # type: ignore[call-overload]
            .join(Invitation, col(Invitation.transaction_id) == col(Transaction.id), isouter=True)
            .where(among(session, Transaction.id, chunk))
        ):
            if state is not None:
                found[str(id_)] = (InvitationState(state).value, why)
            elif not_asked is not None or contact_id is not None:
                found[str(id_)] = ("none", not_asked)
            else:
                found[str(id_)] = ("pending", None)
    return found
