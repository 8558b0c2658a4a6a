"""Putting a question of a survey to a citizen: in their language, short enough for one SMS, with buttons where the
channel has them; once, and noted on the invitation.
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from channels.values import Button, Channel
from core.i18n import SOURCE_LANGUAGE, format_number, translator
from core.settings import settings
from domain.catalogue import catalogue, name_of
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import Purpose
from domain.survey import Invitation, Survey, Transaction
from notifications import compose, outbox
from surveys.consent import CONTACT
from surveys.flow import RATING, Kind, Option, Question, read


def N_(sentence: str) -> str:  # noqa: N802  (the name gettext's tools look for)
    """Mark a sentence for translation; it is translated where it is shown."""
    return sentence


PRESS = "sv"
"""Data of a button under a question begins with it, then the invitation, the question and the number pressed."""
PASSED = 0
"""Number of the button that passes a question over."""
BUTTON_BYTES = 64
"""Most bytes of a button's data that Telegram brings back."""

SHIPPED: dict[str, str] = {
    RATING: N_("How was it?"),
    "reason": N_("What went wrong?"),
    "liked": N_("What was good?"),
    "money": N_("Did anyone ask for extra money?"),
    "minutes": N_("How many minutes did you wait?"),
    "visits": N_("How many times did you have to come?"),
    "words": N_("What else should the office know?"),
    CONTACT: N_("Shall somebody look into it and write to you? They then see your number."),
}
"""Words of the questions that Ombud ships, by code."""
OPTIONS: dict[str, str] = {
    "wait": N_("The wait"),
    "staff": N_("The staff"),
    "papers": N_("The papers"),
    "unclear": N_("Not explained"),
    "closed": N_("It was closed"),
    "money": N_("Extra money"),
    "fast": N_("It was quick"),
    "kind": N_("Kind staff"),
    "clear": N_("Well explained"),
    "once": N_("One visit"),
    "other": N_("Other"),
}
"""Words of the choices that Ombud ships, by code: short, since six of them share an SMS."""
SCALE = (N_("Very bad"), N_("Bad"), N_("So-so"), N_("Good"), N_("Very good"))
YES, NO = N_("Yes"), N_("No")
NOTHING = N_("Nothing else")
HINTS: dict[Kind, str] = {
    Kind.rating: N_("Reply with one number."),
    Kind.yes_no: N_("Reply YES or NO."),
    Kind.number: N_("Reply with a number."),
    Kind.text: N_("Reply in your own words, or NO."),
}
"""How to answer by text, where the choices do not say it themselves."""
STOP = N_("STOP ends our messages.")


# -- words ---------------------------------------------------------------------------------------------------------


def words_of(question: Question, language: str) -> str:
    """The question as it is asked in a language: the survey's own words, else those shipped for its code."""
    return _said(question.words, language) or translator(language).gettext(SHIPPED.get(question.code, question.code))


def option_words(option: Option, language: str) -> str:
    """One of its choices in a language."""
    return _said(option.words, language) or translator(language).gettext(OPTIONS.get(option.code, option.code))


def choices_of(question: Question, language: str) -> list[str]:
    """What can be chosen, in the order of its numbers from 1; empty for a number and for own words."""
    speak = translator(language).gettext
    match question.kind:
        case Kind.rating:
            return [speak(word) for word in SCALE]
        case Kind.choice:
            return [option_words(option, language) for option in question.options]
        case Kind.yes_no:
            return [speak(YES), speak(NO)]
        case _:
            return []


def _said(words: object, language: str) -> str:
    """Own words in a language, else in English, else in any there are."""
    given = dict(words) if isinstance(words, dict) else {}
    return str(given.get(language) or given.get(SOURCE_LANGUAGE) or next(iter(given.values()), ""))


def message(question: Question, language: str, channel: Channel, *, service: str, office: str, link: str = "") -> str:
    """The body of the message that puts a question. Where the channel has no buttons it numbers the choices.

    The first question says who asks and how to end it. A `link` to the survey's page is for a mail: it costs nothing
    there, and a segment in an SMS. Under the rating a mail has one more for each answer, which has it chosen.
    """
    first = question.code == RATING
    if link and channel is Channel.email and question.kind is Kind.rating:
        chosen = enumerate(choices_of(question, language), 1)
        link = "\n".join([link, *(f"{choice}: {link}/{place}" for place, choice in reversed(list(chosen)))])
    if first and not question.words:
        buttons = channel is Channel.telegram
        return compose.compose(
            "survey", language, service=service, office=office, link=link or None, pressed=buttons or None
        )
    speak = translator(language).gettext
    asked = words_of(question, language)
    lines = [f"{service}, {office}: {asked}" if first else asked]
    if channel is Channel.telegram and question.kind not in (Kind.number, Kind.text):
        hint = ""
    else:
        hint = speak(HINTS[question.kind]) if question.kind in HINTS else ""
        if question.kind in (Kind.rating, Kind.choice):
            lines += numbered(choices_of(question, language), language)
    lines[0] = f"{lines[0]} {hint}".strip()
    if first:
        lines.append(speak(STOP))
    return "\n".join([*lines, *([link] if link else [])])


