"""What is filled in: web forms, cases of other systems, exit surveys."""

from datetime import datetime

from sqlmodel import Session

import surveys.exit
from cases import surveyed
from cases.arriving import open_from
from cases.contacts import find_or_make
from channels.values import Channel
from core.crypto import decrypt
from core.errors import OmbudError
from core.settings import settings
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage


def take(session: Session, row: InboundMessage, now: datetime) -> str:
    """A web form or API case: the contact is in the details, if the citizen gave one."""
    contact: ContactPoint | None = None
    existed = False
    if row.sender:
        sealed = row.details.get("name")
        channel = Channel.email if row.details.get("reach") == "email" else Channel.sms
        known = find_or_make(session, channel, row.sender, now, name=decrypt(str(sealed)) if sealed else None)
        contact, existed = known.contact, known.existed
        if row.details.get("language") in settings().languages:
            contact.language = str(row.details["language"])
    open_from(session, row, contact, now, existed=existed)
    return "case"


def take_exit_survey(session: Session, row: InboundMessage, now: datetime) -> str:
    """Record one exit survey, and open the case it asks for."""
    known = catalogue(session)
    office = known.office_by_code.get(str(row.details.get("office") or row.account).upper())
    if office is None:
        raise OmbudError(f"The exit survey names an office {row.account!r} that does not exist.")
    found = surveys.exit.record(session, office, row, now)
    if found is not None and found.opens_case:
        contact = find_or_make(session, Channel.sms, row.sender, now).contact if row.sender else None
        surveyed.open_from(session, row, contact, found, now)
    return "exit_survey"
