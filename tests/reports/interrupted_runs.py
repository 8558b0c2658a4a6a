"""Made-up weeks to judge the estimate by: `python -m tests.reports.interrupted_runs 500` prints how often it is right.

Counts are Poisson around a mean that wanders: its logarithm is autocorrelated noise, of which a comparison series has
the same. What is planted is known, so that errors can be counted.
"""

import sys
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from reports.interrupted import YEAR, Change, Series, estimate

LEAD = 4


@dataclass(frozen=True, slots=True)
class Setting:
    """A world: weeks before and after, complaints a week, noise (spread of the logarithm and its autocorrelation), what
    the action does (0.7: three in ten fewer), a trend and a wave a year; how many complaints elsewhere a week (0:
    none), which share the noise; and whether the action is taken because of a peak."""

    before: int = 26
    after: int = 13
    mean: float = 12.0
    spread: float = 0.0
    correlation: float = 0.0
    effect: float = 1.0
    trend: float = 0.0
    wave: float = 0.0
    elsewhere: float = 0.0
    at_peak: bool = False
    lead: int = LEAD


def weeks(setting: Setting, dice: np.random.Generator) -> Series:
    """One history of that world."""
    length = setting.before + setting.lead + setting.after
    spare = 30 if setting.at_peak else 0
    noise = _noise(setting, length + spare, dice)
    time = np.arange(length + spare) - setting.before - setting.lead - spare
    usual = setting.mean * np.exp(noise + setting.trend * time / YEAR + setting.wave * np.sin(2 * np.pi * time / YEAR))
    counts = dice.poisson(usual)
    start = spare
    if setting.at_peak:  # decided when the last two weeks are the worst of all that could have been waited for
        ends = [setting.before + setting.lead + first for first in range(spare + 1)]
        start = max(range(spare + 1), key=lambda first: int(counts[ends[first] - 2 : ends[first]].sum()))
    counts, usual = counts[start : start + length], usual[start : start + length]
    place = setting.before + setting.lead
    counts = np.concatenate([counts[:place], dice.poisson(usual[place:] * setting.effect)])
    other = dice.poisson(usual / setting.mean * setting.elsewhere) if setting.elsewhere else None
    return Series(
        counts=[int(one) for one in counts],
        before=setting.before,
        after=place,
        other=None if other is None else [int(one) for one in other],
    )


def _noise(setting: Setting, length: int, dice: np.random.Generator) -> np.ndarray:
    found = np.zeros(length)
    fresh = dice.normal(size=length) * setting.spread
    for week in range(length):
        before = found[week - 1] if week else fresh[0]
        found[week] = setting.correlation * before + np.sqrt(1 - setting.correlation**2) * fresh[week]
    return found - setting.spread**2 / 2


@dataclass(frozen=True, slots=True)
class Tally:
    """Shares of the runs: called a fall, called a rise, interval that holds the truth; the median of what was told."""

    runs: int
    fell: float
    rose: float
    covered: float
    middle: float

    @property
    def called(self) -> float:
        """Called a change of either kind."""
        return self.fell + self.rose


def tally(setting: Setting, runs: int, seed: int) -> Tally:
    """What is told of so many histories of a world."""
    dice = np.random.default_rng(seed)
    found = [estimate(weeks(setting, dice), lead=setting.lead) for _ in range(runs)]
    told = [one for one in found if isinstance(one, Change)]
    number = len(told)
    truth = setting.effect - 1
    return Tally(
        number,
        sum(one.fell for one in told) / number,
        sum(one.rose for one in told) / number,
        sum(one.low <= truth <= one.high for one in told) / number,
        float(np.median([one.change for one in told])),
    )


NOISES = ((0.0, 0.0), (0.3, 0.0), (0.3, 0.3), (0.3, 0.6))
LENGTHS = ((16, 8), (26, 13), (52, 26), (104, 52))


def main(runs: int) -> None:
    """Print every world that docs/methods.md tells of."""
    base = Setting()
    worlds = {
        f"{before}+{after} weeks, {mean:g} a week, noise {spread:g}/{correlation:g}, {effect:g}": replace(
            base, before=before, after=after, mean=mean, spread=spread, correlation=correlation, effect=effect
        )
        for effect, (before, after), mean, (spread, correlation) in product((1.0, 0.7), LENGTHS, (2, 12, 40), NOISES)
    }
    worlds |= {
        f"comparison, {before}+{after} weeks, noise 0.3/0.6, {effect:g}": replace(
            base, before=before, after=after, spread=0.3, correlation=0.6, elsewhere=60.0, effect=effect
        )
        for effect, (before, after) in product((1.0, 0.7), LENGTHS)
    }
    worlds |= {
        f"at a peak, lead {lead}, noise 0.3/{correlation:g}": replace(
            base, spread=0.3, correlation=correlation, at_peak=True, lead=lead
        )
        for lead, correlation in product((0, LEAD), (0.0, 0.3, 0.6))
    }
    worlds |= {
        f"wave of {wave:g}, {before}+{after}": replace(base, wave=wave, before=before, after=after)
        for wave, (before, after) in product((0.2,), LENGTHS)
    }
    worlds |= {"trend of 0.5 a year": replace(base, trend=0.5, before=52, after=26)}
    for seed, (name, setting) in enumerate(worlds.items()):
        one = tally(setting, runs, seed)
        print(  # noqa: T201
            f"{name:58} fell {one.fell:.3f} rose {one.rose:.3f} covered {one.covered:.3f} middle {one.middle:+.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
