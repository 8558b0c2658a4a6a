"""The paper complaint book at an office's counter: pages keyed in, mended, and counted.

A page is known by its office and number. Each of its entries is a case of its own, received on the day it was written:
the book lies at the office. The same entry keyed twice is noticed, whether by two clicks or by two people.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

import routing.service
from cases import intake, opening, rerouting
from cases.assisted import keyed_by, note_answer_in_book
from cases.contacts import find_or_make
from channels import assisted as screens
from channels.values import Channel, Inbound
from core.crypto import blind_index
from core.database import database
from core.errors import BadInput, NotAllowed
from core.ids import new_id
from core.sets import one_of
from core.settings import settings
from core.texts import latin_digits
from domain.assisted import BookPage
from domain.attachment import Attachment
from domain.case import Case
from domain.catalogue import Catalogue
from domain.citizen import ContactPoint
from domain.clock import Clock
from domain.inbox import InboundMessage
from domain.office import Office
from domain.staff import Staff
from domain.states import ClockKind, EntryKind, OfficeFunction
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, visible

NUMBER = re.compile(r"[\w./-]{1,20}")
TWICE = 88
"""Likeness, of 100, from which two entries of one day on one page are taken for one keyed twice."""
ELSEWHERE = "one that is with another office now"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that was keyed in. Reference and `text` are empty for who may not see the case any more: its tracking
    page would tell them that it is kept from their office. `hint` masks the number."""

    reference: str
    said_on: date
    text: str
    hint: str
    answered: str
    visible: bool


@dataclass(slots=True)
class Saved:
    """What came of the rows of a page: references by row, mistakes by row and field, rows that were there already."""

    kept: dict[int, str] = field(default_factory=dict)
    wrong: dict[int, dict[str, str]] = field(default_factory=dict)
    repeated: dict[int, str] = field(default_factory=dict)
    corrected: list[str] = field(default_factory=list)


def read_number(text: str) -> str:
    """A page's number as it is compared: Latin digits, no outer spaces. Raises BadInput."""
    number = latin_digits(text).strip()
    if not NUMBER.fullmatch(number):
        said = "Enter the number of the page, such as 12."
        raise BadInput(said, fields={"page": said})
    return number


def keys_all(known: Catalogue, who: Viewer) -> bool:
    """Whether somebody keys for every office: those of the triage desk, and who sees every office anyway."""
    desks = {office.id for office in known.offices.values() if office.function == OfficeFunction.triage}
    return who.triage or who.offices is None or bool(who.home & desks)


def may_key(known: Catalogue, who: Viewer, office: Office) -> None:
    """Raises NotAllowed for the book of an office that is not the viewer's, unless they key for all."""
    if not keys_all(known, who) and office.id not in (who.offices or ()):
        raise NotAllowed("This is the book of another office.", mend="Ask that office, or the triage desk.")


def page_of(session: Session, office_id: UUID, number: str) -> BookPage | None:
    """The page, if somebody has begun to key it in."""
    return session.exec(select(BookPage).where(BookPage.office_id == office_id, BookPage.number == number)).first()


def begin_page(session: Session, who: Viewer, office: Office, number: str, now: datetime) -> BookPage:
    """The page, made if it is new."""
    page = page_of(session, office.id, number)
    if page is None:
        if who.staff_id is None:
            raise NotAllowed("Only staff key in a book.")
        page = BookPage(id=new_id(), office_id=office.id, number=number, staff_id=who.staff_id, keyed_at=now)
        try:
            with session.begin_nested():
                session.add(page)
        except IntegrityError:  # somebody else began it in the same moment
            page = session.exec(
                select(BookPage).where(BookPage.office_id == office.id, BookPage.number == number)
            ).one()
    return page


def entries(session: Session, who: Viewer, page: BookPage) -> list[Entry]:
    """What was keyed in from a page, in its order; words only of cases the viewer may see."""
    rows = session.exec(select(Case).where(Case.book_page_id == page.id).order_by(col(Case.id))).all()
    seen = set(session.exec(select(Case.id).where(Case.book_page_id == page.id, visible(who))))
    zone = settings().zone
    found = []
    for case in rows:
        theirs = case.id in seen
        contact = session.get(ContactPoint, case.contact_point_id) if theirs and case.contact_point_id else None
        found.append(
            Entry(
                case.reference if theirs else "",
                case.received_at.astimezone(zone).date(),
                case.text if theirs else "",
                contact.hint if contact else "",
                _beside(session, case) if theirs else "",
                theirs,
            )
        )
    return found


