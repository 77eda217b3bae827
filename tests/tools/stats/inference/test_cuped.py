"""CUPED: the slope and effect of a regression, the identity of its variance, and when it stays out."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from copilot_tools.refusals import Refusal
from copilot_tools.stats.inference.compare import compare_arms
from copilot_tools.stats.inference.cuped import WithCovariate, adjust
from copilot_tools.stats.inference.means import linear_mean
from copilot_tools.stats.spec import Metric
from sampling import moments_of

SPEND = Metric(name="spend", kind="mean", column="spend", covariate="before")
PLAIN = Metric(name="spend", kind="mean", column="spend")


def _arms(seed, sizes, rho, effect=0.5):
    rng = np.random.default_rng(seed)
    found = {}
    for i, n in enumerate(sizes):
        x = rng.gamma(2, 3, n)
        found["abc"[i]] = (10 + effect * i + rho * x + rng.standard_normal(n), x)
    return found


def _with_covariate(arms):
    return {
        a: WithCovariate(m, linear_mean(m, 0), linear_mean(m, 1))
        for a, m in ((a, moments_of(y, x)) for a, (y, x) in arms.items())
    }


@pytest.mark.parametrize("sizes", [(300, 300), (100, 700), (80, 90, 400)])
def test_slope_and_effects_are_those_of_a_regression(sizes):
    """Theta and the adjusted differences are ordinary least squares on arm and covariate."""
    arms = _arms(1, sizes, 0.8)
    y, x = (np.concatenate([v[k] for v in arms.values()]) for k in (0, 1))
    which = np.repeat(range(len(sizes)), sizes)
    design = np.column_stack([np.ones(len(y)), x, *[(which == i).astype(float) for i in range(1, len(sizes))]])
    oracle = sm.OLS(y, design).fit().params
    adjusted = adjust(_with_covariate(arms), float(x.mean()))
    assert adjusted is not None
    assert adjusted.theta == pytest.approx(oracle[1])
    got = [adjusted.levels[a].value - adjusted.levels["a"].value for a in arms if a != "a"]
    assert got == pytest.approx(list(oracle[2:]))


def test_variance_falls_by_the_squared_correlation():
    """Deng et al. (2013), equation 5: with one slope per sample, var(y - theta x) = var(y)(1 - rho^2) exactly."""
    y, x = _arms(2, (500,), 0.8)["a"]
    adjusted = adjust(_with_covariate({"a": (y, x), "b": (y, x)}), float(x.mean()))
    assert adjusted is not None
    rho = np.corrcoef(x, y)[0, 1]
    assert adjusted.levels["a"].variance == pytest.approx(y.var(ddof=1) / 500 * (1 - rho**2), rel=1e-9)


def test_growthbook_slope():
    """GrowthBook's TestComputeTheta: .01864 (repeated here to reach the least number of units)."""
    post, pre = [2, 1, 5, 3] * 20, [0.3, 0.5, 0.9, 22] * 20
    adjusted = adjust(_with_covariate({"a": (post, pre), "b": (post, pre)}), 1.0)
    assert adjusted is not None
    assert adjusted.theta == pytest.approx(0.01864, abs=5e-6)


def test_shared_variance_is_that_of_the_centre():
    """What the arms share is the slope squared times the variance of the covariate's overall mean."""
    arms = _arms(3, (400, 800), 0.8, effect=0.0)
    adjusted = adjust(_with_covariate(arms), 6.0)
    assert adjusted is not None
    x = np.concatenate([v[1] for v in arms.values()])
    assert adjusted.levels["a"].shared == pytest.approx(adjusted.theta**2 * x.var() / len(x), rel=0.01)


def test_a_good_covariate_narrows_the_interval_and_says_by_how_much():
    """The reported share of variance is the one between the two standard errors."""
    arms = {a: moments_of(*v) for a, v in _arms(4, (400, 400), 0.8).items()}
    (adjusted,) = compare_arms(SPEND, arms, "a")
    (plain,) = compare_arms(PLAIN, {a: m.only(0) for a, m in arms.items()}, "a")
    assert adjusted.absolute.method == "Welch, CUPED"
    saved = 1 - (adjusted.absolute.standard_error / plain.absolute.standard_error) ** 2
    assert adjusted.variance_reduction == pytest.approx(saved)
    assert saved > 0.5
    assert adjusted.control == plain.control


@pytest.mark.parametrize("constant", [True, False])
def test_a_useless_covariate_stays_out_and_says_so(constant):
    """A constant covariate, or too few units for a slope, leaves the plain estimate with a note in its method."""
    arms = _arms(5, (400, 400) if constant else (20, 20), 0.8)
    arms = {a: moments_of(y, np.full(len(x), 0.1) if constant else x) for a, (y, x) in arms.items()}
    (got,) = compare_arms(SPEND, arms, "a")
    (plain,) = compare_arms(PLAIN, {a: m.only(0) for a, m in arms.items()}, "a")
    assert got.absolute.method == "Welch, covariate unused"
    assert got.absolute.interval == plain.absolute.interval
    assert got.variance_reduction is None


def test_a_covariate_that_is_the_outcome_is_refused():
    """A covariate that determines the metric exactly removes the effect: refused, naming the column."""
    x = np.random.default_rng(6).standard_normal(200)
    (got,) = compare_arms(SPEND, {"a": moments_of(x, x), "b": moments_of(2 + x, x)}, "a")
    assert isinstance(got.absolute, Refusal)
    assert got.absolute.code == "covariate.explains_everything"
    assert "'before'" in got.absolute.reason


def test_ratio_with_a_covariate_is_adjusted_by_its_linear_form():
    """For a ratio the slope and the error are those of the linearised numerator on the linearised covariate."""
    rng = np.random.default_rng(7)
    arms = {}
    for arm, effect in (("a", 0.0), ("b", 0.05)):
        taste = rng.normal(1, 0.3, 900)
        den, before = 1 + rng.poisson(4, 900), 1 + rng.poisson(4, 900)
        arms[arm] = (den * (taste + effect) + rng.normal(0, 0.3, 900), den, before * taste, before)
    metric = Metric(name="r", kind="ratio", column="n", denominator="d", covariate="bn", covariate_denominator="bd")
    (got,) = compare_arms(metric, {a: moments_of(*v) for a, v in arms.items()}, "a")

    def linear(num, den):
        return (num - num.sum() / den.sum() * den) / den.mean()

    forms = {a: (linear(v[0], v[1]), linear(v[2], v[3])) for a, v in arms.items()}
    theta = sum((y * x).sum() for y, x in forms.values()) / sum((x * x).sum() for _, x in forms.values())
    variance = sum((y - theta * x).var(ddof=1) / len(y) for y, x in forms.values())
    y1, y0, x1, x0 = (arms[a][k].sum() / arms[a][k + 1].sum() for k in (0, 2) for a in ("b", "a"))
    assert got.absolute.value == pytest.approx(y1 - y0 - theta * (x1 - x0))
    assert got.absolute.standard_error == pytest.approx(variance**0.5)
    assert got.absolute.method == "delta method, Welch, CUPED"
    assert got.variance_reduction > 0.3
