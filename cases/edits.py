"""A citizen changes a message they sent: the new words stand beside the old ones, in the case they belong to."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from cases import lifecycle
from cases.arriving import belongs_apart, open_apart
from cases.conversation import lock
from cases.rerouting import Learnt, reroute
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import CaseState, EntryKind, Purpose
from domain.timeline import append
from notifications import compose, outbox

SLIP = 90.0
"""Likeness, of a hundred, from which a change mends a slip and says nothing new."""
UNCHANGED = "unchanged"
SILENT = frozenset({"help", "guide", "over", "menu", "unreadable"})
"""What became of a message that was no matter yet; its change is read as a message of its own."""


def take(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """What an edited message asks for; None where it is to be read like any other message."""
    before = _before(session, row)
    original = before[0] if before else None
    if original is None:
        return None
    if "".join(before[-1].text.split()) == "".join(row.text.split()):
        return UNCHANGED
    if original.case_id is None:
        if original.outcome == "held":
            original.text = row.text  # it is no part of a case yet
            return "edited"
        return None if original.outcome in SILENT or original.outcome is None else UNCHANGED
    case = lock(session, original.case_id)
    if belongs_apart(case, row.text) and not belongs_apart(case, before[-1].text):
        open_apart(session, row, case, now)
        return "case"
    row.case_id = case.id
    append(
        session,
        case,
        EntryKind.edited,
        max(row.received_at, case.updated_at),
        actor="citizen",
        public=True,
        body={"text": row.text, "before": before[-1].text},
    )
    answered = case.state in (CaseState.answered, CaseState.closed, CaseState.waiting)
    if answered and not _is_slip(before[-1].text, row.text):
        lifecycle.citizen_wrote(session, case, row.text, now)
    if not answered and case.text == before[-1].text:
        case.text = row.text
        _route_again(session, case, contact, row, now)
    return "edited"


def _before(session: Session, row: InboundMessage) -> list[InboundMessage]:
    """The message and its earlier changes, oldest first."""
    if not row.message_key:
        return []
    versions = select(InboundMessage).where(
        col(InboundMessage.message_key) == row.message_key,
        col(InboundMessage.account) == row.account,
        col(InboundMessage.sender_index) == row.sender_index,
        col(InboundMessage.id) != row.id,
        col(InboundMessage.received_at) <= row.received_at,
        or_(col(InboundMessage.outcome).is_(None), col(InboundMessage.outcome) != UNCHANGED),
    )
    found = session.exec(versions.order_by(col(InboundMessage.received_at), col(InboundMessage.id))).all()
    return [one for one in found if one.id < row.id]


def _is_slip(before: str, after: str) -> bool:
    from rapidfuzz import fuzz  # 3 MB that a web process hardly ever needs

    return fuzz.ratio(before, after) >= SLIP


def _route_again(session: Session, case: Case, contact: ContactPoint, row: InboundMessage, now: datetime) -> None:
    """The words a case was opened with are others now, so it may belong to another office."""
    if not reroute(session, case, Learnt(row.text, "The citizen changed their message."), now) or case.integrity:
        return
    language = contact.language or case.language
    outbox.enqueue(
        session,
        purpose=Purpose.transfer,
        contact=contact,
        language=language,
        body=compose.compose(
            "transfer", language, reference=case.reference, office=catalogue(session).name(case.office_id, language)
        ),
        dedupe_key=f"transfer:{row.id}",
        now=now,
        case=case,
    )
