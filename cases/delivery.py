"""What becomes of an answer once it was written: it reaches the citizen and ends a silence, or never does."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

import escalation.service
from cases import history, parts, recall, relays, templated
from cases.acting import MATTERS, shift
from domain.case import Case
from domain.clock import Clock
from domain.outbox import OutboundMessage
from domain.states import CaseState, ClockKind, EntryKind, OutboxState, Outcome
from domain.timeline import TimelineEntry, append


def delivered(session: Session, case: Case, message: OutboundMessage | None, at: datetime) -> None:
    """A human answer reached the citizen: the silence, and what was due in reply, end at `at`.

    One that had failed, and came another way after all, answers the case again, unless the citizen wrote meanwhile.
    """
    body: dict[str, object] = {"message": None, "how": "tracking page"}
    if message is not None:
        body = {"message": str(answer_of(message)), "how": "receipt"}
        if message.fallback_of is not None:
            body["by"] = str(message.id)
        counts = not _templated(session, case, body["message"]) or templated.counted(session, case)
        if case.state == CaseState.open and counts and _failed_last(session, case, answer_of(message)):
            shift(case, CaseState.answered)
    silent = case.first_response_at is None
    entry = append(session, case, EntryKind.answer_delivered, at, body=body)
    restate(session, case, at)
    relays.hear(session, case, entry.number, at)
    if silent and case.first_response_at is not None:
        case.first_response_templated = _templated(session, case, body["message"])


def _templated(session: Session, case: Case, message: object) -> bool:
    """Whether the answer that a message brought was one that a policy must count; without a message, the last."""
    given = [entry for entry in history.timeline(session, case) if entry.kind == EntryKind.answered]
    return any(bool(entry.body.get("templated")) for entry in given if entry.body.get("message") == message)


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
    entry = append(
        session,
        case,
        EntryKind.answer_failed,
        at,
        body={"message": str(answer_of(message)), "failure": message.failure, "why": message.last_error},
    )
    if case.state in (CaseState.answered, CaseState.closed) and case.outcome != Outcome.withdrawn:
        shift(case, CaseState.open)
        case.closed_at, case.outcome = None, None
    restate(session, case, at)
    relays.hear(session, case, entry.number, at)


def read_on_page(session: Session, case: Case, now: datetime) -> bool:
    """The citizen opened the tracking page with their code (case locked): answers that no channel brought are read now.

    So a citizen who stopped our messages, or whose number is dead, is not counted as silent once they have read it.
    """
    unread: dict[int, TimelineEntry] = {}
    for entry in recall.told(history.timeline(session, case), now):
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
        silent = case.first_response_at is None
        if case.state == CaseState.open and (not waiting[-1].body.get("templated") or templated.counted(session, case)):
            shift(case, CaseState.answered)
        restate(session, case, now)
        if silent and case.first_response_at is not None:
            case.first_response_templated = bool(waiting[0].body.get("templated"))
    return bool(waiting)


def _on_its_way(session: Session, answer: TimelineEntry) -> bool:
    """Whether a channel may still bring an answer; then its receipt is the truth, not the page."""
    if answer.body.get("message") is None:
        return False
    message = session.get(OutboundMessage, UUID(str(answer.body["message"])))
    return message is not None and message.state not in (OutboxState.failed, OutboxState.cancelled, OutboxState.unknown)


def restate(session: Session, case: Case, now: datetime) -> None:
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
