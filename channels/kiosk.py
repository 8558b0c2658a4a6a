"""The exit survey at an office's door or behind its poster, from one tap to one inbound message.

A form is answered at once. A tablet seals each answer (core/sealing.py), keeps it while there is no network, and sends
what it has in batches; whatever is wrong with one answer harms none of the others.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, BeforeValidator, Field

from channels.forms import N_, Code, Digit, Language, Phone, Schema, Text, Token, read_form, wrong
from channels.values import JSON, Channel, Inbound
from core import sealing
from core.errors import BadInput, TooLarge
from core.texts import clean

MAX_WORDS: Final = 1000
MAX_BATCH: Final = 100
MAX_SEALED: Final = 24_000
"""Characters of one sealed answer: a thousand letters of four bytes, escaped, sealed and in base64, fit three times."""
LONGEST_WAIT: Final = timedelta(days=400)
"""A tablet that says an answer waited longer has a broken clock."""
RATING: Final = N_("Choose a face, from very bad to very good.")
WORDS: Final = N_("Shorten this to 1,000 letters or fewer.")


def _words(text: str) -> str:
    if len(text) > MAX_WORDS:
        raise wrong(WORDS)
    return text


def _moment(value: object) -> datetime | None:
    """RFC 3339 with an offset, in UTC; anything else is none, since a kiosk's clock must not cost an answer."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


class ExitSurvey(Schema):
    """The fields of /exit/{office_code}. `at` is when the face was tapped, kept while a kiosk had no network."""

    rating: Annotated[Digit, Field(ge=1, le=5)]
    reason: Code = ""
    words: Annotated[Text, AfterValidator(_words)] = ""
    service: Code = ""
    phone: Phone = ""
    language: Language = ""
    at: Annotated[datetime | None, BeforeValidator(_moment)] = None
    token: Token = ""

    sentences: ClassVar[Mapping[str, str]] = {"rating": RATING, "words": WORDS}


def parse(form: Mapping[str, object], *, office: str, region: str) -> Inbound:
    """One exit survey at `office` (its code) as a message; the text may be empty.

    National phone numbers are read in `region` (two letters). Raises BadInput with a sentence per field.
    """
    survey = read_form(ExitSurvey, form, region=region)
    known: dict[str, JSON] = {
        "office": office,
        "rating": survey.rating,
        "reason": survey.reason,
        "service": survey.service,
        "contact": survey.phone,
    }
    return Inbound(
        channel=Channel.kiosk,
        account=office,
        provider_id=survey.token,
        sender=survey.phone,
        recipient=office,
        text=survey.words,
        sent_at=survey.at,
        language=survey.language or None,
        details={key: value for key, value in known.items() if value},
    )


@dataclass(frozen=True, slots=True)
class Sealed:
    """One answer as it waits on a tablet. `key` is the fingerprint of the public key it is sealed to."""

    id: str
    key: str
    sealed: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What a tablet sends at once, and what it says of itself: its clock, how many answers wait, its program's version.

    `hand` is set when somebody changed it there. `unreadable` are ids of entries that are no sealed answers.
    """

    clock: float | None
    waiting: int
    version: str
    hand: str
    answers: tuple[Sealed, ...]
    unreadable: tuple[str, ...]


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:/why)?")
"""A UUID made at the tap. With `/why` it is the rest of an answer whose face was sent before its citizen had done."""
_VISIT = 36


def parse_object(body: bytes) -> dict[str, object]:
    """What a kiosk's program sends. Raises BadInput for what is no JSON object."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput("This is no JSON.", mend="Send one JSON object in UTF-8.") from error
    if not isinstance(given, dict):
        raise BadInput("This is no JSON object.", mend="Send one JSON object in UTF-8.")
    return given


