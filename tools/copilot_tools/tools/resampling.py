"""Tools that compare arms value by value: quantiles, the bootstrap, the permutation test. Exploratory."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats import formats
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import MetricName

__all__ = ["TOOLS"]

Values = Annotated[
    tuple[float, ...], Field(min_length=1, max_length=100_000, description="One value a unit, in the metric's unit.")
]
Alpha = Annotated[float, Field(gt=0, lt=0.5, description="Error rate over both ends of the interval.")]
Scale = Annotated[
    Literal["absolute", "relative"],
    Field(description='"absolute": treatment minus control; "relative": that over control.'),
]
Seed = Annotated[int | None, Field(ge=0, le=2**53, description="Made from the data and the question when not given.")]

_STANDING = "Exploratory: computed from typed values, without a registered plan and without checks of the data."


class QuantilesArguments(Frozen):
    """Two arms' single values and the quantile to compare."""

    control: Values
    treatment: Values
    quantile: Annotated[float, Field(gt=0, lt=1, description="0.5 is the median, 0.95 the 95th percentile.")] = 0.5
    control_units: Annotated[
        tuple[str, ...] | None,
        Field(description="For each value of control the unit it belongs to, where units have several values."),
    ] = None
    treatment_units: Annotated[tuple[str, ...] | None, Field(description="Likewise for treatment.")] = None
    metric: MetricName = "the metric"
    alpha: Alpha = 0.05

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.control_units is None) != (self.treatment_units is None):
            raise ValueError("control_units and treatment_units belong together: give both or neither")
        return self


class QuantileLevel(Frozen):
    """One arm's quantile.

    Attributes:
        n: Values.
        value: In the metric's unit.
        interval: Between two order statistics.
        design_effect: By how much several values a unit raise the variance; 1 without units.
    """

    n: int
    value: float
    interval: Interval
    design_effect: float


class Quantiles(Frozen):
    """Two arms' quantiles compared.

    Attributes:
        control: Control's quantile.
        treatment: Treatment's quantile.
        difference: Treatment minus control, in the metric's unit.
        difference_interval: Its interval.
        lift: Treatment over control minus 1, a share; None where a quantile's interval is not above 0.
        lift_interval: Its interval, or None.
        sentence: The same in plain words.
        standing: What these figures are not.
    """

    control: QuantileLevel
    treatment: QuantileLevel
    difference: float
    difference_interval: Interval
    lift: float | None
    lift_interval: Interval | None
    sentence: str
    standing: str = _STANDING


def _quantiles(a: QuantilesArguments) -> Quantiles:
    from copilot_tools.stats.inference import quantiles as q  # noqa: PLC0415 - scipy, only when run

    level = round(1 - a.alpha, 12)
    c = q.quantile_interval(a.control, a.quantile, alpha=a.alpha, units=a.control_units, name="control")
    t = q.quantile_interval(a.treatment, a.quantile, alpha=a.alpha, units=a.treatment_units, name="treatment")
    difference = q.difference_of_quantiles(c, t)
    try:
        lift = q.ratio_of_quantiles(c, t)
    except Refused:
        lift = None
    shown = (
        f"The {a.quantile:g} quantile of {a.metric} is {t.value:.6g} against {c.value:.6g} in control, a difference of "
        f"{difference.value:+.6g} ({100 * level:g}% interval {difference.low:.6g} to {difference.high:.6g})."
    )
    return Quantiles(
        control=_quantile_level(c, level),
        treatment=_quantile_level(t, level),
        difference=difference.value,
        difference_interval=Interval(low=difference.low, high=difference.high, level=level),
        lift=None if lift is None else lift.value,
        lift_interval=None if lift is None else Interval(low=lift.low, high=lift.high, level=level),
        sentence=shown,
    )


def _quantile_level(found: object, level: float) -> QuantileLevel:
    from copilot_tools.stats.inference.quantiles import QuantileInterval  # noqa: PLC0415 - scipy, only when run

    if not isinstance(found, QuantileInterval):
        raise TypeError(f"a quantile's interval was expected, not {type(found).__name__}")
    return QuantileLevel(
        n=found.n,
        value=found.value,
        interval=Interval(low=found.low, high=found.high, level=level),
        design_effect=found.design_effect,
    )


class ArmSample(Frozen):
    """One arm's single values; or, with ``counts``, its sums by bucket of hashed units."""

    values: Annotated[
        tuple[float, ...],
        Field(min_length=1, max_length=100_000, description="One a unit; with counts, one sum a bucket."),
    ]
    counts: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...] | None,
        Field(max_length=100_000, description="Units of each bucket, where values are sums by bucket."),
    ] = None


class BootstrapArguments(Frozen):
    """Two arms' values, what to compare and how."""

    control: ArmSample
    treatment: ArmSample
    scale: Scale = "absolute"
    trim: Annotated[float, Field(ge=0, lt=0.5, description="Share cut off at each end; 0 compares means.")] = 0.0
    method: Annotated[
        Literal["percentile", "bca", "studentized"],
        Field(description='"studentized" is the most exact for skewed values; "bca" the usual one.'),
    ] = "bca"
    metric: MetricName = "the metric"
    alpha: Alpha = 0.05
    resamples: Annotated[int, Field(ge=200, le=100_000, description="How many resamples are drawn.")] = 2000
    seed: Seed = None


class BootstrapResult(Frozen):
    """A bootstrap interval.

    Attributes:
        estimate: The effect with its interval; without a p-value, which a bootstrap does not give.
        resamples: How many were drawn.
        seed: The seed they were drawn under: the same figures always give the same interval.
        sentence: The same in plain words.
        standing: What these figures are not.
    """

    estimate: Estimate
    resamples: int
    seed: int
    sentence: str
    standing: str = _STANDING


