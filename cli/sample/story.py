"""One case of the sample history, told entry by entry with the same rules that run the real thing.

A story goes forward in time and stops at the present. Its timeline is chained by `domain.timeline`, its clocks are
what `escalation.clocks.replay` makes of that timeline, and every rung that fell due on the way is climbed.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cases.afterwards import daytime
from cases.raised import level_of
from cli.sample.rows import plain
from cli.sample.world import World
from core.ids import new_id
from domain.case import Case
from domain.citizen import ContactPoint
from domain.clock import Clock, Notice, Rung
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.staff import Staff
from domain.states import (
    CaseState,
    ClockKind,
    ClockState,
    EntryKind,
    OutboxState,
    Purpose,
    RungState,
)
from domain.timeline import TimelineEntry, seal
from escalation.clocks import replay
from escalation.notices import text_of
from escalation.recipients import Matter, choose
from escalation.rungs import EXPIRY, RESUME
from escalation.values import LIVE, SILENCES, Event, ReplayedClock
from notifications import compose

SWEEP = timedelta(seconds=3)
NOTICES_UNREAD = timedelta(days=3)
_MOVING = frozenset(
    {
        EntryKind.received, EntryKind.routed, EntryKind.transferred, EntryKind.refused, EntryKind.accepted,
        EntryKind.citizen_wrote, EntryKind.answer_delivered, EntryKind.answer_failed, EntryKind.asked,
        EntryKind.closed, EntryKind.reopened, EntryKind.appealed, EntryKind.appeal_decided, EntryKind.clock_started,
        EntryKind.clock_resumed,
    }
)  # fmt: skip


class Present(Exception):
    """The story has come to the present; what would follow has not happened yet."""


class Story:
    """A case being told."""

    def __init__(self, world: World, case: Any, contact: ContactPoint | None) -> None:
        self.world, self.case, self.contact = world, case, contact
        self.entries: list[Any] = []
        self.messages: list[Any] = []
        self._events: list[Event] = []
        self._clocks: tuple[ReplayedClock, ...] = ()
        self._stale = False
        self._told_due: set[int] = set()
        self._ended: set[tuple[ClockKind, int]] = set()
        self._climbed: dict[tuple[ClockKind, int], list[Any]] = {}
        self._notices: list[tuple[Any, Any]] = []
        self._raised: set[str] = set()

    def open(
        self, kind: EntryKind, at: datetime, body: dict[str, object], *, citizen: bool = False, public: bool
    ) -> None:
        """What happens in the moment a case opens, before any clock could ring."""
        self._append(kind, at, body, citizen=citizen, public=public)

    @property
    def office(self) -> Office:
        """The office that is accountable now."""
        return self.world.known.offices[self.case.office_id]

    @property
    def last(self) -> datetime:
        """When the last thing happened."""
        at: datetime = self.entries[-1].at
        return at

    def check(self, at: datetime) -> None:
        """Raise Present if a moment is still to come."""
        if at > self.world.now:
            raise Present

    def say(
        self,
        kind: EntryKind,
        at: datetime,
        body: dict[str, object],
        *,
        by: Staff | None = None,
        citizen: bool = False,
        public: bool = False,
        office_id: UUID | None = None,
    ) -> None:
        """Let something happen; raises Present if that is still to come."""
        self.check(at)
        self.climb(at)
        self._append(kind, at, body, by=by, citizen=citizen, public=public, office_id=office_id)

    def _append(
        self,
        kind: EntryKind,
        at: datetime,
        body: dict[str, object],
        *,
        by: Staff | None = None,
        citizen: bool = False,
        public: bool = False,
        office_id: UUID | None = None,
    ) -> None:
        at = max(at, self.last) if self.entries else at
        actor = str(by.id) if by else "citizen" if citizen else "system"
        if by is not None:
            body = {**body, "by": by.name, "token": f"{self.world.dice.getrandbits(64):016x}"}
        case = self.case
        entry = plain(
            TimelineEntry,
            case_id=case.id,
            number=case.timeline_length + 1,
            at=at,
            kind=kind,
            actor=actor,
            office_id=office_id or case.office_id,
            public=public,
            body=body,
            previous_hash=case.timeline_head,
        )
        entry.hash = seal(entry)
        case.timeline_length, case.timeline_head = entry.number, entry.hash
        case.updated_at = max(case.updated_at, at)
        self.entries.append(entry)
        self._events.append(Event(entry.number, at, kind, self.world.known.offices[entry.office_id].code, body))
        self._stale = self._stale or (kind in _MOVING and not self._changes_nothing(kind))

    def _changes_nothing(self, kind: EntryKind) -> bool:
        """Whether a delivery finds no silence to end; a replay costs more than all the rest."""
        ends = (*SILENCES, ClockKind.appeal)
        silent = (clock.kind in ends and clock.state in LIVE for clock in self._clocks)
        return kind is EntryKind.answer_delivered and not any(silent)

    def clocks(self) -> tuple[ReplayedClock, ...]:
        """All clocks as the timeline makes them when the last thing happened."""
        if self._stale:
            self._clocks = replay(self._events, self.world.rules(self.case.kind), self.last).clocks
            self._stale = False
        return self._clocks

    def start_clock(self, kind: ClockKind, at: datetime, since: datetime | None = None) -> datetime:
        """Start a clock and say so; returns its deadline."""
        service = self.world.known.services.get(self.case.service_id) if self.case.service_id else None
        began = since or at
        terms = self.world.rules(self.case.kind).terms(kind, self.office.code, service.code if service else None, began)
        body: dict[str, object] = {
            "clock": kind,
            "target_seconds": terms.plan.target_seconds,
            "deadline": terms.plan.deadline_at.isoformat(),
            "policy": terms.policy,
        }
        self._append(EntryKind.clock_started, at, body | ({"since": began.isoformat()} if began != at else {}))
        return terms.plan.deadline_at

    def restate(self, at: datetime) -> None:
        """Write the ends and starts of clocks that follow from what happened."""
        for clock in self.clocks():
            if clock.kind is ClockKind.reply_due and clock.entry not in self._told_due:
                self._told_due.add(clock.entry)
                body: dict[str, object] = {
                    "clock": clock.kind,
                    "target_seconds": clock.target_seconds,
                    "deadline": clock.deadline_at.isoformat(),
                    "policy": self.world.known.policies[0].name,
                    "since": clock.started_at.isoformat(),
                    "cause": clock.entry,
                }
                self._append(EntryKind.clock_started, at, body)
        for clock in self.clocks():
            key = (clock.kind, clock.entry)
            if clock.ended_at is not None and key not in self._ended:
                self._ended.add(key)
                ended: dict[str, object] = {
                    "clock": clock.kind,
                    "met": clock.state is ClockState.met,
                    "elapsed_seconds": clock.elapsed_seconds,
                    "working_seconds": clock.working_seconds,
                }
                self._append(EntryKind.clock_ended, at, ended)
                if clock.kind is ClockKind.first_response:
                    self.case.first_response_at = clock.ended_at

    def climb(self, until: datetime) -> None:
        """Climb every rung that falls due by `until`, and let questions expire, in order of time."""
        while True:
            due = [found for clock in self.clocks() if (found := self._next(clock, until))]
            if not due:
                return
            at, clock, rung = min(due, key=lambda found: found[0])
            if rung is None:
                self._append(EntryKind.clock_resumed, at, {"clock": clock.kind, "why": "the question expired"})
                self.case.state = CaseState.open
            else:
                self._climb(clock, rung, max(at, self.last))

    def _next(
        self, clock: ReplayedClock, until: datetime
    ) -> tuple[datetime, ReplayedClock, dict[str, object] | None] | None:
        if clock.state is ClockState.paused and clock.paused_until and clock.paused_until + SWEEP <= until:
            return clock.paused_until + SWEEP, clock, None
        if clock.state is not ClockState.running:
            return None
        rung = self.waiting_rung(clock)
        if rung is None:
            return None
        at = datetime.fromisoformat(str(rung["at"])) + SWEEP
        return (at, clock, rung) if at <= until else None

    def waiting_rung(self, clock: ReplayedClock) -> dict[str, object] | None:
        """The first rung of a clock that is not climbed."""
        done = {rung.number for rung in self._climbed.get((clock.kind, clock.entry), [])}
        return next((rung for rung in clock.rungs if rung["number"] not in done), None)

    def _climb(self, clock: ReplayedClock, rung: dict[str, object], at: datetime) -> None:
        case, number = self.case, int(str(rung["number"]))
        matter = Matter(
            office_id=case.office_id,
            pending_office_id=case.pending_office_id,
            state=case.state,
            assignee_id=case.assignee_id,
            integrity=case.integrity,
            about_office_id=case.about_office_id,
            about_staff_id=case.about_staff_id,
        )
        offered = clock.kind is ClockKind.acceptance
        told = choose(matter, str(rung["tell"]), self.world.known, self.world.roster, offered=offered)
        ids = [str(person.id) for person in told.people]
        body: dict[str, object] = {
            "clock": clock.kind,
            "rung": number,
            "tell": rung["tell"],
            "reached": told.step,
            "told": ids,
            "skipped": list(told.skipped),
        }
        heard = rung.get("citizen") is True and bool(ids)
        self._append(EntryKind.escalated, at, body, public=heard)
        if heard:
            self._tell_raised(told.step, at)
        climbed = plain(
            Rung,
            id=new_id(),
            clock_id=new_id(),  # the clock's own, once that is written
            case_id=case.id,
            number=number,
            tell=str(rung["tell"]),
            state=RungState.climbed,
            climbed_at=at,
            due_at=datetime.fromisoformat(str(rung["at"])),
            attempts=1,
            told=ids,
        )
        self._climbed.setdefault((clock.kind, clock.entry), []).append(climbed)
        for person in told.people:
            words = text_of(
                clock.kind,
                rung,
                reference=case.reference,
                target=clock.target_seconds,
                deadline=clock.deadline_at,
                now=at,
                zone=self.world.calendar(case.office_id).zone,
                language=person.language,
            )
            read = self.world.now - at > NOTICES_UNREAD or self.world.chance(0.5)
            self._notices.append(
                (
                    climbed,
                    plain(
                        Notice,
                        staff_id=person.id,
                        case_id=case.id,
                        dedupe_key="",
                        text=words,
                        at=at,
                        read_at=min(at + timedelta(hours=2), self.world.now) if read else None,
                    ),
                )
            )

    def _tell_raised(self, step: str, at: datetime) -> None:
        """The citizen hears that the case went up: once for each level, by day, and not of what was closed."""
        case, known = self.case, self.world.known
        level, code = level_of(step)
        if not level or step in self._raised or case.state == CaseState.closed or self.contact is None:
            return
        self._raised.add(step)
        secret = case.integrity or case.about_office_id is not None
        office = known.office_by_any_code.get(code) if code else self.office
        body = compose.compose(
            "raised",
            case.language,
            reference=case.reference,
            level="" if secret else level,
            office=known.name(office.id, case.language) if office is not None and not secret else "",
        )
        leaves = daytime(self.contact, at)
        if leaves <= self.world.now:
            self.message(Purpose.raised, body, leaves)

    def message(self, purpose: Purpose, body: str, at: datetime, *, fails: str | None = None) -> Any:
        """A message that leaves; None where the citizen left no address."""
        if self.contact is None:
            return None
        done = at + timedelta(seconds=self.world.dice.uniform(2, 20))
        row = plain(
            OutboundMessage,
            dedupe_key=f"{purpose}:{self.case.id}:{self.case.timeline_length}",
            purpose=purpose,
            channel=self.contact.channel,
            contact_point_id=self.contact.id,
            case_id=self.case.id,
            language=self.case.language,
            body=body,
            state=OutboxState.failed if fails else OutboxState.delivered,
            account="sample",
            provider_id=f"sample-{new_id().hex}",
            failure=fails,
            created_at=at,
            sending_at=at + timedelta(milliseconds=300),
            accepted_at=at + timedelta(milliseconds=800),
            delivered_at=None if fails else done,
            failed_at=done if fails else None,
            attempts=1,
        )
        self.messages.append(row)
        return row

    def finish(self) -> None:
        """Come to the present and hand the rows over."""
        self.climb(self.world.now)
        rows, codes = self.world.rows, {office.code: office.id for office in self.world.known.offices.values()}
        rows.put(Case, self.case)
        for entry in self.entries:
            rows.put(TimelineEntry, entry)
        for message in self.messages:
            rows.put(OutboundMessage, message)
        for clock in self.clocks():
            row = rows.add(
                Clock,
                case_id=self.case.id,
                kind=clock.kind,
                entry=clock.entry,
                office_id=codes[clock.office],
                policy_id=clock.policy_id,
                **{
                    name: getattr(clock, name)
                    for name in (
                        "state", "started_at", "target_seconds", "deadline_at", "rungs", "worked_seconds",
                        "idle_seconds", "counted_from", "paused_until", "ended_at", "elapsed_seconds",
                        "working_seconds",
                    )
                },
            )  # fmt: skip
            for rung in self._climbed.get((clock.kind, clock.entry), []):
                rung.clock_id = row.id
                rows.put(Rung, rung)
            self._arm(clock, row)
        for rung, notice in self._notices:
            notice.dedupe_key = f"rung:{rung.clock_id}:{rung.number}"
            rows.put(Notice, notice)

    def _arm(self, clock: ReplayedClock, row: Clock) -> None:
        step: dict[str, object] | None = None
        if clock.state is ClockState.paused and clock.paused_until:
            step = {"number": EXPIRY, "tell": RESUME, "at": clock.paused_until.isoformat()}
        elif clock.state is ClockState.running:
            step = self.waiting_rung(clock)
        if step is not None:
            self.world.rows.add(
                Rung,
                id=new_id(),
                clock_id=row.id,
                case_id=self.case.id,
                number=int(str(step["number"])),
                tell=str(step["tell"]),
                due_at=datetime.fromisoformat(str(step["at"])),
            )
