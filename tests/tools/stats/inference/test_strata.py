"""Two arms over several strata, against published numbers and an independent implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference.strata import Stratum, mantel_haenszel

# Bickel, Hammel & O'Connell (1975), as in R's UCBAdmissions: department -> men admitted, applied; women likewise.
BERKELEY = {
    "A": (512, 825, 89, 108),
    "B": (353, 560, 17, 25),
    "C": (120, 325, 202, 593),
    "D": (138, 417, 131, 375),
    "E": (53, 191, 94, 393),
    "F": (22, 373, 24, 341),
}


def stratum(level: str, a: int, n1: int, c: int, n0: int) -> Stratum:
    return Stratum(level=level, treatment_successes=a, treatment_n=n1, control_successes=c, control_n=n0)


def oracle(strata: list[Stratum]) -> StratifiedTable:
    return StratifiedTable(
        [
            np.array(
                [
                    [s.treatment_successes, s.treatment_n - s.treatment_successes],
                    [s.control_successes, s.control_n - s.control_successes],
                ],
                dtype=float,
            )
            for s in strata
        ]
    )


def test_berkeley_within_departments():
    """R: mantelhaen.test(UCBAdmissions): 1.4269, p = .2323, common odds ratio 0.9046968 (0.7719074 to 1.0603298)."""
    effect = mantel_haenszel(stratum(level, *counts) for level, counts in BERKELEY.items())
    assert effect.strata == 6
    assert effect.test.statistic == pytest.approx(1.4269, abs=5e-5)
    assert effect.test.p_value == pytest.approx(0.2323, abs=5e-5)
    assert effect.odds_ratio == pytest.approx(0.9046968, abs=5e-8)
    assert effect.odds_ratio_interval.low == pytest.approx(0.7719074, abs=5e-8)
    assert effect.odds_ratio_interval.high == pytest.approx(1.0603298, abs=5e-8)
    assert effect.difference.value < 0  # men, within departments: the reversal of 44.5 against 30.4%


def test_against_statsmodels():
    """Random strata agree with statsmodels: test with and without correction, odds ratio and its interval."""
    random = np.random.default_rng(11)
    for _ in range(25):
        strata = []
        for k in range(int(random.integers(1, 6))):
            n1, n0 = (int(v) for v in random.integers(4, 300, 2))
            a, c = (int(random.binomial(n, random.uniform(0.1, 0.9))) for n in (n1, n0))
            strata.append(stratum(str(k), a, n1, c, n0))
        theirs = oracle(strata)
        mine = mantel_haenszel(strata, alpha=0.1)
        low, high = theirs.oddsratio_pooled_confint(alpha=0.1)
        assert mine.odds_ratio == pytest.approx(theirs.oddsratio_pooled, rel=1e-10)
        assert (mine.odds_ratio_interval.low, mine.odds_ratio_interval.high) == pytest.approx((low, high), rel=1e-9)
        plain = mantel_haenszel(strata, correction=False).test
        assert plain.statistic == pytest.approx(theirs.test_null_odds().statistic, rel=1e-10)
        assert plain.p_value == pytest.approx(theirs.test_null_odds().pvalue, rel=1e-8, abs=1e-14)
        gap = abs(sum(s.treatment_successes - _expected(s) for s in strata))
        if gap > 0.5:
            assert mine.test.statistic == pytest.approx(theirs.test_null_odds(correction=True).statistic, rel=1e-9)


def _expected(s: Stratum) -> float:
    return s.treatment_n * (s.treatment_successes + s.control_successes) / (s.treatment_n + s.control_n)


def test_the_correction_does_not_carry_the_statistic_past_zero():
    """With observed equal to expected counts the corrected statistic is 0, as in R, not a small positive number."""
    assert mantel_haenszel([stratum("only", 10, 100, 10, 100)]).test.statistic == 0


def test_one_stratum_is_the_plain_difference():
    """In a single stratum the common difference and its standard error are those of two unpooled proportions."""
    difference = mantel_haenszel([stratum("only", 30, 200, 15, 150)]).difference
    assert difference.value == pytest.approx(0.15 - 0.10)
    # Equal to the textbook variance only for arms of one size; Sato's differs by terms of order 1/n otherwise.
    equal = mantel_haenszel([stratum("only", 30, 200, 20, 200)]).difference
    assert equal.standard_error == pytest.approx(math.sqrt(0.15 * 0.85 / 200 + 0.1 * 0.9 / 200))
    assert equal.interval.low == pytest.approx(equal.value - 1.959963984540054 * equal.standard_error)


def test_swapping_the_arms_turns_everything_around():
    """Control against treatment gives the same test, the inverse odds ratio and the negated difference."""
    there = mantel_haenszel(stratum(level, *counts) for level, counts in BERKELEY.items())
    back = mantel_haenszel(stratum(level, c, n0, a, n1) for level, (a, n1, c, n0) in BERKELEY.items())
    assert back.test.statistic == pytest.approx(there.test.statistic)
    assert back.odds_ratio == pytest.approx(1 / there.odds_ratio)
    assert back.odds_ratio_interval.low == pytest.approx(1 / there.odds_ratio_interval.high)
    assert back.difference.value == pytest.approx(-there.difference.value)
    assert back.difference.standard_error == pytest.approx(there.difference.standard_error)


def _coverage(repeats: int, seed: int) -> tuple[float, float]:
    """Shares of seeded worlds in which the difference's interval covers the truth, and the test rejects no effect."""
    random = np.random.default_rng(seed)
    base = np.array([0.05, 0.2, 0.5, 0.7])
    n1, n0 = np.array([400, 60, 150, 90]), np.array([120, 200, 150, 60])
    covered = rejected = 0
    for _ in range(repeats):
        a, c = random.binomial(n1, base + 0.06), random.binomial(n0, base)
        found = mantel_haenszel([stratum(str(k), int(a[k]), int(n1[k]), int(c[k]), int(n0[k])) for k in range(4)])
        covered += found.difference.interval.low <= 0.06 <= found.difference.interval.high
        a = random.binomial(n1, base)
        null = mantel_haenszel(
            [stratum(str(k), int(a[k]), int(n1[k]), int(c[k]), int(n0[k])) for k in range(4)], correction=False
        )
        rejected += null.test.p_value <= 0.05
    return covered / repeats, rejected / repeats


