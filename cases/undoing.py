"""Taking back what staff did to a case: an assignment, a note. What left for the citizen cannot be taken back."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import kept
from cases.acting import Form, begin
from core.errors import Conflict, NotFound
from domain.case import Case
from domain.states import EntryKind
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer


def unassign(session: Session, case_id: UUID, who: Viewer, given_to: UUID, now: datetime, form: Form) -> Case:
    """Nobody is on the case any more, as before. Raises Conflict where somebody else took it meanwhile."""
    case = begin(session, case_id, who, form)
    if case.assignee_id != given_to:
        raise Conflict("Somebody else has it now.", mend="It stays with them.")
    case.assignee_id = None
    body: dict[str, object] = {"to": "nobody", "staff": None, "why": "it was taken back", "token": form.token}
    append(session, case, EntryKind.assigned, now, actor=str(who.staff_id), body=body)
    return case


def take_note_back(session: Session, case_id: UUID, who: Viewer, number: int, now: datetime, form: Form) -> Case:
    """A note of one's own is shown and found no more. That there was one stays on the timeline, as its seal does.

    Raises:
        NotFound: there is no such note of theirs.
        Conflict: it was taken back already.
    """
    case = begin(session, case_id, who, Form(10**9, form.token))
    note = session.exec(
        select(TimelineEntry).where(
            col(TimelineEntry.case_id) == case.id,
            col(TimelineEntry.number) == number,
            col(TimelineEntry.kind) == EntryKind.noted,
            col(TimelineEntry.actor) == str(who.staff_id),
        )
    ).first()
    if note is None:
        raise NotFound("There is no such note of yours.")
    if number in taken_back(session, case):
        raise Conflict("The note was taken back already.")
    body: dict[str, object] = {"note": number, "by": who.name, "token": form.token}
    append(session, case, EntryKind.note_taken_back, now, actor=str(who.staff_id), body=body)
    session.flush()
    kept.index(session, [case])
    return case


def taken_back(session: Session, case: Case) -> set[int]:
    """Numbers of the notes of a case that were taken back."""
    entries = session.exec(
        select(TimelineEntry).where(
            col(TimelineEntry.case_id) == case.id, col(TimelineEntry.kind) == EntryKind.note_taken_back
        )
    )
    return {int(str(entry.body["note"])) for entry in entries}
