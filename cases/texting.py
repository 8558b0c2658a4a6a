"""What a citizen texts (SMS, WhatsApp, Telegram): an order, an answer, more of a case, a new case."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlmodel import Session

from cases import (
    consent,
    conversation,
    edits,
    followup,
    guide,
    holding,
    labels,
    linking,
    loops,
    reach,
    solved_texts,
    status,
    surveyed,
    takebacks,
)
from cases.arriving import open_from
from cases.codes import office_alone
from cases.contacts import HELP_WORDS, find_or_make, word_of
from cases.replies import GUIDE, Step, Verdict
from cases.solved import PRESS
from channels.values import Button, Channel
from core.settings import settings
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.conversation import Conversation
from domain.inbox import InboundMessage, InboxKind
from domain.states import Purpose
from nlp import language as languages
from nlp.courtesy import is_only_thanks
from notifications import compose, outbox
from surveys import asking
from surveys import conversation as surveying

LARGEST = 20 * 1024 * 1024
"""Bytes of the largest file that Telegram hands to a bot."""
TEXTED = frozenset({Channel.sms, Channel.whatsapp, Channel.telegram})
MENU = "menu"
LANGUAGE = "lang"
"""Data of the menu's buttons begins with these; they mean the same at any time."""


def senders(rows: Iterable[InboundMessage]) -> Iterator[tuple[Channel, str]]:
    """Whom `take` will look up for those of some inbox rows that are its own."""
    return (
        (Channel(row.channel), row.sender) for row in rows if row.channel in TEXTED and row.kind == InboxKind.message
    )


def take(session: Session, row: InboundMessage, now: datetime) -> str:
    """Do what one message asks for; gives in a word what that was."""
    if row.details.get("group"):
        return _decline(session, row, now)
    if linked := reach.take(session, row, now):
        return linked
    known = find_or_make(session, Channel(row.channel), row.sender, now)
    contact = known.contact
    first = contact.language is None
    if contact.language is None:
        contact.language = _hinted_language(row)
    if done := consent.take(session, row, contact, word_of(row.text), now):
        return done
    said = bool(row.text) and not row.details.get("button")  # pictures and presses repeat without being a loop
    if known.existed and said and loops.is_loop(session, row, now):
        return loops.LOOP
    if row.details.get("edited") and (done := edits.take(session, row, contact, now)):
        return done
    if linked := linking.take(session, row, contact, now):
        return linked
    talk = conversation.current(session, contact) if known.existed else None
    if command := _command(session, row, contact, talk, now, first=first):
        return command
    if not row.details.get("button"):
        # only now: in a command the letters of a reference would decide
        contact.language = languages.detect(row.text, settings().languages) or contact.language
    if unread := _unreadable(session, row, contact, now):
        return unread
    continued = _continued(session, row, contact, talk, now) if known.existed else None
    if continued is None:
        ask = conversation.ask_for(session, contact, row, now)
        open_from(session, row, contact, now, existed=known.existed, ask=ask, at_once=False)
    return continued or "case"


def _hinted_language(row: InboundMessage) -> str:
    spoken = settings().languages
    hint = str(row.details.get("language") or "")[:2]
    return hint if hint in spoken else status.language_of(row.text, spoken) or spoken[0]


# -- orders --------------------------------------------------------------------------------------------------------


def _command(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    talk: Conversation | None,
    now: datetime,
    *,
    first: bool,
) -> str | None:
    """What is an order and not a message."""
    if row.details.get("button"):
        return _pressed(session, row, contact, talk, now)
    word = word_of(row.text)
    asked = talk is not None and talk.state == Step.belongs and conversation.reading(talk, row) is not None
    if not asked and (reference := status.asked_for(row.text)):
        return status.answer(session, row, contact, reference, now)
    if (back := takebacks.asked_for(row.text)) and (done := takebacks.ask(session, row, contact, talk, back, now)):
        return done
    answers = talk is not None and conversation.reading(talk, row) is not None
    if not answers and (office := office_alone(catalogue(session), row.text)) is not None:
        # sent from a poster's square as it stands: no message yet, but its office is known now
        contact.poster_office_id, contact.poster_at = office.id, now
        name = catalogue(session).name(office.id, contact.language or settings().languages[0])
        _say(session, row, contact, "poster", Purpose.help, now, office=name)
        return "poster"
    start = row.details.get("start")
    if start is not None and row.channel == Channel.telegram:
        return _start(session, row, contact, talk, now, first=first)
    if row.channel == Channel.telegram and word == "/report":
        return guide.begin(session, contact, talk, row, now)
    if row.channel == Channel.telegram and word == "/language":
        return _ask_language(session, row, contact, now)
    nothing = not row.text and not any(row.details.get(kind) for kind in ("attachments", "location", "unsupported"))
    if nothing or word in HELP_WORDS:
        _say(session, row, contact, "help", Purpose.help, now, buttons=_menu(contact))
        return "help"
    return None


