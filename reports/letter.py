"""A week's figures of an office in the words of a mail: one sentence, what changed, where to act. No person is named.

In its reader's language; the page it leads to is in the language of the pages for staff.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlmodel import Session

from core.i18n import Translator, direction, format_datetime, format_duration, format_number, translator
from core.settings import settings
from domain.catalogue import Catalogue
from domain.visibility import Viewer
from reports import changes, kpis
from reports.board import Board, Period, board
from reports.headline import Named, headline
from reports.scores import Order

WEEKS = 4
"""Weeks before the one that runs which its figures are of, as on the page."""
WORST = 10


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail: `text` begins with its subject, `html` says the same."""

    text: str
    html: str


def letter(
    session: Session, who: Viewer, known: Catalogue, office_id: UUID, zone: ZoneInfo, stop_url: str, language: str
) -> Letter | None:
    """The mail of an office and all below it, in a language and with moments in its reader's zone; None before figures
    were ever counted."""
    found = board(session, who, known, office_id, Period(WEEKS), settings().zone, Order.late)
    if found is None:
        return None
    words = translator(language)
    values = {
        "_": words.gettext,
        "lang": language,
        "dir": direction(language),
        "office": known.name(office_id, language),
        "day": format_datetime(found.as_of, language, zone, "date"),
        "headline": sentence_of(found, known, language),
        "changed": _changed(found, known, words),
        "rows": _rows(found, known, language),
        "url": _page(known, office_id),
        "as_of": format_datetime(found.as_of, language, zone, "short"),
        "stop": stop_url,
    }
    text, html = (_templates().get_template(f"weekly.{kind}").render(values) for kind in ("txt", "html"))
    return Letter(text.strip() + "\n", html)


def sentence_of(found: Board, known: Catalogue, language: str) -> str:
    """A dashboard in the sentence that stands over it."""
    whole = found.whole.silence if found.whole else kpis.NOBODY
    named = [Named(known.name(one.office_id, language), one.waiting, one.late) for one in found.latest]
    before = found.before.silence if found.before else None
    return headline(whole, before, named, language, over=found.until is not None)


def _changed(found: Board, known: Catalogue, words: Translator) -> list[dict[str, str]]:
    told = []
    for one in found.changed:
        office_id = UUID(str(one.place))
        name = "" if office_id == found.office_id else known.name(office_id, words.language)
        told.append({"text": changes.sentence(one, name, words), "url": _page(known, office_id)})
    return told


def _rows(found: Board, known: Catalogue, lang: str) -> list[dict[str, str]]:
    worst = [one for one in found.latest[:WORST] if one.waiting and one.office_id in known.offices]
    return [
        {
            "number": format_number(number, lang),
            "office": known.name(one.office_id, lang),
            "url": _page(known, one.office_id),
            "late": format_number(one.late, lang),
            "silent": format_number(one.waiting, lang),
            "oldest": "–"
            if one.oldest is None
            else format_duration((found.as_of - one.oldest).total_seconds(), lang, short=True),
        }
        for number, one in enumerate(worst, start=1)
    ]


def _page(known: Catalogue, office_id: UUID) -> str:
    return f"{settings().site_url}/leadership?{urlencode({'office': known.offices[office_id].code, 'weeks': WEEKS})}"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "mail"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