def _beside(session: Session, case: Case) -> str:
    notes = session.exec(
        select(TimelineEntry)
        .where(TimelineEntry.case_id == case.id, TimelineEntry.kind == EntryKind.noted)
        .order_by(col(TimelineEntry.number).desc())
    )
    return next((str(note.body["in_book"]) for note in notes if note.body.get("in_book")), "")


def save(
    who: Viewer, office: Office, number: str, rows: Mapping[int, Mapping[str, str]], today: screens.Today
) -> Saved:
    """Keep the rows of a page; a mistake in one costs the others nothing.

    A row with the `case` it was keyed in as is compared with that case and corrects it.
    """
    done = Saved()
    with database().write() as session:
        page = begin_page(session, who, office, number, today.now)
        page_id = page.id
        before = entries(session, who, page)
    known = {entry.reference: entry for entry in before if entry.visible}
    for place, row in sorted(rows.items()):
        try:
            if reference := row.get("case", ""):
                if entry := known.get(reference):
                    _correct(who, office, entry, row, today, done)
                continue
            message = _message(row, office.code, number, today)
            if (there := _keyed_already(message, who)) is not None:
                done.repeated[place] = there
                continue
            if not row.get("another"):
                _refuse_twice(message, before, today)
            kept = intake.receive_and_process(keyed_by(message, who, book_page=str(page_id)), today.now)
        except BadInput as error:
            done.wrong[place] = dict(error.fields) or {"text": str(error)}
            continue
        with database().read() as session:
            case = session.get(Case, kept.case_id) if kept.case_id else None
        if case is None:  # stored; the worker goes on with it
            done.wrong[place] = {"text": "It is kept, but its number is not ready. Save again in a minute."}
            continue
        done.kept[place] = case.reference
        day = case.received_at.astimezone(today.zone).date()
        before.append(Entry(case.reference, day, case.text, "", "", visible=True))
    with database().write() as session:
        page = session.get_one(BookPage, page_id, with_for_update=True)
        page.entries = session.exec(select(func.count()).select_from(Case).where(Case.book_page_id == page_id)).one()
    return done


def _message(row: Mapping[str, str], office: str, number: str, today: screens.Today) -> Inbound:
    """One row as a message, known by what stands in it however it was typed. Raises BadInput."""
    from rapidfuzz import utils  # 3 MB that a web process hardly ever needs

    read = screens.parse_entry(row, office=office, page=number, key="-", language=row.get("language", ""), today=today)
    said = (str(read.sent_at), read.text, str(read.details.get("name") or ""), read.sender)
    known_by = "\0".join(utils.default_process(part) for part in said)
    return replace(read, provider_id=blind_index("entry of a complaint book", known_by)[:40])


def _keyed_already(message: Inbound, who: Viewer) -> str | None:
    """The case this very row is already: its reference for who may see it, else only that it is there."""
    with database().read() as session:
        case_id = session.exec(
            select(Case.id)
            .join(InboundMessage, col(InboundMessage.case_id) == col(Case.id))
            .where(
                InboundMessage.channel == message.channel,
                InboundMessage.account == message.account,
                InboundMessage.provider_id == message.provider_id,
            )
        ).first()
        if case_id is None:
            return None
        seen = session.exec(select(Case.reference).where(col(Case.id) == case_id, visible(who))).first()
    return seen or ELSEWHERE


def _refuse_twice(message: Inbound, before: Sequence[Entry], today: screens.Today) -> None:
    from rapidfuzz import fuzz, utils  # 3 MB that a web process hardly ever needs

    day = message.sent_at.astimezone(today.zone).date() if message.sent_at else None
    words = utils.default_process(message.text)
    for entry in before:
        if entry.said_on == day and entry.text and fuzz.ratio(words, utils.default_process(entry.text)) >= TWICE:
            said = f"This looks like {entry.reference} of this page. Tick “another entry” if it is one."
            raise BadInput(said, fields={"text": said})


