"""Exact comparison of two small proportions: against scipy, brute force, and its own promises over every table."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import exact_pairs
from copilot_tools.stats.inference.exact_pairs import exact_difference, exact_ratio, no_effect
from copilot_tools.stats.inference.proportions import Counts


@pytest.mark.parametrize(
    ("control", "treatment"),
    [((0, 20), (5, 20)), ((1, 30), (4, 30)), ((3, 7), (9, 12)), ((9, 12), (3, 7)), ((20, 20), (13, 15))],
)
def test_no_effect_is_barnards_one_sided_test(control, treatment):
    """The tail that speaks agrees with a brute-force search over 20,001 common shares, for equal and unequal arms."""
    (x0, n0), (x1, n1) = control, treatment
    a, b = np.arange(n0 + 1)[None, :], np.arange(n1 + 1)[:, None]
    share = (a + b) / (n0 + n1)
    variance = share * (1 - share) * (1 / n0 + 1 / n1)
    z = np.where(variance > 0, (b / n1 - a / n0) / np.sqrt(np.where(variance > 0, variance, 1)), 0)
    found = no_effect(Counts(*control), Counts(*treatment))
    shares = np.linspace(0, 1, 20_001)[:, None]
    f0, f1 = stats.binom.pmf(a, n0, shares), stats.binom.pmf(b.T, n1, shares)
    for mine, region in ((found.above, z >= z[x1, x0] - 1e-9), (found.below, z <= z[x1, x0] + 1e-9)):
        brute = float(np.einsum("gi,ij,gj->g", f1, region.astype(float), f0).max())
        # A tail above one half is no evidence: there the largest chance may lie where the data cannot have come from.
        if brute < 0.5:
            assert mine == pytest.approx(brute, rel=1e-5)
            assert mine >= brute - 1e-7
        assert mine <= brute + 1e-7


def test_scipy_agrees_on_barnards_statistic():
    """scipy.stats.barnard_exact, one-sided, 0 of 20 against 5 of 20: p = .008357."""
    expected = stats.barnard_exact([[5, 0], [15, 20]], alternative="greater").pvalue
    assert no_effect(Counts(0, 20), Counts(5, 20)).above == pytest.approx(expected, rel=1e-6)


def test_ends_are_where_brute_force_puts_them():
    """At each end of the difference the largest tail over a fine grid of nuisance shares is the asked one."""
    control, treatment = Counts(1, 15), Counts(6, 12)
    (x0, n0), (x1, n1) = control, treatment
    a, b = np.arange(n0 + 1)[None, :], np.arange(n1 + 1)[:, None]
    low, high = exact_difference(control, treatment, 0.025)

    def tail(d, side):
        p0 = np.clip((a + b - n1 * d) / (n0 + n1), max(0, -d), min(1, 1 - d))
        p1 = np.clip(p0 + d, 0, 1)
        spread = np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
        gap = b / n1 - a / n0 - d
        z = side * np.divide(gap, spread, out=np.sign(gap) * 1e9, where=spread > 0)
        region = (z >= z[x1, x0] - 1e-9).astype(float)
        p = np.linspace(max(0, -d), min(1, 1 - d), 4001)[:, None]
        chance = np.einsum("gi,ij,gj->g", stats.binom.pmf(b.T, n1, p + d), region, stats.binom.pmf(a, n0, p))
        return chance.max()

    width = high - low
    assert tail(low - 0.002 * width, 1) <= 0.025 <= tail(low + 0.002 * width, 1)
    assert tail(high + 0.002 * width, -1) <= 0.025 <= tail(high - 0.002 * width, -1)


@pytest.mark.parametrize(("n0", "n1"), [(6, 6), (8, 3), (3, 2)])
@pytest.mark.parametrize("tail", [0.025, 0.1])
def test_either_interval_excludes_no_effect_exactly_when_the_test_rejects(n0, n1, tail):
    """Over every table of small arms; swapping arms mirrors the difference and inverts the ratio's openness."""
    for x0, x1 in itertools.product(range(n0 + 1), range(n1 + 1)):
        control, treatment = Counts(x0, n0), Counts(x1, n1)
        rejected = min(no_effect(control, treatment)) <= tail
        low, high = exact_difference(control, treatment, tail)
        assert -1 <= low <= treatment.share - control.share <= high <= 1
        assert rejected == (not low <= 0 <= high), (control, treatment)
        mirrored = exact_difference(treatment, control, tail)
        assert (-mirrored[1], -mirrored[0]) == pytest.approx((low, high), abs=1e-3)
        if 0 < x0 + x1 < n0 + n1:
            low, high = exact_ratio(control, treatment, tail)
            assert rejected == (not low <= 1 <= high), (control, treatment)
            assert (low == 0) == (x1 == 0)
            assert (high == math.inf) == (x0 == 0)