def parse_batch(body: bytes) -> Batch:
    """The batch in a request's body. Raises BadInput where there is none, TooLarge for more than MAX_BATCH answers."""
    given = parse_object(body)
    entries = given.get("answers")
    if not isinstance(entries, list):
        raise BadInput("This is no batch of answers.", mend='Send JSON: {"answers": [{"id", "key", "sealed"}], "now"}.')
    if len(entries) > MAX_BATCH:
        raise TooLarge("These are too many answers at once.", mend=f"Send at most {MAX_BATCH}, then the next.")
    answers, unreadable = [], []
    for entry in entries:
        named: Mapping[str, object] = entry if isinstance(entry, dict) else {}
        found = [named.get(name) for name in ("id", "key", "sealed")]
        match found:
            case [str(one), str(key), str(sealed)] if _ID.fullmatch(one) and len(sealed) <= MAX_SEALED:
                answers.append(Sealed(one, key[:64], sealed))
            case [str(one), *_]:
                unreadable.append(clean(one, 64))
    waiting, clock = given.get("waiting"), given.get("now")
    return Batch(
        clock=milliseconds(clock),
        waiting=min(waiting, 10**6) if isinstance(waiting, int) and waiting > 0 else 0,
        version=clean(str(given.get("version") or ""), 40),
        hand=str(given.get("hand")) if given.get("hand") in ("left", "right") else "",
        answers=tuple(answers),
        unreadable=tuple(unreadable),
    )


def milliseconds(value: object) -> float | None:
    """A JavaScript time. A bool is an int to Python, and a huge one no time at all."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if usable else None  # type: ignore[arg-type]


def open_sealed(
    item: Sealed,
    *,
    office: str,
    region: str,
    allowed: Mapping[str, Collection[str]],
    clock: float | None,
    now: datetime,
) -> Inbound:
    """One sealed answer as a message. `clock` is what the tablet's clock showed when it sent the batch, at `now`.

    Nobody stands there any more to mend a number or to shorten words: what cannot be read is left out, and the rating
    counts. `allowed` are the answers there are to each question of the door, by its code.

    Raises:
        Tampered: it was changed, or sealed for another office or under another id.
        NotFound: no key of this installation opens it.
        BadInput: there is no rating in it.
    """
    given = parse_object(sealing.unseal(item.sealed, item.key, f"{office}|{item.id}"))
    form: dict[str, object] = {**given, "token": item.id[:_VISIT], "at": None}
    reason = form.get("reason")  # of a tablet whose program is older than its questions
    form["reason"] = reason if isinstance(reason, str) and any(reason in one for one in allowed.values()) else ""
    answers = answers_in(given.get("answers"), allowed)
    try:
        message = parse(form, office=office, region=region)
    except BadInput as error:
        form |= dict.fromkeys(error.fields.keys() - {"rating", "words"}, "")
        form["words"] = str(form.get("words") or "")[:MAX_WORDS] if "words" in error.fields else form.get("words")
        message = parse(form | {"token": item.id[:_VISIT]}, office=office, region=region)
    return replace(
        message,
        provider_id=item.id,
        sent_at=tapped_at(milliseconds(given.get("at")), clock, now),
        details={**message.details, **({"answers": answers} if answers else {}), "visit": item.id[:_VISIT]},
    )


def answers_in(given: object, allowed: Mapping[str, Collection[str]]) -> dict[str, JSON]:
    """The answers to the questions of a door that can be answers, by the question's code; all else is left out."""
    named: Mapping[object, object] = given if isinstance(given, dict) else {}
    return {code: str(named[code]) for code in allowed if code in named and str(named[code]) in allowed[code]}


def tapped_at(at: float | None, clock: float | None, now: datetime) -> datetime | None:
    """When a face was tapped, by our clock: the tablet's may be wrong, but it knows how long an answer waited.

    None where it does not know either, since its clock was put right meanwhile or runs backwards.
    """
    if at is None or clock is None:
        return None
    waited = timedelta(milliseconds=clock - at)
    return now - waited if timedelta(0) <= waited <= LONGEST_WAIT else None
