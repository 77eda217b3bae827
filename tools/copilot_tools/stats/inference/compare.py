"""One metric, all arms: moments in, comparisons of every treatment with control out.

The kind of metric chooses the method; a covariate changes what is compared, never how it is read:

=================== ======================= ==================
metric              difference              relative lift
=================== ======================= ==================
proportion          score (Mee), pooled z   score (Koopman)
 .. unequal arms    Gart and Nam            Gart and Nam
 .. few events      exact (Chan-Zhang)      exact
mean                Welch                   Fieller
ratio of sums       delta method, Welch df  Fieller
any, with covariate CUPED, Welch            CUPED, Fieller
=================== ======================= ==================

Welch's interval, of whatever, is widened where the values' skewness would make it err (``skewness``).
On both scales "no effect" is the same hypothesis with the same statistic, so their intervals exclude 0 together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import ArmResult, Comparison, Estimate, Interval, Slice
from copilot_tools.stats.inference import proportions, tails
from copilot_tools.stats.inference.arms import PreparedArms, prepare
from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.means import welch
from copilot_tools.stats.inference.proportion_pairs import Method, read_pair
from copilot_tools.stats.inference.proportions import counts_of
from copilot_tools.stats.inference.relative import fieller
from copilot_tools.stats.inference.simultaneous import simultaneous_critical
from copilot_tools.stats.inference.skewness import skewed_pair
from copilot_tools.stats.inference.tails import Alternative
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric

__all__ = ["alternative_of", "compare", "compare_arms"]

Adjustment = Literal["none", "dunnett", "bonferroni"]
Critical = Callable[[float | None], float]
"""Degrees of freedom (None: z) -> standard errors to an end of the interval."""


def alternative_of(metric: Metric, sides: int) -> Alternative:
    """What a plan with one side tests: better, in the metric's own direction.

    Args:
        metric: Whose direction counts.
        sides: 1 or 2.
    """
    if sides == 2:
        return "two-sided"
    return "greater" if metric.sign > 0 else "less"


def compare(
    arms: PreparedArms,
    treatment: str,
    critical: Critical,
    *,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
    simultaneous: Adjustment = "none",
    part: Slice | None = None,
    method: Method = "auto",
    skewness: bool = True,
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
        method: How a proportion without covariate is read; "auto" goes by the counts (``proportion_pairs``).
        skewness: Whether intervals of means are widened where the values' skewness calls for it (``skewness``).

    Returns:
        Effects on both scales. Levels are as observed; effects are adjusted where there is a covariate. What cannot be
        estimated is a refusal in its place.
    """
    value: float | None = None
    absolute: Estimate | Refusal
    relative: Estimate | Refusal
    try:
        pair = _known(arms, arms.control), _known(arms, treatment)
        value = critical(arms.difference_df(treatment, skewness=skewness))
        if arms.counts:
            absolute, relative = _by_counts(arms, treatment, value, alternative, method)
        else:
            absolute, relative = _by_welch(arms, *pair, value, alternative, skewness)
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
    method: Method = "auto",
) -> tuple[Comparison, ...]:
    """Compare every treatment arm with control, by intervals that hold jointly.

    Use it for one metric of independent units. Where clusters were assigned use ``clusters``, for counts of events
    ``event_rates``, to show that arms are equal ``equivalence``.

    Args:
        metric: The metric.
        moments: Arm -> moments of the metric's columns, control among them.
        control: Name of the control arm.
        alpha: Chance that any of the intervals misses its effect ("none": of each by itself).
        sides: 2, or 1 in the metric's desired direction.
        adjustment: "dunnett", "bonferroni" or "none".
        part: The slice the moments belong to.
        method: How a proportion without covariate is read; "auto" goes by the counts.

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
            method=method,
        )
        for arm in treatments
    )


def _known(arms: PreparedArms, arm: str) -> Level:
    level = arms.levels[arm]
    if isinstance(level, Refusal):
        raise Refused(level.model_copy(update={"reason": f"{arms.metric.name} in {arm}: {level.reason}"}))
    return level


def _by_counts(
    arms: PreparedArms, treatment: str, critical: float, alternative: Alternative, method: Method
) -> tuple[Estimate, Estimate | Refusal]:
    control, treated = arms.counts[arms.control], arms.counts[treatment]
    level = tails.level_of(critical, alternative)
    pair = read_pair(control, treated, critical, method)
    z, p = pair.z, pair.p_value(alternative)
    suffix = ", covariate unused" if arms.covariate_unused else ""
    difference = treated.share - control.share
    absolute = Estimate(
        value=difference,
        standard_error=proportions.standard_error(control, treated),
        interval=tails.bounded(*pair.difference, level, alternative),
        p_value=p,
        statistic=z,
        scale="absolute",
        method=f"{pair.method[0]}{suffix}",
    )
    if isinstance(pair.ratio, Refusal):
        return absolute, pair.ratio
    if control.successes == 0:
        return absolute, Refusal(
            code="relative.control_zero",
            reason=f"No unit of control is a success (0 of {control.n:,}), so an effect relative to control has no "
            "size.",
            cure="State the effect in absolute terms, or wait until control has successes.",
            name="control",
            value=0.0,
        )
    low, high = pair.ratio
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
        method=f"{pair.method[1]}{suffix}",
    )
    return absolute, relative


def _by_welch(
    arms: PreparedArms, control: Level, treatment: Level, critical: float, alternative: Alternative, skewness: bool
) -> tuple[Estimate, Estimate | Refusal]:
    if arms.adjusted and control.variance + treatment.variance <= 0 < control.observed_variance:
        raise Refused.because(
            "covariate.explains_everything",
            f"The covariate {arms.metric.covariate!r} determines {arms.metric.name} exactly within both arms.",
            "Check that it was measured before assignment; a covariate that is the outcome itself removes the effect.",
            name="covariate",
            value=arms.metric.covariate,
        )
    skewed = skewed_pair(control, treatment) if skewness else None
    if skewed is not None:
        control, treatment = skewed.control, skewed.treatment
    difference = welch(control, treatment)
    statistic, df = difference.statistic, difference.df
    down = up = critical
    if skewed is not None:
        statistic = skewed.statistic(statistic, alternative)
        down, up = skewed.reach(critical)
    level = tails.level_of(critical, alternative, df)
    p = tails.p_value(statistic, alternative, df)
    before = "delta method, " if arms.metric.kind == "ratio" else ""
    after = ", skewness-corrected" if skewed is not None else ""
    after += ", CUPED" if arms.adjusted else ", covariate unused" if arms.covariate_unused else ""
    ends = difference.value - down * difference.standard_error, difference.value + up * difference.standard_error
    absolute = Estimate(
        value=difference.value,
        standard_error=difference.standard_error,
        interval=tails.bounded(*ends, level, alternative),
        p_value=p,
        statistic=statistic,
        df=df,
        scale="absolute",
        method=f"{before}Welch{after}",
    )
    try:
        # An end that is not asked for must not make the other one impossible.
        low = None if alternative == "less" else fieller(control, treatment, down)
        high = None if alternative == "greater" else fieller(control, treatment, up)
    except Refused as refused:
        return absolute, refused.refusals[0]
    lift = low or high
    if lift is None:
        raise ValueError(f"no such alternative: {alternative!r}")
    relative = Estimate(
        value=lift.value,
        standard_error=lift.standard_error,
        interval=tails.bounded((low or lift).low, (high or lift).high, level, alternative),
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
