"""Every size, on every branch, reaches its power when the test it is for is run on simulated data.

Where the product analyses the same way, the product's own interval is the test; elsewhere the test is written out here.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.proportions import Counts, koopman, mee
from copilot_tools.stats.inference.relative import fieller
from copilot_tools.stats.planning.design import Cluster, TrialDesign
from copilot_tools.stats.planning.outcomes import Mean, Proportion, Ratio
from copilot_tools.stats.planning.size import sample_size
from copilot_tools.stats.spec import Effect

SHORT, LONG = 4_000, 40_000
DRAWS = [SHORT, pytest.param(LONG, marks=pytest.mark.calibrate)]


def absolute(size):
    return Effect(size=size, scale="absolute")


def relative(size):
    return Effect(size=size, scale="relative")


def within(rate, power, draws, slack=0.012):
    """Whether a simulated rate is the power, up to four Monte Carlo errors and the approximation's own slack."""
    return abs(rate - power) < 4 * math.sqrt(power * (1 - power) / draws) + slack


def generator(*key):
    """Random numbers that depend on the case alone."""
    return np.random.default_rng([20250701, *key])


def binomials(rng, per_arm, p0, p1, draws):
    return rng.binomial(per_arm[0], p0, draws), rng.binomial(per_arm[1], p1, draws)


