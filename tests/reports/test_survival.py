"""The estimate against figures worked out by hand, and against what must hold for any data."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.survival import NOTHING, estimate, estimates, median

# Freireich's 6-MP arm, in weeks of remission (Freireich et al., Blood 21, 1963), as in most textbooks: median 23.
FREIREICH_ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
FREIREICH_RUNNING = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]

HAND_COMPUTED = [
    # answered, silent, median, p90; the curve after each answer is in the comment
    pytest.param([10], [], 10, 10, id="one answer: 0"),
    pytest.param([10, 20], [], 10, 20, id="two answers: 1/2, 0"),
    pytest.param([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [], 5, 9, id="ten answers: the plain quantiles"),
    pytest.param([2, 4], [3], 4, 4, id="3 at risk, then 1: 2/3, 0"),
    pytest.param([1, 3, 5], [2, 4, 6], 5, None, id="5/6, 5/8, 5/16"),
    pytest.param([1, 1, 1], [9, 9, 9, 9], None, None, id="4/7: half still wait"),
    pytest.param([5, 5], [5], 5, None, id="an answer and a silence at one moment: the silent one was at risk, 1/3"),
    pytest.param(FREIREICH_ENDED, FREIREICH_RUNNING, 23, None, id="Freireich"),
]


@pytest.mark.parametrize(("answered", "silent", "median", "p90"), HAND_COMPUTED)
def test_agrees_with_hand_computed_tables(
    answered: list[float], silent: list[float], median: float | None, p90: float | None
) -> None:
    found = estimate(answered, silent)
    assert (found.median.seconds, found.p90.seconds) == (median, p90)
    assert (found.n, found.answered) == (len(answered) + len(silent), len(answered))
    assert found.observed_seconds == max(answered + silent)


def test_interval_is_where_the_log_log_band_crosses_one_half() -> None:
    """Freireich's arm, with the product, Greenwood's sum and the log(-log) band written out."""
    curve, variance, low, high = 1.0, 0.0, None, None
    for time in sorted(set(FREIREICH_ENDED)):
        at_risk = sum(other >= time for other in FREIREICH_ENDED + FREIREICH_RUNNING)
        ended = FREIREICH_ENDED.count(time)
        curve *= 1 - ended / at_risk
        variance += ended / (at_risk * (at_risk - ended))
        width = 1.959964 * math.sqrt(variance) / abs(math.log(curve))
        if low is None and curve ** math.exp(width) <= 0.5:
            low = time
        if high is None and curve ** math.exp(-width) <= 0.5:
            high = time
    found = estimate(FREIREICH_ENDED, FREIREICH_RUNNING).median
    assert (found.seconds, found.low, found.high) == (23, low, high) == (23, 13, None)


def test_without_cases_or_answers_nothing_is_claimed() -> None:
    assert estimate([], []) == NOTHING
    found = estimate([], [100, 300])
    assert (found.n, found.answered, found.median.seconds, found.p90.seconds) == (2, 0, None, None)
    assert found.observed_seconds == 300


def test_answering_only_the_easy_half_is_not_fast() -> None:
    """One office answers 40 of 100 within the hour and drops the rest; the other answers all within a day."""
    easy_half, all_of_them = estimate([3600] * 40, [30 * 86400] * 60), estimate([86400] * 100, [])
    assert easy_half.median.seconds is None
    assert all_of_them.median.seconds == 86400


seconds = st.integers(0, 10_000_000)


@settings(max_examples=150, deadline=None)
@given(st.lists(seconds, max_size=30), st.lists(seconds, max_size=30), seconds)
def test_one_more_silent_case_never_lowers_the_median(answered: list[int], silent: list[int], more: int) -> None:
    before, after = estimate(answered, silent), estimate(answered, [*silent, more])
    for one, other in ((before.median, after.median), (before.p90, after.p90)):
        if one.seconds is None and before.n:
            assert other.seconds is None
        elif one.seconds is not None:
            assert other.seconds is None or other.seconds >= one.seconds


@settings(max_examples=150, deadline=None)
@given(st.lists(seconds, max_size=30), st.lists(seconds, max_size=30))
def test_interval_holds_its_value_and_p90_is_no_shorter_than_the_median(answered: list[int], silent: list[int]) -> None:
    found = estimate(answered, silent)
    for quantile in (found.median, found.p90):
        if quantile.seconds is None:
            assert quantile.high is None
        else:
            assert quantile.low is not None
            assert quantile.low <= quantile.seconds
            assert quantile.high is None or quantile.seconds <= quantile.high
    if found.p90.seconds is not None:
        assert found.median.seconds is not None
        assert found.median.seconds <= found.p90.seconds


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=30), st.lists(st.integers(0, 40), max_size=30))
def test_median_alone_is_the_median_of_the_estimate(answered: list[int], silent: list[int]) -> None:
    assert median(answered, silent) == estimate(answered, silent).median.seconds


SAMPLE = st.lists(st.integers(0, 30), max_size=8)


@given(st.lists(st.tuples(SAMPLE, SAMPLE), max_size=6))
def test_many_at_once_are_each_as_alone(samples: list[tuple[list[float], list[float]]]) -> None:
    assert estimates(samples) == [estimate(*sample) for sample in samples]
