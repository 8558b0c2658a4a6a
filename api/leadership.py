"""The front page of figures, down to one office, and what people say after a service."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, col, func, select

from api import figures, surges
from api.auth import SignedIn, Staffed
from api.pages import choose_language, render
from core.database import database
from core.errors import NotAllowed, NotFound
from core.i18n import Translator, translator
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.office import Office
from domain.survey import Invitation, Transaction
from domain.visibility import Viewer
from reports import kpis, visits
from reports.headline import Named, headline
from reports.words import said
from surveys import results

router = APIRouter(include_in_schema=False)

READERS = frozenset({"head", "supervisor", "reviewer", "leadership", "admin", "auditor"})
PERIODS = (1, 4, 13)
"""Weeks a page may look back on."""
USUAL, TREND = 4, 12
WORDS_SHOWN = 3


@router.get("/leadership")
def show_leadership(request: Request, staff: Staffed, office: str = "", weeks: str = "") -> Response:
    """Who is silent, is it getting better, where to act: of all one may see, or of one office and all below it."""
    language, _ = choose_language(request, staff)
    words = translator(language)
    _may_read(staff)
    who, now, period = staff.viewer, datetime.now(UTC), _period(weeks)
    since, span = now - timedelta(weeks=period), timedelta(weeks=period)
    with database().read() as session:
        known = catalogue(session)
        chosen = _office(known, who, office) if office else None
        scope = known.subtree(chosen.id) if chosen else None
        rated = _reach(known, who, scope)
        zone = settings().zone
        current = kpis.silence(session, who, scope, since=since, until=now, now=now)
        earlier = kpis.before(session, who, scope, since=since - span, until=since)
        lines = kpis.by_office(session, who, scope, since=since, until=now, now=now)
        weekly = kpis.weekly(session, who, scope, weeks=TREND, now=now, zone=zone)
        services = results.by_service(session, since, now, rated)
        total = results.overall(session, since, now, rated)
        asked = _asked(session, since, now, rated)
        seen = visits.by_office(session, who, scope, since=since, until=now)
        band = surges.band(session, who)
    lines = [line for line in lines if line.office_id in known.offices]
    named = [Named(known.name(line.office_id, language), line.silence) for line in lines]
    context = {
        "headline": headline(current, earlier, named, language),
        "scope": name_of(chosen, language) if chosen else _whole(known, who, language),
        "period": _told(period, words),
        "periods": [
            {"text": _told(one, words), "weeks": one, "current": one == period, "office": chosen.code if chosen else ""}
            for one in PERIODS
        ],
        "trail": _trail(known, who, chosen, language),
        "figures": figures.lead_figures(current, earlier, total, asked, words),
        "act": figures.act(lines, weekly, current, known, words, period),
        "more": max(0, len(lines) - figures.ACT),
        "scale": figures.scale(lines, current),
        "national": current.median_seconds / 3600 if current.median_seconds is not None else None,
        "small_n": kpis.SMALL,
        "trend": figures.trend(kpis.merged(weekly, TREND, now, zone), words),
        "ratings": figures.ratings(services, known, words),
        "visits": figures.visits(seen, known, words),
        "surges": band,
        "definitions": figures.definitions(current, words),
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
        chosen = _office(known, who, office) if office else None
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


def _period(asked: str) -> int:
    return next((one for one in PERIODS if asked == str(one)), USUAL)


def _office(known: Catalogue, who: Viewer, code: str) -> Office:
    """An active office the viewer may look into, by its code. Raises NotFound."""
    found = known.office_by_code.get(code.strip().upper())
    if found is None or (who.offices is not None and found.id not in who.offices):
        raise NotFound("There is no such office for you to look into.", mend="Go back to the figures and choose one.")
    return found


def _reach(known: Catalogue, who: Viewer, scope: Collection[UUID] | None) -> Collection[UUID] | None:
    """Offices whose ratings the viewer may read: answers are no cases, so no predicate narrows them."""
    if who.offices is None:
        return scope
    return who.offices if scope is None else who.offices & frozenset(scope)


def _asked(session: Session, since: datetime, until: datetime, office_ids: Collection[UUID] | None) -> tuple[int, int]:
    """Invitations sent in a period, and how many of them were answered."""
    query = select(func.count(), func.count(col(Invitation.answered_at))).where(
        col(Invitation.sent_at) >= since, col(Invitation.sent_at) < until
    )
    if office_ids is not None:
        query = query.join(Transaction, col(Transaction.id) == col(Invitation.transaction_id)).where(
            col(Transaction.office_id).in_(office_ids)
        )
    sent, answered = session.exec(query).one()
    return sent, answered


def _whole(known: Catalogue, who: Viewer, language: str) -> str:
    if who.offices is None:
        return settings().government
    return ", ".join(sorted(known.name(office, language) for office in who.home & who.offices))


def _trail(known: Catalogue, who: Viewer, chosen: Office | None, language: str) -> list[dict[str, str]]:
    """The way from all one may see down to an office, that office left out."""
    if chosen is None:
        return []
    above = [office for office in known.chain(chosen.id) if office.id != chosen.id]
    seen = [office for office in above if who.offices is None or office.id in who.offices]
    steps = [{"name": name_of(office, language), "office": office.code} for office in reversed(seen)]
    return [{"name": _whole(known, who, language), "office": ""}, *steps]


def _told(period: int, words: Translator) -> str:
    if period == 1:
        return words.gettext("the last seven days")
    return words.gettext("the last %(count)s weeks") % {"count": period}
