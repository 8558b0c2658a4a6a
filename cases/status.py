"""`STATUS K7QF-3M9V`: where a case stands, told on the channel it was asked on."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from cases import history
from cases.naming import called
from cases.people import theirs
from cases.relays import is_merged
from channels.values import Channel
from core.ids import find_reference
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import ClockKind, ClockState, LeadLink, Purpose
from notifications import compose, outbox

_ASK = re.compile(r"^\s*/?(status|statusi|gjendja|অবস্থা|স্ট্যাটাস|статус)\b[:\s]*(.*)$", re.IGNORECASE | re.DOTALL)
LATEST = "latest"
UNKNOWN = "unknown"


def asked_for(text: str) -> str | None:
    """The reference a STATUS question asks for; `LATEST` where it names none; None when it is no such question.

    A reference alone is one too.
    """
    stripped = clean(text)
    match = _ASK.match(stripped)
    if match:
        rest = match.group(2).strip(" .!?#")
        if not rest:
            return LATEST
        return find_reference(rest) or (UNKNOWN if len(rest) <= 12 else None)
    alone = find_reference(stripped)
    return alone if alone and len(stripped) <= 11 else None


_SPOKEN = {"statusi": "sq", "gjendja": "sq", "অবস্থা": "bn", "স্ট্যাটাস": "bn", "статус": "ru"}


def language_of(text: str, spoken: Sequence[str]) -> str | None:
    """The language a STATUS question is asked in, if its word tells."""
    match = _ASK.match(clean(text))
    language = _SPOKEN.get(match.group(1).casefold()) if match else None
    return language if language in spoken else None


def answer(session: Session, row: InboundMessage, contact: ContactPoint, reference: str, now: datetime) -> str:
    """Tell the asker where the case stands, if it is theirs; a stranger's reference and a wrong one read the same."""
    language = contact.language or settings().languages[0]
    own = theirs(contact)
    if reference == LATEST:
        query = select(Case).where(own).order_by(col(Case.opened_at).desc())
    else:
        # a case without any number belongs to whoever holds its slip; its tracking page tells them the same
        held = and_(
            col(Case.contact_point_id).is_(None),
            col(Case.channel) == Channel.assisted,
            col(Case.lead_link).is_distinct_from(LeadLink.part),
        )
        query = select(Case).where(col(Case.reference) == reference, or_(own, held))
    case = session.exec(query.limit(1)).first()
    if case is None:
        wanted = "" if reference in (LATEST, UNKNOWN) else reference
        body = compose.compose("status", language, found=False, reference=wanted)
    else:
        body = where_it_stands(session, case, language, now)
    outbox.enqueue(
        session,
        purpose=Purpose.status,
        contact=contact,
        language=language,
        body=body,
        dedupe_key=f"status:{row.id}",
        now=now,
    )
    if case is not None:
        row.case_id = case.id
    return "status"


def where_it_stands(session: Session, case: Case, language: str, now: datetime) -> str:
    """One sentence: who has the case, and what comes when."""
    reference = case.reference
    if is_merged(case):
        case = session.get_one(Case, case.lead_id)
    running = [
        clock
        for clock in history.clocks(session, case)
        if clock.state == ClockState.running and clock.kind in (ClockKind.first_response, ClockKind.reply_due)
    ]
    due = min((clock.deadline_at for clock in running), default=None)
    return compose.compose(
        "status",
        language,
        found=True,
        reference=reference,
        state=str(case.state),
        office=called(catalogue(session), case, language),
        answered_at=case.first_response_at,
        due=due,
        late=due is not None and due < now,
    )
