"""Critical values over several treatment arms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.simultaneous import loading, simultaneous_critical
from copilot_tools.stats.planning.critical import critical_z


@pytest.mark.parametrize(("arms", "expected"), [(1, 1.96), (2, 2.21), (3, 2.35), (4, 2.44), (5, 2.51), (9, 2.69)])
def test_dunnetts_two_sided_table(arms, expected):
    """Dunnett (1964), table for 5% two-sided, infinite degrees of freedom."""
    assert critical_z(0.05, 2, (1.0,) * arms) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize(("arms", "expected"), [(1, 1.64), (2, 1.92), (3, 2.06), (4, 2.16), (5, 2.23), (9, 2.42)])
def test_dunnetts_one_sided_table(arms, expected):
    """Dunnett (1955), table for 5% one-sided, infinite degrees of freedom."""
    assert critical_z(0.05, 1, (1.0,) * arms) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("ratios", [(1.0, 1.0), (0.5, 2.0, 1.0), (9.0, 9.0), (0.05, 30.0)])
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_unequal_arms_against_the_inference_side(ratios, sides, alpha):
    """Planning and analysis ask for the same critical value, though computed by different quadratures."""
    loadings = [loading(1.0, 1 / r) for r in ratios]
    expected = simultaneous_critical("dunnett", loadings, alpha, sides, None)
    assert critical_z(alpha, sides, ratios) == pytest.approx(expected, abs=1e-5)


def test_unequal_arms_against_the_multivariate_normal():
    """The chance that all three statistics stay inside is 1 - alpha under their joint normal distribution."""
    ratios = np.array([0.5, 2.0, 1.0])
    lam = np.sqrt(ratios / (1 + ratios))
    correlation = np.outer(lam, lam)
    np.fill_diagonal(correlation, 1)
    c = critical_z(0.05, 1, tuple(ratios))
    assert stats.multivariate_normal(cov=correlation, seed=1).cdf([c, c, c]) == pytest.approx(0.95, abs=2e-4)


@pytest.mark.parametrize("ratios", [(1e6, 1e6), (1e6, 1.0), (1e-6, 1e5), (200.0, 300.0, 400.0)])
@pytest.mark.parametrize("sides", [1, 2])
def test_arms_of_very_different_sizes_against_adaptive_quadrature(ratios, sides):
    """With hardly any control, comparisons err together: the chance outside is still alpha, by scipy's quadrature."""
    c = critical_z(0.05, sides, ratios)
    lam = np.sqrt(np.array(ratios) / (1 + np.array(ratios)))
    rest = np.sqrt(1 / (1 + np.array(ratios)))

    def inside(u):
        held = stats.norm.cdf((c - lam * u) / rest)
        held -= stats.norm.cdf((-c - lam * u) / rest) if sides == 2 else 0.0
        return float(np.prod(held) * stats.norm.pdf(u))

    edges = sorted({s * (c + k * r) / x for s in (1, -1) for k in (-9, 0, 9) for x, r in zip(lam, rest, strict=True)})
    cuts = [-9.0, *(e for e in edges if abs(e) < 9), 9.0]
    total = sum(integrate.quad(inside, a, b, epsabs=1e-13, limit=200)[0] for a, b in pairwise(cuts))
    assert 1 - total == pytest.approx(0.05, abs=2e-9)


def test_bonferroni_asks_for_more_than_dunnett_and_none_for_less():
    """The adjustments are ordered, and Bonferroni is the plain quantile at alpha over the comparisons."""
    none, dunnett, bonferroni = (critical_z(0.05, 2, (1, 1, 1), a) for a in ("none", "dunnett", "bonferroni"))
    assert none < dunnett < bonferroni
    assert none == pytest.approx(stats.norm.isf(0.025))
    assert bonferroni == pytest.approx(stats.norm.isf(0.025 / 3))


@pytest.mark.parametrize(
    ("alpha", "sides", "ratios"), [(0, 2, (1,)), (1, 2, (1,)), (0.05, 3, (1,)), (0.05, 2, ()), (0.05, 2, (0,))]
)
def test_bad_parameters_are_refused(alpha, sides, ratios):
    """Nothing is computed from an impossible level, side or split."""
    with pytest.raises(Refused):
        critical_z(alpha, sides, ratios)
