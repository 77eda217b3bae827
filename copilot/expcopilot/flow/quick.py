"""A quick look has no plan, so it is told on the spot what to compare; its looks are counted under the data's name."""

from __future__ import annotations

import re

from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from copilot_tools.validation import refusals_of

__all__ = ["ASSUMED_EFFECT", "experiment_name", "quick_spec"]

ASSUMED_EFFECT = Effect(size=0.05, scale="relative")
"""What counts as mattering when a quick look is not told: 5% of control. Said wherever it is used."""


def experiment_name(source_name: str) -> str:
    """The name under which looks at this data are counted: "quick." and the file's name."""
    stem = source_name.split(".", maxsplit=1)[0].lower()
    slug = re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._") or "data"
    return f"quick.{slug}"[:80]


def quick_spec(
    *,
    arms: tuple[str, ...],
    control: str | None,
    metric: Metric,
    arm_column: str | None = None,
    unit: str | None = None,
    minimum_effect: Effect | None = None,
) -> AnalysisSpec:
    """What a quick look analyses: one metric, equal weights, the defaults of a plan for everything else.

    Args:
        arms: Names of the arms, in the data's order.
        control: Name of the control arm; the only arm called "control" when not given.
        metric: The one metric; its role becomes primary.
        arm_column: Column of the arm; None for summary counts.
        unit: Column of the unit, or None.
        minimum_effect: What would matter; ``ASSUMED_EFFECT`` when not given.

    Raises:
        Refused: Fewer than two arms, the control cannot be told, the arms have no usable names, or what would matter
            is no possible change of a share.
    """
    if len(arms) < 2:
        raise Refused.because(
            "look.one_arm",
            f"A comparison needs at least two arms, but there {'is only ' + arms[0] if arms else 'are none'}.",
            "Check the arm column or the --arm options.",
            name="arms",
            value=", ".join(arms),
        )
    if control is None:
        named = [a for a in arms if a.lower() == "control"]
        if len(named) != 1:
            raise Refused.because(
                "look.no_control",
                f"Which arm is the control? The arms are {', '.join(arms)}.",
                "Say it with --control NAME.",
                name="control",
            )
        control = named[0]
    if control not in arms:
        raise Refused.because(
            "look.unknown_control",
            f"There is no arm {control!r}; the arms are {', '.join(arms)}.",
            "Choose one of them with --control.",
            name="control",
            value=control,
        )
    matters = minimum_effect or ASSUMED_EFFECT
    if metric.kind == "proportion" and matters.scale == "absolute" and matters.size >= 1:
        raise Refused.because(
            "look.impossible_effect",
            f"{matters.size:g} is no possible change of a share, so every result would rule it out.",
            "Say what would matter in percentage points: 0.5 points, or 0.005 as a share.",
            name="matters",
            value=matters.size,
        )
    try:
        return AnalysisSpec(
            unit=unit,
            arm_column=arm_column,
            arms=tuple(Arm(name=a) for a in arms),
            control=control,
            metrics=(metric.model_copy(update={"role": "primary"}),),
            minimum_effect=matters,
        )
    except ValidationError as error:
        raise Refused(*refusals_of(error, model=AnalysisSpec)) from None
