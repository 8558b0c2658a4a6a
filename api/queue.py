"""The queue of the desk: which cases a view or a search holds, by what is due first, and how each is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session, col, select

from api import crowd_view
from cases import asking, firewall, history, parts, search, views
from cases.counted import COUNTED
from cases.filters import Filter
from cases.rights import WORKING
from core.settings import settings
from core.texts import clean, shorten
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock
from domain.queue import BulkWhat, Order
from domain.staff import Staff
from domain.states import ClockKind, ClockState, IntakeSource
from domain.visibility import Viewer

COOKIE = "ombud_view"
SHOWN = 60
COUNT_TO = 500
"""Cases up to which a list is counted."""
SOON = 0.75
"""Share of a target from which a case is due soon."""
ANSWERS = frozenset({ClockKind.first_response, ClockKind.reply_due, ClockKind.acceptance, ClockKind.appeal})
GONE = "There is no such view any more. This is what there is to do."
ORDERS = {Order.due: "Due first", Order.newest: "Newest first", Order.oldest: "Oldest first"}

ACTS = {
    BulkWhat.take: "Take them on",
    BulkWhat.assign: "Give to somebody",
    BulkWhat.note: "Note",
    BulkWhat.transfer: "Transfer",
    BulkWhat.urgent: "Urgent",
    BulkWhat.close: "Close with an answer",
}


@dataclass(frozen=True, slots=True)
class Left:
    """Time left of the clock that matters now.

    Seconds by the clock on the wall, as the citizen lives them, below zero when it is over: "18 days over" must not
    mean eighteen times 24 working hours.
    """

    seconds: int
    share: float
    tone: str
    due_at: datetime
    clock: Clock


@dataclass(frozen=True, slots=True)
class Asked:
    """Which queue a page shows: a view by its key, or a search. Empty is everybody's first view."""

    view: str = ""
    q: str = ""
    order: str = ""

    @property
    def query(self) -> str:
        """What an address says of it; empty for the usual queue."""
        said = {"view": "" if self.q or self.view == views.DEFAULT else self.view, "q": self.q, "order": self.order}
        return urlencode({name: value for name, value in said.items() if value})


def left(clocks: Sequence[Clock], now: datetime) -> Left | None:
    """The running clock for an answer that is due first, else the resolution's; None when none runs."""
    running = [clock for clock in clocks if clock.state == ClockState.running]
    first = [clock for clock in running if clock.kind in ANSWERS] or running
    if not first:
        return None
    clock = min(first, key=lambda clock: clock.deadline_at)
    seconds = int((clock.deadline_at - now).total_seconds())
    whole = (clock.deadline_at - clock.started_at).total_seconds()
    share = 1 - seconds / whole if whole > 0 else 1.0
    tone = "late" if seconds < 0 else "soon" if share >= SOON else "calm"
    return Left(seconds, max(0.0, share), tone, clock.deadline_at, clock)


def queue(session: Session, who: Viewer, now: datetime, asked: Asked) -> dict[str, object]:
    """All that staff/queue.html shows: the list, for the live view too."""
    return _list(session, who, now, _find(session, who, now, asked, views.views(session, who)), asked, None)


def column(session: Session, who: Viewer, now: datetime, asked: Asked) -> dict[str, object]:
    """All that staff/queue_column.html shows: the list, the views with their counts, and what can be done with many."""
    every = views.views(session, who)
    found = _find(session, who, now, asked, every)
    counts = views.counts(session, who, every, catalogue(session), now)
    context = _list(session, who, now, found, asked, counts.get(found.key))
    context["views"] = [
        {
            "key": view.key,
            "name": view.name,
            "digit": str(number % 10) if number <= len(views.READY) else "",
            "count": counts[view.key][0] if view.key in counts else None,
            "more": view.key in counts and counts[view.key][1],
            "shared": view.shared,
            "current": not asked.q and view.key == found.key,
        }
        for number, view in enumerate(every, 1)
    ]
    context["orders"] = [{"code": str(code), "name": name} for code, name in ORDERS.items()]
    context["acts"] = [{"code": str(code), "name": name} for code, name in ACTS.items()] if who.has(*WORKING) else []
    return context


