"""How many units: the smallest whole numbers per arm that give every treatment arm its power."""

from __future__ import annotations

import math
from collections.abc import Callable

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.planning.assumed import assumptions, method_name, warnings_about
from copilot_tools.stats.planning.contrast import Contrast, Direction, contrast
from copilot_tools.stats.planning.design import TrialDesign
from copilot_tools.stats.planning.equivalence import comparison_power
from copilot_tools.stats.planning.outcomes import Outcome
from copilot_tools.stats.planning.runtime import Runtime, runtime
from copilot_tools.stats.spec import Effect

__all__ = ["LARGEST", "SampleSize", "SizeRow", "lowest_power", "sample_size", "split"]

LARGEST = 10_000_000_000
"""Units beyond which a size is refused: more than there are people."""

AROUND = (0.5, 0.75, 1.0, 1.5, 2.0)
"""Multiples of the asked effect in the table around the answer."""


class SizeRow(Frozen):
    """One row of the table around the answer.

    Attributes:
        factor: Multiple of the asked effect (of the margin, where there is one).
        effect: The effect or margin sized for.
        total: Units over all arms, or why there is no size.
        weeks: Whole weeks at the stated traffic; None where none was stated or there is no size.
    """

    factor: float
    effect: Effect
    total: int | Refusal
    weeks: int | None = None


class SampleSize(Frozen):
    """How many units a test needs.

    Attributes:
        per_arm: Units per arm, control first, rounded up to whole units (whole clusters).
        total: Over all arms.
        unrounded_control: Units in control before rounding up.
        power: Reached with ``per_arm``, in the treatment arm where it is lowest.
        control_level: Level of control that was assumed, in metric units; None where it does not matter.
        treatment_level: Level of treatment under the assumed effect, in metric units; None likewise.
        effect: Effect taken to be true; None for no true difference.
        margin: Tolerated worsening, or difference either way (equivalence); None for superiority.
        critical_z: Standard errors from the tested line at which the test rejects, in large samples.
        method: The field's name of the method.
        runtime: Whole weeks, where traffic was stated.
        table: Sizes for multiples of the effect or margin.
        assumed: What the answer takes for granted, in plain sentences.
        notes: What a reader should be warned of.
    """

    per_arm: tuple[int, ...]
    total: int
    unrounded_control: float
    power: float
    control_level: float | None
    treatment_level: float | None
    effect: Effect | None
    margin: Effect | None
    critical_z: float
    method: str
    runtime: Runtime | None = None
    table: tuple[SizeRow, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...] = ()


def sample_size(
    outcome: Outcome,
    effect: Effect | None = None,
    *,
    power: float = 0.8,
    direction: Direction = "increase",
    margin: Effect | None = None,
    equivalence: bool = False,
    design: TrialDesign | None = None,
    units_per_week: float | None = None,
) -> SampleSize:
    """Units per arm so that every treatment arm by itself has the asked power.

    Use it before a test, once the smallest effect that matters is known.

    Args:
        outcome: The metric's level and spread today.
        effect: Smallest effect worth finding, taken to be true; with a margin None means no true difference.
        power: Chance of finding it, in (0.05, 1): at least above alpha.
        direction: Which way is better.
        margin: Tolerated worsening, for non-inferiority; tolerated difference either way, for equivalence.
        equivalence: Whether the margin bounds both sides: two one-sided tests, each at alpha (TOST).
        design: Arms, error rates, covariate, clusters; two equal arms at 5% two-sided when not given.
        units_per_week: New units a week that enter the test, above 0, for the runtime.

    Raises:
        Refused: The question contradicts itself, or would need more than ten billion units.

    Example:
        >>> from copilot_tools.stats.planning.outcomes import Proportion
        >>> sample_size(Proportion(baseline=0.05), Effect(size=0.1, scale="relative")).per_arm
        (31234, 31234)
    """
    design = design or TrialDesign()
    design = design.for_equivalence() if equivalence else design
    checks.between("power", power, design.alpha / design.sides, 1)
    if units_per_week is not None:
        checks.positive("units_per_week", units_per_week)
    question = contrast(outcome, direction, effect, margin, equivalence=equivalence)
    unrounded, per_arm = _solve(outcome, question, design, power)
    total = sum(per_arm)
    levels = outcome.baseline is not None
    return SampleSize(
        per_arm=per_arm,
        total=total,
        unrounded_control=unrounded,
        power=lowest_power(outcome, question, design, per_arm),
        control_level=question.control if levels else None,
        treatment_level=question.treatment if levels else None,
        effect=effect,
        margin=margin,
        critical_z=design.critical_z,
        method=method_name(outcome, margin, equivalence=equivalence),
        runtime=None if units_per_week is None else runtime(total, units_per_week),
        table=_table(outcome, effect, power, direction, margin, design, units_per_week, equivalence=equivalence),
        assumed=assumptions(outcome, direction, effect, margin, design, power, equivalence=equivalence),
        notes=warnings_about(outcome, question, design, per_arm),
    )


