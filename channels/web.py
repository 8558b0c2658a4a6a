"""The citizen's web form, from its fields to one inbound message."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator

from channels.email import normalise_address
from channels.forms import N_, Code, Language, Phone, Schema, Short, Text, Tick, Token, as_text, read_form, wrong
from channels.values import JSON, Channel, Inbound

MAX_TEXT: Final = 4000
EMPTY: Final = N_("Write what happened, in your own words.")
TOO_LONG: Final = N_("Shorten this to 4,000 letters or fewer.")
KIND: Final = N_("Choose one of the kinds shown, or none.")
NAME: Final = N_("Shorten your name to 200 letters or fewer.")
PLACE: Final = N_("Shorten the place to 200 letters or fewer.")
EMAIL: Final = N_("Enter an e-mail address, such as name@example.org, or leave this empty.")

_DIGITS_KEPT = 3
"""Decimals of a degree that are kept of where somebody stood: about a hundred metres."""


def _words(text: str) -> str:
    if not any(letter.isalnum() for letter in text):
        raise wrong(EMPTY)
    if len(text) > MAX_TEXT:
        raise wrong(TOO_LONG)
    return text


def _email(text: str) -> str:
    address = normalise_address(text) if text else ""
    if address is None:
        raise wrong(EMAIL)
    return address


def _degrees(value: object) -> object:
    """Degrees, rounded; None for what is no number, since a device that does not know where it is mends nothing."""
    try:
        degrees = float(str(value).strip() or "nan")
    except ValueError:
        return None
    return round(degrees, _DIGITS_KEPT) if abs(degrees) <= 180 else None


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
    email: Annotated[Text, AfterValidator(_email)] = ""
    confidential: Tick = False
    spot: Short = ""
    latitude: Annotated[float | None, BeforeValidator(_degrees)] = None
    longitude: Annotated[float | None, BeforeValidator(_degrees)] = None
    language: Language = ""
    token: Token = ""

    sentences: ClassVar[Mapping[str, str]] = {
        "text": TOO_LONG,
        "kind": KIND,
        "name": NAME,
        "place": PLACE,
        "spot": PLACE,
    }


def parse(form: Mapping[str, object], *, region: str) -> Inbound:
    """One filled-in form as a message. National phone numbers are read in `region` (two letters).

    An anonymous citizen's name is dropped. A phone number they left all the same stays, as the only way to answer.
    An e-mail address counts where no phone number was left. Raises BadInput with a sentence per field.
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
        "confidential": report.confidential and not report.anonymous,
        "spot": report.spot,
        "reach": "email" if report.email and not report.phone else "",
        "location": _location(report.latitude, report.longitude),
        "contact": report.phone or report.email,
    }
    return Inbound(
        channel=Channel.web,
        account="web",
        provider_id=report.token,
        sender=report.phone or report.email,
        recipient=report.office or "web",
        text=report.text,
        language=report.language or None,
        details={key: value for key, value in known.items() if value},
    )


def _location(latitude: float | None, longitude: float | None) -> JSON:
    if latitude is None or longitude is None or abs(latitude) > 90:
        return None
    return {"latitude": latitude, "longitude": longitude}
