"""A dashboard as its page shows it: tiles, the list of who is worst, the table of offices and services, trends.

No query is made here but for what leads from a figure to its cases.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session

from api import figures, kpi_view
from api.kpi_view import address
from core.errors import Misconfigured
from core.i18n import Translator, format_datetime, format_duration, format_number, format_share
from core.settings import settings
from domain.catalogue import Catalogue, name_of
from domain.visibility import Viewer
from reports import board, changes
from reports.board import Board
from reports.forecast import noon
from reports.reading import Reading
from reports.registry.figures import given
from reports.registry.scope import Scope
from reports.registry.values import Figure, Measured
from reports.scores import Order, Rank
from reports.tallies import Tally
from surveys.shares import wilson

At = Mapping[str, object]
"""What an address says of the period."""
FEW = 10
"""Cases under which a cell of the table says how many there were and no more."""
TILES = ("silence_median", "silence_p90", "answered_in_target", "silent_now", "longest_silence")
ORDERS = (Order.late, Order.drawn, Order.oldest, Order.median)
MARKS = {"late": "▲", "well": "▼", "": ""}
"""Beside the words: worse than all, better than all."""


def scope_of(one: Reading, who: Viewer, known: Catalogue, service_id: UUID | None = None) -> Scope:
    """What a reading is about, as the registry says it."""
    until = one.until or one.as_of
    return Scope(
        who, known, one.since, until, one.as_of, office_id=one.office_id, below=one.below, service_id=service_id
    )


def measured(one: Reading) -> dict[str, Measured]:
    """The KPIs that the figure tables hold."""
    silence = one.silence
    beyond = silence.observed_seconds if silence.n else None

    def quantile(value: float | None, low: float | None, high: float | None) -> Measured:
        return Measured(value, silence.n, low, high, beyond=beyond if value is None else None, error=one.error)

    in_time = one.counts["met"] / one.due if one.due else None
    low, high = wilson(in_time, one.due) if in_time is not None else (None, None)
    return {
        "silence_median": quantile(silence.median_seconds, silence.median_low, silence.median_high),
        "silence_p90": quantile(silence.p90_seconds, silence.p90_low, silence.p90_high),
        "answered_in_target": Measured(in_time, one.due, low, high, spread=float(one.due)),
        "silent_now": Measured(float(silence.silent_now), silence.silent_now),
        "past_target": Measured(float(silence.past_target), silence.past_target),
        "longest_silence": Measured(
            None if silence.longest_seconds is None else float(silence.longest_seconds),
            silence.silent_now,
            reference=silence.longest_reference,
        ),
        "received": Measured(float(silence.n), silence.n),
    }


def tiles(
    session: Session, who: Viewer, known: Catalogue, one: Reading, words: Translator, service_id: UUID | None = None
) -> list[dict[str, object]]:
    """The row of figures under the headline."""
    found = given(session, scope_of(one, who, known, service_id), measured(one))
    late = one.silence.past_target
    told = [kpi_view.told(found[name], words, _tone(found[name], late)) for name in TILES if name in found]
    for tile in told:
        if tile["name"] == "silent_now" and late:
            tile["note"] = words.gettext("%(count)s past their target") % {"count": format_number(late, words.language)}
    return told


def _tone(figure: Figure, late: int) -> str:
    return "late" if late and figure.kpi.name in ("silent_now", "longest_silence") else ""


def changed(found: Board, known: Catalogue, words: Translator, at: At) -> list[dict[str, str]]:
    """What changed last week, a sentence each with the page that tells more."""
    told = []
    for one in found.changed:
        office = known.offices[UUID(str(one.place))]
        name = "" if office.id == found.office_id else name_of(office, words.language)
        url = "#weeks" if not name else address("/leadership", office=office.code, **at)
        told.append({"text": changes.sentence(one, name, words), "url": url, "tone": _direction(one)})
    return told


def _direction(one: changes.Change) -> str:
    """Whether a change is for the better; more or fewer who write is neither."""
    if one.measure is changes.Measure.received:
        return ""
    return "late" if one.up == (one.measure is changes.Measure.median) else "well"


def ranked(found: Board, known: Catalogue, words: Translator, at: At) -> list[dict[str, object]]:
    """Rows of the list of who is worst."""
    lang = words.language
    whole = share_late(found)
    rows: list[dict[str, object]] = []
    for one in found.ranked:
        office = known.offices.get(one.office_id)
        if office is None:
            continue
        oldest = (found.as_of - one.oldest).total_seconds() if one.oldest else None
        rows.append(
            {
                "office": name_of(office, lang),
                "url": address("/leadership", office=office.code, **at),
                "silent": one.waiting,
                "late": one.late,
                "cases": kpi_view.search_url(f"figure:silent at:{office.code}"),
                "oldest": format_duration(oldest, lang, short=True) if oldest is not None else "–",
                "due": one.due,
                "failed": one.failed / one.due if one.due else None,
                "drawn": one.drawn,
                "low": one.drawn_low if one.drawn_low is not None else one.drawn,
                "high": one.drawn_high if one.drawn_high is not None else one.drawn,
                "n": one.n,
                "median": _median(one, words),
                "tone": _rank_tone(one, whole),
            }
        )
    return rows


def share_late(found: Board) -> float | None:
    """Share of those due here and below that were answered late or are overdue: what offices are compared with."""
    return found.whole.failed / found.whole.due if found.whole is not None and found.whole.due else None


def _rank_tone(one: Rank, whole: float | None) -> str:
    """Worse than all of them beyond chance, perhaps worse, or better."""
    if whole is None or one.drawn is None or one.drawn_low is None or one.drawn_high is None:
        return ""
    if one.drawn_low > whole:
        return "late"
    if one.drawn_high < whole:
        return "well"
    return "soon" if one.late and one.drawn > whole else ""


def _median(one: Rank, words: Translator) -> str:
    if not one.n:
        return "–"
    if one.median is None:
        return words.gettext("not reached")
    return format_duration(one.median, words.language, short=True)


def heat(found: Board, known: Catalogue, words: Translator, at: At) -> dict[str, object] | None:
    """The table of the offices next below by service: what share of each was answered in time."""
    services = [one for one in found.services if one in known.services]
    if not found.heat or not services:
        return None
    rows = []
    for office_id, every in found.below.items():
        office, by = known.offices[office_id], found.heat.get(office_id, {})
        whole = _cell(every, found.whole, words, address("/leadership", office=office.code, **at, service=""))
        cells = [
            _cell(
                by.get(service),
                found.by_service.get(service),
                words,
                address("/leadership", office=office.code, **at, service=known.services[service].code),
            )
            for service in services
        ]
        rows.append({"office": name_of(office, words.language), "cells": [whole, *cells], "url": whole["url"]})
    return {"services": [name_of(known.services[one], words.language) for one in services], "rows": rows}


def _cell(one: Tally | Reading | None, of_all: Reading | None, words: Translator, url: str) -> dict[str, object]:
    """One cell: n, the share in time, how dark it is (0 to 4 by share late), and whether it differs from all."""
    if one is None or not one.n:
        return {"n": 0, "text": "", "level": 0, "tone": "", "mark": "", "says": "", "url": ""}
    if one.due < FEW:
        return {"n": one.n, "text": "", "level": 0, "tone": "", "mark": "", "says": "", "url": url}
    late = one.failed / one.due
    low, high = wilson(late, one.due)
    whole = of_all.failed / of_all.due if of_all is not None and of_all.due else None
    tone = "" if whole is None else "late" if low > whole else "well" if high < whole else ""
    says = {
        "late": words.gettext("later than elsewhere"), "well": words.gettext("sooner than elsewhere"), "": ""
    }[tone]  # fmt: skip
    text = format_share(1 - late, words.language)
    return {
        "n": one.n,
        "text": text,
        "level": min(4, int(late * 5)),
        "tone": tone,
        "mark": MARKS[tone],
        "says": says,
        "url": url,
    }


def services(found: Board, known: Catalogue, words: Translator, at: At) -> list[dict[str, object]]:
    """Rows of the services of this office and all below it, most cases first."""
    office = known.offices[found.office_id]
    rows: list[dict[str, object]] = []
    for service_id in found.services:
        service, one = known.services.get(service_id), found.by_service[service_id]
        if service is None:
            continue
        silence = one.silence
        rows.append(
            {
                "service": name_of(service, words.language),
                "url": address("/leadership", office=office.code, service=service.code, **at),
                "n": silence.n,
                "silent": silence.silent_now,
                "late": silence.past_target,
                "median": figures.quantile(silence.median_seconds, silence.observed_seconds, silence.n, words),
                "in_time": format_share(1 - one.failed / one.due, words.language) if one.due >= FEW else "–",
            }
        )
    return rows


def coming(session: Session, found: Board, known: Catalogue, words: Translator) -> dict[str, object]:
    """How many more will be late by noon of the second working day, unless they are answered."""
    try:
        before = noon(known, found.as_of, "")
    except Misconfigured:  # without a calendar nothing is foretold, and what is known is shown all the same
        return {"number": 0, "text": ""}
    number = board.coming(session, known, found.office_id, before)
    text = words.ngettext(
        "Without an answer, one citizen more is past the target by %(time)s.",
        "Without answers, %(count)s citizens more are past their target by %(time)s.",
        number,
    ) % {
        "count": format_number(number, words.language),
        "time": format_datetime(before, words.language, settings().zone, "short"),
    }
    return {"number": number, "text": text}


def of_service(
    session: Session, who: Viewer, known: Catalogue, found: Board, service_id: UUID, words: Translator, at: At
) -> dict[str, object]:
    """One service at an office and all below it: its figures, and how the offices next below do with it."""
    service = known.services[service_id].code
    read = board.of_service(session, who, known, found, service_id)
    whole = read.pop(found.office_id, None)
    rows = []
    for office_id, one in read.items():
        office, silence = known.offices[office_id], one.silence
        cell = _cell(one, whole, words, address("/leadership", office=office.code, **at, service=service))
        rows.append(
            {
                "office": name_of(office, words.language),
                "url": cell["url"],
                "n": silence.n,
                "silent": silence.silent_now,
                "late": silence.past_target,
                "median": figures.quantile(silence.median_seconds, silence.observed_seconds, silence.n, words),
                "in_time": cell["text"] or "–",
                "tone": cell["tone"],
                "says": cell["says"],
            }
        )
    rows.sort(key=lambda row: (-int(str(row["late"])), -int(str(row["silent"])), str(row["office"])))
    top = known.offices[found.office_id].code
    return {
        "figures": tiles(session, who, known, whole, words, service_id) if whole else [],
        "rows": rows,
        "cases": kpi_view.search_url(f"office:{top} service:{service}"),
        "error": whole.error if whole else 0.0,
    }


def error_of(found: Board) -> float:
    """How far quantiles on the page may be off beside chance, as a share of them."""
    readings = [one for one in (found.whole, found.before, *found.by_service.values()) if one is not None]
    return max((one.error for one in readings), default=0.0)
