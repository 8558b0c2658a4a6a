"""Which rows somebody chose, in the language of searches (`cases.asking`), and of which period."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from cases import asking
from cases.filters import Filter
from core.errors import BadInput
from core.settings import settings
from domain.catalogue import Catalogue
from domain.export import Every, ExportKind

OF_CASES = frozenset({ExportKind.cases, ExportKind.timelines})
_ELSEWHERE = ("office", "at", "tier", "service", "channel", "from", "before", "since", "until")
"""Filters that rows which are no cases can be narrowed by."""


class Last(StrEnum):
    """The last whole day, week (from Monday) or month that is over, where the government is."""

    day = "day"
    week = "week"
    month = "month"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was typed: a search, and the period that is meant by the day it is made on ("" for any)."""

    q: str = ""
    last: Last | None = None

    def as_json(self) -> dict[str, object]:
        """As a row keeps it."""
        return {"q": self.q, "last": str(self.last or "")}

    @staticmethod
    def of(stored: Mapping[str, object]) -> "Choice":
        """From what a row keeps."""
        last = str(stored.get("last") or "")
        return Choice(str(stored.get("q") or ""), Last(last) if last else None)


def filter_of(choice: Choice, kind: ExportKind, known: Catalogue, now: datetime) -> Filter:
    """The rows it means at this moment.

    Raises BadInput for what is not understood, or narrows nothing of this kind: a file that holds more than was asked
    for would be taken for what it is not.
    """
    read = asking.read(choice.q, known, now)
    chosen, odd = read.chosen, list(read.odd)
    if kind not in OF_CASES:
        if read.words:
            odd.append(f"{kind} are not searched by words.")
        odd += [
            f"{kind} are not narrowed by {name}:"
            for name, said in _said(chosen).items()
            if said and name not in _ELSEWHERE
        ]
    if odd:
        raise BadInput(
            "Not all of the filter is understood.",
            mend=f"Use {', '.join(f'{name}:' for name in (_ELSEWHERE if kind not in OF_CASES else asking.FILTERS))}.",
            fields={"q": " ".join(odd)},
        )
    if choice.last is not None:
        since, until = period(choice.last, now)
        chosen = replace(chosen, opened_from=since, opened_before=until)
    return chosen


def _said(chosen: Filter) -> dict[str, bool]:
    return {
        "state": chosen.states is not None,
        "kind": chosen.kind is not None,
        "is": bool(chosen.marks) or chosen.due_before is not None or chosen.due_from is not None,
        "language": chosen.language is not None,
        "with": chosen.staff_id is not None,
        "figure": chosen.figure is not None,
    }


def period(last: Last, now: datetime) -> tuple[datetime, datetime]:
    """Beginning and end of the last whole day, week or month."""
    today = now.astimezone(settings().zone).date()
    if last is Last.day:
        first, end = today - timedelta(days=1), today
    elif last is Last.week:
        end = today - timedelta(days=today.weekday())
        first = end - timedelta(days=7)
    else:
        end = today.replace(day=1)
        first = (end - timedelta(days=1)).replace(day=1)
    return _midnight(first), _midnight(end)


HOUR = 5
"""Hour of the day at which what comes again is made: before people come to work, after the figures of the night."""


def following(every: Every, after: datetime) -> datetime:
    """The next moment at which it is made: each day, each Monday, or each first of a month."""
    day = after.astimezone(settings().zone).date() + timedelta(days=1)
    if _at(day - timedelta(days=1), HOUR) > after:
        day -= timedelta(days=1)
    if every is Every.week:
        day += timedelta(days=-day.weekday() % 7)
    elif every is Every.month and day.day != 1:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return _at(day, HOUR)


def _midnight(day: date) -> datetime:
    return _at(day, 0)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), settings().zone).astimezone(UTC)
