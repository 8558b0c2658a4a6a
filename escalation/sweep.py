"""Climbing ladders: rungs that are due are claimed in batches, and each batch climbs in one transaction.

Exactly once: a rung's row is locked with its case, and leaves the state `waiting` in the transaction that writes the
timeline and the notices. A case somebody is working on is left for the next sweep; a rung that cannot climb is tried
alone, keeps its error and backs off, and never holds up the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table, or_, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from channels.values import Channel
from core import doorbell
from core.claims import claim, retry_at
from core.database import Database, after_commit, database
from core.ids import new_id
from core.logs import logger
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock, Notice, Rung
from domain.reach import StaffMessage
from domain.staff import Staff, StaffRole, in_force
from domain.states import ClockKind, ClockState, EntryKind, Role, RungState
from domain.timeline import TimelineEntry, seal
from domain.visibility import viewer_of
from escalation import reaching, service, terms
from escalation.bulk import insert_rows, update_rows
from escalation.ladder import following
from escalation.notices import text_of
from escalation.raising import OnRaised, Raised, nothing_more
from escalation.recipients import Matter, Person, Roster, Told, choose
from escalation.rungs import EXPIRY
from notifications.staff_channels import set_up

LEASE = timedelta(minutes=1)
_log = logger(__name__)
_rung, _clock, _case = (cast(Any, model).__table__ for model in (Rung, Clock, Case))
_entry, _notice, _message = (cast(Table, cast(Any, model).__table__) for model in (TimelineEntry, Notice, StaffMessage))

_DUE = (
    select(
        _rung.c.id.label("rung_id"),
        _rung.c.number.label("number"),
        _rung.c.tell,
        _rung.c.told,
        _clock.c.id.label("clock_id"),
        _clock.c.kind.label("clock_kind"),
        _clock.c.state.label("clock_state"),
        _clock.c.rungs,
        _clock.c.target_seconds,
        _clock.c.deadline_at,
        _case.c.id.label("case_id"),
        _case.c.reference,
        _case.c.office_id,
        _case.c.pending_office_id,
        _case.c.state,
        _case.c.assignee_id,
        _case.c.integrity,
        _case.c.urgency,
        _case.c.about_office_id,
        _case.c.about_staff_id,
        _case.c.updated_at,
        _case.c.timeline_length,
        _case.c.timeline_head,
    )
    .join(_clock, _clock.c.id == _rung.c.clock_id)
    .join(_case, _case.c.id == _rung.c.case_id)
    .with_for_update(skip_locked=True, of=[_rung, _case])
)


def sweep(now: datetime, limit: int = 500, *, on_raised: OnRaised = nothing_more) -> int:
    """Climb up to `limit` rungs that are due; returns how many were settled (climbed, or void: no clock)."""
    home = database()
    claimed = claim_due(home, now, limit)
    if not claimed:
        return 0
    try:
        with home.write() as session:
            return climb(session, claimed, now, on_raised)
    except Exception:  # noqa: BLE001  (any fault of one row, so that it cannot hold up the rest)
        _log.exception("a batch of rungs could not climb; trying one by one", rungs=len(claimed))
    return sum(_alone(home, rung_id, now, on_raised) for rung_id in claimed)


def claim_due(home: Database, now: datetime, limit: int) -> list[UUID]:
    """Lease rungs that are due to this worker, durably; a worker that dies loses them when the lease runs out."""
    with home.write() as session:
        return claim(session, Rung, now, state=RungState.waiting, limit=limit, lease=LEASE)


def _alone(home: Database, rung_id: UUID, now: datetime, on_raised: OnRaised) -> int:
    try:
        with home.write() as session:
            return climb(session, [rung_id], now, on_raised)
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        _log.exception("a rung could not climb", rung=str(rung_id))
        with home.write() as session:
            rung = session.get(Rung, rung_id)
            if rung is not None:
                rung.last_error = f"{type(error).__name__}: {error}"[:500]
                rung.leased_until = retry_at(now, rung.attempts)
        return 0


@dataclass(slots=True)
class _Line:
    """A timeline entry as `domain.timeline.seal` reads it, without the cost of an ORM object."""

    id: UUID
    case_id: UUID
    number: int
    at: datetime
    kind: str
    actor: str
    office_id: UUID
    public: bool
    body: dict[str, object]
    previous_hash: str
    hash: str = ""


@dataclass(slots=True)
class _Batch:
    """What one transaction will write."""

    now: datetime
    known: Catalogue
    roster: Roster
    choices: dict[tuple[Matter, str, bool], Told] = field(default_factory=dict)
    zones: dict[UUID, ZoneInfo] = field(default_factory=dict)
    ends: dict[UUID, tuple[int, str, datetime]] = field(default_factory=dict)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    notices: list[tuple[Any, ...]] = field(default_factory=list)
    messages: list[tuple[Any, ...]] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    ready: frozenset[Channel] = field(default_factory=set_up)
    rungs: list[tuple[Any, ...]] = field(default_factory=list)
    next_rungs: list[tuple[Any, ...]] = field(default_factory=list)

    def settle(self, row: RowMapping) -> None:
        """Climb one rung, or void it if its clock no longer runs."""
        if row["clock_state"] != ClockState.running:
            self.rungs.append((row["rung_id"], RungState.void, None, []))
            return
        matter = Matter(
            row["office_id"],
            row["pending_office_id"],
            row["state"],
            row["assignee_id"],
            row["integrity"],
            row["about_office_id"],
            row["about_staff_id"],
        )
        key = (matter, row["tell"], row["clock_kind"] == ClockKind.acceptance)
        told = self.choices.get(key)
        if told is None:
            told = self.choices[key] = choose(matter, row["tell"], self.known, self.roster, offered=key[2])
        ids = [str(person.id) for person in told.people]
        rung: dict[str, object] = next((step for step in row["rungs"] if step["number"] == row["number"]), {})
        heard = rung.get("citizen") is True and bool(ids)
        if heard:
            self.raised.append(Raised(row["case_id"], told.step))
        self._write_entry(row, told, ids, public=heard)
        self.rungs.append((row["rung_id"], RungState.climbed, self.now, ids))
        self._notify(row, rung, told)
        number = row["number"]
        step = following(row["rungs"], number)
        if step is not None:
            due_at = datetime.fromisoformat(str(step["at"]))
            self.next_rungs.append(
                (new_id(), row["clock_id"], row["case_id"], step["number"], step["tell"], "waiting", due_at, 0, [])
            )

    def write(self, connection: Connection) -> None:
        """Write all of it, one statement a table."""
        insert_rows(connection, _entry, _ENTRY_COLUMNS, self.entries)
        insert_rows(connection, _notice, _NOTICE_COLUMNS, self.notices, once=True)
        insert_rows(connection, _message, reaching.COLUMNS, self.messages, once=True)
        cases = [(case_id, length, head, at) for case_id, (length, head, at) in self.ends.items()]
        update_rows(connection, _case, ("id", "timeline_length", "timeline_head", "updated_at"), cases)
        update_rows(connection, _rung, ("id", "state", "climbed_at", "told"), self.rungs)
        insert_rows(connection, _rung, _RUNG_COLUMNS, self.next_rungs, once=True)

    def _write_entry(self, row: RowMapping, told: Told, ids: list[str], *, public: bool) -> None:
        case_id = row["case_id"]
        length, head, updated_at = self.ends.get(case_id) or (
            row["timeline_length"],
            row["timeline_head"],
            row["updated_at"],
        )
        body: dict[str, object] = {
            "clock": row["clock_kind"],
            "rung": row["number"],
            "tell": row["tell"],
            "reached": told.step,
            "told": ids,
            "skipped": list(told.skipped),
        }
        line = _Line(
            new_id(),
            case_id,
            length + 1,
            self.now,
            EntryKind.escalated.value,
            "system",
            row["office_id"],
            public,
            body,
            head,
        )
        line.hash = seal(cast(TimelineEntry, line))
        self.ends[case_id] = (line.number, line.hash, max(updated_at, self.now))
        self.entries.append(
            (
                line.id,
                case_id,
                line.number,
                line.at,
                line.kind,
                line.actor,
                line.office_id,
                line.public,
                body,
                head,
                line.hash,
            )
        )

    def _notify(self, row: RowMapping, rung: dict[str, object], told: Told) -> None:
        key = f"rung:{row['clock_id']}:{row['number']}"
        words = [(person.id, self._text(row, rung, person)) for person in told.people]
        self.notices += [(new_id(), staff_id, row["case_id"], key, text, self.now) for staff_id, text in words]
        self.messages += reaching.messages(row, rung, words, self.now, self.ready)

    def _text(self, row: RowMapping, rung: Mapping[str, object], person: Person) -> str:
        zone = self.zones.get(row["office_id"])
        if zone is None:
            zone = self.zones[row["office_id"]] = terms.calendar_of(self.known, row["office_id"]).zone
        return text_of(
            ClockKind(row["clock_kind"]),
            rung,
            reference=row["reference"],
            target=row["target_seconds"],
            deadline=row["deadline_at"],
            now=self.now,
            zone=zone,
            language=person.language,
        )


_ENTRY_COLUMNS = (
    "id",
    "case_id",
    "number",
    "at",
    "kind",
    "actor",
    "office_id",
    "public",
    "body",
    "previous_hash",
    "hash",
)
_NOTICE_COLUMNS = ("id", "staff_id", "case_id", "dedupe_key", "text", "at")
_RUNG_COLUMNS = ("id", "clock_id", "case_id", "number", "tell", "state", "due_at", "attempts", "told")


def climb(session: Session, rung_ids: Sequence[UUID], now: datetime, on_raised: OnRaised = nothing_more) -> int:
    """Settle claimed rungs in the caller's transaction; those of a case that is locked are left. Returns how many."""
    connection = session.connection()
    due = _DUE.where(_rung.c.id.in_(rung_ids), _rung.c.state == RungState.waiting).order_by(_rung.c.due_at, _rung.c.id)
    rows = connection.execute(due).mappings().all()
    known = catalogue(session)
    ladder = [row for row in rows if row["number"] != EXPIRY]
    batch = _Batch(now.astimezone(UTC), known, load_roster(connection, known, ladder, now))
    for row in ladder:
        batch.settle(row)
    batch.write(connection)
    if batch.messages:
        after_commit(session, lambda: doorbell.ring(doorbell.STAFF))
    for raised in batch.raised:
        on_raised(session, raised, now)
    for row in rows:
        if row["number"] == EXPIRY:
            _expire(session, row["case_id"], row["rung_id"], now)
    return len(rows)


