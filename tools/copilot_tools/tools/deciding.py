"""Tools about intervals: what a verdict table says of one, and one that holds at every look."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Bound, Frozen
from copilot_tools.refusals import Refused
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.stats.verdict_table import PHRASES, classify
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import Direction

__all__ = ["TOOLS"]

Alpha = Annotated[float, Field(gt=0, lt=0.5, description="Chance that the interval misses the effect.")]


class ClassifyArguments(Frozen):
    """An interval of treatment minus control, and the smallest effect that matters, in one unit."""

    low: Annotated[Bound, Field(description='Lower end; "-inf" where open.')]
    high: Annotated[Bound, Field(description='Upper end; "inf" where open.')]
    minimum_effect: Annotated[float, Field(gt=0, description="m, the smallest effect that matters.")]
    direction: Direction = "increase"

    @model_validator(mode="after")
    def _ordered(self) -> ClassifyArguments:
        if self.low > self.high:
            raise ValueError(f"low is {self.low:g}, above high, {self.high:g}")
        if self.low == math.inf or self.high == -math.inf:
            raise ValueError("an interval holds at least one number: low below infinity, high above minus infinity")
        return self


class Classified(Frozen):
    """What the verdict table says of an interval.

    Attributes:
        row: Stable name of the row.
        phrase: What a registered test with this interval would be called, were nothing else wrong.
        low: Lower end in the desired direction.
        high: Upper end in the desired direction.
        standing: What this is not.
    """

    row: str
    phrase: str
    low: Bound
    high: Bound
    standing: str = (
        "A reading of one interval by the table, not a verdict: that takes a registered plan and its checks."
    )


def _classify(a: ClassifyArguments) -> Classified:
    low, high = (a.low, a.high) if a.direction == "increase" else (-a.high, -a.low)
    row = classify(low, high, a.minimum_effect)
    return Classified(row=row.value, phrase=PHRASES[row], low=low, high=high)


class AlwaysValidArguments(Frozen):
    """An estimate at one of many looks."""

    estimate: Annotated[float, Field(description="Treatment minus control, in any unit.")]
    standard_error: Annotated[float, Field(gt=0, description="Of the estimate, in its unit.")]
    units: Annotated[int, Field(ge=1, le=10**12, description="Units seen so far in both arms.")]
    horizon: Annotated[
        int, Field(ge=1, le=10**12, description="Units at which the interval is tightest; chosen before the data.")
    ]
    alpha: Alpha = 0.05
    sides: Annotated[Literal[1, 2], Field(description="2, or 1: open towards the desired direction.")] = 2
    direction: Direction = "increase"
    method: Annotated[
        Literal["asymptotic", "normal-mixture", "t-mixture", "stitching"],
        Field(
            description='"normal-mixture": Howard et al., one-sided narrower; "t-mixture": exact for normal values '
            'with few units and an even split; "stitching": for very long tests, wider. Choose before the data.'
        ),
    ] = "asymptotic"
    fewest_conversions: Annotated[
        int | None,
        Field(ge=0, le=10**12, description="Of a conversion rate: conversions, or failures if fewer, in either arm."),
    ] = None

    @model_validator(mode="after")
    def _two_sided_t(self) -> AlwaysValidArguments:
        if self.method == "t-mixture" and self.sides == 1:
            raise ValueError("t-mixture is two-sided: give sides 2, or another method")
        return self


class AlwaysValid(Frozen):
    """An interval that holds at every look.

    Attributes:
        interval: In the estimate's unit.
        critical_value: Standard errors from the estimate to an end.
        excludes_zero: Whether no effect lies outside.
        sentence: In plain words.
        caution: Where it does not hold.
    """

    interval: Interval
    critical_value: float
    excludes_zero: bool
    sentence: str
    caution: str = (
        "It takes the standard error as given. For skewed values (revenue) in arms of very unequal size that error is "
        "too small until the small arm has met its rare large values: at 90:10 one test in seven errs. Split evenly."
    )


def _always_valid(a: AlwaysValidArguments) -> AlwaysValid:
    from copilot_tools.stats.inference.always_valid import (  # noqa: PLC0415 - scipy
        MIN_CONVERSIONS,
        MIN_UNITS,
        sequence_critical,
    )

    if a.units < 2 * MIN_UNITS and a.method != "t-mixture":
        raise Refused.because(
            "always_valid.too_few_units",
            f"units is {a.units}, but an interval that holds at every look needs at least {MIN_UNITS} in each of the "
            "two arms.",
            "Wait for more units; or, for values known to be normal, use the method t-mixture.",
            name="units",
            value=a.units,
        )
    if a.fewest_conversions is not None and a.fewest_conversions < MIN_CONVERSIONS:
        raise Refused.because(
            "always_valid.too_few_conversions",
            f"fewest_conversions is {a.fewest_conversions}, but the normal approximation behind this interval holds "
            f"at every look only from {MIN_CONVERSIONS} on.",
            "Use sequential_proportions, which is exact from the first conversion.",
            name="fewest_conversions",
            value=a.fewest_conversions,
        )
    critical = sequence_critical(a.method, a.units, a.horizon, a.alpha, a.sides)
    low, high = a.estimate - critical * a.standard_error, a.estimate + critical * a.standard_error
    if a.sides == 1:
        low, high = (low, math.inf) if a.direction == "increase" else (-math.inf, high)
    excludes = low > 0 or high < 0
    interval = Interval(low=low, high=high, level=round(1 - a.alpha, 12))
    return AlwaysValid(
        interval=interval,
        critical_value=critical,
        excludes_zero=excludes,
        sentence=f"The {formats.bare_interval(interval)} holds at every look together: no effect is "
        f"{'excluded' if excludes else 'not excluded'}, and looking again costs nothing.",
    )


TOOLS = (
    Tool(
        name="classify_interval",
        summary="What the verdict table says of an interval and a smallest effect that matters.",
        when="To name the conclusion that an interval and a smallest effect that matters allow (supported, "
        "inconclusive, refuted ...), to explain a verdict, or to see what another interval would have meant. "
        "Not to compute the interval (compare_proportions, compare_means).",
        arguments=ClassifyArguments,
        result=Classified,
        function=_classify,
        examples=({"low": -0.0133, "high": -0.0031, "minimum_effect": 0.005},),
    ),
    Tool(
        name="always_valid_interval",
        summary="Confidence interval that holds at every look (confidence sequence).",
        when="When a test without a fixed end is watched while it runs and may be stopped at any look: a range for"
        " the effect that may be quoted whenever somebody looks. Not for few or rare conversions "
        "(sequential_proportions), nor for skewed values (revenue) in arms of very unequal size, nor for looks planned "
        "beforehand (group_sequential_design).",
        arguments=AlwaysValidArguments,
        result=AlwaysValid,
        function=_always_valid,
        examples=(
            {"estimate": 0.012, "standard_error": 0.003, "units": 20000, "horizon": 50000},
            {"estimate": 1.9, "standard_error": 0.4, "units": 24, "horizon": 100, "method": "t-mixture"},
        ),
    ),
)
