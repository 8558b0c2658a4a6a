"""The front page of figures, down to one office, and what people say after a service."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, col, func, select

from api import dashboard, figures, surges, trends, weekly
from api.auth import SignedIn, Staffed
from api.pages import choose_language, render
from api.weekly import office_of
from core.database import database
from core.errors import NotAllowed, NotFound
from core.i18n import Translator, format_datetime, translator
from core.sets import one_of
from core.settings import settings
from core.texts import latin_digits
from domain.catalogue import Catalogue, catalogue, name_of
from domain.dashboard import LENDERS, READERS
from domain.office import Office
from domain.service import Service
from domain.survey import Invitation, Transaction
from domain.visibility import Viewer
from reports import visits
from reports.board import Period, board, month_after
from reports.letter import sentence_of
from reports.words import said
from surveys import results

router = APIRouter(include_in_schema=False)

PERIODS = (1, 4, 13)
"""Whole weeks a page may look back on, beside the one that runs."""
USUAL = 4
FIRST, LAST, MOST_DAYS = date(1990, 1, 1), date(2200, 1, 1), 3660
"""Months that can be looked back on, ten years of them at once."""
WORDS_SHOWN = 3


@router.get("/leadership")
def show_leadership(
    request: Request,
    staff: Staffed,
    office: str = "",
    weeks: str = "",
    order: str = "",
    service: str = "",
    first: str = "",
    last: str = "",
) -> Response:
    """Who is silent, is it getting better, where to act: of an office and all below it; by itself of the whole.

    `order` is what offices are listed by, `service` (a code) narrows the page to one service. `first` and `last` are
    months such as 2026-03; with them the page looks back on these.
    """
    language, _ = choose_language(request, staff)
    words = translator(language)
    _may_read(staff)
    who, period = staff.viewer, _period(weeks)
    months = _months(first, last)
    span = Period(first=months[0], after=month_after(months[1])) if months else Period(period)
    zone, by = settings().zone, next((one for one in dashboard.ORDERS if one == order), dashboard.ORDERS[0])
    with database().read() as session:
        known = catalogue(session)
        tops = _tops(known, who)
        chosen = office_of(known, who, office) if office else next(iter(tops), None)
        if chosen is None:
            raise NotFound("There is no office whose figures are yours.", mend="Ask your administrator for a role.")
        of = _service(known, service) if service else None
        found = board(session, who, known, chosen.id, span, zone, by)
        shell: dict[str, object] = {
            "scope": _named(known, who, chosen, language),
            "office": chosen.code,
            "period": _back(months, words) if months else _told(period, words),
            "weeks": "" if months else period,
            "first": first if months else "",
            "last": last if months else "",
            "periods": [
                {"text": _told(one, words), "weeks": one, "current": not months and one == period} for one in PERIODS
            ],
            "trail": _trail(known, who, chosen, language),
            "tops": [{"name": name_of(one, language), "office": one.code} for one in tops] if len(tops) > 1 else [],
            "service": "",
            "mailed": weekly.mailed(session, staff, chosen),
            "lends": bool(LENDERS & staff.roles),
            "surges": surges.band(session, who),
        }
        if found is None:
            return render(request, "staff/leadership_first.html", shell)
        at = {name: shell[name] for name in ("weeks", "first", "last")}
        shell |= {"as_of": found.as_of}
        if of is not None:
            told = dashboard.of_service(session, who, known, found, of.id, words, at)
            named = {"service": name_of(of, language), "code": of.code}
            return render(request, "staff/leadership_service.html", shell | told | named)
        rated = _reach(known, who, known.subtree(chosen.id))
        end = found.until or found.as_of
        total = results.overall(session, found.since, end, rated)
        asked = _asked(session, found.since, end, rated)
        ratings = results.by_service(session, found.since, end, rated)
        seen = visits.by_office(session, who, known.subtree(chosen.id), since=found.since, until=end)
        context = shell | {
            "headline": sentence_of(found, known, language),
            "changed": dashboard.changed(found, known, words, at),
            "figures": dashboard.tiles(session, who, known, found.whole, words) if found.whole else [],
            "rated": figures.rated(total, asked, words),
            "coming": dashboard.coming(session, found, known, words) if months is None else None,
            "ranked": dashboard.ranked(found, known, words, at),
            "order": str(by),
            "share": dashboard.share_late(found),
            "heat": dashboard.heat(found, known, words, at),
            "services": dashboard.services(found, known, words, at),
            "medians": trends.trend(found, words, "median"),
            "in_time": trends.trend(found, words, "in_time"),
            "ratings": figures.ratings(ratings, known, words),
            "visits": figures.visits(seen, known, words),
            "error": dashboard.error_of(found),
            "definitions": figures.definitions(found.whole.silence if found.whole else None, words),
        }
    return render(request, "staff/leadership.html", context)


@router.get("/staff/figures/surveys")
def show_surveys(request: Request, staff: Staffed, office: str = "", weeks: str = "") -> Response:
    """Ratings by service with their interval, and a few of the words that came with them."""
    language, _ = choose_language(request, staff)
    words = translator(language)
    _may_read(staff)
    who, now, period = staff.viewer, datetime.now(UTC), _period(weeks)
    since = now - timedelta(weeks=period)
    with database().read() as session:
        known = catalogue(session)
        chosen = office_of(known, who, office) if office else None
        reach = _reach(known, who, known.subtree(chosen.id) if chosen else None)
        groups = results.by_service(session, since, now, reach)
        spoken = said(session, who, reach, since=since, until=now, with_words=True)
        asked, answered = _asked(session, since, now, reach)
    quoted: dict[UUID | None, list[str]] = defaultdict(list)
    for line in spoken:
        if len(quoted[line.service_id]) < WORDS_SHOWN:
            quoted[line.service_id].append(line.words)
    rows = [
        {**row, "office": "", "words": quoted[row["id"]]}  # type: ignore[index]
        for row in figures.ratings(groups, known, words)
    ]
    context = {"period": _told(period, words), "asked": asked, "answered": answered, "rows": rows}
    return render(request, "staff/survey_results.html", context)


def _may_read(staff: SignedIn) -> None:
    if not READERS & staff.roles:
        raise NotAllowed(
            "These figures are for heads, reviewers and leadership.", mend="Your own cases are on the desk."
        )


def _tops(known: Catalogue, who: Viewer) -> list[Office]:
    """The offices somebody looks down from: the root of the government, or the highest they may look into."""
    if who.offices is None:
        return [one for one in known.children.get(None, ()) if one.active]
    theirs = [known.offices[one] for one in who.offices if one in known.offices]
    tops = [one for one in theirs if one.parent_id not in who.offices and one.active]
    return sorted(tops, key=lambda one: (one.id not in who.home, one.code))


def _service(known: Catalogue, code: str) -> Service:
    """A service by its code. Raises NotFound."""
    found = known.service_by_code.get(code.strip().casefold())
    if found is None:
        raise NotFound("There is no such service.", mend="Go back to the figures and choose one.")
    return found


def _named(known: Catalogue, who: Viewer, chosen: Office, language: str) -> str:
    return settings().government if who.offices is None and chosen.parent_id is None else name_of(chosen, language)


def _period(asked: str) -> int:
    return next((one for one in PERIODS if asked == str(one)), USUAL)


def _reach(known: Catalogue, who: Viewer, scope: Collection[UUID] | None) -> Collection[UUID] | None:
    """Offices whose ratings the viewer may read, None for all: answers are no cases, so no predicate narrows them."""
    if who.offices is None:
        return scope if scope is not None and len(scope) < len(known.offices) else None
    return who.offices if scope is None else who.offices & frozenset(scope)


def _asked(session: Session, since: datetime, until: datetime, office_ids: Collection[UUID] | None) -> tuple[int, int]:
    """Invitations sent in a period, and how many of them were answered."""
    query = select(func.count(), func.count(col(Invitation.answered_at))).where(
        col(Invitation.sent_at) >= since, col(Invitation.sent_at) < until
    )
    if office_ids is not None:
        query = query.join(Transaction, col(Transaction.id) == col(Invitation.transaction_id)).where(
            one_of(Transaction.office_id, office_ids)
        )
    sent, answered = session.exec(query).one()
    return sent, answered


def _trail(known: Catalogue, who: Viewer, chosen: Office, language: str) -> list[dict[str, str]]:
    """The way down to an office, itself left out."""
    above = [office for office in known.chain(chosen.id) if office.id != chosen.id]
    seen = [office for office in above if who.offices is None or office.id in who.offices]
    return [{"name": _named(known, who, office, language), "office": office.code} for office in reversed(seen)]


def _months(first: str, last: str) -> tuple[date, date] | None:
    """The first days of the first and the last month asked for; None where none were, or where they are none."""
    try:
        begins = date.fromisoformat(f"{latin_digits(first)}-01")
        ends = date.fromisoformat(f"{latin_digits(last or first)}-01")
    except ValueError:
        return None
    if not FIRST <= begins <= ends < LAST or (ends - begins).days > MOST_DAYS:
        return None
    return begins, ends


def _back(months: tuple[date, date], words: Translator) -> str:
    zone, lang = settings().zone, words.language
    return words.gettext("%(first)s to %(last)s") % {
        "first": format_datetime(months[0], lang, zone, "month"),
        "last": format_datetime(months[1], lang, zone, "month"),
    }


def _told(period: int, words: Translator) -> str:
    if period == 1:
        return words.gettext("this week and the one before")
    return words.gettext("this week and the %(count)s before") % {"count": period}
