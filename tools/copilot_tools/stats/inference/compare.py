"""One metric, all arms: moments in, comparisons of every treatment with control out.

The kind of metric chooses the method; a covariate changes what is compared, never how it is read:

=================== ======================= ==================
metric              difference              relative lift
=================== ======================= ==================
proportion          score (Mee), pooled z   score (Koopman)
mean                Welch                   Fieller
ratio of sums       delta method, Welch df  Fieller
any, with covariate CUPED, Welch            CUPED, Fieller
=================== ======================= ==================

On both scales "no effect" is the same hypothesis with the same statistic, so their intervals exclude 0 together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import ArmResult, Comparison, Estimate, Interval, Slice
from copilot_tools.stats.inference import cuped, proportions, tails
from copilot_tools.stats.inference.levels import Level, Linear, level_of_linear, require_units
from copilot_tools.stats.inference.means import linear_mean, welch
from copilot_tools.stats.inference.proportions import Counts, counts_of
from copilot_tools.stats.inference.ratios import linear_ratio
from copilot_tools.stats.inference.relative import fieller
from copilot_tools.stats.inference.simultaneous import loading, simultaneous_critical
from copilot_tools.stats.inference.tails import Alternative
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric

__all__ = ["PreparedArms", "alternative_of", "compare", "compare_arms", "prepare"]

Adjustment = Literal["none", "dunnett", "bonferroni"]
Critical = Callable[[float | None], float]
"""Degrees of freedom (None: z) -> standard errors to an end of the interval."""


def alternative_of(metric: Metric, sides: int) -> Alternative:
    """What a plan with one side tests: better, in the metric's own direction."""
    if sides == 2:
        return "two-sided"
    return "greater" if metric.sign > 0 else "less"


@dataclass(frozen=True, slots=True)
class PreparedArms:
    """A metric's arms, ready for any number of comparisons.

    Attributes:
        metric: The metric.
        control: Name of the control arm.
        moments: Arm -> moments of the metric's columns.
        levels: Arm -> level, or why there is none.
        counts: Arm -> counts, for a proportion compared without a covariate; else empty.
        adjusted: Whether a covariate was used.
        covariate_unused: A covariate was planned but cannot help (no variation, or too few units).
    """

    metric: Metric
    control: str
    moments: Mapping[str, Moments]
    levels: Mapping[str, Level | Refusal]
    counts: Mapping[str, Counts]
    adjusted: bool
    covariate_unused: bool

    def difference_df(self, arm: str) -> float | None:
        """Degrees of freedom of an arm's comparison; None for z, or where there is no comparison."""
        control, treatment = self.levels[self.control], self.levels[arm]
        if self.counts or isinstance(control, Refusal) or isinstance(treatment, Refusal):
            return None
        return welch(control, treatment).df if control.variance + treatment.variance > 0 else None

    def loading(self, arm: str) -> float:
        """Correlation of an arm's comparison with control's error.

        For the score method by sizes alone (under no effect the variances are one). An arm that cannot be estimated
        counts as if it were like control, so that losing an arm never narrows the others' intervals.
        """
        if self.counts:
            n0, n1 = (self.counts[a].n if a in self.counts else 0 for a in (self.control, arm))
            return loading(1 / n0, 1 / n1) if n0 and n1 else math.sqrt(0.5)
        control, treatment = self.levels[self.control], self.levels[arm]
        if isinstance(control, Refusal) or isinstance(treatment, Refusal):
            return math.sqrt(0.5)
        if control.variance + treatment.variance <= 0:
            return math.sqrt(0.5)
        return loading(control.variance, treatment.variance)


def prepare(metric: Metric, moments: Mapping[str, Moments], control: str) -> PreparedArms:
    """Turn every arm's moments into a level, adjusted by the metric's covariate where it has one.

    Args:
        metric: Its columns are the moments' columns, in order.
        moments: Arm -> moments; an arm without units may have ``n = 0``.
        control: Name of the control arm, one of ``moments``.
    """
    pair = 2 if metric.kind == "ratio" else 1
    linears: dict[str, Linear] = {}
    levels: dict[str, Level | Refusal] = {}
    counts: dict[str, Counts] = {}
    for arm, m in moments.items():
        try:
            if metric.kind == "proportion":
                counts[arm] = counts_of(m)
                if metric.covariate is None:
                    levels[arm] = _share_level(counts[arm])
                    continue
            linears[arm] = _linear(metric, m, 0)
            levels[arm] = level_of_linear(m, linears[arm])
        except Refused as refused:
            levels[arm] = refused.refusals[0]
    adjusted = None
    if metric.covariate is not None and linears:
        adjusted = _adjusted(metric, {a: moments[a] for a in linears}, linears, pair)
    if adjusted is not None:
        levels.update(adjusted.levels)
        counts = {}
    elif metric.covariate is not None and metric.kind == "proportion":
        levels = {a: _share_level(counts[a]) if a in counts else level for a, level in levels.items()}
    return PreparedArms(
        metric=metric,
        control=control,
        moments=moments,
        levels=levels,
        counts=counts,
        adjusted=adjusted is not None,
        covariate_unused=metric.covariate is not None and adjusted is None,
    )


