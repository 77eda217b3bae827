"""Outlier dominance: does a single unit carry an average?

Every metric that is an average is searched, the primary and all others. A unit's share is its squared distance from
its arm's mean over the sum of all such squares: how much of what looks like chance is that one unit.
Only the largest values are kept, so an extremely low one is not seen.

Alarm levels: a note where one unit holds more than a quarter of its arm's variation; serious where it holds more than
three quarters of the primary's, lies ten times as far out as the next one, and farther than the tail of the others
foretells (p < .005): those of its own arm, and of all other arms, whose tails are of one shape with it. Revenue of a
few buyers has a heavy tail of its own: there even a factor of ten is no fault. All three come together by chance in at
most 0.15% of arms of log-normal values with sigma up to 2.

References:
    Renyi (1953), On the theory of order statistics, Acta Math. Acad. Sci. Hung. 4 (spacings of a heavy tail).
    Hill (1975), A simple general approach to inference about the tail of a distribution, Annals of Statistics 3.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.results import Objection, Severity
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec, Metric
from copilot_tools.stats.validity._attack import Attack, listed
from copilot_tools.stats.validity._contrast import difference
from copilot_tools.stats.validity._extremes import largest_values

__all__ = ["ATTACK", "chance_of_gap", "outliers"]

ATTACK = Attack("outliers", "Outliers")

FARTHER = 10.0
"""How many times as far from the mean as the next value a serious outlier lies."""

BY_CHANCE = 0.005
"""Chance of a gap as wide, given the tail of the other values, below which an outlier is serious."""


class _Dominant(NamedTuple):
    metric: Metric
    arm: str
    value: float
    share: float
    alone: bool


def outliers(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Find the unit that holds the largest share of its arm's variation, over all averages."""
    averages = [m for m in spec.metrics if m.kind == "mean"]
    if not averages:
        sentence = "0 metrics are averages that a single large value could carry."
        return ATTACK.finds("none", sentence, value=0, unit="count", units=evidence.total_units)
    found = [d for m in averages for arm in spec.arm_names if (d := _dominant(spec, evidence, m, arm)) is not None]
    if not found:
        return ATTACK.cannot(f"the largest values of {listed([m.name for m in averages])} were not kept")
    worst = max(found, key=lambda d: (_severity(d) == "serious", d.share))
    severity = _severity(worst)
    details = tuple(_line(spec, evidence, d) for d in found if _severity(d) != "none")
    share = formats.share(worst.share)
    where = f"{spec.arm(worst.arm).text}'s variation in {worst.metric.name}"
    if severity == "none":
        sentence = f"No single unit carries an average: the largest share of an arm's variation is {share} ({where})."
    else:
        sentence = (
            f"One unit, with {formats.level(worst.metric, worst.value)}, makes up {share} of {where}; "
            "see whether it is real, and cap such values in the next plan."
        )
    return ATTACK.finds(severity, sentence, value=worst.share, unit="share", details=details, units=1)


def _dominant(spec: AnalysisSpec, evidence: Evidence, metric: Metric, arm: str) -> _Dominant | None:
    moments = evidence.moments_of(metric.name, arm)
    distances = _distances(evidence, metric, arm)
    if moments is None or moments.n < 2 or not distances or moments.comoments[0][0] <= 0:
        return None
    share = distances[0] ** 2 / moments.comoments[0][0]
    others = [_distances(evidence, metric, other) for other in spec.arm_names if other != arm]
    alone = len(distances) < 2 or (
        distances[0] >= FARTHER * distances[1] and chance_of_gap(distances, others) < BY_CHANCE
    )
    return _Dominant(metric, arm, largest_values(evidence, metric.name, arm)[0][0], min(share, 1.0), alone)


def _distances(evidence: Evidence, metric: Metric, arm: str) -> list[float]:
    """Of an arm's largest values from its mean, in the order of the values."""
    moments = evidence.moments_of(metric.name, arm)
    if moments is None:
        return []
    return [abs(row[0] - moments.mean[0]) for row in largest_values(evidence, metric.name, arm)]


def chance_of_gap(distances: Sequence[float], others: Sequence[Sequence[float]] = ()) -> float:
    """Chance that the largest of a heavy tail's values lies as far beyond the second as it does.

    In a tail that falls off by a power, the logarithms of neighbouring values' ratios, each times its rank, are
    independent and exponential with one mean, in every arm whose tail has that power. The first is held against all
    others; log-normal tails are lighter at the top, so the chance errs upwards.

    Args:
        distances: Distances from the mean of the largest values, largest first.
        others: The same of other arms.

    Returns:
        A probability; 1 where the others are too few, or have no spread to judge by.

    Example:
        >>> round(chance_of_gap([32.0, 16.0, 8.0, 4.0, 2.0]), 2)
        0.73
    """
    first, *rest = _gaps(distances) or [0.0]
    if not rest:  # its own tail must be known: that of other arms says nothing of where this one begins
        return 1.0
    rest.extend(gap for other in others for gap in _gaps(other))
    total = math.fsum(rest)
    if total <= 0:
        return 0.0 if first > 0 else 1.0
    return float((1 + first / total) ** -len(rest))


def _gaps(distances: Sequence[float]) -> list[float]:
    tail = sorted((d for d in distances if d > 0), reverse=True)
    return [rank * math.log(a / b) for rank, (a, b) in enumerate(itertools.pairwise(tail), start=1)]


def _severity(dominant: _Dominant) -> Severity:
    decides = dominant.metric.role == "primary" and dominant.alone
    return ATTACK.level.severity(dominant.share, "serious" if decides else "note")


def _line(spec: AnalysisSpec, evidence: Evidence, dominant: _Dominant) -> str:
    """What the effect is with and without this unit, against control (or, for a unit of control, of each treatment)."""
    metric = dominant.metric
    others = [a.name for a in spec.treatments] if dominant.arm == spec.control else [dominant.arm]
    parts = []
    for name in others:
        control, treatment = evidence.moments_of(metric.name, spec.control), evidence.moments_of(metric.name, name)
        row = largest_values(evidence, metric.name, dominant.arm)[0]
        if control is None or treatment is None:
            continue
        try:
            before = difference(metric, control, treatment).effect
            if dominant.arm == spec.control:
                control = control.without(row)
            else:
                treatment = treatment.without(row)
            after = difference(metric, control, treatment).effect
        except Refused:
            continue
        parts.append(
            f"{spec.arm(name).text} {formats.effect_size(metric, before, 'absolute')} with it, "
            f"{formats.effect_size(metric, after, 'absolute')} without"
        )
    text = f"{metric.name}: one unit of {spec.arm(dominant.arm).text} has {formats.level(metric, dominant.value)}"
    return (
        f"{text} ({formats.share(dominant.share)} of that arm's variation); {'; '.join(parts)}."
        if parts
        else f"{text}."
    )
