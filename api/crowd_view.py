"""What pages show of a crowd: how many citizens stand behind a case, who is answered, who looks the same."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from cases import crowds, history, proposals, relays
from cases.rights import works_on
from core.texts import shorten
from domain.case import Case
from domain.crowd import Likeness
from domain.states import OPEN_STATES, CaseState, EntryKind, LeadLink, LikenessState
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, visible

SHOWN = 400
"""Characters of a report in a list."""
LISTED = 80
"""Proposals on one page: a form has so many fields, and a person so much patience."""


def sizes(session: Session, who: Viewer, cases: Sequence[Case]) -> dict[UUID, int]:
    """Citizens of the crowd that each of these cases stands for in a list; nothing for one that is alone."""
    heads = {case.id: case.lead_id if crowds.is_member(case) else case.id for case in cases}
    counted = session.exec(
        select(Case.lead_id, func.count())
        .where(col(Case.lead_id).in_(set(heads.values())), col(Case.lead_link) == LeadLink.same, visible(who))
        .group_by(col(Case.lead_id))
    ).all()
    members = {lead_id: number for lead_id, number in counted if lead_id is not None}
    return {case_id: members[head] + 1 for case_id, head in heads.items() if head in members}


def bar(session: Session, who: Viewer, case: Case) -> dict[str, object]:
    """The line under a case's head; see staff/crowd_bar.html."""
    looks = proposals.proposed(session, who, case)
    members = crowds.members(session, who, case)
    lead = crowds.lead_of(session, who, case)
    like = None if lead or members or looks else _like(session, who, case)
    return {
        "proposed": len(looks),
        "since": looks[0][0].received_at if looks else None,
        "why": _same_why(looks) if looks else like[1] if like else "",
        "members": len(members),
        "answered": sum(one.first_response_at is not None for one in [case, *members]),
        "owed": relays.owed(session, case) if members else 0,
        "again": len(_wrote_again(session, members)),
        "lead": lead.reference if lead else "",
        "lead_members": len(crowds.members(session, who, lead)) if lead else 0,
        "like": like[0] if like else "",
        "may": works_on(case, who) and case.state != CaseState.closed,
    }


def _same_why(looks: Sequence[tuple[Case, Likeness]]) -> str:
    """What speaks for the surest of them."""
    return max(looks, key=lambda look: look[1].alike)[1].why


def _like(session: Session, who: Viewer, case: Case) -> tuple[str, str] | None:
    """The case this one is proposed to be joined to."""
    found = session.exec(
        select(Case.reference, Likeness.why)
        .join(Likeness, col(Likeness.like_id) == col(Case.id))
        .where(
            col(Likeness.case_id) == case.id,
            col(Likeness.state) == LikenessState.proposed,
            col(Case.state).in_(OPEN_STATES),
            col(Case.office_id) == case.office_id,
            visible(who),
        )
    ).first()
    return (found[0], found[1]) if found else None


def _wrote_again(session: Session, members: Sequence[Case]) -> set[UUID]:
    """Members whose citizen wrote more and waits."""
    waiting = [case.id for case in members if case.state == CaseState.open]
    return set(
        session.exec(
            select(TimelineEntry.case_id)
            .where(col(TimelineEntry.case_id).in_(waiting), col(TimelineEntry.kind) == EntryKind.citizen_wrote)
            .distinct()
        )
    )


def page(session: Session, who: Viewer, case: Case, now: datetime) -> dict[str, object]:
    """All that staff/crowd.html shows."""
    members = crowds.members(session, who, case)
    again = _wrote_again(session, members)
    lead = crowds.lead_of(session, who, case)
    looks = proposals.proposed(session, who, case)
    return {
        "case": _row(case, now) | {"title": shorten(case.text, 90), "place": case.place or ""},
        "members": [_row(one, now, again=one.id in again) for one in sorted(members, key=lambda m: m.id not in again)],
        "proposed": [_row(one, now, likeness.why) for one, likeness in looks[:LISTED]],
        "proposed_total": len(looks),
        "lead": lead.reference if lead else "",
        "answered": sum(one.first_response_at is not None for one in [case, *members]),
        "owed": relays.owed(session, case) if members else 0,
        "may": works_on(case, who) and case.state != CaseState.closed and crowds.fits(case),
        "version": case.timeline_length,
    }


def _row(case: Case, now: datetime, why: str = "", *, again: bool = False) -> dict[str, object]:
    silent = case.first_response_at is None
    return {
        "reference": case.reference,
        "text": shorten(case.text, SHOWN) or "(no words)",
        "language": case.language,
        "channel": str(case.channel),
        "state": str(case.state),
        "opened_at": case.received_at,
        "silent_seconds": int((now - case.received_at).total_seconds()) if silent else None,
        "answered_at": case.first_response_at,
        "why": why,
        "again": again,
    }


def by_references(session: Session, who: Viewer, typed: Sequence[str]) -> list[UUID]:
    """The cases of these references. Raises NotFound for one the person may not see."""
    return [history.load(session, who, reference).id for reference in typed]
