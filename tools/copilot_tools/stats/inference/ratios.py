"""Ratios of sums (revenue per session, clicks per view) where units are randomized: the delta method, per arm.

References:
    Deng, Knoblich & Lu (2018), Applying the delta method in metric analytics: a practical guide with novel ideas,
    KDD '18, section 3.
"""

from __future__ import annotations

import math

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.levels import Level, Linear, level_of_linear, require_units
from copilot_tools.stats.moments import Moments

__all__ = ["linear_ratio", "linearised_ratio", "ratio_level"]

_DISTINCT = 2.0
"""Standard errors from 0 below which a denominator's mean is too uncertain for a first-order expansion."""


def linear_ratio(moments: Moments, numerator: int = 0, denominator: int = 1) -> Linear:
    """Sum of one column over sum of another, linearised about the means.

    Args:
        moments: Of one arm.
        numerator: Column of the numerator, from 0.
        denominator: Column of the denominator, from 0.

    Raises:
        Refused: Fewer than two units; or the denominator's mean is 0 or not distinguishable from 0.
    """
    require_units(moments)
    bottom = moments.mean[denominator]
    error = math.sqrt(moments.variance(denominator) / moments.n)
    if bottom == 0 or abs(bottom) <= _DISTINCT * error:
        raise Refused.because(
            "ratio.denominator_near_zero",
            f"The ratio's denominator has a mean of {bottom:g} with a standard error of {error:g}: it cannot be told "
            "from 0, so the ratio has no usable interval.",
            "Check the denominator's column, or wait for more units.",
            name="denominator",
            value=bottom,
        )
    return linearised_ratio(moments, numerator, denominator)


def linearised_ratio(moments: Moments, numerator: int = 0, denominator: int = 1) -> Linear:
    """The same without asking whether the denominator can be told from 0; it must not be 0.

    Args:
        moments: Of one arm.
        numerator: Column of the numerator, from 0.
        denominator: Column of the denominator, from 0.
    """
    top, bottom = moments.mean[numerator], moments.mean[denominator]
    value = top / bottom
    return Linear(value, {numerator: 1 / bottom, denominator: -value / bottom})


def ratio_level(moments: Moments, numerator: int = 0, denominator: int = 1) -> Level:
    """One arm's ratio with its delta-method variance.

    Args:
        moments: Of one arm.
        numerator: Column of the numerator, from 0.
        denominator: Column of the denominator, from 0.

    Raises:
        Refused: As ``linear_ratio``.

    Example:
        >>> orders, sessions = [0, 2, 1, 5, 3, 0, 4, 1, 2, 2], [1, 3, 2, 6, 4, 1, 5, 2, 2, 3]
        >>> level = ratio_level(Moments.of(list(zip(orders, sessions))))
        >>> round(level.value, 9), round(level.variance**0.5, 9)
        (0.689655172, 0.060162238)
    """
    return level_of_linear(moments, linear_ratio(moments, numerator, denominator))
