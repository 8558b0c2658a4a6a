"""Answers in the sample history: how offices answer, and the words that go out."""

from dataclasses import dataclass
from datetime import datetime

from channels.errors import Failure
from cli.sample.phrases import phrases
from cli.sample.story import Story
from domain.office import Office
from domain.staff import Staff
from domain.states import CaseState, EntryKind, Outcome, Purpose
from notifications import compose


@dataclass(frozen=True, slots=True)
class Temper:
    """How an office answers: median working hours to the first answer, their spread, the share never answered."""

    hours: float
    spread: float
    silent: float
    saved: float = 0.05


TERRIBLE = {"WAT3": Temper(58, 0.8, 0.34, 0.16), "MUN3": Temper(44, 0.9, 0.27, 0.22)}
"""The two that the leadership page should find."""
QUICK = {code: Temper(1.6, 0.8, 0.01, 0.01) for code in ("CIV1", "ENE", "SOC", "EDU1", "CIV4")}
SLOW = {code: Temper(19, 0.9, 0.09) for code in ("LND", "LND1", "ROD", "HLT3", "MUN2")}
ORDINARY = Temper(6, 0.9, 0.035)


def temper(office: Office) -> Temper:
    """How an office answers."""
    return TERRIBLE.get(office.code) or QUICK.get(office.code) or SLOW.get(office.code) or ORDINARY


def who_answers(story: Story) -> Staff:
    """Whoever has the case, or gets it now."""
    world, case = story.world, story.case
    person = next((p for people in world.people.values() for p in people if p.id == case.assignee_id), None)
    person = person or world.officer(story.office)
    if person is None:
        raise ValueError(f"nobody works at {story.office.code}")
    if case.assignee_id is None:
        case.assignee_id = person.id
    return person


def later(story: Story, hours: float) -> datetime:
    """So many working hours after the last that happened."""
    return story.world.after_work(story.case.office_id, story.last, hours)


def answer(story: Story, hours: float, *, saved: bool = False, fails: bool = False) -> None:
    """Whoever has the case answers it after so many working hours."""
    world, case = story.world, story.case
    at = later(story, hours)
    text = phrases().pick(world.dice, case.language, "saved" if saved else "answers")
    say_answer(story, at, text, saved=saved, fails=fails)


def say_answer(
    story: Story,
    at: datetime,
    text: str,
    *,
    saved: bool = False,
    fails: bool = False,
    closes: Outcome | None = None,
    appeal: str | None = None,
) -> None:
    """An answer leaves and arrives, or fails; with it the case may be closed. `appeal` is how one was decided by it."""
    case, who = story.case, who_answers(story)
    office = story.world.known.name(case.office_id, case.language)
    body = compose.compose(
        "appeal_decided" if appeal else "answer", case.language, reference=case.reference, text=text, office=office
    )
    story.check(at)
    sent = story.message(Purpose.answer, body, at, fails=Failure.unreachable if fails else None)
    said: dict[str, object] = {"text": text, "message": str(sent.id) if sent else None, "templated": saved}
    said |= {"decides_appeal": True} if appeal else {}
    story.say(EntryKind.answered, at, said, by=who, public=True)
    case.state = CaseState.answered
    if closes is not None:
        ended: dict[str, object] = {"outcome": closes, "text": text, **({"appeal": appeal} if appeal else {})}
        story.say(EntryKind.closed, at, ended, by=who, public=True)
        case.state, case.closed_at, case.outcome = CaseState.closed, at, closes
        story.restate(at)
    arrived: dict[str, object]
    if sent is None:
        done, arrived = at, {"message": None, "how": "tracking page"}
    else:
        done = sent.delivered_at or sent.failed_at or at
        arrived = {"message": str(sent.id), "how": "receipt"}
    if fails:
        story.say(
            EntryKind.answer_failed, done, {"message": str(sent.id) if sent else None, "failure": Failure.unreachable}
        )
        case.state = CaseState.open
    else:
        story.say(EntryKind.answer_delivered, min(done, story.world.now), arrived)
    story.restate(story.last)
