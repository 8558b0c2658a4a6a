"""Unfinished actions climb their ladder: the owner is reminded, then the head told, then it is on the agenda of the
office above, then before the leadership. Each rung once, each on record; nobody is skipped silently.

Whoever may not see the action's case is not told of it; nor is a head told a second time who owns the action.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from cases.telling import tell
from core import doorbell
from core.claims import claim, retry_at
from core.database import Database, after_commit, database
from core.i18n import SOURCE_LANGUAGE, format_datetime
from core.logs import logger
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.office import Office
from domain.reach import Matter as About
from domain.reach import StaffMessage
from domain.review import Action, ActionAct, ActionEntry, ActionRung, ActionStep, unfinished
from domain.staff import Staff
from domain.states import OfficeFunction, Role, RungState
from escalation.reaching import channels_of
from escalation.recipients import Matter, Person, Roster, sees
from escalation.sweep import load_roster
from notifications.staff_channels import set_up
from reviews import action_ladder

LEASE = timedelta(minutes=1)
STRAY = 200
"""Actions without a ladder that get one at a time."""
_ORDER = list(ActionStep)
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a rung ended: the step, the office on whose agenda it is from now on, the people, and who was passed over
    and why."""

    step: str
    office: Office | None
    people: tuple[Person, ...]
    skipped: tuple[str, ...]


def sweep(now: datetime, limit: int = 100) -> int:
    """Climb up to `limit` rungs that are due; returns how many were settled."""
    home = database()
    with home.write() as session:
        _arm_strays(session)
        claimed = claim(session, ActionRung, now, state=RungState.waiting, limit=limit, lease=LEASE)
    return sum(_alone(home, rung_id, now) for rung_id in claimed)


def _arm_strays(session: Session) -> None:
    """Give a ladder to what came in past the meeting's page: by an import, or before there were ladders."""
    bare = ~exists().where(col(ActionRung.action_id) == col(Action.id))
    query = select(Action).where(unfinished(), bare).limit(STRAY).with_for_update(skip_locked=True)
    for action in session.exec(query).all():
        action_ladder.arm(session, action)


def _alone(home: Database, rung_id: UUID, now: datetime) -> int:
    """One rung in its own transaction, so that one that fails holds up no other."""
    try:
        with home.write() as session:
            climb(session, rung_id, now)
            return 1
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        _log.exception("a rung of an action could not climb", rung=str(rung_id))
        with home.write() as session:
            rung = session.get(ActionRung, rung_id)
            if rung is not None:
                rung.last_error = f"{type(error).__name__}: {error}"[:500]
                rung.leased_until = retry_at(now, rung.attempts)
        return 0


def climb(session: Session, rung_id: UUID, now: datetime) -> None:
    """Settle one rung in the caller's transaction: tell, write it down, and wait for the next."""
    # the action first, as whoever settles one locks it first
    action_id = session.exec(select(ActionRung.action_id).where(ActionRung.id == rung_id)).one()
    fresh = {"populate_existing": True}
    action = session.exec(select(Action).where(Action.id == action_id).with_for_update(), execution_options=fresh).one()
    rung = session.exec(
        select(ActionRung).where(ActionRung.id == rung_id).with_for_update(), execution_options=fresh
    ).one()
    if rung.state != RungState.waiting:
        return
    if action.settled_at is not None:
        rung.state, rung.due_at, rung.leased_until = RungState.void, None, None
        return
    known = catalogue(session)
    case = session.get(Case, action.case_id) if action.case_id is not None else None
    concerned = {"office_id": action.office_id, "pending_office_id": None, "assignee_id": action.owner_id}
    reached = choose(
        action, case, ActionStep(rung.tell), known, load_roster(session.connection(), known, [concerned], now)
    )
    rung.state, rung.climbed_at, rung.due_at, rung.leased_until = RungState.climbed, now, None, None
    rung.reached, rung.skipped = reached.step, list(reached.skipped)
    rung.told = [str(person.id) for person in reached.people]
    session.add(rung)
    if reached.office is not None and reached.office.id != action.office_id:
        action.raised_to_id, action.raised_at = reached.office.id, now
        session.add(action)
    _write_down(session, action, reached, now)
    _tell(session, action, rung, case, reached, known, now)
    action_ladder.add(session, action, rung.number + 1, now)


