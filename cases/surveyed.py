"""What an answer to a survey leads to: a case, more of the case it led to before, or a case apart for its report."""

from datetime import datetime

from sqlmodel import Session

from cases import arriving
from cases.conversation import language_of, lock
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from surveys.answers import Taken
from surveys.asking import words_of
from surveys.flow import MONEY, Kind, Question


def follow(session: Session, row: InboundMessage, contact: ContactPoint, taken: Taken, now: datetime) -> Case | None:
    """Do what an answer by message asks for; gives the case its words are on, where there is one.

    A report of money goes to the integrity office, whatever it is said with: where the survey has led to an ordinary
    case already, the report becomes a case of its own, of which the office of the other learns nothing.
    """
    if taken.opens_case:
        return _open(session, row, contact, taken, now, taken.words)
    if taken.case_id is None or taken.repeat:
        return None
    case = lock(session, taken.case_id)
    if taken.money_now and not case.integrity:
        return _open(session, row, contact, taken, now, taken.said)
    if taken.said:
        return arriving.add_to(session, row, case, now)
    return None


def _open(
    session: Session, row: InboundMessage, contact: ContactPoint, taken: Taken, now: datetime, words: str
) -> Case:
    text = words or row.text
    if taken.money and not words:  # "yes" alone says nothing without what was asked
        text = f"{words_of(Question(MONEY, Kind.yes_no), language_of(contact))} {row.text}"
    heard = arriving.Heard(text, (row,))
    return arriving.open_from(session, row, contact, now, taken=taken, heard=heard, about_staff=taken.money)