def lowest_power(outcome: Outcome, question: Contrast, design: TrialDesign, per_arm: tuple[float, ...]) -> float:
    """Power of the comparison that has the least of it, over all primary metrics.

    Used where one number has to stand for all comparisons: the weakest is what a plan can promise.

    Args:
        outcome: The metric's level and spread.
        question: Truth and tested line.
        design: Arms, error rates, metrics.
        per_arm: Units of each arm, control first, each above 0.
    """
    smallest = min(per_arm[1:])
    return design.jointly(comparison_power(outcome, question, design, per_arm[0], smallest))


def split(total: int, design: TrialDesign) -> tuple[int, ...]:
    """Share ``total`` units among the arms by weight, largest remainders first.

    Used wherever units over all arms are given and units of each are needed.

    Raises:
        Refused: Some arm would have fewer than two independent units.
    """
    whole = sum(design.weights)
    shares = [total * w / whole for w in design.weights]
    units = [math.floor(s) for s in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: units[i] - shares[i])
    for i in by_remainder[: total - sum(units)]:
        units[i] += 1
    least = _least(design)
    if min(units) < least:
        raise Refused.because(
            "planning.too_few_units",
            f"{total:,} units leave an arm with {min(units):,}, but each needs at least {least:g}"
            + (" (two clusters)." if design.cluster else "."),
            "Give more units, or fewer arms.",
            name="units",
            value=total,
        )
    return tuple(units)


def _least(design: TrialDesign) -> float:
    return 2 * (design.cluster.size if design.cluster else 1.0)


def _solve(outcome: Outcome, question: Contrast, design: TrialDesign, power: float) -> tuple[float, tuple[int, ...]]:
    ratios = (1.0, *design.ratios)
    step = design.cluster.size if design.cluster else 1.0

    def short(control: float) -> bool:
        return lowest_power(outcome, question, design, tuple(control * r for r in ratios)) < power

    # An arm of exactly two independent units is the least a variance can be had from.
    low = _least(design) / min(ratios) * (1 + 1e-9)
    unrounded = _bisect_up(short, low, LARGEST / sum(ratios)) if short(low) else low
    per_arm = tuple(math.ceil(math.ceil(unrounded * r / step - 1e-9) * step - 1e-9) for r in ratios)
    while lowest_power(outcome, question, design, per_arm) < power:
        per_arm = tuple(math.ceil(n + step) for n in per_arm)
    return unrounded, per_arm


def _bisect_up(short: Callable[[float], bool], low: float, highest: float) -> float:
    """The least value above ``low`` that is no longer ``short``, to a relative 1e-12."""
    if short(highest):
        raise Refused.because(
            "planning.size_unreachable",
            f"More than {LARGEST:,} units would be needed: the effect is tiny against the metric's spread.",
            "Look for a larger effect, a more frequent or less variable metric, or accept less power.",
            name="effect.size",
        )
    high = low
    while short(high):
        low, high = high, min(high * 2, highest)
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if short(middle) else (low, middle)
    return high


def _table(
    outcome: Outcome,
    effect: Effect | None,
    power: float,
    direction: Direction,
    margin: Effect | None,
    design: TrialDesign,
    units_per_week: float | None,
    *,
    equivalence: bool,
) -> tuple[SizeRow, ...]:
    rows = []
    asked = margin or effect
    if asked is None:
        raise AssertionError("contrast refuses a question without effect and margin")
    for factor in AROUND:
        scaled = Effect(size=asked.size * factor, scale=asked.scale)
        total: int | Refusal
        try:
            question = contrast(
                outcome,
                direction,
                effect if margin else scaled,
                scaled if margin else None,
                equivalence=equivalence,
            )
            total = sum(_solve(outcome, question, design, power)[1])
        except Refused as refused:
            total = refused.refusals[0]
        weeks = None
        if units_per_week is not None and not isinstance(total, Refusal):
            weeks = runtime(total, units_per_week).weeks
        rows.append(SizeRow(factor=factor, effect=scaled, total=total, weeks=weeks))
    return tuple(rows)
