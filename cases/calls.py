"""Calls to the voice hotline: a recording becomes a case, a call that left none is listed to be called back.

A call is one inbox row, kept open until it is known how it ended; each recording is a row of its own and may come
before or after the end of its call, or long after we took it for a missed one.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cases import attachments, callbacks, lifecycle, opening
from cases.arriving import LATER
from cases.contacts import find_or_make
from channels.phones import takes_texts
from channels.spoken import MISSED_CALL, VOICE_MESSAGE
from channels.values import Channel
from channels.voice import Opened
from core.database import database
from core.i18n import translator
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.sender import Sender
from domain.states import CaseKind, CaseState, EntryKind, Purpose
from domain.timeline import append
from notifications import outbox

GRACE = timedelta(seconds=20)
"""After its end a call is not missed before a recording had this long to be told of; nor is a recording nobody's
before its call had."""
AGAIN = timedelta(minutes=30)
"""A message this soon after opening a case adds to it: whoever was cut off calls again."""
SPARE = timedelta(minutes=10)
"""A call whose end nobody told us is over this long after the longest message it could have left."""


def take(session: Session, row: InboundMessage, now: datetime) -> str:
    """Do what one row of a call asks for: the call itself, its end, or a recording."""
    sid = str(row.details.get("call") or row.provider_id)
    if row.provider_id == sid:
        return _call(session, row, now)
    call = _row_of(session, row.account, sid)
    if row.details.get("ended"):
        if call is not None and call.due_at is not None:
            call.due_at = min(call.due_at, row.received_at + GRACE)
        return "call_ended"
    return _recorded(session, row, call, now)


def opened(account: str, sid: str) -> Opened | None:
    """The case a call opened, for its caller; None while there is none."""
    with database().read() as session:
        found = session.exec(
            select(Case, ContactPoint)
            .join(InboundMessage, col(InboundMessage.case_id) == col(Case.id))
            .outerjoin(ContactPoint, col(ContactPoint.id) == col(Case.contact_point_id))
            .where(
                col(InboundMessage.channel) == Channel.voice,
                col(InboundMessage.account) == account,
                col(InboundMessage.provider_id) == sid,
            )
        ).first()
        if found is None:
            return None
        case, contact = found
        texted = contact is not None and outbox.may_send(contact, Purpose.acknowledgement)
        return Opened(case.reference, pin="" if contact else opening.pin_of(case.id), by_text=texted)


def _row_of(session: Session, account: str, sid: str) -> InboundMessage | None:
    return session.exec(
        select(InboundMessage)
        .where(
            col(InboundMessage.channel) == Channel.voice,
            col(InboundMessage.account) == account,
            col(InboundMessage.provider_id) == sid,
        )
        .with_for_update()
    ).first()


def _call(session: Session, row: InboundMessage, now: datetime) -> str:
    """The call as a whole: once it is over and left nothing, it is a missed one."""
    if row.case_id is not None:
        return "call"
    ended_at = session.exec(
        select(InboundMessage.received_at).where(
            col(InboundMessage.channel) == Channel.voice,
            col(InboundMessage.account) == row.account,
            col(InboundMessage.provider_id) == f"{row.provider_id}/ended",
        )
    ).first()
    over_at = row.received_at + timedelta(seconds=settings().voice_seconds) + SPARE
    if ended_at is not None:
        over_at = min(over_at, ended_at + GRACE)
    if now < over_at:
        row.due_at = over_at
        return LATER
    if not row.sender:
        return "call_without_number"
    return _missed(session, row, now)


def _missed(session: Session, row: InboundMessage, now: datetime) -> str:
    contact = _contact(session, row.sender, "", now)
    known = callbacks.open_for(session, contact)
    if known is not None:
        append(session, known, EntryKind.noted, now, body={"text": "They called again and left no message."})
        row.case_id = known.id
        return "missed_again"
    language = contact.language or settings().languages[0]
    case = opening.open_case(
        session,
        opening.Opening(
            channel=Channel.voice,
            text=translator(language).gettext(MISSED_CALL),
            language=language,
            received_at=row.received_at,
            kind=CaseKind.request,
            contact=contact,
            office_code=_office(session, row),
            wordless=True,
            template="missed_call",
        ),
        now,
    )
    callbacks.promise(session, case, contact, row.received_at)
    row.case_id = case.id
    return "missed_call"


def _recorded(session: Session, row: InboundMessage, call: InboundMessage | None, now: datetime) -> str:
    """A recording. Twilio's own notice of it names no caller; the call does."""
    if call is None and now < row.received_at + GRACE:
        row.due_at = row.received_at + GRACE
        return LATER
    sender = row.sender or (call.sender if call else "")
    spoken = settings().languages
    picked = str(row.details.get("language") or "")
    contact = _contact(session, sender, picked if picked in spoken else "", now) if sender else None
    language = picked if picked in spoken else (contact.language if contact else None) or spoken[0]
    words = translator(language).gettext(VOICE_MESSAGE) % {"length": _length(row.details.get("seconds"))}
    office = _office(session, call or row)
    case = _continued(session, call, contact, office, now)
    if case is not None:
        lifecycle.citizen_wrote(session, case, words, now)
        outcome = "continued"
    else:
        received_at = call.received_at if call else row.received_at
        case = opening.open_case(
            session,
            opening.Opening(
                channel=Channel.voice,
                text=words,
                language=language,
                received_at=received_at,
                contact=contact,
                office_code=office,
                wordless=True,
            ),
            now,
        )
        if contact is not None:
            callbacks.promise(session, case, contact, received_at)
        outcome = "case"
    attachments.expect(session, row, case, now)
    row.case_id = case.id
    if call is not None and call.case_id is None:
        call.case_id, call.due_at = case.id, now
    return outcome


