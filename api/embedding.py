"""`/embed/{token}`: one dashboard for people who do not sign in, within the sites that its link names.

It holds figures of the tables, where no firewalled case is, from thirty people on, and no count under ten: no person,
no reference, no way to the pages of staff. It is in English, as those are: its sentences are theirs.
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

from api import dashboard, throttle
from api.figures import quantile
from api.pages import CONTENT_SECURITY_POLICY, base_context, environment, render
from core.database import database
from core.i18n import SOURCE_LANGUAGE, format_number, format_share, translator
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.dashboard import DashboardLink
from domain.visibility import Viewer
from reports import lending
from reports.board import Board, Period, board
from reports.headline import headline
from reports.kpis import NOBODY
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
    """The pages of links as they were made last; one that was ended is asked for no more."""

    def __init__(self) -> None:
        self._pages: OrderedDict[UUID, _Page] = OrderedDict()
        self._lock = Lock()

    def get(self, link_id: UUID) -> str | None:
        """A page that is not too old."""
        with self._lock:
            page = self._pages.get(link_id)
        return page.html if page is not None and time.monotonic() - page.made < FRESH else None

    def put(self, link_id: UUID, html: str) -> None:
        """Keep a page, and let go of the one that was made longest ago."""
        with self._lock:
            self._pages[link_id] = _Page(html, time.monotonic())
            self._pages.move_to_end(link_id)
            if len(self._pages) > KEPT:
                self._pages.popitem(last=False)


_shelf = _Shelf()


@router.get("/embed/{token}")
def show(request: Request, token: str) -> Response:
    """The dashboard a link is for; for whoever has the link."""
    caller, now = throttle.address_of(request), datetime.now(UTC)
    throttle.check("link", caller)
    throttle.spend("embed", caller)
    with database().read() as session:
        found = lending.opened(session, token, now)
        if found is None:
            throttle.spend("link", caller)
            return render(
                request, "staff/embedded_gone.html", {"lang": SOURCE_LANGUAGE}, status=404, headers=_framed(NONE)
            )
        link, who = found
        html = _shelf.get(link.id)
        if html is None:
            html = _made(request, session, link, who)
            _shelf.put(link.id, html)
    if lending.seems_unused(link, now):
        with database().write() as session:
            lending.note_use(session, link.id, now)
    headers = _framed(" ".join(link.sites) or NONE) | {"Cache-Control": f"private, max-age={FRESH:.0f}"}
    return HTMLResponse(html, headers=headers)


def _framed(sites: str) -> dict[str, str]:
    """Who may show a page within theirs. No address of it is told to anybody, since it is the key."""
    policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {sites}")
    return {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def _made(request: Request, session: Session, link: DashboardLink, who: Viewer) -> str:
    known = catalogue(session)
    found = board(session, who, known, link.office_id, Period(link.weeks), settings().zone, Order.late)
    context = {"lang": SOURCE_LANGUAGE, "lang_asked": False, "dir": "ltr", "staff": None, "csrf": "", "flash": None}
    template = environment().get_template("staff/embedded.html")
    return template.render({**base_context(request), **context, **shown(found, known, link)})


def shown(found: Board | None, known: Catalogue, link: DashboardLink) -> dict[str, object]:
    """What the page of a link shows. Its sentence is that of many people; where some of them wait it does not say."""
    words = translator(SOURCE_LANGUAGE)
    told: dict[str, object] = {
        "scope": name_of(known.offices[link.office_id], SOURCE_LANGUAGE),
        "weeks": link.weeks,
        "as_of": found.as_of if found is not None else None,
        "headline": "",
    }
    if found is None or found.whole is None or found.whole.silence.small:
        return told
    before = found.before.silence if found.before is not None else None
    many = replace(found, weeks=[(monday, _of_many(one)) for monday, one in found.weeks])
    return told | {
        "headline": headline(found.whole.silence, before, (), SOURCE_LANGUAGE),
        "tiles": _tiles(found.whole),
        "medians": dashboard.trend(many, words, "median"),
        "in_time": dashboard.trend(many, words, "in_time"),
    }


def _of_many(one: Reading) -> Reading:
    """The same, or nobody, where so few wrote that a week would tell of single people."""
    if one.silence.n >= dashboard.FEW:
        return one
    return replace(one, silence=NOBODY, counts=dict.fromkeys(one.counts, 0))


def _tiles(one: Reading) -> list[dict[str, str]]:
    words, silence = translator(SOURCE_LANGUAGE), one.silence

    def count(value: int) -> str:
        return format_number(value, SOURCE_LANGUAGE) if value == 0 or value >= dashboard.FEW else "under 10"

    in_time = format_share(1 - one.failed / one.due, SOURCE_LANGUAGE) if one.due >= dashboard.FEW else "–"
    return [
        {
            "value": quantile(silence.median_seconds, silence.observed_seconds, silence.n, words),
            "text": "Half of them had an answer after so long, counting those who still wait",
        },
        {"value": in_time, "text": f"answered in time, of {count(one.due)} whose time is over"},
        {"value": count(silence.silent_now), "text": "wait for an answer now"},
        {"value": count(silence.past_target), "text": "of these past their target"},
        {"value": count(silence.n), "text": "wrote in this time"},
    ]
