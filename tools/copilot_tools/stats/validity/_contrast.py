"""A metric's level in an arm and its difference between two arms, as plain as can be: what several attacks recompute.

Absolute scale, no covariate: attacks ask whether days, parts or single units carry the result, not how large it is.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.levels import covariance_of, require_units
from copilot_tools.stats.inference.proportions import pooled_variance
from copilot_tools.stats.inference.ratios import linearised_ratio
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric

__all__ = ["Contrast", "difference", "level", "pooled", "unit_variance"]


class Contrast(NamedTuple):
    """Treatment minus control.

    Attributes:
        effect: In the metric's unit (proportions: a share).
        variance: Of ``effect`` under no difference (proportions: pooled; others: Welch).
    """

    effect: float
    variance: float

    @property
    def z(self) -> float:
        """Effect in standard errors."""
        return self.effect / math.sqrt(self.variance)


def level(metric: Metric, moments: Moments) -> float:
    """Mean, proportion or ratio of sums.

    Raises:
        Refused: There are no units, or the ratio's denominator sums to 0.
    """
    if not moments.n:
        raise Refused.because("data.no_units", f"There are no units with {metric.name}.", name=metric.name)
    if metric.kind != "ratio":
        return moments.mean[0]
    if moments.mean[1] == 0:
        raise Refused.because(
            "data.zero_denominator",
            f"{metric.denominator} sums to 0, so {metric.name} has no value.",
            name=metric.denominator,
            value=0,
        )
    return moments.mean[0] / moments.mean[1]


def unit_variance(metric: Metric, moments: Moments) -> float:
    """Variance of one unit's contribution to the level (ratios: by the delta method).

    Raises:
        Refused: Fewer than two units, or a ratio without a denominator.
    """
    if metric.kind != "ratio":
        return moments.variance()
    level(metric, moments)  # refuses a ratio without a denominator
    require_units(moments)
    gradient = linearised_ratio(moments).gradient
    return max(covariance_of(moments, gradient, gradient), 0.0)


def pooled(control: Moments, treatment: Moments) -> float:
    """Variance of the difference of two proportions, were they the same."""
    successes = treatment.mean[0] * treatment.n + control.mean[0] * control.n
    return pooled_variance(successes, control.n, treatment.n)


def difference(metric: Metric, control: Moments, treatment: Moments) -> Contrast:
    """Treatment minus control with the variance it would have if the arms were the same.

    Raises:
        Refused: Too few units, or no variation at all.
    """
    effect = level(metric, treatment) - level(metric, control)
    if metric.kind == "proportion":
        variance = pooled(control, treatment)
    else:
        variance = unit_variance(metric, control) / control.n + unit_variance(metric, treatment) / treatment.n
    if variance <= 0:
        raise Refused.because(
            "data.no_variation",
            f"{metric.name} is the same for every unit, so chance has no measure.",
            "Check that the column holds the metric.",
            name=metric.name,
        )
    return Contrast(effect, variance)
