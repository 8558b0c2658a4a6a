"""The arithmetic of interrupted time series (`reports.interrupted`): the regression and its errors. Pure.

Loads numpy, scipy and statsmodels, so that it is imported where an estimate is asked for and not at start.
"""

import warnings
from dataclasses import dataclass
from math import exp, log, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from statsmodels.genmod.families import Binomial, Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from reports.interrupted import LEVEL, SEASONS, SLOPE_AFTER, YEAR, Change, Series, compares

Floats = NDArray[np.float64]

CAUTION = 0.5
"""Standard errors by which the autocorrelation is taken higher than estimated."""
HIGHEST = 0.95
STILL = 1e-9
GRID = np.linspace(0.0, HIGHEST, 96)


def fitted(series: Series, lead: int) -> Change | None:
    """The change of a series that is long enough; None where no fit settles."""
    own = np.asarray(series.counts, float)
    kept = np.ones(len(own), bool)
    kept[series.before : series.after] = False
    after = own[series.after :]
    if after.sum() == 0:  # a rate of nothing has no logarithm: half a complaint more, spread over the weeks
        own = own.copy()
        own[series.after :] += 0.5 / len(after)
    other = np.asarray(series.other, float) if series.other is not None and compares(series) else None
    if other is not None and (other[kept] + own[kept] == 0).any():
        other = other + 0.5  # a week with nothing on either side has no share
    offset = _offset(series, other is not None)
    design = _Design(series, kept, controlled=other is not None)
    try:
        fit = _fit(design.columns[kept], own[kept], None if other is None else other[kept], offset[kept])
    except (np.linalg.LinAlgError, ValueError, FloatingPointError):
        return None
    errors = _errors(design, kept, fit)
    if errors is None:
        return None
    return _told(series, design, own, other, offset, fit, errors, lead)


class _Design:
    """The columns: one, trend, step, slope, waves, shut days. Time is in years from the first week after."""

    def __init__(self, series: Series, kept: NDArray[np.bool_], *, controlled: bool) -> None:
        weeks = np.arange(len(series.counts))
        self.weeks = weeks
        self.time = (weeks - series.after) / YEAR
        self.later = (weeks >= series.after).astype(float)
        columns = [np.ones(len(weeks)), self.time, self.later]
        self.slope = int(self.later.sum()) >= SLOPE_AFTER
        if self.slope:
            columns.append(np.maximum(self.time, 0.0))
        self.waves = 0 if controlled else sum(series.before >= least for least in SEASONS)
        for wave in range(1, self.waves + 1):
            angle = 2 * pi * wave * weeks / YEAR
            columns += [np.sin(angle), np.cos(angle)]
        shut = np.zeros(len(weeks)) if series.shut is None or controlled else np.asarray(series.shut, float)
        self.shut = int((shut[kept] > 0).sum()) >= 2 and bool((shut[kept][: series.before] > 0).any())
        if self.shut:
            columns.append(shut)
        self.columns: Floats = np.column_stack(columns)
        self.asked = np.zeros(self.columns.shape[1])
        """The contrast that is told: the mean of step and slope over the weeks after."""
        self.asked[2] = 1.0
        if self.slope:
            self.asked[3] = float(self.time[self.later > 0].mean())

    def without(self) -> Floats:
        """The columns as if it had not been done."""
        found = self.columns.copy()
        found[:, 2] = 0.0
        if self.slope:
            found[:, 3] = 0.0
        return found


@dataclass(frozen=True, slots=True)
class _Fit:
    """Coefficients, the weights of the last step (variances), and residuals by their standard deviation."""

    beta: Floats
    weights: Floats
    residuals: Floats


def _offset(series: Series, controlled: bool) -> Floats:
    none: Floats = np.zeros(len(series.counts))
    own: Floats = none if series.exposure is None else np.log(np.asarray(series.exposure, float))
    if not controlled:
        return own
    if series.exposure is None or series.other_exposure is None:
        return none
    theirs: Floats = np.log(np.asarray(series.other_exposure, float))
    return own - theirs


def _fit(columns: Floats, own: Floats, other: Floats | None, offset: Floats) -> _Fit:
    """Maximum quasi-likelihood: counts of their own, or their share of both."""
    warnings.simplefilter("ignore", PerfectSeparationWarning)  # weeks that are all the same; their errors are ours
    model: Any
    if other is None:
        model = GLM(own, columns, family=Poisson(), offset=offset)
    else:
        model = GLM(np.column_stack([own, other]), columns, family=Binomial(), offset=offset)
    found = model.fit(maxiter=100)
    mean = np.asarray(found.fittedvalues, float)
    total = own if other is None else own + other
    weights = mean if other is None else total * mean * (1 - mean)
    raw = own - mean if other is None else own - total * mean
    if not found.converged or not np.isfinite(weights).all() or (weights <= 0).any():
        raise ValueError("the fit does not settle")
    return _Fit(np.asarray(found.params, float), weights, raw / np.sqrt(weights))


