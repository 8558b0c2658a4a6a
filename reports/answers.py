"""What the answers of offices and officers were: written for their citizen, or templated and why. Read only.

Counted from `given_answer`: one answer for a whole crowd is one. Persons are named only to those who lead their office,
or an office above it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, null
from sqlmodel import Session, col, func, select

from domain.answer import GivenAnswer
from domain.case import Case
from domain.catalogue import catalogue
from domain.staff import Staff
from domain.states import Role, Templated
from domain.visibility import Viewer, counted_act, visible

_LEAD = frozenset({Role.supervisor, Role.head})
_OFFICE: ColumnElement[UUID] = cast(Any, GivenAnswer).office_id


@dataclass(frozen=True, slots=True)
class Given:
    """Answers of an office, or of one person there (`staff_id`): all, and of these the templated ones by why."""

    office_id: UUID
    staff_id: UUID | None
    name: str
    all: int
    empty: int
    saved: int
    copies: int

    @property
    def templated(self) -> int:
        """Those that may not count."""
        return self.empty + self.saved + self.copies

    @property
    def share(self) -> float:
        """Their share of all, 0 to 1."""
        return self.templated / self.all if self.all else 0.0


def led_by(session: Session, who: Viewer) -> frozenset[UUID]:
    """Offices whose people this person may see figures of: those they lead, and all below."""
    known = catalogue(session)
    return frozenset().union(*(known.subtree(office) for role, office in who.roles if role in _LEAD))


def by_office(session: Session, who: Viewer, *, since: datetime, until: datetime) -> list[Given]:
    """Answers given from `since` to before `until`, largest share of templated ones first."""
    known = catalogue(session)
    rows = _counted(session, who, since, until, None)
    found = [Given(office, None, known.name(office), *numbers) for office, _, *numbers in rows]
    mine: Collection[UUID] = known.offices if who.offices is None else who.offices
    return sorted((one for one in found if one.office_id in mine), key=lambda one: (-one.share, -one.all, one.name))


def by_person(session: Session, who: Viewer, office_id: UUID, *, since: datetime, until: datetime) -> list[Given]:
    """The same by person, of an office this person leads; nothing of any other."""
    if office_id not in led_by(session, who):
        return []
    rows = _counted(session, who, since, until, office_id)
    names = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_([row[1] for row in rows]))).all())
    found = [Given(office, person, names.get(person, ""), *numbers) for office, person, *numbers in rows]
    return sorted(found, key=lambda one: (-one.share, -one.all, one.name))


def _counted(
    session: Session, who: Viewer, since: datetime, until: datetime, office_id: UUID | None
) -> list[tuple[Any, ...]]:
    person = col(GivenAnswer.staff_id) if office_id else null()
    numbers = [func.count().filter(col(GivenAnswer.templated) == why) for why in Templated]
    query = (
        select(col(GivenAnswer.office_id), person, func.count(), *numbers)
        .join(Case, col(Case.id) == col(GivenAnswer.case_id))
        .where(_within(since, until), counted_act(who, _OFFICE))
    )
    if office_id is None:
        query = query.group_by(col(GivenAnswer.office_id))
    else:
        query = query.where(col(GivenAnswer.office_id) == office_id).group_by(
            col(GivenAnswer.office_id), col(GivenAnswer.staff_id)
        )
    return [tuple(row) for row in session.execute(query)]


def _within(since: datetime, until: datetime) -> ColumnElement[bool]:
    return (col(GivenAnswer.at) >= since) & (col(GivenAnswer.at) < until)


def references(
    session: Session, who: Viewer, office_id: UUID, *, since: datetime, until: datetime, limit: int = 50
) -> list[tuple[str, str, Templated]]:
    """Templated answers of an office among cases one may open, newest first: reference, the case's words, why."""
    rows = session.exec(
        select(Case.reference, Case.text, GivenAnswer.templated)
        .join(GivenAnswer, col(GivenAnswer.case_id) == col(Case.id))
        .where(
            col(GivenAnswer.office_id) == office_id,
            col(GivenAnswer.templated).is_not(None),
            _within(since, until),
            visible(who),
        )
        .order_by(col(GivenAnswer.at).desc())
        .limit(limit)
    ).all()
    return [(reference, text, Templated(str(why))) for reference, text, why in rows]
