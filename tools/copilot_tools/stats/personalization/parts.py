"""A part of a test (segment, cohort, model version) in both arms, from summary figures. Light: no numpy, no scipy."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen, Label

__all__ = ["Label", "Outcome", "Part", "Scale"]

Scale = Literal["absolute", "relative"]


class Outcome(Frozen):
    """One arm's units and what became of them: successes (a proportion), or mean and standard deviation (a mean).

    Attributes:
        n: Units of randomization.
        successes: Units that converted; for a proportion.
        mean: Mean over units, in the metric's unit; for a mean, together with ``sd``.
        sd: Standard deviation over units, divisor n - 1, in the metric's unit.
    """

    n: Annotated[int, Field(ge=1, le=10**12, description="Units of randomization.")]
    successes: Annotated[int | None, Field(ge=0, description="Units that converted (a proportion).")] = None
    mean: Annotated[float | None, Field(description="Mean over units (a mean; with sd).")] = None
    sd: Annotated[float | None, Field(ge=0, description="Standard deviation over units, divisor n - 1.")] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Outcome:
        if (self.successes is None) == (self.mean is None and self.sd is None):
            raise ValueError("give either successes, or mean and sd, not both or neither")
        if (self.mean is None) != (self.sd is None):
            raise ValueError("mean and sd go together, but only one of them is given")
        if self.successes is not None and self.successes > self.n:
            raise ValueError(f"successes is {self.successes}, more than the {self.n} units it is counted among")
        return self

    @property
    def level(self) -> float:
        """The proportion or the mean."""
        return self.successes / self.n if self.successes is not None else self.mean or 0.0

    @property
    def variance(self) -> float:
        """Variance of the level: p(1 - p)/n for a proportion, sd squared over n for a mean."""
        if self.successes is not None:
            p = self.successes / self.n
            return p * (1 - p) / self.n
        return math.pow(self.sd or 0.0, 2) / self.n


class Part(Frozen):
    """One part of a test in both arms.

    Attributes:
        name: The segment, cohort or version, as people read it.
        control: Without what is tested.
        treatment: With it.
    """

    name: Label
    control: Outcome
    treatment: Outcome

    @model_validator(mode="after")
    def _same_kind(self) -> Part:
        if (self.control.successes is None) != (self.treatment.successes is None):
            raise ValueError("control and treatment must both have successes, or both mean and sd")
        return self

    @property
    def units(self) -> int:
        """Units in both arms together."""
        return self.control.n + self.treatment.n