@dataclass(frozen=True, slots=True)
class _Errors:
    """Covariance of the coefficients, and what of it tells about the noise; `spread` multiplies standard errors."""

    covariance: Floats
    dispersion: float
    correlation: float
    spread: float


def _errors(design: _Design, kept: NDArray[np.bool_], fit: _Fit) -> _Errors | None:
    columns = design.columns[kept] * np.sqrt(fit.weights)[:, None]
    if np.linalg.matrix_rank(columns) < columns.shape[1]:
        return None
    number, parameters = columns.shape
    bread = np.linalg.inv(columns.T @ columns)
    weeks = design.weeks[kept]
    lags = np.abs(np.subtract.outer(weeks, weeks))
    maker = np.eye(number) - columns @ bread @ columns.T
    correlation = min(_correlation(fit.residuals, maker, lags) + CAUTION / sqrt(number), HIGHEST)
    like = correlation**lags
    dispersion = max(1.0, float(fit.residuals @ fit.residuals / np.trace(maker @ like)))
    covariance = dispersion * bread @ columns.T @ like @ columns @ bread
    worth = number * (1 - correlation) / (1 + correlation) - parameters
    return _Errors(covariance, dispersion, correlation, float(student.ppf(0.5 + LEVEL / 2, max(worth, 2.0))))


def _correlation(residuals: Floats, maker: Floats, lags: NDArray[np.int_]) -> float:
    """First-order autocorrelation of the noise: the one whose residuals, after as many columns as were fitted, would
    on average show what these show. Those of a fit are less alike than the noise was (Worsley et al. 2002)."""
    whole = float(residuals @ residuals)
    if whole < STILL * len(residuals):  # weeks that are all the same show no noise, and rounding is none
        return 0.0
    neighbours = (lags == 1) / 2.0
    seen = float(residuals @ neighbours @ residuals) / whole
    longest = int(lags.max()) + 1
    near = np.bincount(lags.ravel(), (maker @ neighbours @ maker).ravel(), longest)
    all_ = np.bincount(lags.ravel(), maker.ravel(), longest)
    powers = GRID[:, None] ** np.arange(longest)
    shown = (powers @ near) / (powers @ all_)
    return float(GRID[min(int(np.searchsorted(np.maximum.accumulate(shown), seen)), len(GRID) - 1)])


def _told(
    series: Series,
    design: _Design,
    own: Floats,
    other: Floats | None,
    offset: Floats,
    fit: _Fit,
    errors: _Errors,
    lead: int,
) -> Change:
    asked = design.asked
    middle = float(asked @ fit.beta)
    half = errors.spread * sqrt(float(asked @ errors.covariance @ asked))
    fitted = _scaled(np.exp(design.columns @ fit.beta + offset), other)
    without = _scaled(np.exp(design.without() @ fit.beta + offset), other)
    later = design.later > 0
    return Change(
        change=exp(middle) - 1,
        low=_share(middle - half),
        high=_share(middle + half),
        step=_share(float(fit.beta[2])),
        slope=_share(float(fit.beta[3]) / YEAR) if design.slope else None,
        before=float(np.mean(series.counts[: series.before])),
        after=float(np.mean(series.counts[series.after :])),
        expected=float(without[later].mean()),
        weeks_before=series.before,
        weeks_after=int(later.sum()),
        controlled=other is not None,
        exposed=bool(offset.any()),
        waves=design.waves,
        shut=design.shut,
        dispersion=errors.dispersion,
        correlation=errors.correlation,
        fitted=tuple(map(float, fitted)),
        counterfactual=tuple(float(one) if after else None for one, after in zip(without, later, strict=True)),
        peak=_peak(own, without, series.before, lead, errors),
    )


def _scaled(odds: Floats, other: Floats | None) -> Floats:
    """What of the model's scale are counts: odds are so many to one of the comparison."""
    return odds if other is None else odds * other


def _share(logarithm: float) -> float:
    return exp(min(logarithm, log(1e6))) - 1


def _peak(own: Floats, without: Floats, before: int, lead: int, errors: _Errors) -> float | None:
    """By what share the weeks just before the decision lay above what they would have been, beyond chance."""
    if not lead:
        return None
    seen, usual = own[before : before + lead].sum(), without[before : before + lead].sum()
    alike = (1 + errors.correlation) / (1 - errors.correlation)
    chance = sqrt(errors.dispersion * alike * usual) if usual > 0 else 0.0
    return float(seen / usual - 1) if usual > 0 and seen > usual + 1.645 * chance else None
