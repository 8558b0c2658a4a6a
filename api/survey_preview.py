"""How a survey looks before anybody is asked: as messages on a telephone, on its page and at the door; what it costs;
and one way through it, tried out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.wordings import price
from api.words import CHANNELS, options_of
from channels.values import Channel
from core.i18n import direction, english_name, format_number, language_name
from core.settings import settings
from core.texts import latin_digits
from domain.states import SurveyKind
from notifications.segments import for_sms, weigh
from surveys import asking, faults, reach
from surveys.faults import Finding
from surveys.flow import Kind, Question, following

MESSAGES = (Channel.sms, Channel.whatsapp, Channel.telegram, Channel.email)
OFFERED: Mapping[SurveyKind, tuple[Channel, ...]] = {
    SurveyKind.service: (*MESSAGES, Channel.web),
    SurveyKind.exit: (Channel.kiosk, Channel.web),
}
"""Where a survey of each kind is asked."""
SAMPLE_LINK = "/s/Qm9zdHJpbmE4"


@dataclass(frozen=True, slots=True)
class Shown:
    """In which language and on which channel a survey is looked at, and the office and service it names."""

    language: str
    channel: Channel
    office: str
    service: str


def chosen(kind: SurveyKind, language: str, channel: str, office: str, service: str) -> Shown:
    """What was asked to be shown, else the first of each."""
    languages, offered = settings().languages, OFFERED[kind]
    return Shown(
        language if language in languages else languages[0],
        next((one for one in offered if one == channel), offered[0]),
        office,
        service,
    )


def choices(kind: SurveyKind, shown: Shown) -> dict[str, object]:
    """The languages and channels to choose from, and which are."""
    return {
        "languages": [(code, language_name(code)) for code in settings().languages],
        "channels": [(str(code), CHANNELS[code]) for code in OFFERED[kind]],
        "language": shown.language,
        "channel": str(shown.channel),
        "dir": direction(shown.language),
    }


def bubble(question: Question, shown: Shown) -> dict[str, object]:
    """One question as its citizen gets it."""
    language, channel = shown.language, shown.channel
    told: dict[str, object] = {
        "code": question.code,
        "kind": question.kind.value,
        "options": _options(question, shown),
        "buttons": [],
        "segments": 0,
        "price": "",
        "page": channel not in MESSAGES,
    }
    if channel not in MESSAGES:
        return told | {"text": asking.words_of(question, language)}
    link = f"{settings().site_url}{SAMPLE_LINK}" if channel is Channel.email else ""
    text = asking.message(question, language, channel, service=shown.service, office=shown.office, link=link)
    if channel is Channel.telegram:
        told["buttons"] = asking.choices_of(question, language)
    if channel is Channel.sms:
        text = for_sms(text)
        segments = weigh(text).segments
        told |= {"segments": segments, "price": price(segments)}
    return told | {"text": text}


def _options(question: Question, shown: Shown) -> list[dict[str, str]]:
    """What can be chosen, in the words of the channel: short ones in a message."""
    options = options_of(question, shown.language)
    if shown.channel not in MESSAGES:
        return options
    short = asking.choices_of(question, shown.language)
    return [{"code": one["code"], "text": text} for one, text in zip(options, short, strict=True)]


def weight(question: Question, language: str, office: str, service: str) -> int:
    """How many SMS a question takes."""
    return weigh(for_sms(asking.message(question, language, Channel.sms, service=service, office=office))).segments


def cost_lines(questions: Sequence[Question], names: Mapping[str, tuple[str, str]]) -> list[dict[str, object]]:
    """What the longest way costs by SMS in each language; `names` are an office and a service in it.

    `most` counts the questions that are sent: beyond the setting the citizen gets a link instead.
    """
    way = reach.longest(questions)
    sent = way[: settings().survey_messages]
    lines = []
    for language, (office, service) in names.items():
        segments = [weight(one, language, office, service) for one in sent]
        lines.append(
            {
                "language": language,
                "name": language_name(language),
                "segments": sum(segments),
                "most": len(sent),
                "way": len(way),
                "price": price(sum(segments)),
                "first": segments[0] if segments else 0,
            }
        )
    return lines


def heavy(questions: Sequence[Question], names: Mapping[str, tuple[str, str]]) -> list[Finding]:
    """Questions that take many SMS, as findings."""
    return faults.heavy(
        questions,
        tuple(names),
        lambda one, language: weight(one, language, *names[language]),
        price,
        {language: english_name(language) for language in names},
    )


# -- trying out --------------------------------------------------------------------------------------------------------


def read_way(questions: Sequence[Question], text: str) -> dict[str, int | str | None]:
    """Answers as the address of a try-out has them, `rating:2,reason:wait`; nothing after the colon is passed over.

    What is no answer, or to a question that would not have been put, is left out.
    """
    said = dict(one.partition(":")[::2] for one in text[:2000].split(",") if ":" in one)
    given: dict[str, int | str | None] = {}
    while (asked := following(questions, given)) is not None and asked.code in said:
        given[asked.code] = _typed(asked, said[asked.code])
    return given


def _typed(question: Question, said: str) -> int | str | None:
    said = said.strip()
    if question.kind is Kind.text:
        return said or None
    if question.kind is Kind.number:
        number = latin_digits(said)
        return int(number) if number.isascii() and number.isdigit() and len(number) < 7 else None
    if said not in (reach.answers_of(question).among or ()):
        return None
    return said if question.kind is Kind.choice else int(said)


def way_text(given: Mapping[str, int | str | None]) -> str:
    """Answers as the address of a try-out has them."""
    return ",".join(f"{code}:{'' if answer is None else answer}" for code, answer in given.items())


def way(questions: Sequence[Question], given: Mapping[str, int | str | None], shown: Shown) -> list[dict[str, object]]:
    """What was asked and answered so far: each question, and the answer in words, empty where it was passed over."""
    return [
        {"asked": bubble(one, shown), "answer": _in_words(one, given[one.code], shown)}
        for one in questions
        if one.code in given
    ]


def _in_words(question: Question, answer: int | str | None, shown: Shown) -> str:
    if answer is None:
        return ""
    if question.kind is Kind.number:
        return format_number(int(answer), shown.language)
    return next((one["text"] for one in _options(question, shown) if one["code"] == str(answer)), str(answer))
