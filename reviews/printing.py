"""Packs and minutes on paper, set by Typst."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from importlib import resources
from typing import Any

from core.i18n import SOURCE_LANGUAGE, format_datetime
from core.settings import settings
from core.typeset import missing, named, pdf
from domain.catalogue import Catalogue
from reviews.layout import blocks, figures
from reviews.minutes import Addition, Minutes
from reviews.minutes_layout import heading, parts
from reviews.snapshot import Body

FEW = 12
"""Up to so many cases each gets lines to write on."""
GAP = "[…]"
"""Stands for letters that no font of this machine has."""
_VARIATION = re.compile("[\ufe00-\ufe0f]")


def pack(known: Catalogue, body: Body, today: date) -> bytes:
    """A pack as a PDF on A4."""
    zone = settings().zone
    return _set(
        "pack.typ",
        {
            "government": settings().government,
            "office": known.name(body.office_id),
            "title": "Weekly review",
            "week": f"Week of {format_datetime(body.week, SOURCE_LANGUAGE, zone, 'date')}",
            "made": f"As things stood on {format_datetime(body.at, SOURCE_LANGUAGE, zone, 'long')}",
            "figures": figures(body),
            "blocks": [asdict(one) for one in blocks(known, body, today)],
            "lines": len(body.cases) <= FEW,
            "empty": "Nothing came in and nothing is left over.",
        },
    )


def minutes(known: Catalogue, kept: Minutes, more: Sequence[Addition]) -> bytes:
    """Minutes as a PDF on A4, with what was added later."""
    values = {
        "government": settings().government,
        "head": heading(known, kept),
        "parts": [asdict(one) for one in parts(known, kept, more)],
    }
    return _set("minutes.typ", values)


def _set(template: str, values: Mapping[str, Any]) -> bytes:
    """Values as a PDF; what cannot be printed is left out of citizens' words and told of at the end."""
    lacking = missing("".join(_texts(values)))
    gaps = ""
    if lacking:
        values = _without(values, re.compile(f"[{re.escape(''.join(lacking))}]+"))
        letters = [one for one in lacking if unicodedata.category(one)[0] in "LM"]
        scripts = named(letters).partition(" (")[0] if letters else "signs"
        gaps = f"{GAP} stands for what this machine has no font for: {scripts}. It can be read on the page."
    return pdf(resources.files("reviews") / "paper" / template, {**values, "gaps": gaps})


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [text for one in inner for text in _texts(one)]


def _without(value: Any, lacking: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return lacking.sub(GAP, _VARIATION.sub("", value))
    if isinstance(value, Mapping):
        return {key: _without(inner, lacking) for key, inner in value.items()}
    return [_without(inner, lacking) for inner in value] if isinstance(value, list | tuple) else value
