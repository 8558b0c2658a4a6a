"""What becomes of an action: done, given up, moved to another day, handed to somebody else; each with a reason, kept.

Its owner may do all but hand it over; and move it only while its day has not passed, as otherwise nobody would ever be
late. Who holds the office's review may do all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.cause import Cause
from domain.review import Action, ActionAct, ActionEntry, ActionRung, Review, unfinished
from domain.staff import Staff
from domain.states import RungState
from domain.visibility import Viewer, visible
from reviews import action_ladder
from reviews.chairs import attended, attends, chairs
from reviews.owners import may_own

LONGEST = 500
FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Promise:
    """An action with what stands around it. `reference` is empty where it is about no case; `next_step` and `next_at`
    are the rung it waits for; `climbed` are the steps it came to, in order; `weeks` is how often it came back.
    """

    action: Action
    owner: str
    week: date
    reference: str
    next_step: str
    next_at: datetime | None
    climbed: tuple[str, ...]
    weeks: int

    def late(self, today: date) -> bool:
        """Whether it is to do still after its day."""
        return self.action.settled_at is None and self.action.due_on < today


def action(session: Session, who: Viewer, action_id: UUID) -> Action:
    """One action. Raises NotFound unless it is the viewer's, or of a review they attend or that it climbed to, and
    about no case they may not see."""
    found = session.get(Action, action_id)
    if found is None or not readable(session, who, found):
        raise NotFound("There is no such action.", mend="Look in the list of the meeting, or in your own.")
    return found


def settles(session: Session, who: Viewer, about: Action) -> bool:
    """Whether they may say that it is done or will not be: its owner, or who holds the office's review."""
    return about.owner_id == who.staff_id or chairs(session, who, about.office_id)


def finish(session: Session, who: Viewer, action_id: UUID, note: str, now: datetime) -> Action:
    """It is done; the note says what came of it. Done again, it stays as it was.

    Raises:
        NotFound: no such action for this person.
        NotAllowed: it is somebody else's.
        BadInput: there is no note, or it is too long (`fields`: done_note).
        Conflict: it was given up.
    """
    found = _mine(session, who, action_id)
    if found.done_at is not None:
        return found
    if found.dropped_at is not None:
        raise Conflict("This action was given up.", mend="Take that back first.")
    words = _words(note, "done_note", "Say what came of it: the next meeting reads it.")
    found.done_at, found.done_note = now, words
    _settled(session, who, found, ActionAct.done, words, now)
    return found


def drop(session: Session, who: Viewer, action_id: UUID, why: str, now: datetime) -> Action:
    """It will not be done, because. Raises as `finish` does (`fields`: why)."""
    found = _mine(session, who, action_id)
    if found.dropped_at is not None:
        return found
    if found.done_at is not None:
        raise Conflict("This action is done.", mend="Take that back first.")
    words = _words(why, "why", "Say why it will not be done: the next meeting reads it.")
    found.dropped_at, found.done_note = now, words
    _settled(session, who, found, ActionAct.dropped, words, now)
    return found


def take_back(session: Session, who: Viewer, action_id: UUID, now: datetime) -> Action:
    """It is to do again; the ladder goes on where it was. What is to do already stays so."""
    found = _mine(session, who, action_id)
    if found.settled_at is None:
        return found
    before = found.done_note or ""
    found.done_at = found.dropped_at = found.done_note = None
    session.add(found)
    _note(session, who, found, ActionAct.taken_back, now, before=before)
    action_ladder.arm(session, found)
    return found


