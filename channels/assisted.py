"""What staff write down for a citizen who calls, comes or sends paper, and what a visitor of ours found at an office.

Read like the citizen's own form (`channels.web`), but by a person who has the citizen before them: the sentences are
for staff. `said_on` and `said_at` are when the government heard or got it: they may lie in the past, never in the
future, and the silence starts there. What is keyed late is late.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from channels.email import normalise_address
from channels.forms import SUMMARY, Code, Language, Schema, Short, Text, Tick, Token, as_text, read_form, wrong
from channels.phones import normalise_phone, read_phone
from channels.values import JSON, Channel, Inbound
from core.errors import BadInput
from core.texts import latin_digits

MAX_TEXT: Final = 4000
OLDEST: Final = 5
"""Years; an earlier date is a slip of the pen."""
NOON: Final = time(12)
"""Hour taken where only the day is known: wrong by half a day at most, whichever way."""

BOOK: Final = "complaint_book"
VISITS: Final = ("mystery_shopper", "quality_audit")
"""Sources that are the government looking at itself: no citizen stands behind them."""

MAX_BESIDE: Final = 1000
EMPTY: Final = "Write what they said, in their words."
TOO_LONG: Final = f"Shorten this to {MAX_TEXT:,} letters or fewer."
MAIL: Final = "Enter an e-mail address, such as ana@example.org. Leave it empty for a printed slip."
NO_DAY: Final = "Enter the day as 25.11.2026 or 2026-11-25."
FUTURE: Final = "This lies in the future. Enter when it was said or received."
TOO_OLD: Final = f"This is more than {OLDEST} years ago. Check the year."
NO_TIME: Final = "Enter the time as 14:30, or leave it empty."
BESIDE: Final = f"Shorten this to {MAX_BESIDE:,} letters or fewer."
NO_OFFICE: Final = "Choose the office that was visited."
MINUTES: Final = "Enter whole minutes from 0 to 999, or leave it empty."
POLITE: Final = "Choose a number from 1 to 5, or leave it empty."
MONEY: Final = "Choose yes or no, or leave it open."

_DAY = re.compile(r"(\d{1,2})[./ -](\d{1,2})[./ -](\d{4}|\d{2})|(\d{4})-(\d{1,2})-(\d{1,2})")
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")


@dataclass(frozen=True, slots=True)
class Today:
    """What dates and numbers are read against: the moment, the office's time zone, the region of national numbers."""

    now: datetime
    zone: ZoneInfo
    region: str

    @property
    def day(self) -> date:
        """The day it is there."""
        return self.now.astimezone(self.zone).date()


def _words(text: str) -> str:
    if not any(letter.isalnum() for letter in text):
        raise wrong(EMPTY)
    if len(text) > MAX_TEXT:
        raise wrong(TOO_LONG)
    return text


def _beside(text: str) -> str:
    if len(text) > MAX_BESIDE:
        raise wrong(BESIDE)
    return text


def _today(info: ValidationInfo) -> Today:
    return info.context["today"]  # type: ignore[index, no-any-return]


def _day(value: object, info: ValidationInfo) -> date | None:
    text = as_text(value)
    if not text:
        return None
    found = _DAY.fullmatch(latin_digits(text)) if isinstance(text, str) else None
    try:
        day = _day_of(found) if found else None
    except ValueError:
        day = None
    if day is None:
        raise wrong(NO_DAY)
    today = _today(info).day
    if day > today:
        raise wrong(FUTURE)
    if day.year < today.year - OLDEST:
        raise wrong(TOO_OLD)
    return day


def _day_of(found: re.Match[str]) -> date:
    if found[4]:
        return date(int(found[4]), int(found[5]), int(found[6]))
    year = int(found[3])
    return date(year if year > 99 else 2000 + year, int(found[2]), int(found[1]))


def _time(value: object) -> time | None:
    text = as_text(value)
    if not text:
        return None
    found = _TIME.fullmatch(latin_digits(text)) if isinstance(text, str) else None
    if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise wrong(NO_TIME)
    return time(int(found[1]), int(found[2] or 0))


def _contact(text: str, info: ValidationInfo) -> str:
    if not text:
        return ""
    if "@" in text:
        address, why = normalise_address(text), MAIL
    else:
        phone = read_phone(text, _today(info).region)
        address, why = phone.number, phone.why
    if not address:
        raise wrong(why)
    return address


def address_of(text: str, region: str) -> str:
    """The number in E.164 or the e-mail address that was typed; empty for what is neither, or not yet."""
    return (normalise_address(text) if "@" in text else normalise_phone(text, region)) or ""


def _number(least: int, most: int, sentence: str) -> BeforeValidator:
    def read(value: object) -> int | None:
        given = as_text(value)
        if not given:
            return None
        text = latin_digits(given) if isinstance(given, str) else ""
        if not (text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most):
            raise wrong(sentence)
        return int(text)

    return BeforeValidator(read)


