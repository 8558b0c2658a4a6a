"""The citizen's web form, from its fields to one inbound message."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator

from channels.forms import N_, Code, Language, Phone, Schema, Short, Text, Tick, Token, as_text, read_form, wrong
from channels.values import JSON, Channel, Inbound

MAX_TEXT: Final = 4000
EMPTY: Final = N_("Write what happened, in your own words.")
TOO_LONG: Final = N_("Shorten this to 4,000 letters or fewer.")
KIND: Final = N_("Choose one of the kinds shown, or none.")
NAME: Final = N_("Shorten your name to 200 letters or fewer.")
PLACE: Final = N_("Shorten the place to 200 letters or fewer.")


def _words(text: str) -> str:
    if not any(letter.isalnum() for letter in text):
        raise wrong(EMPTY)
    if len(text) > MAX_TEXT:
        raise wrong(TOO_LONG)
    return text


class Report(Schema):
    """The fields of /report. `token` is made with the page, so that two clicks are one report."""

    text: Annotated[Text, AfterValidator(_words)] = ""
    kind: Annotated[
        Literal["", "complaint", "suggestion", "compliment", "question", "request"], BeforeValidator(as_text)
    ] = ""
    service: Code = ""
    place: Short = ""
    office: Code = ""
    about_staff: Tick = False
    anonymous: Tick = False
    name: Short = ""
    phone: Phone = ""
    language: Language = ""
    token: Token = ""

    sentences: ClassVar[Mapping[str, str]] = {"text": TOO_LONG, "kind": KIND, "name": NAME, "place": PLACE}


def parse(form: Mapping[str, object], *, region: str) -> Inbound:
    """One filled-in form as a message. National phone numbers are read in `region` (two letters).

    An anonymous citizen's name is dropped. A phone number they left all the same stays, as the only way to answer.
    Raises BadInput with a sentence per field.
    """
    report = read_form(Report, form, region=region)
    known: dict[str, JSON] = {
        "kind": report.kind,
        "service": report.service,
        "place": report.place,
        "office": report.office,
        "about_staff": report.about_staff,
        "anonymous": report.anonymous,
        "name": "" if report.anonymous else report.name,
        "contact": report.phone,
    }
    return Inbound(
        channel=Channel.web,
        account="web",
        provider_id=report.token,
        sender=report.phone,
        recipient=report.office or "web",
        text=report.text,
        language=report.language or None,
        details={key: value for key, value in known.items() if value},
    )
