"""Pages: the Jinja environment, the filters templates use, the context every page has, and `render`.

A page's language is `?lang=` when asked for (links then carry it on, so no cookie is needed), else the signed-in
person's, else the browser's. Templates name their own context in a comment at their top.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from api.draw import scale_funnel, scale_interval, scale_months, scale_trend
from api.draw_effect import scale_effect
from api.words import VOCABULARIES
from core.i18n import (
    DateStyle,
    direction,
    format_datetime,
    format_duration,
    format_hours,
    format_number,
    format_share,
    format_size,
    language_name,
    pick_language,
    translator,
)
from core.settings import settings

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The policy all pages keep: nothing inline, nothing from elsewhere."""

STAFF_LANGUAGES = ("en",)
"""Languages the staff pages are written in; dates in one language among words of another read worse than either."""

OFFICERS = "/staff/kpis/officers"
"""Only where a deployment shows figures of officers."""
_EVERYBODY: frozenset[str] = frozenset()
_WATCHING = frozenset({"head", "supervisor", "reviewer", "leadership", "admin", "auditor"})
_DAILY: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("desk", "/staff", "Desk", _EVERYBODY),
    ("triage", "/staff/triage", "Triage", frozenset({"triage"})),
    (
        "intake",
        "/staff/intake",
        "Write in",
        frozenset({"operator", "officer", "supervisor", "head", "triage", "admin"}),
    ),
    (
        "callbacks",
        "/staff/callbacks",
        "Call-backs",
        frozenset({"operator", "officer", "supervisor", "head", "triage", "integrity", "reviewer", "leadership"}),
    ),
    ("notices", "/staff/notices", "Notices", _EVERYBODY),
    ("review", "/staff/reviews", "Monday", _WATCHING),
    ("leadership", "/leadership", "Figures", _WATCHING),
)
_NOW_AND_THEN: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("actions", "/staff/actions", "My actions", _EVERYBODY),
    ("causes", "/staff/causes", "Causes", _WATCHING | {"operator", "officer"}),
    ("surges", "/staff/surges", "Surges", _WATCHING | {"officer", "triage"}),
    ("kpis", "/staff/kpis", "All figures", _WATCHING),
    ("officers", OFFICERS, "My figures", frozenset({"operator", "officer", "supervisor", "head", "auditor"})),
    ("surveys", "/staff/figures/surveys", "Ratings", _WATCHING),
    (
        "satisfaction",
        "/staff/satisfaction",
        "What was said",
        _WATCHING | {"operator", "officer", "integrity"},
    ),
    ("exports", "/staff/exports", "Exports", _EVERYBODY),
    ("transactions", "/staff/transactions", "Transactions", frozenset({"head", "admin"})),
    ("answers", "/staff/figures/answers", "Answers", _WATCHING),
    ("solved", "/staff/solved", "Solved?", _WATCHING),
    (
        "numbers",
        "/staff/numbers",
        "Cheating?",
        frozenset({"leadership", "auditor", "integrity", "head", "supervisor"}),
    ),
    (
        "absences",
        "/staff/absences",
        "Away",
        frozenset({"operator", "officer", "supervisor", "head", "triage", "integrity"}),
    ),
    (
        "replies",
        "/staff/replies",
        "Saved replies",
        frozenset({"operator", "officer", "supervisor", "head", "triage", "integrity", "admin"}),
    ),
    (
        "appeals",
        "/staff/appeals",
        "Appeals",
        _WATCHING | {"operator", "officer", "triage", "integrity"},
    ),
    ("open", "/staff/open", "For the public", _WATCHING),
    ("handovers", "/staff/handovers", "Hand-overs", _WATCHING | {"triage"}),
    ("messages", "/staff/messages", "Messages", frozenset({"head", "supervisor", "admin"})),
    ("routing", "/staff/routing", "Where would it go?", _EVERYBODY),
    ("wordings", "/staff/wordings", "Wordings", frozenset({"head", "supervisor", "leadership", "admin", "auditor"})),
    (
        "questions",
        "/staff/surveys",
        "Surveys",
        frozenset({"head", "supervisor", "leadership", "admin", "auditor"}),
    ),
    ("trials", "/staff/trials", "Trials", frozenset({"leadership", "admin", "auditor"})),
    ("models", "/staff/models", "Models", frozenset({"admin", "triage", "leadership", "auditor"})),
    ("kiosks", "/staff/kiosks", "Tablets", frozenset({"operator", "supervisor", "head", "admin"})),
    (
        "posters",
        "/staff/posters",
        "Posters",
        frozenset({"operator", "officer", "supervisor", "head", "triage", "admin"}),
    ),
    ("administration", "/staff/admin", "Administration", frozenset({"admin", "auditor", "leadership"})),
)
"""Pages behind "More": opened to set something up or look something up, not every day."""


