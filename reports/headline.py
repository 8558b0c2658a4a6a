"""The figures in one or two plain sentences that claim no more than they hold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.i18n import Translator, format_duration, format_number, translator
from reports.kpis import Silence

MOST = 0.5
FEW_OFFICES = 3
WORTH_NAMING = 5
"""Fewer waiting people than this are counted, not attributed."""


@dataclass(frozen=True, slots=True)
class Named:
    """Who waits at an office, under the name it is shown by: how many, and how many of them past their target."""

    name: str
    silent_now: int
    past_target: int


def headline(
    current: Silence, before: Silence | None, offices: Sequence[Named], language: str, *, over: bool = False
) -> str:
    """How long citizens wait, whether that changed, and who makes up most of it; `over`: of a time that is over.

    `before` is the period before, as it stood when it ended; None says nothing of a change. With few cases it counts
    people instead of estimating; a change is only told where the two intervals leave no doubt that there is one.
    """
    return " ".join(
        filter(None, (_wait(current, before, translator(language), over), _where(current, offices, language)))
    )


def _wait(current: Silence, before: Silence | None, words: Translator, over: bool) -> str:
    _, lang = words.gettext, words.language
    if current.n == 0:
        return _nobody(current, words)
    if current.small:
        return _few(current, words)
    if current.median_seconds is None:
        time = format_duration(current.observed_seconds, lang, short=True)
        told = (
            _("Half of all citizens waited longer than %(time)s for an answer; how much longer is not known yet.")
            if over
            else _("Half of all citizens wait longer than %(time)s for an answer; how much longer is not known yet.")
        )
        return told % {"time": time}
    time = format_duration(current.median_seconds, lang, short=True)
    if over:
        return _("Half of all citizens waited %(time)s or more for an answer.") % {"time": time}
    change = difference(current, before)
    if change is None:
        return _("Half of all citizens now wait %(time)s or more for an answer.") % {"time": time}
    if change == 0:
        return _("Half of all citizens wait %(time)s or more for an answer, about as long as before.") % {"time": time}
    values = {"time": time, "change": format_duration(abs(change), lang, short=True)}
    if change > 0:
        return (
            _("Half of all citizens now wait %(time)s or more for an answer, %(change)s longer than before.") % values
        )
    return _("Half of all citizens now wait %(time)s or more for an answer, %(change)s less than before.") % values


def _nobody(current: Silence, words: Translator) -> str:
    """Of a time in which nobody wrote."""
    _, waiting = words.gettext, current.silent_now
    if not waiting:
        return _("Nobody wrote in this time, and nobody is waiting for an answer.")
    longest = format_duration(current.longest_seconds or 0, words.language)
    if waiting == 1:
        return _("Nobody wrote in this time, and one citizen from before still waits, for %(time)s now.") % {
            "time": longest
        }
    return words.ngettext(
        "Nobody wrote in this time, and %(count)s citizen from before still waits, the longest for %(time)s.",
        "Nobody wrote in this time, and %(count)s citizens from before still wait, the longest for %(time)s.",
        waiting,
    ) % {"count": format_number(waiting, words.language), "time": longest}


def _few(current: Silence, words: Translator) -> str:
    """Of so few that an estimate means nothing. One is told by itself: in some languages 21 takes the same form."""
    _, waiting = words.gettext, current.n - current.answered
    if current.n == 1:
        if waiting:
            return _("One citizen wrote and has no answer so far.")
        return _("One citizen wrote and has an answer.")
    values = {"count": format_number(current.n, words.language), "waiting": format_number(waiting, words.language)}
    if not waiting:
        return (
            words.ngettext(
                "%(count)s citizen wrote; all have an answer.",
                "%(count)s citizens wrote; all have an answer.",
                current.n,
            )
            % values
        )
    return (
        words.ngettext(
            "%(count)s citizen wrote; %(waiting)s of them have no answer so far.",
            "%(count)s citizens wrote; %(waiting)s of them have no answer so far.",
            current.n,
        )
        % values
    )


def difference(current: Silence, before: Silence | None) -> float | None:
    """Seconds by which the median changed: 0 where the intervals leave room for chance, None where nothing is known."""
    if before is None or before.small or current.small:
        return None
    if before.median_seconds is None or current.median_seconds is None:
        return None
    change = current.median_seconds - before.median_seconds
    spread = math.hypot(_towards(current, up=change < 0), _towards(before, up=change > 0))
    return change if abs(change) > spread and abs(change) >= 60 else 0.0


def _towards(one: Silence, *, up: bool) -> float:
    """Width of the interval on the side where the other median lies; without end where that side is open."""
    value, bound = one.median_seconds or 0.0, one.median_high if up else one.median_low
    return math.inf if bound is None else abs(bound - value)


def _where(current: Silence, offices: Sequence[Named], language: str) -> str:
    """The few offices that make up most of those who wait past their target, or else of those who wait."""
    late = current.past_target >= WORTH_NAMING
    total = current.past_target if late else current.silent_now
    if total < WORTH_NAMING:
        return ""
    counted = [(one.past_target if late else one.silent_now, one.name) for one in offices]
    ranked = sorted((pair for pair in counted if pair[0]), key=lambda pair: (-pair[0], pair[1]))
    few, share = 0, 0
    while few < len(ranked) and share <= MOST * total:
        share += ranked[few][0]
        few += 1
    # two of three offices making up most of it says nothing about these two
    if not 0 < few <= FEW_OFFICES or len(ranked) <= 2 * few:
        return ""
    texts = translator(language)
    values = {
        "count": format_number(share, language),
        "total": format_number(total, language),
        "names": "; ".join(name for _, name in ranked[:few]),
    }
    if late:
        return (
            texts.ngettext(
                "One office has %(count)s of the %(total)s who wait past their target: %(names)s.",
                "A few offices have %(count)s of the %(total)s who wait past their target: %(names)s.",
                few,
            )
            % values
        )
    return (
        texts.ngettext(
            "One office has %(count)s of the %(total)s who wait: %(names)s.",
            "A few offices have %(count)s of the %(total)s who wait: %(names)s.",
            few,
        )
        % values
    )
