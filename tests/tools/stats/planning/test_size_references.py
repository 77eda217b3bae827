"""Sizes and powers against published calculators, help pages and textbooks."""

from __future__ import annotations

import math

import pytest
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from copilot_tools.refusals import Refused
from copilot_tools.stats.planning.design import Cluster, TrialDesign
from copilot_tools.stats.planning.detectable import minimum_detectable_effect, power_at
from copilot_tools.stats.planning.outcomes import Mean, Proportion, Ratio
from copilot_tools.stats.planning.powers import arcsine_power
from copilot_tools.stats.planning.rules import cohens_h, design_effect, rule_of_16
from copilot_tools.stats.planning.size import sample_size
from copilot_tools.stats.spec import Effect


def absolute(size):
    return Effect(size=size, scale="absolute")


def relative(size):
    return Effect(size=size, scale="relative")


@pytest.mark.parametrize(
    ("baseline", "difference", "expected", "tolerance"),
    [(0.2, 0.05, 1030, 1), (0.05, 0.005, 30244, 2), (0.1, 0.01, 14313, 2)],
)
def test_evan_miller(baseline, difference, expected, tolerance):
    """Control's variance for both arms reproduces evanmiller.org/ab-testing/sample-size.html."""
    found = sample_size(Proportion(baseline=baseline, method="baseline"), absolute(difference))
    assert found.per_arm[0] == pytest.approx(expected, abs=tolerance)


def test_r_power_prop_test():
    """R's help page: power.prop.test(n = 50, p1 = .50, p2 = .75) = 0.740; with power = .90, n = 76.7."""
    assert power_at(Proportion(baseline=0.5), 100, absolute(0.25)).power == pytest.approx(0.7401659, abs=1e-6)
    found = sample_size(Proportion(baseline=0.5), absolute(0.25), power=0.9)
    assert found.unrounded_control == pytest.approx(76.7069, abs=1e-3)
    assert found.per_arm == (77, 77)


def test_r_power_t_test():
    """R's help page: power.t.test(n = 20, delta = 1, sd = 1) = 0.8689528; n = 22.02110; one-sided 17.84713."""
    assert power_at(Mean(sd=1), 40, absolute(1)).power == pytest.approx(0.8689528, abs=5e-8)
    assert sample_size(Mean(sd=1), absolute(1), power=0.9).unrounded_control == pytest.approx(22.02110, abs=1e-5)
    one_sided = sample_size(Mean(sd=1), absolute(1), power=0.9, design=TrialDesign(sides=1))
    assert one_sided.unrounded_control == pytest.approx(17.84713, abs=2e-5)


def test_cohen_and_gpower():
    """Cohen (1988) 6.1 and the G*Power manual: d = 0.5 needs 64 or 105, d = 0.2 needs 394; h = 0.3, n = 80."""
    assert sample_size(Mean(sd=1), absolute(0.5)).unrounded_control == pytest.approx(63.7656, abs=1e-3)
    assert sample_size(Mean(sd=1), absolute(0.5)).per_arm == (64, 64)
    assert sample_size(Mean(sd=1), absolute(0.5), power=0.95).per_arm == (105, 105)
    assert sample_size(Mean(sd=1), absolute(0.2)).per_arm == (394, 394)
    assert arcsine_power(0.3, 80, 80, 1.6448536269514722) == pytest.approx(0.5996777, abs=1e-7)


def test_kohavis_rule():
    """Kohavi et al. (2009): 121,600 for 5% conversion and 409,600 for $3.75 with sd $30, both for 5% relative."""
    assert rule_of_16(0.05 * 0.95, 0.05 * 0.05) == pytest.approx(121_600)
    assert rule_of_16(30**2, 3.75 * 0.05) == pytest.approx(409_600)


def test_kish_design_effect():
    """Kish (1965): 1 + (m - 1) icc; unequal sizes add cv^2 m icc; one unit per cluster costs nothing."""
    assert design_effect(100, 0.01) == pytest.approx(1.99, abs=1e-12)
    assert design_effect(100, 0.01, 0.5) == pytest.approx(1 + (1.25 * 100 - 1) * 0.01, abs=1e-12)
    assert design_effect(1, 0.3) == 1


