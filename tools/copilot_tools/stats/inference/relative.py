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
    base_error = math.sqrt(control.variance + control.shared)
    if base <= critical * base_error:
        raise Refused.because(
            "relative.control_near_zero",
            f"Control's level is {control.value:g} with a standard error of {base_error:g}: it cannot be told from 0, "
            "so an effect relative to it has no bounded interval.",
            "State the effect in absolute terms.",
            name="control",
            value=control.value,
        )
    # In units of control from here on, so that nothing overflows or vanishes when squared.
    lift = (treatment.value - control.value) / base
    total = (control.variance + treatment.variance) / base / base
    base_variance = (control.variance + control.shared) / base / base
    own = sign * control.variance / base / base
    # The variance of difference - L * base is total + 2 L * own + L^2 * base_variance.
    squared = critical * critical
    a = 1 - squared * base_variance
    b = lift + squared * own
    c = lift * lift - squared * total
    root = math.sqrt(max(b * b - a * c, 0.0))
    # The stable form of the two roots: no difference of nearly equal numbers.
    far = b + math.copysign(root, b)
    ends = (far / a, c / far) if far else (0.0, 0.0)
    spread = total + 2 * lift * own + lift * lift * base_variance
    return Lift(lift, math.sqrt(max(spread, 0.0)), min(ends), max(ends))
