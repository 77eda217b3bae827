"""Spec + evidence -> Reading: every estimate the plan asks for, none decided upon yet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from copilot_tools.base import Frozen, said
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Comparison, Estimate, Interval, Slice
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.always_valid import DEFAULT_HORIZON, always_valid_critical, require_enough
from copilot_tools.stats.inference.arms import PreparedArms, prepare
from copilot_tools.stats.inference.compare import alternative_of, compare, compare_arms
from copilot_tools.stats.inference.tails import matched
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.sequential.registered import RegisteredLook, StageWise, stage_wise
from copilot_tools.stats.spec import AnalysisSpec, Metric

__all__ = ["Guardrail", "Reading", "TrajectoryPoint", "alarms", "read", "read_interim"]


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
    """The primary effect on all units up to and including one day.

    Attributes:
        day: ISO date of first exposure.
        arm: The treatment arm.
        units: Units so far, in control and this arm.
        effect: On the scale of the minimum effect (of the margin, in a non-inferiority plan); a fixed-sample interval.
    """

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
        registered: The registered look this is, where the plan registers looks: the primary's intervals hold at all of
            them together.
        stage_wise: The primary effect per treatment arm with the looks reckoned in, once the test has ended.
    """

    comparisons: tuple[Comparison, ...]
    cuts: tuple[Comparison, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    trajectory: tuple[TrajectoryPoint, ...] = ()
    registered: RegisteredLook | None = None
    stage_wise: tuple[StageWise, ...] = ()

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return said(handler(self), "registered", "stage_wise")

    def comparison(self, metric: str, arm: str, part: Slice | None = None) -> Comparison | None:
        """The comparison of a metric in a treatment arm (whole by default), or None."""
        part = part or Slice()
        pool = self.comparisons if part.whole else self.cuts
        return next((c for c in pool if (c.metric, c.treatment.arm, c.slice) == (metric, arm, part)), None)


def read(
    spec: AnalysisSpec, evidence: Evidence, *, horizon: int | None = None, registered: RegisteredLook | None = None
) -> Reading:
    """Estimate everything the plan asks for from the evidence at hand.

    Intervals are simultaneous over the treatment arms at the plan's alpha and sides. Cuts are exploratory: each at
    1 - alpha by itself, two-sided.

    Args:
        spec: What is to be analysed.
        evidence: Moments and counts.
        horizon: Units over all arms at which the always-valid intervals are tightest: the committed size, else a
            fixed ``DEFAULT_HORIZON`` (never the units at hand: a horizon that follows the data voids the guarantee).
        registered: The look at which the test ended, where the plan registers looks: the primary's intervals are then
            the repeated ones at its boundary; all other metrics keep their fixed level.

    Returns:
        Estimates; a metric that cannot be estimated carries its refusal in place, the others stand.
    """
    comparisons = _comparisons(spec, evidence, spec.metrics, registered)
    return Reading(
        comparisons=comparisons,
        cuts=_cuts(spec, evidence),
        guardrails=_guardrails(spec, evidence, comparisons, horizon),
        trajectory=_trajectory(spec, evidence),
        registered=registered,
        stage_wise=() if registered is None else tuple(_stage_wise(spec, registered, comparisons)),
    )


def read_interim(
    spec: AnalysisSpec, evidence: Evidence, registered: RegisteredLook, *, horizon: int | None = None
) -> Reading:
    """What a registered look reads while the test may go on: the primary metric and the guardrails, no cut.

    Args:
        spec: What is to be analysed.
        evidence: Moments and counts.
        registered: The look, with its boundary.
        horizon: Units at which the guardrails' intervals are tightest, above 0, as for ``read``; None for the default.
    """
    opened = tuple(m for m in spec.metrics if m.role != "secondary")
    comparisons = _comparisons(spec, evidence, opened, registered)
    return Reading(
        comparisons=tuple(c for c in comparisons if c.metric == spec.primary.name),
        guardrails=_guardrails(spec, evidence, comparisons, horizon),
        registered=registered,
    )


def alarms(spec: AnalysisSpec, evidence: Evidence, *, horizon: int | None = None) -> tuple[Guardrail, ...]:
    """Guardrail alarms alone, with every number withheld: all that may be seen of outcomes while blinded.

    Args:
        spec: What is to be analysed.
        evidence: Moments and counts.
        horizon: Units at which the intervals are tightest, above 0, as for ``read``; None for the default.
    """
    blinded = Refusal(
        code="blinded",
        reason="Outcomes stay closed until the committed end; only an alarm may be seen.",
        cure="Wait for the committed end.",
    )
    comparisons = tuple(
        c for metric in spec.guardrails for c in _planned(spec, metric, _moments(spec, metric, evidence))
    )
    return tuple(
        g.model_copy(update={"effect": blinded, "always_valid": blinded, "safe": False})
        for g in _guardrails(spec, evidence, comparisons, horizon)
    )


def _moments(spec: AnalysisSpec, metric: Metric, evidence: Evidence, part: Slice | None = None) -> dict[str, Moments]:
    """Moments of every arm, in the plan's order; empty ones where there are no units."""
    empty = Moments.empty(len(metric.columns))
    return {arm: evidence.moments_of(metric.name, arm, part) or empty for arm in spec.arm_names}


def _comparisons(
    spec: AnalysisSpec, evidence: Evidence, metrics: tuple[Metric, ...], registered: RegisteredLook | None
) -> tuple[Comparison, ...]:
    found: list[Comparison] = []
    for metric in metrics:
        moments = _moments(spec, metric, evidence)
        decides = registered is not None and metric.role == "primary"
        found.extend(_repeated(spec, moments, registered) if decides else _planned(spec, metric, moments))
    return tuple(found)


def _repeated(
    spec: AnalysisSpec, moments: dict[str, Moments], registered: RegisteredLook | None
) -> tuple[Comparison, ...]:
    """The primary metric by repeated confidence intervals: each arm at its look's boundary."""
    if registered is None:
        raise ValueError("there is no registered look to read the primary metric at")
    boundary, metric = registered.boundary, spec.primary
    arms = prepare(metric, moments, spec.control)
    return tuple(
        _holding(
            compare(
                arms,
                arm.name,
                lambda df: matched(boundary, df),
                alternative=alternative_of(metric, spec.sides),
                alpha=spec.alpha,
                simultaneous="bonferroni" if len(spec.treatments) > 1 else "none",
            ),
            registered.alpha,
        )
        for arm in spec.treatments
    )


def _holding(comparison: Comparison, alpha: float) -> Comparison:
    """The level of an interval at a boundary is what it covers with at all looks together."""

    def held(effect: Estimate | Refusal) -> Estimate | Refusal:
        if isinstance(effect, Refusal):
            return effect
        interval = effect.interval.model_copy(update={"level": round(1 - alpha, 12)})
        return effect.model_copy(update={"interval": interval, "method": f"{effect.method}, repeated interval"})

    return comparison.model_copy(update={"absolute": held(comparison.absolute), "relative": held(comparison.relative)})


def _stage_wise(
    spec: AnalysisSpec, registered: RegisteredLook, comparisons: tuple[Comparison, ...]
) -> Iterator[StageWise]:
    for comparison in comparisons:
        effect = comparison.effect(spec.deciding_scale)
        if comparison.metric == spec.primary.name and isinstance(effect, Estimate):
            yield stage_wise(spec, registered, comparison.treatment.arm, effect)


def _planned(spec: AnalysisSpec, metric: Metric, moments: dict[str, Moments]) -> tuple[Comparison, ...]:
    return compare_arms(metric, moments, spec.control, alpha=spec.alpha, sides=spec.sides, adjustment=spec.adjustment)


def _cuts(spec: AnalysisSpec, evidence: Evidence) -> tuple[Comparison, ...]:
    parts = (
        Slice(dimension=dimension, level=level)
        for dimension in evidence.dimensions
        if dimension != spec.time_column
        for level in evidence.levels(dimension)
    )
    return tuple(
        comparison
        for part in parts
        for comparison in compare_arms(
            spec.primary,
            _moments(spec, spec.primary, evidence, part),
            spec.control,
            alpha=spec.alpha,
            adjustment="none",
            part=part,
        )
    )


def _guardrails(
    spec: AnalysisSpec, evidence: Evidence, comparisons: tuple[Comparison, ...], horizon: int | None
) -> tuple[Guardrail, ...]:
    found = []
    by_pair = {(c.metric, c.treatment.arm): c for c in comparisons}
    for metric in spec.guardrails:
        arms = prepare(metric, _moments(spec, metric, evidence), spec.control)
        for arm in spec.treatments:
            planned = by_pair[metric.name, arm.name]
            found.append(_guardrail(metric, planned, _always_valid(spec, arms, arm.name, horizon)))
    return tuple(found)


def _guardrail(metric: Metric, planned: Comparison, sequence: Interval | Refusal) -> Guardrail:
    if metric.margin is None:
        raise ValueError(f"guardrail {metric.name!r} has no margin: the spec should have refused it")
    margin, scale = metric.margin.size, metric.margin.scale
    effect = _desired(planned.effect(scale), metric)
    return Guardrail(
        metric=metric.name,
        arm=planned.treatment.arm,
        margin=margin,
        scale=scale,
        effect=effect,
        always_valid=sequence,
        alarm=isinstance(sequence, Interval) and sequence.high < -margin,
        safe=isinstance(effect, Estimate) and effect.interval.low > -margin,
    )


def _always_valid(spec: AnalysisSpec, arms: PreparedArms, arm: str, horizon: int | None) -> Interval | Refusal:
    """The confidence sequence of one guardrail in one arm, two-sided, in the desired direction."""
    metric = arms.metric
    scale = metric.margin.scale if metric.margin else "absolute"
    alpha = spec.alpha / (len(spec.guardrails) * len(spec.treatments))
    sizes = {a: arms.moments[a].n for a in (spec.control, arm)}
    # The committed size counts all arms: this pair's part of it goes by the configured weights, not by the data.
    pair = spec.arm(spec.control).weight + spec.arm(arm).weight
    expected = (horizon or DEFAULT_HORIZON) * pair / sum(a.weight for a in spec.arms)
    try:
        for name, n in sizes.items():
            require_enough(n, name)
        critical = always_valid_critical(sum(sizes.values()), expected, alpha)
    except Refused as refused:
        return refused.refusals[0]
    wider = _pooled_width(arms, arm)
    # The pooled width stands in for the skewness here: that is how the sequence was calibrated.
    reach = compare(arms, arm, lambda df: wider * matched(critical, df), alpha=spec.alpha, skewness=False)
    effect = reach.effect(scale)
    if isinstance(effect, Refusal):
        return effect
    interval = effect.interval.model_copy(update={"level": round(1 - alpha, 12)})
    return interval.toward(metric.sign)


def _pooled_width(arms: PreparedArms, arm: str) -> float:
    """By how much the pooled standard error exceeds Welch's; 1 where it does not, and for counts.

    A small arm that has not met its rare large values yet (revenue) looks both lower and surer than it is, at look
    after look. Variation pooled over the arms does not fall for that, so an alarm has to survive it too.
    """
    control, treatment = arms.levels[arms.control], arms.levels[arm]
    if arms.counts or isinstance(control, Refusal) or isinstance(treatment, Refusal):
        return 1.0
    own = control.variance + treatment.variance
    if own <= 0:
        return 1.0
    within = sum((x.n - 1) * (x.variance / own) * x.n for x in (control, treatment))
    pooled = within / (control.n + treatment.n - 2) * (1 / control.n + 1 / treatment.n)
    return max(1.0, math.sqrt(pooled))


def _desired(effect: Estimate | Refusal, metric: Metric) -> Estimate | Refusal:
    """The effect in the desired direction: turned round for a metric that should decrease."""
    if isinstance(effect, Refusal) or metric.sign > 0:
        return effect
    return effect.model_copy(
        update={
            "value": -effect.value,
            "interval": effect.interval.toward(metric.sign),
            "statistic": None if effect.statistic is None else -effect.statistic,
        }
    )


def _trajectory(spec: AnalysisSpec, evidence: Evidence) -> tuple[TrajectoryPoint, ...]:
    if spec.time_column is None:
        return ()
    metric = spec.primary
    points = []
    so_far = {arm: Moments.empty(len(metric.columns)) for arm in spec.arm_names}
    for day in sorted(evidence.levels(spec.time_column)):
        for arm, moments in _moments(spec, metric, evidence, Slice(dimension=spec.time_column, level=day)).items():
            so_far[arm] = so_far[arm] + moments
        for comparison in _planned(spec, metric, so_far):
            effect = comparison.effect(spec.deciding_scale)
            # A day on which too little is in yet has no point: a gap in the line, not an estimate.
            if isinstance(effect, Estimate) and effect.statistic is not None and _several(comparison):
                units = comparison.control.n + comparison.treatment.n
                points.append(TrajectoryPoint(day=day, arm=comparison.treatment.arm, units=units, effect=effect))
    return tuple(points)


def _several(comparison: Comparison) -> bool:
    return min(comparison.control.n, comparison.treatment.n) >= 2
