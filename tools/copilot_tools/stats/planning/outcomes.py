"""What the primary metric is like today: the level and the spread that sizing needs, by kind of metric."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen

__all__ = ["Mean", "Outcome", "Proportion", "Ratio"]

Positive = Annotated[float, Field(gt=0)]


class Proportion(Frozen):
    """A share of units that convert.

    Attributes:
        kind: "proportion".
        baseline: Control's share, in (0, 1): 0.05 is five percent.
        method: Whose variance the test assumes. "pooled": both arms alike under no difference, as the score test and
            R's ``power.prop.test`` do; with a margin, the shares closest to the truth that lie exactly on it
            (Farrington & Manning 1990). "unpooled": each arm its own. "baseline": control's for both (Evan Miller's
            calculator). "arcsine": Cohen's h (R's ``pwr.2p.test``).
    """

    kind: Literal["proportion"] = "proportion"
    baseline: Annotated[float, Field(gt=0, lt=1)]
    method: Literal["pooled", "unpooled", "baseline", "arcsine"] = "pooled"


class Mean(Frozen):
    """A number a unit, averaged.

    Attributes:
        kind: "mean".
        baseline: Control's mean, in metric units; needed for relative effects.
        sd: Standard deviation of one unit's value in control, in metric units.
        treatment_sd: The same in treatment; as in control when not given.
        method: "t": exact power of the t test by the noncentral t (R's ``power.t.test``; with unequal spreads Welch's
            degrees of freedom). "normal": large samples.
    """

    kind: Literal["mean"] = "mean"
    baseline: float | None = None
    sd: Positive
    treatment_sd: Positive | None = None
    method: Literal["t", "normal"] = "t"


class Ratio(Frozen):
    """A sum over a sum, where the unit of randomization is not the denominator: clicks a page view, by user.

    Attributes:
        kind: "ratio".
        numerator_mean: Mean of the numerator a unit.
        numerator_sd: Its standard deviation.
        denominator_mean: Mean of the denominator a unit, above 0.
        denominator_sd: Its standard deviation.
        correlation: Of numerator and denominator, over units.

    References:
        Deng, Knoblich & Lu (2018), Applying the delta method in metric analytics, KDD '18.
    """

    kind: Literal["ratio"] = "ratio"
    numerator_mean: float
    numerator_sd: Annotated[float, Field(ge=0)]
    denominator_mean: Positive
    denominator_sd: Annotated[float, Field(ge=0)]
    correlation: Annotated[float, Field(ge=-1, le=1)]

    @model_validator(mode="after")
    def _varies(self) -> Ratio:
        if self.unit_variance() <= 1e-12 * (self.numerator_sd / self.denominator_mean) ** 2:
            raise ValueError(
                "the ratio has no variance with these figures: its numerator is an exact multiple of its denominator; "
                "check numerator_sd, denominator_sd and correlation"
            )
        return self

    @property
    def baseline(self) -> float:
        """Control's ratio."""
        return self.numerator_mean / self.denominator_mean

    def unit_variance(self) -> float:
        """Variance of one unit's linearized value (numerator - ratio x denominator) / mean denominator."""
        r = self.baseline
        spread = (
            self.numerator_sd**2
            - 2 * r * self.correlation * self.numerator_sd * self.denominator_sd
            + (r * self.denominator_sd) ** 2
        )
        return spread / self.denominator_mean**2

    def as_mean(self) -> Mean:
        """The linearized metric: the same estimate and, in large samples, the same standard error."""
        return Mean(baseline=self.baseline, sd=math.sqrt(self.unit_variance()), method="normal")


Outcome = Annotated[Proportion | Mean | Ratio, Field(discriminator="kind")]
