"""Specs, readings and circumstances written by hand, for the tests of the verdict table."""

from __future__ import annotations

import math
from typing import Any

from copilot_tools.results import ArmResult, Comparison, Estimate, Interval
from copilot_tools.stats.reading import Guardrail, Reading
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric

M = 0.02


def spec(**changes: Any) -> AnalysisSpec:
    """Two arms, a proportion, m = 2 points, unless changed."""
    direction = changes.pop("direction", "increase")
    margin = changes.pop("margin", None)
    arms = changes.pop("arms", ("control", "b"))
    scale = changes.pop("scale", "absolute")
    fields: dict[str, Any] = {
        "arms": tuple(Arm(name=a) for a in arms),
        "control": arms[0],
        "metrics": (
            Metric(
                name="signup",
                role="primary",
                kind="proportion",
                column="signup",
                direction=direction,
                margin=None if margin is None else Effect(size=margin, scale=scale),
            ),
            Metric(
                name="refunds",
                role="guardrail",
                kind="mean",
                column="refunds",
                direction="decrease",
                margin=Effect(size=0.5, scale="absolute"),
            ),
        ),
        "minimum_effect": Effect(size=M, scale=scale),
    }
    return AnalysisSpec(**{**fields, **changes})


def comparison(
    arm: str, low: float, high: float, *, statistic: float | None = 6.0, scale: str = "absolute"
) -> Comparison:
    """A comparison whose interval is exactly [low, high], treatment minus control."""
    finite = [e for e in (low, high) if math.isfinite(e)]
    value = sum(finite) / len(finite)
    estimate = Estimate(
        value=value,
        standard_error=0.01,
        interval=Interval(low=low, high=high, level=0.95),
        p_value=0.01,
        statistic=statistic,
        scale="absolute",
        method="by hand",
    )
    # On the scale that must not be read stands an estimate that would give another row.
    decoy = Interval(low=-9.0, high=-8.0, level=0.95)
    other = estimate.model_copy(update={"value": -8.5, "interval": decoy, "scale": "relative"})
    absolute, relative = estimate, other
    if scale == "relative":
        absolute = estimate.model_copy(update={"value": -8.5, "interval": decoy})
        relative = estimate.model_copy(update={"scale": "relative"})
    level = ArmResult(arm="control", n=1000, value=0.1, standard_error=0.01)
    return Comparison(
        metric="signup",
        control=level,
        treatment=level.model_copy(update={"arm": arm}),
        absolute=absolute,
        relative=relative,
    )


def guardrail(arm: str = "b", *, alarm: bool = False, safe: bool = True) -> Guardrail:
    """The refunds guardrail in one arm."""
    effect = comparison(arm, -0.1, 0.1).absolute
    return Guardrail(
        metric="refunds",
        arm=arm,
        margin=0.5,
        scale="absolute",
        effect=effect,
        always_valid=Interval(low=-0.2, high=0.2, level=0.95),
        alarm=alarm,
        safe=safe,
    )


def reading(*comparisons: Comparison, guardrails: tuple[Guardrail, ...] | None = None) -> Reading:
    """A reading of these comparisons, every guardrail safe unless given."""
    if guardrails is None:
        guardrails = tuple(guardrail(c.treatment.arm) for c in comparisons)
    return Reading(comparisons=comparisons, guardrails=guardrails)
