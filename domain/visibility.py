"""Who may see which case: the one predicate that every list, count, search, export, chart and notice goes through."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlmodel import Session, col, select

from core.sets import one_of
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Notice
from domain.flag import FlagState, SurveyFlag
from domain.staff import StaffRole, in_force
from domain.states import CaseState, LeadLink, OfficeFunction, Role

OWN_OFFICE = frozenset({Role.operator, Role.officer, Role.admin})
SUBTREE = frozenset({Role.supervisor, Role.head, Role.reviewer})
EVERYWHERE = frozenset({Role.leadership, Role.auditor})
WATCHING = frozenset({Role.leadership, Role.auditor, Role.integrity})
"""Who sees signs of cheating, and how often money was asked for, of offices they do not answer for."""


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks to see cases. `offices` None means every office; `shut_out` are offices they answer for."""

    staff_id: UUID | None
    name: str
    roles: frozenset[tuple[Role, UUID]]
    offices: frozenset[UUID] | None
    integrity_offices: frozenset[UUID]
    triage: bool
    shut_out: frozenset[UUID]
    answers_for_all: bool = False
    """Whether `shut_out` are all offices there are; then a case about any office at all is shut to them."""

    def has(self, *roles: Role) -> bool:
        """Whether the viewer holds one of the roles at any office."""
        return any(role in roles for role, _ in self.roles)

    @property
    def home(self) -> frozenset[UUID]:
        """Offices the viewer holds a role at."""
        return frozenset(office for _, office in self.roles)


SYSTEM_KEY = Viewer(None, "api", frozenset(), None, frozenset(), False, frozenset())
"""An API key: sees all but integrity cases and those about anybody's conduct."""


PAPER = Viewer(None, "paper", frozenset(), None, frozenset(), False, frozenset())
"""Paper and walls, which anybody may look at: see `on_paper`."""


def viewer_of_key(known: Catalogue, office_id: UUID | None) -> Viewer:
    """What a key sees: with an office no further than that and those below."""
    return SYSTEM_KEY if office_id is None else replace(SYSTEM_KEY, offices=known.subtree(office_id))


def reach_of(who: Viewer) -> str:
    """A digest of all that decides what a viewer sees: another one means that they may see more or less."""
    seen = sorted(str(office) for office in who.offices) if who.offices is not None else ["all"]
    told = [
        seen,
        sorted(f"{role}@{office}" for role, office in who.roles),
        sorted(map(str, who.integrity_offices)),
        who.triage,
        sorted(map(str, who.shut_out)),
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:24]


def viewer(session: Session, staff_id: UUID, name: str = "", *, now: datetime) -> Viewer:
    """The viewer a staff member is now: roles whose last day is over are theirs no more."""
    roles = session.exec(
        select(StaffRole.role, StaffRole.office_id).where(StaffRole.staff_id == staff_id, in_force(now))
    ).all()
    return viewer_of(catalogue(session), staff_id, name, frozenset((Role(role), office) for role, office in roles))


def viewer_of(known: Catalogue, staff_id: UUID, name: str, roles: frozenset[tuple[Role, UUID]]) -> Viewer:
    """The viewer with these roles.

    A person answers for their own office and all below it, so a case about any of these is shut to them: that is the
    accused office and its whole chain upwards.
    """
    key = ("reach", roles)
    if key not in known.worked_out:  # of a minister these are sets of all offices
        offices, answers_for = _reach(known, roles)
        known.worked_out[key] = offices, answers_for, answers_for >= known.offices.keys()
    offices, answers_for, everywhere = known.worked_out[key]
    return Viewer(
        staff_id=staff_id,
        name=name,
        roles=roles,
        offices=offices,
        integrity_offices=frozenset(office for role, office in roles if role is Role.integrity),
        triage=any(role is Role.triage for role, _ in roles),
        shut_out=answers_for,
        answers_for_all=everywhere,
    )


def _reach(known: Catalogue, roles: frozenset[tuple[Role, UUID]]) -> tuple[frozenset[UUID] | None, frozenset[UUID]]:
    """Offices these roles see, None for every one, and offices they answer for."""
    offices: set[UUID] | None = set()
    answers_for: set[UUID] = set()
    for role, office in roles:
        if role is not Role.integrity:
            answers_for |= known.subtree(office)
        else:
            answers_for.add(office)
        if role in EVERYWHERE:
            offices = None
        elif offices is not None and role in OWN_OFFICE:
            offices.add(office)
        elif offices is not None and role in SUBTREE:
            offices |= known.subtree(office)
    return None if offices is None else frozenset(offices), frozenset(answers_for)


def visible(who: Viewer) -> ColumnElement[bool]:
    """SQL predicate over `Case`: what this viewer may see."""
    ordinary: ColumnElement[bool] = true()
    if who.offices is not None:
        theirs = (one_of(Case.office_id, who.offices), one_of(Case.pending_office_id, who.offices))
        ordinary = or_(*theirs) if who.offices else false()
    if who.triage:
        ordinary = or_(ordinary, col(Case.state) == CaseState.triage)
    if who.staff_id is not None:
        ordinary = or_(ordinary, col(Case.assignee_id) == who.staff_id)
    granted: list[ColumnElement[bool]] = [and_(col(Case.integrity).is_(False), ordinary)]
    if who.integrity_offices:
        granted.append(and_(col(Case.integrity).is_(True), col(Case.office_id).in_(who.integrity_offices)))
    return and_(or_(*granted), not_about(who))


