"""One arm made ready for comparison: its level, and how uncertain the level is, from moments alone.

Means and ratios of sums are both handled as a level with a gradient over the columns of the block: a mean is linear
already, a ratio is linearised (delta method). Whatever comes later (Welch, Fieller, CUPED) needs nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.stats.moments import Moments

__all__ = ["Level", "Linear", "covariance_of", "level_of_linear", "no_variance", "require_units"]

_RESOLUTION = 1e-13
"""A standard deviation below this share of the mean is rounding, not variation."""


class Linear(NamedTuple):
    """A level as a (linearised) function of column means.

    Attributes:
        value: The level, in the metric's unit.
        gradient: Column index -> derivative of the level with respect to that column's mean.
    """

    value: float
    gradient: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Level:
    """One arm's level and its uncertainty.

    Attributes:
        n: Units.
        observed: The level as observed, in the metric's unit.
        value: The level that is compared: the observed one, or adjusted by a covariate.
        variance: Variance of ``value`` that is this arm's own, in the metric's unit squared.
        shared: Variance of ``value`` that all arms have in common (an adjustment's centre); cancels in differences.
        observed_variance: Variance of ``observed``.
        third: Third central moment of one unit's contribution to ``value``, in the metric's unit cubed; None where it
            was not taken.
    """

    n: int
    observed: float
    value: float
    variance: float
    observed_variance: float
    shared: float = 0.0
    third: float | None = None


def require_units(moments: Moments, at_least: int = 2) -> None:
    """Refuse moments of too few units to have a variance.

    Args:
        moments: Of one arm.
        at_least: Fewest units, at least 2.

    Raises:
        Refused: There are fewer.
    """
    if moments.n < at_least:
        there = "is 1" if moments.n == 1 else f"are {moments.n}"
        raise Refused.because(
            "data.too_few_units",
            f"An estimate needs at least {at_least} units, but there {there}.",
            "Wait for more units, or leave this arm or slice out.",
            name="n",
            value=moments.n,
        )


def covariance_of(moments: Moments, a: Mapping[int, float], b: Mapping[int, float]) -> float:
    """Sample covariance (divisor n - 1) of two linear combinations of the columns.

    Args:
        moments: Of at least two units.
        a: Column -> its factor, in units of the combination over units of the column.
        b: Column -> its factor, in units of the other combination over units of the column.
    """
    total = math.fsum(u * v * moments.comoments[i][j] for i, u in a.items() for j, v in b.items())
    return total / (moments.n - 1)


def level_of_linear(moments: Moments, linear: Linear) -> Level:
    """The level without any adjustment.

    Raises:
        Refused: Fewer than two units.
    """
    require_units(moments)
    variance = covariance_of(moments, linear.gradient, linear.gradient) / moments.n
    if variance * moments.n <= (_RESOLUTION * linear.value) ** 2:
        variance = 0.0
    return Level(
        n=moments.n,
        observed=linear.value,
        value=linear.value,
        variance=variance,
        observed_variance=variance,
        third=moments.third(linear.gradient),
    )


def no_variance(control: Level, treatment: Level) -> Refused:
    """The refusal for two arms in which nothing varies."""
    return Refused.because(
        "data.no_variance",
        f"Every unit has the same value within each arm ({control.observed:g} in control, {treatment.observed:g} in "
        "treatment), so there is no variation to judge a difference by.",
        "Check that the column is the metric; if it is, report the two levels without an interval.",
        name="variance",
        value=0.0,
    )
