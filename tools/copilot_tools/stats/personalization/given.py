"""What the statistics of personalization are given: arms, cohorts, segments, cells. Light: no numpy, no scipy."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.stats.personalization.parts import Label, Outcome, Part

__all__ = ["ActivationArm", "Cohort", "GuardrailCell", "Segment"]


class ActivationArm(Frozen):
    """One arm: units assigned, and those that could be affected.

    Attributes:
        name: The arm.
        assigned: Units assigned, activated or not.
        activated: Outcome of the units the trigger fired for, in both arms by the same rule.
        others: Outcome of all others; None where it was not kept.
        weight: Configured share relative to the other arms.
    """

    name: Label
    assigned: Annotated[int, Field(ge=1, le=10**12)]
    activated: Outcome
    others: Outcome | None = None
    weight: Annotated[float, Field(gt=0, le=1e9)] = 1.0

    @model_validator(mode="after")
    def _adds_up(self) -> ActivationArm:
        if self.activated.n > self.assigned:
            raise ValueError(f"activated has {self.activated.n} units, more than the {self.assigned} assigned")
        if self.others is not None and self.others.n + self.activated.n != self.assigned:
            raise ValueError(
                f"activated and others have {self.activated.n} and {self.others.n} units, which do not add up to the "
                f"{self.assigned} assigned"
            )
        return self


class Cohort(Frozen):
    """Both arms of one time cohort under one version of the model.

    Attributes:
        cohort: When its units entered, such as "2026-W07"; units of two cohorts are different units.
        version: The model's version, or "" where there is but one.
        control: Without the model.
        treatment: With it.
    """

    cohort: Label
    version: str = ""
    control: Outcome
    treatment: Outcome


class Segment(Part):
    """One segment in both arms; the segments together are everyone, and no unit is in two.

    Attributes:
        planned: Named in the plan, before there was data.
    """

    planned: bool = False


class GuardrailCell(Part):
    """One guardrail in one segment, in both arms; ``name`` is the segment.

    Attributes:
        guardrail: The metric that must not get worse.
        better: Which way is better.
        margin: How much worse would still be accepted, in the metric's unit (proportions: a share); above 0.
    """

    guardrail: Label
    better: Literal["increase", "decrease"] = "increase"
    margin: Annotated[float, Field(gt=0, description="Worsening still accepted, in the metric's unit.")]

    @model_validator(mode="after")
    def _margin_within_reach(self) -> Self:
        if self.margin >= 1 and (self.control.successes is not None or self.treatment.successes is not None):
            raise ValueError(
                f"margin is {self.margin:g}, but a share never changes by 1 or more: write one percentage point as 0.01"
            )
        return self
