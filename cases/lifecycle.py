"""What staff and citizens do with a case once it is open.

Every action takes who acts, what they had seen (`seen`: the timeline's length on their screen) and the form's one-time
`token`: a second click is a no-op, and an action on something that changed meanwhile is refused with what happened.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

import escalation.service
from cases.opening import Opening, open_case
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings
from core.texts import clean
from domain.access import TrainingLabel
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.staff import Staff, StaffRole
from domain.states import (
    CaseState,
    ClockKind,
    EntryKind,
    OfficeFunction,
    Outcome,
    Purpose,
    Role,
    check_transition,
)
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, visible
from nlp.courtesy import is_only_thanks
from notifications import compose, outbox
from routing import assignment

ANSWER_LIMIT = 1600
"""Most characters of one answer: Twilio takes no more in one message."""
MAX_HOPS = 2
WORKING = frozenset({Role.operator, Role.officer, Role.supervisor, Role.head, Role.triage, Role.integrity})
MATTERS = frozenset(
    {
        EntryKind.citizen_wrote,
        EntryKind.answered,
        EntryKind.asked,
        EntryKind.transferred,
        EntryKind.accepted,
        EntryKind.refused,
        EntryKind.routed,
        EntryKind.closed,
        EntryKind.reopened,
        EntryKind.released,
    }
)
"""Entries that change what the right next action is; a note or a receipt does not."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form on a page carries besides its fields."""

    seen: int
    token: str


class Repeated(Exception):
    """The same form was handled already; there is nothing to do."""


def lock(session: Session, case_id: UUID, who: Viewer) -> Case:
    """The case, locked for change. Raises NotFound for what the viewer may not see."""
    case = session.exec(select(Case).where(col(Case.id) == case_id, visible(who)).with_for_update()).first()
    if case is None:
        raise NotFound("There is no such case on your desk.", mend="It may have gone to another office meanwhile.")
    return case


def _begin(session: Session, case_id: UUID, who: Viewer, form: Form) -> Case:
    case = lock(session, case_id, who)
    if not who.has(*WORKING):
        raise NotAllowed("Your role reads cases but does not work on them.", mend="Ask the office that has it.")
    news = session.exec(
        select(TimelineEntry)
        .where(col(TimelineEntry.case_id) == case.id, col(TimelineEntry.number) > form.seen)
        .order_by(col(TimelineEntry.number))
    ).all()
    if any(entry.body.get("token") == form.token for entry in news):
        raise Repeated
    changed = [entry for entry in news if entry.kind in MATTERS]
    if changed:
        what = ", ".join(dict.fromkeys(str(entry.kind).replace("_", " ") for entry in changed))
        raise Conflict(
            f"Since you opened {case.reference} this happened: {what}. Nothing of yours was sent.",
            mend="Read what is new, then send again; your words are kept in the box.",
        )
    return case


def _move(case: Case, state: CaseState) -> None:
    check_transition(CaseState(case.state), state)
    case.state = state


def _words(text: str, what: str, *, limit: int = 4000) -> str:
    words = clean(text)
    if not words:
        raise BadInput(f"{what} is empty.", mend="Write it, then send again.", fields={"text": f"{what} is empty"})
    if len(words) > limit:
        raise BadInput(
            f"{what} has {len(words)} characters; {limit} fit.",
            mend="Shorten it, or send it in two parts.",
            fields={"text": f"{len(words) - limit} characters too long"},
        )
    return words


def _tell(
    session: Session, case: Case, purpose: Purpose, template: str, form_key: str, now: datetime, **values: object
) -> OutboundMessage | None:
    if case.contact_point_id is None:
        return None
    contact = session.get_one(ContactPoint, case.contact_point_id)
    language = contact.language or case.language
    return outbox.enqueue(
        session,
        purpose=purpose,
        contact=contact,
        language=language,
        body=compose.compose(template, language, reference=case.reference, site=settings().site_url, **values),
        dedupe_key=form_key,
        now=now,
        case=case,
    )


