"""Critical values, p-values and levels against scipy.stats."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import tails


@pytest.mark.parametrize("df", [None, 0.7, 1, 4.3, 30, 1e5])
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 1e-3, 1e-9])
def test_critical_values_match_scipy(alpha, sides, df):
    """A critical value is scipy's quantile, far tails included."""
    law = stats.norm if df is None else stats.t(df)
    assert tails.critical_value(alpha, sides, df) == pytest.approx(law.isf(alpha / sides), rel=1e-8)


@pytest.mark.parametrize("df", [None, 3, 250.5])
@pytest.mark.parametrize("statistic", [-3.1, -0.2, 0.0, 1.7, 9.0])
def test_p_values_match_scipy(statistic, df):
    """A p-value is scipy's tail on the asked side."""
    law = stats.norm if df is None else stats.t(df)
    assert tails.p_value(statistic, "two-sided", df) == pytest.approx(2 * law.sf(abs(statistic)), rel=1e-9)
    assert tails.p_value(statistic, "greater", df) == pytest.approx(law.sf(statistic), rel=1e-9)
    assert tails.p_value(statistic, "less", df) == pytest.approx(law.cdf(statistic), rel=1e-9)


def test_overwhelming_evidence_is_not_rounded_to_nothing():
    """At z = 22 the p-value is about 3e-107, not 0."""
    assert 0 < tails.p_value(22.0) < 1e-100


@pytest.mark.parametrize("df", [None, 6.5])
def test_level_undoes_the_critical_value(df):
    """The level of an interval at a critical value is one minus the alpha it came from."""
    assert tails.level_of(tails.critical_value(0.05, 2, df), "two-sided", df) == pytest.approx(0.95, abs=1e-9)
    assert tails.level_of(tails.critical_value(0.05, 1, df), "greater", df) == pytest.approx(0.95, abs=1e-9)


def test_one_sided_intervals_are_open_on_the_other_side():
    """An alternative leaves open the end it does not bound."""
    assert tails.bounded(-1, 2, 0.95, "greater").high == math.inf
    assert tails.bounded(-1, 2, 0.95, "less").low == -math.inf
    assert (tails.bounded(-1, 2, 0.95).low, tails.bounded(-1, 2, 0.95).high) == (-1, 2)


def test_matched_keeps_the_tail():
    """The matched t value has the z value's tail, and is that value where there are no degrees of freedom."""
    assert stats.t(8).sf(tails.matched(3.0, 8)) == pytest.approx(stats.norm.sf(3.0))
    assert tails.matched(3.0, None) == 3.0


@pytest.mark.parametrize("alpha", [0, 1, -0.1, math.nan])
def test_an_impossible_alpha_is_refused(alpha):
    """Alpha outside (0, 1) is refused by name."""
    with pytest.raises(Refused, match="alpha"):
        tails.critical_value(alpha)
