"""Is a candidate worse than the model in use? Decided on messages that both were asked about.

For each message it is known whether the model in use was right and whether the candidate was. What counts is where they
differ. The interval of the difference is that of Agresti and Min (Statistics in Medicine 24, 2005, 729-740): half a
message is added to each of the four cells, then the usual interval of matched proportions at 95%.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

_Z = 1.96
ENOUGH = 100
"""Fewest messages that can show "not worse" overall: with fewer, even equal models leave more than `MARGIN` open."""
MARGIN = 0.02
"""A candidate that may be this much less often right is still called not worse, overall."""
ENOUGH_IN_LANGUAGE = 50
MARGIN_IN_LANGUAGE = 0.05
"""The same in one language, of which there are fewer messages."""


class Pair(NamedTuple):
    """One message: whether the first guess was right, and whether it would have gone to a wrong office unread."""

    language: str
    right_before: bool
    right_after: bool
    harm_before: bool = False
    harm_after: bool = False


class Standing(StrEnum):
    """How a candidate stands beside the model in use. `few`: too little to tell, but not shown worse."""

    not_worse = "not_worse"
    unclear = "unclear"
    few = "few"
    worse = "worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Shares right of the model in use and of the candidate, and the 95% interval of the candidate's advantage."""

    n: int
    before: float
    after: float
    low: float
    high: float
    standing: Standing


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole comparison: overall, in each language, and what would have gone wrong without anybody reading it."""

    standing: Standing
    overall: Comparison
    languages: dict[str, Comparison]
    harm: Comparison

    def as_json(self) -> dict[str, Any]:
        """Numbers rounded to four places, and the reasons in words."""
        found: dict[str, Any] = asdict(self)
        for part in (found["overall"], found["harm"], *found["languages"].values()):
            part.update({name: round(part[name], 4) for name in ("before", "after", "low", "high")})
        return {**found, "words": list(self.words)}

    @property
    def words(self) -> tuple[str, ...]:
        """Why, a sentence each: overall, then languages in which it is not plainly as good."""
        told = [_told("Overall", self.overall, MARGIN)]
        told += [
            _told(f"In {language}", one, MARGIN_IN_LANGUAGE)
            for language, one in self.languages.items()
            if one.standing not in (Standing.not_worse, Standing.few)
        ]
        few = [f"{language} ({one.n})" for language, one in self.languages.items() if one.standing is Standing.few]
        if few:
            told.append(f"Too few messages to judge by themselves: {', '.join(few)}.")
        if self.harm.standing is Standing.worse:
            told.append(
                f"It would send {self.harm.after:.1%} of messages to a wrong office unread, the model in use"
                f" {self.harm.before:.1%}."
            )
        return tuple(told)


def judge(pairs: Sequence[Pair]) -> Verdict:
    """Not worse where that holds overall and in each language with enough messages; worse where any of it is shown."""
    overall = _compare(pairs, _right, ENOUGH, MARGIN)
    harm = _compare(pairs, _harmless, ENOUGH, MARGIN)
    languages = {
        language: _compare(
            [pair for pair in pairs if pair.language == language], _right, ENOUGH_IN_LANGUAGE, MARGIN_IN_LANGUAGE
        )
        for language in sorted({pair.language for pair in pairs})
    }
    standings = {one.standing for one in languages.values()} | {overall.standing}
    if harm.standing is Standing.worse:
        standings.add(Standing.worse)
    if Standing.worse in standings:
        standing = Standing.worse
    elif overall.standing is Standing.few:
        standing = Standing.few
    else:
        standing = Standing.unclear if Standing.unclear in standings else Standing.not_worse
    # told as shares that went wrong, as a person would say it
    wrong = Comparison(harm.n, 1 - harm.before, 1 - harm.after, -harm.high, -harm.low, harm.standing)
    return Verdict(standing, overall, languages, wrong if pairs else harm)


def _right(pair: Pair) -> tuple[bool, bool]:
    return pair.right_before, pair.right_after


def _harmless(pair: Pair) -> tuple[bool, bool]:
    return not pair.harm_before, not pair.harm_after


def _compare(pairs: Sequence[Pair], of: Callable[[Pair], tuple[bool, bool]], enough: int, margin: float) -> Comparison:
    flags = [of(pair) for pair in pairs]
    n = len(flags)
    low, high = interval(
        n,
        lost=sum(before and not after for before, after in flags),
        won=sum(after and not before for before, after in flags),
    )
    if high < 0:
        standing = Standing.worse
    elif n < enough:
        standing = Standing.few
    else:
        standing = Standing.not_worse if low >= -margin else Standing.unclear
    shares = [sum(flag[side] for flag in flags) / n if n else 0.0 for side in (0, 1)]
    return Comparison(n, shares[0], shares[1], low, high, standing)


def interval(n: int, lost: int, won: int) -> tuple[float, float]:
    """95% interval of (won - lost) / n, of n pairs of which `lost` were right before only and `won` after only."""
    n_, lost_, won_ = n + 2, lost + 0.5, won + 0.5
    middle = (won_ - lost_) / n_
    spread = _Z * math.sqrt(lost_ + won_ - (won_ - lost_) ** 2 / n_) / n_
    return max(middle - spread, -1.0), min(middle + spread, 1.0)


def _told(where: str, one: Comparison, margin: float) -> str:
    if not one.n:
        return f"{where}: no message that both could be asked about."
    shown = (
        f"{where} the candidate is right in {one.after:.1%} and the model in use in {one.before:.1%} of {one.n}"
        f" messages; the difference lies between {one.low * 100:+.1f} and {one.high * 100:+.1f} points"
    )
    return {
        Standing.not_worse: f"{shown}: not worse.",
        Standing.worse: f"{shown}: worse.",
        Standing.few: f"{shown}: too few to be sure.",
        Standing.unclear: f"{shown}: it may be more than {margin * 100:.0f} points worse.",
    }[one.standing]
