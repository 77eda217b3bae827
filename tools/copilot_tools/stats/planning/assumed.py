"""Sizing in plain sentences: the method's name, what an answer takes for granted, what speaks against trusting it."""

from __future__ import annotations

import math

from copilot_tools.stats import formats
from copilot_tools.stats.planning.contrast import Contrast, Direction
from copilot_tools.stats.planning.design import TrialDesign
from copilot_tools.stats.planning.outcomes import Outcome
from copilot_tools.stats.spec import Effect

__all__ = ["assumptions", "method_name", "warnings_about"]


def method_name(outcome: Outcome, margin: Effect | None, *, equivalence: bool = False) -> str:
    """The field's name of the method."""
    if equivalence:
        return f"two one-sided tests (TOST), each a {method_name(outcome, margin)}"
    if outcome.kind == "ratio":
        return "z test of the linearized ratio (delta method)"
    if outcome.kind == "mean":
        return "t test, noncentral t (Welch's degrees of freedom)" if outcome.method == "t" else "z test, large samples"
    return {
        "pooled": "z test, pooled variance" if margin is None else "score test against the margin (Farrington-Manning)",
        "unpooled": "z test, unpooled variance",
        "baseline": "z test, control's variance (Evan Miller)",
        "arcsine": "arcsine test (Cohen's h)",
    }[outcome.method]


def assumptions(
    outcome: Outcome,
    direction: Direction,
    effect: Effect | None,
    margin: Effect | None,
    design: TrialDesign,
    power: float | None,
    *,
    equivalence: bool = False,
) -> tuple[str, ...]:
    """What an answer takes for granted, in plain sentences.

    Args:
        outcome: The metric's level and spread today.
        direction: Which way is better.
        effect: Taken to be true, in the desired direction; None for no true difference.
        margin: Tolerated worsening (or difference either way), where one is tested.
        design: Arms, error rates, covariate, clusters.
        power: Wanted chance of finding the effect, in (0, 1); None where it is the answer.
        equivalence: Whether the margin bounds both sides.
    """
    found = []
    if outcome.kind == "proportion":
        found.append(f"{formats.share(outcome.baseline, 2)} of control's units convert.")
    elif outcome.kind == "mean":
        spread = f"a standard deviation of {outcome.sd:g}"
        if outcome.treatment_sd is not None:
            spread += f" in control and {outcome.treatment_sd:g} in treatment"
        mean = "" if outcome.baseline is None else f"a mean of {outcome.baseline:g} and "
        found.append(f"One unit's value has {mean}{spread}.")
    else:
        found.append(
            f"A ratio of {outcome.baseline:.4g} with a standard deviation of {math.sqrt(outcome.unit_variance()):.4g} "
            "a unit (linearized)."
        )
    better = "an increase" if direction == "increase" else "a decrease"
    if effect is not None:
        found.append(f"The true effect is {better} of {_size(outcome, effect)}.")
    elif margin is not None:
        found.append("There is no true difference.")
    if margin is not None and equivalence:
        found.append(f"Differences of up to {_size(outcome, margin)} either way do not matter.")
    elif margin is not None:
        worse = "decrease" if direction == "increase" else "increase"
        found.append(f"A {worse} of up to {_size(outcome, margin)} would still be accepted.")
    if power is not None:
        found.append(f"The wanted chance of finding it is {formats.percent(power)} in each treatment arm by itself.")
    return (*found, *design.assumed(equivalence=equivalence))


def _size(outcome: Outcome, effect: Effect) -> str:
    if effect.scale == "relative":
        return f"{effect.size * 100:.4g}% of control"
    if outcome.kind == "proportion":
        points = f"{effect.size * 100:.4g}"
        return f"{points} percentage point{'s' if points != '1' else ''}"
    return f"{effect.size:.4g}"


def warnings_about(
    outcome: Outcome, question: Contrast, design: TrialDesign, per_arm: tuple[int, ...]
) -> tuple[str, ...]:
    """What a reader of this size should be warned of, in plain sentences.

    Args:
        outcome: The metric's level and spread today.
        question: Truth and tested line.
        design: Arms, error rates, covariate, clusters.
        per_arm: Units of each arm, control first.
    """
    found = []
    if outcome.kind == "proportion":
        rarest = min(
            n * min(p, 1 - p)
            for n, p in zip(per_arm, (question.control, *([question.treatment] * design.treatments)), strict=True)
        )
        if rarest < 10:
            found.append(
                f"Only about {rarest:.1f} conversions (or non-conversions) are expected in an arm: below 10 the normal "
                "approximation behind this size is rough. Plan on some more."
            )
    if outcome.kind == "mean" and outcome.method == "normal" and min(per_arm) < 30:
        found.append(f"{min(per_arm)} units in an arm are few for a large-sample method; use method t.")
    if design.cluster:
        clusters = min(n / design.cluster.size for n in per_arm)
        if clusters < 20:
            found.append(
                f"An arm has only {clusters:.0f} clusters: below 20 the standard error itself is uncertain, and a "
                "single odd cluster can decide the test."
            )
    return tuple(found)
