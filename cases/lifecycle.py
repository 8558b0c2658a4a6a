"""What staff and citizens do with a case once it is open: answers, questions, notes, closing, further messages.

Every staff action takes who acts, what they had seen (`seen`: the timeline's length on their screen) and the form's
one-time `token`: a second click is a no-op, and an action on what changed meanwhile is refused with what happened.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlmodel import Session, col, select

import escalation.service
from cases import closing, history, marks, parts, relays
from cases.acting import MATTERS, Form, Repeated, begin, shift, tell, words_of
from cases.naming import called
from cases.people import address_of
from channels.values import Channel
from core.errors import BadInput, Conflict
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.outbox import OutboundMessage
from domain.states import CaseState, ClockKind, EntryKind, OutboxState, Outcome, Purpose, RelayWhat
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer
from nlp.courtesy import is_only_thanks

ANSWER_LIMIT = 1600
"""Most characters of one answer: Twilio takes no more in one message."""


def reply(
    session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form, *, templated: bool = False
) -> Case:
    """Send a human answer on the citizen's channel.

    The silence ends when it is delivered, not now. Without a contact point it is published on the tracking page, the
    only channel that citizen reads, and that is its delivery.
    """
    words = words_of(text, "The answer", limit=ANSWER_LIMIT)
    case = begin(session, case_id, who, form)
    entry = send_answer(session, case, who, words, now, form, templated=templated)
    relays.relay(session, case, entry, RelayWhat.answer, now, who)
    return case


def send_answer(
    session: Session, case: Case, who: Viewer, words: str, now: datetime, form: Form, *, templated: bool
) -> int:
    """Answer a case (locked) and give the number of the entry that says so."""
    shift(case, CaseState.answered)
    return _answer(session, case, who, words, now, form, templated=templated)


def _answer(
    session: Session, case: Case, who: Viewer, words: str, now: datetime, form: Form, *, templated: bool
) -> int:
    if parts.is_part(case):
        return parts.answer_lead(session, case, who, words, now, form)
    office = called(catalogue(session), case, case.language)
    message = tell(session, case, Purpose.answer, "answer", f"answer:{form.token}", now, text=words, office=office)
    entry = append(
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
    return entry.number


def delivered(session: Session, case: Case, message: OutboundMessage | None, at: datetime) -> None:
    """A human answer reached the citizen: the silence, and what was due in reply, end at `at`.

    One that had failed, and came another way after all, answers the case again, unless the citizen wrote meanwhile.
    """
    body: dict[str, object] = {"message": None, "how": "tracking page"}
    if message is not None:
        body = {"message": str(answer_of(message)), "how": "receipt"}
        if message.fallback_of is not None:
            body["by"] = str(message.id)
        if case.state == CaseState.open and _failed_last(session, case, answer_of(message)):
            shift(case, CaseState.answered)
    append(session, case, EntryKind.answer_delivered, at, body=body)
    _restate(session, case, at)


def answer_of(message: OutboundMessage) -> UUID:
    """The message an answer was written as: a fallback stands for it, and its delivery is the answer's."""
    return message.fallback_of or message.id


def _failed_last(session: Session, case: Case, answer: UUID) -> bool:
    """Whether the failure of this answer is why the case is open: nothing the citizen or staff did came after it."""
    failed = False
    for entry in history.timeline(session, case):
        if entry.kind == EntryKind.answer_failed:
            failed = entry.body.get("message") == str(answer)
        elif entry.kind in MATTERS:
            failed = False
    return failed


def failed(session: Session, case: Case, message: OutboundMessage, at: datetime) -> None:
    """An answer will never arrive: the silence goes on as if it had not been written, and the case is open again."""
    append(
        session,
        case,
        EntryKind.answer_failed,
        at,
        body={"message": str(answer_of(message)), "failure": message.failure, "why": message.last_error},
    )
    if case.state in (CaseState.answered, CaseState.closed):
        shift(case, CaseState.open)
        case.closed_at = None
    _restate(session, case, at)


