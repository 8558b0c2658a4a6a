"""Clocks replayed from the timeline: events in, deadlines and silences out. Pure; the database stores what this gives.

The citizen's own clocks (`first_response`, `reply_due`) follow from what the citizen sent and what reached them,
whatever staff recorded. The institution's clocks (`resolution`, `acceptance`, `appeal`) are started by an act of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.states import ClockKind, ClockState, EntryKind
from escalation.calendar import WorkingCalendar
from escalation.ticking import end, expire, move, pause, proceed, retarget, start, unpause
from escalation.values import LIVE, SILENCES, Event, Holding, Replay, ReplayedClock, Rules, span


@dataclass(frozen=True, slots=True)
class _Answer:
    """A human answer that reached the citizen and was not lost afterwards."""

    sent: int
    templated: bool


def replay(events: Sequence[Event], rules: Rules, until: datetime) -> Replay:
    """Clocks and holdings of a case whose timeline is `events` (in order of number), as they stand at `until`."""
    run = _Run(rules, _answers(events))
    for event in events:
        run.pass_time(event.at)
        run.take(event)
    run.pass_time(until)
    return Replay(tuple(run.clocks), tuple(run.held(until)))


def _answers(events: Iterable[Event]) -> dict[int, _Answer]:
    """Human answers by the number of the entry that says they were delivered, without those that were lost later.

    A delivery after a failure stands (receipts come out of order); a question to the citizen is no answer.
    """
    sent: dict[str, _Answer] = {}
    reached: dict[str, int] = {}
    questions: set[str] = set()
    unsent = ""  # an answer that is only shown on the tracking page has no message; its delivery follows it
    for event in events:
        message = event.says("message")
        if not message and event.kind is EntryKind.answered:
            message = unsent = f"#{event.number}"
        elif not message and event.kind is EntryKind.answer_delivered:
            message = unsent or f"#{event.number}"
        if event.kind is EntryKind.answered:
            sent[message] = _Answer(event.number, event.body.get("templated") is True)
        elif event.kind is EntryKind.asked and message:
            questions.add(message)
        elif event.kind is EntryKind.answer_delivered:
            reached.setdefault(message, event.number)
        elif event.kind is EntryKind.answer_failed:
            reached.pop(message, None)
    return {
        number: sent.get(message, _Answer(number, False))
        for message, number in reached.items()
        if message not in questions
    }


class _Run:
    """The state of one replay."""

    def __init__(self, rules: Rules, answers: Mapping[int, _Answer]) -> None:
        self.rules = rules
        self.answers = answers
        self.clocks: list[ReplayedClock] = []
        self.office = ""
        self.service: str | None = None
        self.urgent = False
        self.answered = False
        self.closed = False
        self.moves: list[tuple[str, datetime]] = []

    def take(self, event: Event) -> None:
        """Let one event act on the clocks."""
        match event.kind:
            case EntryKind.received:
                self._hold(event.office, event.at)
                self._open(ClockKind.first_response, event, "the citizen's message was received")
            case (
                EntryKind.routed
                | EntryKind.transferred
                | EntryKind.refused
                | EntryKind.lapsed
                | EntryKind.accepted
                | EntryKind.released
            ):
                self._moved(event)
            case EntryKind.withdrawn:
                self._void(event, "void, as the offer was taken back")
            case EntryKind.citizen_wrote:
                self._citizen_wrote(event)
            case EntryKind.answer_delivered:
                self._delivered(event)
            case EntryKind.answer_failed:
                for clock in self._live(*SILENCES):
                    clock.steps.append((event.at, "an answer did not reach the citizen, so it does not count"))
                if self.closed:
                    self._reopen(ClockKind.resolution, event.at)
            case EntryKind.marked_urgent:
                self._mark(event)
            case EntryKind.asked:
                for clock in self._live(ClockKind.resolution):
                    limit = event.at + timedelta(days=clock.pause_days)
                    if pause(clock, self._calendar(clock), event.at, limit):
                        clock.steps.append((event.at, "paused, as the citizen was asked something"))
            case EntryKind.closed:
                self._finish(ClockKind.resolution, event.at, "the case was closed")
                self.closed = True
            case EntryKind.reopened:
                self._reopen(ClockKind.resolution, event.at)
            case EntryKind.clock_started:
                self._confirm(event)
            case EntryKind.clock_ended | EntryKind.clock_resumed:
                self._institution(event)
            case _:
                pass

    def pass_time(self, now: datetime) -> None:
        """Let questions to the citizen expire that nobody answered by `now`."""
        for clock in self._live(ClockKind.resolution):
            moment = expire(clock, self._calendar(clock), now)
            if moment is not None:
                clock.steps.append((moment, "runs again, as the question to the citizen expired"))

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
        started_at = since or event.at
        terms = self.rules.terms(kind, self.office, self.service, started_at, urgent=self.urgent)
        clock = ReplayedClock(
            kind=kind,
            entry=event.number,
            office=self.office,
            started_at=started_at,
            target_seconds=0,
            deadline_at=started_at,
            rungs=[],
            policy_id=terms.policy_id,
            counts_templated=terms.counts_templated,
            pause_days=terms.pause_days,
        )
        start(clock, terms.plan, started_at)
        zone = self._calendar(clock).zone
        clock.steps.append(
            (
                started_at,
                f"starts at {self.office}, as {why}; {terms.policy} gives it {span(clock.target_seconds)} of working "
                f"time, which is until {clock.deadline_at.astimezone(zone):%Y-%m-%d %H:%M}",
            )
        )
        self.clocks.append(clock)
        return clock

    def _confirm(self, event: Event) -> None:
        """The entry that recorded a start: it names the clock, and may say that it began earlier."""
        kind = ClockKind(event.says("clock"))
        since = datetime.fromisoformat(event.says("since")) if event.says("since") else None
        if kind in SILENCES:
            # a silence is what the citizen heard, not what somebody wrote down: the entry only gives it its number
            if "cause" in event.body:
                return
            for clock in [clock for clock in self._live(kind) if not clock.confirmed]:
                self.clocks.remove(clock)
                self._open(kind, event, _WHY[kind], since or clock.started_at).confirmed = True
            return
        if kind is ClockKind.acceptance:
            self._void(event, "void, as the case went on to another office")
        elif self._live(kind):
            return
        self._open(kind, event, _WHY[kind], since)

    def _mark(self, event: Event) -> None:
        """It cannot wait, or can after all: running clocks get their target by the terms they started with."""
        if self.urgent == bool(event.says("urgency")):
            return
        self.urgent = not self.urgent
        for clock in self._live(*ClockKind):
            plan = self.rules.terms(clock.kind, clock.office, self.service, clock.started_at, urgent=self.urgent).plan
            retarget(clock, self._calendar(clock), plan, event.at, shorter=self.urgent)
            zone = self._calendar(clock).zone
            what = "urgent, so it is" if self.urgent else "not urgent after all, so it is"
            clock.steps.append((event.at, f"{what} due by {clock.deadline_at.astimezone(zone):%Y-%m-%d %H:%M}"))

    def _void(self, event: Event, why: str) -> None:
        """No offer stands any more, and nobody was late to answer it."""
        for clock in self._live(ClockKind.acceptance):
            clock.state = ClockState.void
            clock.steps.append((event.at, why))

    def _citizen_wrote(self, event: Event) -> None:
        for clock in self._live(ClockKind.resolution):
            if unpause(clock, self._calendar(clock), event.at):
                clock.steps.append((event.at, "runs again, as the citizen wrote"))
        if self.answered and event.body.get("thanks") is not True and not self._live(*SILENCES):
            self._open(ClockKind.reply_due, event, _WHY[ClockKind.reply_due])

    def _delivered(self, event: Event) -> None:
        answer = self.answers.get(event.number)
        if answer is None:
            return
        for clock in self._live(*SILENCES):
            if answer.templated and not clock.counts_templated:
                clock.steps.append((event.at, "a saved reply sent unedited reached the citizen, which does not end it"))
            elif clock.kind is ClockKind.first_response or answer.sent > clock.entry:
                self._end(clock, event.at, "a human answer reached the citizen")
                self.answered = True

    def _moved(self, event: Event) -> None:
        if event.kind is EntryKind.routed:
            self.service = event.says("service") or self.service
        desk = self.rules.triage()
        if event.kind in (EntryKind.accepted, EntryKind.refused):
            self._finish(ClockKind.acceptance, event.at, f"the office {event.kind}")
        elif event.kind is EntryKind.lapsed:
            self._finish(ClockKind.acceptance, event.at, "nobody answered the offer")
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
        self._finish(ClockKind.acceptance, at, "the case was taken over")
        for clock in self._live(*ClockKind):
            old, new = self.rules.calendar(clock.office), self.rules.calendar(office)
            clock.office = office
            move(clock, old, new, at)
            clock.steps.append((at, f"goes on at {office}, without a reset"))

    def _institution(self, event: Event) -> None:
        kind = ClockKind(event.says("clock"))
        if kind in SILENCES:
            return
        if event.kind is EntryKind.clock_ended:
            self._finish(kind, event.at, "it was recorded as ended")
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
            clock.steps.append((at, "runs again"))

    def _finish(self, kind: ClockKind, at: datetime, why: str) -> None:
        for clock in self._live(kind):
            self._end(clock, at, why)

    def _end(self, clock: ReplayedClock, at: datetime, why: str) -> None:
        end(clock, self._calendar(clock), at)
        verdict = "within the target" if clock.state is ClockState.met else "after the target"
        clock.steps.append(
            (
                at,
                f"ends {verdict}, as {why}; the citizen waited {span(clock.elapsed_seconds or 0)}, "
                f"{span(clock.working_seconds or 0)} of them working time",
            )
        )


_WHY = {
    ClockKind.first_response: "the citizen's message was received",
    ClockKind.reply_due: "the citizen wrote again after an answer",
    ClockKind.resolution: "the office undertook to settle it",
    ClockKind.acceptance: "another office was asked to take it",
    ClockKind.appeal: "the citizen appealed",
}
