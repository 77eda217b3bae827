"""Welch's t against published examples and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.means import mean_level, welch
from copilot_tools.stats.moments import Moments
from sampling import moments_of


def _summary(n, mean, sd):
    return Level(n=n, observed=mean, value=mean, variance=sd * sd / n, observed_variance=sd * sd / n)


def test_nist_handbook_cars():
    """NIST/SEMATECH e-Handbook 1.3.5.3, AUTO83B: t = -12.94627 on 136.875 degrees of freedom, unequal variances."""
    difference = welch(_summary(79, 30.48101, 6.10771), _summary(249, 20.14458, 6.4147))
    assert difference.statistic == pytest.approx(-12.94627, abs=2e-4)
    assert difference.df == pytest.approx(136.875, abs=2e-3)


def test_students_sleep_data():
    """R's t.test on Student's sleep data: t, df, p and interval (extra hours, group 1 minus group 2)."""
    one = moments_of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    two = moments_of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    difference = welch(mean_level(two), mean_level(one))
    assert (difference.statistic, difference.df) == pytest.approx((-1.8608, 17.776), abs=5e-4)
    assert difference.p_value() == pytest.approx(0.07939, abs=6e-5)
    ends = difference.ends(tails.critical_value(0.05, 2, difference.df))
    assert ends == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)


def test_tea_tasting_orders():
    """tea-tasting's RatioOfMeans test (orders, Welch): effect, interval, p and statistic from moments."""
    control = Level(53, 0.5660377358490566, 0.5660377358490566, 0.7888243831640053 / 53, 0.0)
    treatment = Level(47, 0.3829787234042553, 0.3829787234042553, 0.5023126734505092 / 47, 0.0)
    difference = welch(control, treatment)
    assert difference.value == pytest.approx(-0.18305901244480127)
    assert difference.statistic == pytest.approx(-1.1447678040118034)
    assert difference.p_value() == pytest.approx(0.2551230546709907)
    ends = difference.ends(tails.critical_value(0.05, 2, difference.df))
    assert ends == pytest.approx((-0.5004359360464881, 0.13431791115688552))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("seed", range(6))
def test_random_arms_match_scipy(seed, alternative):
    """Statistic, df, p and interval of arms of any size and spread are scipy's."""
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(rng.normal(), rng.gamma(2), rng.integers(2, 40)) for _ in range(2))
    difference = welch(mean_level(moments_of(a)), mean_level(moments_of(b)))
    oracle = stats.ttest_ind(b, a, equal_var=False, alternative=alternative)
    assert (difference.statistic, difference.df) == pytest.approx((oracle.statistic, oracle.df))
    assert difference.p_value(alternative) == pytest.approx(oracle.pvalue)
    critical = tails.critical_value(0.1, 2 if alternative == "two-sided" else 1, difference.df)
    ends = tails.bounded(*difference.ends(critical), 0.9, alternative)
    expected = oracle.confidence_interval(0.9)
    assert (ends.low, ends.high) == pytest.approx((expected.low, expected.high))


def test_large_means_keep_their_spread():
    """A mean of 1e9 with standard deviation 1 has the standard error of one with mean 0."""
    x = np.random.default_rng(1).standard_normal(50_000)
    moved = welch(mean_level(moments_of(x[:25_000] + 1e9)), mean_level(moments_of(x[25_000:] + 1e9)))
    plain = welch(mean_level(moments_of(x[:25_000])), mean_level(moments_of(x[25_000:])))
    assert moved.standard_error == pytest.approx(plain.standard_error, rel=1e-6)


def test_one_constant_arm_is_enough_variation():
    """With variance in one arm only, the degrees of freedom are that arm's."""
    difference = welch(mean_level(moments_of([2.0] * 5)), mean_level(moments_of([1.0, 2.0, 4.0, 7.0])))
    assert difference.df == pytest.approx(3)


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0, 1e9 + 0.1])
def test_two_constant_arms_are_refused(value):
    """Where nothing varies there is no p-value, also not one made of rounding."""
    rounding = Moments(n=10, mean=(value,), comoments=(((1e-16 * value) ** 2 * 10,),))
    with pytest.raises(Refused, match="no variation") as refused:
        welch(mean_level(rounding), mean_level(rounding))
    assert refused.value.refusals[0].code == "data.no_variance"


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_units_are_refused(n):
    """One unit has no variance; the refusal counts them."""
    few = moments_of([3.0]) if n else Moments.empty(1)
    with pytest.raises(Refused, match=f"at least 2 units, but there (is|are) {n}"):
        mean_level(few)


def test_tiny_variances_do_not_vanish():
    """Variances near the smallest float still give degrees of freedom."""
    difference = welch(Level(10, 0, 0, 1e-300, 1e-300), Level(10, 1e-150, 1e-150, 1e-300, 1e-300))
    assert difference.df == pytest.approx(18)
    assert math.isfinite(difference.statistic)
