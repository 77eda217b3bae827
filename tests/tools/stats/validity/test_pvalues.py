"""The small tests behind the attacks, against scipy and published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.goodness import counts_against_weights, two_proportions
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.validity.balance import welch_anova


@pytest.mark.parametrize(
    ("counts", "expected", "tolerance"),
    [
        ((821588, 815482), 1.8e-6, 1e-7),  # Kohavi, Tang & Xu (2020), ch. 21
        ((44000, 45000), 0.0008, 5e-5),  # srm.osc.garden
        ((21306, 21307, 21387), 0.90369, 2e-3),  # Hillstrom, three arms
        ((502000, 498000), 6.334e-5, 1e-7),  # Kohavi: 50.2% of a million
        ((44700, 45489), 0.0086, 5e-5),  # Cookie Cats
    ],
)
def test_published_sample_ratios(counts, expected, tolerance) -> None:
    """Published sample-ratio p-values under an equal split are reproduced."""
    assert counts_against_weights(counts, [1] * len(counts)) == pytest.approx(expected, abs=tolerance)


def test_unequal_weights_agree_with_scipy() -> None:
    """Configured weights, not equal shares, are what counts are compared with."""
    expected = stats.chisquare([905, 95], [900, 100]).pvalue
    assert counts_against_weights([905, 95], [9, 1]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("a", "b", "weight"), [(9, 0, 1.0), (3, 5, 1.0), (1, 2, 1.0), (38, 4, 19.0)])
def test_small_counts_of_two_arms_are_exact(a, b, weight) -> None:
    """Below five expected units the exact binomial test is used."""
    expected = stats.binomtest(a, a + b, weight / (weight + 1)).pvalue
    assert counts_against_weights([a, b], [weight, 1.0]) == pytest.approx(expected, rel=1e-9)


def test_small_counts_of_three_arms_are_exact() -> None:
    """Three arms with few units: the multinomial probabilities no larger than the one seen add up to p."""
    law = stats.multinomial(9, [0.5, 0.3, 0.2])
    every = [(i, j, 9 - i - j) for i in range(10) for j in range(10 - i)]
    seen = law.pmf((8, 0, 1))
    expected = sum(p for o in every if (p := law.pmf(o)) <= seen * (1 + 1e-9))
    assert counts_against_weights([8, 0, 1], [5, 3, 2]) == pytest.approx(expected, rel=1e-9)


def test_an_exact_test_that_is_too_large_is_refused() -> None:
    """A tiny expected count in a large table is refused with its value, never approximated in silence."""
    with pytest.raises(Refused, match=r"expected to have 1\.0 of 5000 units"):
        counts_against_weights([2500, 2499, 1], [2499.5, 2499.5, 1.0])
    with pytest.raises(Refused, match="no units"):
        counts_against_weights([0, 0], [1, 1])


def test_two_proportions_agree_with_pooled_z_and_fisher() -> None:
    """Large counts give the pooled z test, small ones Fisher's exact test."""
    table = [[52, 948], [81, 919]]
    assert two_proportions(52, 1000, 81, 1000) == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9
    )
    for a, n_a, b, n_b in [(0, 50, 4, 60), (3, 500, 0, 400), (1, 9, 8, 10), (0, 5, 0, 5)]:
        expected = stats.fisher_exact([[a, n_a - a], [b, n_b - b]]).pvalue
        assert two_proportions(a, n_a, b, n_b) == pytest.approx(expected, rel=1e-7)
    with pytest.raises(Refused):
        two_proportions(0, 0, 1, 2)


def test_welch_anova_is_welchs_t_for_two_arms_and_f_for_three() -> None:
    """With two arms it is Welch's t test; with equal variances and sizes it nears the classical F test."""
    rng = np.random.default_rng(5)
    groups = [rng.normal(m, s, n) for m, s, n in [(0, 1, 40), (0.4, 3, 25), (0.1, 2, 60)]]
    moments = [Moments.of([[float(x)] for x in g]) for g in groups]
    expected = stats.ttest_ind(groups[0], groups[1], equal_var=False).pvalue
    assert welch_anova(moments[:2]) == pytest.approx(expected, rel=1e-9)
    expected = stats.f_oneway(*groups, equal_var=False).pvalue
    assert welch_anova(moments) == pytest.approx(expected, rel=1e-9)
    assert welch_anova([moments[0], Moments.of([[1.0], [1.0]])]) is None
    assert not math.isnan(expected)


@pytest.mark.parametrize(
    ("rare", "n", "share"), [(999, 20_000, 0.0049), (1_000, 20_000, 0.0049), (1_001, 20_000, 0.0049)]
)
def test_a_split_far_off_is_exact_on_both_sides_of_the_shortcut(rare, n, share):
    """Beyond a thousand rare units only the upper tail counts; it is scipy's, and an endless arm costs nothing."""
    found = counts_against_weights((rare, n - rare), (share, 1 - share))
    assert found == pytest.approx(stats.binomtest(rare, n, share).pvalue, rel=1e-6, abs=1e-300)
    assert counts_against_weights((10**11, 10**11), (1e-12, 1 - 1e-12)) == 0.0
