"""Reading what a citizen filled in: one schema per form, and mistakes in words they can act on.

The sentences are message ids for the catalogues (core/locale), so pages show them in the citizen's language; they take
no placeholders.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from channels.phones import NO_NUMBER, read_phone
from core.errors import BadInput
from core.texts import clean, latin_digits


def N_(sentence: str) -> str:  # noqa: N802  (the name gettext's tools look for)
    """Mark a sentence for translation; it is translated where it is shown."""
    return sentence


SUMMARY: Final = N_("Some answers need another look.")
OLD_PAGE: Final = N_("This page was open for too long. Please send it again.")
PHONE: Final = NO_NUMBER
NOT_READ: Final = N_("We could not read this answer. Please enter it again.")

S = TypeVar("S", bound="Schema")


class Schema(BaseModel):
    """Base of the forms: unknown fields are ignored, everything is optional unless a form says otherwise."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=20_000, validate_default=True)
    sentences: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def sentence(cls, name: str) -> str:
        """What to say when the field cannot be read and nothing better is known."""
        return cls.sentences.get(name, NOT_READ)


def read_form(
    schema: type[S], given: Mapping[str, object], *, region: str = "ZZ", context: Mapping[str, object] | None = None
) -> S:
    """The form as `schema`. Raises BadInput whose `fields` has one sentence per field, in the order of the form.

    `context` is what its own validators need besides.
    """
    try:
        return schema.model_validate(dict(given), context={"region": region, **(context or {})})
    except ValidationError as error:
        fields: dict[str, str] = {}
        for mistake in error.errors(include_url=False, include_input=False):
            name = str(mistake["loc"][0]) if mistake["loc"] else "form"
            ours = mistake["type"].startswith("ombud_")
            fields.setdefault(name, mistake["msg"] if ours else schema.sentence(name))
        order = list(schema.model_fields)
        known = {name: fields[name] for name in order if name in fields}
        raise BadInput(SUMMARY, mend="; ".join(known.values()), fields=known or fields) from error


def wrong(sentence: str) -> PydanticCustomError:
    """A mistake in a field, in words for the citizen."""
    return PydanticCustomError("ombud_field", "{sentence}", {"sentence": sentence})


def as_text(value: object) -> object:
    """None and absent are empty; text is made storable; numbers of a JSON form are read as they are written."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_tick(value: object) -> object:
    """A checkbox: absent, empty, 0, false, no and off are no."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "0", "false", "no", "off")
    return bool(value)


def _phone(text: str, info: ValidationInfo) -> str:
    return _number(text, info, call_back=False)


def _any_phone(text: str, info: ValidationInfo) -> str:
    return _number(text, info, call_back=True)


def _number(text: str, info: ValidationInfo, *, call_back: bool) -> str:
    if not text:
        return ""
    read = read_phone(text, str((info.context or {}).get("region", "ZZ")), call_back=call_back)
    if read.number is None:
        raise wrong(read.why)
    return read.number


def _token(text: str) -> str:
    if not (8 <= len(text) <= 64 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise wrong(OLD_PAGE)
    return text


def _digits(value: object) -> object:
    return latin_digits(value).strip() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(as_text)]
Short = Annotated[str, BeforeValidator(as_text), Field(max_length=200)]
Code = Annotated[str, BeforeValidator(as_text), Field(max_length=64, pattern=r"^[\w.:-]*$")]
Language = Annotated[str, BeforeValidator(as_text), Field(pattern=r"^([a-z]{2,3}(-[A-Za-z]{2,8})?)?$")]
Tick = Annotated[bool, BeforeValidator(_as_tick)]
Phone = Annotated[str, BeforeValidator(as_text), AfterValidator(_phone)]
"""A number that messages reach."""
CallablePhone = Annotated[str, BeforeValidator(as_text), AfterValidator(_any_phone)]
"""A number somebody will ring, so a landline too."""
Token = Annotated[str, BeforeValidator(as_text), AfterValidator(_token)]
Digit = Annotated[int, BeforeValidator(_digits)]