def test_the_difference_covers_and_the_test_keeps_its_level():
    """Over 1,500 seeded worlds: 95% intervals cover about 95%, the test rejects a true null about 5%."""
    covered, rejected = _coverage(1_500, 5)
    assert covered == pytest.approx(0.95, abs=0.02)
    assert rejected == pytest.approx(0.05, abs=0.02)


@pytest.mark.calibrate
def test_the_difference_covers_at_length():
    """Over 20,000 seeded worlds coverage and level are within half a point."""
    covered, rejected = _coverage(20_000, 6)
    assert covered == pytest.approx(0.95, abs=0.006)
    assert rejected == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(
    ("strata", "code"),
    [
        ([], "strata.no_strata"),
        ([stratum("a", 0, 10, 0, 10), stratum("b", 5, 5, 8, 8)], "strata.no_variation"),
        ([stratum("a", 3, 0, 1, 10)], "parameter.not_a_count"),
        ([stratum("a", 3, 2, 1, 10)], "parameter.successes_above_n"),
    ],
)
def test_strata_that_compare_nothing_are_refused(strata, code):
    """Strata without both outcomes, without an arm, or with impossible counts are refused."""
    with pytest.raises(Refused) as refused:
        mantel_haenszel(strata)
    assert refused.value.refusals[0].code == code


@pytest.mark.parametrize(("a", "c", "word"), [(0, 4, "0:"), (4, 0, "infinite")])
def test_an_odds_ratio_that_is_none_is_a_refusal_and_the_difference_stands(a, c, word):
    """A common odds ratio of 0 or infinity is a refusal in its place; the test and the difference are still there."""
    effect = mantel_haenszel([stratum("a", a, 20, c, 20), stratum("b", a, 30, c, 25)])
    assert isinstance(effect.odds_ratio, Refusal)
    assert effect.odds_ratio.code == "strata.no_odds_ratio"
    assert word in effect.odds_ratio.reason
    assert effect.odds_ratio_interval == effect.odds_ratio
    assert effect.difference.value * (a - c) > 0
    assert effect.test.p_value < 0.05


def test_complete_separation_has_no_standard_error():
    """Where every treated unit and no control unit succeeds, the difference has no variance: a refusal, not 0."""
    effect = mantel_haenszel([stratum("a", 10, 10, 0, 10), stratum("b", 5, 5, 0, 7)])
    assert isinstance(effect.difference, Refusal)
    assert effect.difference.code == "strata.no_variance"