def move(session: Session, who: Viewer, action_id: UUID, due_on: date | None, why: str, now: datetime) -> Action:
    """Give it another day, with the reason; counted.

    Raises:
        NotFound, NotAllowed: as `finish`; and NotAllowed to its owner when its day has passed.
        BadInput: with `fields` due_on, why.
        Conflict: it is settled.
    """
    found = _mine(session, who, action_id)
    _to_do(found)
    today = now.astimezone(settings().zone).date()
    if found.due_on < today and not chairs(session, who, found.office_id):
        raise NotAllowed(
            "Its day has passed, so it comes back in the meeting.", mend="Who holds the review gives it a new day."
        )
    wrong: dict[str, str] = {}
    words = ""
    try:
        words = _words(why, "why", "Say why it needs another day.")
    except BadInput as error:
        wrong |= error.fields
    if due_on is None:
        wrong["due_on"] = "Give a day, such as 2026-11-30."
    elif due_on < today:
        wrong["due_on"] = "This day is over. Choose today or a later one."
    elif due_on - today > FARTHEST:
        wrong["due_on"] = "This is more than a year ahead. Make a smaller step of it."
    elif due_on == found.due_on:
        wrong["due_on"] = "This is its day already."
    if wrong or due_on is None:
        raise BadInput("The new day is not complete.", mend="Mend what is marked.", fields=wrong)
    before, found.due_on, found.moves = found.due_on, due_on, found.moves + 1
    session.add(found)
    _note(session, who, found, ActionAct.moved, now, words, before=before.isoformat(), after=due_on.isoformat())
    action_ladder.arm(session, found)
    return found


def hand_over(session: Session, who: Viewer, action_id: UUID, owner_id: UUID | None, why: str, now: datetime) -> Action:
    """Give it to somebody else; by who holds the review. Raises as `move` does (`fields`: owner, why)."""
    found = _mine(session, who, action_id)
    _to_do(found)
    if not chairs(session, who, found.office_id):
        raise NotAllowed("Who holds the review gives an action to somebody else.", mend="Ask the head of the office.")
    wrong: dict[str, str] = {}
    words = ""
    try:
        words = _words(why, "why", "Say why somebody else does it.")
    except BadInput as error:
        wrong |= error.fields
    if owner_id is None or owner_id == found.owner_id:
        wrong["owner"] = "Choose who does it from now on."
    elif not may_own(session, owner_id, found.office_id, found.case_id, now):
        wrong["owner"] = "This person does not work here any more, or may not see this case. Choose somebody else."
    if wrong or owner_id is None:
        raise BadInput("The new owner is not complete.", mend="Mend what is marked.", fields=wrong)
    before, after = (session.get_one(Staff, one).name for one in (found.owner_id, owner_id))
    found.owner_id = owner_id
    session.add(found)
    _note(session, who, found, ActionAct.handed_over, now, words, before=before, after=after)
    return found


def promises(session: Session, who: Viewer, actions: Sequence[Action]) -> list[Promise]:
    """These actions with what stands around them, in the same order, without those they may not see."""
    ids = [one.id for one in actions]
    rows = session.exec(
        select(Action, col(Staff.name), col(Review.week), col(Case.reference))
        .join(Review, col(Review.id) == col(Action.review_id))
        .join(Staff, col(Staff.id) == col(Action.owner_id))
        .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
        .where(col(Action.id).in_(ids), or_(col(Action.case_id).is_(None), visible(who)))
    ).all()
    held = session.exec(
        select(Action.id, Review.id)
        .join(Review, col(Review.office_id) == col(Action.office_id))
        .where(
            col(Action.id).in_(ids),
            col(Review.opened_at) > col(Action.created_at),
            or_(col(Action.done_at).is_(None), col(Review.opened_at) < col(Action.done_at)),
            or_(col(Action.dropped_at).is_(None), col(Review.opened_at) < col(Action.dropped_at)),
            col(Review.id) != col(Action.review_id),
        )
    ).all()
    rungs = session.exec(
        select(ActionRung).where(col(ActionRung.action_id).in_(ids)).order_by(col(ActionRung.number))
    ).all()
    known = {row[0].id: row for row in rows}
    return [
        Promise(
            action=found,
            owner=owner,
            week=week,
            reference=reference or "",
            next_step=next((one.tell for one in own if one.state == RungState.waiting), ""),
            next_at=next((one.due_at for one in own if one.state == RungState.waiting), None),
            climbed=tuple(one.reached for one in own if one.state == RungState.climbed),
            weeks=sum(at == found.id for at, _ in held),
        )
        for found, owner, week, reference in (known[one.id] for one in actions if one.id in known)
        for own in ([one for one in rungs if one.action_id == found.id],)
    ]


