"""Relative lift of two levels: Fieller's interval, which excludes 0 exactly when the difference's interval does.

The lift is the difference over the magnitude of control, so it keeps its direction where control is negative.

References:
    Fieller (1954), Some problems in interval estimation, JRSS B 16. Deng, Knoblich & Lu (2018), Applying the delta
    method in metric analytics, KDD '18 (the standard error).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.levels import Level, no_variance

__all__ = ["Lift", "fieller"]


class Lift(NamedTuple):
    """Relative lift.

    Attributes:
        value: (treatment - control) / abs(control), a share.
        standard_error: By the delta method, a share.
        low: Lower end of Fieller's interval.
        high: Upper end.
    """

    value: float
    standard_error: float
    low: float
    high: float


def fieller(control: Level, treatment: Level, critical: float) -> Lift:
    """Lift with the interval that reaches ``critical`` standard errors.

    The set of lifts L for which treatment - control - L * abs(control) lies within ``critical`` of its own standard
    errors from 0. Variance that the arms share (CUPED's centre) enters only through control's level.

    Raises:
        Refused: Control's level is not distinguishable from 0 at this critical value, so that the set is unbounded;
            or neither arm varies at all.

    Example:
        >>> a = Level(n=1000, observed=10.0, value=10.0, variance=0.016, observed_variance=0.016)
        >>> b = Level(n=1000, observed=10.5, value=10.5, variance=0.01764, observed_variance=0.01764)
        >>> [round(x, 6) for x in fieller(a, b, 1.959963984540054)]
        [0.05, 0.018783, 0.013815, 0.087477]
    """
    if control.variance + treatment.variance <= 0:
        raise no_variance(control, treatment)
    sign = -1.0 if control.value < 0 else 1.0
    base = abs(control.value)
    squared = critical * critical
    base_variance = control.variance + control.shared
    a = base * base - squared * base_variance
    if a <= 0:
        raise Refused.because(
            "relative.control_near_zero",
            f"Control's level is {control.value:g} with a standard error of {math.sqrt(base_variance):g}: it cannot be "
            "told from 0, so an effect relative to it has no bounded interval.",
            "State the effect in absolute terms.",
            name="control",
            value=control.value,
        )
    difference = treatment.value - control.value
    total = control.variance + treatment.variance
    # Variance of difference - L * base is total + 2 L * own + L^2 * base_variance.
    own = sign * control.variance
    b = difference * base + squared * own
    c = difference * difference - squared * total
    root = math.sqrt(max(b * b - a * c, 0.0))
    # The stable form of the two roots: no difference of nearly equal numbers.
    far = b + math.copysign(root, b)
    ends = (far / a, c / far) if far else (0.0, 0.0)
    lift = difference / base
    spread = total + 2 * lift * own + lift * lift * base_variance
    return Lift(lift, math.sqrt(max(spread, 0.0)) / base, min(ends), max(ends))
