"""What becomes of a case in the sample history: quick offices, slow ones, and the ways a matter can go astray."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.values import Channel
from cli.sample import aftercare, answers
from cli.sample.inbound import keep
from cli.sample.phrases import phrases
from cli.sample.rows import plain
from cli.sample.story import Present, Story
from cli.sample.world import World
from core.ids import new_id, new_reference
from core.settings import settings
from domain.access import TrainingLabel
from domain.case import Case
from domain.office import Office
from domain.states import CaseKind, CaseState, ClockKind, EntryKind, IntakeSource, OfficeFunction, Purpose
from nlp.classifier import Prediction, Suggestion
from notifications import compose
from routing import rules
from routing.service import suggestions_json

MODEL = "sample-2"
THRESHOLD = 0.6
BACKLOG = timedelta(days=6)
_KEYED = (IntakeSource.hotline, IntakeSource.walk_in, IntakeSource.letter, IntakeSource.open_day)
"""How far the triage desk is behind."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a citizen wrote. `service` is what it really is about (None: conduct), `picked` that they said so."""

    at: datetime
    channel: Channel
    language: str
    text: str
    service: str | None
    picked: bool = False


def tell(world: World, message: Message) -> None:
    """Tell one case from its message to the present."""
    story = open_case(world, message)
    with contextlib.suppress(Present):
        follow(story)
    story.finish()


def _route(world: World, message: Message) -> rules.Decision:
    dice = world.dice
    picked = message.service if message.picked or (message.channel is Channel.web and world.chance(0.7)) else None
    prediction = None
    if message.service is not None:
        sure = min(0.995, max(0.22, dice.betavariate(6, 1.35)))
        others = dice.sample(sorted(set(world.known.service_by_code) - {message.service}), 2)
        labels = (
            Suggestion(message.service, round(sure, 4)),
            Suggestion(others[0], round((1 - sure) * 0.6, 4)),
            Suggestion(others[1], round((1 - sure) * 0.25, 4)),
        )
        prediction = Prediction(labels, message.language, MODEL, THRESHOLD)
    request = rules.Request(
        text=message.text,
        service=picked,
        language=message.language,
        prediction=None if picked else prediction,
    )
    return rules.choose(request, world.known, message.at.astimezone(settings().zone).date())


def open_case(world: World, message: Message) -> Story:
    """A case as `cases.opening` opens it."""
    known = world.known
    decision = _route(world, message)
    office = known.offices[decision.office_id]
    writes = message.channel in (Channel.sms, Channel.whatsapp, Channel.telegram, Channel.email)
    reached = message.channel if writes else Channel.sms if world.chance(0.7) else None
    contact = world.contact(reached, message.language, message.at) if reached else None
    opened = message.at + timedelta(seconds=world.dice.uniform(0.3, 2.5))
    kind = CaseKind.complaint
    if message.channel is Channel.web and not decision.integrity:
        kind = world.dice.choices(list(CaseKind), [64, 8, 4, 12, 12])[0]
    case = plain(
        Case,
        id=new_id(),
        reference=new_reference(),
        kind=kind,
        state=CaseState.triage if decision.triage else CaseState.open,
        channel=message.channel,
        language=message.language,
        text=message.text,
        place=decision.place,
        source=world.dice.choice(_KEYED) if message.channel is Channel.assisted else IntakeSource.citizen,
        citizen_id=contact.citizen_id if contact else None,
        contact_point_id=contact.id if contact else None,
        office_id=office.id,
        service_id=decision.service_id,
        integrity=decision.integrity,
        about_office_id=decision.about_office_id,
        routing_method=decision.method,
        routing_reason=decision.reason,
        routing_confidence=decision.confidence,
        routing_model=decision.model,
        routing_suggestions=suggestions_json(known, decision),
        received_at=message.at,
        opened_at=opened,
        updated_at=opened,
    )
    officer = world.officer(office)
    case.assignee_id = officer.id if officer else None
    story = Story(world, case, contact)
    keep(world, case, contact, message.text, message.at, "case")
    story.open(
        EntryKind.received, message.at, {"text": message.text, "channel": message.channel}, citizen=True, public=True
    )
    service = known.services.get(decision.service_id) if decision.service_id else None
    story.open(
        EntryKind.routed,
        opened,
        {
            "office": office.code,
            "service": service.code if service else None,
            "reason": decision.reason,
            "method": decision.method,
            "confidence": decision.confidence,
            "model": decision.model,
        },
        public=not decision.integrity,
    )
    due = story.start_clock(ClockKind.first_response, opened, since=message.at)
    story.start_clock(ClockKind.resolution, opened, since=message.at)
    body = compose.compose(
        "acknowledgement",
        case.language,
        reference=case.reference,
        office=known.name(office.id, case.language),
        triage=decision.triage,
        answer_by=due.astimezone(world.calendar(office.id).zone).date(),
    )
    if (sent := story.message(Purpose.acknowledgement, body, opened)) is not None:
        story.open(EntryKind.acknowledged, opened, {"message": str(sent.id)}, public=True)
    return story


