"""Taking an act on many cases back: within minutes, case by case, where nothing has come of it yet."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from cases import handover, marks, undoing
from cases.acting import Form, Repeated
from cases.bulk import LEASE, items, load, whose
from core.database import Database
from core.errors import Conflict, OmbudError
from domain.case import Case
from domain.queue import BulkAct, BulkItem, BulkState, BulkWhat, ItemState
from domain.visibility import Viewer

UNDO = timedelta(minutes=10)
"""How long an act can be taken back."""
FOR_GOOD = frozenset({BulkWhat.close})
"""Acts that sent something to citizens: no button brings that back."""


def may_undo(act: BulkAct, now: datetime) -> bool:
    """Whether an act can still be taken back."""
    return (
        act.state == BulkState.done
        and act.what not in FOR_GOOD
        and act.done_at is not None
        and now - act.done_at <= UNDO
    )


def undo(home: Database, who: Viewer, act_id: UUID, now: datetime) -> None:
    """Put back what was there, in each case where that is still possible; the others say why not.

    Raises Conflict: it is too late, or it sent something that cannot come back.
    """
    with home.write() as session:
        act = load(session, who, act_id, lock=True)
        if act.state in (BulkState.undoing, BulkState.undone):
            return
        if not may_undo(act, now):
            raise Conflict(
                "This cannot be taken back any more.", mend="Open the cases one by one to change what should not be so."
            )
        # should this request be cut off, a worker finishes it once the lease has run out
        act.state, act.due_at, act.leased_until = BulkState.undoing, now, now + LEASE
    finish(home, act_id, now)


def finish(home: Database, act_id: UUID, now: datetime) -> None:
    """Take back what is not taken back yet of an act that is to be."""
    with home.read() as session:
        done = [item.id for item in items(session, act_id) if item.state == ItemState.done]
    for item_id in done:
        _one(home, act_id, item_id, now)
    with home.write() as session:
        act = session.get_one(BulkAct, act_id, with_for_update=True)
        if act.state == BulkState.undoing:
            act.state, act.due_at, act.leased_until = BulkState.undone, None, None


def _one(home: Database, act_id: UUID, item_id: UUID, now: datetime) -> None:
    try:
        with home.write() as session:
            item = session.get_one(BulkItem, item_id, with_for_update=True)
            if item.state == ItemState.done:
                act = session.get_one(BulkAct, act_id)
                _put_back(session, act, item, whose(session, act, now), now)
                item.state = ItemState.undone
    except OmbudError as error:
        with home.write() as session:
            item = session.get_one(BulkItem, item_id, with_for_update=True)
            item.state, item.why = ItemState.kept, str(error)


def _put_back(session: Session, act: BulkAct, item: BulkItem, who: Viewer, now: datetime) -> None:
    form = Form(item.entry or 0, f"undo:{item.id}")
    try:
        match BulkWhat(act.what):
            case BulkWhat.take | BulkWhat.assign:
                given_to = act.staff_id if act.what == BulkWhat.take else UUID(act.given["staff"])
                if before := item.before.get("assignee"):
                    if session.get_one(Case, item.case_id).assignee_id != given_to:
                        raise Conflict("Somebody else has it now.")
                    handover.assign(session, item.case_id, who, UUID(before), now, form)
                else:
                    undoing.unassign(session, item.case_id, who, given_to, now, form)
            case BulkWhat.note:
                undoing.take_note_back(session, item.case_id, who, item.entry or 0, now, form)
            case BulkWhat.transfer:
                handover.withdraw(session, item.case_id, who, now, form)
            case BulkWhat.urgent:
                marks.mark_urgent(session, item.case_id, who, False, "Taken back: marked by mistake.", now, form)
            case BulkWhat.close:
                raise Conflict("The answer has left.")
    except Repeated:
        return