def _list(
    session: Session, who: Viewer, now: datetime, found: "_Found", asked: Asked, counted: tuple[int, bool] | None
) -> dict[str, object]:
    total, more = counted or _counted(session, who, found)
    month = now.astimezone(settings().zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return {
        "queue": rows(session, who, found.cases, now, found.shown),
        "queue_total": total,
        "queue_more": more,
        "choosing": who.has(*WORKING),
        "asked": {
            "q": asked.q,
            "view": found.key,
            "title": found.title,
            "order": str(found.order),
            "odd": list(found.odd),
            "meant": found.meant,
            "query": asked.query,
        },
        "tally": firewall.tally(session, who, month.astimezone(UTC)),
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """What a queue holds, and how it was come by."""

    cases: Sequence[Case]
    chosen: Filter
    order: Order
    key: str = ""
    title: str = ""
    odd: tuple[str, ...] = ()
    meant: str = ""
    shown: Mapping[UUID, list[tuple[str, bool]]] | None = None


def _find(session: Session, who: Viewer, now: datetime, asked: Asked, every: Sequence[views.View]) -> _Found:
    known = catalogue(session)
    if asked.q:
        return _searched(session, who, known, now, asked)
    odd: tuple[str, ...]
    view, odd = views.among(every, asked.view or views.DEFAULT), ()
    if view is None:
        view, odd = views.READY[0], (GONE,)
    order = _order(asked.order, view.order)
    chosen = views.filter_of(view, known, now)
    return _Found(history.find(session, who, chosen, order=order, limit=SHOWN), chosen, order, view.key, view.name, odd)


def _searched(session: Session, who: Viewer, known: Catalogue, now: datetime, asked: Asked) -> _Found:
    read = asking.read(asked.q, known, now)
    order = _order(asked.order, Order.newest)
    chosen, words, meant = read.chosen, read.words, ""
    cases = history.find(session, who, chosen, order=order, limit=SHOWN)
    if not cases and words and (meant := search.meant(session, who, words)):
        near = replace(chosen, words=meant)
        if cases := history.find(session, who, near, order=order, limit=SHOWN):
            chosen, words = near, meant
        else:
            meant = ""
    shown = search.snippets(session, cases, words) if words else None
    title = COUNTED[chosen.figure].words if chosen.figure else ""
    return _Found(cases, chosen, order, title=title, odd=read.odd, meant=meant, shown=shown)


def of_list(session: Session, who: Viewer, now: datetime, asked: Asked, limit: int) -> Sequence[Case]:
    """The first so many cases of a list, also those that its page has no room for."""
    found = _find(session, who, now, asked, views.views(session, who))
    return history.find(session, who, found.chosen, order=found.order, limit=limit)


def _order(given: str, usual: Order) -> Order:
    return Order(given) if given in set(Order) else usual


def _counted(session: Session, who: Viewer, found: _Found) -> tuple[int, bool]:
    if len(found.cases) < SHOWN:
        return len(found.cases), False
    if found.chosen.words:  # whoever gets more than a page asks for something narrower, so they are not counted out
        return SHOWN, history.count(session, who, found.chosen, SHOWN + 1) > SHOWN
    number = history.count(session, who, found.chosen, COUNT_TO + 1)
    return min(number, COUNT_TO), number > COUNT_TO


def rows(
    session: Session,
    who: Viewer,
    cases: Sequence[Case],
    now: datetime,
    shown: Mapping[UUID, list[tuple[str, bool]]] | None = None,
) -> list[dict[str, object]]:
    """Cases as `case_row` of staff/parts.html takes them; `shown` says where each has the words that were sought."""
    known = catalogue(session)
    clocks = clocks_of(session, [case.id for case in cases])
    names = names_of(session, {case.assignee_id for case in cases if case.assignee_id})
    sizes = crowd_view.sizes(session, who, cases) if cases else {}
    told: list[dict[str, object]] = []
    for case in cases:
        time_left = left(clocks.get(case.id, ()), now)
        told.append(
            {
                "reference": case.reference,
                "title": shorten(case.text, 90) or "(no words)",
                "urgency": case.urgency or "",
                "nature": case.nature or "",
                "state": str(case.state),
                "channel": str(case.channel),
                "language": case.language,
                "left_seconds": time_left.seconds if time_left else None,
                "tone": time_left.tone if time_left else "calm",
                "share": time_left.share if time_left else 0.0,
                "silent_seconds": silent_seconds(case, now),
                "office": "" if case.office_id in who.home else known.name(case.office_id),
                "assignee": names.get(case.assignee_id, "") if case.assignee_id else "",
                "crowd": sizes.get(case.id, 0),
                "appeal": case.appealed_at is not None,
                "imported": case.source == IntakeSource.imported,
                "pieces": shown.get(case.id, []) if shown else [],
            }
        )
    return told


def silent_seconds(case: Case, now: datetime) -> int | None:
    """Seconds the citizen has heard nothing; None once answered, and for a part, whose silence is its lead's."""
    if parts.is_part(case):
        return None
    until = history.silent_until(case, now)
    return int((until - case.received_at).total_seconds()) if until is not None else None


def clocks_of(session: Session, case_ids: Sequence[UUID]) -> dict[UUID, list[Clock]]:
    """Clocks by case, in one query."""
    found: dict[UUID, list[Clock]] = {}
    for clock in session.exec(select(Clock).where(col(Clock.case_id).in_(case_ids))) if case_ids else ():
        found.setdefault(clock.case_id, []).append(clock)
    return found


def names_of(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    """Names of staff."""
    return dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids))).all()) if ids else {}


def asked_of(request: Request, view: str = "", q: str = "", order: str = "") -> Asked:
    """What an address asks for, cleaned; where it asks for nothing, the view that was last chosen in this browser."""
    given = view or q or request.cookies.get(COOKIE, "")
    return Asked("" if q else clean(view or given, 40), clean(q, asking.LONGEST), order if order in set(Order) else "")


def remember(response: Response, asked: Asked) -> Response:
    """Keep the chosen view in this browser, so that it is still there after an answer."""
    secure = settings().site_url.startswith("https://")
    if asked.view:
        response.set_cookie(COOKIE, asked.view, path="/staff", httponly=True, samesite="lax", secure=secure)
    return response


def the_only_one(context: Mapping[str, Any], asked: Asked) -> str:
    """The reference of the one case that a search found, to be opened at once; empty for any other list.

    No other is opened by itself: who is at a case is shown to others, so it is opened by whoever wants to be there.
    """
    found = context["queue"]
    return str(found[0]["reference"]) if asked.q and len(found) == 1 else ""