def _start(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    talk: Conversation | None,
    now: datetime,
    *,
    first: bool,
) -> str:
    """`/start` begins the guide; from a poster it brings the office along, by its code alone or with more."""
    known = catalogue(session)
    given = str(row.details.get("office") or row.details.get("start") or "")
    office = known.office_by_code.get(given.upper())
    if office is not None:
        contact.poster_office_id, contact.poster_at = office.id, now
    spoken = settings().languages
    hint = str(row.details.get("language") or "")[:2]
    if hint in spoken and "language-" in str(row.details.get("start")):
        contact.language = hint  # the poster was in the citizen's language
    return guide.begin(
        session,
        contact,
        talk,
        row,
        now,
        office=office.code if office else None,
        service=str(row.details.get("service") or "") or None,
        ask_language=first and hint not in spoken,
    )


def _pressed(
    session: Session, row: InboundMessage, contact: ContactPoint, talk: Conversation | None, now: datetime
) -> str | None:
    """A button of the menu, which means the same at any time; or one under a question that is over."""
    if conversation.is_stale(talk, row):
        return _over(session, row, contact, now)
    kind, _, value = str(row.details.get("button") or "").partition(":")
    if kind == PRESS:
        return solved_texts.press(session, row, contact, value, now)
    if kind == asking.PRESS:
        return _survey_answer(session, row, contact, now) or _over(session, row, contact, now)
    if kind == LANGUAGE and value in settings().languages:
        contact.language = value
        _say(session, row, contact, "help", Purpose.help, now, buttons=_menu(contact))
        return "language"
    if kind != MENU:
        return None
    match value:
        case "report":
            return guide.begin(session, contact, talk, row, now)
        case "status":
            return status.answer(session, row, contact, status.LATEST, now)
        case "language":
            return _ask_language(session, row, contact, now)
        case "connect":
            return linking.explain(session, row, contact, now)
        case _:
            return None