def numbered(choices: Sequence[str], language: str) -> list[str]:
    """Choices as lines, each behind its number in the reader's digits."""
    return [f"{format_number(place, language)} {choice}" for place, choice in enumerate(choices, 1)]


# -- buttons -------------------------------------------------------------------------------------------------------


def buttons_of(question: Question, invitation_id: UUID, language: str) -> tuple[tuple[Button, ...], ...]:
    """The choices as buttons, one a row; none for a number, and "Nothing else" alone for own words."""
    choices = choices_of(question, language)
    if question.kind is Kind.text:
        labels = {PASSED: translator(language).gettext(NOTHING)}
    elif question.kind is Kind.rating:
        labels = dict(enumerate(numbered(choices, language), 1))
    else:
        labels = dict(enumerate(choices, 1))
    rows = tuple((Button(label, data_of(invitation_id, question.code, place)),) for place, label in labels.items())
    fits = all(len(button.data.encode()) <= BUTTON_BYTES for (button,) in rows)
    return rows if fits else ()


def data_of(invitation_id: UUID, question: str, place: int) -> str:
    """What a button comes back with."""
    named = base64.urlsafe_b64encode(invitation_id.bytes).rstrip(b"=").decode()
    return f"{PRESS}:{named}:{question}:{place}"


def pressed(data: str) -> tuple[UUID, str, int] | None:
    """The invitation, the question and the number of a button that was pressed; None for any other button."""
    kind, _, rest = data.partition(":")
    named, _, rest = rest.partition(":")
    question, _, place = rest.rpartition(":")
    if kind != PRESS or len(named) != 22 or not (place.isascii() and place.isdigit()):
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(named + "==")), question, int(place)
    except ValueError:
        return None


# -- putting -------------------------------------------------------------------------------------------------------


def questions_of(session: Session, invitation: Invitation) -> tuple[Question, ...]:
    """The questions of the very version of the survey an invitation was made with."""
    return questions_in(session.get_one(Survey, invitation.survey_id))


def questions_in(survey: Survey) -> tuple[Question, ...]:
    """The questions of a version; how it was, where it has none."""
    return read(survey.questions) or (Question(RATING, Kind.rating),)


def put(
    session: Session,
    invitation: Invitation,
    question: Question,
    now: datetime,
    *,
    body: str | None = None,
    sender: str | None = None,
    due_at: datetime | None = None,
    fresh: bool = False,
) -> OutboundMessage | None:
    """Put a question of an invitation (locked) to its citizen, once ever; from now on its answer is waited for.

    `body` is another wording of the message than the usual, `sender` another address of ours it leaves from (by default
    that of the question before), `due_at` when it leaves (by default at once). `fresh`: it was not put before, as the
    invitation says (`outbox.enqueue`). None where nothing may be sent, and then nothing changes.
    """
    contact = session.get_one(ContactPoint, invitation.contact_point_id)
    channel, language = Channel(contact.channel), invitation.language
    if body is None:
        body = _body(session, invitation, question, channel)
    row = outbox.enqueue(
        session,
        purpose=Purpose.survey,
        contact=contact,
        language=language,
        body=body,
        dedupe_key=f"survey:{invitation.id}:{question.code}",
        now=now,
        invitation=invitation,
        buttons=buttons_of(question, invitation.id, language) if channel is Channel.telegram else (),
        sender=sender or sender_of(session, invitation),
        due_at=due_at,
        fresh=fresh,
    )
    if row is None:
        return None
    if not any(one.get("question") == question.code for one in invitation.asked):
        put_at: dict[str, object] = {"question": question.code, "at": now.isoformat(), "message": str(row.id)}
        invitation.asked = [*invitation.asked, put_at]
    invitation.asking = question.code
    session.add(invitation)
    return row


def sender_of(session: Session, invitation: Invitation) -> str | None:
    """The address of ours that a survey's first question left from: one talk goes on at one address."""
    first = next((str(one["message"]) for one in invitation.asked), None)
    message = session.get(OutboundMessage, UUID(first)) if first is not None else None
    return message.sender if message is not None else None


def _body(session: Session, invitation: Invitation, question: Question, channel: Channel) -> str:
    transaction = session.get_one(Transaction, invitation.transaction_id)
    known, language = catalogue(session), invitation.language
    by_mail = channel is Channel.email
    return message(
        question,
        language,
        channel,
        service=name_of(known.services[transaction.service_id], language),
        office=known.name(transaction.office_id, language),
        link=f"{settings().site_url}/s/{invitation.token}" if by_mail else "",
    )
