"""The registry in the browser: all figures of a scope and period, one of them split, and that as CSV."""

import csv
import io
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api import finding, kpi_view
from api.auth import SignedIn, Staffed
from api.kpi_scope import Asked, name_of_key, scope_of
from api.pages import choose_language, render
from api.words import CHANNELS, KINDS, TIERS
from core.database import database
from core.errors import BadInput, NotAllowed
from core.i18n import Translator, format_datetime, language_name, translator
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.states import CaseKind, Tier
from domain.visibility import Viewer
from reports.registry.figures import measure, readable, tellable, whole
from reports.registry.kpis import BY_NAME, KPIS, find
from reports.registry.scope import Scope
from reports.registry.values import Better, Dimension, Figure, Group, Kpi, Unit

router = APIRouter(include_in_schema=False)

READERS = frozenset({"head", "supervisor", "reviewer", "leadership", "admin", "auditor"})
SHOWN = 100
"""Parts of a split that a page shows; the CSV has all."""
NAMES = {
    Dimension.office: "Office by itself",
    Dimension.branch: "Office with all below it",
    Dimension.tier: "Tier",
    Dimension.service: "Service",
    Dimension.channel: "Channel",
    Dimension.language: "Language",
    Dimension.kind: "Kind",
    Dimension.week: "Week",
    Dimension.month: "Month",
}
COLUMNS = (
    "kpi", "by", "key", "name", "value", "unit", "low", "high", "beyond", "n", "since", "until", "as_of", "error",
    "not_shown", "rank", "drawn", "drawn_low", "drawn_high",
)  # fmt: skip


@router.get("/staff/kpis")
def show_kpis(request: Request, staff: Staffed, office: str = "", since: str = "", until: str = "") -> Response:
    """Every figure of what one may see, each with its definition and its cases."""
    words = translator(_may_read(request, staff))
    asked = Asked(office=office, since=since, until=until)
    with database().read() as session:
        known = catalogue(session)
        scope = scope_of(asked, known, staff.viewer, _now())
        kpis = [one for one in KPIS if readable(one, staff.viewer)]
        found = whole(session, scope, kpis)
    groups = [
        {
            "title": words.gettext(group.value),
            "figures": [
                {**kpi_view.told(found[one.name], words), "split": _address(one.name, asked, first_split(one))}
                for one in kpis
                if one.group is group
            ],
        }
        for group in Group
        if any(one.group is group for one in kpis)
    ]
    context = {
        **_choices(known, staff.viewer, scope, asked, words),
        "groups": groups,
        "now": scope.now,
    }
    return render(request, "staff/kpis.html", context)


def narrowed(
    office: str = "",
    tier: str = "",
    service: str = "",
    channel: str = "",
    language: str = "",
    kind: str = "",
    since: str = "",
    until: str = "",
) -> Asked:
    """What a figure is narrowed to, as its address says it."""
    return Asked(office, True, tier, service, channel, language, kind, since, until)


Narrowed = Annotated[Asked, Depends(narrowed)]


@router.get("/staff/kpis/{kpi}.csv")
def save_kpi(request: Request, staff: Staffed, asked: Narrowed, kpi: str, by: str = "") -> Response:
    """The figure and all its parts for a spreadsheet."""
    chosen, _, total, parts, known = _read(request, staff, kpi, asked, by)
    split = _dimension(by, chosen)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one, of in ((total, None), *((part, split) for part in parts)):
        writer.writerow(_line(one, of, known))
    headers = {"Content-Disposition": f'attachment; filename="{chosen.name}.csv"', "Cache-Control": "no-store"}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/staff/kpis/{kpi}")
