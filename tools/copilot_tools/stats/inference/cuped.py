"""CUPED: take out of a metric what a column measured before assignment already explained.

One slope over all arms, from co-moments within arms: what differs between arms (the effect) never enters it. The
centre is the covariate's level over all arms, so every arm's adjusted level shares the centre's uncertainty.

References:
    Deng, Xu, Kohavi & Walker (2013), Improving the sensitivity of online controlled experiments by utilizing
    pre-experiment data, WSDM '13, section 3 and appendix (ratios).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from copilot_tools.stats.inference.levels import Level, Linear, covariance_of
from copilot_tools.stats.moments import Moments

__all__ = ["Adjusted", "WithCovariate", "adjust"]

_RESOLUTION = 1e-13

_RESIDUAL_DF = 60
"""Units beyond the parameters below which the slope's own error, which CUPED neglects, would narrow intervals."""


class WithCovariate(NamedTuple):
    """One arm's moments with its metric and covariate, each linear or linearised."""

    moments: Moments
    metric: Linear
    covariate: Linear


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Adjusted levels.

    Attributes:
        theta: The slope: metric units per unit of covariate.
        levels: Arm -> level; ``observed`` stays what was observed.
    """

    theta: float
    levels: Mapping[str, Level]


def adjust(arms: Mapping[str, WithCovariate], centre: float) -> Adjusted | None:
    """Adjust every arm's level by the covariate.

    Args:
        arms: Arm -> moments, metric, covariate; each with at least two units.
        centre: The covariate's level over all arms, in the covariate's unit.

    Returns:
        The adjusted levels; None where an adjustment is impossible or unsafe: the covariate does not vary, or there
        are too few units to estimate a slope (fewer than 60 beyond the number of arms and the slope).
    """
    total = sum(a.moments.n for a in arms.values())
    residual_df = total - len(arms) - 1
    products = spread = 0.0
    for arm in arms.values():
        products += (arm.moments.n - 1) * covariance_of(arm.moments, arm.metric.gradient, arm.covariate.gradient)
        spread += (arm.moments.n - 1) * covariance_of(arm.moments, arm.covariate.gradient, arm.covariate.gradient)
    if residual_df < _RESIDUAL_DF or spread <= total * (_RESOLUTION * centre) ** 2:
        return None
    theta = products / spread
    shared = theta * theta * spread / (total - len(arms)) / total
    levels = {}
    for name, arm in arms.items():
        m, y, x = arm
        raw = covariance_of(m, y.gradient, y.gradient)
        own = (
            raw
            - 2 * theta * covariance_of(m, y.gradient, x.gradient)
            + theta * theta * covariance_of(m, x.gradient, x.gradient)
        )
        # A covariate that explains the metric entirely leaves only rounding behind.
        own = 0.0 if own <= _RESOLUTION * raw else own
        levels[name] = Level(
            n=m.n,
            observed=y.value,
            value=y.value - theta * (x.value - centre),
            variance=own / m.n,
            observed_variance=raw / m.n,
            shared=shared,
            third=m.third(_residual(y.gradient, x.gradient, theta)),
        )
    return Adjusted(theta=theta, levels=levels)


def _residual(metric: Mapping[int, float], covariate: Mapping[int, float], theta: float) -> dict[int, float]:
    """Gradient of metric - theta * covariate."""
    return {i: metric.get(i, 0.0) - theta * covariate.get(i, 0.0) for i in {*metric, *covariate}}
