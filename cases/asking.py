"""The language of searches and saved views: words, and filters such as `office:WAT1 is:late from:2026-03-01`.

What is not understood narrows nothing and is said, so that nobody takes a list for what it is not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from cases.counted import COUNTED
from cases.filters import Filter, Mark
from channels.values import Channel
from core.settings import settings
from core.texts import clean, latin_digits
from domain.catalogue import Catalogue
from domain.states import CaseKind, CaseState, Tier

_FILTER = re.compile(r'(?<!\S)(\w+):("[^"]*"|\S+)')
LONGEST = 300
"""Characters of a question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was read. `words` are what is left beside its filters; `odd` says what was not understood."""

    chosen: Filter
    words: str
    odd: tuple[str, ...]


Take = Callable[[Filter, str, Catalogue, datetime], Filter]


def read(typed: str, known: Catalogue, now: datetime) -> Asked:
    """What somebody asks for, at this moment."""
    typed = clean(typed, LONGEST)
    chosen, odd = Filter(), []
    for match in _FILTER.finditer(typed):
        name, value = match[1].casefold(), match[2].strip('"')
        if name not in FILTERS:
            continue
        try:
            chosen = FILTERS[name](chosen, value, known, now)
        except (ValueError, KeyError):
            odd.append(f"{name}:{value} is not known.")
    rest = _FILTER.sub(lambda match: "" if match[1].casefold() in FILTERS else match[0], typed)
    words = " ".join(rest.split())
    return Asked(replace(chosen, words=words or None), words, tuple(odd))


def _office(chosen: Filter, value: str, known: Catalogue, _: datetime) -> Filter:
    """That office and all below it."""
    ids = known.subtree(known.office_by_code[value.upper()].id)
    return replace(chosen, office_ids=_also(chosen.office_ids, ids))


def _at(chosen: Filter, value: str, known: Catalogue, _: datetime) -> Filter:
    """That office alone."""
    return replace(chosen, office_ids=_also(chosen.office_ids, {known.office_by_any_code[value].id}))


def _tier(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, tiers=(chosen.tiers or frozenset()) | {Tier(value.casefold())})


def _language(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, language=value)


def _with(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, staff_id=UUID(value))


def _since(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, since=_moment(value))


def _until(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, until=_moment(value))


def _figure(chosen: Filter, value: str, _: Catalogue, now: datetime) -> Filter:
    """The cases that a figure counts."""
    if value not in COUNTED:
        raise ValueError
    return replace(chosen, figure=value, as_of=now)


def _service(chosen: Filter, value: str, known: Catalogue, _: datetime) -> Filter:
    return replace(chosen, service_ids=_also(chosen.service_ids, {known.service_by_code[value.casefold()].id}))


def _state(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, states=(chosen.states or frozenset()) | {CaseState(value.casefold())})


def _kind(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, kind=CaseKind(value.casefold()))


def _channel(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, channel=Channel(value.casefold()))


def _from(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, opened_from=_day(value))


def _before(chosen: Filter, value: str, _: Catalogue, __: datetime) -> Filter:
    return replace(chosen, opened_before=_day(value))


def _is(chosen: Filter, value: str, _: Catalogue, now: datetime) -> Filter:
    match value.casefold():
        case "late":
            return replace(chosen, due_before=now)
        case "today":
            midnight = datetime.combine(now.astimezone(settings().zone).date() + timedelta(days=1), time.min)
            return replace(chosen, due_from=now, due_before=midnight.replace(tzinfo=settings().zone).astimezone(UTC))
        case other:
            return replace(chosen, marks=chosen.marks | {Mark(other)})


def _day(value: str) -> datetime:
    """The beginning of a day where the government is."""
    return datetime.combine(date.fromisoformat(latin_digits(value)), time.min, settings().zone).astimezone(UTC)


def _moment(value: str) -> datetime:
    """The beginning of a day, or a moment in UTC such as 2026-03-01T09:30Z."""
    if "T" not in value:
        return _day(value)
    moment = datetime.fromisoformat(latin_digits(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _also(before: frozenset[UUID] | None, more: set[UUID] | frozenset[UUID]) -> frozenset[UUID]:
    return (before or frozenset()) | frozenset(more)


FILTERS: Mapping[str, Take] = {
    "office": _office,
    "service": _service,
    "state": _state,
    "kind": _kind,
    "channel": _channel,
    "from": _from,
    "before": _before,
    "is": _is,
    "at": _at,
    "tier": _tier,
    "language": _language,
    "with": _with,
    "since": _since,
    "until": _until,
    "figure": _figure,
}


def written(chosen: Filter, known: Catalogue) -> str:
    """What `read` understands as the filter of a figure: its name, whose it is, when, and what else it is narrowed to.

    Offices are written one by one, those by themselves; a caller who means all below one names it in `office:`.
    """
    said: list[str] = [f"figure:{chosen.figure}"] if chosen.figure else []
    said += [f"at:{known.offices[one].code}" for one in sorted(chosen.office_ids or (), key=str)]
    said += [f"tier:{one}" for one in sorted(chosen.tiers or ())]
    said += [f"service:{known.services[one].code}" for one in sorted(chosen.service_ids or (), key=str)]
    pairs = (("channel", chosen.channel), ("kind", chosen.kind), ("language", chosen.language))
    said += [f"{name}:{value}" for name, value in (*pairs, ("with", chosen.staff_id)) if value is not None]
    edges = (("since", chosen.since), ("until", chosen.until))
    said += [f"{name}:{_written(at)}" for name, at in edges if at is not None]
    return " ".join(said + [f"is:{mark}" for mark in sorted(chosen.marks)])


def _written(at: datetime) -> str:
    local = at.astimezone(settings().zone)
    return str(local.date()) if local.time() == time.min else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
