"""The score method corrected for skewness: two proportions of arms of very different sizes.

The pooled z is skewed where one arm is much smaller and the outcome rare: its two tails no longer hold alike. With the
third cumulant at the constrained estimates, the end at z = c is where the score statistic equals
c + skewness / 6 (c^2 - 1) (Cornish and Fisher). Test and intervals use one equation, so they never contradict.

References:
    Gart & Nam (1988), Approximate interval estimation of the ratio of binomial parameters: a review and corrections for
    skewness, Biometrics 44; Gart & Nam (1990), the same for the difference, Biometrics 46. Laud (2017), Equal-tailed
    confidence intervals for comparison of rates, Pharmaceutical Statistics 16.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.proportions import (
    Counts,
    constrained_by_difference,
    constrained_by_ratio,
    koopman,
    mee,
    pooled_z,
)

__all__ = ["corrected_difference", "corrected_ratio", "corrected_z", "null_skewness"]

_FURTHEST = 4.0
"""Standard errors from which the correction grows no further: the expansion has no more to say there."""
_MOST = 0.7
"""Skewness from which the same holds; keeps what is reached growing with the critical value."""
_WIDEST = 60.0


def null_skewness(control: Counts, treatment: Counts) -> float:
    """Skewness of the difference's distribution when both arms share the pooled proportion; 0 for equal arms."""
    n0, n1 = control.n, treatment.n
    p = (control.successes + treatment.successes) / (n0 + n1)
    return _skewness(p, n0, p, n1, 1.0)


def corrected_z(control: Counts, treatment: Counts) -> float | None:
    """The pooled z, corrected: its normal tails are those of the skewed statistic; None when nothing varies.

    Example:
        Ten of 1,000 where 45 of 9,000 are control: the pooled z is 2.03.

        >>> round(corrected_z(Counts(45, 9000), Counts(10, 1000)), 2)
        1.88
    """
    z = pooled_z(control, treatment)
    if z is None:
        return None
    a = null_skewness(control, treatment) / 6
    if a == 0:
        return z
    edge = _FURTHEST + a * (_FURTHEST**2 - 1), -_FURTHEST + a * (_FURTHEST**2 - 1)
    if z >= edge[0] or z <= edge[1]:
        return z - a * (_FURTHEST**2 - 1)
    # The root of a x^2 + x - (a + z) that goes to z as the skewness goes to 0, written without cancellation.
    return 2 * (a + z) / (1 + math.sqrt(1 + 4 * a * (a + z)))


def corrected_difference(control: Counts, treatment: Counts, critical: float) -> tuple[float, float]:
    """Gart and Nam's interval for treatment minus control.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors of the normal distribution from the estimate to an end.
    """
    (x0, n0), (x1, n1) = control, treatment
    seen = treatment.share - control.share

    def excess(d: float, side: float) -> float:
        p0, p1 = constrained_by_difference(control, treatment, d)
        variance = p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1
        if variance <= 0:
            return 0.0 if seen == d else math.copysign(1e9, seen - d)
        return (seen - d) / math.sqrt(variance) - _reached(side, _skewness(p0, n0, p1, n1, 1.0))

    near = mee(control, treatment, critical)
    if x0 + x1 in {0, n0 + n1}:
        return near  # nothing varies, so there is no skewness to correct for
    low = -1.0 if seen <= -1 else _end(lambda d: excess(d, critical), seen, near[0], -1.0)
    high = 1.0 if seen >= 1 else _end(lambda d: -excess(d, -critical), seen, near[1], 1.0)
    return low, high


def corrected_ratio(control: Counts, treatment: Counts, critical: float) -> tuple[float, float]:
    """Gart and Nam's interval for the ratio treatment / control.

    The upper end is infinite for a control without successes, the lower end 0 for a treatment without successes.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors of the normal distribution from the estimate to an end.

    Raises:
        Refused: Nothing varies: no unit, or every unit, of both arms is a success.
    """
    (x0, n0), (x1, n1) = control, treatment
    near = koopman(control, treatment, critical)

    def excess(log_ratio: float, side: float) -> float:
        r = math.exp(log_ratio)
        p0, p1 = constrained_by_ratio(control, treatment, r)
        variance = p1 * (1 - p1) / n1 + r * r * p0 * (1 - p0) / n0
        gap = treatment.share - r * control.share
        if variance <= 0:
            return 0.0 if gap == 0 else math.copysign(1e9, gap)
        return gap / math.sqrt(variance) - _reached(side, _skewness(p0, n0, p1, n1, r))

    low, high = 0.0, math.inf
    if x1 > 0:
        start = math.log(treatment.share / control.share) if x0 else math.log(near[0]) + 1
        low = math.exp(_end(lambda v: excess(v, critical), start, math.log(near[0]), -_WIDEST))
    if x0 > 0:
        start = math.log(treatment.share / control.share) if x1 else math.log(near[1]) - 1
        high = math.exp(_end(lambda v: -excess(v, -critical), start, math.log(near[1]), _WIDEST))
    return low, high


def _end(f: Callable[[float], float], inside: float, near: float, limit: float) -> float:
    """Where ``f``, negative inside the interval, turns positive on the way to ``limit``; sought around ``near``."""
    step = max(abs(near - inside), 1e-12) / 4
    outward = math.copysign(1.0, limit - inside)
    start = inside
    while f(start) > 0:  # only where an arm without events has no estimate to start from
        start -= outward * step
        step *= 2
    step = max(abs(near - start), 1e-12) / 4
    beyond = near + outward * step
    while (limit - beyond) * outward > 0 and f(beyond) <= 0:
        beyond += outward * step
        step *= 2
    if (limit - beyond) * outward <= 0:
        beyond = limit
        if f(beyond) <= 0:
            return limit
    if start < 0 < beyond or beyond < 0 < start:
        # "No effect" is weighed first, so that the end lies on the side of it that the test says.
        start, beyond = (0.0, beyond) if f(0.0) <= 0 else (start, 0.0)
    return root(f, start, beyond, tolerance=1e-12 * abs(beyond - start))


def _reached(critical: float, skewness: float) -> float:
    """Where the score statistic stands when a normal one stands at ``critical``."""
    return critical + skewness / 6 * (min(critical * critical, _FURTHEST**2) - 1)


def _skewness(p0: float, n0: int, p1: float, n1: int, ratio: float) -> float:
    """Of p1-hat minus ratio x p0-hat, within what the expansion can bear."""
    v0, v1 = ratio * ratio * p0 * (1 - p0) / n0, p1 * (1 - p1) / n1
    if v0 + v1 <= 0:
        return 0.0
    third = v1 * (1 - 2 * p1) / n1 - ratio * v0 * (1 - 2 * p0) / n0
    return min(max(third / math.pow(v0 + v1, 1.5), -_MOST), _MOST)
