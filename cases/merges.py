"""Two cases of one citizen about one matter: merged, one is answered and the other hears of it.

A merged case (`lead_link = merged`) keeps its reference, its timeline and its clocks, and its silence is not shortened
by merging: only an answer that is written afterwards, and reaches the citizen, ends it, since that one was given to
both. What its citizen writes on it goes on to the lead (`relays.passed_on`). A crowd joins different citizens, and each
gets a message; here nobody is told twice.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import afterwards, crowds, delivery, history, lifecycle, recall, relays, templated
from cases.acting import Form, begin, shift, words_of
from cases.parts import is_part
from cases.rights import works_on
from core.errors import BadInput, Conflict, NotAllowed
from core.ids import normalise_reference
from domain.case import Case
from domain.states import CaseState, EntryKind, LeadLink, Outcome
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, names_citizen, visible

HEARD = (EntryKind.answered, EntryKind.answer_delivered, EntryKind.answer_failed, EntryKind.closed, EntryKind.reopened)
"""What of a lead happens to whom was merged with it."""

ARRIVALS = (EntryKind.answer_delivered, EntryKind.answer_failed)


def other_case(session: Session, who: Viewer, typed: str, field: str) -> Case:
    """The case a reference names, among those this person may see. Raises BadInput for the field."""
    wanted = normalise_reference(typed)
    found = session.exec(select(Case).where(col(Case.reference) == wanted, visible(who))).first() if wanted else None
    if found is None:
        said = "There is no such case for you to see. Check the reference, letter by letter."
        raise BadInput(said, fields={field: said})
    return found


def same_citizen(case: Case, other: Case) -> bool:
    """Whether two cases are one citizen's, as far as staff may know it: nothing joins what was told in confidence."""
    if case.contact_point_id is not None and case.contact_point_id == other.contact_point_id:
        return names_citizen(case) == names_citizen(other)
    return (
        case.citizen_id is not None
        and case.citizen_id == other.citizen_id
        and names_citizen(case)
        and names_citizen(other)
    )


def merge(session: Session, case_id: UUID, who: Viewer, into: str, why: str, now: datetime, form: Form) -> Case:
    """This case is the same matter of the same citizen as the one `into` names; that one is answered from now on."""
    reason = words_of(why, "The reason", limit=500)
    lead_id = other_case(session, who, into, "into").id
    crowds.hold(session, [case_id, lead_id])
    case = begin(session, case_id, who, form)
    lead = session.get_one(Case, lead_id)
    _check(session, case, lead, who)
    enter(session, case, lead, reason, who, now, form)
    return case


def close_as_duplicate(
    session: Session, case_id: UUID, who: Viewer, text: str, other: str, now: datetime, form: Form
) -> Case:
    """Close a case with an answer as a duplicate of the one that `other` names, and merge it with that one: whatever
    its citizen still writes on it goes there. The silence ends when the answer arrives."""
    words = words_of(text, "The closing answer", limit=lifecycle.ANSWER_LIMIT)
    lead_id = other_case(session, who, other, "duplicate_of").id
    crowds.hold(session, [case_id, lead_id])
    case = begin(session, case_id, who, form)
    lead = session.get_one(Case, lead_id)
    _check(session, case, lead, who)
    beside: dict[str, object] = {"duplicate_of": lead.reference}
    verdict = templated.judge(session, case, who, words, now)
    beside |= lifecycle.judged(verdict)
    closed = lifecycle.settle(session, case, who, Outcome.duplicate, words, now, form, beside, final=True)
    templated.keep(session, case, who, closed, words, verdict, None, now)
    enter(session, case, lead, "Closed as a duplicate.", who, now, form)
    return case


def enter(session: Session, case: Case, lead: Case, why: str, who: Viewer, now: datetime, form: Form) -> None:
    """Merge a case with its lead (both locked)."""
    said: dict[str, object] = {"why": why, "by": who.name, "token": form.token}
    actor = str(who.staff_id)
    case.lead_id, case.lead_link = lead.id, LeadLink.merged
    case.assignee_id = lead.assignee_id
    took = append(session, lead, EntryKind.merged, now, actor=actor, body={"took": case.reference, **said})
    body = {"into": lead.reference, "seen": took.number, **said}
    append(session, case, EntryKind.merged, now, actor=actor, public=True, body=body)


