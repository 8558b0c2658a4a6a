"""The same act on many cases: looked at first, each by the very function that does it to one, taken back if possible.

An act is a row with a row for each case, so a process that dies in the middle leaves it to be finished, and does
nothing twice: what is done to a case and that it is done are written in one transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from cases import handover, lifecycle, marks
from cases.acting import Form, Repeated, words_of
from cases.disposal import IN_BULK
from core.database import Database
from core.errors import BadInput, Conflict, NotFound, OmbudError
from domain.case import Case
from domain.catalogue import catalogue
from domain.queue import BulkAct, BulkItem, BulkState, BulkWhat, ItemState
from domain.staff import Staff
from domain.states import Outcome
from domain.visibility import Viewer, viewer, visible

MOST = 200
"""Cases of one act: what a person can look over before it is done."""
AT_ONCE = 50
"""Cases up to which an act is done while its page is waited for; a worker does more."""
LEASE = timedelta(minutes=5)
NEEDS: dict[BulkWhat, tuple[str, ...]] = {
    BulkWhat.take: (),
    BulkWhat.assign: ("staff",),
    BulkWhat.note: ("text",),
    BulkWhat.transfer: ("office", "reason"),
    BulkWhat.urgent: ("reason",),
    BulkWhat.close: ("outcome", "text"),
}
"""What must be said for an act."""


class _NotReally(Exception):
    """Ends a transaction that only looked."""


def draft(session: Session, who: Viewer, what: BulkWhat, cases: Sequence[Case], now: datetime) -> BulkAct:
    """An act that nobody asked for yet, on these cases as they are now. Raises BadInput for none or too many."""
    if not cases:
        raise BadInput("No case was ticked.", mend="Tick those that you mean, then choose again.")
    if len(cases) > MOST:
        raise BadInput(f"That are more than {MOST} cases.", mend="Narrow the list, or tick some.")
    assert who.staff_id is not None  # noqa: S101  (only staff sign in)
    act = BulkAct(staff_id=who.staff_id, what=what, asked_at=now)
    session.add(act)
    session.flush()
    for number, case in enumerate(cases, 1):
        before = {"assignee": str(case.assignee_id) if case.assignee_id else ""}
        session.add(BulkItem(act_id=act.id, case_id=case.id, number=number, seen=case.timeline_length, before=before))
    return act


def load(session: Session, who: Viewer, act_id: UUID, *, lock: bool = False) -> BulkAct:
    """One's own act. Raises NotFound."""
    query = select(BulkAct).where(col(BulkAct.id) == act_id, col(BulkAct.staff_id) == who.staff_id)
    act = session.exec(query.with_for_update() if lock else query).first()
    if act is None:
        raise NotFound("There is no such act of yours.", mend="Go back to the queue and choose again.")
    return act


def items(session: Session, act_id: UUID) -> Sequence[BulkItem]:
    """The cases of an act, in the order they were chosen."""
    return session.exec(select(BulkItem).where(col(BulkItem.act_id) == act_id).order_by(col(BulkItem.number))).all()


def say(session: Session, who: Viewer, act_id: UUID, given: dict[str, str]) -> None:
    """What a draft needs to be told, such as a reason. Raises BadInput naming what is missing; Conflict once asked."""
    act = load(session, who, act_id, lock=True)
    if act.state != BulkState.draft:
        raise Conflict("This was asked for already.", mend="See below what came of it.")
    known, wrong = catalogue(session), {}
    said = {name: given.get(name, "").strip() for name in NEEDS[BulkWhat(act.what)]}
    if "office" in said and known.office_by_code.get(said["office"].upper()) is None:
        wrong["office"] = "Choose the office they belong to."
    if "outcome" in said and said["outcome"] not in IN_BULK:
        wrong["outcome"] = "Choose an outcome."
    if "staff" in said and not _person(session, said["staff"]):
        wrong["staff"] = "Choose a colleague."
    for name, what, limit in (
        ("reason", "The reason", 500),
        ("text", "The text", lifecycle.ANSWER_LIMIT if act.what == BulkWhat.close else 4000),
    ):
        if name in said:
            try:
                words_of(said[name], what, limit=limit)
            except BadInput as error:
                wrong[name] = error.fields.get("text", str(error))
    if wrong:
        raise BadInput("Something is missing.", mend="Mend what is marked.", fields=wrong)
    act.given = said


def _person(session: Session, text: str) -> Staff | None:
    try:
        return session.get(Staff, UUID(text))
    except ValueError:
        return None


def complete(act: BulkAct) -> bool:
    """Whether all is said that the act needs."""
    return all(act.given.get(name) for name in NEEDS[BulkWhat(act.what)])


