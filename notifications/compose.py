"""The words of a message: one template per message and language, filled with values as the reader writes them.

`templates/<name>/<language>.txt`. A language without a template gets the English one.
"""

from datetime import date, datetime
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from core.i18n import SOURCE_LANGUAGE, format_number, locale
from core.settings import settings

_FOLDER = resources.files("notifications") / "templates"


def compose(name: str, language: str, **values: object) -> str:
    """The text of message `name` in a language.

    `zone` (a tzinfo) is the office's time zone, by default the government's; in templates `at|day` is a day there.
    Raises jinja2.UndefinedError for a value the template needs and was not given, and FileNotFoundError for a message
    there is none of.
    """
    environment = _environment()
    template = environment.get_template(f"{name}/{_written_in(name, language)}")
    return template.render({"language": language, "zone": settings().zone} | values).strip()


@lru_cache(maxsize=512)
def _written_in(name: str, language: str) -> str:
    return language if (_FOLDER / name / f"{language}.txt").is_file() else SOURCE_LANGUAGE


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=False,  # noqa: S701  (plain text for phones, never HTML)
        undefined=StrictUndefined,
        cache_size=512,
    )
    environment.filters["day"] = _day
    return environment


def _read(name: str) -> str:
    folder, _, language = name.partition("/")
    return (_FOLDER / folder / f"{language}.txt").read_text("utf-8")


def _language_of(context: Context) -> str:
    # a text that fell back to English has English dates in it
    return str(context.name).partition("/")[2] if context.name else SOURCE_LANGUAGE


@pass_context
def _day(context: Context, at: datetime | date) -> str:
    """Day and month in words, which every language can put after its own "by"; English names the weekday too."""
    language = _language_of(context)
    local = at.astimezone(context["zone"]) if isinstance(at, datetime) else at
    day = f"{format_number(local.day, language)} {locale(language).months['format']['wide'][local.month]}"
    return f"{locale(language).days['format']['wide'][local.weekday()]} {day}" if language == SOURCE_LANGUAGE else day
