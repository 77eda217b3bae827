"""What repeated looks do to "stop once the chance to win is high": its false alarms when there is no effect.

A posterior is what the prior and the data say, however often it was looked at. But if there is no effect, a rule that
stops at the first look with a high chance to win stops more often the more it looks, as with any other statistic:
under a flat prior "chance to win above 95% or below 5%" is a z test at 10%, repeated.

References:
    Armitage, McPherson & Rowe (1969), Repeated significance tests on accumulating data, JRSS A 132.
    Deng, Lu & Chen (2016), Continuous monitoring of A/B tests without pain, IEEE DSAA.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.sequential.crossing import above, advance, below, start

__all__ = ["chance_to_win_false_alarms"]

_MAX_LOOKS = 1000


def chance_to_win_false_alarms(
    looks: int | Sequence[float],
    threshold: float = 0.95,
    *,
    prior_sd: float | None = None,
    prior_mean: float = 0.0,
) -> float:
    """Chance that a test of no effect is called for either side at one look or another.

    Use it to say what stopping at a high chance to win does, before somebody relies on it.

    Args:
        looks: Number of equally spaced looks (1 to 1000), or the share of the last look's units at each, ascending.
        threshold: A side is called once its posterior probability exceeds this, in (.5, 1).
        prior_sd: Standard deviation of a normal prior, in standard errors of the last look; None for flat.
        prior_mean: Its mean, in the same unit.

    Raises:
        Refused: A figure is out of range.

    Example:
        >>> round(chance_to_win_false_alarms(10), 4), round(chance_to_win_false_alarms(10, prior_sd=2), 4)
        (0.3417, 0.1483)
    """
    checks.between("threshold", threshold, 0.5, 1)
    checks.finite("prior_mean", prior_mean)
    if prior_sd is not None:
        checks.positive("prior_sd", prior_sd)
    times = _times(looks)
    needed = float(special.ndtri(threshold))
    state, rate = start(), 0.0
    for k, time in enumerate(times):
        # In units of the last look's standard error the estimate's error is 1 / sqrt(time).
        ratio = 0.0 if prior_sd is None else 1 / (prior_sd * math.sqrt(time))
        reach = needed * math.sqrt(1 + ratio * ratio)
        shift = 0.0 if prior_sd is None else prior_mean / prior_sd * ratio
        lower, upper = -reach - shift, reach - shift
        rate += above(state, time, upper) + below(state, time, lower)
        if k + 1 < len(times):
            state = advance(state, time, lower, upper, ahead=times[k + 1] - time)
    return min(max(rate, 0.0), 1.0)


def _times(looks: int | Sequence[float]) -> list[float]:
    if isinstance(looks, int):
        if not 1 <= looks <= _MAX_LOOKS:
            raise Refused.because(
                "looks.out_of_range",
                f"{looks} looks were named, but it must be from 1 to {_MAX_LOOKS}.",
                "Give the number of looks that were taken.",
                name="looks",
                value=looks,
            )
        return [k / looks for k in range(1, looks + 1)]
    times = [checks.positive("looks", t) for t in looks]
    if not times or times[-1] > 1 or any(b <= a for a, b in pairwise(times)):
        raise Refused.because(
            "looks.not_ascending",
            "The looks must ascend, each a share of the last look's units above 0 and at most 1.",
            "Divide the units at each look by those at the last.",
            name="looks",
        )
    return times
