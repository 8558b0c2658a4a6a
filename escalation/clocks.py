"""Clocks replayed from the timeline: events in, deadlines and silences out. Pure; the database stores what this gives.

The citizen's own clocks (`first_response`, `reply_due`) follow from what the citizen sent and what reached them,
whatever staff recorded. The institution's clocks (`resolution`, `acceptance`, `appeal`) are started by an act of it; an
appeal ends like a silence, when its decision reached the citizen. What its citizen takes back nobody waits for: its
clocks are void until the citizen writes again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from domain.states import ClockKind, ClockState, EntryKind
from escalation.answers import Answer, answers_of
from escalation.calendar import WorkingCalendar
from escalation.ticking import end, expire, lay_down, move, pause, proceed, retarget, take_up, unpause
from escalation.values import LIVE, SILENCES, Event, Holding, Replay, ReplayedClock, Rules, Terms

_Key = tuple[ClockKind, int]
_OPENING = 8
"""Entries in which a case is opened."""


def replay(events: Sequence[Event], rules: Rules, until: datetime) -> Replay:
    """Clocks and holdings of a case whose timeline is `events` (in order of number), as they stand at `until`."""
    answers = answers_of(events)
    run = _run(events, rules, answers, until, {})
    # what has ended is judged by what was promised then: a policy entered later does not reach it
    bounds = {
        (clock.kind, clock.entry): clock.ended_at
        for clock in run.clocks
        if clock.entered_at is not None and clock.ended_at is not None and clock.entered_at > clock.ended_at
    }
    if bounds:
        run = _run(events, rules, answers, until, bounds)
    if run.imported_at is not None:
        for clock in run.clocks:
            # nobody was told by us while another system had it, and nobody is told now of what was due then
            clock.rungs = [rung for rung in clock.rungs if datetime.fromisoformat(str(rung["at"])) > run.imported_at]
    return Replay(tuple(run.clocks), tuple(run.held(until)))


def _run(
    events: Sequence[Event],
    rules: Rules,
    answers: Mapping[int, Answer],
    until: datetime,
    bounds: Mapping[_Key, datetime],
) -> "_Run":
    run = _Run(rules, answers, bounds)
    run.confirmed_at_once = _is_confirmed_at_once(events)
    for event in events:
        if run.asking:
            run.pass_time(event.at)
        take = _TAKES.get(event.kind)
        if take is not None:
            take(run, event)
    if run.asking:
        run.pass_time(until)
    return run


def _is_confirmed_at_once(events: Sequence[Event]) -> bool:
    """Whether the first silence's start is written down before anything could happen to it: then it starts there."""
    for event in events[1:_OPENING]:
        if event.kind is EntryKind.clock_started:
            return event.says("clock") == ClockKind.first_response and "cause" not in event.body
        if event.kind is not EntryKind.routed and event.kind in _TAKES:
            return False
    return False


