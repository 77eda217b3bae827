"""Many experiments with few units or few conversions: read by exact tests, against scipy's own."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
from scipy.stats import barnard_exact, binomtest, fisher_exact

from copilot_tools.stats.many_tests import read_tests
from tools.stats.test_many_tests import held


def test_few_units_are_split_by_an_exact_test() -> None:
    """Two arms of a few dozen units: the exact binomial; three of a handful: the exact multinomial, in [0, 1]."""
    rows = read_tests(held([[(40, 20), (22, 11)], [(7, 4), (3, 1), (2, 1)]])).tests
    assert rows[0].sample_ratio_p == pytest.approx(binomtest(22, 62, 0.5).pvalue, rel=1e-9)
    chance = {
        (a, b, 12 - a - b): factorial(12) / (factorial(a) * factorial(b) * factorial(12 - a - b)) / 3**12
        for a in range(13)
        for b in range(13 - a)
    }
    listed = sum(p for p in chance.values() if p <= chance[7, 3, 2] * (1 + 1e-9))
    assert rows[1].sample_ratio_p == pytest.approx(listed, rel=1e-9)


def test_few_conversions_are_read_by_exact_tests() -> None:
    """Four conversions against none of 200 each: Fisher's omnibus, Barnard's pair; no chi-square, no z."""
    (row,) = read_tests(held([[(200, 4), (200, 0)]])).tests
    fisher = fisher_exact([[4, 196], [0, 200]]).pvalue
    assert row.omnibus_p == pytest.approx(fisher, rel=1e-6)
    barnard = barnard_exact([[4, 0], [196, 200]], alternative="greater").pvalue
    assert row.win_p == pytest.approx(max(fisher, 2 * barnard), rel=1e-3)
    assert row.wins is False


def test_ties_of_few_are_no_win() -> None:
    """Two arms with one conversion each of thirty do not beat each other."""
    (row,) = read_tests(held([[(30, 1), (30, 1), (30, 0)]])).tests
    assert row.win_p == 1.0


def test_too_few_units_in_too_many_arms_are_refused_by_name() -> None:
    """A split no exact test can list is no sample ratio; the outcome stands by itself."""
    (row,) = read_tests(held([[(4, 2)] * 7 + [(2, 1)]])).tests
    assert (row.sample_ratio_p, row.sample_ratio_failed) == (None, None)
    assert [p.code for p in row.problems] == ["sample_ratio.expected_too_small"]
    assert row.win_p is not None


def test_rare_conversions_win_no_oftener_than_alpha() -> None:
    """1,000 seeded tests without effect, about three conversions an arm: wins and broken splits stay below alpha."""
    rng = np.random.default_rng(12)
    total = rng.integers(120, 280, 1000)
    one = rng.binomial(total, 0.5)
    tests = [[(int(a), int(rng.binomial(a, 0.03))) for a in row] for row in np.stack([one, total - one], axis=1)]
    many = read_tests(held(tests), sample_ratio_alpha=0.05)
    assert many.read > 900
    assert many.wins.uncorrected / many.read < 0.05
    uneven = sum(bool(row.sample_ratio_failed) for row in many.tests)
    assert uneven / 1000 < 0.05 + 4 * (0.05 * 0.95 / 1000) ** 0.5


@pytest.mark.calibrate
def test_chi_square_would_have_won_more_often() -> None:
    """20,000 null tests of two arms, 20 to 60 units, at 5%: exact wins in at most alpha plus Monte-Carlo error."""
    rng = np.random.default_rng(13)
    tests = [[(int(a), int(rng.binomial(a, 0.06))) for a in rng.integers(20, 60, 2)] for _ in range(20_000)]
    many = read_tests(held(tests))
    assert many.wins.uncorrected / many.found < 0.05
