"""Spec + evidence -> Reading: every estimate the plan asks for, none decided upon yet."""

from __future__ import annotations

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Estimate, Interval, Slice
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Guardrail", "Reading", "TrajectoryPoint", "alarms", "read"]


class Guardrail(Frozen):
    """One guardrail in one treatment arm, in the desired direction (negative is worse).

    Attributes:
        metric: The guardrail's name.
        arm: The treatment arm.
        margin: Tolerated worsening, positive, on ``scale``.
        scale: "absolute" or "relative".
        effect: In the desired direction, or why there is none.
        always_valid: Confidence sequence in the desired direction, valid at every look, simultaneous over guardrails
            and arms; or why there is none.
        alarm: The always-valid interval lies wholly past the margin.
        safe: The fixed interval's lower end lies above minus the margin: shown not to be worse by the margin.
    """

    metric: str
    arm: str
    margin: float
    scale: str
    effect: Estimate | Refusal
    always_valid: Interval | Refusal
    alarm: bool
    safe: bool


class TrajectoryPoint(Frozen):
    """The primary effect on all units up to and including one day."""

    day: str
    arm: str
    units: int
    effect: Estimate


class Reading(Frozen):
    """All estimates of one look.

    Attributes:
        comparisons: Whole-population comparisons: every metric x treatment arm.
        cuts: Comparisons of the primary metric by slice (planned segments and exploratory cuts).
        guardrails: Guardrails x treatment arms.
        trajectory: The primary effect day by day, cumulative.
    """

    comparisons: tuple[Comparison, ...]
    cuts: tuple[Comparison, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    trajectory: tuple[TrajectoryPoint, ...] = ()

    def comparison(self, metric: str, arm: str, part: Slice | None = None) -> Comparison | None:
        """The comparison of a metric in a treatment arm (whole by default), or None."""
        part = part or Slice()
        pool = self.comparisons if part.whole else self.cuts
        return next((c for c in pool if (c.metric, c.treatment.arm, c.slice) == (metric, arm, part)), None)


def read(spec: AnalysisSpec, evidence: Evidence, *, horizon: int | None = None) -> Reading:
    """Estimate everything the plan asks for from the evidence at hand.

    Args:
        spec: What is to be analysed.
        evidence: Moments and counts.
        horizon: Units over all arms at which the always-valid intervals are tightest: the committed size, else the
            units at hand.

    Returns:
        Estimates; a metric that cannot be estimated carries its refusal in place, the others stand.
    """
    raise NotImplementedError


def alarms(spec: AnalysisSpec, evidence: Evidence, *, horizon: int | None = None) -> tuple[Guardrail, ...]:
    """Guardrail alarms alone, with every number withheld: all that may be seen of outcomes while blinded."""
    raise NotImplementedError
