"""CUPED with several covariates: against regression, against CUPED with one, for ratios, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from copilot_tools import catalogue
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.compare import compare_arms
from copilot_tools.stats.inference.cuped_several import adjusted_pair
from copilot_tools.stats.spec import Metric
from sampling import moments_of, within


def units(rng, n, shift=0.0, slopes=(0.8, -0.5, 0.3)):
    """A metric and three correlated covariates."""
    x = rng.standard_normal((n, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1.0]]) + [5, 0, -3]
    return np.column_stack([10 + shift + x @ slopes + rng.standard_normal(n), x])


def test_the_slopes_and_the_effect_are_those_of_a_regression():
    """Regressing on the arm and all covariates gives the same slopes and effect, and nearly the same error."""
    rng = np.random.default_rng(1)
    a, b = units(rng, 700), units(rng, 500, 0.4)
    found = adjusted_pair(moments_of(*a.T), moments_of(*b.T), ("u", "v", "w"))
    both = np.vstack([a, b])
    arm = np.repeat([0.0, 1.0], [700, 500])
    fit = sm.OLS(both[:, 0], sm.add_constant(np.column_stack([arm, both[:, 1:]]))).fit(cov_type="HC2")
    assert list(found.thetas.values()) == pytest.approx(fit.params[2:].tolist(), rel=1e-9)
    assert found.absolute.value == pytest.approx(fit.params[1], rel=1e-9)
    assert found.absolute.standard_error == pytest.approx(fit.bse[1], rel=0.01)


def test_one_covariate_is_cuped():
    """With a single covariate, means and ratios are compared exactly as the product does."""
    rng = np.random.default_rng(2)
    a, b = units(rng, 300), units(rng, 200, 0.3)
    metric = Metric(name="m", kind="mean", column="y", covariate="x")
    arms = {"a": moments_of(*a.T[:2]), "b": moments_of(*b.T[:2])}
    plain = compare_arms(metric, {k: m.model_copy(update={"thirds": None}) for k, m in arms.items()}, "a")[0]
    found = adjusted_pair(arms["a"], arms["b"], ("x",))
    assert found.absolute.interval.low == pytest.approx(plain.absolute.interval.low, rel=1e-9)
    assert found.relative.interval.high == pytest.approx(plain.relative.interval.high, rel=1e-9)
    assert found.variance_reduction == pytest.approx(plain.variance_reduction)
    ratio = Metric(name="m", kind="ratio", column="y", denominator="d", covariate="x", covariate_denominator="e")
    many = {}
    for name, n in (("a", 400), ("b", 350)):
        before = rng.poisson(5, n) + 1.0
        now = before + rng.poisson(2, n)
        rate = rng.gamma(4, 0.1, n)
        many[name] = moments_of(rate * now + 0.1 * rng.random(n), now, rate * before, before)
    plain = compare_arms(ratio, many, "a")[0]
    found = adjusted_pair(many["a"], many["b"], ("x",), ratio=True)
    assert found.absolute.standard_error == pytest.approx(plain.absolute.standard_error, rel=1e-9)
    assert found.absolute.value == pytest.approx(plain.absolute.value, rel=1e-9)


def test_the_identity_of_variances():
    """With one arm's data in both arms the reduction is R squared, and rho squared with one covariate (Deng 2013)."""
    rng = np.random.default_rng(3)
    a = units(rng, 400)
    m = moments_of(*a.T)
    fit = sm.OLS(a[:, 0], sm.add_constant(a[:, 1:])).fit()
    assert adjusted_pair(m, m, ("u", "v", "w")).variance_reduction == pytest.approx(fit.rsquared, rel=1e-9)
    one = adjusted_pair(m.only(0, 1), m.only(0, 1), ("u",)).variance_reduction
    assert one == pytest.approx(np.corrcoef(a[:, 0], a[:, 1])[0, 1] ** 2, rel=1e-9)


def test_the_delta_method_and_fieller_are_both_there():
    """Relative lift both ways, as Deng 2018 and Fieller 1954 have it, here from the adjusted levels."""
    rng = np.random.default_rng(4)
    found = adjusted_pair(moments_of(*units(rng, 300).T), moments_of(*units(rng, 300, 0.5).T), ("u", "v", "w"))
    assert found.relative.value == found.relative_delta.value
    low, high = found.relative_delta.interval.low, found.relative_delta.interval.high
    assert (low + high) / 2 == pytest.approx(found.relative_delta.value)
    assert abs(found.relative.interval.low - low) < 0.1 * (high - low)


@pytest.mark.parametrize("repetitions", [800, pytest.param(20_000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize(("n0", "n1"), [(40, 40), (300, 60)])
@pytest.mark.parametrize("sides", [1, 2])
def test_error_without_effect(repetitions, n0, n1, sides):
    """Three covariates, few units, unequal arms: the 5% test errs in about 5%; Fieller's interval agrees with it."""
    rng = np.random.default_rng([6, n0, sides, repetitions])
    errors = 0
    for _ in range(repetitions):
        found = adjusted_pair(
            moments_of(*units(rng, n0).T), moments_of(*units(rng, n1).T), ("u", "v", "w"), sides=sides
        )
        wrong = found.absolute.p_value < 0.05
        assert wrong == (not found.relative.interval.low <= 0 <= found.relative.interval.high)
        errors += wrong
    # Neglecting the slopes' own error costs half a point at 40 units an arm.
    assert within(errors, repetitions, 0.05, slack=0.012)


def test_refusals():
    """Too few units, no variation, covariates that repeat each other or the outcome, columns that do not fit."""
    rng = np.random.default_rng(7)
    x = units(rng, 100)
    whole = moments_of(*x.T)
    cases = [
        (moments_of(*x[:30].T), ("u", "v", "w"), "covariate.too_few_units"),
        (moments_of(x[:, 0], np.full(100, 3.0)), ("u",), "covariate.no_variance"),
        (moments_of(x[:, 0], x[:, 1], x[:, 2], x[:, 1] + 2 * x[:, 2]), ("u", "v", "w"), "covariate.collinear"),
        (moments_of(x[:, 0], x[:, 1], x[:, 0] - x[:, 1]), ("u", "v"), "covariate.explains_everything"),
        (whole, ("u", "v"), "covariate.columns"),
        (whole, ("u", "u", "v"), "covariate.columns"),
    ]
    for moments, covariates, code in cases:
        with pytest.raises(Refused) as caught:
            adjusted_pair(moments, moments, covariates)
        assert caught.value.refusals[0].code == code


def test_the_tool():
    """adjusted_comparison from means and covariances; impossible tables are refused."""
    tool = catalogue.find("adjusted_comparison")
    example = tool.examples[0]
    found = tool.run(example)
    assert "removed" in found.sentence
    assert 0.2 < found.result.variance_reduction < 0.5
    assert found.result.absolute.standard_error < math.sqrt(3000 / 5000 + 3100 / 5020)
    for table in ([[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.5], [0.4, 1.0]], [[-1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0]]):
        bad = {**example["control"], "means": [1.0, 2.0], "covariances": table}
        with pytest.raises(Refused):
            tool.run({**example, "control": bad, "covariates": ["u"]})
