"""The triage desk says whose a message is: placing it, taking that back, integrity, and what is no matter to answer.

A placing is public at once and the office accountable at once; only the message that tells the citizen waits a little
longer than it may be taken back, so that nobody is told twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

import routing.service
from cases import firewall, handover, history, teaching
from cases.acting import lock
from cases.rights import works_on
from core.database import after_commit
from core.errors import BadInput, Conflict, NotAllowed
from core.ids import new_id
from domain.access import LabelSource, TrainingLabel
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.states import CaseKind, CaseState, EntryKind, Nature, OfficeFunction, OutboxState
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer
from notifications import results
from routing import lessons

UNDO = timedelta(minutes=1)
"""How long a placing can be taken back."""
TOLD_AFTER = timedelta(seconds=75)
"""When the citizen is told of the office: once it can no longer be taken back, with a margin for a slow request."""
PERSON = "person"
"""Routing method of what somebody decided."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose a message is. Without an office the routing table says, by service and place."""

    service: str = ""
    office: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """What came of it: the case, its office, and where the citizen reads of it."""

    case: Case
    office: Office


def place(session: Session, case_id: UUID, who: Viewer, choice: Choice, now: datetime) -> Placed:
    """That office is accountable at once, and the choice teaches the classifier.

    Raises:
        NotFound, Conflict: somebody placed it meanwhile.
        NotAllowed: the case is about that office.
        BadInput: neither service nor office is known, or that office answers nobody.
    """
    case = _take(session, case_id, who)
    known = catalogue(session)
    where = routing.service.place_named(known, choice.place) or case.place
    service = known.service_by_code.get(choice.service)
    spot = case.location if where == case.place else None  # somebody who types another place knows better than the map
    target = _target(known, choice, where, spot, now)
    if case.about_office_id is not None and target.id in {office.id for office in known.chain(case.about_office_id)}:
        raise NotAllowed("This case is about that office or one it answers to, so it cannot go there.")
    before = _as_it_was(known, case)
    label = _label(session, case, service.id if service else None, who, now)
    if service is not None:
        case.service_id = service.id
    if case.nature == Nature.thanks:
        case.kind = CaseKind.compliment
    case.place = where
    reason = f"{who.name} at the triage desk read it" + (f" as {name_of(service, 'en')}" if service else "")
    case.routing_method, case.routing_reason = PERSON, reason
    case.routing_confidence = case.routing_model = None
    case.triage_by = case.triage_until = None
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
            "place": where,
            "reason": reason,
            "method": PERSON,
            "confidence": None,
            "model": None,
            "before": before,
            "label": str(label.id) if label else None,
        },
    )
    handover.take_over(session, case, target.id, now, state=CaseState.open, tell_at=now + TOLD_AFTER)
    if label is not None:
        teaching.ask_after_enough(session, now, who.staff_id)
    after_commit(session, lessons.forget)
    return Placed(case, target)


def undo(session: Session, case_id: UUID, who: Viewer, now: datetime) -> Case:
    """Take back one's own placing, within `UNDO` and while nobody else did anything: it is at the triage desk as
    before, the label is withdrawn and the citizen is told nothing.

    Raises:
        NotFound: there is no such case.
        Conflict: too late, or somebody acted on it meanwhile.
    """
    # whoever placed it may not see it any more; what is about them stays shut to them all the same
    case = lock(session, case_id, replace(who, offices=None))
    entries = session.exec(
        select(TimelineEntry)
        .where(col(TimelineEntry.case_id) == case.id, col(TimelineEntry.at) >= now - UNDO)
        .order_by(col(TimelineEntry.number))
    ).all()
    placed = next((one for one in reversed(entries) if one.kind == EntryKind.routed), None)
    before = placed.body.get("before") if placed else None
    if placed is None or placed.actor != str(who.staff_id) or not isinstance(before, Mapping):
        raise Conflict("It is too late to take that back.", mend="Its office can transfer it.")
    if case.state != CaseState.open or any(one.number > placed.number and one.actor != "system" for one in entries):
        raise Conflict("Somebody works on it already.", mend="Its office can transfer it.")
    _withdraw(session, case, placed, now)
    known = catalogue(session)
    home = known.office_by_code.get(str(before["office"]))
    if home is None:
        raise Conflict("The triage desk it came from is closed.", mend="Its office can transfer it.")
    service = known.service_by_code.get(str(before["service"]))
    case.service_id = service.id if service else None
    case.place = before["place"] if isinstance(before["place"], str) else None
    case.routing_method, case.routing_reason = str(before["method"]), str(before["reason"])
    confidence, model = before["confidence"], before["model"]
    case.routing_confidence = confidence if isinstance(confidence, float) else None
    case.routing_model = model if isinstance(model, str) else None
    case.kind = CaseKind(str(before["kind"]))
    append(
        session,
        case,
        EntryKind.routed,
        now,
        actor=str(who.staff_id),
        office_id=home.id,
        body={
            "office": home.code,
            "service": service.code if service else None,
            "reason": f"{who.name} took the placing back",
            "method": case.routing_method,
            "confidence": case.routing_confidence,
            "model": case.routing_model,
            "undoes": placed.number,
        },
    )
    handover.take_over(session, case, home.id, now, state=CaseState.triage)
    after_commit(session, lessons.forget)
    return case


