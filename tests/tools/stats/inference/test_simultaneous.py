"""Dunnett's critical value: published tables, scipy's multivariate integrals, familywise error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import simultaneous as si
from copilot_tools.stats.inference import tails
from sampling import within

HALF = 0.5**0.5

TABLES = [
    # Dunnett (1964), New tables for multiple comparisons with a control, Biometrics 20; Hochberg & Tamhane (1987).
    (2, 10, 2, 2.57),
    (2, 20, 2, 2.38),
    (2, None, 2, 2.21),
    (3, 10, 2, 2.76),
    (3, None, 2, 2.35),
    (9, 20, 2, 2.95),
    (2, 10, 1, 2.15),
    (2, 20, 1, 2.03),
    (2, None, 1, 1.92),
    (3, None, 1, 2.06),
]


@pytest.mark.parametrize(("arms", "df", "sides", "published"), TABLES)
def test_published_tables(arms, df, sides, published):
    """Equal arms at 5%: Dunnett's tables, to the digits printed."""
    assert si.dunnett([HALF] * arms, 0.05, sides, df) == pytest.approx(published, abs=0.0101)


@pytest.mark.parametrize("loadings", [(0.3, 0.9), (0.5, 0.8, 0.1), (0.99, 0.95)])
@pytest.mark.parametrize("alpha", [0.05, 0.002])
def test_normal_values_match_scipys_integral(loadings, alpha):
    """For z, the box of the critical value holds 1 - alpha of scipy's multivariate normal."""
    covariance = np.outer(loadings, loadings)
    np.fill_diagonal(covariance, 1.0)
    law = stats.multivariate_normal(cov=covariance, seed=1, abseps=1e-7, releps=1e-7, maxpts=3_000_000)
    for sides in (1, 2):
        c = si.dunnett(loadings, alpha, sides)
        box = [c] * len(loadings)
        lower = [-c] * len(loadings) if sides == 2 else None
        assert 1 - law.cdf(box, lower_limit=lower) == pytest.approx(alpha, rel=2e-3)


@pytest.mark.parametrize("df", [3, 12, 80, 400])
def test_t_values_match_scipys_integral(df):
    """For t, the box of the critical value holds 1 - alpha of scipy's multivariate t."""
    loadings = (0.35, 0.75)
    shape = np.outer(loadings, loadings)
    np.fill_diagonal(shape, 1.0)
    c = si.dunnett(loadings, 0.05, 1, df)
    inside = stats.multivariate_t.cdf([c, c], shape=shape, df=df, maxpts=400_000, random_state=1)
    assert 1 - inside == pytest.approx(0.05, rel=4e-3)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("df", [None, 7.5])
def test_one_treatment_needs_no_correction(sides, df):
    """With one comparison both methods are plain t or z."""
    plain = tails.critical_value(0.05, sides, df)
    assert si.dunnett([0.6], 0.05, sides, df) == plain
    assert si.simultaneous_critical("bonferroni", [0.6], 0.05, sides, df) == plain


def test_dunnett_lies_between_one_comparison_and_bonferroni():
    """Correlation only ever helps: the stronger, the smaller the value; without any it is Sidak's."""
    values = [si.dunnett([x, x], 0.05) for x in (0.0, 0.3, 0.6, 0.9, 0.99)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(stats.norm.isf((1 - 0.95**0.5) / 2), abs=1e-6)
    assert tails.critical_value(0.05) < values[-1]
    assert values[0] < si.bonferroni(2, 0.05)


def test_nearly_perfect_correlation_errs_upwards():
    """A control so noisy that comparisons are one still gets a value no smaller than one comparison's."""
    assert tails.critical_value(0.05) < si.dunnett([1.0, 1.0], 0.05) < 1.03 * tails.critical_value(0.05)


def test_tiny_alphas_still_solve():
    """At one in a million the value is close to Bonferroni's, as theory has it."""
    assert si.dunnett([HALF] * 3, 1e-6) == pytest.approx(si.bonferroni(3, 1e-6), rel=1e-3)


def test_impossible_parameters_are_refused():
    """Alpha, df and the number of comparisons are refused by name."""
    with pytest.raises(Refused, match="alpha"):
        si.dunnett([0.5, 0.5], 0)
    with pytest.raises(Refused, match="df"):
        si.dunnett([0.5, 0.5], 0.05, 2, -1)
    with pytest.raises(Refused, match="comparisons"):
        si.bonferroni(0, 0.05)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("sizes", [(200, 200, 200), (50, 400, 120, 90)])
def test_familywise_error_of_normal_means(sizes, sides):
    """Over 200,000 seeded experiments any treatment is called different in 5% of them."""
    rng = np.random.default_rng(len(sizes) + sides)
    error = rng.standard_normal((200_000, len(sizes))) / np.sqrt(sizes)
    z = (error[:, 1:] - error[:, :1]) / np.sqrt(1 / sizes[0] + 1 / np.array(sizes[1:]))
    c = si.dunnett([si.loading(1 / sizes[0], 1 / n) for n in sizes[1:]], 0.05, sides)
    misses = int(((np.abs(z) if sides == 2 else z).max(axis=1) > c).sum())
    assert within(misses, 200_000, 0.05)
