"""What a test is to be like, before there is data: arms, error rates, and what makes the estimate more or less sure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.stats import formats
from copilot_tools.stats.planning.critical import Adjustment, critical_z
from copilot_tools.stats.planning.rules import design_effect
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Cluster", "TrialDesign", "design_of"]


class Cluster(Frozen):
    """Whole groups (shops, regions, households) are assigned, units are counted.

    Attributes:
        size: Mean units per cluster, at least 1.
        icc: Intra-cluster correlation of the metric: share of the variance that lies between clusters.
        size_cv: Coefficient of variation of the clusters' sizes; 0 when all are alike.
    """

    size: Annotated[float, Field(ge=1, le=1e9)]
    icc: Annotated[float, Field(ge=0, lt=1)]
    size_cv: Annotated[float, Field(ge=0, le=100)] = 0.0

    @property
    def design_effect(self) -> float:
        """Factor on the variance."""
        return design_effect(self.size, self.icc, self.size_cv)


class TrialDesign(Frozen):
    """Arms, error rates and precision.

    Attributes:
        alpha: Type I error rate over all treatment arms together.
        sides: 2, or 1 (in the desired direction only).
        weights: Share of units per arm relative to the others, control first.
        adjustment: How several treatment arms share ``alpha``: "dunnett", "bonferroni" or "none".
        metrics: Primary metrics that decide together. Each is sized by itself under this design; the largest size wins.
        metrics_rule: With several of them: "bonferroni" or "holm": a find on any one counts, each has its power at
            alpha / metrics (Holm's first step; its later steps only add power). "all": every one must be found, each
            at the whole alpha (intersection-union); power is then that of finding all of them, bounded from below
            whatever their correlation: 1 - metrics x (1 - power of one).
        covariate_correlation: rho, correlation of the metric with a covariate measured before assignment; CUPED leaves
            1 - rho^2 of the variance (Deng, Xu, Kohavi & Walker 2013). 0 without covariate.
        cluster: Where whole clusters are assigned.
    """

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    sides: Literal[1, 2] = 2
    weights: Annotated[tuple[Annotated[float, Field(gt=0, le=1e6)], ...], Field(min_length=2, max_length=100)] = (
        1.0,
        1.0,
    )
    adjustment: Adjustment = "dunnett"
    metrics: Annotated[int, Field(ge=1, le=100)] = 1
    metrics_rule: Literal["bonferroni", "holm", "all"] = "bonferroni"
    covariate_correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    cluster: Cluster | None = None

    @property
    def treatments(self) -> int:
        """Number of treatment arms."""
        return len(self.weights) - 1

    @property
    def ratios(self) -> tuple[float, ...]:
        """Units of each treatment arm over control's."""
        return tuple(w / self.weights[0] for w in self.weights[1:])

    @property
    def critical_z(self) -> float:
        """Critical value shared by all comparisons with control, on each of the primary metrics."""
        share = 1 if self.metrics_rule == "all" else self.metrics
        return critical_z(self.alpha / share, self.sides, self.ratios, self.adjustment)

    def jointly(self, power: float) -> float:
        """Power over the primary metrics, where one of them has ``power`` and no other has less."""
        return max(0.0, 1 - self.metrics * (1 - power)) if self.metrics_rule == "all" else power

    def for_equivalence(self) -> TrialDesign:
        """The same with two one-sided tests, each at ``alpha``, whatever ``sides`` says (Schuirmann's TOST).

        Dunnett's value relies on estimates that err the same way; beyond opposite margins they do not, so several
        treatment arms share ``alpha`` by Bonferroni.
        """
        adjustment = "bonferroni" if self.adjustment == "dunnett" else self.adjustment
        return self.model_copy(update={"sides": 1, "adjustment": adjustment})

    @property
    def variance_factor(self) -> float:
        """What the covariate leaves of the variance, times what the clusters add to it."""
        left = 1 - self.covariate_correlation**2
        return left * (self.cluster.design_effect if self.cluster else 1.0)

    def assumed(self, *, equivalence: bool = False) -> tuple[str, ...]:
        """What an answer under this design takes for granted, in plain sentences."""
        sides = "two-sided" if self.sides == 2 else "one-sided, in the desired direction only"
        if equivalence:
            sides = "spent by each of two one-sided tests (TOST)"
        found = [f"A type I error rate of {formats.percent(self.alpha)}, {sides}."]
        if self.treatments > 1:
            how = {
                "dunnett": "held over all of them together (Dunnett, large samples)",
                "bonferroni": "held over all of them together (Bonferroni)",
                "none": "spent on each of them anew: the chance of any false alarm is higher",
            }
            found.append(
                f"{self.treatments} treatment arms against one control, the error rate {how[self.adjustment]}."
            )
        if self.metrics > 1:
            how = {
                "bonferroni": "the error rate shared among them equally (Bonferroni)",
                "holm": "the error rate shared by Holm; the size is that of its first and strictest step",
                "all": "all of which must be found, each at the whole error rate; the power is that of finding all",
            }
            found.append(f"{self.metrics} primary metrics, {how[self.metrics_rule]}.")
        if len(set(self.weights)) > 1:
            found.append(f"Units shared control : treatments as {' : '.join(f'{w:g}' for w in self.weights)}.")
        if self.covariate_correlation:
            found.append(
                f"A covariate correlated {self.covariate_correlation:g} with the metric removes "
                f"{self.covariate_correlation**2:.1%} of its variance (CUPED)."
            )
        if self.cluster:
            found.append(
                f"Clusters of {self.cluster.size:g} units with an intra-cluster correlation of {self.cluster.icc:g}: "
                f"a design effect of {self.cluster.design_effect:.4g}."
            )
        return tuple(found)


def design_of(spec: AnalysisSpec, *, covariate_correlation: float = 0.0, cluster: Cluster | None = None) -> TrialDesign:
    """The design a registered or drafted analysis implies: its arms (control first), error rate, sides, adjustment.

    Args:
        spec: The plan's analysis.
        covariate_correlation: Of the primary metric with its covariate, in (-1, 1); 0 without one.
        cluster: What is assigned as a whole, if not single units.
    """
    return TrialDesign(
        alpha=spec.alpha,
        sides=spec.sides,
        weights=(spec.arm(spec.control).weight, *(a.weight for a in spec.treatments)),
        adjustment=spec.adjustment,
        covariate_correlation=covariate_correlation,
        cluster=cluster,
    )
