"""Difference of two means with unequal variances: Welch's t.

References:
    Welch (1947), The generalization of "Student's" problem when several different population variances are involved,
    Biometrika 34. Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.levels import Level, Linear, level_of_linear, no_variance
from copilot_tools.stats.inference.tails import Alternative
from copilot_tools.stats.moments import Moments

__all__ = ["Difference", "linear_mean", "mean_level", "welch"]


class Difference(NamedTuple):
    """Treatment minus control.

    Attributes:
        value: In the metric's unit.
        standard_error: In the metric's unit, above 0.
        df: Welch-Satterthwaite degrees of freedom.
    """

    value: float
    standard_error: float
    df: float

    @property
    def statistic(self) -> float:
        """Welch's t."""
        return self.value / self.standard_error

    def p_value(self, alternative: Alternative = "two-sided") -> float:
        """Of no difference."""
        return tails.p_value(self.statistic, alternative, self.df)

    def ends(self, critical: float) -> tuple[float, float]:
        """Ends of the interval that reaches ``critical`` standard errors to both sides."""
        return self.value - critical * self.standard_error, self.value + critical * self.standard_error


def linear_mean(moments: Moments, column: int = 0) -> Linear:
    """A column's mean, already linear."""
    return Linear(moments.mean[column], {column: 1.0})


def mean_level(moments: Moments, column: int = 0) -> Level:
    """One arm's mean.

    Args:
        moments: Of one arm.
        column: Which column of the moments, from 0.

    Raises:
        Refused: Fewer than two units.
    """
    return level_of_linear(moments, linear_mean(moments, column))


def welch(control: Level, treatment: Level) -> Difference:
    """Difference of two levels with its Welch degrees of freedom.

    Raises:
        Refused: Neither arm varies at all.

    Example:
        >>> a = mean_level(Moments.of([[30.02], [29.99], [30.11], [29.97], [30.01], [29.99]]))
        >>> b = mean_level(Moments.of([[29.89], [29.93], [29.72], [29.98], [30.02], [29.98]]))
        >>> round(welch(a, b).p_value(), 6)
        0.090773
    """
    total = control.variance + treatment.variance
    if total <= 0:
        raise no_variance(control, treatment)
    # Shares of the total, so that variances near the smallest float do not vanish when squared.
    a, b = control.variance / total, treatment.variance / total
    df = 1 / (a * a / (control.n - 1) + b * b / (treatment.n - 1))
    return Difference(treatment.value - control.value, math.sqrt(total), df)
