"""Whole weeks."""

from __future__ import annotations

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.planning.runtime import runtime


@pytest.mark.parametrize(
    ("units", "per_week", "weeks"),
    [(1, 1e6, 1), (7000, 7000, 1), (7001, 7000, 2), (56_000, 7000, 8), (63_000, 7000, 9)],
)
def test_rounds_up_to_whole_weeks(units, per_week, weeks):
    """A started week is run to its end, a week's exact traffic takes one week."""
    found = runtime(units, per_week)
    assert (found.weeks, found.days) == (weeks, 7 * weeks)
    assert found.units_by_then >= units


def test_warns_beyond_eight_weeks_only():
    """Eight weeks pass, nine are warned of."""
    assert runtime(56_000, 7000).warning == ""
    assert "9 weeks is longer than 8" in runtime(63_000, 7000).warning


@pytest.mark.parametrize(("units", "per_week"), [(0, 10), (1.5, 10), (10, 0), (10, -1), (float("nan"), 1)])
def test_bad_traffic_is_refused(units, per_week):
    """No runtime from no units, part of a unit, or no traffic."""
    with pytest.raises(Refused):
        runtime(units, per_week)
