"""Completed services, what citizens answered about them, and the faces tapped at the exits."""

import random
import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from channels.values import Channel
from cli.sample.expiry import expires_on
from cli.sample.phrases import phrases
from cli.sample.world import World
from core.ids import new_id
from core.settings import settings
from domain.citizen import ContactPoint
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.service import Service
from domain.states import InvitationState, OutboxState, Purpose, SurveyKind
from domain.survey import Answer, Invitation, Survey, Transaction
from notifications import compose
from surveys.definitions import QUESTIONS, SHIPPED, STANDARD
from surveys.schedule import REPLY_TIME, send_at

TRANSACTIONS = 6_000
EXITS = 1_000
DAYS = 91
ANSWERED = 0.31
"""Share of those asked who reply."""

# mean rating by service; the spread of people's answers around it does the rest
_RATED = {
    "passport": 4.3, "id-card": 4.2, "birth-certificate": 4.4, "residence-registration": 3.9, "driving-licence": 3.1,
    "vehicle-registration": 2.9, "land-title": 1.9, "health-card": 3.7, "vaccination": 4.5, "pension": 3.6,
    "business-licence": 3.2, "property-tax": 3.3, "child-allowance": 4.0, "water-connection": 2.4,
}  # fmt: skip
_COUNTERS = ("CIV1", "CIV2", "CIV3", "CIV4")
_AT_COUNTERS = (
    "passport", "id-card", "birth-certificate", "residence-registration", "driving-licence", "vehicle-registration",
)  # fmt: skip
_ELSEWHERE = {
    "LND1": ("land-title",), "SOC": ("pension", "child-allowance"), "HLT": ("health-card", "vaccination"),
    "MUN1": ("property-tax",), "MUN2": ("property-tax",), "MUN3": ("property-tax",), "NOR": ("business-licence",),
    "CEN": ("business-licence",), "WAT2": ("water-connection",), "WAT3": ("water-connection",),
}  # fmt: skip
_MOOD = {"CIV1": 0.3, "CIV2": -0.1, "CIV3": -0.8, "CIV4": 0.2, "MUN3": -0.7, "WAT3": -0.6}
_SOURCE = "counter-system"


def write(world: World) -> None:
    """Gather transactions with their surveys, and exit answers."""
    survey = world.rows.add(
        Survey, id=new_id(), code=STANDARD, version=1, title=SHIPPED[SurveyKind.service][1], questions=QUESTIONS
    )
    # a citizen is asked at most once in `survey_rest_days`; regulars come back to the counters
    regulars: list[ContactPoint] = []
    asked: dict[UUID, datetime] = {}
    calendar = world.calendar(world.known.office_by_code["CIV1"].id)
    open_seconds = max(2, calendar.between(world.now - timedelta(days=DAYS), world.now) - 3600)
    moments = sorted(_opening_hour(world, open_seconds) for _ in range(TRANSACTIONS))
    for number, at in enumerate(moments, start=1):
        office, service = _counter(world)
        language = world.dice.choices(settings().languages, [40, 42, 9, 9][: len(settings().languages)])[0]
        contact = world.dice.choice(regulars) if regulars and world.chance(0.25) else None
        if contact is None and world.chance(0.88):
            contact = world.new_contact(Channel.sms, language, at)
            regulars.append(contact)
        transaction = world.rows.add(
            Transaction,
            id=new_id(),
            source=_SOURCE,
            external_id=f"T-{number:06}",
            office_id=office.id,
            service_id=service.id,
            operator=f"window {world.dice.randint(1, 6)}",
            completed_at=at,
            received_at=at + timedelta(minutes=2),
            contact_point_id=contact.id if contact else None,
            language=contact.language if contact else None,
            not_asked=None if contact else "no_number",
            expires_on=expires_on(service.code, at),
        )
        if contact is not None:
            _invite(world, survey, transaction, contact, office, service, asked)
    for _ in range(EXITS):
        _exit(world, _opening_hour(world, open_seconds))


def _opening_hour(world: World, open_seconds: int) -> datetime:
    calendar = world.calendar(world.known.office_by_code["CIV1"].id)
    return calendar.add(world.now - timedelta(days=DAYS), world.dice.randrange(1, open_seconds))


