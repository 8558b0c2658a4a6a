"""Weeks or months of a dashboard as a line with the band it usually stays in, and as a table. No query is made here."""

from collections.abc import Sequence

from core.i18n import DateStyle, Translator, format_datetime, format_duration, format_share
from core.settings import settings
from reports.board import Board
from reports.kpis import SMALL, usual_band
from reports.reading import Reading

HOUR = 3600
FEW = 10
"""Cases under which no share is told."""


def trend(found: Board, words: Translator, wanted: str) -> dict[str, object]:
    """A line of values, what is usual, and its table: the context of `trend_part.html`. `wanted`: median or in_time."""
    lang, monthly, median = words.language, found.until is not None, wanted == "median"
    first = next((at for at, (_, one) in enumerate(found.weeks) if one.silence.n), len(found.weeks))
    weeks = found.weeks[first:]
    values = [_hours(one) if median else _in_time(one) for _, one in weeks]
    band = _band(values, highest=None if median else 1.0)
    last = values[-1] if values else None
    now = "" if last is None else _written(last, words, median=median)
    outside = band is not None and last is not None and not band[0] <= last <= band[1]
    ends: list[str] = []
    if weeks:
        style: DateStyle = "month" if monthly else "date"
        ends = [format_datetime(weeks[at][0], lang, settings().zone, style) for at in (0, -1)]
    return {
        "values": values,
        "band": band,
        "usual": _usual(band, words, median=median),
        "first": ends[0] if ends else "",
        "last": ends[1] if ends else "",
        "now": now,
        "label": _label(now, outside, words, median=median, monthly=monthly),
        "outside": outside,
        "rows": [
            {
                "monday": monday,
                "n": one.silence.n,
                "value": "–" if value is None else _written(value, words, median=median),
                "small": one.silence.n < SMALL,
            }
            for (monday, one), value in zip(reversed(weeks), reversed(values), strict=True)
        ],
    }


def _band(values: Sequence[float | None], highest: float | None) -> tuple[float, float] | None:
    band = usual_band(values)
    return band if band is None or highest is None else (band[0], min(band[1], highest))


def _usual(band: tuple[float, float] | None, words: Translator, *, median: bool) -> str:
    """What is usual, in words; empty where that is not known."""
    if band is None:
        return ""
    low, high = (_written(one, words, median=median) for one in band)
    if low == high:
        return words.gettext("usual: %(value)s") % {"value": low}
    return words.gettext("usual: %(low)s to %(high)s") % {"low": low, "high": high}


def _label(now: str, outside: bool, words: Translator, *, median: bool, monthly: bool) -> str:
    """The drawing for who does not see it."""
    _ = words.gettext
    if median:
        told = (
            _("Median silence by month; %(value)s in the last one.")
            if monthly
            else _("Median silence by week; %(value)s in the last one.")
        )
    else:
        told = (
            _("Share answered in time by month; %(value)s of the last one.")
            if monthly
            else _("Share answered in time by week; %(value)s of the last one.")
        )
    return told % {"value": now or "–"} + (" " + _("That is outside its usual band.") if outside else "")


def _hours(one: Reading) -> float | None:
    return None if one.silence.median_seconds is None else one.silence.median_seconds / HOUR


def _in_time(one: Reading) -> float | None:
    return 1 - one.failed / one.due if one.due >= FEW else None


def _written(value: float, words: Translator, *, median: bool) -> str:
    if median:
        return format_duration(value * HOUR, words.language, short=True)
    return format_share(value, words.language)