def show_kpi(request: Request, staff: Staffed, asked: Narrowed, kpi: str, by: str = "") -> Response:
    """One figure, split by what it may be split by, in order of what must be looked at first."""
    words = translator(choose_language(request, staff)[0])
    chosen, scope, total, parts, known = _read(request, staff, kpi, asked, by)
    split = _dimension(by, chosen)
    context = {
        **_choices(known, staff.viewer, scope, asked, words),
        "kpi": chosen.name,
        "figure": kpi_view.told(total, words),
        "by": split.value if split else "",
        "by_name": words.gettext(NAMES[split]) if split else "",
        "splits": [
            {"code": one.value, "name": words.gettext(name)}
            for one, name in NAMES.items()
            if one in chosen.splits and tellable(chosen, scope, one)
        ],
        "narrowed": {
            "tier": asked.tier, "service": asked.service, "channel": asked.channel, "language": asked.language,
            "kind": asked.kind,
        },
        "tiers": [one.value for one in Tier] if Dimension.tier in chosen.splits else [],
        "kinds": [one.value for one in CaseKind] if Dimension.kind in chosen.splits else [],
        "services": _services(known, words) if Dimension.service in chosen.splits else [],
        "rows": _rows(parts[:SHOWN], total, split, known, words),
        "more": max(0, len(parts) - SHOWN),
        "scale": _scale(parts, total),
        "middle": total.value,
        "ranked": any(one.rank for one in parts),
        "order": words.gettext(BY_NAME[chosen.rank_by].title) if chosen.rank_by else "",
        "drawn": any(one.drawn for one in parts),
        "csv": _address(f"{chosen.name}.csv", asked, split),
    }  # fmt: skip
    return render(request, "staff/kpi.html", context)


def first_split(kpi: Kpi) -> Dimension | None:
    """What a figure is split by where nobody chose: the offices below."""
    return Dimension.branch if Dimension.branch in kpi.splits else None


def _now() -> datetime:
    return datetime.now(UTC)


def _may_read(request: Request, staff: SignedIn) -> str:
    if not READERS & staff.roles:
        raise NotAllowed(
            "These figures are for heads, reviewers and leadership.", mend="Your own are at /staff/kpis/officers."
        )
    return choose_language(request, staff)[0]


def _read(
    request: Request, staff: SignedIn, name: str, asked: Asked, by: str
) -> tuple[Kpi, Scope, Figure, Sequence[Figure], Catalogue]:
    _may_read(request, staff)
    kpi = find(name)
    split = _dimension(by, kpi)
    with database().read() as session:
        known = catalogue(session)
        scope = scope_of(asked, known, staff.viewer, _now())
        (total,) = measure(session, scope, [kpi])[kpi.name]
        parts = measure(session, scope, [kpi], split)[kpi.name] if split else []
    return kpi, scope, total, parts, known


def _dimension(by: str, kpi: Kpi) -> Dimension | None:
    if not by:
        return None
    if by in NAMES and Dimension(by) in kpi.splits:
        return Dimension(by)
    raise BadInput(f"{kpi.title} cannot be split by that.", mend="Choose one of the list.")


def _address(name: str, asked: Asked, split: Dimension | None) -> str:
    given = {
        "office": asked.office, "tier": asked.tier, "service": asked.service, "channel": asked.channel,
        "language": asked.language, "kind": asked.kind, "by": split.value if split else "", "since": asked.since,
        "until": asked.until,
    }  # fmt: skip
    query = urlencode({key: value for key, value in given.items() if value})
    return f"/staff/kpis/{name}" + (f"?{query}" if query else "")


def _choices(known: Catalogue, who: Viewer, scope: Scope, asked: Asked, words: Translator) -> dict[str, object]:
    """What both pages choose from and say of what they are about."""
    zone = settings().zone
    chosen = known.offices[scope.office_id] if scope.office_id else None
    mine = [one for one in known.offices.values() if one.active and (who.offices is None or one.id in who.offices)]
    options = [{"code": one.code, "name": name_of(one, words.language)} for one in mine]
    home = who.home & who.offices if who.offices is not None else frozenset()
    return {
        "scope": (
            name_of(chosen, words.language)
            if chosen
            else ", ".join(sorted(known.name(one, words.language) for one in home)) or settings().government
        ),
        "office": chosen.code if chosen else "",
        "offices": sorted(options, key=lambda one: one["name"]) if len(mine) <= finding.OFFERED else [],
        "many": len(mine) > finding.OFFERED,
        "since": scope.since.astimezone(zone).date().isoformat(),
        "until": asked.until[:10],
        "as_of": scope.now,
    }