Day = Annotated[date | None, BeforeValidator(_day)]
Time = Annotated[time | None, BeforeValidator(_time)]
Contact = Annotated[Text, AfterValidator(_contact)]
Words = Annotated[Text, AfterValidator(_words)]
Source = Literal["hotline", "walk_in", "open_day", "letter", "video", "mystery_shopper", "quality_audit"]
Kind = Annotated[Literal["", "complaint", "suggestion", "compliment", "question", "request"], BeforeValidator(as_text)]


class Told(Schema):
    """The fields of /staff/intake/{source}. `written_on` is the date on a letter, which starts nothing."""

    source: Source = "walk_in"
    text: Words = ""
    kind: Kind = ""
    service: Code = ""
    place: Short = ""
    office: Code = ""
    about_staff: Tick = False
    anonymous: Tick = False
    confidential: Tick = False
    name: Short = ""
    contact: Contact = ""
    language: Language = ""
    said_on: Day = None
    said_at: Time = None
    written_on: Day = None
    waited: Annotated[int | None, _number(0, 999, MINUTES)] = None
    politeness: Annotated[int | None, _number(1, 5, POLITE)] = None
    money: Annotated[Literal["", "yes", "no"], BeforeValidator(as_text)] = ""
    token: Token = ""

    sentences: ClassVar[Mapping[str, str]] = {
        "text": TOO_LONG,
        "kind": "Choose one of the kinds shown.",
        "name": "Shorten the name to 200 letters or fewer.",
        "place": "Shorten the place to 200 letters or fewer.",
        "money": MONEY,
    }


class Entry(Schema):
    """One row of a page of the paper complaint book. `answered` is what the office wrote beside it in the book."""

    said_on: Day = None
    text: Words = ""
    name: Short = ""
    contact: Contact = ""
    answered: Annotated[Text, AfterValidator(_beside)] = ""

    sentences: ClassVar[Mapping[str, str]] = {"text": TOO_LONG, "name": Told.sentences["name"]}


def parse(form: Mapping[str, object], *, source: str, today: Today) -> Inbound:
    """One filled-in screen as a message.

    A visit of ours names no citizen: whoever made it is not one, and is told nothing. An anonymous citizen's name is
    dropped; a number they left all the same stays, as the only way to answer.
    Raises BadInput with a sentence per field.
    """
    told = read_form(Told, {**form, "source": source}, context={"today": today})
    visit = told.source in VISITS
    mistakes: dict[str, str] = {}
    if visit and not told.office:
        mistakes["office"] = NO_OFFICE
    heard = moment(told.said_on, told.said_at, today)
    if heard > today.now:
        mistakes["said_at"] = FUTURE
    if mistakes:
        raise BadInput(SUMMARY, mend="; ".join(mistakes.values()), fields=mistakes)
    known: dict[str, JSON] = {
        "source": told.source,
        "kind": told.kind,
        "service": told.service,
        "place": told.place,
        "office": told.office,
        "about_staff": told.about_staff or visit,
        "heard_at": heard.isoformat(),
        "written_on": told.written_on.isoformat() if told.written_on else "",
    }
    if visit:
        known["visit"] = {
            "office": told.office.upper(),
            "waited": told.waited,
            "politeness": told.politeness,
            "money": told.money == "yes" if told.money else None,
        }
    else:
        known["anonymous"] = told.anonymous
        known["confidential"] = told.confidential and not told.anonymous
        known["name"] = "" if told.anonymous else told.name
    sender = "" if visit else told.contact
    return _inbound(known, sender, account=told.source, key=told.token, text=told.text, language=told.language)


def parse_entry(
    row: Mapping[str, object], *, office: str, page: str, key: str, today: Today, language: str = ""
) -> Inbound:
    """One row of a page of an office's complaint book as a message; `key` tells it from the others of the page.

    The book lies at the office, so what is written in it is received on the day it was written.
    Raises BadInput with a sentence per field.
    """
    entry = read_form(Entry, row, context={"today": today})
    if entry.said_on is None:
        raise BadInput(SUMMARY, mend=NO_DAY, fields={"said_on": NO_DAY})
    known: dict[str, JSON] = {
        "source": BOOK,
        "office": office,
        "heard_at": moment(entry.said_on, None, today).isoformat(),
        "answered": entry.answered,
        "name": entry.name,
    }
    account = f"{BOOK}:{office}:{page}"
    return _inbound(known, entry.contact, account=account, key=key, text=entry.text, language=language)


def moment(day: date | None, at: time | None, today: Today) -> datetime:
    """When it was said or received, in UTC: now where nothing is known, noon of a day where only that is."""
    if at is None:
        if day is None or day == today.day:
            return today.now
        at = NOON
    return datetime.combine(day or today.day, at, today.zone).astimezone(UTC)


def _inbound(known: dict[str, JSON], sender: str, *, account: str, key: str, text: str, language: str) -> Inbound:
    if "@" in sender:
        known["reach"] = str(Channel.email)
    return Inbound(
        channel=Channel.assisted,
        account=account,
        provider_id=key,
        sender=sender,
        recipient=str(known["office"] or Channel.assisted),
        text=text,
        sent_at=datetime.fromisoformat(str(known["heard_at"])),
        language=language or None,
        details={name: value for name, value in known.items() if value not in ("", False)},
    )
