"""`/embed/{token}`: one dashboard for people who do not sign in, within the sites that its link names.

It holds figures of the tables, where no firewalled case is, from thirty people on, and no count under ten: no person,
no reference, no way to the pages of staff. Of one service counts are told in tens, so that what two links tell, taken
from each other, is nobody. `?lang=` says in which language; else the browser of whoever looks does.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from api import throttle
from api.figures import quantile
from api.pages import CONTENT_SECURITY_POLICY, base_context, choose_language, environment, render
from api.trends import FEW, trend
from core.database import database
from core.i18n import Translator, format_number, format_share, translator
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.dashboard import DashboardLink
from domain.visibility import Viewer
from reports import lending
from reports.board import Board, Period, board
from reports.headline import headline
from reports.kpis import NOBODY
from reports.narrowed import of_service
from reports.reading import Reading
from reports.scores import Order

router = APIRouter(include_in_schema=False)

FRESH = 60.0
"""Seconds for which a page that was made is shown again, here and in a browser."""
KEPT = 200
"""Pages that are kept."""
NONE = "'none'"


@dataclass(frozen=True, slots=True)
class _Page:
    html: str
    made: float


class _Shelf:
    """The pages of links, by language, as they were made last; one that was ended is asked for no more."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[UUID, str], _Page] = OrderedDict()
        self._lock = Lock()

    def get(self, link_id: UUID, language: str) -> str | None:
        """A page that is not too old."""
        with self._lock:
            page = self._pages.get((link_id, language))
        return page.html if page is not None and time.monotonic() - page.made < FRESH else None

    def put(self, link_id: UUID, language: str, html: str) -> None:
        """Keep a page, and let go of the one that was made longest ago."""
        with self._lock:
            self._pages[link_id, language] = _Page(html, time.monotonic())
            self._pages.move_to_end((link_id, language))
            if len(self._pages) > KEPT:
                self._pages.popitem(last=False)


_shelf = _Shelf()


@router.get("/embed/{token}")
def show(request: Request, token: str) -> Response:
    """The dashboard a link is for; for whoever has the link."""
    caller, now, language = throttle.address_of(request), datetime.now(UTC), choose_language(request)[0]
    throttle.check("link", caller)
    throttle.spend("embed", caller)
    with database().read() as session:
        found = lending.opened(session, token, now)
        if found is None:
            throttle.spend("link", caller)
            return render(request, "staff/embedded_gone.html", status=404, headers=_framed(NONE))
        link, who = found
        html = _shelf.get(link.id, language)
        if html is None:
            html = _made(request, session, link, who, language)
            _shelf.put(link.id, language, html)
    if lending.seems_unused(link, now):
        with database().write() as session:
            lending.note_use(session, link.id, now)
    cached = {"Cache-Control": f"private, max-age={FRESH:.0f}", "Vary": "Accept-Language"}
    return HTMLResponse(html, headers=_framed(" ".join(link.sites) or NONE) | cached)


def _framed(sites: str) -> dict[str, str]:
    """Who may show a page within theirs. No address of it is told to anybody, since it is the key."""
    policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {sites}")
    return {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def _made(request: Request, session: Session, link: DashboardLink, who: Viewer, language: str) -> str:
    known, zone = catalogue(session), settings().zone
    period = Period(link.weeks)
    found = board(session, who, known, link.office_id, period, zone, Order.late)
    if found is not None and link.service_id is not None:
        found = of_service(session, who, found, link.service_id, period, zone)
    template = environment().get_template("staff/embedded.html")
    return template.render({**base_context(request), **shown(found, known, link, translator(language))})


def shown(found: Board | None, known: Catalogue, link: DashboardLink, words: Translator) -> dict[str, object]:
    """What the page of a link shows. Its sentence is that of many people; where some of them wait it does not say."""
    service = known.services.get(link.service_id) if link.service_id is not None else None
    told: dict[str, object] = {
        "scope": name_of(known.offices[link.office_id], words.language),
        "service": name_of(service, words.language) if service is not None else "",
        "weeks": link.weeks,
        "as_of": found.as_of if found is not None else None,
        "headline": "",
    }
    if found is None or found.whole is None or found.whole.silence.small:
        return told
    before = found.before.silence if found.before is not None else None
    tens = link.service_id is not None
    many = replace(found, weeks=[(monday, _of_many(one, tens)) for monday, one in found.weeks])
    return told | {
        "headline": headline(found.whole.silence, before, (), words.language),
        "tiles": _tiles(found.whole, words, tens),
        "medians": trend(many, words, "median"),
        "in_time": trend(many, words, "in_time"),
    }


def _of_many(one: Reading, tens: bool) -> Reading:
    """The same, or nobody, where so few wrote that a week would tell of single people."""
    if one.silence.n < FEW:
        return replace(one, silence=NOBODY, counts=dict.fromkeys(one.counts, 0))
    return replace(one, silence=replace(one.silence, n=_in_tens(one.silence.n))) if tens else one


def _in_tens(value: int) -> int:
    """The nearest number of tens."""
    return (value + 5) // 10 * 10


def _tiles(one: Reading, words: Translator, tens: bool) -> list[dict[str, str]]:
    _, lang, silence = words.gettext, words.language, one.silence

    def count(value: int) -> str:
        if value < FEW:
            # of one service a nought could be taken for the rest of another link's count
            return _("under 10") if value or tens else format_number(0, lang)
        return (
            _("about %(count)s") % {"count": format_number(_in_tens(value), lang)}
            if tens
            else (format_number(value, lang))
        )

    in_time = format_share(1 - one.failed / one.due, lang) if one.due >= FEW else "–"
    return [
        {
            "value": quantile(silence.median_seconds, silence.observed_seconds, silence.n, words),
            "text": _("Half of them had an answer after so long, counting those who still wait"),
        },
        {"value": in_time, "text": _("answered in time, of %(count)s whose time is over") % {"count": count(one.due)}},
        {"value": count(silence.silent_now), "text": _("wait for an answer now")},
        {"value": count(silence.past_target), "text": _("of these past their target")},
        {"value": count(silence.n), "text": _("wrote in this time")},
    ]
