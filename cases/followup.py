"""To which case a further message of a citizen belongs: what it points at, else what is plain, else we ask."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from cases.people import theirs
from cases.replies import SOON, Earlier, Verdict, judge
from core.ids import find_reference
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import OPEN_STATES, CaseState, Purpose
from routing.places import index_of

CLOSED_LATELY = timedelta(days=7)
"""A message this soon after a case was closed may be about it."""
OFFERED = 3
"""Most cases a citizen is asked to choose from."""
_SPOKEN = {
    Purpose.answer: "answer",
    Purpose.question: "question",
    Purpose.solved: "answer",
    Purpose.aftercare: "question",
}
"""Messages after which a further one of the citizen is about that case, and what they are to that rule."""
_ALBUM = timedelta(hours=1)


def pointed_at(session: Session, row: InboundMessage, contact: ContactPoint) -> Case | None:
    """The citizen's own case a message points at, also a closed one (locked): it answers a message about it, is part of
    the same album, or names the reference.
    """
    case_id = _answered(session, row, contact) or _in_album(session, row)
    mine = select(Case).where(theirs(contact)).with_for_update()
    if case_id is not None:
        return session.exec(mine.where(col(Case.id) == case_id)).first()
    reference = find_reference(row.text)
    return session.exec(mine.where(col(Case.reference) == reference)).first() if reference else None


def _answered(session: Session, row: InboundMessage, contact: ContactPoint) -> UUID | None:
    key = str(row.details.get("reply_to") or "")
    if not key or row.details.get("button"):
        return None
    ours = select(OutboundMessage.case_id).where(
        col(OutboundMessage.provider_id) == key,
        col(OutboundMessage.contact_point_id) == contact.id,
        col(OutboundMessage.case_id).is_not(None),
    )
    found = session.exec(ours.order_by(col(OutboundMessage.created_at).desc()).limit(1)).first()
    if found is not None:
        return found
    theirs = select(InboundMessage.case_id).where(
        col(InboundMessage.message_key) == key,
        col(InboundMessage.sender_index) == row.sender_index,
        col(InboundMessage.case_id).is_not(None),
    )
    return session.exec(theirs.limit(1)).first()


def _in_album(session: Session, row: InboundMessage) -> UUID | None:
    part = album_part(session, row)
    return part.case_id if part is not None else None


def album_part(session: Session, row: InboundMessage) -> InboundMessage | None:
    """Another part of the same album that came before."""
    if not row.group_key:
        return None
    parts = select(InboundMessage).where(
        col(InboundMessage.sender_index) == row.sender_index,
        col(InboundMessage.received_at) >= row.received_at - _ALBUM,
        col(InboundMessage.group_key) == row.group_key,
        col(InboundMessage.id) != row.id,
        col(InboundMessage.outcome).is_not(None),
    )
    return session.exec(parts.order_by(col(InboundMessage.received_at)).limit(1)).first()


def plain(
    session: Session, row: InboundMessage, contact: ContactPoint, now: datetime
) -> tuple[Verdict, Case | None, list[Case]]:
    """Whether a message that points at nothing belongs to a case all the same: the verdict, that case (locked), and
    those to ask about.
    """
    cases = list(
        session.exec(
            select(Case)
            .where(
                col(Case.contact_point_id) == contact.id,
                or_(col(Case.state).in_(OPEN_STATES), col(Case.closed_at) >= now - CLOSED_LATELY),
            )
            .order_by(col(Case.updated_at).desc())
            .limit(OFFERED)
        ).all()
    )
    if not cases:
        return Verdict.new, None, []
    known = catalogue(session)
    heard, said = _heard(session, row, now), _said(session, contact)
    earlier = []
    for case in cases:
        heard_at = max(filter(None, (heard.get(case.id), case.received_at)))
        spoken, spoken_at = _spoken(case, said)
        earlier.append(Earlier(case.id, known.offices[case.office_id].code, heard_at, spoken, spoken_at))
    coded = index_of(known).office_coded(row.text)
    verdict, case_id = judge(row.text, earlier, now, office_code=coded.code if coded else "")
    if case_id is None:
        return verdict, None, cases
    locked = session.exec(select(Case).where(col(Case.id) == case_id).with_for_update()).one()
    return verdict, locked, cases


def _heard(session: Session, row: InboundMessage, now: datetime) -> dict[UUID, datetime]:
    """When the citizen last wrote about each case, as far as that was lately."""
    lately = select(InboundMessage.case_id, InboundMessage.received_at).where(
        col(InboundMessage.sender_index) == row.sender_index,
        col(InboundMessage.received_at) >= now - SOON,
        col(InboundMessage.case_id).is_not(None),
    )
    found: dict[UUID, datetime] = {}
    for case_id, at in session.exec(lately.order_by(col(InboundMessage.received_at))):
        if case_id is not None:
            found[case_id] = at
    return found


def _spoken(case: Case, said: tuple[UUID, str, datetime] | None) -> tuple[str, datetime | None]:
    """What an office last said about a case, and when: in our last message, else not in writing (on the phone)."""
    if said is not None:
        return (said[1], said[2]) if said[0] == case.id else ("", None)
    answered = case.state in (CaseState.answered, CaseState.closed)
    return ("answer", case.updated_at) if answered else ("", None)


def _said(session: Session, contact: ContactPoint) -> tuple[UUID, str, datetime] | None:
    """The case our very last message to the citizen was about, if an office spoke in it: an answer or a question."""
    last = session.exec(
        select(OutboundMessage)
        .where(col(OutboundMessage.contact_point_id) == contact.id)
        .order_by(col(OutboundMessage.created_at).desc(), col(OutboundMessage.id).desc())
        .limit(1)
    ).first()
    if last is None or last.case_id is None or last.purpose not in _SPOKEN:
        return None
    return last.case_id, _SPOKEN[Purpose(last.purpose)], last.delivered_at or last.accepted_at or last.created_at
