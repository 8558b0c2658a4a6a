"""The pack of a weekly review as values: everything that is read in the meeting, frozen when it was made.

It holds only what may stand on paper (`domain.visibility.on_paper`), and every word of a citizen's is redacted. What
may still be shown is asked again whenever it is read (`Body.without`): a case that turns out to be about somebody
disappears from packs that were made before.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from domain.case import Case
from domain.visibility import on_paper


@dataclass(frozen=True, slots=True)
class Facts:
    """One case as it stood. `silent_seconds` None: it had an answer. `title` is what the citizen wrote, redacted."""

    id: UUID
    reference: str
    title: str
    language: str
    office_id: UUID
    service_id: UUID | None
    kind: str
    state: str
    at: datetime
    due_at: datetime | None
    silent_seconds: int | None
    outcome: str
    assignee: str


@dataclass(frozen=True, slots=True)
class Section:
    """One heading: how many there are, and those that are listed."""

    key: str
    count: int
    cases: list[UUID]


@dataclass(frozen=True, slots=True)
class Promise:
    """An action that is not done. `came_back`: meetings it was carried into before this one; `from_office_id` where it
    was promised, which may be an office below."""

    id: UUID
    what: str
    owner: str
    owner_id: UUID
    due_on: date
    week: date
    came_back: int
    from_office_id: UUID
    case_id: UUID | None = None
    reference: str = ""

    def late(self, today: date) -> bool:
        """Whether its day is over."""
        return self.due_on < today


@dataclass(frozen=True, slots=True)
class HandedUp:
    """A case that the meeting of an office below handed up, by whom and why."""

    id: UUID
    case_id: UUID
    from_office_id: UUID
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A cause that meetings found more than once in the last weeks, with the cases it was found in."""

    cause: str
    cases: list[UUID]


@dataclass(frozen=True, slots=True)
class Rush:
    """More than an office's past explains, in one service or in all."""

    office_id: UUID
    service_id: UUID | None
    started_at: datetime
    observed: int
    expected: float
    over: bool
    words: list[str]


@dataclass(frozen=True, slots=True)
class Voice:
    """What somebody said of an office, redacted: a rating (None for a compliment by message) and words. `staff` is who
    of the office is named in it."""

    office_id: UUID
    rating: int | None
    words: str
    at: datetime
    case_id: UUID | None = None
    reference: str = ""
    staff: str = ""


@dataclass(frozen=True, slots=True)
class Draw:
    """The closed cases to check: drawn from `of` by `seed`, see `reviews.drawing`."""

    seed: int
    of: int
    cases: list[UUID]


@dataclass(frozen=True, slots=True)
class Body:
    """A pack. Lists that have nothing are empty, and their headings are not shown."""

    office_id: UUID
    week: date
    at: datetime
    draw: Draw
    cases: list[Facts] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    actions: list[Promise] = field(default_factory=list)
    raised: list[HandedUp] = field(default_factory=list)
    causes: list[Repeated] = field(default_factory=list)
    rushes: list[Rush] = field(default_factory=list)
    praise: list[Voice] = field(default_factory=list)
    worst: list[Voice] = field(default_factory=list)
    best: list[Voice] = field(default_factory=list)

    @property
    def by_id(self) -> dict[UUID, Facts]:
        """The cases by their id."""
        return {one.id: one for one in self.cases}

    def section(self, key: str) -> Section:
        """The section of that name, empty where there is none."""
        return next((one for one in self.sections if one.key == key), Section(key, 0, []))

    def without(self, hidden: Collection[UUID]) -> "Body":
        """The same pack as if it had never had these cases."""
        if not hidden:
            return self
        kept = [one for one in self.cases if one.id not in hidden]
        causes = [replace(one, cases=[case for case in one.cases if case not in hidden]) for one in self.causes]
        left = [case for case in self.draw.cases if case not in hidden]
        gone = len(self.draw.cases) - len(left)
        return replace(
            self,
            cases=kept,
            sections=[part for one in self.sections if (part := _fewer(one, hidden)).count],
            causes=[one for one in causes if len(one.cases) > 1],
            draw=replace(self.draw, of=self.draw.of - gone, cases=left),
            actions=[row for row in self.actions if row.case_id not in hidden],
            raised=[row for row in self.raised if row.case_id not in hidden],
            praise=[row for row in self.praise if row.case_id not in hidden],
            worst=[row for row in self.worst if row.case_id not in hidden],
            best=[row for row in self.best if row.case_id not in hidden],
        )

    def about(self) -> set[UUID]:
        """Every case the pack speaks of."""
        found = {one.id for one in self.cases}
        for name in ("actions", "raised", "praise", "worst", "best"):
            found |= {row.case_id for row in getattr(self, name) if row.case_id is not None}
        for cause in self.causes:
            found |= set(cause.cases)
        return found | set(self.draw.cases)


def _fewer(section: Section, hidden: Collection[UUID]) -> Section:
    left = [case for case in section.cases if case not in hidden]
    return replace(section, cases=left, count=section.count - (len(section.cases) - len(left)))


_BODY = TypeAdapter(Body)
_NAMES = frozenset(one.name for one in fields(Body))


def dump(body: Body) -> dict[str, Any]:
    """A pack as JSON to keep."""
    kept: dict[str, Any] = _BODY.dump_python(body, mode="json")
    return kept


def load(kept: dict[str, Any]) -> Body:
    """A pack as it was kept; what a later version wrote besides is left aside."""
    return _BODY.validate_python({name: value for name, value in kept.items() if name in _NAMES})


def shown(session: Session, body: Body) -> Body:
    """A pack without the cases that may no longer stand on paper."""
    about = body.about()
    may = set(session.exec(select(Case.id).where(col(Case.id).in_(about), on_paper()))) if about else set()
    return body.without(about - may)
