"""Whether somebody may look into a survey's answer and write to who gave it: asked where the answers call for it.

Whoever tells in their own words of something to put right has written to the government, and is answered. A face, a
number or a yes is an answer to a question and no more: a case would show who gave it to the people it is about. So one
question more is put, and without a yes the answer is counted and nobody is named.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from domain.case import Case
from surveys.flow import MONEY, RATING, WORDS, Given, Kind, Question

CONTACT = "contact"
"""Code of the question."""
QUESTION = Question(CONTACT, Kind.yes_no)
LOW = 2
"""A rating up to this calls for somebody to look into it."""


def calls(given: Given) -> bool:
    """Whether answers call for somebody to look into them: money was asked for, or a low rating."""
    rating = given.get(RATING)
    return given.get(MONEY) == 1 or (isinstance(rating, int) and rating <= LOW)


def with_consent(
    questions: Sequence[Question], given: Given, *, has_case: bool, last: bool = False
) -> tuple[Question, ...]:
    """The questions of a survey with that of consent, where the answers call for it and no case has come of them.

    Behind a report of money it comes at once, since many give up on the way; else, and on a page (`last`), at the end,
    so that a case has the words that were said. Once answered it stays.
    """
    if CONTACT not in given and (has_case or not calls(given)):
        return tuple(questions)
    worded = WORDS in given or any(one.kind is Kind.text for one in questions)
    if not worded and given.get(MONEY) != 1:  # "what went wrong?" comes with the thanks
        return tuple(questions)
    told = given.get(MONEY) == 1 and not last
    place = next((at for at, one in enumerate(questions, 1) if told and one.code == MONEY), None)
    place = len(questions) if place is None else place
    return (*questions[:place], QUESTION, *questions[place:])


def case_of(session: Session, invitation_id: UUID) -> UUID | None:
    """The case that a survey led to; the first of several."""
    query = select(Case.id).where(col(Case.invitation_id) == invitation_id).order_by(col(Case.id)).limit(1)
    return session.exec(query).first()
