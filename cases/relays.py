"""What happens to a lead is written down for each of its members; `cases.relaying` carries it out, one by one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, insert
from sqlmodel import Session, col, func, select

from cases.acting import Form, begin
from cases.crowds import is_member, leave, of_lead
from cases.proposals import compare_again
from cases.telling import tell_office
from core import doorbell
from core.database import after_commit
from core.errors import Conflict
from core.ids import new_id
from domain.case import Case
from domain.crowd import Relay
from domain.states import CaseState, EntryKind, LeadLink, RelayState, RelayWhat
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer


def relay(session: Session, lead: Case, entry: int, what: RelayWhat, now: datetime, who: Viewer | None = None) -> int:
    """What the lead's timeline entry says is to happen to each member that is there now. Gives how many.

    For a case that leads nobody this is one look into an index.
    """
    return _hand_on(session, lead, entry, what, now, who, _followers(lead))


def _followers(lead: Case) -> ColumnElement[bool]:
    theirs = col(Case.lead_link).in_((LeadLink.same, LeadLink.merged))
    return (col(Case.lead_id) == lead.id) & theirs & (col(Case.state) != CaseState.closed)


def _members_of(lead: Case) -> ColumnElement[bool]:
    return of_lead(lead.id) & (col(Case.state) != CaseState.closed)


def _hand_on(
    session: Session,
    lead: Case,
    entry: int,
    what: RelayWhat,
    now: datetime,
    who: Viewer | None,
    to: ColumnElement[bool],
) -> int:
    if is_member(lead):
        return 0
    ids = session.exec(select(Case.id).where(to).order_by(col(Case.id))).all()
    if ids:
        by = {"staff_id": who.staff_id, "by": who.name} if who else {"staff_id": None, "by": ""}
        fresh = {"lead_id": lead.id, "entry": entry, "what": what, "state": RelayState.waiting, "attempts": 0, **by}
        session.flush()
        session.execute(insert(Relay), [{"id": new_id(), "case_id": one, "due_at": now, **fresh} for one in ids])
        after_commit(session, lambda: doorbell.ring(doorbell.CROWDS))
    return len(ids)


def is_merged(case: Case) -> bool:
    """Whether a case was merged with another of the same citizen."""
    return case.lead_id is not None and case.lead_link == LeadLink.merged


def hear(session: Session, lead: Case, entry: int, now: datetime) -> None:
    """What happened on the way to the lead's citizen counts for what was merged with it, whose citizen is the same."""
    if lead.lead_id is None:
        merged = (col(Case.lead_id) == lead.id) & (col(Case.lead_link) == LeadLink.merged)
        _hand_on(session, lead, entry, RelayWhat.hear, now, None, merged)


def check_alone(session: Session, case: Case) -> None:
    """Raise Conflict for a merged case: its lead is answered."""
    if is_merged(case):
        lead = session.get_one(Case, case.lead_id)
        raise Conflict(f"It is merged with {lead.reference}.", mend="Answer there, or take it apart first.")


def passed_on(session: Session, case: Case, text: str, now: datetime) -> Case:
    """The case (locked) that a citizen's message on this one goes to: for a merged one its lead, locked from now on."""
    if not is_merged(case):
        return case
    query = select(Case).where(col(Case.id) == case.lead_id).with_for_update()
    lead = session.exec(query, execution_options={"populate_existing": True}).one()
    body: dict[str, object] = {"text": text, "to": lead.reference}
    append(session, case, EntryKind.passed_on, now, actor="citizen", public=True, body=body)
    return lead


def last_answer(session: Session, lead: Case) -> TimelineEntry | None:
    """The last answer that staff wrote to the lead's citizen and did not take back."""
    entries = session.exec(
        select(TimelineEntry)
        .where(
            col(TimelineEntry.case_id) == lead.id,
            col(TimelineEntry.kind).in_((EntryKind.answered, EntryKind.recalled)),
        )
        .order_by(col(TimelineEntry.number).desc())
    ).all()
    back = {entry.body.get("entry") for entry in entries if entry.kind == EntryKind.recalled}
    return next((one for one in entries if one.kind == EntryKind.answered and one.number not in back), None)


def owed(session: Session, lead: Case) -> int:
    """How many members joined after the lead's last answer and heard nothing of it."""
    answer = last_answer(session, lead)
    return 0 if answer is None else session.exec(select(func.count()).where(_unheard(lead, answer))).one()


def _unheard(lead: Case, answer: TimelineEntry) -> ColumnElement[bool]:
    heard = select(Relay.case_id).where(col(Relay.lead_id) == lead.id, col(Relay.entry) >= answer.number)
    return _members_of(lead) & col(Case.first_response_at).is_(None) & col(Case.id).not_in(heard)


def send_again(session: Session, lead_id: UUID, who: Viewer, now: datetime, form: Form) -> int:
    """A person says that the lead's last answer holds for those who joined since: each of them gets it."""
    lead = begin(session, lead_id, who, form)
    answer = last_answer(session, lead)
    if answer is None:
        raise Conflict("Nothing was answered yet.", mend="Write the answer; it goes to all of them.")
    number = _hand_on(session, lead, answer.number, RelayWhat.answer, now, who, _unheard(lead, answer))
    if not number:
        raise Conflict("Everybody has that answer already.", mend="Reload the case.")
    told: dict[str, object] = {"text": f"Sent the last answer to {number} who joined since.", "by": who.name}
    append(session, lead, EntryKind.noted, now, actor=str(who.staff_id), body=told | {"token": form.token})
    return number


def moved(session: Session, case: Case, now: datetime, follow_at: datetime | None = None) -> None:
    """Another office has a case (locked): its members follow, from `follow_at` (by default at once), to wherever it is
    then; a member that went alone leaves its crowd."""
    session.flush()
    if is_member(case):
        lead = session.get_one(Case, case.lead_id)
        if lead.office_id != case.office_id:
            leave(session, case, now, "It went to another office without the others.")
    elif not relay(session, case, case.timeline_length, RelayWhat.move, follow_at or now):
        compare_again(session, case, now)


def goes_alone(session: Session, case: Case, now: datetime) -> None:
    """A case (locked) is offered to another office: as a member it leaves its crowd, which stays here."""
    if is_member(case):
        leave(session, case, now, "It was offered to another office without the others.")


def heard(session: Session, case: Case, now: datetime) -> None:
    """The citizen of a member wrote again: whoever has the lead hears of it."""
    lead = session.get(Case, case.lead_id) if is_member(case) else None
    if lead is not None:
        text = f"{case.reference}: this citizen wrote again. It is answered together with {lead.reference}."
        tell_office(session, case, f"again:{case.id}:{case.timeline_length}", text, now)