def _bootstrap(a: BootstrapArguments) -> BootstrapResult:
    from copilot_tools.stats.inference.resampling import Sample, bootstrap_difference  # noqa: PLC0415 - scipy

    arms = [
        Sample.of(arm.values, name) if arm.counts is None else Sample.of_buckets(arm.values, arm.counts, name)
        for arm, name in ((a.control, "control"), (a.treatment, "treatment"))
    ]
    found = bootstrap_difference(
        *arms, scale=a.scale, trim=a.trim, method=a.method, alpha=a.alpha, resamples=a.resamples, seed=a.seed
    )
    level = round(1 - a.alpha, 12)
    what = f"{a.trim:g}-trimmed mean" if a.trim else "mean"
    estimate = Estimate(
        value=found.value,
        standard_error=found.standard_error,
        interval=Interval(low=found.low, high=found.high, level=level),
        p_value=None,
        statistic=None,
        scale=a.scale,
        method=f"bootstrap ({a.method}), {what}",
    )
    unit = "of control" if a.scale == "relative" else "in its own unit"
    sentence = (
        f"Treatment's {what} of {a.metric} differs by {found.value:+.6g} {unit} ({100 * level:g}% interval "
        f"{found.low:.6g} to {found.high:.6g}; {a.method} bootstrap, {found.resamples} resamples)."
    )
    return BootstrapResult(estimate=estimate, resamples=found.resamples, seed=found.seed, sentence=sentence)


class PermutationArguments(Frozen):
    """Two arms' single values."""

    control: Values
    treatment: Values
    alternative: Annotated[
        Literal["two-sided", "greater", "less"],
        Field(description='"greater" asks whether treatment is above control.'),
    ] = "two-sided"
    studentized: Annotated[
        bool, Field(description="Compare differences in standard errors: right also where spreads differ.")
    ] = True
    metric: MetricName = "the metric"
    resamples: Annotated[
        int, Field(ge=1000, le=1_000_000, description="Random assignments, where there are too many to count all.")
    ] = 10_000
    seed: Seed = None


class PermutationResult(Frozen):
    """A permutation test.

    Attributes:
        difference: Treatment's mean minus control's, in the metric's unit.
        statistic: What was compared over the assignments.
        p_value: Share of assignments at least as extreme, the one at hand among them.
        exact: Whether all assignments were counted.
        assignments: How many were looked at.
        seed: The seed of the random ones; None where exact.
        sentence: The same in plain words.
        standing: What these figures are not.
    """

    difference: float
    statistic: float
    p_value: float
    exact: bool
    assignments: int
    seed: int | None
    sentence: str
    standing: str = _STANDING


def _permutation(a: PermutationArguments) -> PermutationResult:
    from copilot_tools.stats.inference.permutation import permutation_test  # noqa: PLC0415 - numpy, only when run

    found = permutation_test(
        a.control,
        a.treatment,
        alternative=a.alternative,
        studentized=a.studentized,
        resamples=a.resamples,
        seed=a.seed,
    )
    counted = formats.count(found.assignments)
    counted = f"all {counted} assignments" if found.exact else f"{counted} random assignments"
    sentence = (
        f"Treatment's mean of {a.metric} differs by {found.difference:+.6g}; among {counted} "
        f"of the same values a share of {found.p_value:.3g} is at least as extreme."
    )
    return PermutationResult(**found._asdict(), sentence=sentence)


_CONTROL = [12.0, 0.0, 31.5, 8.0, 0.0, 19.9, 4.5, 62.0, 7.3, 15.0]
_TREATMENT = [14.0, 22.5, 0.0, 41.0, 9.9, 28.0, 17.2, 88.0, 11.1, 25.0]

TOOLS = (
    Tool(
        name="compare_quantiles",
        summary="Difference and ratio of a quantile (median, 95th percentile) of two arms, with intervals.",
        when="To compare the typical value (median) or the slowest or largest few percent instead of the average, "
        "such as load times or order values, from single values. Not for averages or totals (compare_means): "
        "a quantile says nothing about the sum.",
        arguments=QuantilesArguments,
        result=Quantiles,
        function=_quantiles,
        examples=({"control": _CONTROL, "treatment": _TREATMENT, "quantile": 0.5, "metric": "order value"},),
    ),
    Tool(
        name="bootstrap_difference",
        summary="Bootstrap interval of the difference or lift of two means or trimmed means.",
        when="To check the interval of an average by drawing again and again from the raw values, or from sums by "
        "bucket of hashed units; or to compare averages with the largest and smallest values trimmed off. Not"
        " for few units or small arms of skewed values, where compare_means with each arm's skewness is "
        "safer.",
        arguments=BootstrapArguments,
        result=BootstrapResult,
        function=_bootstrap,
        examples=({"control": {"values": _CONTROL}, "treatment": {"values": _TREATMENT}, "metric": "order value"},),
    ),
    Tool(
        name="permutation_test",
        summary="Permutation test of two means: exact for few units, else seeded.",
        when="To test whether the treatment did anything when there are few units (a dozen people or shops) and no"
        " bell curve or other distribution can be assumed. It gives a p-value, no interval. Not for large "
        "samples, where compare_means says the same.",
        arguments=PermutationArguments,
        result=PermutationResult,
        function=_permutation,
        examples=({"control": _CONTROL[:6], "treatment": _TREATMENT[:6], "metric": "order value"},),
    ),
)
