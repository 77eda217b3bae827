"""The test that several arms share one proportion, against published numbers and an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.omnibus import equal_proportions, equal_proportions_by


def test_upworthy_sesame():
    """The four headlines of the Sesame Street story (hecbayes, upworthy_sesame): chi-square 32.051, p 5.1e-7."""
    test = equal_proportions([49, 20, 31, 9], [3060, 2982, 3112, 3083])
    assert test.statistic == pytest.approx(32.051, abs=0.001)
    assert test.df == 3
    assert test.p_value == pytest.approx(5.1055e-7, rel=1e-4)


def test_many_groups_at_once_agree_with_scipy_and_with_one_at_a_time():
    """Random groups of 2 to 6 arms give scipy's chi-square, p-value and smallest expected count."""
    random = np.random.default_rng(3)
    sizes = random.integers(2, 7, 40)
    group = np.repeat(np.arange(40), sizes)
    n = random.integers(5, 4000, group.size).astype(float)
    x = random.binomial(n.astype(int), random.uniform(0.05, 0.9, group.size)).astype(float)
    statistic, df, p, expected = equal_proportions_by(x, n, group, 40)
    for g in range(40):
        table = np.array([x[group == g], (n - x)[group == g]])
        theirs = chi2_contingency(table, correction=False)
        alone = equal_proportions([int(v) for v in table[0]], [int(v) for v in table.sum(axis=0)])
        assert statistic[g] == pytest.approx(theirs.statistic, rel=1e-10)
        assert alone.statistic == pytest.approx(statistic[g], rel=1e-12)
        assert df[g] == alone.df == theirs.dof
        assert p[g] == pytest.approx(theirs.pvalue, rel=1e-9)
        assert expected[g] == pytest.approx(theirs.expected_freq.min(), rel=1e-12)


def test_groups_that_cannot_be_tested_are_marked():
    """A group without any success, with nothing but successes, or with one arm has no p-value, and harms no other."""
    x = np.array([0.0, 0, 5, 5, 3, 10, 30])
    n = np.array([9.0, 9, 5, 5, 8, 100, 100])
    _, _, p, _ = equal_proportions_by(x, n, np.array([0, 0, 1, 1, 2, 3, 3]), 4)
    assert np.isnan(p).tolist() == [True, True, True, False]
    assert p[3] == pytest.approx(equal_proportions([10, 30], [100, 100]).p_value)


@pytest.mark.parametrize(
    ("successes", "n", "code"),
    [
        ([1], [10], "omnibus.too_few_arms"),
        ([1, 2], [10], "omnibus.too_few_arms"),
        ([0, 0], [10, 10], "omnibus.no_variation"),
        ([10, 10], [10, 10], "omnibus.no_variation"),
        ([1, 2], [0, 10], "parameter.not_a_count"),
        ([11, 2], [10, 10], "parameter.successes_above_n"),
        ([-1, 2], [10, 10], "parameter.not_a_count"),
        ([1.5, 2], [10, 10], "parameter.not_a_count"),
        ([float("nan"), 2], [10, 10], "parameter.not_finite"),
    ],
)
def test_tables_that_cannot_be_tested_are_refused(successes, n, code):
    """No p = 1 where nothing can be computed: each broken table is refused by name."""
    with pytest.raises(Refused) as refused:
        equal_proportions(successes, n)
    assert refused.value.refusals[0].code == code
