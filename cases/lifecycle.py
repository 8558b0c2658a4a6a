"""What staff and citizens do with a case once it is open: answers, questions, notes, closing, further messages.

Every staff action takes who acts, what they had seen (`seen`: the timeline's length on their screen) and the form's
one-time `token`: a second click is a no-op, and an action on what changed meanwhile is refused with what happened.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from cases import afterwards, closing, delivery, drafts, marks, parts, relays, templated
from cases.acting import Form, Frame, Repeated, begin, shift, tell, words_of
from cases.disposal import check_outcome
from cases.naming import called
from cases.people import address_of
from channels.values import Channel
from core.errors import BadInput, Conflict
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import CaseState, EntryKind, Outcome, Purpose, RelayWhat, Templated
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer
from nlp.courtesy import is_only_thanks

NOTHING: Mapping[str, object] = MappingProxyType({})
ANSWER_LIMIT = 1600
"""Most characters of one answer: Twilio takes no more in one message."""


def reply(
    session: Session,
    case_id: UUID,
    who: Viewer,
    text: str,
    now: datetime,
    form: Form,
    *,
    saved: UUID | None = None,
    leaves_at: datetime | None = None,
) -> int:
    """Send a human answer on the citizen's channel, and give the number of the entry that says so.

    The silence ends when it is delivered, not now. Without a contact point it is published on the tracking page, the
    only channel that citizen reads, and that is its delivery. `saved` is the saved reply it began as; until `leaves_at`
    (by default now) it can be taken back (`cases.recall`).
    """
    words = words_of(text, "The answer", limit=ANSWER_LIMIT)
    case = begin(session, case_id, who, form)
    relays.check_alone(session, case)
    part = parts.is_part(case)  # what one office tells another is no answer to a citizen
    verdict = None if part else templated.judge(session, case, who, words, now)
    entry = send_answer(session, case, who, words, now, form, verdict=_said_of(verdict), leaves_at=leaves_at)
    if not part:
        templated.keep(session, case, who, entry, words, verdict, saved, now)
    drafts.forget(session, case, who)
    relays.relay(session, case, entry, RelayWhat.answer, leaves_at or now, who)
    return entry


def _said_of(verdict: templated.Verdict | None) -> Mapping[str, object]:
    return verdict.as_json() if verdict is not None else NOTHING


def judged(verdict: templated.Verdict | None) -> dict[str, object]:
    """What a closing entry says beside its words of why they were written for nobody."""
    return {"judged": verdict.as_json()} if verdict is not None else {}


def send_answer(
    session: Session,
    case: Case,
    who: Viewer,
    words: str,
    now: datetime,
    form: Form,
    *,
    verdict: Mapping[str, object] = NOTHING,
    leaves_at: datetime | None = None,
) -> int:
    """Answer a case (locked) and give the number of the entry that says so. `verdict` is why it is templated, as
    `templated.Verdict` says it; such an answer leaves a case open unless its policy counts it."""
    was = CaseState(case.state)
    if not verdict or templated.counted(session, case):
        shift(case, CaseState.answered)
    return _answer(session, case, who, words, now, form, verdict=verdict, leaves_at=leaves_at, was=was)


def _answer(
    session: Session,
    case: Case,
    who: Viewer,
    words: str,
    now: datetime,
    form: Form,
    *,
    verdict: Mapping[str, object],
    leaves_at: datetime | None = None,
    was: CaseState | None = None,
    frame: Frame | None = None,
) -> int:
    frame = frame or Frame()
    if parts.is_part(case):
        return parts.answer_lead(session, case, who, words, now, form)
    office = called(catalogue(session), case, case.language)
    said: dict[str, Any] = {"text": words, "office": office, **frame.values}
    message = tell(session, case, Purpose.answer, frame.template, f"answer:{form.token}", now, leaves_at, **said)
    body: dict[str, object] = {
        "text": words,
        "message": str(message.id) if message else None,
        "templated": bool(verdict),
        "by": who.name,
        "token": form.token,
        **frame.beside,
    }
    if verdict:
        body["judged"] = dict(verdict)
    if message is not None and leaves_at is not None and leaves_at > now:
        body |= {"leaves_at": leaves_at.isoformat(), "was": str(was)}
    entry = append(session, case, EntryKind.answered, now, actor=str(who.staff_id), public=True, body=body)
    if case.assignee_id is None:
        case.assignee_id = who.staff_id
    if case.contact_point_id is None:
        delivery.delivered(session, case, None, now)
    return entry.number


def ask(session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form) -> Case:
    """Ask the citizen something. The resolution clock pauses; the silence does not."""
    words = words_of(text, "The question", limit=ANSWER_LIMIT)
    case = begin(session, case_id, who, form)
    if parts.is_part(case):
        raise BadInput("The citizen hears one office.", mend="Answer the office that leads; it asks them.")
    relays.check_alone(session, case)
    if case.contact_point_id is None:
        raise BadInput("This citizen left no address to ask at.", mend="Answer on the tracking page instead.")
    address = address_of(session, case, Purpose.question)
    if address is not None and address.channel == Channel.voice:
        raise BadInput("This citizen has a phone without messages.", mend="Call them: they are under Call-backs.")
    shift(case, CaseState.waiting)
    office = called(catalogue(session), case, case.language)
    message = tell(
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
    delivery.restate(session, case, now)
    return case


def called_back(session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form) -> Case:
    """Staff spoke with the citizen on the phone: a human answer, delivered as it was given. `text` is what was said.

    For a talk alone. A call that nobody picked up is `callbacks.no_answer`, and ends nothing.
    """
    words = words_of(text, "What was said")
    case = begin(session, case_id, who, form)
    if case.state != CaseState.closed:
        shift(case, CaseState.answered)
    if case.assignee_id is None:
        case.assignee_id = who.staff_id
    entry = append(
        session,
        case,
        EntryKind.called_back,
        now,
        actor=str(who.staff_id),
        public=True,
        body={"spoke": True, "text": words, "by": who.name, "token": form.token},
    )
    append(
        session,
        case,
        EntryKind.answer_delivered,
        now,
        actor=str(who.staff_id),
        # its own name, so that no written answer that still waits to be read counts as read by it
        body={"message": f"call:{entry.number}", "how": "spoken on the phone"},
    )
    delivery.restate(session, case, now)
    return case


def note(session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form) -> Case:
    """Keep something for colleagues; the citizen does not see it and no clock moves."""
    words = words_of(text, "The note")
    case = begin(session, case_id, who, Form(10**9, form.token))
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


def close(
    session: Session,
    case_id: UUID,
    who: Viewer,
    outcome: Outcome,
    text: str,
    now: datetime,
    form: Form,
    *,
    anyway: str = "",
    many: bool = False,
    why: str = "",
) -> Case:
    """Dispose of a case. The words go to the citizen as an answer; closing alone ends no silence.

    `anyway` is why it is closed although offices still work on parts of it. `many`: others get the very same words, so
    they were written for none of them, whatever they are like. `why` is the reason, which a case that is not upheld
    needs and its citizen reads. Only the citizen takes a case back, and a duplicate is merged with the other.
    """
    words = words_of(text, "The closing answer", limit=ANSWER_LIMIT)
    reason = check_outcome(outcome, why)
    case = begin(session, case_id, who, form)
    relays.check_alone(session, case)
    if case.state == CaseState.closed:
        raise Conflict("It is closed already.", mend="Reload the case to see how it ended.")
    if afterwards.on_appeal(session, case):
        raise Conflict("This is an appeal.", mend="Decide the appeal: that closes it for good.")
    if case.pending_office_id is not None:
        raise Conflict("It is offered to another office.", mend="Close it once that office has accepted or refused.")
    if case.state == CaseState.triage:
        raise Conflict("Triage does not close: an office answers.", mend="Place it with the office it belongs to.")
    beside = parts.check_finished(session, case, anyway) | reason
    verdict = templated.judge(session, case, who, words, now) or (templated.Verdict(Templated.copy) if many else None)
    entry = settle(session, case, who, outcome, words, now, form, {**beside, **judged(verdict)})
    templated.keep(session, case, who, entry, words, verdict, None, now)
    relays.relay(session, case, entry, RelayWhat.close, now, who)
    return case


def settle(
    session: Session,
    case: Case,
    who: Viewer,
    outcome: Outcome,
    words: str,
    now: datetime,
    form: Form,
    beside: Mapping[str, object] = NOTHING,
    *,
    frame: Frame | None = None,
    final: bool = False,
) -> int:
    """Close a case (locked) with an answer, and give the number of the entry that says so; it says `beside` too.

    Its citizen is asked later whether it is solved, unless this is `final`.
    """
    shift(case, CaseState.closed)
    case.outcome, case.closed_at = outcome, now
    judged = beside.get("judged")
    verdict = judged if isinstance(judged, Mapping) else NOTHING
    _answer(session, case, who, words, now, form, verdict=verdict, frame=frame)
    entry = append(
        session,
        case,
        EntryKind.closed,
        now,
        actor=str(who.staff_id),
        public=True,
        body={"outcome": outcome, "text": words, "by": who.name, "token": form.token, **beside},
    )
    if not final:
        afterwards.expect(session, case, entry.number, who.staff_id, now)
    delivery.restate(session, case, now)
    return entry.number


def citizen_wrote(session: Session, case: Case, text: str, now: datetime, *, why: str = "citizen wrote") -> None:
    """A further message of the citizen: it reopens what was answered or closed, unless it is only thanks. `why` is what
    the timeline says of the reopening. What is written on a merged case goes on to the case it was merged with."""
    case = relays.passed_on(session, case, text, now)
    thanks = is_only_thanks(text)
    append(
        session, case, EntryKind.citizen_wrote, now, actor="citizen", public=True, body={"text": text, "thanks": thanks}
    )
    if not thanks:
        if case.state == CaseState.closed:
            append(session, case, EntryKind.reopened, now, actor="citizen", public=True, body={"why": why})
            afterwards.went_on(session, case, now)
            case.closed_at, case.outcome = None, None
            if not catalogue(session).offices[case.office_id].active:
                closing.go_up(session, case, now)
        if case.state in (CaseState.answered, CaseState.closed, CaseState.waiting):
            shift(case, CaseState.open)
        marks.mark_words(session, case, text, now)
        relays.heard(session, case, now)
        relays.hear(session, case, case.timeline_length, now)
    delivery.restate(session, case, now)
