"""One lead, many citizens: cases about the same matter, joined so that one answer reaches each of them.

A member keeps all that is its own: reference, timeline, clocks, the silence until its own citizen is answered. What
happens to the lead (an answer, a closing, another office) is written as one `Relay` row per member in the same
transaction; `cases.relaying` carries them out. Whoever joins later gets what was said before only when a person says
so.

A crowd is seen by one office: cases of integrity, in confidence or about somebody's conduct are never in one, and a
member that goes elsewhere without its lead leaves it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select, update

from cases.acting import Form, begin, words_of
from core.errors import BadInput, Conflict, NotFound
from domain.case import Case
from domain.crowd import Likeness, Relay
from domain.states import (
    NOT_LIVE_SOURCES,
    CaseState,
    EntryKind,
    LeadLink,
    LikenessState,
    RelayState,
)
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, countable, visible

FEWEST = 3
"""A citizen is not told of fewer others: one or two could be known by their neighbours."""
MOST = 1000
"""Cases that are joined at once; more take another click."""
NAMED = 50
"""References of joined cases that the lead's timeline lists."""


def fits(case: Case) -> bool:
    """Whether a case may be in a crowd at all; `fitting` says the same in SQL."""
    private = case.integrity or case.confidential or case.about_office_id is not None or case.about_staff_id is not None
    return not private and case.source not in NOT_LIVE_SOURCES


def fitting() -> ColumnElement[bool]:
    """SQL predicate over `Case`: what may be in a crowd."""
    return countable() & col(Case.source).not_in(NOT_LIVE_SOURCES)


def is_member(case: Case) -> bool:
    """Whether a case has a lead that speaks for it."""
    return case.lead_id is not None and case.lead_link == LeadLink.same


def of_lead(lead_id: UUID) -> ColumnElement[bool]:
    """SQL predicate over `Case`: the members of a lead."""
    return (col(Case.lead_id) == lead_id) & (col(Case.lead_link) == LeadLink.same)


def members(session: Session, who: Viewer, lead: Case) -> Sequence[Case]:
    """The members of a lead that this person may see, longest silence first."""
    query = select(Case).where(of_lead(lead.id), visible(who))
    return session.exec(query.order_by(col(Case.received_at), col(Case.id)).limit(MOST)).all()


def lead_of(session: Session, who: Viewer, case: Case) -> Case | None:
    """The lead of a member, if this person may see it."""
    if not is_member(case):
        return None
    return session.exec(select(Case).where(col(Case.id) == case.lead_id, visible(who))).first()


def others(session: Session, case: Case) -> int | None:
    """How many others reported the same, as its citizen may know; None for fewer than `FEWEST`."""
    lead_id = case.lead_id if is_member(case) else case.id
    number = session.exec(select(func.count()).where(of_lead(lead_id), fitting())).one()  # type: ignore[arg-type]
    return number if number >= FEWEST and fits(case) else None


# -- joining and parting -------------------------------------------------------------------------------------------


def hold(session: Session, ids: Collection[UUID]) -> list[Case]:
    """Cases, locked in the one order everybody locks several in."""
    query = select(Case).where(col(Case.id).in_(ids)).order_by(col(Case.id)).with_for_update()
    return list(session.exec(query, execution_options={"populate_existing": True}))


def join(session: Session, lead_id: UUID, who: Viewer, case_ids: Collection[UUID], now: datetime, form: Form) -> int:
    """These cases tell of the same matter as the lead: one answer will do for all. Gives how many were joined.

    What another office has meanwhile, what is closed or not for a crowd is left as it is; a lead brings its members.
    """
    chosen = set(case_ids) - {lead_id}
    if len(chosen) > MOST:
        raise BadInput(f"At most {MOST} are joined at once.", mend="Join the first of them, then the rest.")
    held = hold(session, [lead_id, *chosen])
    lead = begin(session, lead_id, who, form)
    _may_lead(lead)
    seen = set(session.exec(select(Case.id).where(col(Case.id).in_(chosen), visible(who))))
    wanted = [case for case in held if case.id in seen and joinable(case, lead)]
    if not wanted:
        raise BadInput("None of these can be joined.", mend="They must be open and with the same office.")
    theirs = session.exec(
        select(Case).where(
            col(Case.lead_id).in_([case.id for case in wanted]), col(Case.lead_link) == LeadLink.same
        ).with_for_update()
    ).all()  # fmt: skip
    joining = [*wanted, *theirs]
    for case in joining:
        _enter(session, case, lead, now, actor=str(who.staff_id), by=who.name, token=form.token)
    _tell_lead(session, lead, joining, now, actor=str(who.staff_id), by=who.name, token=form.token)
    return len(joining)


def join_alone(session: Session, lead: Case, case: Case, why: str, now: datetime) -> bool:
    """Join a case that is certainly the same (both locked), by the program itself; undone like any other."""
    if is_member(lead) or lead.state == CaseState.closed or not fits(lead) or not joinable(case, lead):
        return False
    _enter(session, case, lead, now, why=why)
    _tell_lead(session, lead, [case], now, why=why)
    return True


