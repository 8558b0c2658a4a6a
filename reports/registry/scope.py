"""Whose figure, of which time, and by what it is split; and how rows of the database are put into its parts."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, and_, case, cast, true
from sqlmodel import col

from cases.counted import Rows
from cases.filters import Filter, Mark
from core.errors import BadInput
from core.sets import one_of
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue
from domain.states import CaseKind, Tier
from domain.visibility import Viewer
from reports.registry.values import Dimension
from reports.samples import ALL
from reports.weeks import monday_of, start_of

T = TypeVar("T")
MOST_PERIODS = 160
"""Weeks or months that a figure is split into at most."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What figures are about: the cases `who` may see, of an office (`below`: and all below it; None is every office),
    of a tier, service, channel, language or kind, from `since` to before `until`, as things stand at `now`.

    `staff_id` is the one officer it is about.
    """

    who: Viewer
    known: Catalogue
    since: datetime
    until: datetime
    now: datetime
    office_id: UUID | None = None
    below: bool = True
    tier: Tier | None = None
    service_id: UUID | None = None
    channel: str | None = None
    language: str | None = None
    kind: CaseKind | None = None
    staff_id: UUID | None = None

    @property
    def office_ids(self) -> frozenset[UUID] | None:
        """The offices it is about; None is every one."""
        chosen: frozenset[UUID] | None
        if self.office_id is not None:
            chosen = self.known.subtree(self.office_id) if self.below else frozenset({self.office_id})
        elif self.staff_id is not None or self.who.offices is None:
            chosen = None
        else:  # not what was offered to them, or is on their way: that is others' to answer for
            chosen = self.who.offices | self.who.integrity_offices
        if self.tier is None:
            return chosen
        of_tier = (one.id for one in self.known.offices.values() if one.tier == self.tier)
        return frozenset(one for one in of_tier if chosen is None or one in chosen)

    @property
    def reach(self) -> frozenset[UUID] | None:
        """The same, as far as the viewer works there or answers for it: for what no predicate over cases narrows."""
        mine, chosen = self.who.offices, self.office_ids
        if mine is None:
            return chosen
        return mine if chosen is None else mine & chosen

    @property
    def narrowed_by_case(self) -> bool:
        """Whether it is narrowed by what only a case has."""
        return any(one is not None for one in (self.language, self.kind, self.staff_id))

    def of_case(self) -> ColumnElement[bool]:
        """SQL predicate over `Case`: what it is narrowed to besides offices, person and time."""
        pairs = (
            (Case.service_id, self.service_id),
            (Case.channel, self.channel),
            (Case.language, self.language),
            (Case.kind, self.kind),
        )
        return and_(true(), *(col(column) == value for column, value in pairs if value is not None))

    def of_rows(self, rows: Rows) -> list[ColumnElement[bool]]:
        """All that rows must be to be counted."""
        found = [rows.scope(self.who), rows.always(self.now), self.of_case(), rows.at < min(self.until, self.now)]
        if not rows.ongoing:
            found.append(rows.at >= self.since)
        if (offices := self.office_ids) is not None:
            found.append(one_of(rows.office, offices))
        if self.staff_id is not None:
            found.append(rows.staff == self.staff_id)
        return found

    def filter_of(self, figure: str, part: "Part | None" = None) -> Filter:
        """The list of what a figure counts. Offices are left out; the search names them in a shorter way."""
        chosen = Filter(
            figure=figure,
            service_ids=frozenset({self.service_id}) if self.service_id else None,
            channel=self.channel,
            kind=self.kind,
            language=self.language,
            tiers=frozenset({self.tier}) if self.tier else None,
            staff_id=self.staff_id,
            since=self.since,
            until=self.until if self.until < self.now else None,
            as_of=self.now,
        )
        return part.narrow(chosen) if part is not None else chosen


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split: its key, the office it is (with all below it, or not), and what it narrows a list to."""

    key: str
    narrow: Callable[[Filter], Filter] = lambda chosen: chosen
    office_id: UUID | None = None
    below: bool = False
    since: datetime | None = None
    until: datetime | None = None


WHOLE = Part("")
NO_SERVICE = "none"


