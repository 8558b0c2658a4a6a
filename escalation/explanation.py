"""A replay in words, line by line, so that every figure can be checked by hand."""

from collections.abc import Sequence
from datetime import datetime

from domain.states import ClockKind, ClockState
from escalation.clocks import replay
from escalation.ticking import worked
from escalation.values import LIVE, Event, Rules, span


def explain(events: Sequence[Event], rules: Rules, until: datetime) -> list[str]:
    """Each step of the figures in words, in order of time, in the time zone of the office that had the case."""
    told = replay(events, rules, until)
    lines: list[tuple[datetime, str]] = []
    for clock in told.clocks:
        lines.extend((at, f"{_name(clock.kind)}: {words}") for at, words in clock.steps)
        if clock.state in LIVE:
            calendar = rules.calendar(clock.office)
            state = "paused" if clock.state is ClockState.paused else "still running"
            passed = span(int((until - clock.started_at).total_seconds()))
            counted = span(worked(clock, calendar, until))
            target = span(clock.target_seconds)
            words = f"{state}; {passed} have passed, {counted} of them working time, of a target of {target}"
            lines.append((until, f"{_name(clock.kind)}: {words}"))
    for holding in told.holdings:
        lines.append(
            (
                holding.until or until,
                f"{holding.office} {'held' if holding.until else 'has held'} the case for "
                f"{span(holding.elapsed_seconds)}, {span(holding.working_seconds)} of them working time",
            )
        )
    zone = rules.calendar(events[0].office).zone if events else until.tzinfo
    return [f"{at.astimezone(zone):%Y-%m-%d %H:%M} {words}." for at, words in sorted(lines, key=lambda line: line[0])]


def _name(kind: ClockKind) -> str:
    return kind.value.replace("_", " ").capitalize()