def choose(action: Action, case: Case | None, tells: ActionStep, known: Catalogue, roster: Roster) -> Reached:
    """The people of the lowest step from `tells` upwards where somebody may be told. Pure."""
    matter = _matter(case) if case is not None else None
    skipped: list[str] = []
    for step, office, people in _steps(action, tells, known, roster):
        others = [one for one in people if step == ActionStep.owner or one.id != action.owner_id]
        clear = tuple(one for one in others if matter is None or sees(one.viewer, matter))
        if clear:
            return Reached(step, office, clear, tuple(skipped))
        why = "nobody is there" if not people else "owns it" if not others else "may not see the case"
        skipped.append(f"{step}: {why}")
    return Reached("nobody", None, (), tuple(skipped))


def _steps(
    action: Action, tells: ActionStep, known: Catalogue, roster: Roster
) -> Iterator[tuple[str, Office | None, Sequence[Person]]]:
    height = _ORDER.index(tells)
    _, *above = known.chain(action.office_id)
    if height <= _ORDER.index(ActionStep.owner):
        owner = roster.people.get(action.owner_id)
        yield ActionStep.owner, None, [owner] if owner is not None else []
    if height <= _ORDER.index(ActionStep.head):
        yield ActionStep.head, None, roster.at(action.office_id, Role.head)
    if height <= _ORDER.index(ActionStep.parent_office):
        for parent in above:
            yield f"{ActionStep.parent_office}:{parent.code}", parent, roster.at(parent.id, Role.head)
    yield (
        ActionStep.leadership,
        known.with_function(OfficeFunction.leadership),
        roster.everywhere.get(Role.leadership, ()),
    )


def _matter(case: Case) -> Matter:
    return Matter(
        case.office_id,
        case.pending_office_id,
        case.state,
        case.assignee_id,
        case.integrity,
        case.about_office_id,
        case.about_staff_id,
    )


def _write_down(session: Session, action: Action, reached: Reached, now: datetime) -> None:
    ids = [person.id for person in reached.people]
    names = session.exec(select(Staff.name).where(col(Staff.id).in_(ids)).order_by(col(Staff.name))).all()
    session.add(
        ActionEntry(
            action_id=action.id,
            act=ActionAct.climbed,
            at=now,
            note=", ".join(names),
            before="; ".join(reached.skipped),
            after=reached.step,
        )
    )


def words(action: Action, reached: Reached, known: Catalogue, owner: str) -> tuple[str, str]:
    """What the notice inside the program says, and what leaves it: a line without the words of the action."""
    due = format_datetime(action.due_on, SOURCE_LANGUAGE, settings().zone, "date")
    office = known.name(action.office_id, SOURCE_LANGUAGE)
    if reached.step == ActionStep.owner:
        text = f"“{action.what}” was to be done by {due}, and nothing says that it was. Say what became of it."
        return text, f"An action of yours was to be done by {due}."
    text = f"“{action.what}” was to be done by {due}: {owner}, for the review of {office}."
    agenda = " It is on the agenda of your next review." if reached.office is not None else ""
    return text + agenda, f"An action of the review of {office} was to be done by {due}."


def _tell(
    session: Session,
    action: Action,
    rung: ActionRung,
    case: Case | None,
    reached: Reached,
    known: Catalogue,
    now: datetime,
) -> None:
    owner = session.get_one(Staff, action.owner_id).name
    text, outside = words(action, reached, known, owner)
    tell(session, [person.id for person in reached.people], f"action:{action.id}:{rung.number}", text, now, case)
    link = f"{settings().site_url}/staff/actions/{action.id}"
    ways = channels_of({}, set_up())
    session.add_all(
        StaffMessage(
            staff_id=person.id,
            about=About.action,
            case_id=action.case_id,
            action_id=action.id,
            channel=way,
            text=f"{outside}\n{link}",
            created_at=now,
            due_at=now,
        )
        for person in reached.people
        for way in ways
    )
    if reached.people and ways:
        after_commit(session, lambda: doorbell.ring(doorbell.STAFF))
    session.flush()
