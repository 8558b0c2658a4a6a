"""After the closing in the sample history: is it solved, calls that check it, cases opened again, and appeals."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cases.afterwards import daytime, drawn
from channels.values import Channel
from cli.sample import answers
from cli.sample.inbound import keep
from cli.sample.phrases import phrases
from cli.sample.rows import plain
from cli.sample.story import Story
from core.ids import new_id
from core.settings import settings
from domain.closing import Appeal, AppealOutcome, CheckResult, SolvedCheck, SolvedQuestion, SolvedState
from domain.staff import Staff
from domain.states import CaseState, ClockKind, EntryKind, OfficeFunction, Outcome, Purpose, Role
from notifications import compose
from routing.appeals import appeal_to

SAID_YES = 0.34
SAID_NO = 0.05
"""Of those whose office answers well; where it does not, more say no."""
AT_ONCE = 0.08
"""Of those who say no the first time, how many want the office above to decide."""
CALL_AFTER = timedelta(days=4)
"""How far those who make the calls are behind."""


def close(story: Story, hours: float, hollow: float | None = None) -> None:
    """It is closed with an answer, and its citizen asked whether that solved it; `hollow` is the share it did not."""
    world, case = story.world, story.case
    at = answers.later(story, hours)
    story.check(at)
    text = phrases().pick(world.dice, case.language, "closings")
    outcome = world.dice.choices(
        [Outcome.upheld, Outcome.partly_upheld, Outcome.not_upheld, Outcome.answered], [45, 20, 12, 23]
    )[0]
    answers.say_answer(story, at, text, closes=outcome)
    closed(story, answers.temper(story.office).silent * 0.7 if hollow is None else hollow)


def closed(story: Story, hollow: float) -> None:
    """The case was closed by its last closing entry: what its citizen says of it. `hollow` is the share of closings of
    this office that solved nothing. Raises Present like all that tells a story."""
    world, case = story.world, story.case
    entry = next(entry for entry in reversed(story.entries) if entry.kind is EntryKind.closed)
    question: Any = world.rows.put(
        SolvedQuestion,
        plain(
            SolvedQuestion,
            id=UUID(int=world.dice.getrandbits(128), version=4),  # of the dice, since it decides about a call
            case_id=case.id,
            entry=entry.number,
            office_id=entry.office_id,
            closed_by=case.assignee_id,
            contact_point_id=case.contact_point_id,
            closed_at=entry.at,
            until=entry.at + timedelta(days=settings().solved_days),
            due_at=entry.at + timedelta(hours=settings().solved_hours),
        ),
    )
    if story.contact is None:
        if world.now >= question.due_at:
            question.state, question.why, question.due_at = SolvedState.unasked, "nobody to ask", None
        return
    _ask(story, question)
    fate, hours = world.dice.random(), world.dice.lognormvariate(1.2, 1.1)
    no = SAID_NO + hollow
    if fate < no + SAID_YES:
        at = question.asked_at + timedelta(hours=hours)
        if fate < no:
            _no(story, question, at, hollow)
        else:
            how = Channel(story.contact.channel)
            story.say(EntryKind.solved, at, {"how": how}, citizen=True, public=True)
            keep(world, case, story.contact, "1", at, "solved")
            question.state, question.answered_at, question.due_at = SolvedState.yes, at, None
            _draw(story, question, at, hollow)
        return
    story.check(question.until)
    question.state, question.due_at = SolvedState.silent, None
    _draw(story, question, question.until, hollow)


def _ask(story: Story, question: Any) -> None:
    contact = story.contact
    if contact is None:
        raise ValueError("nobody to ask")
    at = daytime(contact, question.due_at)
    story.check(at)
    pressed = contact.channel == Channel.telegram
    body = compose.compose("solved", story.case.language, reference=story.case.reference, link=None, pressed=pressed)
    story.message(Purpose.solved, body, at)
    story.say(EntryKind.asked_solved, at, {"closing": question.entry})
    question.state, question.asked_at, question.due_at = SolvedState.asked, at, question.until


def _draw(story: Story, question: Any, at: datetime, hollow: float) -> None:
    """Some are checked by a call from elsewhere; matters of integrity are not, for nobody elsewhere sees them."""
    world = story.world
    question.draw, question.share = drawn(question.id), settings().callback_share
    if question.draw >= question.share or story.case.integrity:
        return
    claimed = question.state is SolvedState.yes
    check: Any = world.rows.put(
        SolvedCheck,
        plain(SolvedCheck, id=new_id(), question_id=question.id, case_id=story.case.id, claimed=claimed, drawn_at=at),
    )
    if world.now - at < CALL_AFTER or world.chance(0.15):
        return
    callers = [
        person
        for (office_id, role), people in world.people.items()
        if role in (Role.reviewer, Role.officer) and office_id in (world.triage()[0].id, story.office.parent_id)
        for person in people
        if office_id != question.office_id
    ]
    if not callers:
        return
    who = world.dice.choice(sorted(callers, key=lambda person: person.email))
    called = world.after_work(story.case.office_id, at, world.dice.uniform(4, 20))
    story.check(called)
    refuted = world.chance(hollow + (0.02 if claimed else 0.1))
    result = CheckResult.not_solved if refuted else CheckResult.solved
    text = phrases().pick(world.dice, "en", "unsolved") if refuted else ""
    story.say(EntryKind.checked, called, {"result": result, "text": text}, by=who, public=True)
    check.tries = [{"at": called.isoformat(), "by": str(who.id), "note": text}]
    check.result, check.done_at, check.staff_id = result, called, who.id
    if refuted:
        _no(story, question, called, hollow, text)


def _no(story: Story, question: Any, at: datetime, hollow: float, told: str = "") -> None:
    """It is not solved: opened again, or, when that was so before or they want it at once, an appeal."""
    world, case = story.world, story.case
    story.check(at)
    text = told or phrases().pick(world.dice, case.language, "unsolved")
    again = any(entry.kind is EntryKind.reopened for entry in story.entries)
    if not told:
        keep(world, case, story.contact, text, at, "solved")
    question.state, question.answered_at, question.due_at = SolvedState.no, at, None
    if again or world.chance(AT_ONCE):
        _appeal(story, text, at, "call" if told else str(story.contact.channel if story.contact else "web"))
        return
    story.say(EntryKind.citizen_wrote, at, {"text": text, "thanks": False}, citizen=True, public=True)
    story.say(EntryKind.reopened, at, {"why": "not solved"}, citizen=True, public=True)
    case.state, case.closed_at, case.outcome = CaseState.open, None, None
    story.restate(at)
    manner = answers.temper(story.office)
    answers.answer(story, world.dice.lognormvariate(0, 0.7) * manner.hours)
    close(story, world.dice.uniform(2, 20), min(0.5, 0.1 + hollow * 2))


def _appeal(story: Story, text: str, at: datetime, how: str) -> None:
    world, case, known = story.world, story.case, story.world.known
    below = story.office
    above = appeal_to(known, below.id, about=case.about_office_id, integrity=case.integrity)
    deciders = {e.actor for e in story.entries if e.kind in (EntryKind.closed, EntryKind.answered)}
    deciders -= {"system", "citizen"}
    body: dict[str, object] = {"text": text, "from": below.code, "to": above.code, "how": how}
    story.say(EntryKind.appealed, at, body, citizen=True, public=True)
    case.state, case.appealed_at, case.closed_at, case.outcome = CaseState.open, at, None, None
    appeal: Any = world.rows.put(
        Appeal,
        plain(
            Appeal,
            id=new_id(),
            case_id=case.id,
            entry=story.entries[-1].number,
            from_office_id=below.id,
            office_id=above.id,
            not_by=sorted(deciders),
            text=text,
            lodged_at=at,
        ),
    )
    if above.id != below.id:
        case.routing_method, case.routing_confidence, case.routing_model = "appeal", None, None
        case.routing_reason = f"The citizen appealed against the decision of {known.name(below.id)}."
        service = known.services.get(case.service_id) if case.service_id else None
        routed: dict[str, object] = {
            "office": above.code,
            "service": service.code if service else None,
            "reason": case.routing_reason,
            "method": "appeal",
            "confidence": None,
            "model": None,
        }
        story.say(EntryKind.routed, at, routed, public=not case.integrity, office_id=above.id)
        case.office_id, case.pending_office_id = above.id, None
    free = [person for person in _deciding(story) if str(person.id) not in deciders]
    case.assignee_id = free[0].id if free else None
    story.start_clock(ClockKind.appeal, at)
    story.restate(at)
    if free:
        _decide(story, appeal, free[0], world.after_work(above.id, at, world.dice.lognormvariate(2.6, 0.6)))


def _deciding(story: Story) -> list[Staff]:
    people = story.world.people
    role = Role.integrity if story.office.function == OfficeFunction.integrity else Role.officer
    return [*people[story.office.id, Role.head], *people[story.office.id, role]]


def _decide(story: Story, appeal: Any, who: Staff, at: datetime) -> None:
    world, case = story.world, story.case
    outcome = world.dice.choices([AppealOutcome.allowed, AppealOutcome.partly, AppealOutcome.dismissed], [50, 25, 25])[
        0
    ]
    before = [e for e in story.entries if e.kind is EntryKind.closed]
    ends = {AppealOutcome.allowed: Outcome.upheld, AppealOutcome.partly: Outcome.partly_upheld}
    text = phrases().pick(world.dice, case.language, "decisions")
    story.say(EntryKind.appeal_decided, at, {"outcome": outcome}, by=who, public=True)
    appeal.outcome, appeal.words, appeal.decided_at, appeal.decided_by = outcome, text, at, who.id
    case.assignee_id = who.id
    closes = ends.get(outcome) or Outcome(str(before[-1].body["outcome"]))
    answers.say_answer(story, at, text, closes=closes, appeal=outcome)
