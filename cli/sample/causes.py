"""The catalogue of causes of the sample government, the causes of the cases its meetings looked at, and the ladders
that its forgotten promises have climbed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cli.sample.earlier import book
from cli.sample.world import World
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.cause import CaseCause, Cause, CauseAct, CauseChange
from domain.clock import Notice
from domain.review import Action, ActionAct, ActionEntry, ActionRung, Finding
from domain.staff import Staff
from domain.states import RungState
from reviews import action_ladder, climbing
from reviews.causes import fold


def write(world: World) -> None:
    """Gather causes for every finding and action there is, and what became of actions past their day."""
    by_action = _catalogue(world)
    cases = {case.id: case for case in world.rows.of(Case)}
    findings: dict[tuple[UUID, UUID], Any] = {(row.review_id, row.case_id): row for row in world.rows.of(Finding)}
    told: dict[UUID, Any] = {}
    for action in sorted(world.rows.of(Action), key=lambda row: row.created_at):
        cause = by_action.get(action.what)
        finding = findings.get((action.review_id, action.case_id))
        if cause is None or finding is None:
            continue
        action.cause_id = finding.cause_id = cause.id
        told[action.case_id] = finding
        _ladder(world, action, cases[action.case_id])
    for finding in told.values():
        world.rows.add(
            CaseCause,
            id=new_id(),
            case_id=finding.case_id,
            cause_id=finding.cause_id,
            review_id=finding.review_id,
            author_id=finding.author_id,
            at=finding.at,
        )


def _catalogue(world: World) -> dict[str, Any]:
    """The causes, and which of them each promise is against. One merge waits for a second pair of eyes."""
    since = min((row.at for row in world.rows.of(Finding)), default=world.now)
    author = min(world.rows.of(Finding), key=lambda row: row.at).author_id if world.rows.of(Finding) else None
    made: dict[str, Any] = {}
    found: dict[str, Any] = {}
    what = {one["office"]: one["action"] for one in book()["earlier"]}
    for one in book()["cause"]:
        row = world.rows.add(
            Cause,
            id=new_id(),
            name=one["name"],
            key=fold(one["name"]),
            language="en",
            names={code: one[code] for code in settings().languages if code in one},
            parent_id=made[one["under"]].id if "under" in one else None,
            shared=True,
            author_id=author,
            created_at=since,
        )
        made[one["name"]] = row
        _note(world, row, CauseAct.added, since, author, row.name)
        if promise := one.get("action") or what.get(one.get("earlier", "")):
            found[promise] = row
    same = world.rows.add(
        Cause,
        id=new_id(),
        name="Valve map is old",
        key=fold("Valve map is old"),
        language="en",
        shared=True,
        author_id=author,
        created_at=since,
        into_id=made["Valve plan is out of date"].id,
        asked_by_id=author,
    )
    _note(world, same, CauseAct.added, since, author, same.name)
    _note(world, same, CauseAct.merge_asked, since, author, made["Valve plan is out of date"].name)
    return found


def _note(world: World, row: Any, act: CauseAct, at: datetime, author: UUID | None, after: str) -> None:
    world.rows.add(CauseChange, id=new_id(), cause_id=row.id, act=act, staff_id=author, at=at, after=after)


def _ladder(world: World, action: Any, case: Any) -> None:
    """Climb what was due by now as `reviews.climbing` does, and wait for the next."""
    if action.done_at is not None:
        return
    calendar = world.calendar(action.office_id)
    for number, (tell, days) in enumerate(action_ladder.steps(), 1):
        due = action_ladder.morning(calendar, action.due_on, days)
        rung = world.rows.add(ActionRung, id=new_id(), action_id=action.id, number=number, tell=tell, due_at=due)
        if due > world.now:
            return
        reached = climbing.choose(action, case, tell, world.known, world.roster)
        rung.state, rung.due_at, rung.climbed_at = RungState.climbed, None, due
        rung.reached, rung.skipped = reached.step, list(reached.skipped)
        rung.told = [str(person.id) for person in reached.people]
        if reached.office is not None and reached.office.id != action.office_id:
            action.raised_to_id, action.raised_at = reached.office.id, due
        names = {person.id: person.name for person in world.rows.of(Staff)}
        world.rows.add(
            ActionEntry,
            id=new_id(),
            action_id=action.id,
            act=ActionAct.climbed,
            at=due,
            note=", ".join(sorted(names[person.id] for person in reached.people)),
            before="; ".join(reached.skipped),
            after=reached.step,
        )
        text = climbing.words(action, reached, world.known, names[action.owner_id])[0]
        for person in reached.people:
            world.rows.add(
                Notice,
                id=new_id(),
                staff_id=person.id,
                case_id=action.case_id,
                dedupe_key=f"action:{action.id}:{number}",
                text=text,
                at=due,
            )