def read_on_page(session: Session, case: Case, now: datetime) -> bool:
    """The citizen opened the tracking page with their code (case locked): answers that no channel brought are read now.

    So a citizen who stopped our messages, or whose number is dead, is not counted as silent once they have read it.
    """
    unread: dict[int, TimelineEntry] = {}
    for entry in history.timeline(session, case):
        if entry.kind == EntryKind.answered:
            unread[entry.number] = entry
        elif entry.kind in (EntryKind.answer_delivered, EntryKind.answer_failed):
            came = [n for n, answer in unread.items() if answer.body.get("message") == entry.body.get("message")]
            if entry.kind == EntryKind.answer_delivered:
                for number in came:
                    del unread[number]
    waiting = [entry for entry in unread.values() if not _on_its_way(session, entry)]
    for entry in waiting:
        body: dict[str, object] = {"message": entry.body.get("message"), "how": "read on the tracking page"}
        append(session, case, EntryKind.answer_delivered, now, actor="citizen", body=body)
    if waiting:
        if case.state == CaseState.open:
            shift(case, CaseState.answered)
        _restate(session, case, now)
    return bool(waiting)


def _on_its_way(session: Session, answer: TimelineEntry) -> bool:
    """Whether a channel may still bring an answer; then its receipt is the truth, not the page."""
    if answer.body.get("message") is None:
        return False
    message = session.get(OutboundMessage, UUID(str(answer.body["message"])))
    return message is not None and message.state not in (OutboxState.failed, OutboxState.cancelled, OutboxState.unknown)


def _restate(session: Session, case: Case, now: datetime) -> None:
    """Bring clocks, and the end of the silence, in line with the timeline."""
    escalation.service.restate(session, case, now)
    silence = session.exec(
        select(Clock)
        .where(col(Clock.case_id) == case.id, col(Clock.kind) == ClockKind.first_response)
        .order_by(col(Clock.entry))
        .limit(1)
    ).first()
    if not parts.is_part(case):  # nobody's silence: what its office told the lead's counts for it
        case.first_response_at = silence.ended_at if silence is not None else None


def ask(session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form) -> Case:
    """Ask the citizen something. The resolution clock pauses; the silence does not."""
    words = words_of(text, "The question", limit=ANSWER_LIMIT)
    case = begin(session, case_id, who, form)
    if parts.is_part(case):
        raise BadInput("The citizen hears one office.", mend="Answer the office that leads; it asks them.")
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
    _restate(session, case, now)
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
    _restate(session, case, now)
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
) -> Case:
    """Dispose of a case. The words go to the citizen as an answer; closing alone ends no silence.

    `anyway` is why it is closed although offices still work on parts of it.
    """
    words = words_of(text, "The closing answer", limit=ANSWER_LIMIT)
    case = begin(session, case_id, who, form)
    if case.pending_office_id is not None:
        raise Conflict("It is offered to another office.", mend="Close it once that office has accepted or refused.")
    if case.state == CaseState.triage:
        raise Conflict("Triage does not close: an office answers.", mend="Place it with the office it belongs to.")
    beside = parts.check_finished(session, case, anyway)
    entry = settle(session, case, who, outcome, words, now, form, beside)
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
    beside: Mapping[str, object] = MappingProxyType({}),
) -> int:
    """Close a case (locked) with an answer, and give the number of the entry that says so; it says `beside` too."""
    shift(case, CaseState.closed)
    case.outcome, case.closed_at = outcome, now
    _answer(session, case, who, words, now, form, templated=False)
    entry = append(
        session,
        case,
        EntryKind.closed,
        now,
        actor=str(who.staff_id),
        public=True,
        body={"outcome": outcome, "text": words, "by": who.name, "token": form.token, **beside},
    )
    _restate(session, case, now)
    return entry.number


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
            if not catalogue(session).offices[case.office_id].active:
                closing.go_up(session, case, now)
        if case.state in (CaseState.answered, CaseState.closed, CaseState.waiting):
            shift(case, CaseState.open)
        marks.mark_words(session, case, text, now)
        relays.heard(session, case, now)
    _restate(session, case, now)