@pytest.mark.parametrize(("d", "n", "ratio", "sides"), [(0.1, 400, 1.0, 2), (0.4, 50, 3.0, 2), (0.3, 88, 0.25, 1)])
def test_means_against_statsmodels(d, n, ratio, sides):
    """With equal spreads the power agrees with statsmodels' t test, up to its degrees of freedom when arms differ.

    A two-sided test at 5% finds an effect in its own direction with its upper 2.5%.
    """
    design = TrialDesign(weights=(1, ratio), sides=sides)
    total = round(n * (1 + ratio))
    expected = TTestIndPower().power(d, n, 0.05 / sides, ratio, alternative="larger")
    found = power_at(Mean(sd=2.5), total, absolute(d * 2.5), design=design).power
    assert found == pytest.approx(expected, abs=1e-5 if ratio == 1 else 1e-2)


@pytest.mark.parametrize(("d", "n", "ratio", "sides"), [(0.1, 400, 1.0, 2), (0.4, 50, 3.0, 2), (0.3, 88, 0.25, 1)])
def test_large_sample_means_against_statsmodels(d, n, ratio, sides):
    """The large-sample method agrees with statsmodels' z test, arms unequal too."""
    design = TrialDesign(weights=(1, ratio), sides=sides)
    expected = NormalIndPower().power(d, n, 0.05 / sides, ratio, alternative="larger")
    found = power_at(Mean(sd=2.5, method="normal"), round(n * (1 + ratio)), absolute(d * 2.5), design=design).power
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("p", "difference", "n", "ratio"), [(0.1, 0.03, 900, 1.0), (0.3, 0.1, 300, 2.0)])
def test_proportions_against_statsmodels(p, difference, n, ratio):
    """The pooled method agrees with statsmodels' power of two independent proportions, arms unequal too."""
    expected = power_proportions_2indep(difference, p, n * ratio, ratio=1 / ratio, return_results=False)
    found = power_at(
        Proportion(baseline=p), round(n * (1 + ratio)), absolute(difference), design=TrialDesign(weights=(1, ratio))
    ).power
    assert found == pytest.approx(float(expected), abs=2e-3)


def test_arcsine_against_statsmodels():
    """The arcsine method is the normal test of Cohen's h."""
    h = cohens_h(0.1, 0.13)
    expected = NormalIndPower().power(h, 900, 0.025, alternative="larger")
    found = power_at(Proportion(baseline=0.1, method="arcsine"), 1800, absolute(0.03)).power
    assert found == pytest.approx(expected, abs=1e-6)


def test_farrington_manning_noninferiority():
    """Farrington & Manning's size with no true difference: restricted shares from their published cubic."""
    p, margin, alpha_z, beta_z = 0.1, 0.03, 1.959963984540054, 0.8416212335729143
    # p0 >= p1 - margin on the line p1 = p0 - margin: their closed form (theta = 1, s0 = margin).
    a, b = 2.0, -(2 + 2 * p + margin * 3)
    c, d = margin**2 + margin * (2 * p + 2) + 2 * p, -p * margin * (1 + margin)
    v = b**3 / (3 * a) ** 3 - b * c / (6 * a**2) + d / (2 * a)
    u = math.copysign(math.sqrt(b**2 / (3 * a) ** 2 - c / (3 * a)), v)
    w = (math.pi + math.acos(v / u**3)) / 3
    upper = 2 * u * math.cos(w) - b / (3 * a)
    lower = upper - margin
    null = upper * (1 - upper) + lower * (1 - lower)
    expected = ((alpha_z * math.sqrt(null) + beta_z * math.sqrt(2 * p * (1 - p))) / margin) ** 2
    found = sample_size(Proportion(baseline=p), margin=absolute(margin))
    assert found.unrounded_control == pytest.approx(expected, rel=1e-6)


