"""The arithmetic of trials against what is published, against scipy, and against chance."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from surveys.trial_maths import (
    Mean,
    Share,
    bounds,
    compare,
    holm,
    inflation,
    mean_power,
    mean_size,
    pooled_z,
    sequential_power,
    share_power,
    share_size,
    spent,
)

RUNS = 2_000


@pytest.mark.parametrize(
    ("base", "effect", "power", "n"),
    [
        (0.50, 0.25, 0.90, 77),  # R's manual of power.prop.test: 76.7
        (0.30, 0.10, 0.80, 356),  # R: power.prop.test(p1 = .3, p2 = .4, power = .8): 355.9
    ],
)
def test_how_many_for_a_share(base: float, effect: float, power: float, n: int) -> None:
    assert share_size(base, effect, 0.05, power) == n
    assert share_size(base + effect, -effect, 0.05, power) == n
    assert share_power(base, effect, 0.05, n) >= power > share_power(base, effect, 0.05, n - 2)


@pytest.mark.parametrize(
    ("spread", "effect", "power", "n"),
    [
        (1.0, 1.0, 0.90, 23),  # R's manual of power.t.test: 22.02
        (1.0, 0.5, 0.80, 64),  # Cohen 1988, table 2.4.1
        (1.0, 0.2, 0.80, 394),  # the same: 393.4
    ],
)
def test_how_many_for_a_mean(spread: float, effect: float, power: float, n: int) -> None:
    assert mean_size(spread, effect, 0.05, power) == n
    assert mean_power(spread, effect, 0.05, n - 1) < power


@pytest.mark.parametrize(("base", "effect"), [(0.9, 0.2), (0.3, 0.0), (-0.1, 0.2), (0.05, -0.1)])
def test_shares_that_are_none(base: float, effect: float) -> None:
    with pytest.raises(ValueError, match="Both shares"):
        share_size(base, effect, 0.05, 0.8)


@pytest.mark.parametrize(
    ("arm", "control", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10
        (Share(70, 56), Share(80, 48), 0.0524, 0.3339),
        (Share(10, 9), Share(10, 3), 0.1705, 0.8090),
        (Share(56, 5), Share(29, 0), -0.0381, 0.1926),
        (Share(10, 10), Share(10, 0), 0.6075, 1.0),
    ],
)
def test_the_interval_of_two_shares_as_published(arm: Share, control: Share, low: float, high: float) -> None:
    found = compare(arm, control)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.0001)


def test_the_difference_of_two_shares_is_tested_as_by_scipy() -> None:
    found = compare(Share(400, 140), Share(410, 110))
    table = [[140, 260], [110, 300]]
    assert found is not None
    assert found.p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    assert found.z == pytest.approx(math.sqrt(stats.chi2_contingency(table, correction=False).statistic))


def test_the_difference_of_two_means_is_welchs() -> None:
    dice = np.random.default_rng(4)
    one, other = dice.normal(3.6, 1.1, 80), dice.normal(3.2, 1.6, 31)
    welch = stats.ttest_ind(one, other, equal_var=False)
    interval = welch.confidence_interval(0.99)
    found = compare(
        Mean(80, float(one.mean()), float(one.var(ddof=1))),
        Mean(31, float(other.mean()), float(other.var(ddof=1))),
        0.01,
    )
    assert found is not None
    assert (found.low, found.high, found.p) == pytest.approx((interval.low, interval.high, welch.pvalue))
    assert found.z == pytest.approx(stats.norm.isf(welch.pvalue / 2))


@pytest.mark.parametrize(
    ("arm", "control"),
    [(Share(0, 0), Share(5, 2)), (Mean(1, 3.0, 0.0), Mean(9, 3.0, 1.0)), (Mean(4, 5.0, 0.0), Mean(4, 4.0, 0.0))],
)
def test_too_few_to_say(arm: Share | Mean, control: Share | Mean) -> None:
    assert compare(arm, control) is None


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 0.2))
@settings(max_examples=150)
def test_an_interval_holds_its_effect_and_turns_round(n: int, n0: int, p: float, p0: float, error: float) -> None:
    arm, control = Share(n, round(n * p)), Share(n0, round(n0 * p0))
    one, other = compare(arm, control, error), compare(control, arm, error)
    assert one is not None
    assert other is not None
    assert -1 <= one.low <= one.effect <= one.high <= 1
    assert (one.low, one.high, one.z) == pytest.approx((-other.high, -other.low, -other.z))


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=5))
def test_holm_never_finds_more(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= q <= 1 for p, q in zip(ps, adjusted, strict=True))
    in_order = [q for _, q in sorted(zip(ps, adjusted, strict=True))]
    assert in_order == sorted(in_order)


@pytest.mark.parametrize(
    ("looks", "alpha", "published"),
    [  # as ldbounds and Reboussin et al. 2000 (Controlled Clinical Trials 21:190) have them
        (1, 0.05, (1.9600,)),
        (2, 0.05, (2.9626, 1.9686)),
        (3, 0.05, (3.7103, 2.5114, 1.9930)),
        (4, 0.05, (4.3326, 2.9631, 2.3590, 2.0141)),
        (5, 0.05, (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
    ],
)
def test_bounds_as_published(looks: int, alpha: float, published: tuple[float, ...]) -> None:
    assert bounds(looks, alpha) == pytest.approx(published, abs=0.0006)


@pytest.mark.parametrize("looks", [1, 2, 3, 5])
def test_all_of_alpha_is_spent_and_the_power_kept(looks: int) -> None:
    assert spent(1.0, 0.05) == pytest.approx(0.05)
    assert 2 * sequential_power(bounds(looks, 0.05), 0.0) == pytest.approx(0.05, abs=1e-4)
    larger = inflation(looks, 0.05, 0.8)
    assert 1.0 <= larger < 1.04
    drift = (stats.norm.isf(0.025) + stats.norm.isf(0.2)) * math.sqrt(larger)
    assert sequential_power(bounds(looks, 0.05), drift) == pytest.approx(0.8, abs=1e-4)


def likely(share: float) -> tuple[int, int]:
    """Between which counts of `RUNS` a chance of `share` lies, but for one time in a thousand."""
    low, high = stats.binom.ppf([0.0005, 0.9995], RUNS, share)
    return int(low), int(high)


@pytest.mark.parametrize("looks", [1, 3, 5])
@pytest.mark.parametrize(("base", "lift", "chance"), [(0.20, 0.0, 0.05), (0.20, 0.03, 0.80)])
def test_a_trial_finds_nothing_where_nothing_is_and_what_it_was_planned_for(
    looks: int, base: float, lift: float, chance: float
) -> None:
    dice = np.random.default_rng(20261126 + looks)
    n = math.ceil(share_size(base, 0.03, 0.05, 0.80) * inflation(looks, 0.05, 0.80))
    steps = np.diff([0, *(round(n * look / looks) for look in range(1, looks + 1))])
    control = dice.binomial(steps, base, (RUNS, looks)).cumsum(axis=1)
    arm = dice.binomial(steps, base + lift, (RUNS, looks)).cumsum(axis=1)
    z = pooled_z(arm, steps.cumsum(), control, steps.cumsum())
    found = int((np.abs(z) >= np.array(bounds(looks, 0.05))).any(axis=1).sum())
    assert likely(chance)[0] <= found <= likely(chance)[1]