def _linear(metric: Metric, m: Moments, first: int) -> Linear:
    require_units(m)
    return linear_ratio(m, first, first + 1) if metric.kind == "ratio" else linear_mean(m, first)


def _share_level(arm: Counts) -> Level:
    variance = arm.share * (arm.n - arm.successes) / arm.n / arm.n
    return Level(n=arm.n, observed=arm.share, value=arm.share, variance=variance, observed_variance=variance)


def _adjusted(
    metric: Metric, moments: Mapping[str, Moments], linears: Mapping[str, Linear], pair: int
) -> cuped.Adjusted | None:
    try:
        arms = {a: cuped.WithCovariate(m, linears[a], _linear(metric, m, pair)) for a, m in moments.items()}
        together = Moments.sum(moments.values(), len(metric.columns))
        return cuped.adjust(arms, _linear(metric, together, pair).value)
    except Refused:
        # The covariate's own ratio is unusable (its denominator is near 0): compare without it, and say so.
        return None


def compare(
    arms: PreparedArms,
    treatment: str,
    critical: Critical,
    *,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
    simultaneous: Adjustment = "none",
    part: Slice | None = None,
) -> Comparison:
    """Compare one treatment arm with control.

    Args:
        arms: From ``prepare``.
        treatment: Name of the treatment arm.
        critical: Degrees of freedom -> standard errors from the estimate to an end.
        alternative: Which ends are bounded, and the sides of the p-value.
        alpha: Two-sided error rate of each arm's own interval.
        simultaneous: How ``critical`` was chosen, for the record.
        part: The slice, for the record.

    Returns:
        Effects on both scales. Levels are as observed; effects are adjusted where there is a covariate. What cannot be
        estimated is a refusal in its place.
    """
    value: float | None = None
    absolute: Estimate | Refusal
    relative: Estimate | Refusal
    try:
        pair = _known(arms, arms.control), _known(arms, treatment)
        value = critical(arms.difference_df(treatment))
        if arms.counts:
            absolute, relative = _by_score(arms, treatment, value, alternative)
        else:
            absolute, relative = _by_welch(arms, *pair, value, alternative)
    except Refused as refused:
        value, absolute, relative = None, refused.refusals[0], refused.refusals[0]
    return Comparison(
        metric=arms.metric.name,
        slice=part or Slice(),
        control=_arm_result(arms, arms.control, alpha),
        treatment=_arm_result(arms, treatment, alpha),
        absolute=absolute,
        relative=relative,
        critical_value=value,
        simultaneous=simultaneous,
        variance_reduction=_variance_reduction(arms, treatment),
    )


def compare_arms(
    metric: Metric,
    moments: Mapping[str, Moments],
    control: str,
    *,
    alpha: float = 0.05,
    sides: int = 2,
    adjustment: Adjustment = "dunnett",
    part: Slice | None = None,
) -> tuple[Comparison, ...]:
    """Compare every treatment arm with control, by intervals that hold jointly.

    Args:
        metric: The metric.
        moments: Arm -> moments of the metric's columns, control among them.
        control: Name of the control arm.
        alpha: Chance that any of the intervals misses its effect ("none": of each by itself).
        sides: 2, or 1 in the metric's desired direction.
        adjustment: "dunnett", "bonferroni" or "none".
        part: The slice the moments belong to.

    Raises:
        Refused: ``alpha`` is out of range.
    """
    arms = prepare(metric, moments, control)
    treatments = [a for a in moments if a != control]
    joint: Adjustment = adjustment if len(treatments) > 1 else "none"
    loadings = [arms.loading(a) for a in treatments]

    def critical(df: float | None) -> float:
        if joint == "none":
            return tails.critical_value(alpha, sides, df)
        return simultaneous_critical(joint, loadings, alpha, sides, df)

    return tuple(
        compare(
            arms,
            arm,
            critical,
            alternative=alternative_of(metric, sides),
            alpha=alpha,
            simultaneous=joint,
            part=part,
        )
        for arm in treatments
    )


def _known(arms: PreparedArms, arm: str) -> Level:
    level = arms.levels[arm]
    if isinstance(level, Refusal):
        raise Refused(level.model_copy(update={"reason": f"{arms.metric.name} in {arm}: {level.reason}"}))
    return level


