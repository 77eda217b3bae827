"""The smallest spec under which counts can be read: for a quick look, with no plan behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.sources.count_roles import closest
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric

__all__ = ["spec_of_counts"]


def spec_of_counts(
    arms: Sequence[str],
    control: str,
    *,
    minimum_effect: Effect,
    metric: str = "conversion",
    kind: Literal["proportion", "mean"] = "proportion",
    direction: Literal["increase", "decrease"] = "increase",
    column: str | None = None,
    arm_column: str | None = None,
    weights: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    unit: str = "",
) -> AnalysisSpec:
    """A spec of one metric over the arms found in the data.

    Args:
        arms: Names of all arms, as ``CountsSource.arms`` gives them.
        control: Name of the control arm.
        minimum_effect: The smallest effect that would matter; there is no default for what matters.
        metric: The metric's name.
        kind: Proportion or mean.
        direction: Which way is better.
        column: Column of the metric's values, the metric's name if not given.
        arm_column: Column of the arm.
        weights: Configured weight of every arm; equal weights if not given.
        alpha: Type I error rate over all treatment arms together.
        unit: What a value is, for people.

    Raises:
        Refused: Fewer than two arms, one named twice, an unknown control, weights that do not name every arm or are
            not above 0, or alpha out of range; all together.
    """
    problems: list[Refusal] = []
    if len(arms) < 2:
        problems.append(
            Refusal(
                code="counts.one_arm",
                reason=f"There {'is one arm' if arms else 'are no arms'}, but a comparison needs at least two.",
                cure="Give the control arm and at least one other.",
                name="arms",
                value=len(arms),
            )
        )
    problems.extend(
        Refusal(
            code="counts.duplicate_row",
            reason=f"The arm {arm!r} is given {times} times.",
            cure="Give every arm once; if these are parts of one arm, add them up or name the stratum.",
            name="arms",
            value=arm,
        )
        for arm, times in Counter(arms).items()
        if times > 1
    )
    problems.extend(
        Refusal(
            code="counts.name_empty",
            reason=f"The name of {what} is empty.",
            cure="Give it a name.",
            name=what,
        )
        for what, names in (("an arm", arms), ("the metric", (metric,)))
        if not all(names)
    )
    if control not in arms:
        problems.append(
            Refusal(
                code="counts.control_unknown",
                reason=f"The control is {control!r}, which is none of the arms.",
                cure=f"{closest(control, arms)} Name the arm that changes nothing.",
                name="control",
                value=control,
            )
        )
    if weights is not None and set(weights) != set(arms):
        problems.append(
            Refusal(
                code="counts.weights_mismatch",
                reason=f"Weights are given for {', '.join(weights) or 'no arm'}, the arms are {', '.join(arms)}.",
                cure="Give the configured weight of every arm, or of none when they are equal.",
                name="weights",
            )
        )
    for arm, weight in (weights or {}).items():
        try:
            checks.positive(f"weight of {arm}", weight)
        except Refused as refused:
            problems.extend(refused.refusals)
    try:
        checks.between("alpha", alpha, 0, 0.5)
    except Refused as refused:
        problems.extend(refused.refusals)
    refuse_if_any(problems)
    return AnalysisSpec(
        arm_column=arm_column,
        arms=tuple(Arm(name=arm, weight=(weights or {}).get(arm, 1.0)) for arm in arms),
        control=control,
        metrics=(
            Metric(name=metric, role="primary", kind=kind, column=column or metric, direction=direction, unit=unit),
        ),
        minimum_effect=minimum_effect,
        alpha=alpha,
    )