def proportion_z(method, x0, x1, n0, n1):
    """The statistic of each named method."""
    a, b = x0 / n0, x1 / n1
    if method == "arcsine":
        return (2 * np.arcsin(np.sqrt(b)) - 2 * np.arcsin(np.sqrt(a))) / math.sqrt(1 / n0 + 1 / n1)
    pooled = (x0 + x1) / (n0 + n1)
    variance = {
        "pooled": pooled * (1 - pooled) * (1 / n0 + 1 / n1),
        "baseline": a * (1 - a) * (1 / n0 + 1 / n1),
        "unpooled": a * (1 - a) / n0 + b * (1 - b) / n1,
    }[method]
    return (b - a) / np.sqrt(variance)


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("method", ["pooled", "unpooled", "baseline", "arcsine"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("weights", "sides"), [((1, 1), 2), ((3, 1), 2), ((1, 2), 1)])
def test_proportions(draws, method, sign, weights, sides):
    """Each method's own z test finds the effect with the asked power: both directions, unequal arms, both sides."""
    design = TrialDesign(weights=weights, sides=sides)
    found = sample_size(
        Proportion(baseline=0.3, method=method),
        absolute(0.06),
        direction="increase" if sign > 0 else "decrease",
        design=design,
    )
    rng = generator(draws, sides, *weights)
    x0, x1 = binomials(rng, found.per_arm, 0.3, 0.3 + sign * 0.06, draws)
    z = sign * proportion_z(method, x0, x1, *found.per_arm)
    assert within(np.mean(z > special.ndtri(1 - 0.05 / sides)), 0.8, draws)


@pytest.mark.parametrize("draws", [1500, pytest.param(LONG, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("weights", [(1, 1), (2, 1)])
def test_noninferiority_of_proportions(draws, scale, sign, weights):
    """The product's score interval lies above minus the margin with the asked power, at the margin with alpha."""
    margin = 0.05 if scale == "absolute" else 0.05 / 0.3
    found = sample_size(
        Proportion(baseline=0.3),
        margin=Effect(size=margin, scale=scale),
        direction="increase" if sign > 0 else "decrease",
        design=TrialDesign(weights=weights),
    )
    interval = mee if scale == "absolute" else koopman
    line = -sign * margin if scale == "absolute" else 1 - sign * margin
    n0, n1 = found.per_arm
    for p1, rate in ((0.3, 0.8), (0.3 - sign * 0.05, 0.025)):
        x0, x1 = binomials(generator(draws, *weights), found.per_arm, 0.3, p1, draws)
        shown = []
        for a, b in zip(x0.tolist(), x1.tolist(), strict=True):
            low, high = interval(Counts(a, n0), Counts(b, n1), found.critical_z)
            shown.append(low > line if sign > 0 else high < line)
        assert within(np.mean(shown), rate, draws)


def sample_moments(rng, n, mean, sd, draws):
    """Means and variances of ``draws`` normal samples, from their exact joint distribution."""
    return rng.normal(mean, sd / math.sqrt(n), draws), sd**2 * rng.chisquare(n - 1, draws) / (n - 1)


def welch_t(m0, v0, n0, m1, v1, n1):
    a, b = v0 / n0, v1 / n1
    return (m1 - m0) / np.sqrt(a + b), (a + b) ** 2 / (a * a / (n0 - 1) + b * b / (n1 - 1))


@pytest.mark.parametrize("draws", [20_000, pytest.param(400_000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("outcome", "weights", "sides", "size"),
    [
        (Mean(sd=1), (1, 1), 2, 1.2),
        (Mean(sd=1), (1, 1), 1, 0.4),
        (Mean(sd=1), (3, 1), 2, 0.7),
        (Mean(sd=1, treatment_sd=2.5), (1, 1), 2, 1.0),
        (Mean(sd=2, treatment_sd=1), (1, 3), 2, 0.8),
        (Mean(sd=1, method="normal"), (1, 1), 2, 0.1),
    ],
)
def test_means(draws, sign, outcome, weights, sides, size):
    """Welch's t test finds the effect with the asked power, a dozen units a sample or hundreds."""
    design = TrialDesign(weights=weights, sides=sides)
    found = sample_size(outcome, absolute(size), direction="increase" if sign > 0 else "decrease", design=design)
    rng = generator(draws, sides, *weights)
    n0, n1 = found.per_arm
    control = sample_moments(rng, n0, 5.0, outcome.sd, draws)
    treatment = sample_moments(rng, n1, 5.0 + sign * size, outcome.treatment_sd or outcome.sd, draws)
    t, df = welch_t(*control, n0, *treatment, n1)
    assert within(np.mean(sign * t > special.stdtrit(df, 1 - 0.05 / sides)), found.power, draws, slack=0.006)


@pytest.mark.parametrize("draws", [3000, pytest.param(LONG, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize(("baseline", "sign"), [(10.0, 1), (10.0, -1), (-10.0, 1), (-10.0, -1)])
def test_noninferiority_of_means(draws, scale, baseline, sign):
    """Welch's or Fieller's interval lies above minus the margin with the asked power, whatever the sign."""
    margin = absolute(1.0) if scale == "absolute" else relative(0.1)
    outcome = Mean(baseline=baseline, sd=4)
    found = sample_size(outcome, margin=margin, direction="increase" if sign > 0 else "decrease")
    n0, n1 = found.per_arm
    rng = generator(draws, 5)
    m0, v0 = sample_moments(rng, n0, baseline, 4, draws)
    m1, v1 = sample_moments(rng, n1, baseline, 4, draws)
    if scale == "absolute":
        t, df = welch_t(m0, v0, n0, m1 + sign * 1.0, v1, n1)
        shown = sign * t > special.stdtrit(df, 0.975)
    else:
        rows = []
        for a, va, b, vb in zip(*(x.tolist() for x in (m0, v0, m1, v1)), strict=True):
            level0 = Level(n=n0, observed=a, value=a, variance=va / n0, observed_variance=va / n0)
            level1 = Level(n=n1, observed=b, value=b, variance=vb / n1, observed_variance=vb / n1)
            lift = fieller(level0, level1, found.critical_z)
            rows.append(lift.low > -0.1 if sign > 0 else lift.high < 0.1)
        shown = np.array(rows)
    assert within(np.mean(shown), found.power, draws)


@pytest.mark.parametrize("draws", [2000, pytest.param(LONG, marks=pytest.mark.calibrate)])
def test_a_covariate(draws):
    """After CUPED with a covariate of correlation .8 the smaller size still has its power."""
    rho, effect = 0.8, 0.3
    found = sample_size(Mean(sd=1), absolute(effect), design=TrialDesign(covariate_correlation=rho))
    n = found.per_arm[0]
    rng = generator(draws, 7)
    hits = 0
    for start in range(0, draws, 500):
        size = (2, min(500, draws - start), n)
        x = rng.normal(size=size)
        y = rho * x + math.sqrt(1 - rho**2) * rng.normal(size=size)
        y[1] += effect
        xc = x - x.mean(axis=2, keepdims=True)
        theta = (xc * y).sum(axis=(0, 2)) / (xc * xc).sum(axis=(0, 2))
        adjusted = y - theta[:, None] * x
        t, df = welch_t(*_moments(adjusted[0]), n, *_moments(adjusted[1]), n)
        hits += int(np.sum(t > special.stdtrit(df, 0.975)))
    assert n < 0.37 * sample_size(Mean(sd=1), absolute(effect)).per_arm[0]
    assert within(hits / draws, found.power, draws, slack=0.015)


def _moments(values):
    return values.mean(axis=1), values.var(axis=1, ddof=1)


@pytest.mark.parametrize("draws", [20_000, pytest.param(400_000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize(("icc", "effect"), [(0.05, 0.2), (0.2, 0.6)])
def test_clusters(draws, icc, effect):
    """A t test of cluster means has the asked power at the clustered size; ignoring the clusters it would not."""
    m = 20
    found = sample_size(Mean(sd=1), absolute(effect), design=TrialDesign(cluster=Cluster(size=m, icc=icc)))
    groups = found.per_arm[0] // m
    sd = math.sqrt(icc + (1 - icc) / m)
    rng = generator(draws, 11)
    control = sample_moments(rng, groups, 0.0, sd, draws)
    treatment = sample_moments(rng, groups, effect, sd, draws)
    t, df = welch_t(*control, groups, *treatment, groups)
    assert within(np.mean(t > special.stdtrit(df, 0.975)), found.power, draws, slack=0.006)
    naive = sample_size(Mean(sd=1), absolute(effect)).per_arm[0]
    assert naive < 0.7 * found.per_arm[0]


@pytest.mark.parametrize("draws", [1500, pytest.param(LONG, marks=pytest.mark.calibrate)])
def test_ratios(draws):
    """The delta-method z test of a ratio of sums finds a 10% lift with the asked power."""
    outcome = Ratio(numerator_mean=4, numerator_sd=2, denominator_mean=10, denominator_sd=2, correlation=0.5)
    found = sample_size(outcome, relative(0.1))
    n = found.per_arm[0]
    rng = generator(draws, 13)
    hits = 0
    for start in range(0, draws, 500):
        size = (2, min(500, draws - start), n)
        den = 10 + 2 * rng.normal(size=size)
        num = 4 + 0.5 * (den - 10) + math.sqrt(4 - 1) * rng.normal(size=size)
        num[1] += 0.04 * den[1]
        r = num.sum(axis=2) / den.sum(axis=2)
        residual = (num - r[..., None] * den) / den.mean(axis=2, keepdims=True)
        variance = residual.var(axis=2, ddof=1) / n
        hits += int(np.sum((r[1] - r[0]) / np.sqrt(variance.sum(axis=0)) > 1.959964))
    assert within(hits / draws, found.power, draws, slack=0.02)


@pytest.mark.parametrize("draws", [40_000, pytest.param(400_000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize("adjustment", ["dunnett", "bonferroni", "none"])
@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (3, 1, 2, 1)])
def test_several_arms(draws, adjustment, weights):
    """Each arm alone has its power; over all arms together Dunnett spends alpha exactly, Bonferroni less, none more."""
    found = sample_size(
        Proportion(baseline=0.3), absolute(0.05), design=TrialDesign(weights=weights, adjustment=adjustment)
    )
    rng = generator(draws, *weights)
    smallest = 1 + int(np.argmin(found.per_arm[1:]))
    n0, n1 = found.per_arm[0], found.per_arm[smallest]
    z = proportion_z("pooled", *binomials(rng, (n0, n1), 0.3, 0.35, draws), n0, n1)
    assert within(np.mean(z > found.critical_z), 0.8, draws)

    control = rng.binomial(n0, 0.3, draws)
    any_alarm = np.zeros(draws, dtype=bool)
    for n in found.per_arm[1:]:
        any_alarm |= np.abs(proportion_z("pooled", control, rng.binomial(n, 0.3, draws), n0, n)) > found.critical_z
    error = 4 * math.sqrt(0.05 * 0.95 / draws) + 0.002
    if adjustment == "dunnett":
        assert abs(any_alarm.mean() - 0.05) < error
    elif adjustment == "bonferroni":
        assert any_alarm.mean() < 0.05 + error
    else:
        assert any_alarm.mean() > 0.09