def _correct(
    who: Viewer, office: Office, entry: Entry, row: Mapping[str, str], today: screens.Today, done: Saved
) -> None:
    """Mend what was misread: words, a number that was left out, what stands beside. The day is sealed with the case.

    The integrity firewall reads the new words as it did the old ones.
    """
    given = {**row, "said_on": entry.said_on.isoformat()}
    message = screens.parse_entry(given, office="-", page="-", key="-", language="", today=today)
    beside = str(message.details.get("answered") or "")
    late_number = bool(message.sender) and not entry.hint
    if message.text == entry.text and not late_number and beside in ("", entry.answered):
        return
    with database().write() as session:
        query = select(Case).where(col(Case.reference) == entry.reference, visible(who)).with_for_update()
        case = session.exec(query, execution_options={"populate_existing": True}).first()
        if case is None or who.staff_id is None:
            raise BadInput("This case went to another office.", fields={"text": "This case went to another office."})
        staff = session.get_one(Staff, who.staff_id)
        if message.text != case.text:
            body: dict[str, object] = {"text": message.text, "before": case.text, "by": staff.name, "book": True}
            append(session, case, EntryKind.edited, today.now, actor=str(staff.id), body=body)
            case.text = message.text
            decision = routing.service.route(
                session,
                text=case.text,
                language=case.language,
                place=case.place,
                office_code=office.code,
                now=today.now,
            )
            if decision.integrity and not case.integrity:
                rerouting.place_by_words(session, case, decision, today.now)
        if beside and beside != entry.answered:
            note_answer_in_book(session, case, beside, staff, today.now)
        if late_number and case.contact_point_id is None:
            _reach(session, case, message, today.now)
    done.corrected.append(entry.reference)


def _reach(session: Session, case: Case, message: Inbound, now: datetime) -> None:
    """A number that was left out: from now on the citizen is told by message."""
    channel = Channel.email if message.details.get("reach") == Channel.email else Channel.sms
    name = str(message.details.get("name") or "") or None
    contact = find_or_make(session, channel, message.sender, now, name=name).contact
    session.flush()
    case.contact_point_id, case.citizen_id = contact.id, contact.citizen_id
    clock = session.exec(
        select(Clock).where(Clock.case_id == case.id, Clock.kind == ClockKind.first_response).order_by(col(Clock.entry))
    ).first()
    if clock is not None:
        opening.acknowledge(session, case, contact, clock, now)


# -- photos and progress --------------------------------------------------------------------------------------------


def keep_photo(session: Session, page: BookPage, photo: Attachment) -> None:
    """A picture of the page belongs to it."""
    photo.book_page_id, photo.upload_key = page.id, None


def photos(session: Session, page: BookPage) -> Sequence[Attachment]:
    """Pictures of a page."""
    return session.exec(
        select(Attachment).where(col(Attachment.book_page_id) == page.id).order_by(col(Attachment.id))
    ).all()


@dataclass(frozen=True, slots=True)
class Book:
    """How far an office's book is keyed. `missing` are numbers left out; `unkeyed` has a photo and no row."""

    office_id: UUID
    pages: int
    this_week: int
    last: str
    missing: tuple[str, ...]
    unkeyed: str
    unkeyed_since: datetime | None


def progress(session: Session, office_ids: Sequence[UUID] | None, now: datetime, limit: int = 40) -> list[Book]:
    """Books by when they were last worked on; `office_ids` None means all."""
    query = select(BookPage).order_by(col(BookPage.keyed_at).desc())
    if office_ids is not None:
        query = query.where(one_of(BookPage.office_id, office_ids))
    by_office: dict[UUID, list[BookPage]] = {}
    for page in session.exec(query.limit(5000)):
        by_office.setdefault(page.office_id, []).append(page)
    return [_book(office_id, pages, now) for office_id, pages in by_office.items()][:limit]


def _book(office_id: UUID, pages: list[BookPage], now: datetime) -> Book:
    numbers = sorted(int(page.number) for page in pages if page.number.isascii() and page.number.isdigit())
    there = set(numbers)
    gaps = [str(n) for n in range(numbers[0], numbers[-1]) if n not in there][:20] if numbers else []
    empty = [page for page in pages if page.entries == 0]
    oldest = min(empty, key=lambda page: page.keyed_at, default=None)
    return Book(
        office_id=office_id,
        pages=len(pages),
        this_week=sum(page.keyed_at > now - timedelta(days=7) and page.entries > 0 for page in pages),
        last=pages[0].number,
        missing=tuple(gaps),
        unkeyed=oldest.number if oldest else "",
        unkeyed_since=oldest.keyed_at if oldest else None,
    )
