"""Arms and numbers of a trial as people type them, read with a sentence for each fault."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlmodel import Session, col, select

from channels.values import Channel
from core.errors import BadInput
from core.settings import settings
from core.texts import clean, latin_digits
from domain.sender import Sender
from domain.trial import Moment
from notifications import checking, compose, wordings
from surveys.plans import WAYS
from surveys.trial_arms import Arm

MOST_ARMS = 4
LONGEST_DELAY = 96
"""Hours: with the usual delay still within the days that somebody is asked at all."""


@dataclass(frozen=True, slots=True)
class TypedArm:
    """An arm as it was typed."""

    name: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    hour: str = ""
    delay: str = ""
    channel: str = ""
    sender: str = ""


def read_arms(
    session: Session,
    typed: Sequence[TypedArm],
    moment: Moment,
    languages: Sequence[str],
    faults: dict[str, str],
    today: date,
) -> list[Arm]:
    """The arms that were typed, those left empty left out; each fault goes under its field. No languages means all.

    Where one arm has words of its own, all have them: those in use now are kept for the others, to stay the same to
    the end.
    """
    given = [(place, arm) for place, arm in enumerate(typed[:MOST_ARMS]) if not place or _filled(arm)]
    languages = list(languages) or list(settings().languages)
    worded = any(clean(text) for _, arm in given for text in arm.words.values())
    arms = [_arm(session, place, arm, moment, languages, worded, faults, today) for place, arm in given]
    if len(arms) < 2:
        faults["arm-1-name"] = "Describe at least one arm that differs from what is done now."
    for before, ((place, _), arm) in enumerate(zip(given, arms, strict=True)):
        alike = next((other for other in arms[:before] if replace(other, name=arm.name) == arm), None)
        if alike is not None:
            faults.setdefault(f"arm-{place}-name", f"Nothing tells it from “{alike.name}”.")
        if arm.name in [other.name for other in arms[:before]]:
            faults.setdefault(f"arm-{place}-name", "Another arm has this name.")
    return arms


def _filled(arm: TypedArm) -> bool:
    return any(map(clean, (arm.name, arm.hour, arm.delay, arm.channel, arm.sender, *arm.words.values())))


def _arm(
    session: Session,
    place: int,
    typed: TypedArm,
    moment: Moment,
    languages: Sequence[str],
    worded: bool,
    faults: dict[str, str],
    today: date,
) -> Arm:
    at = f"arm-{place}-"
    name = clean(typed.name, 60)
    if not name:
        faults[at + "name"] = "Give the arm a name, such as “Short”."
    current, hour, delay, channel, sender = settings(), None, 0, None, clean(typed.sender, 200) or None
    if clean(typed.hour):
        hour = whole(typed.hour, at + "hour", current.survey_day_start, current.survey_day_end - 1, faults)
    if clean(typed.delay):
        delay = whole(typed.delay, at + "delay", 0, LONGEST_DELAY, faults)
    if typed.channel:
        if typed.channel in map(str, WAYS):
            channel = Channel(typed.channel)
        else:
            faults[at + "channel"] = "Surveys leave by SMS, WhatsApp, Telegram or e-mail."
    if sender is not None and not _known_sender(session, sender):
        faults[at + "sender"] = "Nothing of yours leaves from this address. Choose one of the senders."
    if moment is not Moment.survey and (hour is not None or delay or channel or sender):
        faults[at + "name"] = "Of this message only the words can be varied."
    words = {}
    if worded:
        for language in languages:
            words[language] = _words(
                moment, language, typed.words.get(language, ""), f"{at}words-{language}", faults, today
            )
    return Arm(name, words, hour, delay, channel, sender)


def _words(moment: Moment, language: str, text: str, where: str, faults: dict[str, str], today: date) -> str:
    """The words of an arm; those in use now where none were typed, so that they stay the same to the end."""
    name = str(moment)
    body = text if clean(text) else (wordings.own(name, language) or compose.shipped(name, language))
    samples = checking.sample_values(language, "Service Centre", "Passport renewal", today)
    try:
        return checking.checked(name, language, body, samples)
    except BadInput as error:
        faults[where] = f"{error.message} {error.mend}".strip()
        return body


def _known_sender(session: Session, address: str) -> bool:
    query = select(Sender.id).where(col(Sender.address) == address, col(Sender.active).is_(True))
    return session.exec(query.limit(1)).first() is not None


def percent(text: str, where: str, low: float, high: float, faults: dict[str, str]) -> float:
    """A share that was typed in percent, from 0 to 1."""
    return number(text, where, low, high, faults) / 100


def number(text: str, where: str, low: float, high: float, faults: dict[str, str]) -> float:
    """A number that was typed, in any digits; `low` with a fault where it is none or lies outside."""
    try:
        found = float(latin_digits(clean(text)).replace(",", ".").removesuffix("%"))
    except ValueError:
        found = math.nan
    if not low <= found <= high:
        faults[where] = f"Write a number from {low:g} to {high:g}."
        return low
    return found


def whole(text: str, where: str, low: int, high: int, faults: dict[str, str]) -> int:
    """A whole number that was typed."""
    found = number(text, where, low, high, faults)
    if found != int(found):
        faults[where] = f"Write a whole number from {low} to {high}."
    return int(found)
