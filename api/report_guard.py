"""Telling programs from people without a puzzle: a trap, the time it took, where the form came from, links in the text.

One sign alone says little: a saved draft has lost its start, a partner's script is quick. With two of them, or the
trap, a person looks at it first (triage), and nobody is shown an error. Every report is stored, whatever this thinks.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from core.crypto import cipher, same

HASTE = 3.0
"""Seconds below which nobody has opened the form, written and sent."""
LINKS = 2
_LINK = re.compile(r"https?://|\[url|<a\s", re.IGNORECASE)


def start_of(form_id: str, now: datetime) -> str:
    """When a form was opened, sealed to that form."""
    second = str(int(now.timestamp()))
    return f"{second}.{_seal(form_id, second)}"


def _seal(form_id: str, second: str) -> str:
    return cipher().seal(f"report opened {form_id} {second}".encode())[:32]


def opened_at(started: str, form_id: str) -> int | None:
    """The second a form was opened at; None when the seal is missing or of another form."""
    second, _, seal = started.partition(".")
    return (
        int(second)
        if second.isascii() and second.isdigit() and len(second) < 12 and same(seal, _seal(form_id, second))
        else None
    )


def held(values: Mapping[str, str], started: str, form_id: str, now: datetime) -> str:
    """Why a person should look before an office does, in words for staff; empty for all that looks like people."""
    signs: list[str] = []
    worth = 0
    if values.get("website"):
        signs.append("a field that people do not see was filled in")
        worth += 2
    opened = opened_at(started, form_id)
    if opened is None:
        signs.append("it did not come from our page")
        worth += 1
    elif now.timestamp() - opened < HASTE:
        signs.append("it was written within seconds")
        worth += 1
    if len(_LINK.findall(values.get("text", ""))) >= LINKS:
        signs.append("it has several links")
        worth += 1
    return f"Perhaps sent by a program: {', '.join(signs)}." if worth >= 2 else ""
