"""Completed services as agencies report them: each stored once, in order and quickly; what follows is the worker's.

Storing is what must be done before the answer: codes and times are checked, rows are written by COPY, and the contacts
lie encrypted in a task (`surveys.lookups`). Reading numbers, finding citizens and inviting them is done from there.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

from msgspec import Struct, field
from sqlmodel import Session, col, select

from core import doorbell
from core.database import after_commit
from core.errors import BadInput, TooLarge
from domain.catalogue import catalogue
from domain.ledger import TransactionTask
from domain.states import InvitationState
from domain.survey import Invitation, Transaction
from surveys import lookups
from surveys.checking import Checker, Line, TransactionIn, Wrong, names
from surveys.copying import LENGTH_OF_ID, NULL, copy, day, length, moment, opening, raw_id, text
from surveys.ledger import FEW, among, chunks, insert_new
from surveys.phones import NO_NUMBER

BATCH = 10_000
"""Most transactions taken at once."""
ERRORS_SHOWN = 50
AT_ONCE = 100
"""So few are looked up before the answer; of more, the survey is "pending" at first."""
SLICE = 500
"""Lines checked, and rows sent to the database, at once."""

COLUMNS = (
    "source",
    "received_at",
    "id",
    "external_id",
    "office_id",
    "service_id",
    "operator",
    "language",
    "completed_at",
    "not_asked",
    "expires_on",
    "given_mark",
)
"""As rows are copied: first what all of a batch have in common."""


T = TypeVar("T")
Survey = Literal["pending", "scheduled", "sent", "answered", "suppressed", "expired", "none"]


class Accepted(Struct, gc=False):
    """What became of one: `state` created or duplicate; a duplicate `differs` when it was posted with other data.

    `survey` is the state of its invitation, "pending" while its citizen is still to be looked up, or "none"; `why` is
    the reason when nobody is asked.
    """

    external_id: str
    key: str = field(name="id")
    state: Literal["created", "duplicate"]
    differs: bool
    survey: Survey
    why: str | None

    @property
    def id(self) -> UUID:
        """Its id; `key` is the same as text, which is quicker where there are thousands."""
        return UUID(self.key)


def accept(session: Session, source: str, items: Sequence[TransactionIn], now: datetime) -> list[Accepted]:
    """Store the transactions that are new by (source, external id), to be asked about, and say what became of each."""
    return accept_and(list, session, source, items, now)


def accept_and(
    answer: Callable[[list[Accepted]], T], session: Session, source: str, items: Sequence[TransactionIn], now: datetime
) -> T:
    """The same, and what `answer` makes of it, which does nothing else: while all may be new it is called while the
    database still writes, and once more if some were there. All or nothing.

    A few set-based statements however long the batch. The caller commits; then the doorbell rings.

    Raises:
        TooLarge: more than `BATCH` items.
        BadInput: naming each item that cannot be used and what would be right; nothing is stored.
    """
    if len(items) > BATCH:
        raise TooLarge(f"{len(items)} transactions were sent at once.", mend=f"Send at most {BATCH} in one request.")
    lines: dict[int, Line] = {}
    foretold: list[T] = []

    def checked() -> Iterator[Sequence[Line]]:
        yield from _checked(Checker(catalogue(session), now), items, lines)
        # the database is still writing the last of them: time to say what is so if all are new, as most batches are
        if len(items) > AT_ONCE:
            foretold.append(answer(_created(lines[index] for index in range(len(items)))))

    stored = _store(session, source, checked(), now)
    if foretold and len(stored) == len(items) and set(map(type, stored.values())) == {Line}:
        return foretold[0]
    return answer(_outcomes(session, [lines[index] for index in range(len(items))], stored))


def _checked(checker: Checker, items: Sequence[TransactionIn], lines: dict[int, Line]) -> Iterator[list[Line]]:
    """The lines of a batch, some at a time, in the order of their external ids; kept in `lines` by their place in the
    batch. None come after the first that is wrong, and BadInput at the end, naming each that cannot be used."""
    wrong: dict[int, list[Wrong]] = {}
    for some in chunks(sorted(range(len(items)), key=names(items).__getitem__), SLICE):
        good, bad = checker.lines([items[index] for index in some])
        wrong |= {some[place]: what for place, what in bad.items()}
        if not wrong:
            lines.update(zip(some, good, strict=True))
            yield good
    if wrong:
        wrong = dict(sorted(wrong.items()))
        shown = ", ".join(str(index) for index in list(wrong)[:ERRORS_SHOWN])
        fields = {f"transactions/{index}/{one.field}": one.what for index, found in wrong.items() for one in found}
        raise BadInput(
            f"{len(wrong)} of {len(items)} transactions cannot be used (counted from 0: {shown}"
            f"{' …' if len(wrong) > ERRORS_SHOWN else ''}).",
            mend="Nothing was stored. Mend these and send the whole batch again.",
            fields=dict(list(fields.items())[:ERRORS_SHOWN]),
        )


class There(NamedTuple):
    """What was stored before under an external id."""

    key: str
    mark: str | None


Stored = Mapping[str, Line | There]
"""What is stored by external id: a line that was stored just now, or what was there."""


def store(session: Session, source: str, lines: Iterable[Line], now: datetime) -> Stored:
    """Write those that are new, once each, and leave what follows as a task. The caller commits."""
    return _store(session, source, chunks(sorted(lines, key=lambda line: line.external_id), SLICE), now)


def _store(session: Session, source: str, lines: Iterator[Sequence[Line]], now: datetime) -> Stored:
    """The same of lines in the order of their external ids, some at a time while others are being written already.

    In one order everywhere: two batches that overlap then wait for each other instead of locking each other out.
    """
    first: dict[str, Line] = {}
    tasks: list[TransactionTask] = []
    fresh = _fresh(lines, first)
    some = next(fresh, [])

    def copied() -> Iterator[bytes]:
        yield from _copied(source, chain([some], fresh), now)
        tasks.extend(_tasks(source, first.values(), now))  # while the database writes

    stored: Stored = first
    new: Collection[Line] = first.values()
    # most batches are new from end to end, and then nobody need look what is there
    if len(some) < FEW or not _copy(session, copied()):
        deque(fresh, 0)  # those that were not looked at yet
        there = _there(session, source, list(first))
        new = [line for line in first.values() if line.external_id not in there]
        rows = [_row(source, line, now) for line in new]
        inserted = {str(id_) for id_ in insert_new(session, Transaction, rows, ["source", "external_id"])}
        if len(inserted) < len(new):  # somebody stored some of them at this very moment
            there |= _there(session, source, [line.external_id for line in new if line.key not in inserted])
            new = [line for line in new if line.key in inserted]
        stored = {**there, **{line.external_id: line for line in new}}
        tasks = _tasks(source, new, now)
    if tasks:
        session.add_all(tasks)
        if len(new) <= AT_ONCE:
            session.flush()
            for task in tasks:
                lookups.do(session, task, now)
                session.expunge(task)
        after_commit(session, lambda: doorbell.ring(doorbell.SURVEYS))
    return stored


def _tasks(source: str, new: Iterable[Line], now: datetime) -> list[TransactionTask]:
    return lookups.tasks(source, [(line.key, line.phone, line.email) for line in new if line.phone or line.email], now)


def _fresh(lines: Iterable[Sequence[Line]], first: dict[str, Line]) -> Iterator[list[Line]]:
    """The first line of each external id, also kept in `first`."""
    for some in lines:
        yield [line for line in some if first.setdefault(line.external_id, line) is line]


def _copy(session: Session, rows: Iterable[bytes]) -> bool:
    """Insert all of them, or none and give False: if one is there already, or the database is SQLite."""
    return session.get_bind().dialect.name != "sqlite" and copy(session, Transaction, COLUMNS, rows)


def _row(source: str, line: Line, now: datetime) -> dict[str, object]:
    return {
        "id": UUID(line.key),
        "source": source,
        "external_id": line.external_id,
        "office_id": line.about.office.id,
        "service_id": line.about.service.id,
        "operator": line.about.operator,
        "completed_at": line.completed_at,
        "received_at": now,
        "language": line.about.language,
        "not_asked": None if line.phone or line.email else NO_NUMBER,
        "expires_on": line.expires_on,
        "given_mark": line.mark,
    }


def _copied(source: str, new: Iterable[Sequence[Line]], now: datetime) -> Iterator[bytes]:
    """The same rows as COPY reads them: the database writes some while the next are checked."""
    common = opening(COLUMNS) + text(source) + moment(now) + LENGTH_OF_ID
    asked, not_asked = text(None), text(NO_NUMBER)
    for some in new:
        cells: list[bytes] = []
        for line in some:
            external_id = line.external_id.encode()
            cells += (
                common,
                raw_id(line.key),
                length(len(external_id)),
                external_id,
                line.about.cells,
                moment(line.completed_at),
                asked if line.phone or line.email else not_asked,
                day(line.expires_on) if line.expires_on else NULL,
                text(line.mark),
            )
        yield b"".join(cells)


def _there(session: Session, source: str, external_ids: Sequence[str]) -> dict[str, There]:
    found: dict[str, There] = {}
    for chunk in chunks(external_ids):
        for external_id, id_, mark in session.exec(
            select(Transaction.external_id, Transaction.id, Transaction.given_mark).where(
                col(Transaction.source) == source, among(session, Transaction.external_id, chunk)
            )
        ):
            found[external_id] = There(str(id_), mark)
    return found


def _created(lines: Iterable[Line]) -> list[Accepted]:
    """What is said of those that are new and not looked up yet."""
    return [
        Accepted(line.external_id, line.key, "created", False, "pending", None)
        if line.phone or line.email
        else Accepted(line.external_id, line.key, "created", False, "none", NO_NUMBER)
        for line in lines
    ]


def _outcomes(session: Session, lines: Sequence[Line], stored: Stored) -> list[Accepted]:
    """One for each line, in their order; the first of an external id is the one that was created."""
    surveys = _surveys(session, stored)
    outcomes = []
    for line in lines:
        row = stored[line.external_id]
        survey, why = surveys.get(row.key) or ("pending" if line.phone or line.email else "none", None)
        if survey == "none" and why is None:
            why = NO_NUMBER
        state: Literal["created", "duplicate"] = "created"
        differs = False
        if row is not line:
            state, differs = "duplicate", row.mark is not None and row.mark != line.mark
        outcomes.append(Accepted(line.external_id, row.key, state, differs, survey, why))
    return outcomes


def _surveys(session: Session, stored: Stored) -> dict[str, tuple[Survey, str | None]]:
    """State and reason of the survey of each transaction that is more than stored; none of a big batch that is new."""
    asked = [UUID(row.key) for row in stored.values() if len(stored) <= AT_ONCE or isinstance(row, There)]
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
