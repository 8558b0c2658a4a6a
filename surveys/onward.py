"""What follows an answer: the next question that applies, thanks at the end, or which question was meant."""

from datetime import datetime, timedelta

from sqlmodel import Session

from channels.values import Button, Channel
from core.i18n import translator
from core.settings import settings
from domain.citizen import ContactPoint
from domain.states import Purpose
from domain.survey import Invitation
from notifications import compose, outbox
from surveys import answers, asking, reading
from surveys.answers import Taken
from surveys.consent import CONTACT, LOW
from surveys.flow import Kind, following
from surveys.replies import Doubt, Standing
from surveys.standing import stands

BEHIND = timedelta(seconds=5)
"""How long a question waits for the acknowledgement of the case that the answer before it opened."""
LETTERS = {"ru": "АБ", "bn": "কখ"}
"""What stands before the two questions when we ask which is meant."""


def go_on(session: Session, contact: ContactPoint, invitation: Invitation, taken: Taken, now: datetime) -> None:
    """Put the next question that applies, or thank; but nothing while the last question is still open."""
    standing, _ = stands(session, invitation)
    put = [code for code, _ in standing.asked]
    if put and put[-1] not in standing.given:
        return
    gone = {**dict.fromkeys(put), **standing.given}
    if taken.opens_case or taken.case_id is not None:  # they are written to anyway
        gone.setdefault(CONTACT, None)
    following_one = following(standing.questions, gone)
    if following_one is not None and contact.channel == Channel.sms and len(put) >= settings().survey_messages:
        # what costs too much stands behind the link; whether somebody may look into it is asked all the same
        last = standing.question(CONTACT)
        following_one, left = (last if last is not None and CONTACT not in gone else None), True
    else:
        left = False
    if following_one is not None:
        later = now + BEHIND if taken.opens_case else None
        asking.put(session, invitation, following_one, now, due_at=later)
        return
    if invitation.asking is not None:
        invitation.asking = None
        session.add(invitation)
    if not taken.opens_case:  # whoever opens a case is told so, and thanked with that
        _thank(session, invitation, contact, taken, standing, now, more=left)


def _thank(
    session: Session,
    invitation: Invitation,
    contact: ContactPoint,
    taken: Taken,
    standing: Standing,
    now: datetime,
    *,
    more: bool,
) -> None:
    """Thank once; with the link where questions are left, and with "what went wrong?" where no question asks that.

    Who reported money is not told that the office sees it, as it does not.
    """
    asks_words = any(one.kind is Kind.text for one in standing.questions)
    low = taken.rating is not None and taken.rating <= LOW and not taken.words
    outbox.enqueue(
        session,
        purpose=Purpose.survey_thanks,
        contact=contact,
        language=invitation.language,
        body=compose.compose(
            "survey_thanks",
            invitation.language,
            office=answers.office_name(session, taken, invitation.language),
            alone=taken.money,
            ask_why=low and not asks_words,
            link=f"{settings().site_url}/s/{invitation.token}" if more else None,
        ),
        dedupe_key=f"survey_thanks:{invitation.id}",
        now=now,
        invitation=invitation,
        sender=asking.sender_of(session, invitation),
    )


def ask_which(
    session: Session, contact: ContactPoint, invitation: Invitation, standing: Standing, doubt: Doubt, now: datetime
) -> None:
    """Ask, once in the life of a survey, what a reply answers: which question, or which number."""
    language = invitation.language
    questions = [one for code in doubt.between if (one := standing.question(code)) is not None]
    words = [asking.words_of(one, language) for one in questions]
    lines: list[str] = []
    buttons: tuple[tuple[Button, ...], ...] = ()
    if len(questions) > 1:
        lines = [f"{letter} {said}" for letter, said in zip(LETTERS.get(language, "AB"), words, strict=True)]
    number = reading.number_alone(doubt.text)
    if contact.channel == Channel.telegram:
        if len(questions) > 1 and number is not None:
            buttons = tuple(
                (Button(said, asking.data_of(invitation.id, one.code, number)),)
                for one, said in zip(questions, words, strict=True)
            )
        else:
            buttons = asking.buttons_of(questions[0], invitation.id, language)
    yes_or_no = len(questions) == 1 and questions[0].kind is Kind.yes_no
    body = (
        f"{words[0]} {translator(language).gettext(asking.HINTS[Kind.yes_no])}"
        if yes_or_no
        else compose.compose("survey_unclear", language, text=doubt.text, question=words[0], numbered=lines or None)
    )
    outbox.enqueue(
        session,
        purpose=Purpose.survey,
        contact=contact,
        language=language,
        body=body,
        dedupe_key=f"survey_unclear:{invitation.id}",
        now=now,
        invitation=invitation,
        sender=asking.sender_of(session, invitation),
        buttons=buttons,
    )
    invitation.unclear = {"text": doubt.text, "between": list(doubt.between), "at": now.isoformat(), "open": True}
    session.add(invitation)