def look(home: Database, who: Viewer, act_id: UUID, now: datetime) -> None:
    """Try a draft on each of its cases, keeping nothing but why it would be refused."""
    with home.read() as session:
        act, every = load(session, who, act_id), items(session, act_id)
    answers: dict[UUID, str] = {}
    for item in every:
        try:
            with home.write() as session:
                _perform(session, act, item, len(every), who, now)
                session.flush()
                raise _NotReally
        except _NotReally:
            answers[item.id] = ""
        except OmbudError as error:
            answers[item.id] = str(error)
    with home.write() as session:
        if load(session, who, act_id, lock=True).state == BulkState.draft:
            for item in items(session, act_id):
                item.why = answers.get(item.id, "")


def ask_for(session: Session, who: Viewer, act_id: UUID, now: datetime) -> bool:
    """Let an act that was looked at be done; whether the caller does it, as it is small. Asked twice it is done once.

    Raises BadInput for one that is not complete.
    """
    act = load(session, who, act_id, lock=True)
    if act.state != BulkState.draft:
        return False
    if not complete(act):
        raise BadInput("Say first what is needed.", mend="Fill in the form.")
    small = len(items(session, act_id)) <= AT_ONCE
    act.state, act.due_at = BulkState.waiting, now
    if small:
        act.leased_until = now + LEASE  # so that no worker takes what this request is about to do
    return small


def run(home: Database, act_id: UUID, now: datetime) -> None:
    """Do what is left of an act, each case in a transaction of its own."""
    with home.read() as session:
        act = session.get_one(BulkAct, act_id)
        every = [item.id for item in items(session, act_id)]
    for item_id in every:
        _one(home, act_id, item_id, len(every), now)
    with home.write() as session:
        act = session.get_one(BulkAct, act_id, with_for_update=True)
        if act.state == BulkState.waiting:
            act.state, act.done_at, act.due_at, act.leased_until = BulkState.done, now, None, None


def _one(home: Database, act_id: UUID, item_id: UUID, number: int, now: datetime) -> None:
    try:
        with home.write() as session:
            item = session.get_one(BulkItem, item_id, with_for_update=True)
            if item.state != ItemState.planned:
                return
            act = session.get_one(BulkAct, act_id)
            case = _perform(session, act, item, number, whose(session, act, now), now)
            item.state, item.why, item.entry = ItemState.done, "", case.timeline_length
    except OmbudError as error:
        with home.write() as session:
            item = session.get_one(BulkItem, item_id, with_for_update=True)
            if item.state == ItemState.planned:
                item.state, item.why = ItemState.refused, str(error)


def whose(session: Session, act: BulkAct, now: datetime) -> Viewer:
    """Who asked for an act, with the rights they have now."""
    return viewer(session, act.staff_id, session.get_one(Staff, act.staff_id).name, now=now)


def _perform(session: Session, act: BulkAct, item: BulkItem, number: int, who: Viewer, now: datetime) -> Case:
    """Do the act to one case, the way it is done to a single one. Raises what that raises."""
    form, given = Form(item.seen, f"bulk:{item.id}"), act.given
    case = session.exec(select(Case).where(col(Case.id) == item.case_id, visible(who)).with_for_update()).first()
    if case is None:
        raise NotFound("You do not see this case any more.")
    try:
        match BulkWhat(act.what):
            case BulkWhat.take | BulkWhat.assign:
                assert who.staff_id is not None  # noqa: S101
                _check_same_hands(session, case, item)
                to = who.staff_id if act.what == BulkWhat.take else UUID(given["staff"])
                if case.assignee_id == to:
                    raise Conflict("They have it already." if act.what == BulkWhat.assign else "It is yours already.")
                return handover.assign(session, case.id, who, to, now, form)
            case BulkWhat.note:
                return lifecycle.note(session, case.id, who, given["text"], now, form)
            case BulkWhat.transfer:
                office = catalogue(session).office_by_code.get(given["office"].upper())
                if office is None:
                    raise Conflict("That office is closed.")
                return handover.transfer(session, case.id, who, office.id, given["reason"], now, form)
            case BulkWhat.urgent:
                return marks.mark_urgent(session, case.id, who, True, given["reason"], now, form)
            case BulkWhat.close:
                # one text for many citizens is a saved reply, whoever typed it
                outcome, many = Outcome(given["outcome"]), number > 1
                return lifecycle.close(session, case.id, who, outcome, given["text"], now, form, many=many)
    except Repeated:
        return case


def _check_same_hands(session: Session, case: Case, item: BulkItem) -> None:
    """Somebody who was given the case since it was ticked keeps it."""
    now_with = str(case.assignee_id) if case.assignee_id else ""
    if now_with != item.before.get("assignee", ""):
        person = session.get(Staff, case.assignee_id) if case.assignee_id else None
        raise Conflict(f"{person.name} has it now." if person else "It was given back meanwhile.")
