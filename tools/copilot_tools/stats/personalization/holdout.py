"""Holdout lift: what personalization as a whole brings, against units that are given none of it.

The holdout is drawn before any routing, by the hash, and stays out of everything personalized; so its comparison is
not inflated by the choice of what each unit is shown. It is small by design: arms are very unequal.

References:
    Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, chapter 23 (holdouts). Bloom (1984), Accounting
    for no-shows in experimental evaluation designs, Evaluation Review 8 (units treated against their assignment).
"""

from __future__ import annotations

import math
from typing import Literal

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Comparison, Estimate, Interval
from copilot_tools.stats import formats
from copilot_tools.stats.inference.compare import compare_arms
from copilot_tools.stats.inference.goodness import counts_against_weights
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.personalization.findings import HoldoutLift
from copilot_tools.stats.personalization.parts import Outcome
from copilot_tools.stats.spec import Metric

__all__ = ["holdout_lift"]

BROKEN = 0.001
"""P-value of the holdout's share below which nothing is read: the alarm of every sample-ratio check here."""
MOST_LEAKED = 0.5
"""Share of the holdout that may have been personalized before it is none."""


def holdout_lift(
    holdout: Outcome,
    personalized: Outcome,
    *,
    holdout_share: float,
    leaked: int = 0,
    metric: str = "the metric",
    direction: Literal["increase", "decrease"] = "increase",
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
) -> HoldoutLift:
    """Lift of personalization over the holdout, with its own sample-ratio check.

    Use it for all of personalization together. Not for two versions against each other (``compare_arms``).

    Args:
        holdout: Units held out, whatever they were shown in fact.
        personalized: All other units, whatever they were shown in fact.
        holdout_share: Configured share of the holdout, in (0, 1).
        leaked: Units of the holdout that were shown something personalized all the same.
        metric: What it is called in sentences.
        direction: Which way is better; for the side of a one-sided test.
        alpha: Intervals cover 1 - alpha.
        sides: 2, or 1 in the desired direction.

    Raises:
        Refused: The split is broken (p < .001), half of the holdout or more leaked, the kinds differ, or there is no
            variation.
    """
    checks.between("holdout_share", holdout_share, 0, 1)
    if (holdout.successes is None) != (personalized.successes is None):
        raise Refused.because(
            "holdout.kinds_mixed",
            "One arm has successes and the other a mean.",
            "Give the same metric for both.",
            name="personalized",
        )
    if checks.successes("leaked", leaked, holdout.n) >= MOST_LEAKED * holdout.n:
        raise Refused.because(
            "holdout.leaked",
            f"{leaked:,} of {holdout.n:,} units of the holdout were personalized: half or more, so it holds out "
            "nobody.",
            "Mend the routing so that the holdout is decided first, and start a new one.",
            name="leaked",
            value=leaked,
        )
    p = counts_against_weights([holdout.n, personalized.n], [holdout_share, 1 - holdout_share])
    if p < BROKEN:
        raise Refused.because(
            "holdout.split_broken",
            f"The holdout has {holdout.n:,} of {holdout.n + personalized.n:,} units, where "
            f"{formats.percent(holdout_share)} was configured ({formats.p_value(p)}): units were lost or added on one "
            "side, so the two cannot be compared.",
            "Find the cause (audit_assignment), then read again.",
            name="holdout_share",
            value=holdout_share,
        )
    kind: Literal["proportion", "mean"] = "mean" if holdout.successes is None else "proportion"
    described = Metric(name=metric, role="primary", kind=kind, column="value", direction=direction)
    moments = {"holdout": _moments(holdout), "personalized": _moments(personalized)}
    (comparison,) = compare_arms(described, moments, "holdout", alpha=alpha, sides=sides)
    if isinstance(comparison.absolute, Refusal):
        raise Refused(comparison.absolute)
    share = leaked / holdout.n
    cleaned = _scaled(comparison.absolute, 1 / (1 - share), "Bloom") if leaked else None
    return HoldoutLift(
        comparison=comparison,
        split_p=p,
        increment=_scaled(comparison.absolute, personalized.n, "total"),
        without_leaks=cleaned,
        sentence=_sentence(described, comparison, personalized.n, share, cleaned),
    )


def _moments(outcome: Outcome) -> Moments:
    if outcome.successes is not None:
        return Moments.of_proportion(outcome.n, outcome.successes)
    squares = math.pow(outcome.sd or 0.0, 2) * (outcome.n - 1)
    return Moments(n=outcome.n, mean=(outcome.level,), comoments=((squares,),))


def _scaled(estimate: Estimate, factor: float, method: str) -> Estimate:
    ends = estimate.interval
    return estimate.model_copy(
        update={
            "value": estimate.value * factor,
            "standard_error": estimate.standard_error * factor,
            "interval": Interval(low=ends.low * factor, high=ends.high * factor, level=ends.level),
            "method": f"{estimate.method}; {method}",
        }
    )


def _sentence(metric: Metric, found: Comparison, n: int, leaked: float, cleaned: Estimate | None) -> str:
    assert isinstance(found.absolute, Estimate)  # noqa: S101 - refused before
    effect = found.absolute
    p = "" if effect.p_value is None else f", {formats.p_value(effect.p_value)}"
    said = (
        f"Personalized units stand at {formats.level(metric, found.treatment.value)} against "
        f"{formats.level(metric, found.control.value)} in the holdout: {formats.effect(metric, effect)} "
        f"({formats.interval(metric, effect.interval, 'absolute')}{p}), "
        f"{formats.signed(effect.value * n, 0)} over {formats.count(n)} personalized units."
    )
    if cleaned is not None:
        said += (
            f" {formats.share(leaked)} of the holdout was personalized all the same, which hides part of the lift: "
            f"without it, {formats.effect(metric, cleaned)}."
        )
    return said