def _by_score(
    arms: PreparedArms, treatment: str, critical: float, alternative: Alternative
) -> tuple[Estimate, Estimate | Refusal]:
    control, treated = arms.counts[arms.control], arms.counts[treatment]
    level = tails.level_of(critical, alternative)
    z = proportions.pooled_z(control, treated)
    p = None if z is None else tails.p_value(z, alternative)
    suffix = ", covariate unused" if arms.covariate_unused else ""
    difference = treated.share - control.share
    absolute = Estimate(
        value=difference,
        standard_error=proportions.standard_error(control, treated),
        interval=tails.bounded(*proportions.mee(control, treated, critical), level, alternative),
        p_value=p,
        statistic=z,
        scale="absolute",
        method=f"score (Mee){suffix}",
    )
    try:
        low, high = proportions.koopman(control, treated, critical)
        if control.successes == 0:
            raise Refused.because(
                "relative.control_zero",
                f"No unit of control is a success (0 of {control.n:,}), so an effect relative to control has no size.",
                "State the effect in absolute terms, or wait until control has successes.",
                name="control",
                value=0.0,
            )
    except Refused as refused:
        return absolute, refused.refusals[0]
    ratio = treated.share / control.share
    # Delta method for a ratio of independent shares, in a form that stands at zero successes of treatment.
    spread = math.sqrt(
        treated.share * (1 - treated.share) / treated.n + ratio**2 * control.share * (1 - control.share) / control.n
    )
    relative = Estimate(
        value=difference / control.share,
        standard_error=(spread if treated.successes else absolute.standard_error) / control.share,
        interval=tails.bounded(low - 1, high - 1, level, alternative),
        p_value=p,
        statistic=z,
        scale="relative",
        method=f"score (Koopman){suffix}",
    )
    return absolute, relative


def _by_welch(
    arms: PreparedArms, control: Level, treatment: Level, critical: float, alternative: Alternative
) -> tuple[Estimate, Estimate | Refusal]:
    if arms.adjusted and control.variance + treatment.variance <= 0 < control.observed_variance:
        raise Refused.because(
            "covariate.explains_everything",
            f"The covariate {arms.metric.covariate!r} determines {arms.metric.name} exactly within both arms.",
            "Check that it was measured before assignment; a covariate that is the outcome itself removes the effect.",
            name="covariate",
            value=arms.metric.covariate,
        )
    difference = welch(control, treatment)
    statistic, df = difference.statistic, difference.df
    level = tails.level_of(critical, alternative, df)
    p = difference.p_value(alternative)
    before = "delta method, " if arms.metric.kind == "ratio" else ""
    after = ", CUPED" if arms.adjusted else ", covariate unused" if arms.covariate_unused else ""
    absolute = Estimate(
        value=difference.value,
        standard_error=difference.standard_error,
        interval=tails.bounded(*difference.ends(critical), level, alternative),
        p_value=p,
        statistic=statistic,
        df=df,
        scale="absolute",
        method=f"{before}Welch{after}",
    )
    try:
        lift = fieller(control, treatment, critical)
    except Refused as refused:
        return absolute, refused.refusals[0]
    relative = Estimate(
        value=lift.value,
        standard_error=lift.standard_error,
        interval=tails.bounded(lift.low, lift.high, level, alternative),
        p_value=p,
        statistic=statistic,
        df=df,
        scale="relative",
        method=f"{before}Fieller{after}",
    )
    return absolute, relative


def _variance_reduction(arms: PreparedArms, treatment: str) -> float | None:
    control, treated = arms.levels[arms.control], arms.levels[treatment]
    if arms.metric.covariate is None or isinstance(control, Refusal) or isinstance(treated, Refusal):
        return None
    observed = control.observed_variance + treated.observed_variance
    if not arms.adjusted or observed <= 0:
        return None
    return 1 - (control.variance + treated.variance) / observed


def _arm_result(arms: PreparedArms, arm: str, alpha: float) -> ArmResult:
    level = arms.levels[arm]
    n = arms.moments[arm].n
    if isinstance(level, Refusal):
        known = n > 0 and arms.metric.kind != "ratio" and level.code != "data.not_a_proportion"
        return ArmResult(arm=arm, n=n, value=arms.moments[arm].mean[0] if known else None, standard_error=None)
    error = math.sqrt(level.observed_variance)
    interval = None
    if arms.metric.kind == "proportion":
        ends = proportions.wilson(counts_of(arms.moments[arm]), tails.critical_value(alpha))
        interval = Interval(low=ends[0], high=ends[1], level=round(1 - alpha, 12))
    elif error > 0:
        half = tails.critical_value(alpha, 2, n - 1) * error
        interval = Interval(low=level.observed - half, high=level.observed + half, level=round(1 - alpha, 12))
    return ArmResult(arm=arm, n=n, value=level.observed, standard_error=error or None, interval=interval)