def not_about(who: Viewer) -> ColumnElement[bool]:
    """SQL predicate over `Case`: those that are about neither the viewer nor an office they answer for."""
    clear: ColumnElement[bool] = true()
    if who.shut_out:
        clear = col(Case.about_office_id).is_(None)
        if not who.answers_for_all:
            clear = or_(clear, not_(one_of(Case.about_office_id, who.shut_out)))
    not_me = (
        or_(col(Case.about_staff_id).is_(None), col(Case.about_staff_id) != who.staff_id)
        if who.staff_id is not None
        else and_(col(Case.about_office_id).is_(None), col(Case.about_staff_id).is_(None))
    )
    return and_(clear, not_me)


def beside(who: Viewer) -> ColumnElement[bool]:
    """SQL predicate over `Case`: what may be read beside a case this viewer sees, as its lead or one of its parts.

    For what is shown of the one within the other; never for a list, a count, a search or a case by itself.
    """
    return or_(visible(who), and_(col(Case.integrity).is_(False), not_about(who)))


def counted_act(who: Viewer, by: ColumnElement[UUID]) -> ColumnElement[bool]:
    """SQL predicate over `Case`: whether an act of the office in the column `by` counts in this viewer's figures.

    What one's own office gave away is its act all the same, though the case is no longer its to see.
    """
    own = true() if who.offices is None else one_of(by, who.offices) if who.offices else false()
    return or_(visible(who), and_(col(Case.integrity).is_(False), own, not_about(who)))


def countable() -> ColumnElement[bool]:
    """SQL predicate over `Case`: what may be counted before the public, never shown one by one."""
    return and_(
        col(Case.lead_link).is_distinct_from(LeadLink.part),
        col(Case.integrity).is_(False),
        col(Case.confidential).is_(False),
        col(Case.about_office_id).is_(None),
        col(Case.about_staff_id).is_(None),
    )


def on_paper() -> ColumnElement[bool]:
    """SQL predicate over `Case`: what may stand on paper or a wall that many look at, whoever comes in.

    About nobody's conduct and no integrity case: so what is shown is the same whoever attends, and nobody learns from
    what disappears as they sit down. Who may read the paper at all is for the caller to ask.
    """
    return visible(PAPER)


def about_nobody() -> ColumnElement[bool]:
    """SQL predicate over `Case`: what is neither integrity's nor about anybody's conduct, so that everybody who reads a
    figure of the office has it in the figure."""
    return and_(col(Case.integrity).is_(False), col(Case.about_office_id).is_(None), col(Case.about_staff_id).is_(None))


def names_citizen(case: Case) -> bool:
    """Whether staff may see who wrote: name, contact, other cases. Messages reach the citizen either way."""
    return not case.confidential


def readable(who: Viewer) -> ColumnElement[bool]:
    """SQL predicate over `Notice`: those about no case, or about one this viewer may still see."""
    return or_(col(Notice.case_id).is_(None), col(Notice.case_id).in_(select(Case.id).where(visible(who))))


def answered_for(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """Offices whose conduct in the surveys is this viewer's own: theirs and all below.

    Whoever leads, audits or guards the whole government answers in this only for the office they sit at.
    """
    own: set[UUID] = set()
    for role, office in who.roles:
        own |= {office} if _watches_all(known, role, office) else known.subtree(office)
    return frozenset(own)


def _watches_all(known: Catalogue, role: Role, office: UUID) -> bool:
    at = known.offices.get(office)
    top = at is not None and (at.parent_id is None or at.function == OfficeFunction.leadership)
    return role is Role.integrity or (role in WATCHING and top)


def signs(known: Catalogue, who: Viewer) -> ColumnElement[bool]:
    """SQL predicate over `SurveyFlag`: which signs of cheating this viewer may see.

    Those who watch see all but what is about offices they answer for. Who leads an office sees of it what was judged:
    before that, nobody of the office or its chain does.
    """
    own = answered_for(known, who)
    watched = not_(one_of(SurveyFlag.office_id, own)) if who.has(*WATCHING) else false()
    led = frozenset[UUID]().union(
        *(known.subtree(at) for role, at in who.roles if role in (Role.head, Role.supervisor))
    )
    judged = and_(col(SurveyFlag.state) != FlagState.open, one_of(SurveyFlag.office_id, led)) if led else false()
    return or_(watched, judged)


def sees_money(known: Catalogue, who: Viewer, offices: frozenset[UUID]) -> bool:
    """Whether this viewer may see how often money was asked for at these offices.

    Never the office itself or its chain: and since one figure is all others taken from the whole, whoever works for
    one of the offices sees none of them. Who leads the whole government does.
    """
    if not who.has(*WATCHING) or any(role not in WATCHING for role, _ in who.roles):
        return False
    return not any(
        known.subtree(office) & offices for role, office in who.roles if not _watches_all(known, role, office)
    )
