"""Minutes laid out as parts of plain values: the page and the paper are both set from these."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.i18n import SOURCE_LANGUAGE, direction, format_datetime, format_number
from core.settings import settings
from domain.catalogue import Catalogue
from reviews.minutes import Addition, Minutes


@dataclass(frozen=True, slots=True)
class Part:
    """One heading. Each row has `text` (bold) with its `lang` and `dir`, `chain` (the whys), `lines` (term and words),
    `quiet`, and the case's `reference` and `url`, empty where there is none."""

    key: str
    title: str
    rows: list[dict[str, Any]]
    note: str = ""


def parts(known: Catalogue, minutes: Minutes, more: Sequence[Addition]) -> list[Part]:
    """The headings of minutes; none that has nothing under it, but always who was here."""
    found = [
        Part("here", "Who was here", [_row(", ".join(minutes.here))] if minutes.here else [_row("Nobody was marked.")]),
        Part(
            "decided",
            "Decided",
            [
                _row(
                    one.title,
                    language=one.language,
                    chain=one.whys,
                    lines=[("Cause", one.cause)] * bool(one.cause) + [("Decision", one.decision)],
                    reference=one.reference,
                )
                for one in minutes.decided
            ],
        ),
        Part(
            "given",
            "Who does what",
            [
                _row(one.what, quiet=f"{one.owner} · by {_day(one.due_on)}", reference=one.reference)
                for one in minutes.given
            ],
        ),
        Part(
            "raised",
            "Handed up",
            [
                _row(one.why, quiet=f"to {known.name(one.to_office_id)}", reference=one.reference)
                for one in minutes.raised
            ],
        ),
        Part(
            "checked",
            "Closed cases that were checked",
            [
                _row(
                    "Closed rightly" if one.sound else "Not closed rightly",
                    lines=[("Found", one.note)] * bool(one.note),
                    reference=one.reference,
                )
                for one in minutes.checked
            ],
            _drawn(minutes),
        ),
        Part(
            "settled",
            "Promised before, and settled",
            [
                _row(
                    one.what,
                    quiet=f"{one.owner} · {'done' if one.done else 'given up'}",
                    lines=[("Note", one.note)] * bool(one.note),
                )
                for one in minutes.settled
            ],
        ),
        Part(
            "left",
            "Promised before, and still to do",
            [
                _row(
                    one.what,
                    quiet=f"{one.owner} · was due {_day(one.due_on)} · promised in the review of {_day(one.week)}",
                    reference=one.reference,
                )
                for one in minutes.left
            ],
        ),
        Part("more", "Added later", [_row(one.words, quiet=f"{one.by} · {_moment(one.at)}") for one in more]),
    ]
    return [one for one in found if one.rows]


def heading(known: Catalogue, minutes: Minutes) -> dict[str, str]:
    """What stands above them."""
    day = _day(minutes.opened_at.astimezone(settings().zone).date())
    return {
        "office": known.name(minutes.office_id),
        "week": f"Week of {_day(minutes.week)}",
        "held": f"Held on {day}, {_time(minutes.opened_at)} to {_time(minutes.closed_at)}",
        "chair": f"In the chair: {minutes.chair}" if minutes.chair else "",
    }


def _drawn(minutes: Minutes) -> str:
    if not minutes.drawn:
        return ""
    return (
        f"{_number(len(minutes.checked))} of {_number(minutes.drawn)} that the lot drew from {_number(minutes.closed)} "
        f"closed ones; seed {minutes.seed}."
    )


def _row(
    text: str,
    *,
    language: str = SOURCE_LANGUAGE,
    chain: Sequence[str] = (),
    lines: Sequence[tuple[str, str]] = (),
    quiet: str = "",
    reference: str = "",
) -> dict[str, Any]:
    return {
        "text": text or "No words",
        "lang": language or SOURCE_LANGUAGE,
        "dir": direction(language or SOURCE_LANGUAGE),
        "chain": list(chain),
        "lines": [list(line) for line in lines],
        "quiet": quiet,
        "reference": reference,
        "url": f"{settings().site_url}/staff/cases/{reference}" if reference else "",
    }


def _day(day: date) -> str:
    return format_datetime(day, SOURCE_LANGUAGE, settings().zone, "date")


def _moment(at: datetime) -> str:
    return f"{_day(at.astimezone(settings().zone).date())}, {_time(at)}"


def _time(at: datetime) -> str:
    return format_datetime(at, SOURCE_LANGUAGE, settings().zone, "time")


def _number(value: float) -> str:
    return format_number(value, SOURCE_LANGUAGE)