class _Run:
    """The state of one replay. `bounds`: until when the policies that judge a clock have to have been entered."""

    def __init__(self, rules: Rules, answers: Mapping[int, Answer], bounds: Mapping[_Key, datetime]) -> None:
        self.rules = rules
        self.answers = answers
        self.bounds = bounds
        self.clocks: list[ReplayedClock] = []
        self.office = ""
        self.service: str | None = None
        self.urgent = False
        self.answered = False
        self.closed = False
        self.asking = False
        self.laid_down: list[ReplayedClock] = []
        self.confirmed_at_once = False
        self.first_at: datetime | None = None
        self.imported_at: datetime | None = None
        self.moves: list[tuple[str, datetime]] = []

    def received(self, event: Event) -> None:
        """The citizen's message: the case begins, and its first silence."""
        self._hold(event.office, event.at)
        self.first_at = event.at
        if not self.confirmed_at_once or event.number > 1:
            self._open(ClockKind.first_response, event, "received")

    def imported(self, event: Event) -> None:
        """It is ours from here on; all before was told by an earlier system."""
        self.imported_at = event.at

    def withdrawn(self, event: Event) -> None:
        """An offer was taken back."""
        self._void(event, "void: taken back")

    def failed(self, event: Event) -> None:
        """An answer did not reach the citizen."""
        for clock in self._live(*SILENCES):
            clock.steps.append((event.at, "not delivered", ()))
        if self.closed:
            self._reopen(ClockKind.resolution, event.at)

    def asked(self, event: Event) -> None:
        """A question to the citizen is open."""
        for clock in self._live(ClockKind.resolution):
            days = clock.pause_days
            if clock.entered_at is not None and clock.entered_at > event.at:
                days = self._terms(clock, event.at).pause_days
            limit = event.at + timedelta(days=days)
            since = clock.counted_from
            if pause(clock, self._calendar(clock), event.at, limit):
                self.asking = True
                self._counted(clock, since, event.at)
                clock.steps.append((event.at, "paused", (limit,)))

    def closed_by_staff(self, event: Event) -> None:
        """Closing settles the matter, and ends no silence."""
        self._finish(ClockKind.resolution, event.at, "closed")
        self.closed = True

    def reopened(self, event: Event) -> None:
        """The matter is not settled after all; what its citizen had taken back is wanted again."""
        self._reopen(ClockKind.resolution, event.at)
        for clock in self.laid_down:
            clock.office = self.office
            take_up(clock, self._calendar(clock), event.at)
            clock.steps.append((event.at, "wanted again", (clock.deadline_at,)))
        self.laid_down = []

    def taken_back(self, event: Event) -> None:
        """The citizen takes it back, so nobody waits: that is no answer, and nothing is met or missed by it."""
        for clock in self._live(*ClockKind):
            if clock.state is ClockState.running:
                self._counted(clock, clock.counted_from, event.at)
            lay_down(clock, self._calendar(clock), event.at)
            clock.steps.append((event.at, "laid down", ()))
            if clock.kind is not ClockKind.acceptance:
                self.laid_down.append(clock)

    def pass_time(self, now: datetime) -> None:
        """Let questions to the citizen expire that nobody answered by `now`."""
        for clock in self._live(ClockKind.resolution):
            moment = expire(clock, self._calendar(clock), now)
            if moment is not None:
                clock.steps.append((moment, "expired", ()))

    def held(self, until: datetime) -> Iterable[Holding]:
        """Who held the case from when to when."""
        for place, (office, since) in enumerate(self.moves):
            left = self.moves[place + 1][1] if place + 1 < len(self.moves) else None
            end_at = left or max(until, since)
            yield Holding(
                office,
                since,
                left,
                int((end_at - since).total_seconds()),
                self.rules.calendar(office).between(since, end_at),
            )

    def _calendar(self, clock: ReplayedClock) -> WorkingCalendar:
        return self.rules.calendar(clock.office)

    def _live(self, *kinds: ClockKind) -> list[ReplayedClock]:
        return [clock for clock in self.clocks if clock.kind in kinds and clock.state in LIVE]

    def _open(self, kind: ClockKind, event: Event, why: str, since: datetime | None = None) -> ReplayedClock:
        started_at, bound = since or event.at, self.bounds.get((kind, event.number)) if self.bounds else None
        terms = self.rules.terms(kind, self.office, self.service, started_at, urgent=self.urgent, known_by=bound)
        plan = terms.plan
        clock = ReplayedClock(
            kind,
            event.number,
            self.office,
            started_at,
            plan.target_seconds,
            plan.deadline_at,
            plan.rungs,
            terms.policy_id,
            terms.counts_templated,
            terms.pause_days,
            terms.entered_at,
            counted_from=started_at,
            service=self.service,
        )
        clock.steps.append(
            (started_at, "starts", (self.office, why, terms.policy, plan.target_seconds, plan.deadline_at, self.urgent))
        )
        self.clocks.append(clock)
        return clock

    def _terms(self, clock: ReplayedClock, known_by: datetime | None) -> Terms:
        """The terms a clock started with, by what was known at a moment; those for urgent cases if it is one now."""
        first_office = str(clock.steps[0][2][0])
        return self.rules.terms(
            clock.kind, first_office, clock.service, clock.started_at, urgent=self.urgent, known_by=known_by
        )

    def _counted(self, clock: ReplayedClock, since: datetime | None, until: datetime) -> None:
        """A stretch of working time ends."""
        clock.stretches.append((clock.office, since or clock.started_at, until))

    def confirmed(self, event: Event) -> None:
        """The entry that recorded a start: it names the clock, and may say that it began earlier."""
        kind = ClockKind(event.says("clock"))
        since = datetime.fromisoformat(event.says("since")) if event.says("since") else None
        if kind in SILENCES:
            # a silence is what the citizen heard, not what somebody wrote down: the entry only gives it its number
            if "cause" in event.body:
                return
            if self.confirmed_at_once and kind is ClockKind.first_response:
                self.confirmed_at_once = False
                self._open(kind, event, _WHY[kind], since or self.first_at).confirmed = True
                return
            for clock in [clock for clock in self._live(kind) if not clock.confirmed]:
                self.clocks.remove(clock)
                self._open(kind, event, _WHY[kind], since or clock.started_at).confirmed = True
            return
        if kind is ClockKind.acceptance:
            self._void(event, "void: went on")
        elif self._live(kind):
            return
        self._open(kind, event, _WHY[kind], since)

    def marked(self, event: Event) -> None:
        """It cannot wait, or can after all: running clocks get their target by the terms they started with."""
        if self.urgent == bool(event.says("urgency")):
            return
        self.urgent = not self.urgent
        for clock in self._live(*ClockKind):
            plan = self._terms(clock, self.bounds.get((clock.kind, clock.entry))).plan
            if clock.state is ClockState.running:
                self._counted(clock, clock.counted_from, event.at)
            retarget(clock, self._calendar(clock), plan, event.at, shorter=self.urgent)
            clock.steps.append((event.at, "urgent" if self.urgent else "not urgent", (clock.deadline_at,)))

    def _void(self, event: Event, why: str) -> None:
        """No offer stands any more, and nobody was late to answer it."""
        for clock in self._live(ClockKind.acceptance):
            clock.state = ClockState.void
            clock.steps.append((event.at, why, ()))

    def citizen_wrote(self, event: Event) -> None:
        """A further message: the matter goes on, and where it was answered a reply is due."""
        for clock in self._live(ClockKind.resolution):
            if unpause(clock, self._calendar(clock), event.at):
                clock.steps.append((event.at, "written", ()))
        if self.answered and event.body.get("thanks") is not True and not self._live(*SILENCES, ClockKind.appeal):
            self._open(ClockKind.reply_due, event, _WHY[ClockKind.reply_due])

    def delivered(self, event: Event) -> None:
        """A human answer reached the citizen: the silence ends."""
        answer = self.answers.get(event.number)
        if answer is None:
            return
        for clock in self._live(*SILENCES):
            if answer.templated and not self._counts_templated(clock, event.at):
                clock.steps.append((event.at, "templated", ()))
            elif clock.kind is ClockKind.first_response or answer.sent > clock.entry:
                self._end(clock, event.at, "answered")
                self.answered = True
        if answer.decides:
            self._finish(ClockKind.appeal, event.at, "decided")

    def _counts_templated(self, clock: ReplayedClock, at: datetime) -> bool:
        if clock.entered_at is not None and clock.entered_at > at:
            return self._terms(clock, at).counts_templated
        return clock.counts_templated

    def moved(self, event: Event) -> None:
        """Somebody else has the case, or was asked to take it."""
        if event.kind is EntryKind.routed:
            self.service = event.says("service") or self.service
        desk = self.rules.triage()
        if event.kind in (EntryKind.accepted, EntryKind.refused):
            self._finish(ClockKind.acceptance, event.at, str(event.kind))
        elif event.kind is EntryKind.lapsed:
            self._finish(ClockKind.acceptance, event.at, "lapsed")
        if event.kind is EntryKind.transferred:
            # only an offer: whoever has it stays accountable until the other office accepts
            office = desk if event.says("to") == desk else None
        elif event.kind in (EntryKind.refused, EntryKind.lapsed, EntryKind.released):
            office = None if event.body.get("stays") is True else desk
        else:
            office = event.says("office") or event.office
        if office:
            self._hold(office, event.at)

    def _hold(self, office: str, at: datetime) -> None:
        if office == self.office:
            return
        before, self.office = self.office, office
        self.moves.append((office, at))
        if not before:
            return
        self._finish(ClockKind.acceptance, at, "taken over")
        for clock in self._live(*ClockKind):
            old, new = self.rules.calendar(clock.office), self.rules.calendar(office)
            if clock.state is ClockState.running:
                self._counted(clock, clock.counted_from, at)
            clock.office = office
            move(clock, old, new, at)
            clock.steps.append((at, "moved", (office, clock.deadline_at)))

    def institution(self, event: Event) -> None:
        """What the institution wrote down of its own clocks."""
        kind = ClockKind(event.says("clock"))
        if kind in SILENCES:
            return
        if event.kind is EntryKind.clock_ended:
            self._finish(kind, event.at, "recorded")
            return
        self._reopen(kind, event.at)

    def _reopen(self, kind: ClockKind, at: datetime) -> None:
        """Take up the newest clock of a kind again, if it had ended."""
        if kind is ClockKind.resolution:
            self.closed = False
        clock = next((clock for clock in reversed(self.clocks) if clock.kind is kind), None)
        if clock is not None and clock.state in (ClockState.met, ClockState.missed):
            clock.office = self.office
            proceed(clock, self._calendar(clock), at)
            clock.steps.append((at, "taken up", (clock.deadline_at,)))

    def _finish(self, kind: ClockKind, at: datetime, why: str) -> None:
        for clock in self._live(kind):
            self._end(clock, at, why)

    def _end(self, clock: ReplayedClock, at: datetime, why: str) -> None:
        if clock.state is ClockState.running:
            self._counted(clock, clock.counted_from, at)
        end(clock, self._calendar(clock), at)
        clock.steps.append((at, "ends", (clock.state, why, clock.elapsed_seconds or 0, clock.working_seconds or 0)))


