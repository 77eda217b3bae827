"""What tests of two arms return, apart from the comparison itself: light, so that tools can be listed without numpy."""

from __future__ import annotations

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import ArmResult, Estimate

__all__ = ["AdjustedPair", "Equivalence"]


class Equivalence(Frozen):
    """Whether an effect is shown to lie within margins.

    Attributes:
        estimate: The effect on the margins' scale, with its 1 - 2 alpha interval; its own p-value is of no effect.
        low: Lower margin, negative, on the scale of ``estimate``.
        high: Upper margin, positive.
        p_above_low: Of the one-sided test that the effect is at or below ``low``.
        p_below_high: Of the one-sided test that the effect is at or above ``high``.
        p_equivalence: The larger of the two: at most alpha where the whole interval lies within the margins.
        p_noninferiority: The one of the two that guards the metric's bad side.
        equivalent: Whether ``p_equivalence`` is at most alpha.
        noninferior: Whether ``p_noninferiority`` is at most alpha.
        alpha: Error rate of each one-sided test; of each of the two claims by itself as well.
    """

    estimate: Estimate
    low: float
    high: float
    p_above_low: float
    p_below_high: float
    p_equivalence: float
    p_noninferiority: float
    equivalent: bool
    noninferior: bool
    alpha: float


class AdjustedPair(Frozen):
    """Two arms compared after an adjustment of their levels or standard errors.

    Attributes:
        control: Control's level as observed, with the standard error it has without any adjustment.
        treatment: Treatment's, likewise.
        absolute: The adjusted effect in the metric's unit.
        relative: The adjusted effect as a share of control by Fieller, or why there is none.
        relative_delta: The same by the delta method: symmetric, the form most other tools report; it can disagree with
            the absolute effect about 0, and is rough where control's level is noisy.
        thetas: Slopes of the covariates, in the metric's unit per covariate's unit, by name; empty without covariates.
        variance_reduction: Share of the difference's variance that the adjustment removed; negative where it added.
        method: What was done, in the field's terms.
    """

    control: ArmResult
    treatment: ArmResult
    absolute: Estimate
    relative: Estimate | Refusal
    relative_delta: Estimate | Refusal
    thetas: dict[str, float] = {}
    variance_reduction: float | None
    method: str
