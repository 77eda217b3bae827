"""Boundaries that a centred sum crosses at any time at all with chance at most alpha: normal mixtures and stitching.

``s`` is the centred sum and ``v`` its intrinsic time: the variance it has gathered. For a mean of n values with unit
variance v is n, so a boundary u stands u / sqrt(v) standard errors from the estimate. ``rho`` places a mixture: the
time at which it is tightest.

References:
    Howard, Ramdas, McAuliffe & Sekhon (2021), Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals
    of Statistics 49: section 3.2 (normal mixtures), theorem 1 and equation 10 (stitching).
    Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math. Statist. 41.
"""

from __future__ import annotations

import math

from scipy import special

from copilot_tools import checks
from copilot_tools.stats.roots import root

__all__ = [
    "always_valid_p",
    "best_rho",
    "normal_mixture_bound",
    "normal_mixture_log",
    "stitched_bound",
]


def best_rho(v_best: float, alpha: float, sides: int = 2) -> float:
    """The mixture's ``rho`` that makes its boundary (nearly) tightest at intrinsic time ``v_best``.

    Args:
        v_best: Intrinsic time, above 0; chosen before the data.
        alpha: Chance of ever crossing, in (0, 1); below 1/2 for one side.
        sides: 2 or 1. A one-sided mixture is tuned as a two-sided one at twice its alpha.

    Raises:
        Refused: A parameter is out of range.

    Example:
        >>> round(best_rho(100, 0.05), 5)
        12.60056
    """
    checks.positive("v_best", v_best)
    checks.between("alpha", alpha, 0, 1 if sides == 2 else 0.5)
    log = -math.log(alpha if sides == 2 else 2 * alpha)
    return v_best / (2 * log + math.log1p(2 * log))


def normal_mixture_log(s: float, v: float, rho: float, sides: int = 2) -> float:
    """Log of the normal mixture martingale at centred sum ``s`` and intrinsic time ``v``.

    Under no effect it exceeds log(1/alpha) at some time with chance at most alpha. One-sided it looks for s above 0.

    Args:
        s: Centred sum, finite, in the unit whose square ``v`` is in.
        v: Intrinsic time, 0 or more.
        rho: The mixture's place, above 0, as ``best_rho`` gives it.
        sides: 2 or 1.

    Raises:
        Refused: A parameter is out of range.

    Example:
        >>> round(normal_mixture_log(10, 100, best_rho(100, 0.05)), 6)
        -0.651005
    """
    total = checks.finite("v", v) + checks.positive("rho", rho)
    checks.positive("v + rho", total)
    exponent = 0.5 * math.log(rho / total) + checks.finite("s", s) ** 2 / (2 * total)
    if sides == 2:
        return exponent
    return exponent + math.log(2) + float(special.log_ndtr(s / math.sqrt(total)))


def normal_mixture_bound(v: float, alpha: float, rho: float, sides: int = 2) -> float:
    """The centred sum at which the normal mixture reaches 1/alpha.

    Use it for sums of nearly normal values that are watched all the time, with no end in sight.

    Args:
        v: Intrinsic time, above 0.
        alpha: Chance of ever crossing, over all sides, in (0, 1).
        rho: The mixture's place, above 0; must not depend on outcomes.
        sides: 2 or 1.

    Raises:
        Refused: A parameter is out of range.

    Example:
        >>> round(normal_mixture_bound(100, 0.05, best_rho(100, 0.05)), 5)
        30.35209
    """
    checks.positive("v", v)
    checks.positive("rho", rho)
    log = -math.log(checks.between("alpha", alpha, 0, 1))
    total = v + rho
    two_sided = math.sqrt(total * (2 * log + math.log(total / rho)))
    if sides == 2:
        return two_sided
    # Half the mass on one side makes the mixture at most twice as large there, and at 0 no larger than 1.
    return root(lambda s: normal_mixture_log(s, v, rho, 1) - log, 0.0, two_sided)


def stitched_bound(v: float, alpha: float, v_min: float, *, c: float = 0.0, s: float = 1.4, eta: float = 2.0) -> float:
    """The one-sided polynomial stitched boundary; it grows as sqrt(v log log v), slower than any mixture.

    Use it where a test runs for very long, beyond any horizon that could be named. Two-sided: alpha / 2 on each side.

    Args:
        v: Intrinsic time, above 0; before ``v_min`` the boundary stays where it is at ``v_min``.
        alpha: Chance of ever crossing, in (0, 1).
        v_min: Intrinsic time from which the boundary is of use, above 0; chosen before the data.
        c: Scale of a sub-gamma sum, 0 for sub-Gaussian ones; the largest value less its mean for bounded ones.
        s: How alpha is spread over the epochs, above 1.
        eta: Ratio of one epoch to the last, above 1.

    Raises:
        Refused: A parameter is out of range.

    Example:
        >>> round(stitched_bound(100, 0.05, 10, c=3), 4)
        64.4875
    """
    checks.between("alpha", alpha, 0, 1)
    checks.positive("s - 1", s - 1)
    checks.positive("eta - 1", eta - 1)
    if checks.finite("c", c) < 0:
        checks.positive("c", c)
    here = max(checks.positive("v", v), checks.positive("v_min", v_min))
    epochs = math.log(eta * here / v_min)
    spent = s * math.log(epochs) + math.log(float(special.zeta(s)) / (alpha * math.log(eta) ** s))
    k1 = (eta**0.25 + eta**-0.25) / math.sqrt(2)
    k2 = (math.sqrt(eta) + 1) / 2
    return math.sqrt(k1 * k1 * here * spent + (k2 * c * spent) ** 2) + k2 * c * spent


def always_valid_p(z: float, v: float, rho: float, sides: int = 2) -> float:
    """Always-valid p-value at one look: 1 over the mixture, at most 1. Over several looks the smallest stands.

    Args:
        z: Estimate over its standard error; for one side positive in the desired direction.
        v: Intrinsic time: units so far, above 0.
        rho: The mixture's place on the same count, above 0.
        sides: 2 or 1.

    Returns:
        A p-value; 0 where it is below the smallest number a float holds.

    Raises:
        Refused: A parameter is out of range.

    References:
        Johari, Koomen, Pekelis & Walsh (2022), Always valid inference, Operations Research 70.
    """
    checks.positive("v", v)
    return math.exp(min(0.0, -normal_mixture_log(z * math.sqrt(v), v, rho, sides)))
