"""Who has the case: assignment, transfer with acceptance, refusal to triage, release by integrity.

No wrong door: whoever has it stays accountable until another office accepts, and "not ours" closes nothing. An offer
ends in one of four ways: accepted, refused, taken back, or not answered in time (`cases.lapses`).
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

import escalation.service
from cases import afterwards, relays
from cases.acting import Form, begin, shift, tell, words_of
from cases.rights import WORKING
from core.errors import BadInput, Conflict, NotAllowed
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.staff import Staff, StaffRole, in_force
from domain.states import CaseState, ClockKind, EntryKind, OfficeFunction, Purpose
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer
from routing import assignment

MAX_HOPS = 2
"""Offers to other offices after which triage decides. A case that comes back to where it was went the whole way; an
offer taken back does not count."""


def assign(session: Session, case_id: UUID, who: Viewer, staff_id: UUID, now: datetime, form: Form) -> Case:
    """Give the case to a colleague of the office that has it."""
    case = begin(session, case_id, who, form)
    colleague = session.exec(
        select(Staff)
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(
            col(Staff.id) == staff_id,
            col(Staff.active).is_(True),
            col(StaffRole.office_id) == case.office_id,
            col(StaffRole.role).in_([*WORKING]),
            in_force(now),
        )
    ).first()
    if colleague is None or colleague.id == case.about_staff_id:
        raise BadInput("That person does not work at the office that has this case.", mend="Choose somebody who does.")
    case.assignee_id = colleague.id
    append(
        session,
        case,
        EntryKind.assigned,
        now,
        actor=str(who.staff_id),
        body={"to": colleague.name, "staff": str(colleague.id), "token": form.token},
    )
    return case


def transfer(
    session: Session, case_id: UUID, who: Viewer, office_id: UUID, reason: str, now: datetime, form: Form
) -> Case:
    """Offer the case to another office, which has an acceptance clock. Until it accepts, this office stays accountable.

    After `MAX_HOPS` the triage desk decides instead. The citizen is told once somebody has it, not of every offer.
    """
    why = words_of(reason, "The reason")
    case = begin(session, case_id, who, form)
    known = catalogue(session)
    target = known.offices.get(office_id)
    if target is None or not target.active or target.id == case.office_id:
        raise BadInput("Choose another office that is open.", fields={"office": "choose another office"})
    if case.about_office_id is not None and target.id in {office.id for office in known.chain(case.about_office_id)}:
        raise NotAllowed("This case is about that office or one it answers to, so it cannot go there.")
    if case.integrity and target.function != OfficeFunction.integrity:
        raise NotAllowed("An integrity case stays with integrity.", mend="Release it first, with a reason.")
    relays.check_alone(session, case)
    if afterwards.on_appeal(session, case):
        raise Conflict("This is an appeal.", mend="Decide it; another office can be given a part of it.")
    if case.pending_office_id is not None:
        raise Conflict("It is already offered to another office.", mend="Wait for its answer, or take it back.")
    if case.state == CaseState.closed:
        raise Conflict("It is closed.", mend="It opens again when the citizen writes; then send it on.")
    triage = known.with_function(OfficeFunction.triage)
    if case.hops >= MAX_HOPS and triage is not None and target.id != triage.id and not case.integrity:
        if case.office_id == triage.id:
            raise Conflict("It went from office to office already.", mend="Place it: that office has it at once.")
        target = triage
        why = f"{why} (moved twice already, so triage decides)"
    relays.goes_alone(session, case, now)
    append(
        session,
        case,
        EntryKind.transferred,
        now,
        actor=str(who.staff_id),
        public=True,
        body={
            "from": known.offices[case.office_id].code,
            "to": target.code,
            "reason": why,
            "by": who.name,
            "token": form.token,
        },
    )
    case.hops += 1
    if target.function == OfficeFunction.triage:
        take_over(session, case, target.id, now, state=CaseState.triage)
    else:
        case.pending_office_id = target.id
        escalation.service.start(session, case, ClockKind.acceptance, now)
    return case


def _assign(session: Session, case: Case, office_id: UUID, now: datetime) -> UUID | None:
    not_staff = [case.about_staff_id] if case.about_staff_id else []
    return assignment.assign(
        session,
        office_id,
        now,
        not_staff=not_staff,
        about_office_id=case.about_office_id,
        citizen_id=None if case.confidential else case.citizen_id,
    )


def take_over(
    session: Session,
    case: Case,
    office_id: UUID,
    now: datetime,
    *,
    state: CaseState,
    silent: bool = False,
    tell_at: datetime | None = None,
) -> None:
    """The case (locked) is this office's from now on: append what led to it first. The citizen is told once who has it,
    from `tell_at` (by default at once).

    Triage looks for the office, as the tracking page says, so nobody is told of that; and nobody is told twice of the
    same office, where triage gives a case back to the one that the citizen knows of.
    """
    before, entry = case.office_id, case.timeline_length  # what led to it; clocks and crowds may add theirs below
    if case.state in (CaseState.waiting, CaseState.answered) and state is CaseState.triage:
        shift(case, CaseState.open)
    shift(case, state)
    case.office_id, case.pending_office_id = office_id, None
    case.assignee_id = None if state is CaseState.triage else _assign(session, case, office_id, now)
    escalation.service.move(session, case, now)
    if before != office_id:
        relays.moved(session, case, now, tell_at)
    if before == office_id or case.integrity or silent or state is CaseState.triage:
        return
    known = catalogue(session)
    if _known_to_have_it(session, case, known) == office_id:
        return
    key, name = told_key(case.id, entry), known.name(office_id, case.language)
    tell(session, case, Purpose.transfer, "transfer", key, now, tell_at, office=name)


def told_key(case_id: UUID, number: int) -> str:
    """Key of the message that tells a citizen who has their case, after that entry of its timeline."""
    return f"transfer:{case_id}:{number}"


def _known_to_have_it(session: Session, case: Case, known: Catalogue) -> UUID | None:
    """The office the citizen last heard of before the one that has just been given the case; None for none yet."""
    given = session.exec(
        select(TimelineEntry)
        .where(
            col(TimelineEntry.case_id) == case.id,
            col(TimelineEntry.kind).in_((EntryKind.routed, EntryKind.accepted)),
        )
        .order_by(col(TimelineEntry.number).desc())
    ).all()
    taken_back = {entry.body.get("undoes") for entry in given}  # nobody was told of these
    offices = [
        known.office_by_code.get(str(entry.body.get("office"))) for entry in given if entry.number not in taken_back
    ]
    return next((one.id for one in offices[1:] if one and one.function == OfficeFunction.service), None)


def accept(session: Session, case_id: UUID, who: Viewer, now: datetime, form: Form) -> Case:
    """The office a case was offered to takes it; from here it is accountable. The clocks run on."""
    case = begin(session, case_id, who, form, offered=True)
    office_id = _offered_to(case, who)
    append(
        session,
        case,
        EntryKind.accepted,
        now,
        actor=str(who.staff_id),
        public=True,
        office_id=office_id,
        body={"office": catalogue(session).offices[office_id].code, "by": who.name, "token": form.token},
    )
    state = CaseState(case.state)
    take_over(session, case, office_id, now, state=CaseState.open if state is CaseState.triage else state)
    return case


def refuse(session: Session, case_id: UUID, who: Viewer, reason: str, now: datetime, form: Form) -> Case:
    """The office a case was offered to refuses by name, with a reason; triage decides."""
    why = words_of(reason, "The reason")
    case = begin(session, case_id, who, form, offered=True)
    office_id = _offered_to(case, who)
    known = catalogue(session)
    append(
        session,
        case,
        EntryKind.refused,
        now,
        actor=str(who.staff_id),
        office_id=office_id,
        body={"office": known.offices[office_id].code, "reason": why, "by": who.name, "token": form.token}
        | left_to(session, case),
    )
    give_to_triage(session, case, now)
    return case


def left_to(session: Session, case: Case) -> dict[str, object]:
    """What the entry of an offer that nobody took says beside: where the case stays. Nothing where triage decides."""
    triage = catalogue(session).with_function(OfficeFunction.triage)
    return {"stays": True} if triage is None or case.integrity else {}


def give_to_triage(session: Session, case: Case, now: datetime) -> None:
    """No office took it (append that first, with `left_to`): triage decides.

    A matter of integrity is none for triage, and a small government has no triage: it stays with whoever had it.
    """
    triage = catalogue(session).with_function(OfficeFunction.triage)
    if triage is None or case.integrity:
        case.pending_office_id = None
        escalation.service.restate(session, case, now)
    else:
        take_over(session, case, triage.id, now, state=CaseState.triage)


def withdraw(session: Session, case_id: UUID, who: Viewer, now: datetime, form: Form) -> Case:
    """The office that offered the case takes the offer back; it stays where it was all the time."""
    case = begin(session, case_id, who, form)
    if case.pending_office_id is None:
        raise Conflict("This case is not offered to anybody.", mend="Reload the case to see where it is.")
    offered = catalogue(session).offices[case.pending_office_id]
    case.pending_office_id = None
    case.hops -= 1
    append(
        session,
        case,
        EntryKind.withdrawn,
        now,
        actor=str(who.staff_id),
        public=True,
        body={"office": offered.code, "by": who.name, "token": form.token},
    )
    escalation.service.restate(session, case, now)
    return case


def _offered_to(case: Case, who: Viewer) -> UUID:
    if case.pending_office_id is None:
        raise Conflict("This case is not offered to anybody.", mend="Reload the case to see where it is.")
    if who.offices is None or case.pending_office_id not in who.offices:
        raise NotAllowed("Only the office it was offered to can accept or refuse.")
    return case.pending_office_id
