"""The Kaplan-Meier estimates against lifelines, on random silences of which most still run."""

import math
import warnings

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_times, restricted_mean_survival_time

from reports.survival import Quantile, estimate, mean

HOUR = 3600.0


def sample(seed: int) -> tuple[list[float], list[float]]:
    """Silences of 30 to 600 cases, skewed, in whole minutes so that many tie; 20 to 95 in 100 of them still run."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 600))
    waits = rng.lognormal(math.log(20 * HOUR), rng.uniform(0.5, 1.8), n) // 60 * 60
    censored = rng.random(n) < rng.uniform(0.2, 0.95)
    seen = np.where(censored, waits * rng.random(n) // 60 * 60, waits)
    return [float(one) for one in seen[~censored]], [float(one) for one in seen[censored]]


def theirs(table: object, share: float) -> float | None:
    value = float(qth_survival_times(share + 1e-9, table))
    return None if math.isinf(value) else value


@pytest.mark.parametrize("seed", range(30))
def test_quantiles_and_bands_agree(seed: int) -> None:
    answered, silent = sample(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter(alpha=0.05).fit(answered + silent, [1] * len(answered) + [0] * len(silent))
        band = fitter.confidence_interval_
        lower, upper = (band.iloc[:, [place]].fillna(1.0) for place in (0, 1))
        # where nobody is left waiting the log(-log) band has no upper line; R's survfit says so, lifelines writes 0
        upper = upper.mask(fitter.survival_function_.to_numpy() < 1e-12).ffill()
    ours = estimate(answered, silent)
    for share, found in ((0.5, ours.median), (0.1, ours.p90)):
        level = 1 - (1 - share)
        curve = fitter.survival_function_
        expected = Quantile(theirs(curve, level), theirs(lower, level), theirs(upper, level))
        assert found == expected, (share, len(answered), len(silent))
    for days in (1, 7, 30):
        area = mean(answered, silent, days * 24 * HOUR)
        assert area is not None
        assert area.seconds == pytest.approx(restricted_mean_survival_time(fitter, t=days * 24 * HOUR))


def test_the_interval_of_the_mean_holds_in_95_of_100() -> None:
    """Exponential silences, censored at random, restricted to twice their mean: the truth is 1 - exp(-2)."""
    rng, truth, held = np.random.default_rng(2), 1 - math.exp(-2.0), 0
    for _ in range(1000):
        waits, ends = rng.exponential(1, 80), rng.uniform(0, 4, 80)
        found = mean(list(waits[waits <= ends]), list(ends[waits > ends]), 2.0)
        assert found is not None
        held += abs(found.seconds - truth) < 1.96 * math.sqrt(found.variance)
    assert 920 <= held <= 970
