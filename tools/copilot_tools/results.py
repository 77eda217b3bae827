"""What statistics return: frozen, named, with units in the docstrings."""

from __future__ import annotations

from typing import Literal

from copilot_tools.base import Bound, Frozen
from copilot_tools.refusals import Refusal

__all__ = ["ArmResult", "Comparison", "Estimate", "Interval", "Objection", "Severity", "Slice"]

Scale = Literal["absolute", "relative"]


class Interval(Frozen):
    """A confidence interval, in the unit of the estimate it belongs to.

    Attributes:
        low: Lower end; minus infinity where the interval is one-sided.
        high: Upper end; infinity where the interval is one-sided.
        level: Coverage of this interval by itself, such as 0.95 (higher when it is one of several simultaneous ones).
    """

    low: Bound
    high: Bound
    level: float

    def mirrored(self) -> Interval:
        """The interval of the negated quantity: what a decrease-goal's interval is in the desired direction."""
        return Interval(low=-self.high, high=-self.low, level=self.level)

    def toward(self, sign: int) -> Interval:
        """The interval in the desired direction: itself where more is better (+1), mirrored where less is (-1)."""
        return self if sign > 0 else self.mirrored()


class Estimate(Frozen):
    """An effect: treatment against control.

    Attributes:
        value: The effect. Absolute: treatment minus control, in the metric's unit (a proportion's difference is a
            share: 0.01 is one percentage point). Relative: that difference over the magnitude of control, as a share.
        standard_error: In the unit of ``value``.
        interval: Around ``value``, in its unit.
        p_value: Of no effect, with the plan's sides, not corrected for several arms; None where not defined.
        statistic: The test statistic behind ``p_value`` (z or t), positive when treatment is above control.
        df: Degrees of freedom of a t statistic; None for z.
        scale: Absolute or relative.
        method: The field's name of the method, such as "Welch" or "score (Mee)".
    """

    value: float
    standard_error: float
    interval: Interval
    p_value: float | None
    statistic: float | None
    df: float | None = None
    scale: Scale
    method: str


class ArmResult(Frozen):
    """One arm's level of a metric.

    Attributes:
        arm: The arm's name.
        n: Units that entered.
        value: Mean, proportion or ratio as observed, in the metric's unit; None where there are no units.
        standard_error: Of ``value``, in its unit; None where nothing varies or it cannot be estimated.
        interval: Around ``value`` at the plan's two-sided level, or the reason there is none.
    """

    arm: str
    n: int
    value: float | None
    standard_error: float | None
    interval: Interval | None = None


class Slice(Frozen):
    """A part of the units: one level of one dimension. The whole has neither.

    Attributes:
        dimension: Column name, or ``""`` for the whole.
        level: The level as text, or ``""`` for the whole.
    """

    dimension: str = ""
    level: str = ""

    @property
    def whole(self) -> bool:
        """Whether this is no cut at all."""
        return not self.dimension

    def __str__(self) -> str:
        return "everyone" if self.whole else f"{self.dimension} = {self.level}"


class Comparison(Frozen):
    """One metric, one treatment arm against control, in one slice.

    Attributes:
        metric: The metric's name.
        slice: Whole or cut.
        control: Control's level.
        treatment: Treatment's level.
        absolute: Effect in the metric's unit, or why there is none.
        relative: Effect as a share of control, or why there is none.
        critical_value: Standard errors from the estimate to an end of the interval, before skewness widened either end.
        simultaneous: "none", "dunnett" or "bonferroni": over how many arms the interval holds jointly.
        variance_reduction: Share of the variance a covariate (CUPED) removed; None without covariate.
    """

    metric: str
    slice: Slice = Slice()
    control: ArmResult
    treatment: ArmResult
    absolute: Estimate | Refusal
    relative: Estimate | Refusal
    critical_value: float | None = None
    simultaneous: Literal["none", "dunnett", "bonferroni"] = "none"
    variance_reduction: float | None = None

    def effect(self, scale: Scale) -> Estimate | Refusal:
        """The estimate on the asked scale."""
        return self.absolute if scale == "absolute" else self.relative


Severity = Literal["none", "note", "serious", "blocking", "not assessable"]


class Objection(Frozen):
    """One attack on the result, as computed: part of the case for the null.

    Attributes:
        id: Stable name, the same as the file that computes it.
        title: Two to five words.
        severity: "none" (looked, nothing found), "note", "serious", "blocking" (no verdict), or "not assessable".
        value: The objection's own number, or None.
        unit: What ``value`` is: "p", "share", "count", "risk", "factor", ...
        sentence: One plain sentence with the number in it; where not assessable, what is missing.
        details: Further plain sentences, one per line of evidence.
        units: The number of units behind ``value``; a fact about fewer than the plan's k never reaches a model.
    """

    id: str
    title: str
    severity: Severity
    value: float | None = None
    unit: str = ""
    sentence: str
    details: tuple[str, ...] = ()
    units: int | None = None
