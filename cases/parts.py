"""A matter of several offices: one case leads, and each other office has its part, a case of its own under that lead.

The citizen hears one voice, the lead's: a part has no citizen, no address and no silence. What its office answers goes
to the lead's office. Its `resolution` clock measures the office inside, and it is offered like any case, so the lead's
office stays accountable for it until the other accepts.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

import escalation.service
from cases import history, telling
from cases.acting import Form, begin, lock, shift, words_of
from cases.rights import works_on
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id, new_reference
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.states import CaseState, ClockKind, ClockState, EntryKind, LeadLink, OfficeFunction, Outcome
from domain.timeline import append
from domain.visibility import Viewer, beside

LANGUAGE = "en"
"""What staff write to each other."""
HEARD = (EntryKind.received, EntryKind.citizen_wrote, EntryKind.transcribed)


@dataclass(frozen=True, slots=True)
class Part:
    """A part as the lead's office sees it. `office` has it, or is still to accept it (`offered`)."""

    reference: str
    office_id: UUID
    offered: bool
    state: CaseState
    task: str
    answer: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead as a part's office sees it: whose it is, and what the citizen wrote."""

    reference: str
    office_id: UUID
    closed: bool
    language: str
    words: tuple[tuple[datetime, str], ...]


def is_part(case: Case) -> bool:
    """Whether a case is a part of another."""
    return case.lead_link == LeadLink.part and case.lead_id is not None


def split(session: Session, case_id: UUID, who: Viewer, office_id: UUID, task: str, now: datetime, form: Form) -> Case:
    """Give another office its part of a case, with words for what it should do. Returns the part.

    Raises:
        NotAllowed: the case is about that office or one below it, or an integrity case would leave integrity.
    """
    words = words_of(task, "What they should do")
    lead = begin(session, case_id, who, form)
    if is_part(lead):
        raise Conflict(
            "This is itself a part.", mend="The office that leads gives out parts; write to it in your answer."
        )
    if lead.state in (CaseState.triage, CaseState.closed) or lead.pending_office_id is not None:
        raise Conflict("An office has to lead first.", mend="Give out parts once an office has the case for good.")
    known = catalogue(session)
    target = known.offices.get(office_id)
    if target is None or not target.active or target.id == lead.office_id or target.function == OfficeFunction.triage:
        raise BadInput("Choose another office that answers.", fields={"part_office": "Choose another office."})
    if lead.about_office_id is not None and target.id in {office.id for office in known.chain(lead.about_office_id)}:
        raise NotAllowed("This case is about that office or one it answers to, so it gets no part of it.")
    if lead.integrity and target.function != OfficeFunction.integrity:
        raise NotAllowed("An integrity case stays with integrity.", mend="Release it first, with a reason.")
    ours = known.offices[lead.office_id]
    part = Case(
        id=new_id(),
        reference=new_reference(),
        kind=lead.kind,
        state=CaseState.open,
        channel=lead.channel,
        language=LANGUAGE,
        text=words,
        place=lead.place,
        source=lead.source,
        confidential=lead.confidential,
        office_id=ours.id,
        assignee_id=lead.assignee_id or who.staff_id,
        pending_office_id=target.id,
        hops=1,
        integrity=lead.integrity,
        about_office_id=lead.about_office_id,
        about_staff_id=lead.about_staff_id,
        urgency=lead.urgency,
        routing_method="person",
        routing_reason=f"{who.name} at {known.name(ours.id)} asked for this part of {lead.reference}",
        lead_id=lead.id,
        lead_link=LeadLink.part,
        received_at=now,
        opened_at=now,
        updated_at=now,
    )
    session.add(part)
    actor = str(who.staff_id)
    told: dict[str, object] = {"lead": lead.reference, "text": words, "wordless": True, "by": who.name}
    append(session, part, EntryKind.split_off, now, actor=actor, body=told)
    placed: dict[str, object] = {
        "office": ours.code,
        "service": None,
        "reason": part.routing_reason,
        "method": "person",
    }
    append(session, part, EntryKind.routed, now, actor=actor, body=placed)
    if part.urgency:
        append(session, part, EntryKind.marked_urgent, now, body={"urgency": part.urgency})
    escalation.service.start(session, part, ClockKind.resolution, now)
    offer: dict[str, object] = {"from": ours.code, "to": target.code, "reason": words, "by": who.name}
    append(session, part, EntryKind.transferred, now, actor=actor, body=offer)
    escalation.service.start(session, part, ClockKind.acceptance, now)
    append(
        session,
        lead,
        EntryKind.split_off,
        now,
        actor=actor,
        body={"office": target.code, "part": part.reference, "text": words, "by": who.name, "token": form.token},
    )
    session.flush()
    return part


def answer_lead(session: Session, part: Case, who: Viewer, words: str, now: datetime, form: Form) -> int:
    """What a part's office (case locked) answers goes to the office that leads, never to the citizen. The number of the
    entry that says so."""
    answer = append(
        session,
        part,
        EntryKind.answered,
        now,
        actor=str(who.staff_id),
        body={"text": words, "to_lead": True, "by": who.name, "token": form.token},
    )
    part.first_response_at = part.first_response_at or now
    if part.assignee_id is None:
        part.assignee_id = who.staff_id
    lead = _lead_locked(session, part)
    office = catalogue(session).offices[part.office_id]
    entry = append(
        session,
        lead,
        EntryKind.part_answered,
        now,
        actor=str(who.staff_id),
        body={"office": office.code, "part": part.reference, "text": words, "by": who.name},
    )
    telling.tell_office(
        session, lead, f"part:{lead.id}:{entry.number}", f"{lead.reference}: {office.code} answered its part.", now
    )
    return answer.number


