"""Conversations: at most one question at a time to whoever writes, let go when it is not answered.

A citizen's first message is never held back: its case is open, owned and timed before anything is asked. What is
asked is only what routing lacks, in at most two questions, at the end of a message they get anyway. Any other words
they write meanwhile are added to their case.

    first message ── case opened ─┬─ nothing lacks ──────────────── (no conversation)
                                  └─ service? ── place? ──┬─ answered: routed again, unless a person placed it
                                                          ├─ other words: added to the case
                                                          └─ no answer in time: lapsed; a late answer still counts
    further message, not plain ──── belongs? ─────────────┬─ to a case: added to it
                                                          └─ new, or no answer in time: a case of its own
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from cases import arriving, missing, opening
from cases.naming import called
from cases.opening import Question, with_question
from cases.replies import MOST_QUESTIONS, Option, Step, chosen, joined, option_of
from cases.rerouting import Learnt, reroute
from channels.values import Button, Channel
from core.i18n import format_number
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import Purpose
from notifications import compose, outbox

PRESS = "q"
"""Data of a button that answers a question begins with it, then the turn of the conversation and the answer."""


def current(session: Session, contact: ContactPoint) -> Conversation | None:
    """The conversation of a contact point (which the caller holds locked), also one that lapsed."""
    query = select(Conversation).where(col(Conversation.contact_point_id) == contact.id).with_for_update()
    return session.exec(query).first()


def language_of(contact: ContactPoint) -> str:
    """The language a citizen is written to in."""
    return contact.language or settings().languages[0]


# -- asking --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """What is asked next: the step, the answers to choose from, and what is to be remembered besides."""

    step: Step
    options: Sequence[Option] = ()
    kept: dict[str, object] | None = None


def turn(
    session: Session, contact: ContactPoint, talk: Conversation | None, asked: Turn, now: datetime, **values: Any
) -> Conversation:
    """Begin or go on with a conversation; from now on this is what is waited for, and for how long."""
    if talk is None:
        if session.deleted:
            session.flush()  # there is one conversation at a time: the one that ended goes first
        talk = Conversation(
            id=new_id(), contact_point_id=contact.id, state=asked.step, started_at=now, updated_at=now, **values
        )
    before = talk.gathered.get("turn")
    talk.state = asked.step
    talk.gathered = {
        **talk.gathered,
        **(asked.kept or {}),
        "turn": (before if isinstance(before, int) else 0) + 1,
        "options": [option.as_json() for option in asked.options],
        "message": str(new_id()),
    }
    talk.updated_at, talk.due_at = now, now + timedelta(minutes=settings().conversation_minutes)
    session.add(talk)
    return talk


def question(contact: ContactPoint, talk: Conversation, template: str, **values: object) -> Question:
    """What was last asked, in the citizen's language: numbers to text back, or buttons where the channel has them.
    `values` are what its words need besides."""
    language = language_of(contact)
    options = _options(talk)
    if contact.channel == Channel.telegram:
        rows = in_rows([Button(option.label, data_of(talk, str(place))) for place, option in enumerate(options, 1)])
        return Question(_message_id(talk), compose.compose(template, language, pressed=True, **values), rows)
    numbered = [f"{format_number(place, language)} {option.label}" for place, option in enumerate(options, 1)]
    return Question(_message_id(talk), compose.compose(template, language, numbered=numbered, **values))


def data_of(talk: Conversation, answer: str) -> str:
    """What a button under the message of this turn comes back with."""
    return f"{PRESS}:{talk.id.hex[-10:]}.{talk.gathered.get('turn', 0)}:{answer}"


def in_rows(buttons: Sequence[Button], narrow: int = 16) -> tuple[tuple[Button, ...], ...]:
    """Buttons two by two where both are short, else one below the other."""
    rows: list[tuple[Button, ...]] = []
    for button in buttons:
        if rows and len(rows[-1]) == 1 and max(len(rows[-1][0].text), len(button.text)) <= narrow:
            rows[-1] = (rows[-1][0], button)
        else:
            rows.append((button,))
    return tuple(rows)


def ask_for(
    session: Session, contact: ContactPoint, row: InboundMessage, now: datetime, *, asked: int = 0
) -> opening.Ask:
    """Gives the question to put under the acknowledgement of a case that opens, where its routing lacks something."""
    return lambda case: ask_about(session, contact, case, now, row=row, asked=asked)


def ask_about(
    session: Session,
    contact: ContactPoint,
    case: Case,
    now: datetime,
    *,
    row: InboundMessage,
    talk: Conversation | None = None,
    asked: int = 0,
) -> Question | None:
    """The next question about a case, if it lacks something and may still be asked; the conversation waits for it."""
    before = talk.gathered.get("done") if talk else None
    done = [str(step) for step in before] if isinstance(before, list) else []
    count = talk.asked if talk else asked
    if count >= MOST_QUESTIONS or not outbox.may_send(contact, Purpose.conversation):
        return None
    known, day = catalogue(session), now.astimezone(settings().zone).date()
    lacks = missing.missing(known, case, day, language_of(contact), done)
    if lacks is None:
        return None
    asking = Turn(lacks.step, lacks.options, {"done": [*done, str(lacks.step)]})
    talk = turn(session, contact, talk, asking, now, inbound_id=row.id)
    talk.case_id, talk.asked = case.id, count + 1
    return question(contact, talk, f"ask_{lacks.step}")


def _options(talk: Conversation) -> list[Option]:
    kept = talk.gathered.get("options")
    return [option_of(one) for one in kept] if isinstance(kept, list) else []


def _message_id(talk: Conversation) -> UUID:
    return UUID(str(talk.gathered["message"]))


# -- answers -------------------------------------------------------------------------------------------------------


def reading(talk: Conversation, row: InboundMessage) -> Option | None:
    """Which of the answers offered a message is: a button of this very turn, its number, its name."""
    options = _options(talk)
    data = row.details.get("button")
    if data is not None:
        place = pressed(talk, row)
        number = int(place) if place is not None and place.isdigit() else 0
        return options[number - 1] if 1 <= number <= len(options) else None
    return chosen(row.text, options)


def pressed(talk: Conversation | None, row: InboundMessage) -> str | None:
    """The answer on the button that was pressed, if it stands under the last message of this conversation."""
    before, _, answer = str(row.details.get("button") or "").rpartition(":")
    return answer if talk is not None and f"{before}:" == data_of(talk, "") else None


def is_stale(talk: Conversation | None, row: InboundMessage) -> bool:
    """Whether a button was pressed that answers a question nobody asks any more."""
    return str(row.details.get("button") or "").startswith(f"{PRESS}:") and pressed(talk, row) is None


def take(session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, now: datetime) -> str | None:
    """A message as the answer to what was asked about a case or a message; None where it is none."""
    step = Step(str(talk.gathered.get("was"))) if talk.state == Step.lapsed else Step(talk.state)
    if step not in (Step.service, Step.place) or talk.case_id is None:
        return None
    answer = reading(talk, row) or (_other_place(session, row) if step is Step.place else None)
    if answer is None:
        return None
    case = lock(session, talk.case_id)
    if answer.value.startswith(missing.GROUP):
        return _ask_in_group(session, talk, contact, row, case, answer, now)
    value = None if answer.value == missing.ELSE else answer.value
    learnt = Learnt(
        case.text,
        f"The citizen answered our question: {answer.label}.",
        service=value if step is Step.service else None,
        place=value if step is Step.place else None,
    )
    replaces = our_message(session, talk, row)
    moved = reroute(session, case, learnt, now) if value else False
    asked = None if value is None else ask_about(session, contact, case, now, row=row, talk=talk)
    _tell(session, contact, row, case, now, moved=moved, asked=asked, replaces=replaces)
    if asked is None:
        session.delete(talk)
    row.case_id = case.id
    return "answer"


def add_words(session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, now: datetime) -> str:
    """Other words while a question about a case is open: they belong to the case, and may be what routing lacked."""
    case = lock(session, UUID(str(talk.case_id)))
    if arriving.add_to(session, row, case, now).id != case.id:
        return "case"
    if reroute(session, case, Learnt(joined((case.text, row.text)), "The citizen wrote more."), now):
        replaces = our_message(session, talk, row)
        _tell(session, contact, row, case, now, moved=True, asked=None, replaces=replaces)
        session.delete(talk)
    return "continued"


def add_more(session: Session, contact: ContactPoint, row: InboundMessage, case: Case, now: datetime) -> None:
    """More of a case (locked) that is there already. The first spot on the map may show that another office answers."""
    before = case.location
    arriving.add_to(session, row, case, now)
    shown = before is None and case.location is not None
    if shown and reroute(session, case, Learnt(case.text, "The citizen showed on the map where it is."), now):
        _tell(session, contact, row, case, now, moved=True, asked=None, replaces=None)


def _other_place(session: Session, row: InboundMessage) -> Option | None:
    """A place that was not offered but is known, where the reply is hardly more than its name."""
    place = None if row.details.get("button") else missing.place_alone(catalogue(session), row.text)
    return Option(place, place) if place else None


def _ask_in_group(
    session: Session,
    talk: Conversation,
    contact: ContactPoint,
    row: InboundMessage,
    case: Case,
    answer: Option,
    now: datetime,
) -> str:
    """A whole group of services was chosen: ask which of them, if a question is left."""
    row.case_id = case.id
    offered = missing.services_of(catalogue(session), answer.value.removeprefix(missing.GROUP), language_of(contact))
    asked, replaces = None, our_message(session, talk, row)
    if talk.asked < MOST_QUESTIONS and offered:
        turn(session, contact, talk, Turn(Step.service, offered), now)
        talk.asked += 1
        asked = question(contact, talk, "ask_service")
    _tell(session, contact, row, case, now, moved=False, asked=asked, replaces=replaces)
    if asked is None:
        session.delete(talk)
    return "answer"


def _tell(
    session: Session,
    contact: ContactPoint,
    row: InboundMessage,
    case: Case,
    now: datetime,
    *,
    moved: bool,
    asked: Question | None,
    replaces: str | None,
) -> None:
    """What came of an answer: who has the case now, and what is still asked."""
    language = language_of(contact)
    office = called(catalogue(session), case, language)
    template = "transfer" if moved and not case.integrity else "added"
    body = compose.compose(template, language, reference=case.reference, office=office)
    if asked is not None and not moved:
        body, asked = asked.text, Question(asked.message_id, "", asked.buttons)
    outbox.enqueue(
        session,
        purpose=Purpose.transfer if moved else Purpose.conversation,
        contact=contact,
        language=language,
        body=with_question(body, asked).strip(),
        dedupe_key=f"conversation:{row.id}",
        now=now,
        case=case,
        buttons=asked.buttons if asked else (),
        message_id=asked.message_id if asked else None,
        replaces=replaces,
        sender=row.recipient or None,
    )


def our_message(session: Session, talk: Conversation | None, row: InboundMessage) -> str | None:
    """The message of ours whose buttons have had their use, as the provider calls it."""
    if row.details.get("button"):
        return str(row.details.get("reply_to") or "") or None
    before = talk.gathered.get("message") if talk else None
    asked = session.get(OutboundMessage, UUID(str(before))) if before else None
    return asked.provider_id if asked is not None and asked.buttons else None


def lock(session: Session, case_id: UUID) -> Case:
    """A case as it is now, held until the transaction ends."""
    query = select(Case).where(col(Case.id) == case_id).with_for_update()
    return session.exec(query, execution_options={"populate_existing": True}).one()
