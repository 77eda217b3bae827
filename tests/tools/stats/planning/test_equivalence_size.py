"""Equivalence and several primary metrics in sizing: against published figures, brute force and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats
from scipy.integrate import quad

from copilot_tools import catalogue
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.clusters import ClusteredArm, compare_clusters
from copilot_tools.stats.planning.contrast import contrast
from copilot_tools.stats.planning.critical import critical_z
from copilot_tools.stats.planning.design import Cluster, TrialDesign
from copilot_tools.stats.planning.detectable import minimum_detectable_effect, power_at
from copilot_tools.stats.planning.outcomes import Mean, Proportion, Ratio
from copilot_tools.stats.planning.size import sample_size
from copilot_tools.stats.spec import Effect

DRAWS = [4_000, pytest.param(60_000, marks=pytest.mark.calibrate)]


def absolute(size):
    return Effect(size=size, scale="absolute")


def relative(size):
    return Effect(size=size, scale="relative")


def within(rate, power, draws, slack=0.01):
    """Whether a simulated rate is the power, up to four Monte Carlo errors and the approximation's own slack."""
    return abs(rate - power) < 4 * math.sqrt(power * (1 - power) / draws) + slack


def test_powertost_reference():
    """R's PowerTOST, sampleN.TOST(CV = 0.3): 40 subjects, power 0.8158453 (log scale, margins 0.8 to 1.25, 0.95)."""
    crossover = Mean(sd=math.sqrt(math.log(1 + 0.3**2) / 2))  # two periods each: the error of half the variance
    asked = {
        "effect": absolute(-math.log(0.95)),
        "direction": "decrease",
        "margin": absolute(math.log(1.25)),
        "equivalence": True,
    }
    assert power_at(crossover, 40, **asked).power == pytest.approx(0.8158453, abs=5e-8)
    assert sample_size(crossover, **asked).total == 40


@pytest.mark.parametrize(("n", "effect"), [(4, 0.0), (8, 0.2), (20, 0.5), (60, 0.7)])
def test_power_of_means_is_the_integral_over_the_standard_error(n, effect):
    """Owen's integral, by scipy's quadrature over the chi-square: also where power is small."""
    df, margin = 2 * n - 2, 1.0
    error, critical = math.sqrt(2 / n), stats.t.ppf(0.95, df)

    def both(x):
        reach = critical * math.sqrt(x / df)
        inside = special.ndtr((margin - effect) / error - reach) - special.ndtr(reach - (margin + effect) / error)
        return max(inside, 0.0) * stats.chi2.pdf(x, df)

    ceiling = df * (margin / error / critical) ** 2
    expected = quad(both, 0, ceiling, limit=400, epsabs=1e-12)[0]
    found = power_at(
        Mean(sd=1), 2 * n, absolute(effect) if effect else None, margin=absolute(margin), equivalence=True
    ).power
    assert found == pytest.approx(expected, abs=1e-9)


def test_large_sample_power_is_the_textbook_formula():
    """Chow, Shao & Wang: without true difference, Phi(margin / se - z) twice, less one."""
    found = power_at(Mean(sd=2, method="normal"), 1000, margin=absolute(0.4), equivalence=True).power
    assert found == pytest.approx(2 * stats.norm.cdf(0.4 / (2 * math.sqrt(2 / 500)) - stats.norm.ppf(0.95)) - 1)
    # The margin lies within the critical value's reach: both tests can never reject.
    assert power_at(Mean(sd=2, method="normal"), 40, margin=absolute(0.4), equivalence=True).power == 0


