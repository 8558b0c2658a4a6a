"""A ladder as one cell: `50% officer; 100% head by email+sms; 72h elapsed leadership citizen`. Pure.

A step is its amount, in percent of the target or in hours of work (`h`, or `h elapsed` by day and night), whom it
tells, by what (`none` for in the program alone; left out, by e-mail), and `citizen` where the citizen hears of it.
"""

import re
from collections.abc import Iterable, Mapping

from cases.policy_form import Rung
from cases.sheets.csvs import Unusable
from cases.step_form import USUAL, WAYS, way_of
from escalation.ladder import ELAPSED, SHARE, TELLS, WORKING

_STEP = re.compile(
    r"(?P<amount>\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)\s*(?P<unit>%|h)(?P<elapsed>\s+elapsed)?\s+(?P<tell>[a-z_]+)"
    r"(?:\s+by\s+(?P<by>[a-z+]+))?(?P<citizen>\s+citizen)?"
)


def text_of(steps: Iterable[Mapping[str, object]]) -> str:
    """A policy's steps as its cell has them."""
    return "; ".join(map(_text, steps))


def _text(step: Mapping[str, object]) -> str:
    if "hours" in step:
        amount = f"{step['hours']:g}h" + (" elapsed" if step.get("of", WORKING) == ELAPSED else "")
    else:
        share = step.get("share")
        amount = f"{share * 100:g}%" if isinstance(share, int | float) else ""
    way, heard = way_of(step), step.get("citizen") is True
    return f"{amount} {step['tell']}{f' by {way}' if way != USUAL else ''}{' citizen' if heard else ''}"


def read(cell: str, kept: Iterable[Mapping[str, object]] = ()) -> tuple[Rung, ...]:
    """A cell as the form has its steps. What is written as in `kept`, the ladder before, says no more than that one.

    Raises Unusable, naming the step.
    """
    before = [_text(step) for step in kept]
    found = []
    for place, part in enumerate(one.strip() for one in cell.split(";") if one.strip()):
        step = _STEP.fullmatch(part)
        if step is None or (step["elapsed"] and step["unit"] == "%"):
            raise Unusable(f"ladder: {part!r} is no step; write such as 50% officer, or 24h elapsed head by email+sms")
        if step["tell"] not in TELLS:
            raise Unusable(f"ladder: {step['tell']!r} is nobody to tell; use one of {', '.join(TELLS)}")
        if step["by"] and step["by"] not in WAYS:
            raise Unusable(f"ladder: by {step['by']!r} is not known; use one of {', '.join(WAYS)}")
        measure = SHARE if step["unit"] == "%" else ELAPSED if step["elapsed"] else WORKING
        same = place < len(before) and before[place] == part
        by = None if same else step["by"] or USUAL
        found.append(Rung(step["amount"], measure, step["tell"], by, bool(step["citizen"])))
    return tuple(found)
