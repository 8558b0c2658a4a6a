"""What staff key in for citizens: from the inbox row to the case, and what helps whoever keys while they type."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, select

from cases import attachments, lifecycle
from cases.arriving import open_from
from cases.contacts import find_or_make
from cases.opening import Keyed
from channels.values import Channel, Inbound
from core.crypto import blind_index, decrypt
from core.errors import NotFound
from core.ids import normalise_reference
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.staff import Staff
from domain.states import AUDIT_SOURCES, OPEN_STATES, EntryKind, IntakeSource, OutboxState, Purpose, Role
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, visible

WRITES_IN = frozenset({Role.operator, Role.officer, Role.supervisor, Role.head, Role.triage, Role.admin})
"""Roles that may put a case in for somebody."""
SLIP = timedelta(hours=24)
"""As long whoever keyed a case in may print its slip; it has the PIN, which opens the answers."""
UNDELIVERABLE = (OutboxState.failed, OutboxState.cancelled)
ALIKE = 78
"""Likeness, of 100, from which a recent case is worth a look: of the sample government's messages, three in four pairs
this alike are about the same service (at 62, one in six)."""
RECENT = timedelta(days=30)
LOOKED_AT = 300


def keyed_by(message: Inbound, who: Viewer, **more: str) -> Inbound:
    """A message with who keyed it in, and what else the inbox row must carry."""
    return replace(message, details={**message.details, **more, "keyed_by": str(who.staff_id)})


def take(session: Session, row: InboundMessage, now: datetime) -> str:
    """A case that staff keyed in: the silence starts when the government heard it, however late that was keyed."""
    details = row.details
    source = IntakeSource(str(details["source"]))
    staff = session.get_one(Staff, UUID(str(details["keyed_by"])))
    contact: ContactPoint | None = None
    existed = False
    if row.sender and source not in AUDIT_SOURCES:
        channel = Channel.email if details.get("reach") == Channel.email else Channel.sms
        sealed = details.get("name")
        known = find_or_make(session, channel, row.sender, now, name=decrypt(str(sealed)) if sealed else None)
        contact, existed = known.contact, known.existed
        if details.get("language"):  # they were asked just now
            contact.language = str(details["language"])
    if contact is not None and (wanted := str(details.get("adds_to") or "")):
        return _add(session, row, contact, wanted, source, staff, now)
    page = details.get("book_page")
    visit = details.get("visit")
    keyed = Keyed(
        source,
        staff.id,
        staff.name,
        book_page_id=UUID(str(page)) if page else None,
        written_on=str(details.get("written_on") or ""),
        visit=visit if isinstance(visit, dict) else None,
    )
    heard = min(datetime.fromisoformat(str(details["heard_at"])), row.received_at)
    case = open_from(session, row, contact, now, existed=existed, keyed=keyed, received_at=heard)
    if beside := str(details.get("answered") or ""):
        note_answer_in_book(session, case, beside, staff, now)
    return "case"


def _add(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    reference: str,
    source: IntakeSource,
    staff: Staff,
    now: datetime,
) -> str:
    """More of a case of the same citizen: they called or came again."""
    case = session.exec(
        select(Case)
        .where(col(Case.reference) == reference, col(Case.citizen_id) == contact.citizen_id)
        .with_for_update()
    ).one()
    lifecycle.citizen_wrote(session, case, row.text, now)
    attachments.expect(session, row, case, now)
    body: dict[str, object] = {"text": f"Written down by {staff.name}: {source.replace('_', ' ')}.", "by": staff.name}
    append(session, case, EntryKind.noted, now, actor=str(staff.id), body=body)
    row.case_id = case.id
    return "continued"


def note_answer_in_book(session: Session, case: Case, words: str, staff: Staff, now: datetime) -> None:
    """Keep what the office wrote beside an entry. Nobody knows whether the citizen came back to read it: a note."""
    body: dict[str, object] = {
        "text": f"The office wrote beside it in the book: {words}",
        "in_book": words,
        "by": staff.name,
    }
    append(session, case, EntryKind.noted, now, actor=str(staff.id), body=body)


@dataclass(frozen=True, slots=True)
class Kept:
    """A case that somebody keyed in not long ago, with what its slip tells. `told`: an acknowledgement goes out."""

    case: Case
    contact: ContactPoint | None
    told: bool


def kept(session: Session, who: Viewer, reference: str, now: datetime) -> Kept:
    """The case with this reference, for whoever keyed it in within `SLIP`.

    They have just heard or read all of it, so its slip is theirs to hand out even where it went to an office they may
    not look into. Raises NotFound for everybody else.
    """
    found = _kept(session, who, col(Case.reference) == (normalise_reference(reference) or ""), now)
    if not found:
        raise NotFound(
            "There is no slip of yours by that number.",
            mend="Whoever wrote a case in can print its slip for a day. Later the citizen asks at any office.",
        )
    return found[0]


def kept_of_page(session: Session, who: Viewer, page_id: UUID, now: datetime) -> list[Kept]:
    """The entries of a page of a complaint book that this person keyed in within `SLIP`, in their order."""
    return _kept(session, who, col(Case.book_page_id) == page_id, now)


def kept_lately(session: Session, who: Viewer, now: datetime, limit: int = 8) -> list[Kept]:
    """The last this person keyed in, newest first."""
    return _kept(session, who, col(Case.channel) == Channel.assisted, now)[::-1][:limit]


def _kept(session: Session, who: Viewer, which: ColumnElement[bool], now: datetime) -> list[Kept]:
    if who.staff_id is None:
        return []
    rows = session.exec(
        select(Case, TimelineEntry.body)
        .join(TimelineEntry, and_(col(TimelineEntry.case_id) == col(Case.id), col(TimelineEntry.number) == 1))
        .where(which, col(Case.opened_at) > now - SLIP, col(Case.source) != IntakeSource.citizen)
        .order_by(col(Case.id))
    ).all()
    mine = [case for case, body in rows if body.get("keyed_by") == str(who.staff_id)]
    wanted = {case.contact_point_id for case in mine if case.contact_point_id}
    contacts = {
        contact.id: contact for contact in session.exec(select(ContactPoint).where(col(ContactPoint.id).in_(wanted)))
    }
    told = set(
        session.exec(
            select(OutboundMessage.case_id).where(
                col(OutboundMessage.case_id).in_([case.id for case in mine]),
                col(OutboundMessage.purpose) == Purpose.acknowledgement,
                col(OutboundMessage.state).not_in(UNDELIVERABLE),
            )
        )
    )
    return [
        Kept(case, contacts.get(case.contact_point_id) if case.contact_point_id else None, case.id in told)
        for case in mine
    ]


def of_contact(session: Session, who: Viewer, address: str) -> Sequence[Case]:
    """Open cases of the citizen behind a number or e-mail address, newest first; only what the viewer may see."""
    channel = Channel.email if "@" in address else Channel.sms
    citizen = select(ContactPoint.citizen_id).where(
        col(ContactPoint.channel) == channel, col(ContactPoint.address_index) == blind_index(str(channel), address)
    )
    return session.exec(
        select(Case)
        .where(
            col(Case.citizen_id).in_(citizen),
            col(Case.state).in_(OPEN_STATES),
            col(Case.confidential).is_(False),  # who wrote in confidence is told to nobody, also not this way round
            visible(who),
        )
        .order_by(col(Case.opened_at).desc())
        .limit(5)
    ).all()


def similar(session: Session, who: Viewer, text: str, now: datetime, *, limit: int = 4) -> list[Case]:
    """Recent cases in nearly the same words, likest first; only what the viewer may see."""
    from rapidfuzz import fuzz, utils  # 3 MB that a web process hardly ever needs

    words = utils.default_process(text)
    if len(words) < 12:
        return []
    recent = session.exec(
        select(Case)
        .where(visible(who), col(Case.opened_at) > now - RECENT)
        .order_by(col(Case.opened_at).desc())
        .limit(LOOKED_AT)
    ).all()
    scored = [(fuzz.token_set_ratio(words, utils.default_process(case.text)), case) for case in recent]
    likest = sorted((pair for pair in scored if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    return [case for _, case in likest[:limit]]