OUTCOMES = [
    (Mean(baseline=20, sd=9), "absolute", 2.0, {}),
    (Mean(baseline=20, sd=9), "relative", 0.1, {}),
    (Mean(baseline=-20, sd=9, treatment_sd=14), "relative", 0.15, {"weights": (2, 1)}),
    (Mean(sd=1), "absolute", 0.8, {}),
    (Mean(sd=1, method="normal"), "absolute", 0.2, {"covariate_correlation": 0.6}),
    (Proportion(baseline=0.3), "absolute", 0.06, {}),
    (Proportion(baseline=0.3), "relative", 0.2, {"weights": (1, 2)}),
    (Proportion(baseline=0.3, method="unpooled"), "absolute", 0.06, {}),
]


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize(("outcome", "scale", "margin", "design"), OUTCOMES)
def test_equivalence_is_shown_as_often_as_planned(draws, outcome, scale, margin, design):
    """Two one-sided tests on simulated estimates both reject with the planned power, and at the margin with alpha."""
    design = TrialDesign(**design)
    found = sample_size(outcome, margin=Effect(size=margin, scale=scale), equivalence=True, design=design)
    rng = np.random.default_rng([5, draws, round(1000 * margin)])
    width = margin if scale == "absolute" else margin * abs(outcome.baseline)
    for truth, promised, exact in ((0.0, 0.8, True), (width, 0.05, False)):
        level = outcome.baseline or 0.0
        estimates, errors, freedoms = [], [], []
        for n, mean, sd in (
            (found.per_arm[0], level, getattr(outcome, "sd", 0)),
            (found.per_arm[1], level + truth, getattr(outcome, "treatment_sd", None) or getattr(outcome, "sd", 0)),
        ):
            if outcome.kind == "proportion":
                share = rng.binomial(n, mean, draws) / n
                estimates.append(share)
                errors.append(share * (1 - share) / n)
            else:
                factor = design.variance_factor
                estimates.append(rng.normal(mean, sd * math.sqrt(factor / n), draws))
                errors.append(sd**2 * factor / n * rng.chisquare(n - 1, draws) / (n - 1))
            freedoms.append(n - 1)
        (x, y), (v0, v1) = estimates, errors
        rejected = np.ones(draws, bool)
        for sign in (1, -1):
            slope, offset = (1, -sign * margin) if scale == "absolute" else (1 - sign * math.copysign(margin, level), 0)
            a = slope**2 * v0
            df = (a + v1) ** 2 / (a**2 / freedoms[0] + v1**2 / freedoms[1])
            reach = special.stdtrit(df, 0.95) if outcome.kind == "mean" else special.ndtri(0.95)
            rejected &= sign * (y - slope * x - offset) > reach * np.sqrt(a + v1)
        # A proportion's score test and Wald's test written here differ a little.
        slack = 0.02 if outcome.kind == "proportion" or scale == "relative" else 0.01
        assert (
            within(rejected.mean(), promised, draws, slack)
            if exact
            else (rejected.mean() < promised + 4 * math.sqrt(0.05 * 0.95 / draws) + slack / 2)
        )


@pytest.mark.parametrize(("outcome", "scale", "margin", "design"), OUTCOMES)
def test_the_tightest_equivalence_margin_inverts_the_size(outcome, scale, margin, design):
    """With the units sized for a margin, that margin is the tightest that can be shown."""
    design = TrialDesign(**design)
    found = sample_size(outcome, margin=Effect(size=margin, scale=scale), equivalence=True, design=design)
    inverse = minimum_detectable_effect(outcome, found.total, equivalence=True, scale=scale, design=design)
    assert inverse.kind == "equivalence margin"
    size = inverse.absolute if scale == "absolute" else inverse.relative
    assert size == pytest.approx(margin, rel=0.05)
    assert size <= margin * (1 + 1e-6)


def test_several_arms_share_alpha_by_bonferroni_for_equivalence():
    """Beyond opposite margins estimates do not err together: Dunnett's value is not used, nor are two sides."""
    found = sample_size(
        Mean(sd=1), margin=absolute(0.3), equivalence=True, design=TrialDesign(weights=(1, 1, 1), sides=2)
    )
    assert found.critical_z == pytest.approx(stats.norm.ppf(1 - 0.05 / 2))
    assert any("Bonferroni" in sentence for sentence in found.assumed)


@pytest.mark.parametrize("rule", ["bonferroni", "holm"])
def test_one_of_several_metrics(rule):
    """Each of m metrics is sized at alpha / m, also with several arms (Dunnett within each)."""
    many = TrialDesign(metrics=4, metrics_rule=rule)
    one = TrialDesign(alpha=0.05 / 4)
    metric, effect = Proportion(baseline=0.1), relative(0.1)
    assert sample_size(metric, effect, design=many).per_arm == sample_size(metric, effect, design=one).per_arm
    arms = TrialDesign(metrics=4, metrics_rule=rule, weights=(1, 1, 1))
    assert arms.critical_z == pytest.approx(critical_z(0.05 / 4, 2, (1, 1)))


@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95])
def test_all_of_several_metrics(draws, correlation):
    """All of three metrics are found at least as often as planned, whatever their correlation; exactly at 5% each."""
    design = TrialDesign(metrics=3, metrics_rule="all")
    found = sample_size(Mean(sd=1, method="normal"), absolute(0.1), design=design)
    assert design.critical_z == pytest.approx(stats.norm.ppf(0.975))
    n0, n1 = found.per_arm
    away = 0.1 / math.sqrt(1 / n0 + 1 / n1)
    rng = np.random.default_rng([7, draws, round(correlation * 100)])
    common = rng.standard_normal((draws, 1))
    z = away + math.sqrt(correlation) * common + math.sqrt(1 - correlation) * rng.standard_normal((draws, 3))
    rate = (z > design.critical_z).all(axis=1).mean()
    assert rate > found.power - 4 * math.sqrt(0.16 / draws)
    if correlation == 0:  # three independent ones: the bound is all but tight
        assert rate < found.power + 4 * math.sqrt(0.16 / draws) + 0.02


