"""Quantiles: binomial intervals against scipy, coverage by simulation, several values a unit, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.quantiles import (
    difference_of_quantiles,
    quantile_interval,
    ratio_of_quantiles,
    units_for_quantile,
)

DRAWS = {
    "exponential": lambda rng, n: rng.standard_exponential(n),
    "log-normal": lambda rng, n: rng.lognormal(0, 1.5, n),
    "whole numbers": lambda rng, n: rng.poisson(30, n).astype(float),
}


@pytest.mark.parametrize("quantile", [0.05, 0.25, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [10, 37, 80, 400, 5000])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_one_interval_is_scipys(quantile, n, alpha):
    """The order statistics are those of scipy's exact quantile test, or there is none and scipy's is unbounded."""
    x = np.random.default_rng(n).lognormal(0, 1, n)
    oracle = stats.quantile_test(x, p=quantile).confidence_interval(1 - alpha)
    if n < units_for_quantile(quantile, alpha):
        assert not (math.isfinite(oracle.low) and math.isfinite(oracle.high))
        with pytest.raises(Refused, match="needs at least"):
            quantile_interval(x, quantile, alpha=alpha)
        return
    found = quantile_interval(x, quantile, alpha=alpha)
    assert (found.low, found.high) == (oracle.low, oracle.high)
    assert found.value == pytest.approx(np.quantile(x, quantile))


def test_fewest_values_by_brute_force():
    """One value fewer and the whole range no longer holds the quantile often enough."""
    for quantile, alpha in ((0.5, 0.05), (0.5, 0.01), (0.9, 0.05), (0.01, 0.1), (0.99, 0.05)):
        n = units_for_quantile(quantile, alpha)
        edge = max(quantile, 1 - quantile)
        assert edge**n <= alpha / 2 < edge ** (n - 1)


@pytest.mark.parametrize("shape", list(DRAWS))
@pytest.mark.parametrize(("n", "m", "quantile"), [(60, 60, 0.5), (400, 60, 0.5), (400, 100, 0.9)])
def test_coverage_of_difference_and_ratio(shape, n, m, quantile):
    """Arms of one distribution: either end misses in at most 2.5%, on both scales; treatment twice as large too."""
    misses = np.zeros(4)
    repetitions = 400
    for seed in range(repetitions):
        rng = np.random.default_rng([seed, n, m])
        control = quantile_interval(DRAWS[shape](rng, n), quantile)
        treatment = quantile_interval(2 * DRAWS[shape](rng, m), quantile)
        # Compared on a scale on which the truth is 0, resp. 1 (twice).
        half = treatment._replace(value=treatment.value / 2, low=treatment.low / 2, high=treatment.high / 2)
        if control.low < control.high:
            difference = difference_of_quantiles(control, half)
            misses[:2] += difference.low > 0, difference.high < 0
            ratio = ratio_of_quantiles(control, treatment)
            misses[2:] += ratio.low > 1, ratio.high < 1
    assert misses.max() / repetitions < 0.025 + 3 * math.sqrt(0.025 * 0.975 / repetitions)


def test_power_is_not_given_away():
    """A shift of the median of normal values by 4 of its standard errors is found in about 98% and never in 100%."""
    found = 0
    for seed in range(400):
        rng = np.random.default_rng([seed, 5])
        error = math.sqrt(math.pi / 2 * 2 / 500)
        a, b = (quantile_interval(rng.normal(shift, 1, 500), 0.5) for shift in (0, 4 * error))
        found += difference_of_quantiles(a, b).low > 0
    assert 0.93 < found / 400 < 1


def _page_views(rng, units, sigma):
    """Load times of 10 views a unit, alike within a unit."""
    own = np.repeat(rng.normal(0, sigma, units), 10)
    return np.exp(own + rng.normal(0, 1, 10 * units)), np.repeat(np.arange(units), 10).tolist()


@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_several_values_a_unit(sigma):
    """With units given, the interval covers where views of a unit are alike, and is no wider where they are not."""
    missed, naive, widths = 0, 0, []
    for seed in range(250):
        x, units = _page_views(np.random.default_rng([seed, 6]), 100, sigma)
        robust, plain = quantile_interval(x, 0.8, units=units), quantile_interval(x, 0.8)
        truth = math.exp(math.sqrt(1 + sigma**2) * stats.norm.ppf(0.8))
        missed += not robust.low <= truth <= robust.high
        naive += not plain.low <= truth <= plain.high
        widths.append((robust.high - robust.low) / (plain.high - plain.low))
    assert missed / 250 < 0.10
    if sigma:
        assert naive / 250 > 0.15
        assert 1.5 < np.mean(widths) < 3
    else:
        assert 1 <= np.mean(widths) < 1.15


def test_what_cannot_be_answered_is_refused():
    """Too few values or units, ties at the quantile in both arms, a ratio about 0, NaN: each by its own code."""

    def code(call):
        with pytest.raises(Refused) as refused:
            call()
        return refused.value.refusals[0].code

    x = list(range(-20, 21))
    a = quantile_interval(x, 0.5)
    tied = quantile_interval([3.0] * 50, 0.5)
    assert code(lambda: quantile_interval([1.0] * 5, 0.5)) == "data.too_few_units"
    assert code(lambda: quantile_interval(x, 0.99)) == "data.too_few_units"
    assert code(lambda: quantile_interval([*x, math.nan], 0.5)) == "data.not_finite"
    assert code(lambda: quantile_interval(x, 1.0)) == "parameter.out_of_range"
    assert code(lambda: quantile_interval(x, 0.5, alpha=0)) == "parameter.out_of_range"
    assert code(lambda: quantile_interval(x, 0.5, units=["a"])) == "quantile.units_do_not_match"
    assert code(lambda: quantile_interval(x, 0.5, units=["a", *"b" * 40])) == "quantile.too_few_clusters"
    assert code(lambda: quantile_interval(range(60), 0.98, alpha=0.5, units=list(range(60)))) == "data.too_few_units"
    assert code(lambda: difference_of_quantiles(tied, tied)) == "data.no_variance"
    assert code(lambda: ratio_of_quantiles(tied, tied)) == "data.no_variance"
    assert code(lambda: ratio_of_quantiles(a, a)) == "relative.control_near_zero"
    with pytest.raises(ValueError, match="one column"):
        quantile_interval(np.ones((30, 2)), 0.5)


def test_ties_in_one_arm_are_compared():
    """An arm whose median nobody moves from has no width of its own; the difference keeps the other's."""
    tied, other = quantile_interval([3.0] * 50, 0.5), quantile_interval(range(1, 102), 0.5)
    found = difference_of_quantiles(tied, other)
    assert (found.low, found.high) == (other.low - 3, other.high - 3)