@pytest.mark.parametrize(("n0", "n1"), [(6, 6), (11, 2)])
def test_exact_coverage_and_size_over_every_table(n0, n1):
    """True shares .02 to .9 on a grid: neither end, on either scale, misses more often than promised."""
    tables = list(itertools.product(range(n0 + 1), range(n1 + 1)))
    differences = {t: exact_difference(Counts(t[0], n0), Counts(t[1], n1), 0.025) for t in tables}
    ratios = {t: exact_ratio(Counts(t[0], n0), Counts(t[1], n1), 0.025) for t in tables if 0 < sum(t) < n0 + n1}
    for p0, p1 in itertools.product((0.02, 0.1, 0.35, 0.5, 0.9), repeat=2):
        weight = {t: stats.binom.pmf(t[0], n0, p0) * stats.binom.pmf(t[1], n1, p1) for t in tables}
        above = sum(weight[t] for t in tables if differences[t][0] > p1 - p0)
        below = sum(weight[t] for t in tables if differences[t][1] < p1 - p0)
        assert max(above, below) <= 0.025 + 1e-9
        assert sum(weight[t] for t in ratios if ratios[t][0] > p1 / p0) <= 0.025 + 1e-9
        assert sum(weight[t] for t in ratios if ratios[t][1] < p1 / p0) <= 0.025 + 1e-9


def test_rare_events_among_a_million_stay_exact():
    """2 and 9 events of a million each: the ratio's interval agrees with the Poisson limit and with smaller n."""
    million = exact_ratio(Counts(2, 10**6), Counts(9, 10**6), 0.025)
    assert million == pytest.approx(exact_ratio(Counts(2, 10**5), Counts(9, 10**5), 0.025), rel=2e-3)
    conditional = stats.binomtest(9, 11).proportion_ci(0.95)
    assert million[0] == pytest.approx(conditional.low / (1 - conditional.low), rel=0.35)


def test_a_tail_nobody_can_reach_leaves_the_limits():
    """A tail below the nuisance region's own error leaves the whole range, and no table is said to reject."""
    assert exact_difference(Counts(0, 9), Counts(9, 9), 1e-11) == (-1.0, 1.0)
    assert exact_ratio(Counts(1, 9), Counts(9, 9), 1e-11) == (0.0, math.inf)


def test_too_many_tables_are_refused():
    """3 units against a billion: the tables are counted, and the refusal names them."""
    with pytest.raises(Refused, match="more than 400,000") as refused:
        no_effect(Counts(400_000_000, 10**9), Counts(1, 3))
    assert refused.value.refusals[0].code == "proportions.too_many_tables"


def test_a_variance_is_had_once_a_sum_not_once_a_table():
    """The statistic of every table is that of the table by itself, certain and impossible ones included."""
    for (n0, n1), hypothesis, ratio in itertools.product([(9, 4), (5, 12)], [-0.5, 0.0, 0.3, 1.0, 2.0], [False, True]):
        if (ratio and hypothesis <= 0) or (not ratio and abs(hypothesis) > 1):
            continue
        arms = [exact_pairs._Arm(np.arange(n + 1.0), np.zeros(n + 1), n, 0.0, 1.0) for n in (n0, n1)]
        tables = exact_pairs._Tables(*arms, (0, 0))
        whole = exact_pairs._statistic(arms[0].counts, arms[1].counts, tables, hypothesis, ratio=ratio)
        assert whole.shape == (n1 + 1, n0 + 1)
        for i, j in itertools.product(range(n0 + 1), range(n1 + 1)):
            one = exact_pairs._statistic(np.array([1.0 * i]), np.array([1.0 * j]), tables, hypothesis, ratio=ratio)
            assert whole[j, i] == one[0, 0]


def test_a_p_value_above_what_is_asked_is_not_searched_further(monkeypatch):
    """Where the first grid already passes the tail, it is the only one weighed; the ends stay where they were."""
    tables = exact_pairs._tables(Counts(3, 40), Counts(8, 45))
    whole = exact_pairs._at(tables, 0.05, 1, ratio=False)
    weighed = []
    monkeypatch.setattr(exact_pairs, "_around", lambda *a: weighed.append(a))
    assert 0.01 < exact_pairs._at(tables, 0.05, 1, ratio=False, enough=0.01) <= whole
    assert not weighed
