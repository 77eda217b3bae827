"""What Thompson sampling would do next: send units to each arm as often as it is believed best. No test.

Reference:
    Scott (2010), A modern Bayesian look at the multi-armed bandit, Applied Stochastic Models in Business and Industry
    26 (randomized probability matching).
"""

from __future__ import annotations

from collections.abc import Sequence

from copilot_tools import checks
from copilot_tools.refusals import Refused

__all__ = ["thompson_allocation"]


def thompson_allocation(chances: Sequence[float], least: float = 0.0) -> tuple[float, ...]:
    """The share of the next units for each arm.

    Thompson sampling draws once from every arm's posterior for each unit and takes the arm that came out best: on
    average the chance to be best. It explores while it earns; effects estimated from units assigned so are biased and
    no error rate holds for them, so it is no substitute for a test.

    Use it to earn while learning, where no effect has to be measured. Not for a test that is to be read.

    Args:
        chances: Chance of each arm to be best; they add up to 1.
        least: Share that every arm keeps, from 0 to 1 / arms; the rest is scaled down.

    Raises:
        Refused: ``least`` is out of range, or the chances do not add up.

    Example:
        >>> [round(x, 3) for x in thompson_allocation([0.1, 0.24, 0.66], least=0.05)]
        [0.135, 0.254, 0.611]
    """
    k = len(chances)
    if k < 2 or abs(sum(checks.finite("chances", c) for c in chances) - 1) > 1e-6 or min(chances) < 0:
        raise Refused.because(
            "bandit.chances",
            f"The chances of {k} arms to be best must be at least 0 and add up to 1.",
            "Give one chance an arm, for two arms or more.",
            name="chances",
        )
    if not 0 <= checks.finite("least", least) <= 1 / k:
        raise Refused.because(
            "bandit.least",
            f"Each of {k} arms cannot keep {least:g} of the units; at most {1 / k:.3g} is left for each.",
            f"Give a share from 0 to {1 / k:.3g}.",
            name="least",
            value=least,
        )
    total = sum(chances)
    return tuple(least + (1 - k * least) * c / total for c in chances)
