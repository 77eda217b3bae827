"""One proportion and its interval: Wilson, Clopper-Pearson, Jeffreys.

References:
    Wilson (1927), JASA 22. Clopper & Pearson (1934), Biometrika 26. Brown, Cai & DasGupta (2001), Interval estimation
    for a binomial proportion, Statistical Science 16 (Jeffreys, with ends of 0 and 1 at the limits).
"""

from __future__ import annotations

from typing import Literal

from scipy import special

from copilot_tools import checks
from copilot_tools.results import Interval
from copilot_tools.stats.inference.proportions import Counts, wilson

__all__ = ["SingleMethod", "clopper_pearson", "jeffreys", "proportion_interval"]

SingleMethod = Literal["wilson", "clopper-pearson", "jeffreys"]


def clopper_pearson(arm: Counts, tail: float) -> tuple[float, float]:
    """Clopper and Pearson's exact interval: inverts two one-sided binomial tests, and covers at least 1 - 2 ``tail``.

    Use it where coverage must be guaranteed; it is wider than the others.

    Args:
        arm: Successes and units.
        tail: Chance that an end misses the proportion, in (0, .5).

    Example:
        >>> [round(end, 4) for end in clopper_pearson(Counts(81, 263), 0.025)]
        [0.2527, 0.3676]
    """
    x, n = arm
    low = 0.0 if x == 0 else float(special.betaincinv(x, n - x + 1, tail))
    return low, 1.0 if x == n else float(special.betainccinv(x + 1, n - x, tail))


def jeffreys(arm: Counts, tail: float) -> tuple[float, float]:
    """Jeffreys' interval: equal tails of the posterior under Jeffreys' prior, Beta(1/2, 1/2); close to 1 - 2 ``tail``.

    Use it for small n where the exact interval is too wide; an end is 0 or 1 where no unit, or every unit, succeeds.

    Args:
        arm: Successes and units.
        tail: Chance that an end misses the proportion, in (0, .5).

    Example:
        >>> [round(end, 4) for end in jeffreys(Counts(81, 263), 0.025)]
        [0.2545, 0.3656]
    """
    x, n = arm
    low = 0.0 if x == 0 else float(special.betaincinv(x + 0.5, n - x + 0.5, tail))
    return low, 1.0 if x == n else float(special.betainccinv(x + 0.5, n - x + 0.5, tail))


def proportion_interval(successes: int, n: int, *, alpha: float = 0.05, method: SingleMethod = "wilson") -> Interval:
    """The two-sided interval for one proportion.

    Use it for one rate by itself. Not to compare two: overlapping intervals are no test.

    Args:
        successes: Units that did, 0 to ``n``.
        n: Units, at least 1.
        alpha: 1 - coverage, in (0, 1).
        method: "wilson" (close to its level on average, the default), "clopper-pearson" (never below it), "jeffreys".

    Raises:
        Refused: A count is none, ``successes`` exceed ``n``, or ``alpha`` is out of range.

    Example:
        >>> found = proportion_interval(0, 20)
        >>> found.low, round(found.high, 4)
        (0.0, 0.1611)
    """
    arm = Counts.checked(successes, n)
    tail = checks.between("alpha", alpha, 0, 1) / 2
    if method == "wilson":
        low, high = wilson(arm, float(-special.ndtri(tail)))
    else:
        low, high = (clopper_pearson if method == "clopper-pearson" else jeffreys)(arm, tail)
    return Interval(low=low, high=high, level=round(1 - alpha, 12))