def load_roster(connection: Connection, known: Catalogue, rows: Sequence[Mapping[Any, Any]], now: datetime) -> Roster:
    """Active staff who could be told of these cases, with all of their roles, in one statement."""
    roster = Roster()
    if not rows:
        return roster
    concerned = {row["office_id"] for row in rows} | {row["pending_office_id"] for row in rows} - {None}
    offices = {office.id for office_id in concerned for office in known.chain(office_id)}
    assignees = {row["assignee_id"] for row in rows if row["assignee_id"] is not None}
    wanted = select(col(StaffRole.staff_id)).where(
        or_(col(StaffRole.office_id).in_(offices), col(StaffRole.role) == Role.leadership), in_force(now)
    )
    found = connection.execute(
        select(col(Staff.id), col(Staff.language), col(StaffRole.role), col(StaffRole.office_id))
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(col(Staff.active).is_(True), in_force(now), or_(col(Staff.id).in_(wanted), col(Staff.id).in_(assignees)))
        .order_by(col(Staff.id))
    )
    roles: dict[tuple[UUID, str], set[tuple[Role, UUID]]] = {}
    for staff_id, language, role, office_id in found:
        roles.setdefault((staff_id, language), set()).add((Role(role), office_id))
    for (staff_id, language), held in roles.items():
        roster.add(Person(staff_id, language, viewer_of(known, staff_id, "", frozenset(held))))
    return roster


def _expire(session: Session, case_id: UUID, rung_id: UUID, now: datetime) -> None:
    """The citizen did not answer in time: the clock goes on, from the moment the question expired."""
    case = session.get(Case, case_id, populate_existing=True)
    rung = session.get(Rung, rung_id, populate_existing=True)
    if case is None or rung is None:
        return
    service.wake(session, case, now)
    if rung.state == RungState.waiting:
        rung.state = RungState.climbed
        rung.climbed_at = now
