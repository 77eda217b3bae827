"""The primary effect per treatment arm in the desired direction: what the attacks on the claim itself read."""

from __future__ import annotations

from typing import NamedTuple

from scipy import special

from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Estimate, Scale
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec, Arm

__all__ = ["Primary", "close_call", "critical", "primary_effects", "scale_of"]


class Primary(NamedTuple):
    """The primary comparison of one treatment arm.

    Attributes:
        arm: The treatment arm.
        comparison: Where the estimate comes from.
        effect: The estimate on the plan's scale, as estimated (treatment minus control).
        value: The effect in the desired direction: positive is better.
        low: Lower end of its interval, in the desired direction.
        high: Upper end.
        z: The test statistic in the desired direction, or None.
        claims: The plan's row would claim something in favour of the change.
    """

    arm: Arm
    comparison: Comparison
    effect: Estimate
    value: float
    low: float
    high: float
    z: float | None
    claims: bool


def primary_effects(spec: AnalysisSpec, reading: Reading) -> tuple[tuple[Primary, ...], str]:
    """The arms whose primary effect was estimated, and why others were not (a clause; "" when all were)."""
    found, missing = [], []
    for arm in spec.treatments:
        comparison = reading.comparison(spec.primary.name, arm.name)
        effect = comparison.effect(scale_of(spec)) if comparison else None
        if comparison is None or effect is None:
            missing.append(f"{spec.primary.name} in {arm.text} was not estimated")
        elif isinstance(effect, Refusal):
            missing.append(f"{spec.primary.name} in {arm.text} cannot be compared: {effect.reason.rstrip('.')}")
        else:
            ends = effect.interval if spec.primary.sign > 0 else effect.interval.mirrored()
            found.append(
                Primary(
                    arm=arm,
                    comparison=comparison,
                    effect=effect,
                    value=effect.value * spec.primary.sign,
                    low=ends.low,
                    high=ends.high,
                    z=None if effect.statistic is None else effect.statistic * spec.primary.sign,
                    claims=spec.goal != "aa" and ends.low > _claimed_above(spec),
                )
            )
    return tuple(found), "; ".join(missing)


def scale_of(spec: AnalysisSpec) -> Scale:
    """The scale the verdict is decided on."""
    if spec.goal == "noninferiority" and spec.primary.margin is not None:
        return spec.primary.margin.scale
    return spec.minimum_effect.scale


def _claimed_above(spec: AnalysisSpec) -> float:
    if spec.goal == "noninferiority" and spec.primary.margin is not None:
        return -spec.primary.margin.size
    return 0.0


_CLOSE = 0.025
"""Chance that a true effect of the size planned for is claimed by no more than a close call."""


def close_call(spec: AnalysisSpec, z: float) -> bool:
    """Whether a claimed z lies so near significance that the planned effect would land between the two seldom.

    What is said of close calls alone is said of few sound tests, whatever their alpha, sides, power and prior.
    """
    delta = float(special.ndtri(1 - spec.alpha / spec.sides) + special.ndtri(spec.power))
    return float(special.ndtr(z - delta)) < 1 - spec.power + _CLOSE


def critical(spec: AnalysisSpec, comparison: Comparison) -> float:
    """Standard errors from zero at which this comparison counts as different."""
    if comparison.critical_value is not None:
        return comparison.critical_value
    return float(special.ndtri(1 - spec.alpha / spec.sides / len(spec.treatments)))
