"""The power curve: with the units fixed, the chance of finding each effect, from none to beyond what matters."""

from __future__ import annotations

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.stats.planning.contrast import Direction, contrast
from copilot_tools.stats.planning.design import TrialDesign
from copilot_tools.stats.planning.outcomes import Outcome
from copilot_tools.stats.planning.size import lowest_power, split
from copilot_tools.stats.spec import Effect

__all__ = ["CurvePoint", "PowerCurve", "power_curve"]

STEPS = 16
"""Points up to the effect that matters, and as many from there on."""


class CurvePoint(Frozen):
    """One point of the curve.

    Attributes:
        effect: Taken to be true, in the desired direction.
        power: Chance of finding it, in the treatment arm where it is lowest.
    """

    effect: Effect
    power: float


class PowerCurve(Frozen):
    """The chance of finding an effect, against the effect.

    Attributes:
        units: Over all arms.
        effect: The one that matters.
        power: Chance of finding it.
        points: From the smallest effect to the largest; those that no metric of this level can have are left out.
    """

    units: int
    effect: Effect
    power: float
    points: tuple[CurvePoint, ...]


def power_curve(
    outcome: Outcome,
    units: int,
    effect: Effect,
    *,
    direction: Direction = "increase",
    design: TrialDesign | None = None,
    reach: float = 2.0,
) -> PowerCurve:
    """The curve around ``effect`` for a test of superiority with ``units`` over all arms.

    Use it before a test, where one size of effect is not enough to judge a number of units by.

    Args:
        outcome: The metric's level and spread today.
        units: Over all arms, at least 2 in each.
        effect: Smallest effect that matters.
        direction: Which way is better.
        design: Arms, error rates, covariate, clusters, metrics.
        reach: The last point's effect, in multiples of ``effect``, above 1.

    Raises:
        Refused: The effect is none that this metric can have, or an arm would have fewer than two units (clusters).

    References:
        Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., ch. 2 and 6.

    Example:
        >>> from copilot_tools.stats.planning.outcomes import Proportion
        >>> curve = power_curve(Proportion(baseline=0.05), 62_468, Effect(size=0.1, scale="relative"))
        >>> round(curve.power, 3), round(curve.points[0].power, 3), round(curve.points[-1].power, 3)
        (0.8, 0.037, 1.0)
    """
    design = design or TrialDesign()
    per_arm = split(checks.count("units", units, at_least=2), design)
    checks.between("reach", reach, 1, 1000)
    points = []
    for step in range(1, 2 * STEPS + 1):
        factor = step / STEPS if step <= STEPS else 1 + (reach - 1) * (step - STEPS) / STEPS
        tried = Effect(size=effect.size * factor, scale=effect.scale)
        try:
            question = contrast(outcome, direction, tried, None)
        except Refused:
            if step <= STEPS:
                raise
            break
        points.append(CurvePoint(effect=tried, power=lowest_power(outcome, question, design, per_arm)))
    return PowerCurve(units=units, effect=effect, power=points[STEPS - 1].power, points=tuple(points))
