"""The primary effect part by part (days, versions), each with the variance it would have were there no difference."""

from __future__ import annotations

from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.results import Slice
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec, Arm
from copilot_tools.stats.validity._contrast import level, pooled, unit_variance

__all__ = ["FEWEST_UNITS", "PartEffect", "effects_by_part"]

FEWEST_UNITS = 20
"""Units an arm of a part needs for the part to count."""


class PartEffect(NamedTuple):
    """Treatment minus control in one part.

    Attributes:
        name: The part's level.
        effect: In the metric's unit (proportions: a share).
        variance: Of ``effect``, above 0.
        units: Of both arms.
    """

    name: str
    effect: float
    variance: float
    units: int


def effects_by_part(spec: AnalysisSpec, evidence: Evidence, dimension: str, arm: Arm) -> list[PartEffect]:
    """Effects of an arm within the levels of a dimension that have 20 units in both arms.

    A proportion's variance is the part's own, pooled over the arms. Otherwise the variation of a unit is taken from the
    whole test: a part's own would go with its effect where values are skewed, and so would its weight.
    """
    metric = spec.primary
    whole = [evidence.moments_of(metric.name, name) for name in (spec.control, arm.name)]
    if any(m is None for m in whole):
        return []
    found = []
    try:
        spreads = [unit_variance(metric, m) for m in whole if m is not None]
    except Refused:
        return []
    for name in evidence.levels(dimension):
        part = Slice(dimension=dimension, level=name)
        control, treatment = (evidence.moments_of(metric.name, a, part) for a in (spec.control, arm.name))
        if control is None or treatment is None or min(control.n, treatment.n) < FEWEST_UNITS:
            continue
        if metric.kind == "proportion":
            variance = pooled(control, treatment)
        else:
            variance = spreads[0] / control.n + spreads[1] / treatment.n
        try:
            effect = level(metric, treatment) - level(metric, control)
        except Refused:
            continue
        if variance > 0:
            found.append(PartEffect(name, effect, variance, control.n + treatment.n))
    return found
