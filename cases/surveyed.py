"""What an answer to a survey leads to: a case, more of the case it led to before, or a case apart for its report.

A report of money goes to the integrity office, whatever it is said with: where the survey has led to an ordinary case
already, the report becomes a case of its own, of which the office of the other learns nothing.
"""

from datetime import datetime

from sqlmodel import Session

from cases import arriving, opening
from cases.conversation import lock
from channels.values import Channel
from core.i18n import translator
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.survey import Invitation
from surveys.answers import Taken
from surveys.asking import SCALE, SHIPPED, YES
from surveys.flow import MONEY, RATING


def follow(session: Session, row: InboundMessage, contact: ContactPoint, taken: Taken, now: datetime) -> Case | None:
    """Do what an answer by message asks for; gives the case its words are on, where there is one."""
    if taken.opens_case:
        return open_from(session, row, contact, taken, now)
    if taken.case_id is None or taken.repeat:
        return None
    case = lock(session, taken.case_id)
    if _goes_apart(taken, case):
        return open_from(session, row, contact, taken, now, words=taken.said)
    return arriving.add_to(session, row, case, now) if taken.said else None


def open_from(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint | None,
    taken: Taken,
    now: datetime,
    *,
    words: str | None = None,
) -> Case:
    """Open the case that an answer in a message or at a door asks for; `words` are its text, by default all that was
    said."""
    language = (contact.language if contact else None) or settings().languages[0]
    heard = arriving.Heard(_text(taken, taken.words if words is None else words, language) or row.text, (row,))
    return arriving.open_from(session, row, contact, now, taken=taken, heard=heard, about_staff=taken.money)


def follow_page(session: Session, taken: Taken, now: datetime, *, told: bool) -> Case | None:
    """Do what an answer on a survey's page asks for, whose invitation the caller holds; gives the case it led to.

    A case is opened when all is `told`, so that it has the citizen's own words where there are any.
    """
    case = session.get(Case, taken.case_id) if taken.case_id is not None else None
    if not (taken.opens_case and told) and not (case is not None and _goes_apart(taken, case)):
        return case
    contact: ContactPoint | None = None
    if taken.invitation_id is not None:
        invitation = session.get_one(Invitation, taken.invitation_id)
        contact = session.get_one(ContactPoint, invitation.contact_point_id)
    language = (contact.language if contact else None) or settings().languages[0]
    return opening.open_case(
        session,
        opening.Opening(
            channel=Channel.web,
            text=_text(taken, taken.words if case is None else taken.said, language),
            language=language,
            received_at=now,
            contact=contact,
            service=taken.service,
            office_code=taken.office,
            about_staff=taken.money,
            invitation_id=taken.invitation_id,
        ),
        now,
    )


def _goes_apart(taken: Taken, case: Case) -> bool:
    return taken.money_now and not case.integrity


def _text(taken: Taken, words: str, language: str) -> str:
    """The words of a case; a yes or a number alone says nothing without what was asked."""
    if words:
        return words
    speak = translator(language).gettext
    if taken.money:
        return f"{speak(SHIPPED[MONEY])} {speak(YES)}"
    return f"{speak(SHIPPED[RATING])} {speak(SCALE[taken.rating - 1])}" if taken.rating else words
