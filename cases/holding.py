"""Messages kept until it is known which case they belong to, and the end of every conversation.

Nothing kept is ever lost: the citizen says where it goes, or the time runs out and it becomes a case of its own, heard
when it was received.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from cases import arriving, labels, questions
from cases.conversation import (
    Turn,
    ask_for,
    current,
    language_of,
    our_message,
    reading,
    turn,
)
from cases.naming import called
from cases.replies import GUIDE, Option, Step, joined
from core.claims import retry_at
from core.database import database
from core.logs import logger
from core.texts import shorten
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.states import Purpose
from notifications import compose, outbox

LATE = timedelta(days=7)
"""An answer about a case still counts this long after we stopped waiting for it."""
NEW = "new"
_NEW_WORDS = ("new", "e re", "i ri", "নতুন", "новое", "новая", "новый")
log = logger("cases.holding")


def hold(
    session: Session,
    contact: ContactPoint,
    talk: Conversation | None,
    row: InboundMessage,
    cases: Sequence[Case],
    now: datetime,
) -> str:
    """Keep a message that may belong to one of these cases, and ask. Whatever happens, it becomes part of a case."""
    if talk is not None:
        let_go(session, talk, contact, now, last_word=True)
    language = language_of(contact)
    options = [
        Option(case.reference, f"{case.reference} ({shorten(case.text, 30) or '…'})", (case.reference,))
        for case in cases
    ]
    options.append(Option(NEW, labels.say(labels.NEW, language), _NEW_WORDS))
    kept: dict[str, object] = {"rows": [str(row.id)]}
    talk = turn(session, contact, None, Turn(Step.belongs, options, kept), now, inbound_id=row.id)
    questions.put(session, contact, talk, "ask_belongs", row, "belongs", now)
    return "held"


def hold_too(talk: Conversation, row: InboundMessage, now: datetime) -> str:
    """One more message before the question was answered goes where the first one goes."""
    kept = talk.gathered.get("rows")
    talk.gathered = {**talk.gathered, "rows": [*(kept if isinstance(kept, list) else []), str(row.id)]}
    talk.updated_at = now
    return "held"


def take(session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, now: datetime) -> str:
    """A message while we wait to hear where others belong: the answer, or one more of them."""
    read = reading(talk, row)
    if read is None:
        return hold_too(talk, row, now)
    answer = read.value
    if answer == NEW:
        open_held(session, talk, contact, now, replaces=our_message(session, talk, row))
        return "answer"
    query = select(Case).where(col(Case.reference) == answer, col(Case.contact_point_id) == contact.id)
    case = session.exec(query.with_for_update()).one()
    return settle(session, talk, contact, row, case, now)


def settle(
    session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, case: Case, now: datetime
) -> str:
    """All that was kept belongs to this case (locked), says `row`."""
    replaces = our_message(session, talk, row)
    for held in held_rows(session, talk):
        arriving.add_to(session, held, case, now)
    language = language_of(contact)
    outbox.enqueue(
        session,
        purpose=Purpose.conversation,
        contact=contact,
        language=language,
        body=compose.compose(
            "added", language, reference=case.reference, office=called(catalogue(session), case, language)
        ),
        dedupe_key=f"conversation:{row.id}",
        now=now,
        case=case,
        replaces=replaces,
        sender=row.recipient or None,
    )
    row.case_id = case.id
    session.delete(talk)
    return "answer"


def held_rows(session: Session, talk: Conversation) -> list[InboundMessage]:
    """The messages kept with a conversation, in the order they came."""
    kept = talk.gathered.get("rows")
    ids = [UUID(str(one)) for one in kept] if isinstance(kept, list) else []
    if not ids:
        return []
    rows = session.exec(select(InboundMessage).where(col(InboundMessage.id).in_(ids)).with_for_update()).all()
    return sorted(rows, key=lambda row: (row.received_at, row.id))


def open_held(
    session: Session, talk: Conversation, contact: ContactPoint, now: datetime, *, replaces: str | None = None
) -> Case | None:
    """The kept messages become a case, heard when the first of them was received; the conversation ends.

    A question that its routing still needs may begin the next one, if not too many were asked.
    """
    rows = held_rows(session, talk)
    said = talk.gathered
    heard = arriving.Heard(
        joined(row.text for row in rows),
        tuple(rows),
        service=_text(said.get("service")),
        place=_text(said.get("place")),
        office_code=_text(said.get("office")),
        location=arriving.location_of(said.get("location")),
    )
    asked = talk.asked
    session.delete(talk)
    session.flush()
    if not rows:
        return None
    ask = ask_for(session, contact, rows[0], now, asked=asked)
    return arriving.open_from(session, rows[0], contact, now, heard=heard, ask=ask, replaces=replaces)


def _text(value: object) -> str | None:
    return str(value) if value else None


def let_go(
    session: Session, talk: Conversation, contact: ContactPoint, now: datetime, *, last_word: bool = False
) -> None:
    """Wait no longer for an answer. What was kept becomes a case; an answer about a case may still come late.

    `last_word`: another conversation takes its place, so nothing more is waited for.
    """
    step = Step(talk.state)
    if step in GUIDE or step is Step.belongs:
        case = open_held(session, talk, contact, now)
        follow = current(session, contact) if last_word and case is not None else None
        if follow is not None:
            session.delete(follow)
            session.flush()
    elif step in (Step.lapsed, Step.take_back) or last_word:
        session.delete(talk)
        session.flush()
    else:
        talk.gathered = {**talk.gathered, "was": str(step)}
        talk.state, talk.due_at = Step.lapsed, now + LATE


def sweep(now: datetime, limit: int = 50) -> int:
    """End what nobody answered in time; gives how many conversations were looked at. Each in its own transaction."""
    with database().read() as session:
        due = select(Conversation.contact_point_id).where(
            col(Conversation.state).in_([*Step]), col(Conversation.due_at) <= now
        )
        contacts = session.exec(due.order_by(col(Conversation.due_at)).limit(limit)).all()
    for contact_id in contacts:
        try:
            with database().write() as session:
                contact = session.get_one(ContactPoint, contact_id, with_for_update=True)
                talk = current(session, contact)
                if talk is not None and talk.due_at is not None and talk.due_at <= now:
                    let_go(session, talk, contact, now)
        except Exception as error:  # noqa: BLE001  (one that cannot be ended must not keep the others waiting)
            log.error("conversation_not_ended", error=type(error).__name__, detail=str(error)[:300])  # noqa: TRY400
            _put_off(contact_id, str(error), now)
    return len(contacts)


def _put_off(contact_id: UUID, why: str, now: datetime) -> None:
    with database().write() as session:
        contact = session.get_one(ContactPoint, contact_id, with_for_update=True)
        talk = current(session, contact)
        if talk is not None:
            talk.attempts += 1
            talk.last_error, talk.due_at = why[:500], retry_at(now, talk.attempts)