def _check(session: Session, case: Case, lead: Case, who: Viewer) -> None:
    """Raise BadInput or Conflict unless a case may be merged with a lead (both locked)."""
    if case.id == lead.id:
        raise BadInput("That is this case.", fields={"into": "That is this case."})
    if not same_citizen(case, lead):
        said = "That is another citizen's. Join them instead: each then gets the answer."
        raise BadInput(said, fields={"into": said, "duplicate_of": said})
    if not works_on(lead, who):
        raise NotAllowed("You may read that case but not work on it.", mend="Ask the office that has it.")
    if is_part(case) or is_part(lead) or case.lead_id is not None or lead.lead_id is not None:
        raise Conflict("One of them belongs to another case.", mend="Take it out of there first.")
    leads = select(Case.id).where(col(Case.lead_id) == case.id, col(Case.lead_link) != LeadLink.part)
    if session.exec(leads.limit(1)).first() is not None:
        raise Conflict("Others are answered with this case.", mend="Merge the other one with this.")
    apart = (case.office_id, case.integrity, case.about_office_id) != (
        lead.office_id,
        lead.integrity,
        lead.about_office_id,
    )
    if apart or case.pending_office_id is not None or lead.pending_office_id is not None:
        raise Conflict("They are not with the same office.", mend="Transfer one of them first.")
    for one in (case, lead):
        if one.state in (CaseState.triage, CaseState.closed) or afterwards.on_appeal(session, one):
            raise Conflict(f"{one.reference} is not open.", mend="Only open cases of an office are merged.")


def unmerge(session: Session, case_id: UUID, who: Viewer, reason: str, now: datetime, form: Form) -> Case:
    """It is another matter after all: answered by itself again. What was closed only with its lead is open again."""
    why = words_of(reason, "The reason", limit=500)
    case = begin(session, case_id, who, form)
    if not relays.is_merged(case):
        raise Conflict("This case is not merged.", mend="Reload it to see what happened.")
    query = select(Case).where(col(Case.id) == case.lead_id).with_for_update()
    lead = session.exec(query, execution_options={"populate_existing": True}).one()
    mirror(session, case, lead, now)
    case.lead_id, case.lead_link = None, None
    actor = str(who.staff_id)
    said: dict[str, object] = {"why": why, "by": who.name, "token": form.token}
    append(session, case, EntryKind.unmerged, now, actor=actor, public=True, body={"from": lead.reference, **said})
    append(session, lead, EntryKind.unmerged, now, actor=actor, body={"gave": case.reference, **said})
    if case.state == CaseState.closed and _closed_with_lead(session, case):
        append(
            session, case, EntryKind.reopened, now, actor=actor, public=True, body={"why": "another matter after all"}
        )
        shift(case, CaseState.open)
        case.closed_at, case.outcome = None, None
    delivery.restate(session, case, now)
    return case


def release(session: Session, lead: Case, now: datetime) -> None:
    """A lead (locked) was taken back: what was merged with it stands alone, until its citizen takes that back too."""
    query = select(Case).where(col(Case.lead_id) == lead.id, col(Case.lead_link) == LeadLink.merged)
    for case in session.exec(query.order_by(col(Case.id)).with_for_update()).all():
        mirror(session, case, lead, now)
        case.lead_id, case.lead_link = None, None
        append(session, case, EntryKind.unmerged, now, public=True, body={"from": lead.reference, "why": "taken back"})


def _closed_with_lead(session: Session, case: Case) -> bool:
    last = [entry for entry in history.timeline(session, case) if entry.kind == EntryKind.closed]
    return bool(last) and "of" in last[-1].body


def mirror(session: Session, case: Case, lead: Case, now: datetime) -> bool:
    """Let what reached the lead's citizen since the merging count for a merged case (locked); whether there was any.

    The lead is only read: its timeline grows at its end alone.
    """
    own = history.timeline(session, case)
    since = [
        _number(entry.body.get("seen")) for entry in own if entry.kind == EntryKind.merged and "seen" in entry.body
    ]
    told = {
        _number(entry.body["of"]) for entry in own if "of" in entry.body and entry.body.get("lead") == lead.reference
    }
    messages = {str(entry.body.get("message")) for entry in own if "of" in entry.body}
    fresh = [e for e in recall.told(history.timeline(session, lead), now) if e.number > max(since, default=0)]
    done = False
    for entry in fresh:
        message = str(entry.body.get("message"))
        if entry.kind == EntryKind.answered:
            messages.add(message)
        elif entry.kind in ARRIVALS and message not in messages and not message.startswith("call:"):
            continue  # written before the two were merged: nobody gave it to this one
        if entry.kind in HEARD and entry.number not in told:
            _copy(session, case, lead, entry)
            done = True
    if done:
        delivery.restate(session, case, now)
    return done


def _copy(session: Session, case: Case, lead: Case, entry: TimelineEntry) -> None:
    body = {name: value for name, value in entry.body.items() if name != "token"} | {
        "of": entry.number,
        "lead": lead.reference,
    }
    match EntryKind(entry.kind):
        case EntryKind.answered if case.state in (CaseState.open, CaseState.waiting):
            shift(case, CaseState.answered)
        case EntryKind.answer_failed if case.state in (CaseState.answered, CaseState.closed):
            shift(case, CaseState.open)
            case.closed_at, case.outcome = None, None
        case EntryKind.closed if case.state != CaseState.closed:
            shift(case, CaseState.closed)
            case.outcome, case.closed_at = Outcome(str(entry.body["outcome"])), entry.at
        case EntryKind.reopened if case.state == CaseState.closed:
            shift(case, CaseState.open)
            case.closed_at, case.outcome = None, None
        case _:
            pass
    append(session, case, EntryKind(entry.kind), entry.at, actor=entry.actor, body=body)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