def joinable(case: Case, lead: Case) -> bool:
    """Whether a case may join a lead: open, fit for a crowd, with the same office, and in no other crowd."""
    return (
        case.id != lead.id
        and fits(case)
        and case.lead_id is None
        and case.office_id == lead.office_id
        and case.pending_office_id is None
        and case.state != CaseState.closed
    )


def _may_lead(lead: Case) -> None:
    if not fits(lead):
        raise Conflict("This case is never joined with others.", mend="Answer it by itself.")
    if lead.lead_id is not None:
        raise Conflict("This case belongs to another one.", mend="Join them there, or take this one out first.")
    if lead.state == CaseState.closed:
        raise Conflict("This case is closed.", mend="Choose an open one to lead.")


def _enter(
    session: Session, case: Case, lead: Case, now: datetime, *, why: str = "", actor: str = "system", **said: str
) -> None:
    case.lead_id, case.lead_link = lead.id, LeadLink.same
    case.assignee_id = lead.assignee_id
    likeness = _likeness(session, case)
    likeness.state, likeness.like_id, likeness.joined_at = LikenessState.joined, lead.id, now
    why = why or likeness.why
    append(session, case, EntryKind.joined, now, actor=actor, body={"lead": lead.reference, "why": why, **said})


def _tell_lead(
    session: Session, lead: Case, cases: Sequence[Case], now: datetime, *, actor: str = "system", **said: str
) -> None:
    body: dict[str, object] = {"number": len(cases), "members": [case.reference for case in cases[:NAMED]], **said}
    append(session, lead, EntryKind.joined, now, actor=actor, body=body)


def _likeness(session: Session, case: Case) -> Likeness:
    found = session.exec(select(Likeness).where(col(Likeness.case_id) == case.id)).first()
    if found is None:
        found = Likeness(case_id=case.id)
        session.add(found)
    found.due_at = found.leased_until = None
    return found


def part(session: Session, case_id: UUID, who: Viewer, reason: str, now: datetime, form: Form) -> Case:
    """A member is no longer answered with its lead: its matter is another, or is not settled for its citizen."""
    why = words_of(reason, "The reason", limit=500)
    case = begin(session, case_id, who, form)
    if not is_member(case):
        raise Conflict("This case is in no crowd.", mend="Reload it to see what happened.")
    _part(session, case, now, why, LikenessState.refused, actor=str(who.staff_id), by=who.name, token=form.token)
    return case


def undo(session: Session, lead_id: UUID, who: Viewer, now: datetime, form: Form) -> int:
    """Take apart what this person's last click joined to the lead; it is proposed again. Gives how many."""
    lead = begin(session, lead_id, who, form)
    clicks = session.exec(
        select(TimelineEntry)
        .where(
            col(TimelineEntry.case_id) == lead.id,
            col(TimelineEntry.kind) == EntryKind.joined,
            col(TimelineEntry.actor) == str(who.staff_id),
        )
        .order_by(col(TimelineEntry.number).desc())
        .limit(1)
    ).first()
    token = clicks.body.get("token") if clicks is not None else None
    held = session.exec(select(Case).where(of_lead(lead.id), visible(who)).order_by(col(Case.id)).with_for_update())
    said = {"actor": str(who.staff_id), "by": who.name, "token": form.token}
    done = 0
    for case in held:
        last = session.exec(
            select(TimelineEntry)
            .where(col(TimelineEntry.case_id) == case.id, col(TimelineEntry.kind) == EntryKind.joined)
            .order_by(col(TimelineEntry.number).desc())
        ).first()
        if last is not None and token and last.body.get("token") == token:
            _part(session, case, now, "Joining was undone.", LikenessState.proposed, **said)
            done += 1
    if not done:
        raise NotFound("There is nothing to undo.", mend="Take single cases out of the crowd instead.")
    return done


def leave(session: Session, case: Case, now: datetime, why: str) -> None:
    """A member (locked) leaves its crowd because of what happened to it; nobody decided that."""
    _part(session, case, now, why, LikenessState.refused)


def dissolve(session: Session, lead: Case, now: datetime, why: str) -> None:
    """A lead (locked) speaks for nobody any more: its open members are answered by themselves."""
    query = select(Case).where(of_lead(lead.id), col(Case.state) != CaseState.closed)
    for member in session.exec(query.order_by(col(Case.id)).with_for_update()).all():
        leave(session, member, now, why)


def _part(
    session: Session, case: Case, now: datetime, why: str, then: LikenessState, *, actor: str = "system", **said: str
) -> None:
    lead = session.exec(select(Case).where(col(Case.id) == case.lead_id)).one()
    case.lead_id, case.lead_link = None, None
    likeness = _likeness(session, case)
    likeness.state, likeness.joined_at = then, None
    session.exec(
        update(Relay)
        .where(col(Relay.case_id) == case.id, col(Relay.state) == RelayState.waiting)
        .values(state=RelayState.dropped, due_at=None)
    )
    body: dict[str, object] = {"lead": lead.reference, "why": why, **said}
    append(session, case, EntryKind.parted, now, actor=actor, body=body)