def test_covariate_and_clusters_scale_a_large_size_by_their_factor():
    """A covariate of correlation .7 leaves 51% of the units, clusters of 100 at icc .01 need 1.99 times as many."""
    metric, effect = Mean(sd=1, method="normal"), absolute(0.01)
    plain = sample_size(metric, effect).unrounded_control
    helped = sample_size(metric, effect, design=TrialDesign(covariate_correlation=0.7)).unrounded_control
    assert helped / plain == pytest.approx(0.51, rel=1e-6)
    clustered = sample_size(metric, effect, design=TrialDesign(cluster=Cluster(size=100, icc=0.01)))
    assert clustered.unrounded_control / plain == pytest.approx(1.99, rel=1e-6)
    assert all(n % 100 == 0 for n in clustered.per_arm)


def test_a_ratio_with_a_constant_denominator_is_a_mean():
    """Divided by a constant 4, the linearized spread is the numerator's over 4."""
    ratio = Ratio(numerator_mean=2, numerator_sd=3, denominator_mean=4, denominator_sd=0, correlation=0)
    mean = Mean(baseline=0.5, sd=0.75, method="normal")
    assert sample_size(ratio, relative(0.1)).per_arm == sample_size(mean, relative(0.1)).per_arm


@pytest.mark.parametrize(
    ("outcome", "kwargs"),
    [
        (Proportion(baseline=0.1), {}),
        (Proportion(baseline=0.1), {"direction": "decrease"}),
        (Proportion(baseline=0.1), {"design": TrialDesign(weights=(2, 1, 1), sides=1)}),
        (Proportion(baseline=0.9, method="unpooled"), {"direction": "decrease"}),
        (Mean(baseline=20, sd=50), {"direction": "decrease"}),
        (Mean(baseline=-3, sd=4, treatment_sd=9), {"design": TrialDesign(covariate_correlation=0.5)}),
        (Mean(sd=4), {"design": TrialDesign(cluster=Cluster(size=30, icc=0.02))}),
        (Ratio(numerator_mean=2, numerator_sd=3, denominator_mean=4, denominator_sd=1, correlation=0.5), {}),
    ],
)
@pytest.mark.parametrize("noninferiority", [False, True])
def test_the_smallest_detectable_effect_inverts_the_size(outcome, kwargs, noninferiority):
    """With the units sized for an effect (or margin), that effect is what can just be detected."""
    size = 0.04
    asked = {"margin": absolute(size)} if noninferiority else {"effect": absolute(size)}
    found = sample_size(outcome, **asked, **kwargs)
    inverse = minimum_detectable_effect(outcome, found.total, noninferiority=noninferiority, **kwargs)
    assert inverse.absolute == pytest.approx(size, rel=0.02)
    assert inverse.absolute <= size * (1 + 1e-9) or found.power < 0.8001
    assert power_at(outcome, found.total, **asked, **kwargs).power >= 0.8


@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_a_relative_margin_inverts_too(direction):
    """The tightest relative margin is tested on the relative scale, and comes back as its absolute size."""
    outcome = Proportion(baseline=0.1)
    found = sample_size(outcome, margin=relative(0.2), direction=direction)
    inverse = minimum_detectable_effect(
        outcome, found.total, noninferiority=True, scale="relative", direction=direction
    )
    assert inverse.relative == pytest.approx(0.2, rel=1e-3)


def test_the_table_stands_around_the_answer():
    """Multiples 0.5 to 2 of the effect, the middle row the answer itself, smaller effects needing more units."""
    found = sample_size(Proportion(baseline=0.05), relative(0.1), units_per_week=9000)
    assert [row.factor for row in found.table] == [0.5, 0.75, 1.0, 1.5, 2.0]
    totals = [row.total for row in found.table]
    assert totals[2] == found.total
    assert totals == sorted(totals, reverse=True)
    assert [row.weeks for row in found.table] == [math.ceil(t / 9000) for t in totals]


def test_an_impossible_row_of_the_table_says_why():
    """Twice 25 points from 50% is no share: that row holds the refusal, the others stand."""
    found = sample_size(Proportion(baseline=0.5), absolute(0.25))
    assert found.table[-1].total.code == "planning.out_of_range"
    assert found.table[-1].weeks is None
    assert isinstance(found.table[3].total, int)


def test_more_weeks_detect_less():
    """With traffic stated the table runs over weeks, and the smallest detectable effect shrinks."""
    found = minimum_detectable_effect(Proportion(baseline=0.05), 20_000, weeks_of=5000)
    assert [row.weeks for row in found.table] == [1, 2, 3, 4, 6, 8]
    effects = [row.effect for row in found.table]
    assert effects == sorted(effects, reverse=True)
    assert effects[3] == found.absolute


