"""From an inbox row to the case it opens."""

from datetime import datetime, timedelta

from sqlmodel import Session

from cases import attachments, opening
from channels.values import Channel
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import CaseKind
from nlp import language as languages
from surveys.answers import Taken

POSTER = timedelta(hours=24)


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
) -> Case:
    """Open the case an inbox row asks for, with all the row says about it, and note it on the row.

    `received_at` is when the government heard it, where that was before the row was stored.
    """
    details = row.details
    spoken = settings().languages
    language = (contact.language if contact else None) or str(details.get("language") or "") or None
    text = row.text or (str(details.get("caption") or "") if details else "")
    if taken is not None:
        text = taken.words or row.text
    office_code = str(details.get("office") or "") or None
    if office_code is None and contact is not None:
        office_code = poster_office(session, contact, now)
    case = opening.open_case(
        session,
        opening.Opening(
            channel=Channel(row.channel),
            text=text,
            language=language if language in spoken else (languages.detect(text, spoken) or spoken[0]),
            received_at=received_at or row.received_at,
            kind=CaseKind(str(details.get("kind"))) if details.get("kind") in set(CaseKind) else CaseKind.complaint,
            contact=contact,
            service=taken.service if taken else (str(details.get("service") or "") or None),
            place=str(details.get("place") or "") or None,
            office_code=taken.office if taken else office_code,
            about_staff=bool(details.get("about_staff")),
            last_place=contact.last_place if contact and existed else None,
            attachments=tuple(details.get("attachments") or ()),  # type: ignore[arg-type]
            confidential=bool(details.get("confidential")),
            location=location_of(details.get("location")),
            held=str(details.get("held") or ""),
            same_as_others=bool(details.get("same_as_others")),
            invitation_id=taken.invitation_id if taken else None,
            keyed=keyed,
        ),
        now,
    )
    row.case_id = case.id
    attachments.expect(session, row, case, now)
    return case


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