def follow(story: Story) -> None:
    """Whatever happens next, until the present or the end."""
    world, dice = story.world, story.world.dice
    if story.case.state == CaseState.triage:
        _place(story, dice.lognormvariate(0.3, 0.8))
    if story.office.function == OfficeFunction.service and world.chance(0.07):
        _pass_on(story)
    manner = answers.temper(story.office)
    if world.chance(0.12):
        _note(story, manner.hours * 0.4)
    if world.chance(manner.saved):
        answers.answer(story, manner.hours * 0.3, saved=True)
        if world.chance(0.55):
            return
    if world.chance(manner.silent):
        if world.chance(0.45):
            return
        answers.answer(story, dice.uniform(60, 240))  # weeks later, after somebody higher up asked
        if world.chance(0.75):
            aftercare.close(story, dice.uniform(4, 24))
        return
    if story.contact is not None and world.chance(0.06):
        _ask(story, manner.hours * 0.5)
    hours = dice.lognormvariate(0, manner.spread) * manner.hours
    if story.contact is not None and world.chance(0.012):
        answers.answer(story, hours, fails=True)
        hours = manner.hours
    answers.answer(story, hours)
    if story.contact is not None and world.chance(0.2):
        _write_again(story, manner)
    if world.chance(0.94):  # an answer that leads to nothing is the exception, and shows as such
        aftercare.close(story, dice.uniform(4, 40))


def _note(story: Story, hours: float) -> None:
    text = phrases().pick(story.world.dice, "en", "notes")
    story.say(EntryKind.noted, answers.later(story, hours), {"text": text}, by=answers.who_answers(story))


def _ask(story: Story, hours: float) -> None:
    world, case = story.world, story.case
    at = answers.later(story, hours)
    story.check(at)
    text = phrases().pick(world.dice, case.language, "questions")
    office = world.known.name(case.office_id, case.language)
    body = compose.compose("question", case.language, reference=case.reference, text=text, office=office)
    sent = story.message(Purpose.question, body, at)
    said: dict[str, object] = {"text": text, "message": str(sent.id) if sent else None}
    story.say(EntryKind.asked, at, said, by=answers.who_answers(story), public=True)
    case.state = CaseState.waiting
    if not world.chance(0.7):
        if world.chance(0.6):
            raise Present  # the office waits for an answer that does not come
        return
    reply = at + timedelta(hours=world.dice.uniform(0.3, 60))
    text = phrases().pick(world.dice, case.language, "replies")
    story.say(EntryKind.citizen_wrote, reply, {"text": text, "thanks": False}, citizen=True, public=True)
    keep(world, case, story.contact, text, reply, "continued")
    case.state = CaseState.open


