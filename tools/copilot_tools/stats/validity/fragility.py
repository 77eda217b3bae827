"""Fragility: how few units carry the significance.

Proportions: the smallest number of units, all in one arm, whose outcome would have to be the other one for the
difference to lose its significance (the fragility index), by exact search on the counts. Means: how many of the
largest values must be taken out of the higher arm, as far as the largest values were kept.

Alarm levels: a note up to 10 units, or up to the number of units and rows set aside; serious up to 3 units where an
improvement is claimed by a proportion and is a close call (as in the false-positive risk). In a small test few units
carry any effect, however sound: there it takes a close call to make them serious.

References:
    Walsh et al. (2014), The statistical significance of randomized controlled trial results is frequently fragile,
    J. Clin. Epidemiol. 67.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.results import Objection, Severity
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.proportion_pairs import null_z
from copilot_tools.stats.inference.proportions import Counts, pooled_z
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural
from copilot_tools.stats.validity._contrast import difference
from copilot_tools.stats.validity._extremes import largest_values
from copilot_tools.stats.validity._primary import Primary, close_call, critical, primary_effects

__all__ = ["ATTACK", "fragility", "fragility_index"]

ATTACK = Attack("fragility", "Fragility")


def fragility_index(control: tuple[int, int], treatment: tuple[int, int], critical_value: float) -> int:
    """Fewest units of one arm whose 0/1 outcome would have to flip for the test's z to fall below ``critical_value``.

    Args:
        control: Successes and units of control.
        treatment: Successes and units of treatment.
        critical_value: Standard errors from zero, above 0.

    Returns:
        A count; 0 where the difference is not significant to begin with.

    Example:
        >>> fragility_index((1, 100), (9, 100), 1.959964)
        2
    """
    (x0, n0), (x1, n1) = control, treatment
    sign = 1 if x1 / n1 >= x0 / n0 else -1
    (low, n_low), (high, n_high) = ((x0, n0), (x1, n1)) if sign > 0 else ((x1, n1), (x0, n0))

    def z(a: int, b: int) -> float:
        try:
            return null_z(Counts(a, n_low), Counts(b, n_high)) or 0.0
        except Refused:  # flipped past what the exact test can weigh: the pooled z is near enough to count flips by
            return pooled_z(Counts(a, n_low), Counts(b, n_high)) or 0.0

    if z(low, high) < critical_value:
        return 0
    fewer = _first(lambda f: z(low, high - f) < critical_value, high)
    more = _first(lambda f: z(low + f, high) < critical_value, n_low - low)
    return min(fewer, more)


def _first(overturned: Callable[[int], bool], most: int) -> int:
    """The smallest f in 1..most that overturns; ``most`` + 1 where none does."""
    low, high = 1, most + 1
    while low < high:
        middle = (low + high) // 2
        if overturned(middle):
            high = middle
        else:
            low = middle + 1
    return low


class _Fragile(NamedTuple):
    primary: Primary
    flips: int
    overturned: bool


def fragility(spec: AnalysisSpec, evidence: Evidence, reading: Reading) -> Objection:
    """Count the units that overturn the primary comparison, per treatment arm that is significant."""
    metric = spec.primary
    if spec.goal == "noninferiority":
        return ATTACK.cannot("the plan decides by a margin, and flips are counted for a difference from zero")
    if metric.kind == "ratio":
        return ATTACK.cannot(f"{metric.name} is a ratio of sums, whose single units were not kept")
    effects, missing = primary_effects(spec, reading)
    if not effects:
        return ATTACK.cannot(missing)
    units = min(e.comparison.control.n + e.comparison.treatment.n for e in effects)
    significant = [e for e in effects if e.low > 0 or e.high < 0]
    if not significant:
        sentence = f"No difference in {metric.name} is significant, so 0 units need to change to undo one."
        return ATTACK.finds("none", sentence, value=0, unit="count", units=units)
    counted, unknown = [], []
    for effect in significant:
        found = _count(spec, evidence, effect)
        if isinstance(found, str):
            unknown.append(found)
        else:
            counted.append(found)
    if not counted:
        return ATTACK.cannot("; ".join(unknown))
    weakest = min(counted, key=lambda f: (not f.primary.claims, f.flips))
    doubtful = _set_aside(evidence)
    severity = _severity(spec, weakest, doubtful)
    details = (
        (f"{plural(doubtful, 'unit or row was', 'units or rows were')} set aside or missing.",) if doubtful else ()
    )
    return ATTACK.finds(
        severity, _sentence(spec, weakest), value=weakest.flips, unit="count", details=details, units=units
    )


def _count(spec: AnalysisSpec, evidence: Evidence, effect: Primary) -> _Fragile | str:
    metric, arm = spec.primary, effect.arm
    control, treatment = (evidence.moments_of(metric.name, name) for name in (spec.control, arm.name))
    if control is None or treatment is None:
        return f"the outcomes of {arm.text} were not kept"
    bound = critical(spec, effect.comparison)
    if metric.kind == "proportion":
        index = fragility_index(
            (round(control.mean[0] * control.n), control.n),
            (round(treatment.mean[0] * treatment.n), treatment.n),
            bound,
        )
        if index == 0:
            return f"{arm.text} is significant only after the adjustment by {metric.covariate or 'a covariate'}"
        return _Fragile(effect, index, overturned=True)
    return _removals(spec, evidence, effect, control, treatment, bound)


def _removals(
    spec: AnalysisSpec, evidence: Evidence, effect: Primary, control: Moments, treatment: Moments, bound: float
) -> _Fragile | str:
    """Take the largest values out of the higher arm until the difference is no longer significant."""
    metric, arm = spec.primary, effect.arm
    start = difference(metric, control, treatment).z
    if abs(start) < bound:
        return f"{arm.text} is significant only after the adjustment by {metric.covariate or 'a covariate'}"
    higher = arm.name if start > 0 else spec.control
    largest = largest_values(evidence, metric.name, higher)
    if not largest:
        return f"the largest values of {metric.name} were not kept"
    for removed, row in enumerate(largest, start=1):
        if higher == spec.control:
            control = control.without(row)
        else:
            treatment = treatment.without(row)
        try:
            z = difference(metric, control, treatment).z
        except Refused:
            return f"too few values of {metric.name} vary"
        if z * math.copysign(1, start) < bound:
            return _Fragile(effect, removed, overturned=True)
    return _Fragile(effect, len(largest), overturned=False)


def _set_aside(evidence: Evidence) -> int:
    quality = evidence.quality
    rows = sum((quality.contradictions or {}).values()) + sum((quality.duplicate_rows or {}).values())
    return rows + (quality.two_arms or 0) + quality.missing_arm + sum(m.missing for m in quality.missing or ())


def _severity(spec: AnalysisSpec, weakest: _Fragile, doubtful: int) -> Severity:
    if not weakest.overturned:
        return "none"
    claimed = weakest.primary
    close = claimed.claims and claimed.z is not None and close_call(spec, claimed.z)
    proportion = spec.primary.kind == "proportion"
    severity = ATTACK.level.severity(weakest.flips, "serious" if proportion and close else "note")
    return "note" if severity == "none" and weakest.flips <= doubtful else severity


def _sentence(spec: AnalysisSpec, weakest: _Fragile) -> str:
    metric, arm = spec.primary, weakest.primary.arm.text
    shown = f"{metric.name} {formats.effect(metric, weakest.primary.effect)}"
    if metric.kind == "proportion":
        share = weakest.flips / (weakest.primary.comparison.control.n + weakest.primary.comparison.treatment.n)
        return (
            f"Had {plural(weakest.flips, 'unit')} ({formats.share(share, 3)} of all) turned out the other way, "
            f"the difference of {arm} ({shown}) would not be significant."
        )
    values = plural(weakest.flips, "largest value")
    if weakest.overturned:
        return f"Without the {values} of the higher arm, the difference of {arm} ({shown}) would not be significant."
    return f"Even without the {values} of the higher arm, the difference of {arm} ({shown}) stays significant."
