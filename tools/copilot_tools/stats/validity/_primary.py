"""The primary effect per treatment arm in the desired direction: what the attacks on the claim itself read."""

from __future__ import annotations

from typing import NamedTuple

from scipy import special

from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Estimate
from copilot_tools.stats.inference.tails import critical_value
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec, Arm
from copilot_tools.stats.verdict_table import CLAIMS, row_of

__all__ = ["Primary", "close_call", "critical", "primary_effects"]


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
        effect = comparison.effect(spec.deciding_scale) if comparison else None
        if comparison is None or effect is None:
            missing.append(f"{spec.primary.name} in {arm.text} was not estimated")
        elif isinstance(effect, Refusal):
            missing.append(f"{spec.primary.name} in {arm.text} cannot be compared: {effect.reason.rstrip('.')}")
        else:
            ends = effect.interval.toward(spec.primary.sign)
            found.append(
                Primary(
                    arm=arm,
                    comparison=comparison,
                    effect=effect,
                    value=effect.value * spec.primary.sign,
                    low=ends.low,
                    high=ends.high,
                    z=None if effect.statistic is None else effect.statistic * spec.primary.sign,
                    claims=row_of(spec, ends) in CLAIMS,
                )
            )
    return tuple(found), "; ".join(missing)


_CLOSE = 0.025
"""Chance that a true effect of the size planned for is claimed by no more than a close call."""


def close_call(spec: AnalysisSpec, z: float) -> bool:
    """Whether a claimed z lies so near significance that the planned effect would land between the two seldom.

    What is said of close calls alone is said of few sound tests, whatever their alpha, sides, power and prior.
    """
    delta = critical_value(spec.alpha, spec.sides) + float(special.ndtri(spec.power))
    return float(special.ndtr(z - delta)) < 1 - spec.power + _CLOSE


def critical(spec: AnalysisSpec, comparison: Comparison) -> float:
    """Standard errors from zero at which this comparison counts as different."""
    if comparison.critical_value is not None:
        return comparison.critical_value
    return critical_value(spec.alpha / len(spec.treatments), spec.sides)