_WHY = {
    ClockKind.first_response: "received",
    ClockKind.reply_due: "wrote again",
    ClockKind.resolution: "undertook",
    ClockKind.acceptance: "offered",
    ClockKind.appeal: "appealed",
}
_TAKES: Mapping[EntryKind, Callable[[_Run, Event], None]] = {
    EntryKind.received: _Run.received,
    EntryKind.routed: _Run.moved,
    EntryKind.transferred: _Run.moved,
    EntryKind.refused: _Run.moved,
    EntryKind.lapsed: _Run.moved,
    EntryKind.accepted: _Run.moved,
    EntryKind.released: _Run.moved,
    EntryKind.withdrawn: _Run.withdrawn,
    EntryKind.citizen_wrote: _Run.citizen_wrote,
    EntryKind.answer_delivered: _Run.delivered,
    EntryKind.answer_failed: _Run.failed,
    EntryKind.marked_urgent: _Run.marked,
    EntryKind.asked: _Run.asked,
    EntryKind.closed: _Run.closed_by_staff,
    EntryKind.reopened: _Run.reopened,
    EntryKind.taken_back: _Run.taken_back,
    EntryKind.clock_started: _Run.confirmed,
    EntryKind.clock_ended: _Run.institution,
    EntryKind.clock_resumed: _Run.institution,
    EntryKind.imported: _Run.imported,
}
"""What each kind of entry does to the clocks; the others do nothing."""