def test_every_arm_gets_its_power_under_unequal_weights():
    """The smallest treatment arm decides, and arms keep their configured shares."""
    found = sample_size(Proportion(baseline=0.1), absolute(0.02), design=TrialDesign(weights=(4, 2, 1)))
    assert found.per_arm[0] == pytest.approx(4 * found.per_arm[2], abs=4)
    assert found.per_arm[1] == pytest.approx(2 * found.per_arm[2], abs=2)
    assert 0.8 <= found.power < 0.801


def test_rare_events_and_few_clusters_are_warned_of():
    """What the approximation cannot carry is said beside the number."""
    rare = sample_size(Proportion(baseline=0.0001), absolute(0.05))
    assert "below 10" in rare.notes[0]
    few = sample_size(Mean(sd=1), absolute(1), design=TrialDesign(cluster=Cluster(size=50, icc=0.3)))
    assert any("clusters" in note for note in few.notes)
    assert sample_size(Proportion(baseline=0.1), absolute(0.02)).notes == ()


REFUSED = [
    (lambda: sample_size(Proportion(baseline=0.1)), "planning.no_effect"),
    (lambda: sample_size(Proportion(baseline=0.9), relative(0.2)), "planning.out_of_range"),
    (lambda: sample_size(Proportion(baseline=0.1), margin=absolute(0.2)), "planning.out_of_range"),
    (lambda: sample_size(Mean(sd=1), relative(0.2)), "planning.no_baseline"),
    (lambda: sample_size(Mean(sd=1, baseline=0), relative(0.2)), "planning.no_baseline"),
    (lambda: sample_size(Mean(sd=1), absolute(1e-9)), "planning.size_unreachable"),
    (lambda: sample_size(Proportion(baseline=0.1), absolute(0.01), power=1), "parameter.out_of_range"),
    (lambda: sample_size(Proportion(baseline=0.1), absolute(0.01), power=0.02), "parameter.out_of_range"),
    (
        lambda: sample_size(Proportion(baseline=0.1, method="arcsine"), margin=absolute(0.01)),
        "planning.method_without_margin",
    ),
    (
        lambda: sample_size(Proportion(baseline=0.1, method="baseline"), margin=absolute(0.01)),
        "planning.method_without_margin",
    ),
    (lambda: sample_size(Proportion(baseline=0.1), absolute(0.01), units_per_week=0), "parameter.not_positive"),
    (lambda: power_at(Mean(sd=1), 3, absolute(1)), "planning.too_few_units"),
    (lambda: power_at(Mean(sd=1), 2.5, absolute(1)), "parameter.not_a_count"),
    (lambda: minimum_detectable_effect(Proportion(baseline=0.5), 6), "planning.nothing_detectable"),
    (lambda: minimum_detectable_effect(Proportion(baseline=0.5), 1), "parameter.not_a_count"),
    (lambda: design_effect(0.5, 0.1), "parameter.too_small"),
    (lambda: design_effect(5, 1.0), "parameter.out_of_range"),
    (lambda: rule_of_16(1, 0), "parameter.not_positive"),
]


@pytest.mark.parametrize(("ask", "code"), REFUSED)
def test_questions_without_an_answer_are_refused(ask, code):
    """A question that contradicts itself, or has no finite answer, is refused by name."""
    with pytest.raises(Refused) as refused:
        ask()
    assert refused.value.refusals[0].code == code
    assert refused.value.refusals[0].reason


@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_a_relative_margin_weighs_controls_variance(direction):
    """Against y = r x the estimate y - r x has variance (1 + r^2) p (1 - p) / n when there is no true difference."""
    p, margin, z = 0.3, 0.2, 1.959963984540054 + 0.8416212335729143
    r = 1 - margin if direction == "increase" else 1 + margin
    expected = z**2 * (1 + r * r) * p * (1 - p) / (margin * p) ** 2
    found = sample_size(Proportion(baseline=p, method="unpooled"), margin=relative(margin), direction=direction)
    assert found.unrounded_control == pytest.approx(expected, rel=1e-9)
