"""A replay in words, line by line, so that every figure can be checked by hand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from domain.states import ClockKind, ClockState
from escalation.clocks import replay
from escalation.spans import in_words
from escalation.ticking import worked
from escalation.values import LIVE, Event, Replay, ReplayedClock, Rules, span

WHY: Mapping[str, str] = MappingProxyType(
    {
        "received": "the citizen's message was received",
        "wrote again": "the citizen wrote again after an answer",
        "undertook": "the office undertook to settle it",
        "offered": "another office was asked to take it",
        "appealed": "the citizen appealed",
        "answered": "a human answer reached the citizen",
        "decided": "the decision reached the citizen",
        "closed": "the case was closed",
        "accepted": "the office accepted",
        "refused": "the office refused",
        "lapsed": "nobody answered the offer",
        "taken over": "the case was taken over",
        "recorded": "it was recorded as ended",
    }
)
"""Why a clock starts or ends."""


@dataclass(frozen=True, slots=True)
class Day:
    """What of a clock's working time falls on one day of an office: its hours, and what is special about it."""

    day: date
    office: str
    hours: str
    name: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Account:
    """One clock, accounted for: what happened to it, in words, and the days it was counted on."""

    clock: ReplayedClock
    lines: tuple[tuple[datetime, str], ...]
    days: tuple[Day, ...]
    worked: int
    elapsed: int


def explain(events: Sequence[Event], rules: Rules, until: datetime) -> list[str]:
    """Each step of the figures in words, in order of time, in the time zone of the office that had the case; after them
    the working days that were counted, clock by clock."""
    told = replay(events, rules, until)
    accounts = accounts_of(told, rules, until)
    lines = [(at, f"{_name(one.clock.kind)}: {words}") for one in accounts for at, words in one.lines]
    for holding in told.holdings:
        lines.append(
            (
                holding.until or until,
                f"{holding.office} {'held' if holding.until else 'has held'} the case for "
                f"{span(holding.elapsed_seconds)}, {span(holding.working_seconds)} of them working time",
            )
        )
    zone = rules.calendar(events[0].office).zone if events else until.tzinfo
    said = [f"{at.astimezone(zone):%Y-%m-%d %H:%M} {words}." for at, words in sorted(lines, key=lambda line: line[0])]
    for one in accounts:
        said.append(f"{_name(one.clock.kind)}, counted day by day:")
        said += [f"  {day_line(day)}" for day in one.days]
        said.append(f"  together {span(one.worked)} of working time")
    return said


def accounts_of(told: Replay, rules: Rules, until: datetime) -> list[Account]:
    """Every clock of a replay with its steps in words and its days."""
    return [_account(clock, rules, until) for clock in told.clocks]


def day_line(day: Day) -> str:
    """One day in words: 2026-03-14 Sat, Spring Day, closed: 0 s."""
    what = ", ".join(filter(None, (f"{day.day:%Y-%m-%d %a}", day.name, day.hours or "closed")))
    return f"{what}: {span(day.seconds)}"


def _account(clock: ReplayedClock, rules: Rules, until: datetime) -> Account:
    calendar = rules.calendar(clock.office)
    lines = []
    for at, code, details in clock.steps:
        lines.append((at, _WORDS[code](calendar.zone, *details)))
    elapsed = clock.elapsed_seconds
    counted = clock.working_seconds if clock.working_seconds is not None else worked(clock, calendar, until)
    if elapsed is None:
        elapsed = max(0, int((until - clock.started_at).total_seconds()))
    if clock.state in LIVE:
        state = "paused" if clock.state is ClockState.paused else "still running"
        words = (
            f"{state}; {span(elapsed)} have passed, {span(counted)} of them working time, of a target of "
            f"{span(clock.target_seconds)}"
        )
        lines.append((until, words))
    return Account(clock, tuple(lines), tuple(_days(clock, rules, until)), counted, elapsed)


def _days(clock: ReplayedClock, rules: Rules, until: datetime) -> Iterator[Day]:
    stretches = list(clock.stretches)
    if clock.state is ClockState.running and clock.counted_from is not None:
        stretches.append((clock.office, clock.counted_from, max(until, clock.counted_from)))
    for office, since, end in stretches:
        calendar = rules.calendar(office)
        for day, seconds in calendar.worked_days(since, end):
            yield Day(day, office, in_words(calendar.spans(day)), calendar.named(day), seconds)


def _moment(zone: ZoneInfo, at: object) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(at, datetime) else ""


def _seconds(value: object) -> str:
    return span(value if isinstance(value, int) else 0)


_WORDS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "starts": lambda zone, office, why, policy, target, deadline, urgent: (
            f"starts at {office}, as {WHY[why]}; {policy} gives it {_seconds(target)} of working time"
            f"{', as it is urgent' if urgent else ''}, which is until {_moment(zone, deadline)}"
        ),
        "paused": lambda zone, until: (
            f"paused, as the citizen was asked something, until {_moment(zone, until)} at the latest"
        ),
        "expired": lambda zone: "runs again, as the question to the citizen expired",
        "written": lambda zone: "runs again, as the citizen wrote",
        "not delivered": lambda zone: "an answer did not reach the citizen, so it does not count",
        "templated": lambda zone: "a saved reply sent unedited reached the citizen, which does not end it",
        "urgent": lambda zone, deadline: f"urgent, so it is due by {_moment(zone, deadline)}",
        "not urgent": lambda zone, deadline: f"not urgent after all, so it is due by {_moment(zone, deadline)}",
        "void: taken back": lambda zone: "void, as the offer was taken back",
        "laid down": lambda zone: "void, as the citizen took the matter back",
        "wanted again": lambda zone, deadline: f"runs again, as the citizen wants it; due by {_moment(zone, deadline)}",
        "void: went on": lambda zone: "void, as the case went on to another office",
        "moved": lambda zone, office, deadline: (
            f"goes on at {office}, without a reset; due by {_moment(zone, deadline)}"
        ),
        "taken up": lambda zone, deadline: f"runs again; due by {_moment(zone, deadline)}",
        "ends": lambda zone, state, why, elapsed, counted: (
            f"ends {'within' if state is ClockState.met else 'after'} the target, as {WHY[why]}; the citizen waited "
            f"{_seconds(elapsed)}, {_seconds(counted)} of them working time"
        ),
    }
)


def _name(kind: ClockKind) -> str:
    return kind.value.replace("_", " ").capitalize()