def reply(
    session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form, *, templated: bool = False
) -> Case:
    """Send a human answer on the citizen's channel.

    The silence ends when it is delivered, not now. Without a contact point it is published on the tracking page, the
    only channel that citizen reads, and that is its delivery.
    """
    words = _words(text, "The answer", limit=ANSWER_LIMIT)
    case = _begin(session, case_id, who, form)
    _move(case, CaseState.answered)
    _answer(session, case, who, words, now, form, templated=templated)
    return case


def _answer(
    session: Session, case: Case, who: Viewer, words: str, now: datetime, form: Form, *, templated: bool
) -> None:
    office = catalogue(session).name(case.office_id, case.language)
    message = _tell(session, case, Purpose.answer, "answer", f"answer:{form.token}", now, text=words, office=office)
    append(
        session,
        case,
        EntryKind.answered,
        now,
        actor=str(who.staff_id),
        public=True,
        body={
            "text": words,
            "message": str(message.id) if message else None,
            "templated": templated,
            "by": who.name,
            "token": form.token,
        },
    )
    if case.assignee_id is None:
        case.assignee_id = who.staff_id
    if case.contact_point_id is None:
        delivered(session, case, None, now)


def delivered(session: Session, case: Case, message: OutboundMessage | None, at: datetime) -> None:
    """A human answer reached the citizen: the silence, and what was due in reply, end at `at`."""
    append(
        session,
        case,
        EntryKind.answer_delivered,
        at,
        body={"message": str(message.id) if message else None, "how": "receipt" if message else "tracking page"},
    )
    escalation.service.restate(session, case, at)


def failed(session: Session, case: Case, message: OutboundMessage, at: datetime) -> None:
    """An answer will never arrive: the silence goes on as if it had not been written, and the case is open again."""
    append(
        session,
        case,
        EntryKind.answer_failed,
        at,
        body={"message": str(message.id), "failure": message.failure},
    )
    if case.state in (CaseState.answered, CaseState.closed):
        _move(case, CaseState.open)
        case.closed_at = None
    escalation.service.restate(session, case, at)


def ask(session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form) -> Case:
    """Ask the citizen something. The resolution clock pauses; the silence does not."""
    words = _words(text, "The question", limit=ANSWER_LIMIT)
    case = _begin(session, case_id, who, form)
    if case.contact_point_id is None:
        raise BadInput("This citizen left no address to ask at.", mend="Answer on the tracking page instead.")
    _move(case, CaseState.waiting)
    office = catalogue(session).name(case.office_id, case.language)
    message = _tell(
        session, case, Purpose.question, "question", f"question:{form.token}", now, text=words, office=office
    )
    append(
        session,
        case,
        EntryKind.asked,
        now,
        actor=str(who.staff_id),
        public=True,
        body={"text": words, "message": str(message.id) if message else None, "by": who.name, "token": form.token},
    )
    escalation.service.restate(session, case, now)
    return case


def note(session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form) -> Case:
    """Keep something for colleagues; the citizen does not see it and no clock moves."""
    words = _words(text, "The note")
    case = _begin(session, case_id, who, Form(10**9, form.token))
    repeated = session.exec(
        select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id, col(TimelineEntry.number) > form.seen)
    ).all()
    if any(entry.body.get("token") == form.token for entry in repeated):
        raise Repeated
    append(
        session,
        case,
        EntryKind.noted,
        now,
        actor=str(who.staff_id),
        body={"text": words, "by": who.name, "token": form.token},
    )
    return case


