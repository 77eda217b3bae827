"""Cochran's Q with Welch's correction and Gail & Simon's test, against other implementations, tables and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.oneway import anova_oneway

from copilot_tools.refusals import Refused
from copilot_tools.stats.personalization.effects import Effect, effect_of
from copilot_tools.stats.personalization.heterogeneity import heterogeneity, qualitative_interaction
from copilot_tools.stats.personalization.parts import Outcome


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sizes", [(4, 9), (5, 40, 12), (30, 3, 200, 21, 8)])
def test_means_of_groups_are_tested_as_welch_does(seed, sizes):
    """Estimated variances: statsmodels' Welch ANOVA to twelve digits, whatever the unit of measurement."""
    rng = np.random.default_rng(seed)
    groups = [rng.normal(3, 1 + i, n) for i, n in enumerate(sizes)]
    expected = anova_oneway(groups, use_var="unequal").pvalue
    for unit in (1.0, 1e-9, 1e9):
        effects = [Effect(g.mean() * unit, g.var(ddof=1) * unit**2 / len(g), len(g) - 1) for g in groups]
        assert heterogeneity(effects).p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", [4, 5])
def test_known_variances_are_pooled_as_in_meta_analysis(seed):
    """Q, tau squared, I squared, the pooled effect and its error are those of statsmodels' meta-analysis."""
    rng = np.random.default_rng(seed)
    values, variances = rng.normal(0.3, 0.6, 7), rng.uniform(0.02, 0.4, 7)
    ours = heterogeneity([Effect(v, s, math.inf) for v, s in zip(values, variances, strict=True)])
    theirs = combine_effects(values, variances, method_re="dl")
    assert ours.q == pytest.approx(theirs.q, rel=1e-10)
    assert ours.tau**2 == pytest.approx(max(theirs.tau2, 0), rel=1e-9, abs=1e-15)
    assert ours.i_squared == pytest.approx(max(theirs.i2, 0), rel=1e-9, abs=1e-15)
    assert ours.pooled == pytest.approx(theirs.mean_effect_fe, rel=1e-10)
    assert ours.variance == pytest.approx(theirs.var_eff_w_fe, rel=1e-10)
    assert ours.p_value == pytest.approx(stats.chi2.sf(theirs.q, 6), rel=1e-10)


@pytest.mark.parametrize(("parts", "critical"), [(2, 2.71), (3, 4.23), (4, 5.43), (5, 6.50)])
def test_opposite_signs_have_the_published_critical_values(parts, critical):
    """Gail & Simon (1985), table 1, at 5%."""
    z = [math.sqrt(critical), -9.0] + [0.0] * (parts - 2)
    assert qualitative_interaction(z) == pytest.approx(0.05, abs=2e-4)
    assert qualitative_interaction([-x for x in z]) == qualitative_interaction(z)


def test_effects_of_one_sign_never_look_opposite():
    """All on one side: p = 1; and no effect at all is refused."""
    assert qualitative_interaction([0.1, 3.0, 8.0]) == 1.0
    assert qualitative_interaction([2.0]) == 1.0
    for call in (qualitative_interaction, heterogeneity):
        with pytest.raises(Refused, match="no part"):
            call([])


def test_the_least_favourable_signs_keep_the_level():
    """All but one true effect at 0 and one far below: the worst case of the null rejects at its 5%."""
    rng = np.random.default_rng(8)
    draws = rng.normal(loc=[-30.0, 0, 0, 0], size=(4000, 4))
    rate = np.mean([qualitative_interaction(list(z)) < 0.05 for z in draws])
    assert rate == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 4000))


@pytest.mark.parametrize("kind", ["few events", "small means", "unequal arms"])
def test_parts_with_one_effect_are_called_different_at_the_level(kind):
    """1,500 tests of eight parts that share one effect: Q falls below 5% about that often, on every branch."""
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(1500):
        effects = []
        for _ in range(8):
            if kind == "small means":
                a, b = rng.normal(5, 1, 20), rng.normal(5.3, 3, 25)
                control, treatment = (Outcome(n=len(x), mean=x.mean(), sd=x.std(ddof=1)) for x in (a, b))
            else:
                n, m = (2000, 2000) if kind == "few events" else (1000, 9000)
                p = 0.02 if kind == "few events" else 0.1
                control = Outcome(n=n, successes=int(rng.binomial(n, p)))
                treatment = Outcome(n=m, successes=int(rng.binomial(m, p * 1.2)))
            effects.append(effect_of(control, treatment))
        hits += heterogeneity(effects).p_value < 0.05
    assert hits / 1500 == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("control", "treatment", "scale", "code"),
    [
        (Outcome(n=50, successes=9), Outcome(n=50, successes=20), "absolute", "part.too_few_events"),
        (Outcome(n=50, successes=20), Outcome(n=50, successes=41), "absolute", "part.too_few_events"),
        (Outcome(n=19, mean=1, sd=1), Outcome(n=50, mean=1, sd=1), "absolute", "part.too_few_units"),
        (Outcome(n=50, mean=1, sd=0), Outcome(n=50, mean=2, sd=0), "absolute", "data.no_variance"),
        (Outcome(n=50, mean=-1, sd=1), Outcome(n=50, mean=2, sd=1), "relative", "part.level_not_positive"),
    ],
)
def test_a_part_that_cannot_be_judged_is_refused_by_name(control, treatment, scale, code):
    """Too few units or conversions, no variation, no ratio: refused, and which part it is."""
    with pytest.raises(Refused) as refused:
        effect_of(control, treatment, scale, "mobile")
    assert refused.value.refusals[0].code == code
    assert "mobile" in refused.value.refusals[0].reason


def test_a_relative_effect_is_the_log_ratio():
    """Katz's variance for proportions; Welch's t and its p-value for means, as scipy gives them."""
    found = effect_of(Outcome(n=400, successes=80), Outcome(n=500, successes=130), "relative")
    assert found.value == pytest.approx(math.log(0.26 / 0.2))
    assert found.variance == pytest.approx(1 / 80 - 1 / 400 + 1 / 130 - 1 / 500)
    means = effect_of(Outcome(n=30, mean=4.0, sd=1.0), Outcome(n=50, mean=4.6, sd=2.0))
    expected = stats.ttest_ind_from_stats(4.6, 2.0, 50, 4.0, 1.0, 30, equal_var=False)
    assert means.p_value() == pytest.approx(expected.pvalue, rel=1e-10)
