"""Handing a whole case to the integrity office, and saying whom it is about.

Officers do it who see what a case is really about, and citizens from the tracking page. What accuses when it
arrives never gets so far (`cases/arriving.py`); what is no matter of integrity is released (`release`).
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select, update

import escalation.service
import routing.service
from cases import handover, history, rerouting, teaching
from cases.acting import Form, begin, shift, tell, words_of
from cases.opening import pin_of
from core.errors import BadInput, Conflict, NotAllowed
from domain.case import Case
from domain.catalogue import catalogue
from domain.staff import Staff, StaffRole
from domain.states import CaseState, EntryKind, OfficeFunction, Purpose
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, countable, visible
from routing.assignment import assign

MOST_CLEARED = 1000
"""Newest released texts the recogniser learns from."""


def restrict(session: Session, case_id: UUID, who: Viewer, reason: str, now: datetime, form: Form) -> Case:
    """An officer sees that an ordinary case is about somebody's conduct: integrity gets it, and they see it no more."""
    why = words_of(reason, "The reason", limit=500)
    case = begin(session, case_id, who, form)
    if case.integrity:
        raise Conflict("The integrity office has this case already.")
    keep_apart(session, case, now, actor=str(who.staff_id), reason=why, by=who.name, token=form.token)
    return case


def restrict_for_citizen(session: Session, case: Case, now: datetime) -> bool:
    """The citizen wants only the integrity office to see their case (locked). False where it has it already."""
    if case.integrity:
        return False
    keep_apart(
        session, case, now, actor="citizen", reason="The citizen asked for it on the tracking page.", by="citizen"
    )
    return True


def keep_apart(
    session: Session,
    case: Case,
    now: datetime,
    *,
    actor: str,
    reason: str,
    by: str,
    token: str = "",
    about: UUID | None = None,
) -> None:
    """An ordinary case (locked) goes to the integrity office alone. `about` is the office complained about; without one
    it is the office that has the case, unless that only sorts messages. Raises Conflict where no integrity office is
    outside of it."""
    known = catalogue(session)
    had = known.offices[case.office_id]
    if about is None and had.function == OfficeFunction.service:
        about = had.id
    shut_out = {above.id for above in known.chain(about or had.id)}
    desks = [o.id for _, o in sorted(known.office_by_code.items()) if o.function == OfficeFunction.integrity]
    desk = next((office_id for office_id in desks if office_id not in shut_out), None)
    if desk is None:
        raise Conflict("There is no integrity office to give it to.", mend="An administrator names one.")
    # nobody keeps a list of who reads what: the integrity office is told who could, and does not learn more
    seen = ", ".join(known.offices[at].code for at in (case.office_id, case.pending_office_id) if at is not None)
    if case.state == CaseState.waiting:
        case.state = CaseState.open
    if case.state != CaseState.open:
        if case.state == CaseState.closed:
            append(session, case, EntryKind.reopened, now, actor=actor, body={"why": "it goes to integrity"})
            case.closed_at, case.outcome = None, None
        shift(case, CaseState.open)
    case.integrity = True
    # who still has others of its crowd, or a part of it, must not find it there
    linked = update(Case).where(col(Case.lead_id) == case.id).values(lead_id=None, lead_link=None)
    session.execute(linked, execution_options={"synchronize_session": "fetch"})
    case.lead_id, case.lead_link = None, None
    case.about_office_id = about
    case.office_id, case.pending_office_id = desk, None
    case.routing_method, case.routing_reason = "person", reason
    case.routing_confidence = case.routing_model = None
    body: dict[str, object] = {"reason": reason, "by": by, "from": had.code, "seen_by": seen, "token": token}
    append(session, case, EntryKind.restricted, now, actor=actor, body=body)
    routed: dict[str, object] = {
        "office": known.offices[desk].code,
        "service": None,
        "reason": reason,
        "method": "person",
    }
    append(session, case, EntryKind.routed, now, office_id=desk, body={**routed, "confidence": None, "model": None})
    case.assignee_id = assign(session, desk, now, about_office_id=case.about_office_id)
    escalation.service.move(session, case, now)
    # the office that had it knows the number's last digits: from now on only the PIN opens the tracking page
    tell(session, case, Purpose.transfer, "apart", f"apart:{case.id}:{case.timeline_length}", now, pin=pin_of(case.id))


