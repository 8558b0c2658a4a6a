"""Taking a matter back: only its citizen does, and says so twice.

Nobody waits for an answer then, so the clocks are void: not met, and no silence that goes on. Whoever writes again
wants it after all, and every clock runs on from where it was.
"""

import re
from datetime import datetime

from sqlmodel import Session, col, select

from cases import afterwards, crowds, delivery, holding, labels, merges, parts, questions, relays, solved, telling
from cases.acting import shift
from cases.conversation import Turn, language_of, our_message, reading, turn
from cases.naming import called
from cases.people import theirs
from cases.replies import Option, Step
from core.errors import Conflict
from core.ids import find_reference
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.closing import AppealOutcome
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.states import OPEN_STATES, CaseState, EntryKind, Outcome, Purpose
from domain.timeline import append
from notifications import compose, outbox

_ASK = re.compile(
    r"^\s*/?(withdraw|take\s+back|tërhiq|terhiq|tërheq|terheq|প্রত্যাহার|ফিরিয়ে\s+নিন|protyahar|отозвать|отзываю|отзови)"
    r"\b[:\s]*(.*)$",
    re.IGNORECASE | re.DOTALL,
)
LATEST = "latest"
TOLD = "{reference}: the citizen took it back. Nobody waits for an answer any more."
_YES = ("yes", "po", "হ্যাঁ", "да")
_NO = ("no", "jo", "না", "нет")


def asked_for(text: str) -> str | None:
    """The reference that a citizen wants to take back; `LATEST` where they name none; None for another message."""
    match = _ASK.match(clean(text))
    if match is None:
        return None
    rest = match.group(2).strip(" .!?#")
    return find_reference(rest) or (LATEST if not rest else None)


def ask(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    talk: Conversation | None,
    reference: str,
    now: datetime,
) -> str | None:
    """Ask whether they really mean it; None where there is nothing of theirs to take back, so it is a message."""
    query = select(Case).where(theirs(contact), col(Case.state).in_(OPEN_STATES)).order_by(col(Case.opened_at).desc())
    if reference != LATEST:
        query = query.where(col(Case.reference) == reference)
    case = session.exec(query.limit(1)).first()
    if case is None:
        return None
    if talk is not None:
        holding.let_go(session, talk, contact, now, last_word=True)
    language = language_of(contact)
    say = (labels.say(labels.TAKE_BACK, language), labels.say(labels.KEEP, language))
    options = [Option("yes", say[0], _YES), Option("no", say[1], _NO)]
    talk = turn(session, contact, None, Turn(Step.take_back, options), now, inbound_id=row.id)
    talk.case_id = case.id
    questions.put(session, contact, talk, "take_back", row, "take_back", now, reference=case.reference)
    row.case_id = case.id
    return "take_back"


def take(session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, now: datetime) -> str | None:
    """The answer to that; None for other words, which are a message like any."""
    answer = reading(talk, row)
    replaces = our_message(session, talk, row)
    case = solved.locked(session, talk.case_id) if talk.case_id else None
    session.delete(talk)
    session.flush()
    if answer is None or case is None:
        return None
    step = "kept"
    if answer.value == "yes" and case.state != CaseState.closed:
        take_back(session, case, now, how=str(contact.channel))
        step = "taken_back"
    language = language_of(contact)
    outbox.enqueue(
        session,
        purpose=Purpose.aftercare,
        contact=contact,
        language=language,
        body=compose.compose(
            "aftercare",
            language,
            step=step,
            reference=case.reference,
            office=called(catalogue(session), case, language),
            due=None,
        ),
        dedupe_key=f"aftercare:{row.id}",
        now=now,
        case=case,
        replaces=replaces,
        sender=row.recipient or None,
    )
    row.case_id = case.id
    return "take_back"


def take_back(session: Session, case: Case, now: datetime, *, how: str) -> None:
    """The citizen of a case (locked) takes it back. Raises Conflict for a closed one, and for what is no citizen's."""
    if case.state == CaseState.closed or parts.is_part(case):
        raise Conflict("It is closed already.", mend="Nothing more is done about it.")
    appeal = afterwards.appeal_of(session, case)
    if appeal is not None and appeal.outcome is None:
        appeal.outcome, appeal.decided_at = AppealOutcome.withdrawn, now
    people = telling.answering(session, case, now)
    open_parts = parts.unfinished(session, case)
    if crowds.is_member(case):
        crowds.leave(session, case, now, "Its citizen took it back.")
    crowds.dissolve(session, case, now, "The citizen of the case that led took it back.")
    merges.release(session, case, now)
    if relays.is_merged(case):
        case.lead_id = case.lead_link = None
    case.pending_office_id = None
    afterwards.no_longer(session, case)
    body: dict[str, object] = {"how": how} | ({"parts": [one.reference for one in open_parts]} if open_parts else {})
    append(session, case, EntryKind.taken_back, now, actor="citizen", public=True, body=body)
    shift(case, CaseState.closed)
    case.outcome, case.closed_at = Outcome.withdrawn, now
    delivery.restate(session, case, now)
    telling.tell(
        session,
        people,
        f"taken_back:{case.id}:{case.timeline_length}",
        TOLD.format(reference=case.reference),
        now,
        case,
    )
    for part in open_parts:
        words = f"{part.reference}: the citizen took the matter back. The office that leads calls this part off."
        telling.tell_office(session, part, f"taken_back:{part.id}", words, now)
