"""Did a finding show again? The first test of an idea against the later ones, by rules fixed beforehand.

The later tests alone decide whether the effect shows again: the first one was reported because of its result, and
combining it with its own replications would carry that selection along. Beside it: whether first and later differ by
more than chance, and how much of the first effect is left.

References:
    Open Science Collaboration (2015), Estimating the reproducibility of psychological science, Science 349.
    Patil, Peng & Leek (2016), What should researchers expect when they replicate studies?, Perspectives on
    Psychological Science 11 (the interval in which a replication's estimate should fall).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.results import Interval
from copilot_tools.stats.across.meta_analysis import meta_analysis
from copilot_tools.stats.across.results import Replication, Shown
from copilot_tools.stats.inference.tails import critical_value, p_value

__all__ = ["replication"]


def replication(
    first: tuple[float, float], later: Sequence[tuple[float, float]], *, alpha: float = 0.05
) -> Replication:
    """Judge a significant first result by the tests that repeated it.

    Use it when a win is to be confirmed before it is believed or copied elsewhere.

    Args:
        first: Estimate and standard error of the test that found the effect.
        later: Estimate and standard error of every later test of it, in the same unit; at least 1.
        alpha: Error rate of the intervals, in (0, 1).

    Raises:
        Refused: No later test; a number out of range; or the first result is not significant at ``alpha``, so that
            there is nothing to show again (combine all tests instead).
    """
    value, error = checks.finite("first estimate", first[0]), checks.positive("first standard error", first[1])
    z = critical_value(alpha)
    if abs(value) <= z * error:
        raise Refused.because(
            "replication.nothing_found",
            f"The first estimate is {value:g} with a standard error of {error:g}: it found nothing at {alpha:g}.",
            "Combine all tests without calling one of them the finding.",
            name="first",
            value=value,
        )
    if not later:
        raise Refused.because(
            "replication.none", "There is no later test.", "Give at least one test that repeated it.", name="later"
        )
    if len(later) == 1:
        mean, spread = checks.finite("later estimate", later[0][0]), checks.positive("later error", later[0][1])
        interval = Interval(low=mean - z * spread, high=mean + z * spread, level=round(1 - alpha, 12))
    else:
        together = meta_analysis([e for e, _ in later], [s for _, s in later], alpha=alpha).random
        mean, spread, interval = together.value, together.standard_error, together.interval
    between = math.hypot(error, spread)
    sign = math.copysign(1, value)
    toward = interval.toward(1 if sign > 0 else -1)
    verdict: Shown = "shown again" if toward.low > 0 else "reversed" if toward.high < 0 else "not shown again"
    return Replication(
        verdict=verdict,
        later=mean,
        later_interval=interval,
        expected=Interval(low=value - z * between, high=value + z * between, level=round(1 - alpha, 12)),
        consistent=abs(mean - value) <= z * between,
        p_differ=p_value((mean - value) / between),
        share_left=mean / value,
    )
