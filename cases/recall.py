"""Taking an answer back before it leaves: for a few seconds the message waits in the outbox.

The row is the job: whoever takes it back must find it still queued. The answer stays on the timeline, and beside it
that it was taken back; the citizen is shown neither, and no clock ever saw it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select, update

from cases import drafts
from cases.acting import Form, lock, shift
from cases.rights import works_on
from core.errors import Conflict, NotAllowed
from core.settings import settings
from domain.answer import GivenAnswer
from domain.crowd import Relay
from domain.states import CaseState, EntryKind, OutboxState, RelayState
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer
from notifications import results

GONE = "It has left already, so it cannot be taken back."


def leaves_at(now: datetime) -> datetime:
    """When an answer sent now leaves."""
    return now + timedelta(seconds=settings().undo_seconds)


def recall(session: Session, case_id: UUID, number: int, who: Viewer, now: datetime, form: Form) -> str:
    """Take one's own answer (the timeline entry `number`) back; gives its words, which are kept as a draft.

    Raises:
        Conflict: it has left, or there is no such answer of this person's.
    """
    entry = session.exec(
        select(TimelineEntry).where(col(TimelineEntry.case_id) == case_id, col(TimelineEntry.number) == number)
    ).first()
    mine = entry is not None and entry.kind == EntryKind.answered and entry.actor == str(who.staff_id)
    named = entry.body.get("message") if entry is not None and mine else None
    # the message before its case, as whoever records a delivery locks them
    message = results.locked(session, UUID(str(named))) if named else None
    case = lock(session, case_id, who)
    if not works_on(case, who):
        raise NotAllowed("You may read this case but not work on it.", mend="Ask the office that has it.")
    if entry is None or message is None or message.state != OutboxState.queued or message.attempts:
        raise Conflict(GONE, mend="Write to the citizen again to put it right.")
    relayed = (col(Relay.lead_id) == case.id) & (col(Relay.entry) == number)
    if session.exec(select(Relay.id).where(relayed, col(Relay.state) == RelayState.done).limit(1)).first() is not None:
        raise Conflict(GONE, mend="Write to them again to put it right.")
    session.exec(update(Relay).where(relayed).values(state=RelayState.dropped, due_at=None))
    results.record_cancelled(session, message, "taken back before it left", now)
    append(
        session,
        case,
        EntryKind.recalled,
        now,
        actor=str(who.staff_id),
        body={"entry": number, "by": who.name, "token": form.token},
    )
    if case.state == CaseState.answered:
        shift(case, CaseState(str(entry.body.get("was") or CaseState.open)))
    session.exec(delete(GivenAnswer).where(col(GivenAnswer.case_id) == case.id, col(GivenAnswer.entry) == number))
    words = str(entry.body.get("text") or "")
    drafts.keep(session, case, who, words, None, now)
    return words


def recalled(entries: Iterable[TimelineEntry]) -> frozenset[int]:
    """Numbers of the answers that were taken back."""
    return frozenset(
        number
        for entry in entries
        if entry.kind == EntryKind.recalled and isinstance(number := entry.body.get("entry"), int)
    )


def told(entries: Sequence[TimelineEntry], now: datetime) -> list[TimelineEntry]:
    """The entries without answers that were taken back, or still may be."""
    back = recalled(entries)
    return [entry for entry in entries if entry.number not in back and not _held(entry, now)]


def _held(entry: TimelineEntry, now: datetime) -> bool:
    until = entry.body.get("leaves_at") if entry.kind == EntryKind.answered else None
    return until is not None and datetime.fromisoformat(str(until)) > now
