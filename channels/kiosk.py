"""The exit survey at an office's door or behind its poster, from one tap to one inbound message."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, BeforeValidator, Field

from channels.forms import N_, Code, Digit, Language, Phone, Schema, Text, Token, read_form, wrong
from channels.values import JSON, Channel, Inbound

MAX_WORDS: Final = 1000
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