def _services(known: Catalogue, words: Translator) -> list[dict[str, str]]:
    found = [{"code": one.code, "name": name_of(one, words.language)} for one in known.service_by_code.values()]
    return sorted(found, key=lambda one: one["name"])


def _scale(parts: Sequence[Figure], total: Figure) -> float:
    """The end of the scale of intervals: the largest value with room for its interval, and tenths of a share."""
    if total.kpi.unit is Unit.rating:
        return 5.0
    ends = [one.high if one.high is not None else one.value for one in parts if one.value is not None]
    largest = max((one for one in ends if one is not None), default=0.0)
    if total.kpi.unit is Unit.share:
        return 1.0 if largest > 0.5 else max(0.1, math.ceil(largest * 10) / 10)
    middles = sorted(one.value for one in parts if one.value is not None)
    usual = middles[len(middles) // 2] if middles else 0.0
    return min(largest, 6 * usual) or largest or 1.0


def _rows(
    parts: Sequence[Figure], total: Figure, split: Dimension | None, known: Catalogue, words: Translator
) -> list[dict[str, object]]:
    kpi = total.kpi
    rows: list[dict[str, object]] = []
    for one in parts:
        low = one.low if one.low is not None else one.value
        open_above = one.high is None and one.low is not None
        rows.append(
            {
                "name": named(one.key, split, known, words),
                "key": one.key,
                "value": kpi_view.value(one, words),
                "why": kpi_view.why(one, words),
                "n": one.n,
                "small": one.small,
                "url": kpi_view.cases_url(one) if kpi.counts else "",
                "rank": one.rank,
                "at": one.value,
                "low": low,
                "high": float("inf") if open_above else one.high if one.high is not None else one.value,
                "interval": kpi_view.interval(one, words),
                "drawn": kpi_view.written(kpi, one.drawn.value, words) if one.drawn else "",
                "tone": tone(one, total.value),
            }
        )
    return rows


def named(key: str, by: Dimension | None, known: Catalogue, words: Translator) -> str:
    """The name of a part as a reader calls it."""
    lang, zone = words.language, settings().zone
    match by:
        case Dimension.tier:
            return words.gettext(TIERS.get(key, key))
        case Dimension.channel:
            return words.gettext(CHANNELS.get(key, key))
        case Dimension.kind:
            return words.gettext(KINDS.get(key, key))
        case Dimension.language:
            return language_name(key)
        case Dimension.week:
            return format_datetime(date.fromisoformat(key), lang, zone, "date")
        case Dimension.month:
            return format_datetime(date.fromisoformat(f"{key}-01"), lang, zone, "month")
        case _:
            return name_of_key(key, by, known, lang, {})


def tone(one: Figure, middle: float | None) -> str:
    """Late where the drawn value is worse than that of all beyond chance, well where it is better; else nothing."""
    if one.drawn is None or one.kpi.better is Better.neither or middle is None:
        return ""
    below, above = one.drawn.high < middle, one.drawn.low > middle
    worse, better = (above, below) if one.kpi.better is Better.low else (below, above)
    return "late" if worse else "well" if better else ""


def _line(one: Figure, by: Dimension | None, known: Catalogue) -> list[object]:
    drawn = one.drawn
    return [
        one.kpi.name, by.value if by else "", one.key, name_of_key(one.key, by, known, "en", {}) if by else "",
        _plain(one.value), one.kpi.unit.value, _plain(one.low), _plain(one.high), _plain(one.beyond), one.n,
        *(at.isoformat(timespec="seconds") for at in (one.since, one.until, one.as_of)), one.error,
        one.hidden.value if one.hidden else "", one.rank or "",
        *((_plain(drawn.value), _plain(drawn.low), _plain(drawn.high)) if drawn else ("", "", "")),
    ]  # fmt: skip


def _plain(number: float | None) -> object:
    return "" if number is None else round(number, 6)
