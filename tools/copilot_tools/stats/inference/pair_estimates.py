"""Two adjusted levels in, the effect on both scales out: what every adjustment of two arms has in common."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.levels import Level, no_variance
from copilot_tools.stats.inference.relative import fieller

__all__ = ["PairEstimates", "pair_estimates"]


class PairEstimates(NamedTuple):
    """The effect: absolute, relative by Fieller, relative by the delta method."""

    absolute: Estimate
    relative: Estimate | Refusal
    delta: Estimate | Refusal


def pair_estimates(
    control: Level, treatment: Level, df: float, method: str, *, alpha: float, sides: int, sign: int
) -> PairEstimates:
    """Treatment minus control by Student's t with ``df`` degrees of freedom.

    Args:
        control: Control's level; ``shared`` is its covariance with the treatment's (0 where they are independent).
        treatment: The treatment's.
        df: Degrees of freedom, above 0.
        method: The field's name of what was done.
        alpha: Error rate, in (0, 0.5).
        sides: 2, or 1 in the desired direction.
        sign: +1 where more is better, -1 where less is.

    Raises:
        Refused: Nothing varies.
    """
    total = control.variance + treatment.variance
    if total <= 0:
        raise no_variance(control, treatment)
    alternative: tails.Alternative = "two-sided" if sides == 2 else "greater" if sign > 0 else "less"
    critical = tails.critical_value(alpha, sides, df)
    level = tails.level_of(critical, alternative, df)
    value, error = treatment.value - control.value, math.sqrt(total)
    statistic = value / error

    def estimate(
        scale: Literal["absolute", "relative"], at: float, se: float, t: float, ends: tuple[float, float], how: str
    ) -> Estimate:
        return Estimate(
            value=at,
            standard_error=se,
            interval=tails.bounded(*ends, level, alternative),
            p_value=tails.p_value(t, alternative, df),
            statistic=t,
            df=df,
            scale=scale,
            method=how,
        )

    half = critical * error
    absolute = estimate("absolute", value, error, statistic, (value - half, value + half), method)
    try:
        lift = fieller(control, treatment, critical)
    except Refused as refused:
        return PairEstimates(absolute, refused.refusals[0], refused.refusals[0])
    at, se = lift.value, lift.standard_error
    half = critical * se
    return PairEstimates(
        absolute,
        estimate("relative", at, se, statistic, (lift.low, lift.high), f"Fieller, {method}"),
        estimate("relative", at, se, at / se, (at - half, at + half), f"delta method, {method}"),
    )