def release(session: Session, case_id: UUID, who: Viewer, reason: str, now: datetime, form: Form) -> Case:
    """The integrity office finds that a case was wrongly caught: it goes where it would have gone at once."""
    why = words_of(reason, "The reason")
    case = begin(session, case_id, who, form)
    if not case.integrity or not who.integrity_offices:
        raise NotAllowed("Only the integrity office releases, and only its own cases.")
    known = catalogue(session)
    about = known.offices.get(case.about_office_id) if case.about_office_id else None
    service = known.services.get(case.service_id) if case.service_id else None
    decision = routing.service.route(
        session,
        text="" if history.wordless(session, case) else case.text,
        language=case.language,
        service=service.code if service else None,
        place=case.place,
        office_code=about.code if about is not None and about.function == OfficeFunction.service else None,
        location=case.location,
        cleared=True,
        now=now,
    )
    append(
        session,
        case,
        EntryKind.released,
        now,
        actor=str(who.staff_id),
        body={"reason": why, "by": who.name, "token": form.token},
    )
    teaching.ask(session, "integrity released a case", now, who.staff_id)
    if case.state in (CaseState.answered, CaseState.closed):
        shift(case, CaseState.open)
        case.closed_at, case.outcome = None, None
    rerouting.decided_anew(session, case, decision, f"Released by the integrity office. {decision.reason}", now)
    handover.take_over(
        session, case, decision.office_id, now, state=CaseState.triage if decision.triage else CaseState.open
    )
    return case


def cleared(session: Session) -> list[str]:
    """Texts that the integrity office released: ordinary after all. What is in its hands again is none."""
    released = select(TimelineEntry.case_id).where(col(TimelineEntry.kind) == EntryKind.released)
    rows = select(Case.text).where(col(Case.id).in_(released), countable()).order_by(col(Case.opened_at).desc())
    return [text for text in session.exec(rows.limit(MOST_CLEARED)) if text]


def tally(session: Session, who: Viewer, since: datetime) -> tuple[int, int] | None:
    """How many cases came to the viewer's integrity offices since then, and how many they released; None for others."""
    if not who.integrity_offices:
        return None
    here = select(func.count()).select_from(Case).where(visible(who), col(Case.integrity), col(Case.opened_at) >= since)
    gone = (
        select(func.count(func.distinct(TimelineEntry.case_id)))
        .where(col(TimelineEntry.kind) == EntryKind.released, col(TimelineEntry.at) >= since)
        .where(col(TimelineEntry.office_id).in_(who.integrity_offices))
    )
    released = session.exec(gone).one()
    return session.exec(here).one() + released, released


def say_about(
    session: Session,
    case_id: UUID,
    who: Viewer,
    office_id: UUID | None,
    staff_id: UUID | None,
    now: datetime,
    form: Form,
) -> Case:
    """The integrity office says which office and which person a case is about; they and all above see it no more."""
    case = begin(session, case_id, who, form)
    if not case.integrity or not who.integrity_offices:
        raise NotAllowed("Only the integrity office says whom a case is about, and only of its own cases.")
    known = catalogue(session)
    if office_id is not None and office_id not in known.offices:
        raise BadInput("Choose an office.", fields={"about": "choose an office"})
    if office_id == case.office_id:
        raise NotAllowed("A case about the integrity office itself cannot stay with it.", mend="Release it to triage.")
    person = session.get(Staff, staff_id) if staff_id is not None else None
    if staff_id is not None and person is None:
        raise BadInput("Choose a person.", fields={"person": "choose a person"})
    if staff_id is not None and staff_id == who.staff_id:
        raise NotAllowed("A case about you is for somebody else.", mend="Give it to a colleague first.")
    case.about_office_id, case.about_staff_id = office_id, staff_id
    if case.assignee_id == staff_id and staff_id is not None:
        case.assignee_id = assign(session, case.office_id, now, not_staff=[staff_id], about_office_id=office_id)
    append(
        session,
        case,
        EntryKind.noted,
        now,
        actor=str(who.staff_id),
        body={
            "text": f"It is about {known.name(office_id) or 'no office'}{f', {person.name}' if person else ''}.",
            "by": who.name,
            "token": form.token,
        },
    )
    return case


def people_of(session: Session, office_id: UUID | None) -> list[tuple[UUID, str]]:
    """Who works at an office, or did until a last day, for saying whom a case is about."""
    if office_id is None:
        return []
    return list(
        session.exec(
            select(Staff.id, Staff.name)
            .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
            .where(col(StaffRole.office_id) == office_id, col(Staff.active).is_(True))
            .distinct()
            .order_by(col(Staff.name))
        ).all()
    )
