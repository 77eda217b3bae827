"""A metric's arms made ready for comparison, once for all treatments: levels, counts, the covariate's adjustment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference import cuped
from copilot_tools.stats.inference.levels import Level, Linear, level_of_linear, require_units
from copilot_tools.stats.inference.means import linear_mean, welch
from copilot_tools.stats.inference.proportions import Counts, counts_of
from copilot_tools.stats.inference.ratios import linear_ratio
from copilot_tools.stats.inference.simultaneous import loading
from copilot_tools.stats.inference.skewness import skewed_pair
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric

__all__ = ["PreparedArms", "prepare"]


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

    def difference_df(self, arm: str, *, skewness: bool = True) -> float | None:
        """Degrees of freedom of an arm's comparison; None for z, or where there is no comparison.

        Args:
            arm: Name of the treatment arm.
            skewness: Whether variances are raised where the values are skewed (``skewness.skewed_pair``).
        """
        control, treatment = self.levels[self.control], self.levels[arm]
        if self.counts or isinstance(control, Refusal) or isinstance(treatment, Refusal):
            return None
        skewed = skewed_pair(control, treatment) if skewness else None
        if skewed is not None:
            control, treatment = skewed.control, skewed.treatment
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
