"""What a list of cases is narrowed to, as SQL, always under the one predicate of who may see what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, not_, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from cases import search
from cases.counted import COUNTED, ROWS, cases_of
from core.ids import normalise_reference
from core.sets import one_of
from domain.case import Case
from domain.office import Office
from domain.states import CaseKind, CaseState, IntakeSource, LeadLink, Tier
from domain.visibility import Viewer, visible

TO_DO = frozenset({CaseState.triage, CaseState.open, CaseState.waiting})
"""States in which a case waits for somebody."""


class Mark(StrEnum):
    """What a case can be besides its state; `is:` in a search."""

    todo = "todo"
    mine = "mine"
    unassigned = "unassigned"
    offered = "offered"
    urgent = "urgent"
    reopened = "reopened"
    appeal = "appeal"
    noservice = "noservice"
    imported = "imported"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; what is left out narrows nothing. Offices are those that answer now.

    `words` are a reference, or what `search.read` reads. Of the times each `from` counts and each `before` does not.
    `folded`: of a crowd only the lead, or where that is not in the list, whoever has waited longest.
    `figure` is one of `cases.counted` as it stood `as_of`; then offices, `staff_id` and `since` to before `until` are
    about what is counted: whose act it was, and when. Without one they are about the case, and when it was received.
    """

    states: frozenset[CaseState] | None = None
    office_ids: frozenset[UUID] | None = None
    service_ids: frozenset[UUID] | None = None
    channel: str | None = None
    kind: CaseKind | None = None
    marks: frozenset[Mark] = frozenset()
    words: str | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    folded: bool = False
    language: str | None = None
    tiers: frozenset[Tier] | None = None
    staff_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    figure: str | None = None
    as_of: datetime | None = None


def conditions(session: Session, who: Viewer, chosen: Filter) -> list[ColumnElement[bool]]:
    """All that a case must be to be in the list of this viewer."""
    found = [visible(who), *narrowed(who, chosen)]
    if chosen.folded:
        found.append(first_of_crowd(TO_DO if Mark.todo in chosen.marks else chosen.states))
    if chosen.words:
        reference = normalise_reference(chosen.words)
        found.append(
            col(Case.reference) == reference if reference else search.matching(session, who, search.read(chosen.words))
        )
    return found


def narrowed(who: Viewer, chosen: Filter, case: Any = Case) -> list[ColumnElement[bool]]:
    """What the filter asks of the columns of `case`, alone."""
    equal = [
        (case.channel, chosen.channel),
        (case.kind, chosen.kind),
        (case.language, chosen.language),
    ]
    among = [
        (case.state, chosen.states),
        (case.service_id, chosen.service_ids),
    ]
    found: list[ColumnElement[bool]] = [col(column) == value for column, value in equal if value is not None]
    found += [col(column).in_(values) for column, values in among if values is not None]
    for column, since, before in (
        (case.opened_at, chosen.opened_from, chosen.opened_before),
        (case.due_at, chosen.due_from, chosen.due_before),
    ):
        if since is not None:
            found.append(col(column) >= since)
        if before is not None:
            found.append(col(column) < before)
    if chosen.figure is None or chosen.as_of is None:
        found += _whose(chosen, case.office_id, case.received_at, case.assignee_id)
    else:
        rows = ROWS[COUNTED[chosen.figure].rows]
        narrower = _whose(chosen, rows.office, rows.at, rows.staff, ongoing=rows.ongoing)
        found.append(col(case.id).in_(cases_of(who, chosen.figure, chosen.as_of, *narrower)))
    return found + [_marked(who, mark, case) for mark in sorted(chosen.marks)]


def _whose(chosen: Filter, office: Any, at: Any, staff: Any, *, ongoing: bool = False) -> list[ColumnElement[bool]]:
    """Whose rows, and when: what is ongoing counts whenever it began."""
    found: list[ColumnElement[bool]] = []
    if chosen.office_ids is not None:
        found.append(one_of(office, chosen.office_ids))
    if chosen.tiers is not None:
        found.append(col(office).in_(select(Office.id).where(col(Office.tier).in_(chosen.tiers))))
    if chosen.staff_id is not None:
        found.append(col(staff) == chosen.staff_id if staff is not None else false())
    if chosen.since is not None and not ongoing:
        found.append(col(at) >= chosen.since)
    if chosen.until is not None:
        found.append(col(at) < chosen.until)
    return found


def _marked(who: Viewer, mark: Mark, row: Any) -> ColumnElement[bool]:
    match mark:
        case Mark.todo:
            return col(row.state).in_(TO_DO)
        case Mark.mine:
            return col(row.assignee_id) == who.staff_id if who.staff_id is not None else false()
        case Mark.unassigned:
            return col(row.assignee_id).is_(None)
        case Mark.offered:
            offered = col(row.pending_office_id)
            return offered.is_not(None) if who.offices is None else one_of(offered, who.offices)
        case Mark.urgent:
            return col(row.urgency).is_not(None)
        case Mark.reopened:
            return col(row.reopened_at).is_not(None)
        case Mark.appeal:
            return col(row.appealed_at).is_not(None)
        case Mark.noservice:
            return col(row.service_id).is_(None)
        case Mark.imported:
            return col(row.source) == IntakeSource.imported


def first_of_crowd(states: frozenset[CaseState] | None) -> ColumnElement[bool]:
    """That a case stands for its crowd, or is in none; looked into for members alone."""
    other = aliased(Case)
    before = or_(
        col(other.id) == col(Case.lead_id),
        and_(
            col(other.lead_id) == col(Case.lead_id),
            col(other.lead_link) == LeadLink.same,
            col(Case.lead_link) == LeadLink.same,
            or_(
                col(other.received_at) < col(Case.received_at),
                and_(col(other.received_at) == col(Case.received_at), col(other.id) < col(Case.id)),
            ),
        ),
    )
    there = select(other.id).where(before, col(other.office_id) == col(Case.office_id))
    if states is not None:
        there = there.where(col(other.state).in_(states))
    member = and_(col(Case.lead_id).is_not(None), col(Case.lead_link).in_((LeadLink.same, LeadLink.merged)))
    return not_(and_(member, there.correlate(Case).exists()))
