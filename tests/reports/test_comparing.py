"""Drawing offices together, and the funnel: against published figures and against chance."""

import math

import numpy
import pytest
from scipy.stats import binom

from reports.funnel import Where, exact, funnel, limits, overdispersion
from reports.shrinkage import beta_of, between_offices, means, shares


def test_drawn_together_is_nearer_the_truth_and_holds_it() -> None:
    chance = numpy.random.default_rng(3)
    raw_error = drawn_error = held = 0.0
    for _ in range(200):
        truth = chance.normal(3.6, 0.3, 25)
        within = 1.2 / chance.integers(5, 120, 25)
        raw = chance.normal(truth, numpy.sqrt(within))
        found = means(raw.tolist(), within.tolist())
        assert found is not None
        raw_error += float(((raw - truth) ** 2).sum())
        drawn_error += sum((one.value - true) ** 2 for one, true in zip(found, truth, strict=True))
        held += sum(one.low <= true <= one.high for one, true in zip(found, truth, strict=True))
    assert drawn_error < 0.75 * raw_error
    assert 0.92 <= held / (200 * 25) <= 0.98


def test_shares_drawn_together_are_nearer_the_truth() -> None:
    chance = numpy.random.default_rng(5)
    raw_error = drawn_error = held = 0.0
    for _ in range(40):
        truth = chance.beta(8, 4, 30)
        n = chance.integers(5, 150, 30)
        count = chance.binomial(n, truth)
        found = shares(count.tolist(), n.tolist())
        assert found is not None
        raw_error += float(((count / n - truth) ** 2).sum())
        drawn_error += sum((one.value - true) ** 2 for one, true in zip(found, truth, strict=True))
        held += sum(one.low <= true <= one.high for one, true in zip(found, truth, strict=True))
    assert drawn_error < 0.75 * raw_error
    assert 0.92 <= held / (40 * 30) <= 0.98


def test_the_spread_of_offices_is_found_again() -> None:
    chance = numpy.random.default_rng(7)
    a, b = beta_of(chance.binomial(200, chance.beta(6, 14, 400)).tolist(), [200] * 400)
    assert a / (a + b) == pytest.approx(0.3, abs=0.02)
    assert a + b == pytest.approx(20, rel=0.25)
    assert between_offices([3.0, 3.0, 3.1, 2.9], [0.2] * 4) == 0.0
    raw = chance.normal(0, 1.5, 500)
    assert between_offices(raw.tolist(), [1.25] * 500) == pytest.approx(1.0, abs=0.25)


def test_offices_that_do_not_differ_are_all_alike_and_few_are_left_alone() -> None:
    found = means([3.0, 3.4, 2.9, 3.2, 3.3], [0.2] * 5)
    assert found is not None
    assert max(one.value for one in found) - min(one.value for one in found) < 0.3
    assert all(one.own <= 0.5 for one in found)
    assert means([3.0, 4.0, 2.0], [0.1] * 3) is None
    assert shares([3, 4, 2, 0], [5, 5, 5, 0]) is None


@pytest.mark.parametrize("n", [12, 60, 400])
@pytest.mark.parametrize("centre", [0.1, 0.62])
def test_limits_are_exact_between_whole_counts(centre: float, n: int) -> None:
    for point in (0.001, 0.025, 0.975, 0.999):
        at = exact(centre, [n], point)[0] * n
        assert float(binom.cdf(math.ceil(at), n, centre)) >= point - 1e-9
        assert float(binom.cdf(math.floor(at) - 1, n, centre)) <= point + 1e-9


def test_limits_are_the_normal_ones_for_many_and_wider_where_offices_differ() -> None:
    (at,) = limits(0.3, [100_000])
    assert (at.low, at.high) == pytest.approx((0.3 - 1.96 * 0.00145, 0.3 + 1.96 * 0.00145), abs=0.00002)
    (wide,), (plain,) = limits(0.3, [200], 1.5), limits(0.3, [200])
    assert wide.high - 0.3 == pytest.approx(1.5 * (plain.high - 0.3))
    assert wide.lowest < wide.low < 0.3 < wide.high < wide.highest


def test_honest_offices_stay_inside_and_the_odd_one_is_seen() -> None:
    chance = numpy.random.default_rng(9)
    outside = alarms = 0
    for _ in range(40):
        n = chance.integers(20, 300, 50)
        count = chance.binomial(n, 0.7)
        found = funnel((count / n).tolist(), n.tolist(), points=2)
        assert found is not None
        outside += sum(place is not Where.inside for place in found.places)
        alarms += sum(place is Where.alarm for place in found.places)
    assert 0.025 <= outside / 2000 <= 0.075
    assert alarms / 2000 <= 0.01
    shares_of = [0.7, 0.72, 0.69, 0.71, 0.70, 0.68, 0.4]
    seen = funnel(shares_of, [200.0] * 7)
    assert seen is not None
    assert seen.places[-1] is Where.alarm
    assert [at.n for at in seen.curve] == sorted({at.n for at in seen.curve})


def test_offices_that_all_differ_widen_the_funnel_by_as_much() -> None:
    chance = numpy.random.default_rng(13)
    n = numpy.full(60, 150)
    count = chance.binomial(n, chance.beta(14, 6, 60))
    assert overdispersion((count / n).tolist(), n.tolist(), 0.7) > 3
    found = funnel((count / n).tolist(), n.tolist(), points=2)
    assert found is not None
    assert sum(place is Where.inside for place in found.places) >= 50
    assert overdispersion([0.5, 0.5, 0.6, 0.4, 0.5], [50.0] * 5, 0.5) == 1.0
    assert funnel([0.5] * 4, [10.0] * 4) is None
    assert funnel([1.0] * 6, [10.0] * 6) is None