class SignedIn(Protocol):
    """What pages show of the person signed in; handlers put it at `request.state.staff`."""

    @property
    def name(self) -> str: ...
    @property
    def office_name(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def language(self) -> str: ...
    @property
    def unread(self) -> int: ...


def render(
    request: Request,
    template: str,
    context: Mapping[str, object] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Answer with a page. `context` is what the template's own comment lists; the rest comes from `base_context`."""
    html = environment().get_template(template).render({**base_context(request), **(context or {})})
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


def render_fragment(request: Request, template: str, context: Mapping[str, object] | None = None) -> Response:
    """Answer with a part of a page for `live.js`, or 304 when it is what the browser has (`If-None-Match`)."""
    html = environment().get_template(template).render({**base_context(request), **(context or {})})
    tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache, private"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


def base_context(request: Request) -> dict[str, object]:
    """What every template may use. Handlers set `request.state.staff`, `.csrf` and `.flash`; each may be missing.

    `flash` is None or {"text": str, "tone": "well"|"soon"|"late", "undo": URL to POST to, or ""}.
    """
    now = settings()
    staff: SignedIn | None = getattr(request.state, "staff", None)
    lang, asked_for = choose_language(request, staff)
    return {
        "lang": lang,
        "lang_asked": asked_for,
        "dir": direction(lang),
        "languages": [(code, language_name(code)) for code in now.languages],
        "time_zone": now.zone,
        "government": now.government,
        "demo": now.environment == "demo",
        "path": request.url.path,
        "staff": staff,
        "csrf": getattr(request.state, "csrf", ""),
        "flash": getattr(request.state, "flash", None),
        "navigation": navigation(staff),
    }


def choose_language(request: Request, staff: SignedIn | None = None) -> tuple[str, bool]:
    """The page's language, and whether it was asked for with `?lang=`."""
    offered = settings().languages
    asked = request.query_params.get("lang", "")
    if asked in offered:
        return asked, True
    if staff is not None:
        return (staff.language if staff.language in STAFF_LANGUAGES else STAFF_LANGUAGES[0]), False
    return pick_language(request.headers.get("accept-language", ""), offered), False


def navigation(staff: SignedIn | None) -> list[dict[str, object]]:
    """The staff pages a person may open: key, url, text, a count to show beside it (0 shows none), and `more`, whether
    it stands behind "More" where there is room for tabs."""
    if staff is None:
        return []
    daily, others = (
        [page for page in pages if not page[3] or page[3] & staff.roles] for pages in (_DAILY, _NOW_AND_THEN)
    )
    return [
        {"key": key, "url": url, "text": text, "count": staff.unread if key == "notices" else 0, "more": more}
        for pages, more in ((daily, False), (others, len(others) > 1))
        for key, url, text, _ in pages
        if url != OFFICERS or settings().officer_figures != "off"
    ]


def accent_css(colour: str) -> str:
    """Style sheet for the accent colour, `#rrggbb`, darkened until white on it reads (4.5:1); empty for none."""
    if not colour:
        return ""
    parts = [int(colour[index : index + 2], 16) for index in (1, 3, 5)]
    while 1.05 / (_luminance(parts) + 0.05) < 4.5:
        parts = [int(part * 0.94) for part in parts]
    return ":root { --accent: #" + "".join(f"{part:02x}" for part in parts) + " }\n"


def _luminance(parts: list[int]) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (p / 255 for p in parts)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The Jinja environment of all pages: strict about names, escaping, translated."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(_gettext, _ngettext, newstyle=True, pgettext=_pgettext)  # type: ignore[attr-defined]
    made.filters.update(
        datetime=_datetime,
        duration=_duration,
        hours=_hours,
        iso=_iso,
        number=_number,
        share=_share,
        size=_size,
        words=_words,
        tel=_tel,
        local_url=_local_url,
    )
    made.globals.update(
        link=_link,
        static=static,
        scale_effect=scale_effect,
        scale_funnel=scale_funnel,
        scale_interval=scale_interval,
        scale_months=scale_months,
        scale_trend=scale_trend,
        language_name=language_name,
    )
    return made


@lru_cache(maxsize=64)
def static(name: str) -> str:
    """Address of a file in `static/`, changing with its content so that it can be cached for good."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


@pass_context
def _gettext(context: Context, message: str) -> str:
    return translator(context["lang"]).gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, count: float) -> str:
    return translator(context["lang"]).ngettext(singular, plural, count)


@pass_context
def _pgettext(context: Context, about: str, message: str) -> str:
    return translator(context["lang"]).pgettext(about, message)


@pass_context
def _datetime(context: Context, at: datetime | date, style: DateStyle = "long") -> str:
    return format_datetime(at, context["lang"], context["time_zone"], style)


@pass_context
def _duration(context: Context, seconds: float, short: bool = False) -> str:
    return format_duration(seconds, context["lang"], short=short)


@pass_context
def _hours(context: Context, seconds: float) -> str:
    return format_hours(seconds, context["lang"])


@pass_context
def _number(context: Context, value: float, decimals: int = 0) -> str:
    return format_number(value, context["lang"], decimals)


@pass_context
def _share(context: Context, value: float) -> str:
    return format_share(value, context["lang"])


@pass_context
def _words(context: Context, code: object, vocabulary: str) -> str:
    """A code in words of the page's language; an unknown code is a mistake and raises KeyError."""
    return translator(context["lang"]).gettext(VOCABULARIES[vocabulary][str(code)])


@pass_context
def _link(context: Context, path: str, **query: object) -> str:
    """Address of a page here, in the language that was asked for."""
    known = {name: str(value) for name, value in query.items() if value not in (None, "")}
    if "lang" not in known and context["lang_asked"]:
        known["lang"] = context["lang"]
    return f"{path}?{urlencode(known)}" if known else path


@pass_context
def _size(context: Context, size: float) -> str:
    return format_size(size, context["lang"])


def _iso(at: datetime | date) -> str:
    return at.isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()


def _tel(number: str) -> str:
    return "tel:" + "".join(letter for letter in number if letter in "+0123456789")


def _local_url(address: str) -> str:
    """A web address without its scheme, as people read it."""
    parts = urlsplit(address)
    return (parts.netloc + parts.path).rstrip("/") or address
