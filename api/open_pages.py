"""`/open`: what the government tells the public of itself. Nobody signs in, and every cache may keep it."""

import hashlib
import re
from datetime import UTC, date, datetime
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api import open_view, throttle
from api.pages import choose_language, render
from api.words import N_
from core.database import database
from core.errors import NotFound
from core.i18n import format_datetime, translator
from core.settings import settings
from reports.public import shown

router = APIRouter(include_in_schema=False)

FRESH = 300
"""Seconds in which a page need not be asked for anew."""
MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$", re.ASCII)
PAGES = 2_000
FED = 40
_NOT_FOUND = N_("There is no such page of figures.")
_MEND = N_("Go to the first page of the figures.")


@router.get("/open")
def show_front(request: Request, q: str = "", page: str = "") -> Response:
    """How long people wait, how content they are, and how offices compare."""
    throttle.spend("open", throttle.address_of(request))
    words = translator(choose_language(request)[0])
    with database().read() as session:
        context = open_view.front(session, words, datetime.now(UTC), q, number_of(page))
    return cacheable(request, "citizen/open.html", context)


@router.get("/open/offices/{code}")
def show_office(request: Request, code: str) -> Response:
    """One office, month by month."""
    throttle.spend("open", throttle.address_of(request))
    words = translator(choose_language(request)[0])
    with database().read() as session:
        context = open_view.office(session, words, code[:64])
    if context is None:
        raise nothing(request)
    return cacheable(request, "citizen/open_office.html", context)


@router.get("/open/months/{month}/{version}")
def show_month(request: Request, month: str, version: str, page: str = "") -> Response:
    """One publication as it was made, also after it was corrected."""
    throttle.spend("open", throttle.address_of(request))
    words = translator(choose_language(request)[0])
    day, number = month_of(month), number_of(version)
    with database().read() as session:
        context = open_view.month(session, words, day, number, number_of(page)) if day else None
    if context is None:
        raise nothing(request)
    return cacheable(request, "citizen/open_month.html", context)


@router.get("/open/feed.atom")
def show_feed(request: Request) -> Response:
    """Publications, and months held back, as an Atom feed (RFC 4287)."""
    throttle.spend("open", throttle.address_of(request))
    lang, _ = choose_language(request)
    with database().read() as session:
        text = _feed(session, lang, datetime.now(UTC))
    return whole(request, text.encode(), "application/atom+xml; charset=utf-8", varies=True)


@router.get("/open/sitemap.xml")
def show_sitemap(request: Request) -> Response:
    """All pages of figures, for search engines (sitemaps.org, 0.9)."""
    throttle.spend("open", throttle.address_of(request))
    site = settings().site_url
    with database().read() as session:
        paths = ["/open", "/open/data"]
        paths += [f"/open/months/{one.month:%Y-%m}/{one.version}" for one in shown.published(session)]
        paths += [f"/open/offices/{code}" for code in open_view.codes(session)]
    urls = "".join(f"<url><loc>{escape(site + path)}</loc></url>\n" for path in paths[:50_000])
    text = f'{_XML}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    return whole(request, text.encode(), "application/xml")


_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _feed(session: Session, lang: str, now: datetime) -> str:
    words, zone = translator(lang), settings().zone
    _, site = words.gettext, settings().site_url
    host = site.partition("://")[2].partition("/")[0].partition(":")[0]
    entries: list[tuple[datetime, str]] = []

    def entry(key: str, at: datetime, title: str, text: str, path: str) -> None:
        entries.append(
            (
                at,
                f"<entry><id>tag:{host},2026:{key}</id><title>{escape(title)}</title>"
                f"<updated>{at.astimezone(UTC).isoformat(timespec='seconds')}</updated>"
                f"<link href={quoteattr(site + path)}/><summary>{escape(text)}</summary></entry>\n",
            )
        )

    for one in shown.published(session)[:FED]:
        named = format_datetime(one.month, lang, zone, "month")
        title = _("Figures of %(month)s") if one.version == 1 else _("Figures of %(month)s, corrected")
        code = f"{one.month:%Y-%m}/{one.version}"
        entry(code, one.published_at or one.as_of, title % {"month": named}, one.reason, f"/open/months/{code}")
    for gap in shown.missing(session, now):
        if gap.withheld:
            named = format_datetime(gap.month, lang, zone, "month")
            title = _("Figures of %(month)s are held back") % {"month": named}
            entry(f"{gap.month:%Y-%m}/withheld/{gap.since:%Y%m%d%H%M}", gap.since, title, gap.reason, "/open")
    entries.sort(reverse=True)
    newest = entries[0][0] if entries else datetime(2026, 1, 1, tzinfo=UTC)
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{lang}">\n<id>{escape(site)}/open</id>'
        f"<title>{escape(settings().government)}: {escape(_('How long people wait for an answer'))}</title>"
        f"<author><name>{escape(settings().government)}</name></author>"
        f"<updated>{newest.astimezone(UTC).isoformat(timespec='seconds')}</updated>"
        f'<link rel="self" href={quoteattr(site + "/open/feed.atom")}/><link href={quoteattr(site + "/open")}/>\n'
        f"{''.join(text for _at, text in entries)}</feed>\n"
    )


# -- answering ------------------------------------------------------------------------------------------------------


def cacheable(request: Request, template: str, context: dict[str, object]) -> Response:
    """A page that every cache may keep for a while, or 304 where the reader has it."""
    page = render(request, template, context)
    return whole(request, bytes(page.body), "text/html; charset=utf-8", varies=True)


def whole(
    request: Request, content: bytes, kind: str, *, varies: bool = False, for_good: bool = False, name: str = ""
) -> Response:
    """Content with its ETag, or 304. `for_good`: the address always says the same. `name`: to be saved under."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    life = "public, max-age=31536000, immutable" if for_good else f"public, max-age={FRESH}"
    headers = {"ETag": tag, "Cache-Control": life} | ({"Vary": "Accept-Language"} if varies else {})
    if name:
        headers |= {"Content-Disposition": f'attachment; filename="{name}"', "Access-Control-Allow-Origin": "*"}
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


def nothing(request: Request) -> NotFound:
    """That there is no such page, in the reader's language."""
    words = translator(choose_language(request)[0])
    return NotFound(words.gettext(_NOT_FOUND), mend=words.gettext(_MEND))


def month_of(text: str) -> date | None:
    """A month as addresses write it, such as 2026-10."""
    match = MONTH.match(text)
    return date(int(match[1]), int(match[2]), 1) if match and match[1] != "0000" else None


def number_of(text: str) -> int:
    """A number in an address; 0 for none."""
    return min(int(text), PAGES) if text.isascii() and text.isdigit() and len(text) < 7 else 0