@pytest.mark.parametrize("draws", [600, pytest.param(20_000, marks=pytest.mark.calibrate)])
def test_clusters_of_unequal_sizes_reach_their_power(draws):
    """Clusters whose sizes vary, read cluster-robustly, find the effect about as often as planned."""
    cv, icc, mean_size = 0.7, 0.05, 20
    found = sample_size(
        Mean(sd=1), absolute(0.25), design=TrialDesign(cluster=Cluster(size=mean_size, icc=icc, size_cv=cv))
    )
    rng = np.random.default_rng([11, draws])
    wins = 0
    for _ in range(draws):
        arms = []
        for n, shift in zip(found.per_arm, (0.0, 0.25), strict=True):
            k = round(n / mean_size)
            sizes = 1 + rng.negative_binomial(2.1, 2.1 / (2.1 + mean_size - 1), k)
            levels = shift + rng.normal(0, math.sqrt(icc), k)
            sums = sizes * levels + rng.normal(0, np.sqrt((1 - icc) * sizes))
            arms.append(ClusteredArm(name="a", sizes=tuple(sizes.tolist()), sums=tuple(sums.tolist())))
        read = compare_clusters(*arms)
        wins += read.absolute.interval.low > 0
    assert within(wins / draws, 0.8, draws, slack=0.03)


REFUSED = [
    (lambda: sample_size(Mean(sd=1), absolute(0.1), equivalence=True), "planning.no_margin"),
    (
        lambda: sample_size(Mean(sd=1), absolute(0.3), margin=absolute(0.3), equivalence=True),
        "planning.effect_beyond_margin",
    ),
    (
        lambda: sample_size(Proportion(baseline=0.95), margin=absolute(0.06), equivalence=True),
        "planning.out_of_range",
    ),
    (
        lambda: sample_size(Proportion(baseline=0.5, method="arcsine"), margin=absolute(0.06), equivalence=True),
        "planning.method_without_margin",
    ),
    (lambda: contrast(Mean(sd=1), "increase", None, relative(0.1), equivalence=True), "planning.no_baseline"),
]


@pytest.mark.parametrize(("ask", "code"), REFUSED)
def test_equivalence_refuses_what_contradicts_itself(ask, code):
    """No margin, an effect beyond it, a share outside 0 to 1, a method without margin: typed refusals."""
    with pytest.raises(Refused) as caught:
        ask()
    assert caught.value.refusals[0].code == code


def test_a_ratio_with_covariate_clusters_and_metrics_combines():
    """Every factor together: variance times (1 - rho^2) times the design effect, at alpha / 2 metrics."""
    ratio = Ratio(numerator_mean=2, numerator_sd=3, denominator_mean=4, denominator_sd=1, correlation=0.5)
    design = TrialDesign(
        metrics=2, covariate_correlation=0.5, cluster=Cluster(size=10, icc=0.1, size_cv=0.5), weights=(1, 1)
    )
    found = sample_size(ratio, absolute(0.02), design=design)
    factor = 0.75 * (1 + (1.25 * 10 - 1) * 0.1)
    z = stats.norm.ppf(1 - 0.05 / 4) + stats.norm.ppf(0.8)
    assert found.unrounded_control == pytest.approx(2 * factor * ratio.unit_variance() * (z / 0.02) ** 2, rel=1e-3)


def test_the_design_effect_tool():
    """Kish's 1.99 for clusters of 100 at icc .01; what 20,000 units are worth, and what they can be worth at most."""
    tool = catalogue.find("design_effect")
    assert tool.run({"cluster": {"size": 100, "icc": 0.01}}).design_effect == pytest.approx(1.99, abs=1e-12)
    found = tool.run({"cluster": {"size": 40, "icc": 0.02, "size_cv": 0.6}, "units": 20000})
    assert found.design_effect == pytest.approx(1 + (1.36 * 40 - 1) * 0.02)
    assert found.effective_units == pytest.approx(20000 / found.design_effect)
    assert found.standard_error_factor == pytest.approx(math.sqrt(found.design_effect))
    huge = tool.run({"cluster": {"size": 4e6, "icc": 0.02, "size_cv": 0.6}, "units": 2_000_000_000})
    assert (huge.clusters, found.clusters) == (500, 500)
    assert huge.effective_units == pytest.approx(found.most_effective_units, rel=1e-4)
    with pytest.raises(Refused):
        tool.run({"cluster": {"size": 0.5, "icc": 0.01}})


def test_tools_take_equivalence():
    """Size, power and smallest margin through the catalogue; one kind of margin at a time."""
    outcome = {"kind": "proportion", "baseline": 0.3}
    size = catalogue.find("sample_size").run(
        {"outcome": outcome, "margin": {"size": 0.05, "scale": "absolute"}, "equivalence": True}
    )
    asked = {"outcome": outcome, "units": size.total}
    power = catalogue.find("power").run({**asked, "margin": {"size": 0.05, "scale": "absolute"}, "equivalence": True})
    assert power.power == size.power
    assert catalogue.find("minimum_detectable_effect").run({**asked, "equivalence": True}).absolute < 0.05
    with pytest.raises(Refused):
        catalogue.find("minimum_detectable_effect").run({**asked, "equivalence": True, "noninferiority": True})
