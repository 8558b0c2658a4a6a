"""What the public's pages show, out of published lines: values for the templates, in words and shares of a line."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from math import ceil
from uuid import UUID

from sqlmodel import Session, col, select

from api.words import CHANNELS
from cases import anchors
from core.i18n import Translator
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.publication import FigureScope, Publication, PublicDecision, PublishedFigure
from reports.public import decisions, ranking, shown
from reports.public.data import FORMATS
from reports.public.ranking import Line, Ranking
from reports.public.tables import TABLES

LISTED = 25
"""Offices of one list on a page; the others are on the next."""
TREND = 13
"""Months of a trend."""
DECISIONS = 10
DIGESTS = 3

_rankings: dict[tuple[object, ...], tuple[Ranking, Ranking]] = {}
_lock = threading.Lock()


def rankings(session: Session, publications: Sequence[Publication]) -> tuple[Ranking, Ranking]:
    """Both lists, of the last published months. They cannot change, so each process makes them once."""
    last = publications[: ranking.MONTHS]
    key = (str(session.get_bind().engine.url), *(one.id for one in last))
    with _lock:
        kept = _rankings.get(key)
    if kept is None:
        rows = shown.figures(session, last, scopes=(FigureScope.office,))
        kept = ranking.by_silence(rows), ranking.by_rating(rows)
        with _lock:
            _rankings.clear()
            _rankings[key] = kept
    return kept


def front(session: Session, words: Translator, now: datetime, wanted: str, page: int) -> dict[str, object]:
    """All that citizen/open.html shows. `wanted` is what somebody looks for in the names of offices."""
    lang, known = words.language, catalogue(session)
    every = shown.published(session)
    latest = shown.latest(every)
    silence, ratings = rankings(session, latest) if latest else (Ranking((), ()), Ranking((), ()))
    whole = shown.figures(session, latest[:TREND], scopes=(FigureScope.whole,)) if latest else []
    months = {one.id: one for one in latest}
    return {
        "latest": publication(latest[0]) if latest else None,
        "months": [publication(one) for one in every[: 4 * TREND]],
        "missing": missing(session, now),
        "whole": figure(whole[-1], lang) if whole and whole[-1].publication_id == latest[0].id else None,
        "trend": trend(whole, months),
        "over": [publication(one) for one in latest[: ranking.MONTHS]],
        "silence": listed(silence, lang, page, hours=True),
        "ratings": listed(ratings, lang, page, hours=False),
        "few": _few(silence, ratings, lang),
        "found": found(known, wanted, lang),
        "wanted": wanted[:80],
        "page": page,
        "more": len(silence.ranked) > (page + 1) * LISTED or len(ratings.ranked) > (page + 1) * LISTED,
        "decisions": said(known, decisions.published(session, limit=DECISIONS), lang),
        "digests": digests(session),
        "least": latest[0].least if latest else settings().open_least,
        "freeze_days": settings().open_freeze_days,
        "embargo_days": settings().open_embargo_days,
    }


def office(session: Session, words: Translator, code: str) -> dict[str, object] | None:
    """All that citizen/open_office.html shows; None where there is no such office."""
    lang, known = words.language, catalogue(session)
    place = known.office_by_any_code.get(code) or known.office_by_code.get(code.upper())
    if place is None:
        return None
    latest = shown.latest(shown.published(session))
    months = {one.id: one for one in latest}
    rows = shown.figures(session, latest[:TREND], code=place.code) if latest else []
    own = [row for row in rows if row.scope == FigureScope.office]
    below = [row for row in rows if row.scope == FigureScope.below]
    silence, ratings = rankings(session, latest) if latest else (Ranking((), ()), Ranking((), ()))
    chain = list(known.chain(place.id))[1:]
    return {
        "office": {"code": place.code, "name": name_of(place, lang)},
        "above": [{"code": one.code, "name": name_of(one, lang)} for one in reversed(chain)],
        "children": [
            {"code": one.code, "name": name_of(one, lang)} for one in known.children.get(place.id, ()) if one.active
        ],
        "own": [figure(row, lang) | {"month": months[row.publication_id].month} for row in reversed(own)],
        "below": [figure(row, lang) | {"month": months[row.publication_id].month} for row in reversed(below)],
        "trend": trend(own or below, months),
        "place": _place(silence, place.code),
        "ratings_place": _place(ratings, place.code),
        "over": [publication(one) for one in latest[: ranking.MONTHS]],
        "decisions": said(known, decisions.published(session, place.id, DECISIONS), lang),
        "least": latest[0].least if latest else settings().open_least,
    }


def month(session: Session, words: Translator, day: date, version: int, page: int) -> dict[str, object] | None:
    """All that citizen/open_month.html shows of one publication; None where nothing of the kind is out."""
    lang = words.language
    every = [one for one in shown.published(session) if one.month == day]
    one = next((each for each in every if each.version == version), None)
    if one is None:
        return None
    rows = shown.figures(session, [one])
    whole = next((row for row in rows if row.scope == FigureScope.whole), None)
    offices = [row for row in rows if row.scope == FigureScope.office]
    totals = [row for row in rows if row.scope == FigureScope.below and row.above]  # the top is the whole
    kinds = [row for row in rows if row.scope in (FigureScope.service, FigureScope.channel)]
    at = slice(page * LISTED, (page + 1) * LISTED)
    return {
        "publication": publication(one),
        "versions": [publication(each) for each in every],
        "whole": figure(whole, lang) if whole else None,
        "totals": [figure(row, lang) for row in totals[at]],
        "offices": [figure(row, lang) for row in offices[at]],
        "kinds": [figure(row, lang) | {"name": kind_name(row, words)} for row in kinds] if page == 0 else [],
        "page": page,
        "more": max(len(offices), len(totals)) > (page + 1) * LISTED,
        "least": one.least,
        "tables": list(TABLES),
        "formats": list(FORMATS),
    }


# -- parts ----------------------------------------------------------------------------------------------------------


def publication(one: Publication) -> dict[str, object]:
    """A publication as pages name it."""
    return {
        "month": one.month,
        "code": f"{one.month:%Y-%m}",
        "version": one.version,
        "as_of": one.as_of,
        "published_at": one.published_at,
        "reason": one.reason,
        "digest": one.digest,
        "loss": one.loss,
    }


def missing(session: Session, now: datetime) -> list[dict[str, object]]:
    """Months that were counted and are not out: why, and since when. `late`: only the approval is missing."""
    return [
        {
            "month": one.month,
            "withheld": one.withheld,
            "since": one.since,
            "reason": one.reason,
            "late": not one.withheld and one.since <= now,
        }
        for one in shown.missing(session, now)
    ]


def figure(row: PublishedFigure, lang: str) -> dict[str, object]:
    """A line as templates take it, with durations in seconds."""
    return {
        "code": row.code,
        "scope": str(row.scope),
        "name": row.names.get(lang) or row.names.get("en") or row.code,
        "n": row.n,
        "late": row.late_share,
        "late_low": row.late_low,
        "late_high": row.late_high,
        "median": _seconds(row.median_hours),
        "median_low": _seconds(row.median_low),
        "median_high": _seconds(row.median_high),
        "p90": _seconds(row.p90_hours),
        "beyond": _seconds(row.beyond_hours),
        "answers": row.answers,
        "asked": row.asked_share,
        "rating": row.rating,
        "rating_low": row.rating_low,
        "rating_high": row.rating_high,
    }


def kind_name(row: PublishedFigure, words: Translator) -> str:
    """Name of a service or of a way to write."""
    if row.scope == FigureScope.channel:
        return words.gettext(CHANNELS.get(row.code, row.code))
    return row.names.get(words.language) or row.names.get("en") or row.code


def _seconds(hours: int | None) -> int | None:
    return None if hours is None else hours * 3600


def trend(rows: Iterable[PublishedFigure], months: Mapping[UUID, Publication]) -> list[dict[str, object]]:
    """Median and rating by month, oldest first, with the months between that are not out left empty."""
    by_month = {months[row.publication_id].month: row for row in rows}
    if not by_month:
        return []
    found: list[dict[str, object]] = []
    at, last = min(by_month), max(by_month)
    while at <= last:
        row = by_month.get(at)
        found.append(
            {
                "month": at,
                "median": _seconds(row.median_hours) if row else None,
                "low": _seconds(row.median_low) if row else None,
                "high": _seconds(row.median_high) if row else None,
                "n": row.n if row else None,
                "rating": row.rating if row else None,
                "answers": row.answers if row else None,
            }
        )
        at = (at + timedelta(days=32)).replace(day=1)
    return found


def listed(given: Ranking, lang: str, page: int, *, hours: bool) -> dict[str, object]:
    """A page of a list, with the longest end of an interval in it, which its scale ends at."""

    def shown_as(value: float | None) -> float | None:
        """Seconds of whole hours, begun ones counted; or a rating."""
        return None if value is None else max(1, ceil(value - 1e-6)) * 3600 if hours else value

    ends = [line.high or line.value or 0 for line in given.ranked if line.value is not None]
    rows = [
        {
            "place": page * LISTED + place,
            "code": line.code,
            "name": _name(line, lang),
            "n": line.n,
            "value": shown_as(line.value),
            "drawn": shown_as(line.drawn),
            "low": shown_as(line.low),
            "high": shown_as(line.high),
            "beyond": shown_as(line.beyond),
        }
        for place, line in enumerate(given.ranked[page * LISTED : (page + 1) * LISTED], 1)
    ]
    return {"rows": rows, "most": (shown_as(max(ends, default=0)) if hours else 5) or 0, "all": len(given.ranked)}


def _few(silence: Ranking, ratings: Ranking, lang: str) -> list[dict[str, str]]:
    """Offices that have a place in neither list, as links."""
    placed = {line.code for line in (*silence.ranked, *ratings.ranked)}
    small = {line.code: _name(line, lang) for line in (*silence.small, *ratings.small) if line.code not in placed}
    return [{"code": code, "name": name} for code, name in sorted(small.items(), key=lambda one: one[1])][: 2 * LISTED]


def _name(line: Line, lang: str) -> str:
    return line.names.get(lang) or line.names.get("en") or line.code


def _place(given: Ranking, code: str) -> dict[str, int] | None:
    at = next((place for place, line in enumerate(given.ranked, 1) if line.code == code), None)
    return None if at is None else {"place": at, "of": len(given.ranked)}


def found(known: Catalogue, wanted: str, lang: str) -> list[dict[str, str]]:
    """Offices whose name in any language, or code, has what somebody looks for."""
    sought = wanted.strip().casefold()[:80]
    if not sought:
        return []
    hits = [
        one
        for one in known.offices.values()
        if one.active and any(sought in text.casefold() for text in (one.code, *one.names.values()))
    ]
    return [{"code": one.code, "name": name_of(one, lang)} for one in sorted(hits, key=lambda one: name_of(one, lang))][
        :LISTED
    ]


def said(known: Catalogue, given: Sequence[PublicDecision], lang: str) -> list[dict[str, object]]:
    """Decisions as pages list them."""
    return [
        {
            "words": one.words,
            "month": one.month,
            "office": known.name(one.office_id, lang),
            "code": known.offices[one.office_id].code if one.office_id in known.offices else "",
        }
        for one in given
    ]


def digests(session: Session) -> list[dict[str, object]]:
    """The digests of the last days."""
    return [
        {"at": datetime.combine(one.day, time(12), settings().zone), "digest": one.digest}
        for one in anchors.made(session, DIGESTS)
    ]


def codes(session: Session) -> list[str]:
    """Codes of the offices that anything is published of."""
    query = select(col(PublishedFigure.code)).where(
        col(PublishedFigure.scope).in_((FigureScope.office, FigureScope.below)),
        col(PublishedFigure.publication_id).in_([one.id for one in shown.latest(shown.published(session))]),
    )
    return sorted(set(session.exec(query)))