def to_integrity(session: Session, case_id: UUID, who: Viewer, about: str, now: datetime) -> Case:
    """It is about the conduct of staff: the integrity office alone has it from here, and may release it.

    `about` is the code of the office complained about, or empty; that office and those above it are shut out. Nothing
    is told to the citizen that names where it went. Raises BadInput and Conflict besides those of `place`.
    """
    case = _take(session, case_id, who)
    known = catalogue(session)
    accused = known.office_by_code.get(about.upper())
    if about and accused is None:
        raise BadInput("Choose the office it is about, or none.", fields={"about": "Choose an office, or none."})
    case.triage_by = case.triage_until = None
    reason = f"{who.name} at the triage desk read it as a matter for integrity"
    about_id = accused.id if accused else None
    firewall.keep_apart(session, case, now, actor=str(who.staff_id), reason=reason, by=who.name, about=about_id)
    after_commit(session, lessons.forget)
    return case


def mark(session: Session, case_id: UUID, who: Viewer, nature: Nature | None, now: datetime) -> Case:
    """Say that a message is thanks, no matter at all, or abuse (None: a matter after all). It closes nothing.

    Thanks are then placed with the office they thank, as a compliment; the others wait apart until somebody answers
    them. Raises as `place` does.
    """
    case = _take(session, case_id, who)
    if case.nature == nature:
        return case
    case.nature = nature
    append(
        session,
        case,
        EntryKind.marked,
        now,
        actor=str(who.staff_id),
        body={"nature": str(nature) if nature else None, "by": who.name},
    )
    return case


# -- what they share -------------------------------------------------------------------------------------------------


def _take(session: Session, case_id: UUID, who: Viewer) -> Case:
    """Lock a case that waits at the triage desk. What a citizen wrote meanwhile does not change whose it is."""
    case = lock(session, case_id, who)
    if case.state != CaseState.triage:
        raise Conflict("Somebody placed it meanwhile.", mend="The next one is before you.")
    if not works_on(case, who):
        raise NotAllowed("You may read this case but not place it.", mend="Ask the triage desk.")
    return case


def _target(
    known: Catalogue, choice: Choice, where: str | None, spot: Mapping[str, float] | None, now: datetime
) -> Office:
    target = known.office_by_code.get(choice.office.upper())
    if target is None and not choice.office and choice.service in known.service_by_code:
        target = routing.service.answering(known, choice.service, where, now, spot)
        if target is None:
            raise BadInput(
                "The routing table names no office for this service there.",
                mend="Choose the office as well.",
                fields={"office": "Choose the office."},
            )
    if target is None:
        raise BadInput("Choose a service or an office.", fields={"q": "Choose a service or an office."})
    if target.function in (OfficeFunction.triage, OfficeFunction.integrity):
        raise BadInput("Choose an office that answers.", fields={"q": "Choose an office that answers."})
    return target


def _as_it_was(known: Catalogue, case: Case) -> dict[str, object]:
    service = known.services.get(case.service_id) if case.service_id else None
    return {
        "office": known.offices[case.office_id].code,
        "service": service.code if service else None,
        "place": case.place,
        "method": case.routing_method,
        "reason": case.routing_reason,
        "confidence": case.routing_confidence,
        "model": case.routing_model,
        "kind": str(case.kind),
    }


def _label(session: Session, case: Case, service_id: UUID | None, who: Viewer, now: datetime) -> TrainingLabel | None:
    """What the text was about; thanks, greetings, and what stands for a recording teach nothing."""
    if service_id is None or case.nature in (Nature.thanks, Nature.not_a_case) or history.wordless(session, case):
        return None
    label = TrainingLabel(
        id=new_id(),
        case_id=case.id,
        service_id=service_id,
        staff_id=who.staff_id,
        source=LabelSource.triage,
        at=now,
    )
    session.add(label)
    return label


def _withdraw(session: Session, case: Case, placed: TimelineEntry, now: datetime) -> None:
    """The label counts no more, and the message to the citizen does not leave. Raises Conflict when it has left."""
    message = session.exec(
        select(OutboundMessage)
        .where(col(OutboundMessage.dedupe_key) == handover.told_key(case.id, placed.number))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if message is not None and message.state == OutboxState.queued:
        results.record_cancelled(session, message, "The placing was taken back.", now)
    elif message is not None and message.state != OutboxState.cancelled:
        raise Conflict("The citizen has been told of the office already.", mend="Its office can transfer it.")
    if label_id := placed.body.get("label"):
        label = session.get(TrainingLabel, UUID(str(label_id)))
        if label is not None and label.withdrawn_at is None:
            label.withdrawn_at = now