def assign(session: Session, case_id: UUID, who: Viewer, staff_id: UUID, now: datetime, form: Form) -> Case:
    """Give the case to a colleague of the office that has it."""
    case = _begin(session, case_id, who, form)
    colleague = session.exec(
        select(Staff)
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(
            col(Staff.id) == staff_id,
            col(Staff.active).is_(True),
            col(StaffRole.office_id) == case.office_id,
            col(StaffRole.role).in_([*WORKING]),
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

    After two hops the triage desk decides instead.
    """
    why = _words(reason, "The reason")
    case = _begin(session, case_id, who, form)
    known = catalogue(session)
    target = known.offices.get(office_id)
    if target is None or not target.active or target.id == case.office_id:
        raise BadInput("Choose another office that is open.", fields={"office": "choose another office"})
    if case.about_office_id is not None and target.id in {office.id for office in known.chain(case.about_office_id)}:
        raise NotAllowed("This case is about that office or one it answers to, so it cannot go there.")
    if case.integrity and target.function != OfficeFunction.integrity:
        raise NotAllowed("An integrity case stays with integrity.", mend="Release it first, with a reason.")
    if case.pending_office_id is not None:
        raise Conflict("It is already offered to another office.", mend="Wait until that office accepts or refuses.")
    triage = known.with_function(OfficeFunction.triage)
    if case.hops >= MAX_HOPS and triage is not None and target.id != triage.id:
        target = triage
        why = f"{why} (moved twice already, so triage decides)"
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
        _take_over(session, case, target.id, now, state=CaseState.triage)
    else:
        case.pending_office_id = target.id
        escalation.service.start(session, case, ClockKind.acceptance, now)
    return case


def _take_over(session: Session, case: Case, office_id: UUID, now: datetime, *, state: CaseState) -> None:
    before = case.office_id
    if case.state == CaseState.waiting and state is CaseState.triage:
        case.state = CaseState.open
    _move(case, state)
    case.office_id, case.pending_office_id = office_id, None
    case.assignee_id = None if state is CaseState.triage else assignment.assign(session, office_id, now)
    escalation.service.move(session, case, now)
    if before != office_id and not case.integrity:
        name = catalogue(session).name(office_id, case.language)
        _tell(
            session, case, Purpose.transfer, "transfer", f"transfer:{case.id}:{case.timeline_length}", now, office=name
        )


def accept(session: Session, case_id: UUID, who: Viewer, now: datetime, form: Form) -> Case:
    """The office a case was offered to takes it; from here it is accountable. The clocks run on."""
    case = _begin(session, case_id, who, form)
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
    _take_over(session, case, office_id, now, state=CaseState.open if state is CaseState.triage else state)
    return case


def refuse(session: Session, case_id: UUID, who: Viewer, reason: str, now: datetime, form: Form) -> Case:
    """The office a case was offered to refuses by name, with a reason; triage decides."""
    why = _words(reason, "The reason")
    case = _begin(session, case_id, who, form)
    office_id = _offered_to(case, who)
    known = catalogue(session)
    append(
        session,
        case,
        EntryKind.refused,
        now,
        actor=str(who.staff_id),
        office_id=office_id,
        body={"office": known.offices[office_id].code, "reason": why, "by": who.name, "token": form.token},
    )
    triage = known.with_function(OfficeFunction.triage)
    if triage is None:  # a small government without a triage desk: it stays with whoever had it
        case.pending_office_id = None
        escalation.service.restate(session, case, now)
        return case
    if case.state == CaseState.answered:
        _move(case, CaseState.open)
    _take_over(session, case, triage.id, now, state=CaseState.triage)
    return case


def _offered_to(case: Case, who: Viewer) -> UUID:
    if case.pending_office_id is None:
        raise Conflict("This case is not offered to anybody.", mend="Reload the case to see where it is.")
    if who.offices is None or case.pending_office_id not in who.offices:
        raise NotAllowed("Only the office it was offered to can accept or refuse.")
    return case.pending_office_id


def place_from_triage(
    session: Session, case_id: UUID, who: Viewer, office_id: UUID, service_id: UUID | None, now: datetime, form: Form
) -> Case:
    """Triage says whose it is: that office is accountable at once, and the choice teaches the classifier."""
    case = _begin(session, case_id, who, form)
    known = catalogue(session)
    target = known.offices.get(office_id)
    if target is None or not target.active or target.function == OfficeFunction.triage:
        raise BadInput("Choose an office that answers.", fields={"office": "choose an office"})
    if case.state != CaseState.triage:
        raise Conflict("Somebody has placed it already.", mend="Reload the triage desk.")
    service = known.services.get(service_id) if service_id else None
    if service is not None:
        case.service_id = service.id
        session.add(TrainingLabel(case_id=case.id, service_id=service.id, staff_id=who.staff_id, at=now))
    reason = f"{who.name} at the triage desk read it" + (
        f" as {service.names.get('en', service.code)}" if service else ""
    )
    case.routing_method, case.routing_reason, case.routing_confidence = "person", reason, None
    append(
        session,
        case,
        EntryKind.routed,
        now,
        actor=str(who.staff_id),
        public=True,
        office_id=target.id,
        body={
            "office": target.code,
            "service": service.code if service else None,
            "reason": reason,
            "method": "person",
            "confidence": None,
            "model": None,
            "token": form.token,
        },
    )
    _take_over(session, case, target.id, now, state=CaseState.open)
    return case


def release(session: Session, case_id: UUID, who: Viewer, reason: str, now: datetime, form: Form) -> Case:
    """The integrity office finds that a case was wrongly caught; it goes to triage like any other."""
    why = _words(reason, "The reason")
    case = _begin(session, case_id, who, form)
    if not case.integrity or not who.integrity_offices:
        raise NotAllowed("Only the integrity office releases, and only its own cases.")
    triage = catalogue(session).with_function(OfficeFunction.triage)
    if triage is None:
        raise Conflict("There is no triage desk to release it to.", mend="An administrator names one.")
    append(
        session,
        case,
        EntryKind.released,
        now,
        actor=str(who.staff_id),
        body={"reason": why, "by": who.name, "token": form.token},
    )
    case.integrity, case.about_office_id, case.about_staff_id = False, None, None
    if case.state == CaseState.answered:
        _move(case, CaseState.open)
    _take_over(session, case, triage.id, now, state=CaseState.triage)
    return case


def close(session: Session, case_id: UUID, who: Viewer, outcome: Outcome, text: str, now: datetime, form: Form) -> Case:
    """Dispose of a case. The words go to the citizen as an answer; closing alone ends no silence."""
    words = _words(text, "The closing answer", limit=ANSWER_LIMIT)
    case = _begin(session, case_id, who, form)
    if case.pending_office_id is not None:
        raise Conflict("It is offered to another office.", mend="Close it once that office has accepted or refused.")
    if case.state == CaseState.triage:
        raise Conflict("Triage does not close: an office answers.", mend="Place it with the office it belongs to.")
    _move(case, CaseState.closed)
    case.outcome, case.closed_at = outcome, now
    _answer(session, case, who, words, now, form, templated=False)
    append(
        session,
        case,
        EntryKind.closed,
        now,
        actor=str(who.staff_id),
        public=True,
        body={"outcome": outcome, "text": words, "by": who.name, "token": form.token},
    )
    escalation.service.restate(session, case, now)
    return case


def citizen_wrote(session: Session, case: Case, text: str, now: datetime) -> None:
    """A further message of the citizen: it reopens what was answered or closed, unless it is only thanks."""
    thanks = is_only_thanks(text)
    append(
        session, case, EntryKind.citizen_wrote, now, actor="citizen", public=True, body={"text": text, "thanks": thanks}
    )
    if not thanks:
        if case.state == CaseState.closed:
            append(session, case, EntryKind.reopened, now, actor="citizen", public=True, body={"why": "citizen wrote"})
            case.closed_at, case.outcome = None, None
        if case.state in (CaseState.answered, CaseState.closed, CaseState.waiting):
            _move(case, CaseState.open)
    escalation.service.restate(session, case, now)


__all__ = [
    "Form",
    "Opening",
    "Repeated",
    "accept",
    "ask",
    "assign",
    "citizen_wrote",
    "close",
    "delivered",
    "failed",
    "lock",
    "note",
    "open_case",
    "place_from_triage",
    "refuse",
    "release",
    "reply",
    "transfer",
]