def _write_again(story: Story, manner: answers.Temper) -> None:
    world, case = story.world, story.case
    thanks = world.chance(0.55)
    text = phrases().pick(world.dice, case.language, "thanks" if thanks else "again")
    at = story.last + timedelta(hours=world.dice.uniform(0.05, 2) if thanks else world.dice.uniform(20, 90))
    story.say(EntryKind.citizen_wrote, at, {"text": text, "thanks": thanks}, citizen=True, public=True)
    keep(world, case, story.contact, text, at, "continued")
    if thanks:
        return
    case.state = CaseState.open
    story.restate(at)
    if world.chance(manner.silent * 1.5):
        raise Present
    answers.answer(story, world.dice.lognormvariate(0, 0.7) * manner.hours * 0.8)


def _place(story: Story, hours: float) -> None:
    """The triage desk says whose it is."""
    world, case = story.world, story.case
    lately = world.now - case.received_at < BACKLOG
    if world.chance(0.6 if lately else 0.02):
        raise Present
    at = answers.later(story, hours)
    desk, who = world.triage()
    suggestion = case.routing_suggestions[0] if case.routing_suggestions else None
    service = world.known.service_by_code.get(str(suggestion["service"])) if suggestion else None
    office = world.known.office_by_code.get(str(suggestion["office"])) if suggestion else None
    if office is None or service is None or office.id == desk.id:
        raise Present
    reason = f"{who.name} at the triage desk read it as {service.names.get('en', service.code)}"
    body: dict[str, object] = {
        "office": office.code,
        "service": service.code,
        "reason": reason,
        "method": "person",
        "confidence": None,
        "model": None,
    }
    story.say(EntryKind.routed, at, body, by=who, public=True, office_id=office.id)
    world.rows.add(TrainingLabel, id=new_id(), case_id=case.id, service_id=service.id, staff_id=who.id, at=at)
    case.service_id, case.routing_method, case.routing_reason = service.id, "person", reason
    case.routing_confidence = None
    _take_over(story, office, at)


def _take_over(story: Story, office: Office, at: datetime) -> None:
    case = story.case
    case.office_id, case.pending_office_id, case.state = office.id, None, CaseState.open
    officer = story.world.officer(office)
    case.assignee_id = officer.id if officer else None
    name = story.world.known.name(office.id, case.language)
    story.message(
        Purpose.transfer, compose.compose("transfer", case.language, reference=case.reference, office=name), at
    )


def _pass_on(story: Story) -> None:
    """An office finds that it belongs to another, which accepts it, refuses it or lets it lie."""
    world, case, dice = story.world, story.case, story.world.dice
    before = story.office
    candidates = [
        office
        for office in world.known.offices.values()
        if office.function == OfficeFunction.service
        and office.id != before.id
        and before.parent_id in (office.parent_id, office.id)
    ]
    if not candidates:
        return
    target = dice.choice(candidates)
    reason = phrases().pick(dice, "en", "transfers")
    at = answers.later(story, dice.uniform(0.5, 6))
    body: dict[str, object] = {"from": before.code, "to": target.code, "reason": reason}
    story.say(EntryKind.transferred, at, body, by=answers.who_answers(story), public=True)
    case.hops += 1
    case.pending_office_id = target.id
    story.start_clock(ClockKind.acceptance, at)
    receiver = world.officer(target)
    if receiver is None or world.chance(0.08):
        raise Present
    at = world.after_work(target.id, at, dice.lognormvariate(0.6, 0.7))
    if world.chance(0.8):
        story.say(EntryKind.accepted, at, {"office": target.code}, by=receiver, public=True, office_id=target.id)
        _take_over(story, target, at)
        story.restate(at)
        return
    refusal: dict[str, object] = {"office": target.code, "reason": phrases().pick(dice, "en", "refusals")}
    story.say(EntryKind.refused, at, refusal, by=receiver, office_id=target.id)
    desk, _ = world.triage()
    _take_over(story, desk, at)
    case.state, case.assignee_id = CaseState.triage, None
    story.restate(at)
    _place(story, dice.lognormvariate(0.3, 0.6))
