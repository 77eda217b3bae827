"""The permutation test: exact against scipy and brute force, random against exact, its error by simulation."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.permutation import permutation_test

ALTERNATIVES = ["two-sided", "greater", "less"]


def _mean(a, b, axis=-1):
    return a.mean(axis=axis) - b.mean(axis=axis)


@pytest.mark.parametrize("alternative", ["greater", "less"])
@pytest.mark.parametrize(("n", "m"), [(4, 4), (7, 3), (2, 8)])
def test_plain_and_exact_is_scipys(n, m, alternative):
    """One-sided and unstudentised, all assignments: scipy.stats.permutation_test, ties among the values too."""
    for seed in range(4):
        rng = np.random.default_rng([seed, n])
        c, t = rng.integers(0, 6, n).astype(float), rng.integers(1, 7, m).astype(float)
        found = permutation_test(c, t, alternative=alternative, studentized=False)
        oracle = stats.permutation_test((t, c), _mean, alternative=alternative, n_resamples=np.inf)
        assert found.exact
        assert found.assignments == math.comb(n + m, n)
        assert found.p_value == pytest.approx(oracle.pvalue)
        assert found.difference == pytest.approx(t.mean() - c.mean())


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("studentized", [True, False])
@pytest.mark.parametrize(("n", "m"), [(5, 5), (7, 3), (3, 7)])
def test_exact_by_brute_force(n, m, studentized, alternative):
    """Every assignment written out, Welch's t of each by scipy: the same share is at least as extreme."""
    rng = np.random.default_rng([n, m])
    x = rng.lognormal(0, 1, n + m)

    def statistic(chosen):
        t, c = x[list(chosen)], np.delete(x, list(chosen))
        return stats.ttest_ind(t, c, equal_var=False).statistic if studentized else t.mean() - c.mean()

    every = np.array([statistic(s) for s in combinations(range(n + m), m)])
    own = statistic(range(n, n + m))
    extreme = {
        "greater": every >= own - 1e-9,
        "less": every <= own + 1e-9,
        "two-sided": np.abs(every) >= abs(own) - 1e-9,
    }[alternative]
    found = permutation_test(x[:n], x[n:], alternative=alternative, studentized=studentized)
    assert found.p_value == pytest.approx(extreme.mean())
    assert found.statistic == pytest.approx(own)


def test_fishers_tea_and_darwins_plants():
    """Eight cups, four right: 1 of 70. Darwin's 15 pairs as two groups: Fisher's sums, by scipy with another seed."""
    found = permutation_test([0, 0, 0, 0], [1, 1, 1, 1], alternative="greater", studentized=False)
    assert found.p_value == pytest.approx(1 / 70)
    crossed = [188, 96, 168, 176, 153, 172, 177, 163, 146, 173, 186, 168, 177, 184, 96]
    selfed = [139, 163, 160, 160, 147, 149, 149, 122, 132, 144, 130, 144, 102, 124, 144]
    random = permutation_test(selfed, crossed, studentized=False, resamples=20_000)
    oracle = stats.permutation_test((crossed, selfed), _mean, n_resamples=20_000, rng=np.random.default_rng(1))
    assert not random.exact
    assert random.p_value == pytest.approx(oracle.pvalue, abs=0.006)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize(("n", "m"), [(14, 12), (12, 14), (210, 4)])
def test_random_assignments_agree_with_t(n, m, alternative):
    """More than 200,000 assignments are drawn; the p-value is near Welch's or, for a tiny arm, near scipy's."""
    rng = np.random.default_rng([n, 3])
    c, t = rng.normal(0, 1, n), rng.normal(0.4, 1, m)
    found = permutation_test(c, t, alternative=alternative, resamples=6000)
    assert not found.exact
    assert found.assignments == 6001

    def welchs(a, b, axis=-1):
        return stats.ttest_ind(a, b, equal_var=False, axis=axis).statistic

    oracle = stats.permutation_test(
        (t, c), welchs, alternative=alternative, n_resamples=6000, rng=np.random.default_rng(2), batch=2000
    )
    # scipy's two-sided p is twice the smaller tail; ours counts the size of the statistic. Alike, not the same.
    slack = 0.07 if alternative == "two-sided" and n > 100 else 0.025
    assert found.p_value == pytest.approx(oracle.pvalue, abs=slack)
    assert found == permutation_test(c, t, alternative=alternative, resamples=6000)
    assert found.seed != permutation_test(c, t + 1e-9, alternative=alternative, resamples=1000).seed


def test_p_is_never_zero():
    """However far apart the arms are, the assignment at hand is one of those counted."""
    found = permutation_test(np.arange(100.0), np.arange(1000.0, 1100.0), resamples=1000)
    assert found.p_value == 1 / 1001


@pytest.mark.parametrize(("n", "m"), [(4, 4), (30, 3), (10, 30)])
@pytest.mark.parametrize("runs", [120, pytest.param(400, marks=pytest.mark.calibrate)])
def test_error_is_at_most_alpha(n, m, runs):
    """Log-normal values, no effect, any sizes: rejected at 10% in at most 10%, where Welch is not."""
    rejected = 0
    for seed in range(runs):
        rng = np.random.default_rng([seed, n, m])
        found = permutation_test(rng.lognormal(0, 1.5, n), rng.lognormal(0, 1.5, m), resamples=1000)
        rejected += found.p_value <= 0.1
    assert rejected / runs < 0.1 + 3 * math.sqrt(0.09 / runs)


def test_means_far_from_zero_lose_nothing():
    """A mean of 1e9 with standard deviation 1 gives the p-value of one with mean 0."""
    x, y = np.random.default_rng(4).integers(0, 9, (2, 8)).astype(float)
    assert permutation_test(x + 1e9, y + 1e9).p_value == permutation_test(x, y).p_value


def test_what_cannot_be_answered_is_refused():
    """Too few values, constants, values that are no numbers, too many or too few assignments: by their own codes."""

    def code(*arguments, **named):
        with pytest.raises(Refused) as refused:
            permutation_test(*arguments, **named)
        return refused.value.refusals[0].code

    assert code([1.0], [2.0, 3.0]) == "data.too_few_units"
    assert code([1.0], [2.0, 3.0, 4.0]) == "data.too_few_units"
    assert code([5.0] * 4, [5.0] * 4) == "data.no_variance"
    assert code([1.0, math.nan], [2.0, 3.0]) == "data.not_finite"
    assert code([1.0, 2.0], [2.0, 3.0], resamples=10) == "permutation.resamples"
    assert code(np.arange(20.0), np.arange(20.0), seed=-2) == "parameter.not_a_count"
    assert code(np.arange(2e5), np.arange(2e5), resamples=100_000) == "permutation.too_much_work"