def unfinished(session: Session, lead: Case) -> list[Case]:
    """Parts of a case that some office still works on."""
    return list(
        session.exec(
            select(Case)
            .where(
                col(Case.lead_id) == lead.id, col(Case.lead_link) == LeadLink.part, col(Case.state) != CaseState.closed
            )
            .order_by(col(Case.id))
        )
    )


def check_finished(session: Session, lead: Case, anyway: str) -> dict[str, object]:
    """What closing a lead (locked) says of its parts. Raises BadInput while some are open and no reason is given."""
    waiting = unfinished(session, lead)
    if not waiting:
        return {}
    if not anyway.strip():
        known = catalogue(session)
        offices = ", ".join(sorted({known.name(one.pending_office_id or one.office_id) for one in waiting}))
        said = f"{offices} still works on a part. Wait for it, call it off, or say why you close without it."
        raise BadInput(said, fields={"anyway": said})
    return {"without": [one.reference for one in waiting], "anyway": words_of(anyway, "The reason", limit=500)}


def call_off(
    session: Session, lead_id: UUID, reference: str, who: Viewer, reason: str, now: datetime, form: Form
) -> Case:
    """The office that leads needs a part no more, whoever has it now; returns the lead.

    Raises:
        NotFound: there is no such part of a case this viewer sees.
        Conflict: the part is closed already.
    """
    why = words_of(reason, "The reason", limit=500)
    part = session.exec(
        select(Case)
        .where(col(Case.lead_id) == lead_id, col(Case.reference) == reference, col(Case.lead_link) == LeadLink.part)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if part is None:
        raise NotFound("There is no such part.")
    lead = lock(session, lead_id, who)
    if not works_on(lead, who):
        raise NotAllowed("Only the office that leads calls a part off.")
    if part.state == CaseState.closed:
        raise Conflict("That part is closed already.", mend="Reload the case to see what came of it.")
    office = catalogue(session).offices[part.pending_office_id or part.office_id]
    if part.pending_office_id is not None:
        part.pending_office_id = None
        append(session, part, EntryKind.withdrawn, now, actor=str(who.staff_id), body={"office": office.code})
    if part.state == CaseState.triage:
        shift(part, CaseState.open)
    shift(part, CaseState.closed)
    part.closed_at, part.outcome = now, Outcome.withdrawn
    said: dict[str, object] = {"outcome": Outcome.withdrawn, "text": why, "by": who.name}
    append(session, part, EntryKind.closed, now, actor=str(who.staff_id), body=said)
    escalation.service.restate(session, part, now)
    text = f"{part.reference}: the office that leads needs this part no more. {why}"
    telling.tell_office(session, part, f"off:{part.id}", text, now)
    append(
        session,
        lead,
        EntryKind.noted,
        now,
        actor=str(who.staff_id),
        body={
            "text": f"Called off the part of {office.code} ({part.reference}): {why}",
            "by": who.name,
            "token": form.token,
        },
    )
    return lead


def parts_of(session: Session, who: Viewer, lead: Case) -> list[Part]:
    """The parts of a case the viewer sees, oldest first, with what came of each."""
    rows = session.exec(
        select(Case)
        .where(col(Case.lead_id) == lead.id, col(Case.lead_link) == LeadLink.part, beside(who))
        .order_by(col(Case.id))
    ).all()
    return [_part(session, row) for row in rows]


def lead_of(session: Session, who: Viewer, part: Case) -> Lead | None:
    """The lead of a part the viewer sees; None for what is no part, or where they may not know of it."""
    if not is_part(part):
        return None
    lead = session.exec(select(Case).where(col(Case.id) == part.lead_id, beside(who))).first()
    if lead is None:
        return None
    heard = [entry for entry in history.timeline(session, lead) if entry.kind in HEARD and entry.body.get("text")]
    return Lead(
        lead.reference,
        lead.office_id,
        lead.state == CaseState.closed,
        lead.language,
        tuple((entry.at, str(entry.body["text"])) for entry in heard),
    )


def helping(session: Session, lead: Case) -> list[UUID]:
    """Offices beside the lead's that work on a part, for its citizen to know: those that accepted."""
    found = session.exec(
        select(Case.office_id).where(
            col(Case.lead_id) == lead.id,
            col(Case.lead_link) == LeadLink.part,
            col(Case.state).not_in((CaseState.triage, CaseState.closed)),
            col(Case.office_id) != lead.office_id,
            col(Case.integrity).is_(False),
        )
    )
    return sorted(set(found))


def _part(session: Session, row: Case) -> Part:
    said = [e.body.get("text") for e in history.timeline(session, row) if e.kind == EntryKind.answered]
    due = session.exec(
        select(Clock.deadline_at).where(
            col(Clock.case_id) == row.id,
            col(Clock.state) == ClockState.running,
            col(Clock.kind) == ClockKind.resolution,
        )
    ).first()
    pending = row.pending_office_id
    return Part(
        row.reference,
        pending or row.office_id,
        pending is not None,
        CaseState(row.state),
        row.text,
        str(said[-1]) if said else "",
        due,
    )


def _lead_locked(session: Session, part: Case) -> Case:
    # always after the part: whoever needs both locks them in this order
    query = select(Case).where(col(Case.id) == part.lead_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()
