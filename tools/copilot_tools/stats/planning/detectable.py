"""With the units fixed: the power for an effect, and the smallest effect that can be detected."""

from __future__ import annotations

from collections.abc import Callable

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Scale
from copilot_tools.stats import formats
from copilot_tools.stats.planning.assumed import assumptions
from copilot_tools.stats.planning.contrast import Contrast, Direction, absolute_size, contrast
from copilot_tools.stats.planning.design import TrialDesign
from copilot_tools.stats.planning.outcomes import Outcome
from copilot_tools.stats.planning.size import AROUND, lowest_power, split
from copilot_tools.stats.spec import Effect

__all__ = ["DetectableEffect", "DetectableRow", "Power", "PowerRow", "minimum_detectable_effect", "power_at"]


class PowerRow(Frozen):
    """Power for a multiple of the asked effect (of the margin, where there is one), or why there is none."""

    factor: float
    effect: Effect
    power: float | Refusal


class Power(Frozen):
    """The chance of finding an effect.

    Attributes:
        power: In the treatment arm where it is lowest.
        per_arm: Units per arm, control first.
        effect: Taken to be true; None for no true difference.
        margin: Tolerated worsening, or difference either way (equivalence); None for superiority.
        critical_z: Standard errors from the tested line at which the test rejects, in large samples.
        table: Power for multiples of the effect or margin.
        assumed: What the answer takes for granted, in plain sentences.
    """

    power: float
    per_arm: tuple[int, ...]
    effect: Effect | None
    margin: Effect | None
    critical_z: float
    table: tuple[PowerRow, ...]
    assumed: tuple[str, ...]


class DetectableRow(Frozen):
    """The smallest detectable effect with a multiple of the units, or why there is none.

    Attributes:
        factor: Multiple of the asked units; None in a row by weeks.
        weeks: Weeks of traffic; None in a row by factor.
        units: Over all arms.
        effect: In absolute terms (metric units), or why there is none.
        relative: The same as a share of control; None where control's level is not known or 0.
    """

    factor: float | None = None
    weeks: int | None = None
    units: int
    effect: float | Refusal
    relative: float | None = None


class DetectableEffect(Frozen):
    """The smallest effect found with the wanted power.

    Attributes:
        absolute: In metric units (a proportion's in shares: 0.01 is one percentage point).
        relative: As a share of control; None where control's level is not known or 0.
        kind: "effect" (superiority), or "margin" (non-inferiority: the tightest margin that can be shown to hold when
            there is no true difference), or "equivalence margin" (the same on both sides).
        power: That was wanted.
        per_arm: Units per arm, control first.
        critical_z: Standard errors from the tested line at which the test rejects, in large samples.
        table: The same for other numbers of units, or for other numbers of weeks.
        assumed: What the answer takes for granted, in plain sentences.
    """

    absolute: float
    relative: float | None
    kind: str
    power: float
    per_arm: tuple[int, ...]
    critical_z: float
    table: tuple[DetectableRow, ...]
    assumed: tuple[str, ...]


def power_at(
    outcome: Outcome,
    units: int,
    effect: Effect | None = None,
    *,
    direction: Direction = "increase",
    margin: Effect | None = None,
    equivalence: bool = False,
    design: TrialDesign | None = None,
) -> Power:
    """Power with ``units`` over all arms, shared by the design's weights.

    Use it where units and effect are both given, before a test. Not with the effect that was seen: that says no more
    than its p-value.

    Args:
        outcome: The metric's level and spread today.
        units: Over all arms, at least 2 in each.
        effect: Taken to be true, in the desired direction; None means no true difference (with a margin only).
        direction: Which way is better.
        margin: Tolerated worsening, for non-inferiority; tolerated difference either way, for equivalence.
        equivalence: Whether the margin bounds both sides: two one-sided tests, each at alpha (TOST).
        design: Arms, error rates, covariate, clusters, metrics.

    Raises:
        Refused: The question contradicts itself, or an arm would have fewer than two units (clusters).

    Example:
        >>> from copilot_tools.stats.planning.outcomes import Proportion
        >>> round(power_at(Proportion(baseline=0.5), 100, Effect(size=0.25, scale="absolute")).power, 3)
        0.74
    """
    design = design or TrialDesign()
    design = design.for_equivalence() if equivalence else design
    per_arm = split(checks.count("units", units, at_least=2), design)
    question = contrast(outcome, direction, effect, margin, equivalence=equivalence)
    answer = lowest_power(outcome, question, design, per_arm)
    asked = margin or effect
    if asked is None:
        raise AssertionError("contrast refuses a question without effect and margin")
    rows = []
    for factor in AROUND:
        scaled = Effect(size=asked.size * factor, scale=asked.scale)
        value: float | Refusal
        try:
            around = contrast(
                outcome,
                direction,
                effect if margin else scaled,
                scaled if margin else None,
                equivalence=equivalence,
            )
            value = lowest_power(outcome, around, design, per_arm)
        except Refused as refused:
            value = refused.refusals[0]
        rows.append(PowerRow(factor=factor, effect=scaled, power=value))
    return Power(
        power=answer,
        per_arm=per_arm,
        effect=effect,
        margin=margin,
        critical_z=design.critical_z,
        table=tuple(rows),
        assumed=assumptions(outcome, direction, effect, margin, design, None, equivalence=equivalence),
    )


