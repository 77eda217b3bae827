"""Fieller's interval: published numbers, brute-force inversion, agreement with the difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.means import welch
from copilot_tools.stats.inference.relative import fieller

Z = 1.959963984540054


def _level(value, variance, shared=0.0):
    return Level(n=1000, observed=value, value=value, variance=variance, observed_variance=variance, shared=shared)


def test_published_lift():
    """Means 10 (sd 4) and 10.5 (sd 4.2), 1,000 each: Deng et al. (2018) for the error, Fieller (1954) for the ends."""
    lift = fieller(_level(10, 0.016), _level(10.5, 4.2**2 / 1000), Z)
    assert lift == pytest.approx((0.05, 0.018782971, 0.01381483, 0.08747669), abs=1e-7)


@pytest.mark.parametrize(
    ("control", "treatment", "lift"), [(-10, -5, 0.5), (-10, -15, -0.5), (-2, 3, 2.5), (10, 15, 0.5), (10, 5, -0.5)]
)
def test_a_negative_control_keeps_the_direction(control, treatment, lift):
    """More is a positive lift, whatever control's sign (GrowthBook's TestFrequentistDiff)."""
    got = fieller(_level(control, 0.01), _level(treatment, 0.01), Z)
    assert got.value == pytest.approx(lift)
    assert got.low < lift < got.high


def test_standard_error_with_a_negative_control():
    """GrowthBook's test_relative_magnitude_scaled_by_baseline_magnitude: -10 to -5, error .0070746."""
    control, treatment = (_level(m, (sq - 1000 * m * m) / 999 / 1000) for m, sq in ((-10, 104000), (-5, 29000)))
    assert fieller(control, treatment, Z).standard_error == pytest.approx(0.007074605999633481)


@pytest.mark.parametrize("seed", range(20))
def test_ends_solve_the_inversion(seed):
    """At each end, difference - L * |control| lies exactly the critical value from 0, shared variance included."""
    rng = np.random.default_rng(seed)
    m0, m1 = rng.normal(0, 3, 2)
    v0, v1, shared = rng.gamma(1, 0.02, 3)
    c = rng.uniform(0.5, 3)
    control, treatment = _level(m0, v0, shared), _level(m1, v1, shared)
    if m0 * m0 <= c * c * (v0 + shared):
        with pytest.raises(Refused):
            fieller(control, treatment, c)
        return
    lift = fieller(control, treatment, c)
    cov = np.array([[v0 + shared, shared], [shared, v1 + shared]])

    def score(end):
        weights = np.array([-1 - end * np.sign(m0), 1.0])
        return float(weights @ [m0, m1]) ** 2 - c * c * float(weights @ cov @ weights)

    reach = 100 * lift.standard_error * c + 100
    assert lift.low == pytest.approx(brentq(score, lift.value - reach, lift.value, xtol=1e-13), abs=1e-8)
    assert lift.high == pytest.approx(brentq(score, lift.value, lift.value + reach, xtol=1e-13), abs=1e-8)


@pytest.mark.parametrize("seed", range(200))
def test_lift_excludes_zero_exactly_when_the_difference_does(seed):
    """The relative and the absolute interval never disagree about no effect, even at the edge."""
    rng = np.random.default_rng(seed)
    control, treatment = _level(5 * rng.choice([-1, 1]), 0.01), _level(5.0, 0.02)
    treatment = _level(control.value + rng.normal(0, 0.3), 0.02)
    difference = welch(control, treatment)
    for critical in (abs(difference.statistic) * (1 + 1e-9), abs(difference.statistic) * (1 - 1e-9), Z):
        low, high = difference.ends(critical)
        lift = fieller(control, treatment, critical)
        assert (lift.low <= 0 <= lift.high) == (low <= 0 <= high)


def test_a_tiny_lift_keeps_its_digits():
    """A lift of one in 1e11 comes out to six digits."""
    lift = fieller(_level(1.0, 1e-26), _level(1 + 1e-11, 1e-26), Z)
    assert lift.high - lift.low == pytest.approx(2 * Z * 2**0.5 * 1e-13, rel=1e-6)


def test_a_control_that_may_be_zero_is_refused():
    """The relative effect is unbounded, and the refusal says to state it in absolute terms."""
    with pytest.raises(Refused, match="absolute terms") as refused:
        fieller(_level(0.1, 0.01), _level(0.5, 0.01), Z)
    assert refused.value.refusals[0].code == "relative.control_near_zero"
    with pytest.raises(Refused, match="no variation"):
        fieller(_level(1.0, 0.0), _level(2.0, 0.0), Z)


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_the_unit_of_the_metric_does_not_matter(scale):
    """A lift is the same in any unit, however large or small its numbers."""
    plain = fieller(_level(10, 0.016), _level(10.5, 0.0176), Z)
    scaled = fieller(_level(10 * scale, 0.016 * scale**2), _level(10.5 * scale, 0.0176 * scale**2), Z)
    assert scaled == pytest.approx(plain)