def _continued(
    session: Session, call: InboundMessage | None, contact: ContactPoint | None, office: str | None, now: datetime
) -> Case | None:
    """The case a recording adds to, locked: that of its own call, or one the same number opened just before.

    Whoever dials the number of another office speaks of something else.
    """
    query = select(Case).with_for_update()
    if call is not None and call.case_id is not None:
        return session.exec(query.where(col(Case.id) == call.case_id)).first()
    if contact is None:
        return None
    found = session.exec(
        query.where(
            col(Case.contact_point_id) == contact.id,
            col(Case.channel) == Channel.voice,
            col(Case.state).in_((CaseState.triage, CaseState.open)),
            col(Case.opened_at) >= now - AGAIN,
        ).order_by(col(Case.opened_at).desc())
    ).first()
    dialled = catalogue(session).office_by_code.get((office or "").upper())
    return found if found is None or dialled is None or dialled.id == found.office_id else None


def _contact(session: Session, number: str, language: str, now: datetime) -> ContactPoint:
    """A mobile number gets our answers as text messages; a fixed line can only be called."""
    channel = Channel.sms if takes_texts(number) else Channel.voice
    contact = find_or_make(session, channel, number, now).contact
    contact.language = language or contact.language
    return contact


def _office(session: Session, row: InboundMessage) -> str | None:
    """Code of the office the caller dialled: named in the number's webhook address, or the number's own."""
    if named := str(row.details.get("office") or ""):
        return named
    if not row.recipient:
        return None
    office_id = session.exec(
        select(Sender.office_id)
        .where(
            col(Sender.address) == row.recipient,
            col(Sender.channel).in_((Channel.voice, Channel.sms)),
            col(Sender.office_id).is_not(None),
            col(Sender.active).is_(True),
        )
        .order_by(col(Sender.channel).desc())
    ).first()
    office = catalogue(session).offices.get(office_id) if office_id else None
    return office.code if office else None


def _length(seconds: object) -> str:
    whole = seconds if isinstance(seconds, int) else 0
    return f"{whole // 60}:{whole % 60:02d}"
