"""The words of a message: one template per message and language, filled with values as the reader writes them.

`templates/<name>/<language>.txt`, or the deployment's own wording instead (`notifications.wordings`). A language
without a template gets the English one. Templates come from an editor's page too, so they are filled in a sandbox.
"""

from datetime import date, datetime
from functools import lru_cache
from importlib import resources

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateError, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from core.i18n import SOURCE_LANGUAGE, format_number, locale
from core.logs import logger
from core.settings import settings
from notifications import wordings

_FOLDER = resources.files("notifications") / "templates"

log = logger("notifications.compose")


def compose(name: str, language: str, **values: object) -> str:
    """The text of message `name` in a language.

    `zone` (a tzinfo) is the office's time zone, by default the government's; in templates `at|day` is a day there.
    Raises jinja2.UndefinedError for a value the template needs and was not given, and FileNotFoundError for a message
    there is none of.
    """
    own = wordings.own(name, language)
    if own is not None:
        try:
            return fill(own, language, **values)
        except TemplateError as error:
            log.warning("wording_not_filled", message=name, language=language, error=str(error))
    environment = _environment()
    template = environment.get_template(f"{name}/{written_in(name, language)}")
    return _filled(template, language, values)


def fill(body: str, language: str, **values: object) -> str:
    """The text of a wording that is no file. Raises jinja2.TemplateError."""
    return _filled(_compiled(body), language, {"_language": language} | values)


def names() -> list[str]:
    """Every message there is."""
    return sorted(folder.name for folder in _FOLDER.iterdir() if folder.is_dir())


def shipped(name: str, language: str) -> str:
    """The template Ombud ships for a message in a language, else in English."""
    return _read(f"{name}/{written_in(name, language)}").strip()


@lru_cache(maxsize=512)
def written_in(name: str, language: str) -> str:
    """The language that the shipped template for a language is written in."""
    return language if (_FOLDER / name / f"{language}.txt").is_file() else SOURCE_LANGUAGE


def parser() -> SandboxedEnvironment:
    """The environment that templates are read in."""
    return _environment()


def _filled(template: Template, language: str, values: dict[str, object]) -> str:
    return template.render({"language": language, "zone": settings().zone} | values).strip()


@lru_cache(maxsize=256)
def _compiled(body: str) -> Template:
    return _environment().from_string(body)


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FunctionLoader(_read),
        autoescape=False,
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
    if own := context.get("_language"):
        return str(own)
    return str(context.name).partition("/")[2] if context.name else SOURCE_LANGUAGE


@pass_context
def _day(context: Context, at: datetime | date) -> str:
    """Day and month in words, which every language can put after its own "by"; English names the weekday too."""
    language = _language_of(context)
    local = at.astimezone(context["zone"]) if isinstance(at, datetime) else at
    day = f"{format_number(local.day, language)} {locale(language).months['format']['wide'][local.month]}"
    return f"{locale(language).days['format']['wide'][local.weekday()]} {day}" if language == SOURCE_LANGUAGE else day
