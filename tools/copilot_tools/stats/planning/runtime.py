"""How long a test runs: whole weeks, so that every weekday counts equally often."""

from __future__ import annotations

import math

from copilot_tools import checks
from copilot_tools.base import Frozen

__all__ = ["LONGEST_WEEKS", "Runtime", "runtime"]

LONGEST_WEEKS = 8
"""Beyond, cookies have been cleared, people have changed devices and the season has turned."""


class Runtime(Frozen):
    """A runtime.

    Attributes:
        weeks: Whole weeks, at least one.
        days: Seven times the weeks.
        exact_weeks: Before rounding up.
        units: Units wanted over all arms.
        units_per_week: Units a week that enter the test.
        units_by_then: Units that will have entered after the whole weeks.
        warning: What speaks against this runtime, or "".
    """

    weeks: int
    days: int
    exact_weeks: float
    units: int
    units_per_week: float
    units_by_then: int
    warning: str = ""


def runtime(units: float, units_per_week: float) -> Runtime:
    """Whole weeks until ``units`` have entered the test.

    Use it once the units are known; whole weeks, because weekdays differ.

    Args:
        units: Over all arms, at least 1.
        units_per_week: New units a week that enter the test, all arms together, above 0.

    Raises:
        Refused: A parameter is out of its range.

    Example:
        >>> runtime(62_465, 20_000).weeks
        4
    """
    wanted = checks.count("units", units, at_least=1)
    exact = wanted / checks.positive("units_per_week", units_per_week)
    weeks = max(math.ceil(exact - 1e-9), 1)
    warning = ""
    if weeks > LONGEST_WEEKS:
        warning = (
            f"{weeks:,} weeks is longer than {LONGEST_WEEKS}: returning visitors lose their cookies and the season "
            "changes meanwhile. Look for a larger effect, a more frequent metric, a covariate, or more traffic."
        )
    return Runtime(
        weeks=weeks,
        days=7 * weeks,
        exact_weeks=exact,
        units=wanted,
        units_per_week=units_per_week,
        units_by_then=math.floor(weeks * units_per_week),
        warning=warning,
    )
