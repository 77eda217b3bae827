"""The practical number: what the effect would mean in a month, in the marketer's units."""

from __future__ import annotations

from copilot_tools import checks
from copilot_tools.base import Bound, Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Practical", "practical"]


class Practical(Frozen):
    """The primary effect as a marketer counts it.

    Attributes:
        arm: The treatment arm.
        per_month: Extra conversions (or extra metric units) a month at the stated traffic if everyone got this arm.
        low: Lower end, from the interval; minus infinity where the interval is open.
        high: Upper end; infinity where the interval is open.
        traffic_per_month: Units a month, as the plan states.
        money_per_month: (value, low, high) in the plan's currency, where a value per unit of the metric is stated.
    """

    arm: str
    per_month: float
    low: Bound
    high: Bound
    traffic_per_month: float
    money_per_month: tuple[float, Bound, Bound] | None = None


def practical(
    spec: AnalysisSpec, reading: Reading, traffic_per_month: float, value_per_unit: float | None = None
) -> tuple[Practical, ...]:
    """Turn the primary metric's absolute effect into a number a month, per treatment arm.

    For a ratio of sums the effect is per unit of the denominator: the traffic is then that of the denominator.

    Args:
        spec: What was analysed.
        reading: Its estimates.
        traffic_per_month: Units a month the change would reach, above 0.
        value_per_unit: Money per unit of the primary metric, or None.

    Returns:
        One number an arm; an arm whose effect cannot be estimated has none.

    Raises:
        Refused: The traffic or the value is not a positive number.
    """
    traffic = checks.positive("traffic_per_month", traffic_per_month)
    value = None if value_per_unit is None else checks.positive("value_per_unit", value_per_unit)
    found = []
    for arm in spec.treatments:
        comparison = reading.comparison(spec.primary.name, arm.name)
        if comparison is None or isinstance(comparison.absolute, Refusal):
            continue
        effect = comparison.absolute
        numbers = (effect.value * traffic, effect.interval.low * traffic, effect.interval.high * traffic)
        found.append(
            Practical(
                arm=arm.name,
                per_month=numbers[0],
                low=numbers[1],
                high=numbers[2],
                traffic_per_month=traffic,
                money_per_month=None if value is None else (numbers[0] * value, numbers[1] * value, numbers[2] * value),
            )
        )
    return tuple(found)
