"""From an inbox row to the case it opens."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

import routing.service
from cases import attachments, lifecycle, opening
from channels.values import Channel
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import CaseKind, OfficeFunction
from nlp import language as languages
from surveys.answers import Taken

POSTER = timedelta(hours=24)
_CHOSEN = re.compile(
    r"^\W*(?:integrity|integriteti?|(?:anti-?)?korrupsion|সততা|দুর্নীতি|shototar|честность|коррупция)\b[\s:,.\-–—!]*",
    re.IGNORECASE,
)
LATER = "later"
"""Said by a handler that cannot decide yet; it has set the row's `due_at`."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a conversation found out before it opens a case: all that was said, in the rows it was said in."""

    text: str
    rows: tuple[InboundMessage, ...] = ()
    service: str | None = None
    place: str | None = None
    office_code: str | None = None
    location: dict[str, float] | None = None


def open_from(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint | None,
    now: datetime,
    *,
    existed: bool = True,
    taken: Taken | None = None,
    keyed: opening.Keyed | None = None,
    received_at: datetime | None = None,
    heard: Heard | None = None,
    ask: opening.Ask = opening.no_question,
    replaces: str | None = None,
    at_once: bool = True,
    about_staff: bool = False,
) -> Case:
    """Open the case an inbox row asks for, with all the row says about it, and note it on the row.

    `received_at` is when the government heard it, where that was before the row was stored. `at_once` is as in
    `opening.Opening`.
    """
    details = row.details
    spoken = settings().languages
    language = (contact.language if contact else None) or str(details.get("language") or "") or None
    text = row.text or (str(details.get("caption") or "") if details else "")
    if taken is not None:
        text = taken.words or row.text
    heard = heard or Heard(text)
    office_code = heard.office_code or str(details.get("office") or "") or None
    if office_code is None and contact is not None:
        office_code = poster_office(session, contact, now)
    case = opening.open_case(
        session,
        opening.Opening(
            channel=Channel(row.channel),
            text=heard.text,
            language=language if language in spoken else (languages.detect(heard.text, spoken) or spoken[0]),
            received_at=received_at or row.received_at,
            kind=CaseKind(str(details.get("kind"))) if details.get("kind") in set(CaseKind) else CaseKind.complaint,
            contact=contact,
            service=taken.service if taken else (heard.service or str(details.get("service") or "") or None),
            place=heard.place or str(details.get("place") or "") or None,
            office_code=taken.office if taken else office_code,
            about_staff=about_staff or bool(details.get("about_staff")) or chosen(heard.text),
            last_place=contact.last_place if contact and existed else None,
            attachments=tuple(details.get("attachments") or ()),  # type: ignore[arg-type]
            confidential=bool(details.get("confidential")),
            location=heard.location or location_of(details.get("location")),
            held=str(details.get("held") or ""),
            same_as_others=bool(details.get("same_as_others")),
            invitation_id=taken.invitation_id if taken else None,
            keyed=keyed,
            ask=ask,
            replaces=replaces,
            at_once=at_once,
        ),
        now,
    )
    for one in (row, *(other for other in heard.rows if other.id != row.id)):
        one.case_id = case.id
        attachments.expect(session, one, case, now)
    return case


def add_to(session: Session, row: InboundMessage, case: Case, now: datetime) -> Case:
    """A message belongs to a case that is there already (locked): its words, its files, where it was written. Gives the
    case it is on: one of its own where it accuses somebody, whom the office of the other must not warn.

    It is heard when it was received, or right after what happened to the case since; the order of a timeline is its
    truth. So one that was kept while we asked where it belongs is not heard later for that.
    """
    if belongs_apart(case, row.text):
        return open_apart(session, row, case, now)
    heard_at = min(max(row.received_at, case.updated_at), now)
    lifecycle.citizen_wrote(session, case, row.text, heard_at)
    row.case_id = case.id
    case.text = case.text or row.text  # it began with a picture alone
    case.location = case.location or location_of(row.details.get("location"))
    attachments.expect(session, row, case, now)
    return case


def chosen(text: str) -> bool:
    """Whether a message begins with the word by which a citizen chooses the integrity office themselves."""
    return _CHOSEN.match(text) is not None


def belongs_apart(case: Case, text: str) -> bool:
    """Whether a further message on an ordinary case accuses somebody: the office that has it must not see that."""
    return not case.integrity and bool(text) and (chosen(text) or routing.service.accusation(text) is not None)


def open_apart(session: Session, row: InboundMessage, case: Case, now: datetime) -> Case:
    """A case of its own for what an accusing message tells. Nothing of it is on the case it was sent on."""
    contact = session.get(ContactPoint, case.contact_point_id) if case.contact_point_id else None
    heard = Heard(row.text, (row,), place=case.place, office_code=accused_code(session, case), location=case.location)
    return open_from(session, row, contact, now, heard=heard, about_staff=True)


def accused_code(session: Session, case: Case) -> str | None:
    """Code of the office that has a case, where it is one that citizens complain about."""
    office = catalogue(session).offices[case.office_id]
    return office.code if office.function == OfficeFunction.service else None


def words_apart(session: Session, case: Case, text: str, now: datetime, channel: Channel) -> Case:
    """Words that accuse the office which has a case become a case of their own, with a number and PIN of its own."""
    return opening.open_case(
        session,
        opening.Opening(
            channel=channel,
            text=text,
            language=case.language,
            received_at=now,
            contact=session.get(ContactPoint, case.contact_point_id) if case.contact_point_id else None,
            place=case.place,
            office_code=accused_code(session, case),
            about_staff=True,
            confidential=case.confidential,
        ),
        now,
    )


def poster_office(session: Session, contact: ContactPoint, now: datetime) -> str | None:
    """Code of the office whose poster the citizen scanned not long ago."""
    if contact.poster_office_id is None or contact.poster_at is None or now - contact.poster_at > POSTER:
        return None
    office = catalogue(session).offices.get(contact.poster_office_id)
    return office.code if office else None


def location_of(given: object) -> dict[str, float] | None:
    """Where the citizen said it is, in degrees; None when they did not."""
    if not isinstance(given, dict):
        return None
    latitude, longitude = given.get("latitude"), given.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    return {"latitude": float(latitude), "longitude": float(longitude)}
