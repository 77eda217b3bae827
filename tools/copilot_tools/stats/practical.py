"""The practical number: what the effect would mean in a month, in the marketer's units."""

from __future__ import annotations

from copilot_tools.base import Frozen
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Practical", "practical"]


class Practical(Frozen):
    """The primary effect as a marketer counts it.

    Attributes:
        arm: The treatment arm.
        per_month: Extra conversions (or extra metric units) a month at the stated traffic if everyone got this arm.
        low: Lower end, from the interval.
        high: Upper end.
        traffic_per_month: Units a month, as the plan states.
        money_per_month: (value, low, high) in the plan's currency, where a value per unit of the metric is stated.
    """

    arm: str
    per_month: float
    low: float
    high: float
    traffic_per_month: float
    money_per_month: tuple[float, float, float] | None = None


def practical(
    spec: AnalysisSpec, reading: Reading, traffic_per_month: float, value_per_unit: float | None = None
) -> tuple[Practical, ...]:
    """Turn the primary metric's absolute effect into a number a month, per treatment arm.

    Args:
        spec: What was analysed.
        reading: Its estimates.
        traffic_per_month: Units a month the change would reach, above 0.
        value_per_unit: Money per unit of the primary metric, or None.

    Raises:
        Refused: The traffic or the value is not a positive number.
    """
    raise NotImplementedError
