"""Times of day and public holidays as people write and know them, read once."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from core.errors import BadInput

Spans = tuple[tuple[int, int], ...]
"""Working spans of a day in seconds of its wall clock, in order, none touching the next."""

DAY = 86_400


def read_spans(name: str, day: str, spans: list[list[str]]) -> Spans:
    """The spans of one day of a calendar, merged where they touch. Raises BadInput naming the calendar and the day."""
    found: list[tuple[int, int]] = []
    for span in spans:
        if not isinstance(span, list | tuple) or len(span) != 2:
            raise wrong(name, f"{span!r} on {day} is no span", 'Write two times, such as ["08:00", "12:00"].')
        start, end = (_seconds(name, day, text) for text in span)
        end = end or DAY  # "00:00" at the end of a span is the midnight that ends the day
        if start >= end:
            raise wrong(name, f"the span {span[0]}–{span[1]} on {day} ends before it begins", "Split a night at 24:00.")
        found.append((start, end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _seconds(name: str, day: str, text: object) -> int:
    parts = text.split(":") if isinstance(text, str) else []
    if len(parts) in (2, 3) and all(part.isascii() and part.isdigit() and len(part) == 2 for part in parts):
        hours, minutes, seconds = (*map(int, parts), 0)[:3]
        total = hours * 3600 + minutes * 60 + seconds
        if minutes < 60 and seconds < 60 and total <= DAY:
            return total
    raise wrong(name, f"{text!r} on {day} is no time of day", "Write 08:00, 16:30:00, or 24:00 for midnight.")


def in_words(spans: Spans) -> str:
    """Spans as a person writes them: 08:00–12:00, 13:00–16:30."""
    return ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in spans)


def as_written(spans: Spans) -> list[list[str]]:
    """Spans as a calendar's row keeps them."""
    return [[_clock(start), _clock(end)] for start, end in spans]


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}" if rest else f"{hours:02}:{minutes:02}"


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> Mapping[date, str]:
    """Public holidays of a country ("AL") or a region of it ("DE-BY") in a year, each with its name.

    Raises BadInput for a country or region that is not known.
    """
    import holidays

    code, _, region = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=region or None, years=year, language="en_US")
    except NotImplementedError as error:  # what the library raises for a country it does not know
        raise BadInput(
            f"No public holidays are known for {country!r}.",
            mend="Use a two-letter country such as AL, or leave it empty and list the days yourself.",
        ) from error
    return MappingProxyType(dict(found))


def wrong(name: str, what: str, mend: str) -> BadInput:
    """What a calendar that cannot be used raises."""
    return BadInput(f"The calendar {name!r} cannot be used: {what}.", mend=mend)