def _over(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str:
    _say(session, row, contact, "over", Purpose.conversation, now)
    return "over"


def _menu(contact: ContactPoint) -> tuple[tuple[Button, ...], ...]:
    if contact.channel != Channel.telegram:
        return ()
    language = conversation.language_of(contact)
    offered = {
        "report": labels.REPORT,
        "status": labels.WHERE,
        "language": labels.LANGUAGE,
        "connect": labels.CONNECT,
    }
    if len(settings().languages) < 2:
        del offered["language"]
    return tuple((Button(labels.say(label, language), f"{MENU}:{value}"),) for value, label in offered.items())


def _ask_language(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str:
    spoken = conversation.in_rows(
        [Button(labels.language_name(code), f"{LANGUAGE}:{code}") for code in settings().languages]
    )
    _say(session, row, contact, "guide", Purpose.conversation, now, buttons=spoken, step="language")
    return "menu"


def _say(
    session: Session,
    row: InboundMessage,
    contact: ContactPoint,
    name: str,
    purpose: Purpose,
    now: datetime,
    *,
    buttons: tuple[tuple[Button, ...], ...] = (),
    **values: object,
) -> None:
    spoken = conversation.language_of(contact)
    outbox.enqueue(
        session,
        purpose=purpose,
        contact=contact,
        language=spoken,
        body=compose.compose(name, spoken, **values),
        dedupe_key=f"{name}:{row.id}",
        now=now,
        sender=row.recipient or None,
        buttons=buttons,
    )


def _decline(session: Session, row: InboundMessage, now: datetime) -> str:
    """A group is no place for anybody's matter: say so once a day, and keep nothing of what was said."""
    contact = find_or_make(session, Channel(row.channel), row.sender, now).contact
    contact.language = _hinted_language(row)
    outbox.enqueue(
        session,
        purpose=Purpose.declined,
        contact=contact,
        language=contact.language,
        body=compose.compose("declined", contact.language),
        dedupe_key=f"declined:{contact.id}:{now.astimezone(settings().zone).date()}",
        now=now,
    )
    return "declined"


def _unreadable(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """What we cannot read or fetch is said kindly; words that came along are taken all the same."""
    if row.details.get("unsupported"):
        if row.text and is_only_thanks(row.text):  # a sticker with a thumb or a heart
            return "thanks"
        _say(session, row, contact, "unreadable", Purpose.help, now)
        return "unreadable"
    came = row.details.get("attachments")
    files = [one for one in came if isinstance(one, dict)] if isinstance(came, list) else []
    limit = min(LARGEST, settings().attachment_limit_bytes)
    small = [one for one in files if not (isinstance(one.get("size"), int) and one["size"] > limit)]
    if len(small) == len(files):
        return None
    row.details = {**row.details, "attachments": small}
    _say(session, row, contact, "too_large", Purpose.help, now)
    return None if row.text or small else "too_large"


# -- messages ------------------------------------------------------------------------------------------------------


def _continued(
    session: Session, row: InboundMessage, contact: ContactPoint, talk: Conversation | None, now: datetime
) -> str | None:
    """An answer to something, or more of a case that is already there; None for a new matter."""
    if surveying.is_quoted(session, contact, row.details.get("reply_to")) and (
        answered := _survey_answer(session, row, contact, now)
    ):
        return answered
    if answered := solved_texts.take(session, row, contact, talk, now):
        return answered
    asked_later = talk is None or not _survey_is_newer(session, contact, row, talk)
    if talk is not None and asked_later and talk.state == Step.take_back:
        if done := takebacks.take(session, talk, contact, row, now):
            return done
        talk = None
    if talk is not None and asked_later:
        if talk.state in GUIDE:
            return guide.take(session, talk, contact, row, now)
        if answered := conversation.take(session, talk, contact, row, now):
            return answered
        if talk.state == Step.belongs and conversation.reading(talk, row) is not None:
            return holding.take(session, talk, contact, row, now)
    case = followup.pointed_at(session, row, contact)
    if case is not None:
        if talk is not None and talk.case_id == case.id and talk.state in (Step.service, Step.place):
            return conversation.add_words(session, talk, contact, row, now)
        conversation.add_more(session, contact, row, case, now)
        if talk is not None and talk.state == Step.belongs:
            return holding.settle(session, talk, contact, row, case, now)
        return "continued"
    if talk is not None and talk.state == Step.belongs and asked_later:
        return holding.take(session, talk, contact, row, now)
    if answered := _survey_answer(session, row, contact, now):
        return answered
    if talk is not None and talk.state in (Step.service, Step.place):
        return conversation.add_words(session, talk, contact, row, now)
    verdict, case, candidates = followup.plain(session, row, contact, now)
    if case is not None:
        conversation.add_more(session, contact, row, case, now)
        return "continued"
    if verdict is Verdict.ask and outbox.may_send(contact, Purpose.conversation):
        return holding.hold(session, contact, talk, row, candidates, now)
    if talk is not None:
        holding.let_go(session, talk, contact, now, last_word=True)
    return None


def _survey_answer(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """A message as the answer to a survey; None where it is none."""
    button = row.details.get("button")
    taken = surveying.take(
        session,
        contact,
        row.text,
        now,
        sent_at=row.sent_at,
        reply_to=str(row.details.get("reply_to") or "") or None,
        button=str(button) if button else None,
    )
    if taken is None:
        return None
    surveyed.follow(session, row, contact, taken, now)
    return "survey_answer"


def _survey_is_newer(session: Session, contact: ContactPoint, row: InboundMessage, talk: Conversation) -> bool:
    """Whether a message answers a question of a survey that was put after our own question was asked."""
    return not row.details.get("button") and surveying.awaits(session, contact, row.text, talk.updated_at)