def minimum_detectable_effect(
    outcome: Outcome,
    units: int,
    *,
    power: float = 0.8,
    direction: Direction = "increase",
    noninferiority: bool = False,
    equivalence: bool = False,
    scale: Scale = "absolute",
    design: TrialDesign | None = None,
    weeks_of: float | None = None,
) -> DetectableEffect:
    """The smallest effect (or, for non-inferiority, margin) that ``units`` over all arms find with the wanted power.

    Use it where the number of units is fixed, before a test.

    Args:
        outcome: The metric's level and spread today.
        units: Over all arms, at least 2 in each.
        power: Wanted chance of finding it, above the error rate of one side and below 1.
        direction: Which way is better.
        noninferiority: Ask for the tightest margin instead, with no true difference.
        equivalence: Ask for the tightest margin on both sides instead (TOST, each test at alpha).
        scale: On which the margin is tested; effects against no difference are the same on both.
        design: Arms, error rates, covariate, clusters.
        weeks_of: Traffic a week: the table then runs over weeks instead of multiples of ``units``.

    Raises:
        Refused: No effect is large enough, or a parameter is out of its range.
    """
    design = design or TrialDesign()
    design = design.for_equivalence() if equivalence else design
    bounded = noninferiority or equivalence
    checks.between("power", power, design.alpha / design.sides, 1)
    total = checks.count("units", units, at_least=2)
    if weeks_of is not None:
        checks.positive("weeks_of", weeks_of)

    def smallest(n: int) -> float:
        margin_scale = scale if bounded else None
        return _smallest(outcome, split(n, design), power, direction, design, margin_scale, equivalence=equivalence)

    absolute = smallest(total)
    steps: list[tuple[float | None, int | None, int]] = (
        [(f, None, round(total * f)) for f in AROUND]
        if weeks_of is None
        else [(None, w, int(w * weeks_of)) for w in (1, 2, 3, 4, 6, 8)]
    )
    rows = []
    for factor, weeks, n in steps:
        value: float | Refusal
        try:
            value = smallest(n)
        except Refused as refused:
            value = refused.refusals[0]
        rows.append(
            DetectableRow(factor=factor, weeks=weeks, units=n, effect=value, relative=_relative(outcome, value))
        )
    kind = "equivalence margin" if equivalence else "margin" if noninferiority else "effect"
    first, *others = assumptions(outcome, direction, None, None, design, power, equivalence=equivalence)
    truth = "There is no true difference." if bounded else f"The metric should {direction}."
    return DetectableEffect(
        absolute=absolute,
        relative=_relative(outcome, absolute),
        kind=kind,
        power=power,
        per_arm=split(total, design),
        critical_z=design.critical_z,
        table=tuple(rows),
        assumed=(first, truth, *others),
    )


def _relative(outcome: Outcome, absolute: float | Refusal) -> float | None:
    return None if isinstance(absolute, Refusal) or not outcome.baseline else absolute / abs(outcome.baseline)


def _smallest(
    outcome: Outcome,
    per_arm: tuple[int, ...],
    power: float,
    direction: Direction,
    design: TrialDesign,
    margin_scale: Scale | None,
    *,
    equivalence: bool,
) -> float:
    def question(size: float) -> Contrast:
        if margin_scale is None:
            return contrast(outcome, direction, Effect(size=size, scale="absolute"), None)
        asked = Effect(size=size, scale="absolute")
        if margin_scale == "relative":
            asked = Effect(size=size / absolute_size(outcome, Effect(size=1, scale="relative")), scale="relative")
        return contrast(outcome, direction, None, asked, equivalence=equivalence)

    def short(size: float) -> bool:
        return lowest_power(outcome, question(size), design, per_arm) < power

    if outcome.kind == "proportion":
        upwards = (direction == "increase") == (margin_scale is None)
        room = (outcome.baseline, 1 - outcome.baseline)
        high = (min(room) if equivalence else room[upwards]) * (1 - 1e-9)
        if short(high):
            raise Refused.because(
                "planning.nothing_detectable",
                f"With {', '.join(f'{n:,}' for n in per_arm)} units no "
                f"{'effect' if margin_scale is None else 'margin'} is detectable with a power of "
                f"{formats.percent(power)}: even the largest possible one, {high * 100:.3g} percentage points, is not.",
                "Get more units, or ask for less power.",
                name="units",
                value=sum(per_arm),
            )
    else:
        sd = (outcome.as_mean() if outcome.kind == "ratio" else outcome).sd
        high = sd * 1e-6
        for _ in range(80):
            if not short(high):
                break
            high *= 2
        else:
            raise Refused.because(
                "planning.nothing_detectable",
                f"With {', '.join(f'{n:,}' for n in per_arm)} units no effect is detectable with a power of "
                f"{formats.percent(power)}.",
                "Get more units, or ask for less power.",
                name="units",
                value=sum(per_arm),
            )
    return _bisect(short, high)


def _bisect(short: Callable[[float], bool], high: float) -> float:
    low = 0.0
    for _ in range(200):
        if high - low <= 1e-12 * high:
            break
        middle = (low + high) / 2
        low, high = (middle, high) if short(middle) else (low, middle)
    return high