def mine(session: Session, who: Viewer, now: datetime, *, settled: timedelta = timedelta(days=28)) -> list[Promise]:
    """What somebody said they would do: to do by its day, then what was settled lately, newest first."""
    own = select(Action).where(Action.owner_id == who.staff_id)
    to_do = session.exec(own.where(unfinished()).order_by(col(Action.due_on), col(Action.created_at))).all()
    over = session.exec(
        own.where(or_(col(Action.done_at) > now - settled, col(Action.dropped_at) > now - settled))
    ).all()
    latest = sorted(over, key=lambda one: (one.settled_at or now, one.id), reverse=True)
    return promises(session, who, [*to_do, *latest])


def raised_to(session: Session, who: Viewer, office_id: UUID, at: datetime) -> list[Promise]:
    """Actions of offices below that climbed to this office's agenda and were to do at that moment, longest there
    first."""
    found = session.exec(
        select(Action)
        .where(Action.raised_to_id == office_id, col(Action.raised_at) <= at, unfinished(at))
        .order_by(col(Action.raised_at), col(Action.id))
    ).all()
    return promises(session, who, found)


def history(session: Session, who: Viewer, about: Action) -> list[tuple[ActionEntry, str]]:
    """What happened to an action, oldest first, each with who did it ("" is the ladder)."""
    action(session, who, about.id)
    rows = session.exec(
        select(ActionEntry, col(Staff.name))
        .join(Staff, col(Staff.id) == col(ActionEntry.staff_id), isouter=True)
        .where(ActionEntry.action_id == about.id)
        .order_by(col(ActionEntry.at), col(ActionEntry.id))
    ).all()
    return [(entry, name or "") for entry, name in rows]


def give_cause(session: Session, who: Viewer, action_id: UUID, chosen: Cause | None) -> Action:
    """Say which cause an action is against, so that its effect can be asked for by cause. Raises as `finish` does."""
    found = _mine(session, who, action_id)
    found.cause_id = chosen.id if chosen else None
    session.add(found)
    session.flush()
    return found


def readable(session: Session, who: Viewer, found: Action) -> bool:
    """Whether somebody may read an action: see `action`."""
    near = found.owner_id == who.staff_id or attends(session, who, found.office_id)
    raised = found.raised_to_id is not None and found.raised_to_id in attended(catalogue(session), who)
    if not (near or raised):
        return False
    if found.case_id is None:
        return True
    return session.exec(select(Case.id).where(col(Case.id) == found.case_id, visible(who))).first() is not None


def _mine(session: Session, who: Viewer, action_id: UUID) -> Action:
    """The action, locked, for who may settle it."""
    found = session.exec(
        select(Action).where(Action.id == action_id).with_for_update(), execution_options={"populate_existing": True}
    ).first()
    if found is None or not readable(session, who, found):
        raise NotFound("There is no such action.", mend="Look in the list of the meeting, or in your own.")
    if not settles(session, who, found):
        raise NotAllowed("Only its owner or who holds the review says what becomes of an action.")
    return found


def _to_do(found: Action) -> None:
    if found.settled_at is not None:
        raise Conflict("This action is settled.", mend="Take that back first.")


def _settled(session: Session, who: Viewer, found: Action, act: ActionAct, words: str, now: datetime) -> None:
    session.add(found)
    _note(session, who, found, act, now, words)
    action_ladder.disarm(session, found)


def _note(
    session: Session,
    who: Viewer,
    about: Action,
    act: ActionAct,
    now: datetime,
    note: str = "",
    *,
    before: str = "",
    after: str = "",
) -> None:
    session.add(
        ActionEntry(action_id=about.id, act=act, staff_id=who.staff_id, at=now, note=note, before=before, after=after)
    )
    session.flush()


def _words(text: str, field: str, missing: str) -> str:
    words = clean(text)
    wrong = missing if not words else f"{len(words) - LONGEST} characters too long." if len(words) > LONGEST else ""
    if wrong:
        raise BadInput("Something is missing.", mend="Mend what is marked.", fields={field: wrong})
    return words