def _counter(world: World) -> tuple[Office, Service]:
    if world.chance(0.72):
        code, service = world.dice.choices(_COUNTERS, [35, 25, 22, 18])[0], world.dice.choice(_AT_COUNTERS)
    else:
        code = world.dice.choice(sorted(_ELSEWHERE))
        service = world.dice.choice(_ELSEWHERE[code])
    return world.known.office_by_code[code], world.known.service_by_code[service]


def rating_of(world: World, office: Office, service: Service, dice: random.Random | None = None) -> int:
    """What somebody rates a service at an office."""
    mean = _RATED.get(service.code, 3.5) + _MOOD.get(office.code, 0.0)
    return min(5, max(1, round((dice or world.dice).gauss(mean, 1.15))))


def _invite(
    world: World,
    survey: Survey,
    transaction: Transaction,
    contact: ContactPoint,
    office: Office,
    service: Service,
    asked: dict[UUID, datetime],
) -> None:
    invitation = world.rows.add(
        Invitation,
        id=new_id(),
        survey_id=survey.id,
        transaction_id=transaction.id,
        contact_point_id=contact.id,
        token=secrets.token_urlsafe(12),
        language=contact.language or "en",
        state=InvitationState.scheduled,
    )
    due = send_at(transaction.completed_at, transaction.received_at, settings())
    before = asked.get(contact.id)
    if due is None or (before is not None and due - before < timedelta(days=settings().survey_rest_days)):
        invitation.state, invitation.why = InvitationState.suppressed, "asked_lately"
        return
    asked[contact.id] = due
    if due > world.now:
        invitation.due_at = due
        return
    invitation.state, invitation.sent_at, invitation.attempts = InvitationState.sent, due, 1
    contact.last_survey_at = due
    _send(world, invitation, contact, office, service, due)
    reply = due + timedelta(minutes=world.dice.lognormvariate(3.2, 1.6))
    if world.chance(ANSWERED) and reply <= world.now:
        invitation.state, invitation.answered_at = InvitationState.answered, reply
        rating = rating_of(world, office, service)
        source = f"invitation:{invitation.id}"
        add_answer(world, source, "rating", rating, str(rating), office, service, Channel.sms, reply, invitation.id)
    elif world.now - due > REPLY_TIME:
        invitation.state, invitation.why = InvitationState.expired, "no_answer"


def _send(
    world: World, invitation: Invitation, contact: ContactPoint, office: Office, service: Service, at: datetime
) -> None:
    language = invitation.language
    message_id = new_id()
    world.rows.add(
        OutboundMessage,
        id=message_id,
        dedupe_key=f"survey:{invitation.id}",
        purpose=Purpose.survey,
        channel=Channel.sms,
        contact_point_id=contact.id,
        invitation_id=invitation.id,
        language=language,
        body=_asked(language, service.names.get(language, service.code), world.known.name(office.id, language)),
        state=OutboxState.delivered,
        account="sample",
        provider_id=f"sample-{message_id.hex}",
        created_at=at,
        sending_at=at,
        accepted_at=at + timedelta(seconds=1),
        delivered_at=at + timedelta(seconds=6),
        attempts=1,
    )


@lru_cache(maxsize=1024)
def _asked(language: str, service: str, office: str) -> str:
    return compose.compose("survey", language, service=service, office=office)


def _exit(world: World, at: datetime) -> None:
    office, service = _counter(world)
    rating = rating_of(world, office, service)
    source = f"exit:sample-{new_id().hex}"
    add_answer(world, source, "rating", rating, None, office, service, Channel.kiosk, at)
    if world.chance(0.14):
        words = phrases().pick(world.dice, "exit", "low" if rating <= 3 else "high")
        # a low rating with words opens a case in the real thing; those of the sample came as messages of their own
        if rating > 2:
            add_answer(world, source, "words", None, words, office, service, Channel.kiosk, at)


def add_answer(
    world: World,
    source_id: str,
    question: str,
    value: int | None,
    text: str | None,
    office: Office,
    service: Service,
    channel: Channel,
    at: datetime,
    invitation_id: UUID | None = None,
) -> None:
    """Gather one answer."""
    world.rows.add(
        Answer,
        id=new_id(),
        source_id=source_id,
        question=question,
        invitation_id=invitation_id,
        office_id=office.id,
        service_id=service.id,
        channel=channel,
        value=value,
        text=text,
        answered_at=at,
    )