class Split:
    """How a scope is split. `key` gives an SQL expression for rows; `part` the part that its values belong to."""

    def __init__(self, scope: Scope, by: Dimension | None) -> None:
        self.scope = scope
        self.by = by
        self.periods = list(_periods(scope, by)) if by in (Dimension.week, Dimension.month) else []
        self.branches = _branches(scope) if by is Dimension.branch else {}
        self.parts: dict[str, Part] = {}
        self._parts: dict[Hashable, Part | None] = {}

    def key(self, rows: Rows, **other: Any) -> SQLColumnExpression[Any]:
        """What rows are grouped by; office by office for all that is made of offices. `other` are columns by dimension
        that are not the case's."""
        columns: Mapping[Dimension, Any] = {
            Dimension.service: col(Case.service_id),
            Dimension.channel: col(Case.channel),
            Dimension.language: col(Case.language),
            Dimension.kind: col(Case.kind),
            Dimension.officer: rows.staff,
            **{Dimension(name): column for name, column in other.items()},
        }
        if self.by is None:
            return ALL
        if self.periods:
            whens = [(rows.at < part.until, number) for number, part in enumerate(self.periods)]
            return cast(case(*whens, else_=len(whens)), Text)
        column: SQLColumnExpression[Any] = columns.get(self.by, rows.office)
        return column

    def part(self, raw: Hashable) -> Part | None:
        """The part that a value of the expression belongs to; None for none."""
        if raw not in self._parts:
            self._parts[raw] = self._made(raw)
        return self._parts[raw]

    def _made(self, raw: Any) -> Part | None:
        offices = self.scope.known.offices
        match self.by:
            case None:
                return WHOLE
            case Dimension.week | Dimension.month:
                return self.periods[int(raw)] if int(raw) < len(self.periods) else None
            case Dimension.office:
                return Part(offices[raw].code, office_id=raw) if raw in offices else None
            case Dimension.branch:
                return self.branches.get(raw)
            case Dimension.tier:
                if raw not in offices:
                    return None
                tier = Tier(offices[raw].tier)
                return Part(str(tier), lambda chosen: replace(chosen, tiers=frozenset({tier})))
            case Dimension.service:
                return self._service(raw)
            case Dimension.channel:
                return Part(str(raw), lambda chosen: replace(chosen, channel=str(raw)))
            case Dimension.language:
                return Part(str(raw), lambda chosen: replace(chosen, language=str(raw)))
            case Dimension.kind:
                return Part(str(raw), lambda chosen: replace(chosen, kind=CaseKind(raw)))
            case Dimension.officer:
                return Part(str(raw), lambda chosen: replace(chosen, staff_id=raw)) if raw is not None else None

    def _service(self, raw: UUID | None) -> Part | None:
        if raw is None:
            return Part(NO_SERVICE, lambda chosen: replace(chosen, marks=chosen.marks | {Mark.noservice}))
        if raw not in self.scope.known.services:
            return None
        code = self.scope.known.services[raw].code
        return Part(code, lambda chosen: replace(chosen, service_ids=frozenset({raw})))

    def fold(self, found: Iterable[tuple[Any, T]], together: Callable[[list[T]], T]) -> dict[str, T]:
        """What was found by the expression, by the keys of the parts."""
        lists: dict[str, list[T]] = {}
        for raw, one in found:
            part = self.part(raw)
            if part is not None:
                self.parts[part.key] = part
                lists.setdefault(part.key, []).append(one)
        return {key: ones[0] if len(ones) == 1 else together(ones) for key, ones in lists.items()}


def _periods(scope: Scope, by: Dimension | None) -> Iterable[Part]:
    """Weeks or months, by the government's days, from the one in which the scope begins; cut to the scope."""
    zone, until = settings().zone, min(scope.until, scope.now)
    day = monday_of(scope.since, zone)
    if by is Dimension.month:
        day = scope.since.astimezone(zone).date().replace(day=1)
    number = 0
    while (start := start_of(day, zone)) < until:
        number += 1
        if number > MOST_PERIODS:
            raise BadInput(
                f"That is more than {MOST_PERIODS} {by}s.", mend="Take a shorter time, or split it by month."
            )
        after = day + timedelta(days=7) if by is Dimension.week else _next_month(day)
        first, last = max(start, scope.since), min(start_of(after, zone), until)
        key = day.isoformat() if by is Dimension.week else f"{day:%Y-%m}"
        yield Part(key, _between(first, last, scope.now), since=first, until=last)
        day = after


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _between(first: datetime, last: datetime, now: datetime) -> Callable[[Filter], Filter]:
    until = last.astimezone(UTC) if last < now else None
    return lambda chosen: replace(chosen, since=first.astimezone(UTC), until=until)


def _branches(scope: Scope) -> dict[UUID, Part]:
    """Each office of the scope with the branch it is in: an office next below, or the office itself alone.

    Without an office the branches are the highest offices one may see; of the whole government those below its top.
    """
    known, mine = scope.known, scope.who.offices
    roots = [scope.office_id]
    if scope.office_id is None and mine is None:
        tops = known.children.get(None, [])
        roots = [tops[0].id] if len(tops) == 1 else [None]
    elif scope.office_id is None and mine is not None:
        tops = [known.offices[one] for one in mine if one in known.offices and known.offices[one].parent_id not in mine]
        return {each: Part(top.code, office_id=top.id, below=True) for top in tops for each in known.subtree(top.id)}
    (root,) = roots
    found = {} if root is None else {root: Part(known.offices[root].code, office_id=root)}
    for child in known.children.get(root, []):
        part = Part(child.code, office_id=child.id, below=True)
        found |= dict.fromkeys(known.subtree(child.id), part)
    return found
