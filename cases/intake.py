"""From an inbox row to what it means: an opt-out, an answer to a survey, a STATUS question, more of a case, a new case.

`process` does all of it in one transaction: no case without a clock, no acknowledgement without a case.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select

import surveys.exit
from cases import lifecycle, opening, outcomes, status
from cases.contacts import HELP_WORDS, START_WORDS, STOP_WORDS, find_or_make, word_of
from cases.inbox import Arrival, receive
from channels.values import Channel
from core import claims
from core.crypto import decrypt
from core.database import database
from core.errors import OmbudError
from core.ids import find_reference
from core.logs import logger
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage, InboxKind
from domain.states import OPEN_STATES, CaseKind, InboxState, Purpose
from domain.survey import Invitation
from nlp import language as languages
from notifications import compose, outbox
from surveys.answers import Taken, take

BATCH = 25
MAX_ATTEMPTS = 6
FOLLOW_UP = timedelta(minutes=30)
"""A message this soon after opening a case adds to it; people send one story in several messages."""
CONVERSATION = timedelta(days=7)
"""A message this soon after our answer continues that case."""
POSTER = timedelta(hours=24)
TEXTING = frozenset({Channel.sms, Channel.whatsapp, Channel.telegram})

log = logger("cases.intake")


def process_due(now: datetime, limit: int = BATCH) -> int:
    """Claim and process up to `limit` inbox rows; returns how many were claimed.

    The batch shares one transaction while all goes well. If one row fails, all are rolled back and done one by one,
    so a bad row delays its neighbours but never harms them.
    """
    with database().write() as session:
        lease = timedelta(seconds=settings().lease_seconds)
        ids = claims.claim(session, InboundMessage, now, state=InboxState.received, limit=limit, lease=lease)
    if not ids:
        return 0
    try:
        with database().write() as session:
            for row in _load(session, ids):
                process(session, row, now)
    except Exception as error:  # noqa: BLE001  (whatever it was is met again, and recorded, row by row)
        log.info("batch_split", rows=len(ids), error=type(error).__name__)
        for row_id in ids:
            process_one(row_id, now)
    return len(ids)


def _load(session: Session, ids: list[UUID]) -> list[InboundMessage]:
    rows = session.exec(
        select(InboundMessage)
        .where(col(InboundMessage.id).in_(ids), col(InboundMessage.state) == InboxState.received)
        .with_for_update()
    ).all()
    return sorted(rows, key=lambda row: (row.received_at, row.id))


def process_one(row_id: UUID, now: datetime) -> None:
    """Process one claimed row in a transaction of its own; a failure is recorded on the row and tried again later."""
    for _ in range(3):
        try:
            with database().write() as session:
                for row in _load(session, [row_id]):
                    process(session, row, now)
            return
        except (IntegrityError, OperationalError) as error:
            failure: Exception = error  # somebody else made the same contact or held the same rows: look again
        except Exception as error:  # noqa: BLE001  (recorded below; a message is never dropped)
            failure = error
            break
    log.error("inbox_row_failed", row=str(row_id), error=type(failure).__name__, detail=str(failure)[:300])
    with database().write() as session:
        failed = session.get(InboundMessage, row_id, with_for_update=True)
        if failed is None or failed.state != InboxState.received:
            return
        failed.last_error = f"{type(failure).__name__}: {str(failure)[:500]}"
        failed.leased_until = None
        if failed.attempts >= MAX_ATTEMPTS:
            failed.state, failed.due_at = InboxState.failed, None
        else:
            failed.due_at = claims.retry_at(now, failed.attempts)


def receive_and_process(arrival: Arrival, now: datetime) -> InboundMessage:
    """Store one arrival and process it at once, for a caller who shows the result (web form, API).

    A repeat returns the row of the first. If processing fails it is tried again by the worker; the row is stored.
    """
    receive([arrival], now)
    with database().write() as session:
        row = session.exec(
            select(InboundMessage).where(
                col(InboundMessage.channel) == arrival.channel,
                col(InboundMessage.account) == clean(arrival.account, 200),
                col(InboundMessage.provider_id) == clean(arrival.provider_id, 200),
            )
        ).one()
        row_id = row.id
    process_one(row_id, now)
    with database().read() as session:
        return session.exec(select(InboundMessage).where(col(InboundMessage.id) == row_id)).one()


def process(session: Session, row: InboundMessage, now: datetime) -> None:
    """Do what one inbox row asks for, and mark it processed."""
    match InboxKind(row.kind):
        case InboxKind.receipt:
            if not outcomes.take_receipt(session, row, now) and row.attempts < MAX_ATTEMPTS:
                # quicker than our own note of having sent: look again in a moment
                row.due_at, row.leased_until = claims.retry_at(now, row.attempts), None
                return
            outcome = "receipt"
        case InboxKind.contact:
            outcome = _contact_change(session, row, now)
        case InboxKind.message:
            outcome = _message(session, row, now)
    row.outcome = outcome
    row.state, row.due_at, row.leased_until, row.last_error = InboxState.processed, None, None, None


def _contact_change(session: Session, row: InboundMessage, now: datetime) -> str:
    contact = find_or_make(session, Channel(row.channel), row.sender, now).contact
    blocked = bool(row.details.get("blocked"))
    contact.opted_out_at = (contact.opted_out_at or now) if blocked else None
    return "blocked" if blocked else "unblocked"


def _message(session: Session, row: InboundMessage, now: datetime) -> str:
    channel = Channel(row.channel)
    if channel is Channel.kiosk:
        return _exit_survey(session, row, now)
    if row.details.get("group"):
        return "group"
    if channel not in TEXTING:
        return _form(session, row, now)
    known = find_or_make(session, channel, row.sender, now)
    contact = known.contact
    if contact.language is None:
        contact.language = _hinted_language(row)
    if command := _command(session, row, contact, now):
        return command
    # only now: in a command the letters of a reference would decide
    contact.language = languages.detect(row.text, settings().languages) or contact.language
    continued = _continued(session, row, contact, now) if known.existed else None
    return continued or _new_case(session, row, contact, now, existed=known.existed)


def _hinted_language(row: InboundMessage) -> str:
    spoken = settings().languages
    hint = str(row.details.get("language") or "")[:2]
    return hint if hint in spoken else status.language_of(row.text, spoken) or spoken[0]


def _command(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """Opt-out words first, then everything else that is an order and not a message."""
    word = word_of(row.text)
    if word in STOP_WORDS or row.details.get("opt_out") == "STOP":  # Twilio marks an account's own words
        contact.opted_out_at = contact.opted_out_at or now
        outbox.cancel_queued(session, contact, now, outcomes.on_result)
        return "opted_out"
    if contact.opted_out_at is not None and (word in START_WORDS or row.channel == Channel.telegram):
        # on Telegram whoever writes to a bot has opened the channel again; on SMS it takes the word
        contact.opted_out_at = None
        if word in START_WORDS:
            _say(session, row, contact, "resumed", Purpose.resumed, now)
            return "resumed"
    if reference := status.asked_for(row.text):
        return status.answer(session, row, contact, reference, now)
    start = row.details.get("start")
    if start is not None or (not row.text and not row.details.get("attachments")) or word in HELP_WORDS:
        office = catalogue(session).office_by_code.get(str(start or "").upper())
        if office is not None:
            contact.poster_office_id, contact.poster_at = office.id, now
        _say(session, row, contact, "help", Purpose.help, now)
        return "help"
    return None


def _say(
    session: Session, row: InboundMessage, contact: ContactPoint, name: str, purpose: Purpose, now: datetime
) -> None:
    spoken = contact.language or settings().languages[0]
    outbox.enqueue(
        session,
        purpose=purpose,
        contact=contact,
        language=spoken,
        body=compose.compose(name, spoken),
        dedupe_key=f"{name}:{row.id}",
        now=now,
    )


def _continued(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """An answer to a survey, or more of a case that is already there."""
    if reference := find_reference(row.text):
        case = session.exec(
            select(Case)
            .where(col(Case.reference) == reference, col(Case.contact_point_id) == contact.id)
            .with_for_update()
        ).first()
        if case is not None:
            lifecycle.citizen_wrote(session, case, row.text, now)
            row.case_id = case.id
            return "continued"
    taken = take(session, contact, row.text, now)
    if taken is not None:
        if taken.opens_case:
            _open(session, row, contact, now, taken=taken)
        return "survey_answer"
    case = session.exec(
        select(Case)
        .where(col(Case.contact_point_id) == contact.id, col(Case.state).in_(OPEN_STATES))
        .order_by(col(Case.updated_at).desc())
        .limit(1)
        .with_for_update()
    ).first()
    if case is None:
        return None
    answered_lately = case.state in ("answered", "waiting") and now - case.updated_at <= CONVERSATION
    if answered_lately or now - case.opened_at <= FOLLOW_UP:
        lifecycle.citizen_wrote(session, case, row.text, now)
        row.case_id = case.id
        return "continued"
    return None


def _new_case(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime, *, existed: bool) -> str:
    _open(session, row, contact, now, existed=existed)
    return "case"


def _open(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint | None,
    now: datetime,
    *,
    existed: bool = True,
    taken: Taken | None = None,
) -> Case:
    details = row.details
    spoken = settings().languages
    language = (contact.language if contact else None) or str(details.get("language") or "") or None
    text = row.text or (str(details.get("caption") or "") if details else "")
    if taken is not None:
        text = taken.words or row.text
    office_code = str(details.get("office") or "") or None
    if office_code is None and contact is not None:
        office_code = _poster(session, contact, now)
    case = opening.open_case(
        session,
        opening.Opening(
            channel=Channel(row.channel),
            text=text,
            language=language if language in spoken else (languages.detect(text, spoken) or spoken[0]),
            received_at=row.received_at,
            kind=CaseKind(str(details.get("kind"))) if details.get("kind") in set(CaseKind) else CaseKind.complaint,
            contact=contact,
            service=taken.service if taken else (str(details.get("service") or "") or None),
            place=str(details.get("place") or "") or None,
            office_code=taken.office if taken else office_code,
            about_staff=bool(details.get("about_staff")),
            last_place=contact.last_place if contact and existed else None,
            attachments=tuple(details.get("attachments") or ()),  # type: ignore[arg-type]
            invitation_id=taken.invitation_id if taken else None,
        ),
        now,
    )
    row.case_id = case.id
    return case


def _poster(session: Session, contact: ContactPoint, now: datetime) -> str | None:
    """Code of the office whose poster the citizen scanned not long ago."""
    if contact.poster_office_id is None or contact.poster_at is None or now - contact.poster_at > POSTER:
        return None
    office = catalogue(session).offices.get(contact.poster_office_id)
    return office.code if office else None


def _form(session: Session, row: InboundMessage, now: datetime) -> str:
    """A web form or API case: the contact is in the details, if the citizen gave one."""
    contact: ContactPoint | None = None
    existed = False
    if row.sender:
        sealed = row.details.get("name")
        known = find_or_make(session, Channel.sms, row.sender, now, name=decrypt(str(sealed)) if sealed else None)
        contact, existed = known.contact, known.existed
        if row.details.get("language") in settings().languages:
            contact.language = str(row.details["language"])
    _open(session, row, contact, now, existed=existed)
    return "case"


def open_from_survey(session: Session, taken: Taken, now: datetime) -> Case:
    """The case that an answer on a survey's page asks for; the caller holds the invitation and commits."""
    contact: ContactPoint | None = None
    if taken.invitation_id is not None:
        invitation = session.get_one(Invitation, taken.invitation_id)
        contact = session.get_one(ContactPoint, invitation.contact_point_id)
    return opening.open_case(
        session,
        opening.Opening(
            channel=Channel.web,
            text=taken.words,
            language=(contact.language if contact else None) or settings().languages[0],
            received_at=now,
            contact=contact,
            service=taken.service,
            office_code=taken.office,
            invitation_id=taken.invitation_id,
        ),
        now,
    )


def _exit_survey(session: Session, row: InboundMessage, now: datetime) -> str:
    known = catalogue(session)
    office = known.office_by_code.get(str(row.details.get("office") or row.account).upper())
    if office is None:
        raise OmbudError(f"The exit survey names an office {row.account!r} that does not exist.")
    found = surveys.exit.record(session, office, row, now)
    if found is not None and found.opens_case:
        contact = find_or_make(session, Channel.sms, row.sender, now).contact if row.sender else None
        _open(session, row, contact, now, taken=found)
    return "exit_survey"
