"""Did it change? Against a well-known implementation, in made-up worlds whose truth is known, and at the edges."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from reports import interrupted, segmented
from reports.interrupted import Change, Refused, Series, compares, estimate
from tests.reports.interrupted_runs import LEAD, Setting, tally, weeks

RUNS = 100


def history(setting: Setting, seed: int = 7) -> Series:
    return weeks(setting, np.random.default_rng(seed))


def told(series: Series, lead: int = LEAD) -> Change:
    found = estimate(series, lead=lead)
    assert isinstance(found, Change)
    return found


def likely(share: float, runs: int = RUNS) -> tuple[int, int]:
    """So many of the runs lie beside a true share once in ten thousand tests."""
    low, high = stats.binom.ppf([0.00005, 0.99995], runs, share)
    return int(low), int(high)


def test_coefficients_are_those_of_a_poisson_regression_written_out() -> None:
    series = history(Setting(before=30, after=20, effect=0.6, trend=0.4))
    kept = [week for week in range(54) if not 30 <= week < 34]
    time = np.array([(week - 34) / interrupted.YEAR for week in kept])
    step = np.array([float(week >= 34) for week in kept])
    columns = np.column_stack([np.ones(50), time, step, step * time])
    model = sm.GLM(np.array(series.counts)[kept], columns, family=sm.families.Poisson()).fit()
    found = told(series)
    middle = time[step > 0].mean()
    assert found.change == pytest.approx(np.exp(model.params[2] + model.params[3] * middle) - 1, rel=1e-6)
    assert found.step == pytest.approx(np.exp(model.params[2]) - 1, rel=1e-6)
    assert found.slope == pytest.approx(np.exp(model.params[3] / interrupted.YEAR) - 1, rel=1e-6)
    assert [found.fitted[week] for week in kept] == pytest.approx(list(model.fittedvalues), rel=1e-6)


def test_without_autocorrelation_errors_are_the_quasi_poisson_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmented, "CAUTION", 0.0)
    monkeypatch.setattr(segmented, "GRID", np.zeros(1))
    series = history(Setting(before=40, after=10, spread=0.3, lead=0))
    time = (np.arange(50) - 40) / interrupted.YEAR
    columns = np.column_stack([np.ones(50), time, time >= 0])
    model = sm.GLM(np.array(series.counts), columns, family=sm.families.Poisson()).fit(scale="X2")
    half = stats.t.ppf(0.975, 47) * model.bse[2]
    found = told(series, 0)
    assert (found.low, found.high) == pytest.approx(tuple(np.exp(model.params[2] + np.array([-half, half])) - 1))
    assert found.dispersion == pytest.approx(model.scale)


def test_autocorrelation_of_the_noise_is_found_though_residuals_hide_it() -> None:
    """Averaged over histories: residuals alone would show far less than the 0.6 that is there."""
    dice, found = np.random.default_rng(5), []
    for _ in range(60):
        series = weeks(Setting(before=52, after=26, mean=400, spread=0.3, correlation=0.6), dice)
        found.append(told(series).correlation - segmented.CAUTION / np.sqrt(78))
    assert 0.5 < float(np.mean(found)) < 0.65


NULLS = (
    Setting(before=16, after=8),
    Setting(spread=0.3),
    Setting(spread=0.3, correlation=0.3),
    Setting(before=52, after=26, mean=2),
    Setting(before=104, after=26, mean=20, wave=0.3),
    Setting(before=52, after=26, trend=0.5),
    Setting(spread=0.3, correlation=0.6, elsewhere=60),
)


@pytest.mark.parametrize("setting", NULLS)
def test_what_did_nothing_is_called_a_change_once_in_twenty_at_most(setting: Setting) -> None:
    found = tally(setting, RUNS, 11)
    assert found.runs > RUNS * 0.9
    assert round(found.called * found.runs) <= likely(0.05)[1]


def test_strong_autocorrelation_costs_little_where_newey_and_west_would_cry_wolf() -> None:
    setting = Setting(before=52, after=26, spread=0.3, correlation=0.6)
    assert round(tally(setting, RUNS, 12).called * RUNS) <= likely(0.085)[1]
    wrong, dice = 0, np.random.default_rng(12)
    for _ in range(RUNS):
        series = weeks(setting, dice)
        kept = np.r_[0:52, 56:82]
        time = (kept - 56) / interrupted.YEAR
        columns = np.column_stack([np.ones(78), time, time >= 0, np.maximum(time, 0)])
        model = sm.GLM(np.array(series.counts)[kept], columns, family=sm.families.Poisson()).fit(
            cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": True}
        )
        asked = np.array([0, 0, 1, time[time >= 0].mean()])
        wrong += bool(abs(asked @ model.params) > 1.96 * np.sqrt(asked @ model.cov_params() @ asked))
    assert wrong >= likely(0.1)[0]


@pytest.mark.parametrize(
    ("setting", "power"),
    [
        (Setting(mean=40, effect=0.7), 0.5),
        (Setting(before=52, after=26, spread=0.3, correlation=0.6, elsewhere=120, mean=40, effect=0.7), 0.8),
        (Setting(before=104, after=52, mean=12, effect=0.7), 0.8),
    ],
)
def test_a_fall_by_three_in_ten_is_found(setting: Setting, power: float) -> None:
    found = tally(setting, RUNS, 13)
    assert round(found.fell * found.runs) >= likely(power)[0]
    assert found.rose == 0
    assert found.middle == pytest.approx(-0.3, abs=0.05)
    assert round(found.covered * found.runs) >= likely(0.93)[0]


def test_what_was_decided_at_a_peak_is_judged_without_it() -> None:
    naive = tally(Setting(spread=0.3, at_peak=True, lead=0), RUNS, 14)
    fair = tally(Setting(spread=0.3, at_peak=True), RUNS, 14)
    assert naive.middle < -0.12
    assert abs(fair.middle) < 0.1
    assert round(fair.called * RUNS) <= likely(0.05)[1]


def test_a_peak_is_told() -> None:
    calm = Series([10, 11, 9, 10] * 5 + [10, 10, 9, 11] + [10, 9, 11, 10] * 2, 20, 24)
    assert told(calm).peak is None
    sharp = replace(calm, counts=[*calm.counts[:20], 20, 22, 24, 26, *calm.counts[24:]])
    assert told(sharp).peak == pytest.approx(1.3, abs=0.2)
    assert told(sharp).change == told(calm).change


def test_a_comparison_takes_out_what_happened_to_both() -> None:
    """Elsewhere complaints halved as well, in the same week: the action did nothing."""
    dice = np.random.default_rng(15)
    level = np.where(np.arange(60) >= 40, 0.5, 1.0)
    series = Series(
        [int(one) for one in dice.poisson(30 * level)], 36, 40, other=[int(one) for one in dice.poisson(60 * level)]
    )
    assert told(replace(series, other=None)).fell
    with_it = told(series)
    assert with_it.controlled
    assert not with_it.fell
    assert with_it.low < 0 < with_it.high


def test_a_comparison_smaller_than_the_series_is_not_used() -> None:
    series = history(Setting(elsewhere=3))
    assert not compares(series)
    assert not told(series).controlled


def test_complaints_are_counted_out_of_the_services_given() -> None:
    """Half as many complaints as half as many services were given is no fall."""
    level = [1000.0] * 40 + [500.0] * 20
    dice = np.random.default_rng(16)
    series = Series([int(dice.poisson(one * 0.04)) for one in level], 36, 40)
    assert told(series).fell
    exposed = told(replace(series, exposure=level))
    assert exposed.exposed
    assert not exposed.fell


def test_shut_days_are_drawn_off() -> None:
    shut = [0.0] * 64
    for week in (10, 30, 20, 40, *range(50, 61)):
        shut[week] = 0.6
    dice = np.random.default_rng(17)
    counts = [int(dice.poisson(30 * (1 - 0.9 * share))) for share in shut]
    series = Series(counts, 44, 48)
    assert told(series).fell
    assert not told(replace(series, shut=shut)).fell


def test_seasons_are_drawn_off_once_two_years_show_them() -> None:
    weeks_ = np.arange(126)
    counts = np.random.default_rng(18).poisson(30 * np.exp(0.4 * np.sin(2 * np.pi * weeks_ / interrupted.YEAR)))
    found = told(Series([int(one) for one in counts], 104, 108))
    assert found.waves == 2
    assert not found.fell
    assert not found.rose


@pytest.mark.parametrize(
    ("series", "why"),
    [
        (Series([5] * 15 + [5] * 12, 15, 15), Refused.short_before),
        (Series([5] * 20 + [5] * 7, 20, 20), Refused.short_after),
        (Series([1] * 20 + [1] * 10, 20, 20), Refused.few),
        (Series([1, 0] * 40 + [1] * 10, 80, 80), Refused.few),
        (Series([], 0, 0), Refused.short_before),
    ],
)
def test_what_cannot_be_told_is_refused(series: Series, why: Refused) -> None:
    assert estimate(series) is why


def test_none_at_all_afterwards_is_a_fall_with_bounds() -> None:
    found = told(Series([6, 5, 7, 4] * 6 + [0] * 10, 24, 24), 0)
    assert found.fell
    assert -1 < found.change < -0.9
    assert found.after == 0


def test_a_comparison_with_weeks_of_nothing_on_either_side_settles() -> None:
    counts = [0, 4, 0, 5, 0, 6] * 6
    assert told(Series(counts, 26, 26, other=[0, 5, 0, 6, 0, 7] * 6), 0).controlled
