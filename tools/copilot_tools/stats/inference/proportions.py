"""Two proportions by the score method: the test and the interval that inverts it never contradict each other.

At "no difference" the constrained estimates of both intervals (difference and ratio) are the pooled proportion, so
each excludes no effect exactly when the pooled z test rejects it, at any critical value.

References:
    Wilson (1927), JASA 22. Mee (1984), Biometrics 40. Miettinen & Nurminen (1985), Statistics in Medicine 4. Koopman
    (1984), Biometrics 40. Newcombe (1998), Statistics in Medicine 17, 857-872 and 873-890 (method 10). Agresti & Caffo
    (2000), The American Statistician 54.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.moments import Moments

__all__ = [
    "Counts",
    "constrained_by_difference",
    "constrained_by_ratio",
    "counts_of",
    "koopman",
    "mee",
    "miettinen_nurminen",
    "newcombe",
    "pooled_variance",
    "pooled_z",
    "standard_error",
    "wilson",
]


_NEAREST = 1e-9
"""Standard errors below which the ratio's interval is a point to floating point, and a search would not end."""
_FURTHEST = 100.0
"""Standard errors above which no tail is a double any more, and a ratio's end would overflow."""


class Counts(NamedTuple):
    """Successes among n units."""

    successes: int
    n: int

    @property
    def share(self) -> float:
        """Successes over units."""
        return self.successes / self.n

    @classmethod
    def checked(cls, successes: float, n: float) -> Counts:
        """Counts typed by a person.

        Raises:
            Refused: ``n`` is no positive count, or ``successes`` no count up to ``n``.
        """
        units = checks.count("n", n, at_least=1)
        return cls(checks.successes("successes", successes, units), units)


def counts_of(moments: Moments) -> Counts:
    """Counts behind the moments of a column of zeros and ones.

    Raises:
        Refused: No units; or the moments are not those of zeros and ones.
    """
    if moments.n < 1:
        raise Refused.because(
            "data.too_few_units",
            "A proportion needs at least 1 unit, but there are 0.",
            "Wait for more units, or leave this arm or slice out.",
            name="n",
            value=0,
        )
    n, mean = moments.n, moments.mean[0]
    successes = round(n * mean)
    spread = moments.comoments[0][0] - successes * (n - successes) / n
    if not 0 <= successes <= n or abs(n * mean - successes) > 1e-6 * n or abs(spread) > 1e-6 * n:
        raise Refused.because(
            "data.not_a_proportion",
            f"A proportion's values must all be 0 or 1, but {n:,} of them average {mean:g} with a sum of squares about "
            f"the mean of {moments.comoments[0][0]:g}.",
            "Declare the metric as a mean, or check its column.",
            name="metric",
            value=mean,
        )
    return Counts(successes, n)


def wilson(arm: Counts, critical: float) -> tuple[float, float]:
    """Wilson's score interval for one proportion.

    Args:
        arm: Successes and units.
        critical: Standard errors to an end of the interval, above 0: 1.96 for 95%.

    Example:
        >>> [round(end, 4) for end in wilson(Counts(81, 263), 1.959963984540054)]
        [0.2553, 0.3662]
    """
    x, n = arm
    squared = critical * critical
    centre = x + squared / 2
    half = critical * math.sqrt(x * (n - x) / n + squared / 4)
    low = 0.0 if x == 0 else (centre - half) / (n + squared)
    return low, 1.0 if x == n else (centre + half) / (n + squared)


def newcombe(control: Counts, treatment: Counts, critical: float) -> tuple[float, float]:
    """Newcombe's hybrid score interval for treatment minus control (his method 10).

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors to an end of the interval, above 0: 1.96 for 95%.
    """
    p0, p1 = control.share, treatment.share
    low0, high0 = wilson(control, critical)
    low1, high1 = wilson(treatment, critical)
    difference = p1 - p0
    return difference - math.hypot(p1 - low1, high0 - p0), difference + math.hypot(high1 - p1, p0 - low0)


def pooled_variance(successes: float, a: int, b: int) -> float:
    """Variance of the difference of two proportions of a and b units that share one, estimated from all of them.

    Args:
        successes: Successes among all units, from 0 to a + b.
        a: Units of one arm, above 0.
        b: Units of the other, above 0.
    """
    n = a + b
    return successes / n * ((n - successes) / n) * (1 / a + 1 / b)


def pooled_z(control: Counts, treatment: Counts) -> float | None:
    """The pooled two-sample z: positive when treatment is above control; None when nothing varies at all."""
    variance = pooled_variance(control.successes + treatment.successes, control.n, treatment.n)
    return (treatment.share - control.share) / math.sqrt(variance) if variance > 0 else None


def standard_error(control: Counts, treatment: Counts) -> float:
    """Unpooled standard error of the difference; never 0.

    Where neither arm varies, the estimated variance of 0 is an artefact of few events: Agresti and Caffo's estimate,
    with one success and one failure more in each arm, stands in its place.
    """
    variance = sum(a.share * (a.n - a.successes) / a.n / a.n for a in (control, treatment))
    if variance > 0:
        return math.sqrt(variance)
    more = [Counts(a.successes + 1, a.n + 2) for a in (control, treatment)]
    return math.sqrt(sum(a.share * (1 - a.share) / a.n for a in more))


def mee(control: Counts, treatment: Counts, critical: float) -> tuple[float, float]:
    """Mee's score interval for treatment minus control: inverts the pooled z test.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors to an end of the interval, above 0: 1.96 for 95%.

    Example:
        >>> [round(end, 4) for end in mee(Counts(48, 80), Counts(56, 70), 1.959963984540054)]
        [0.0533, 0.3377]
    """
    return _difference(control, treatment, critical * critical)


def miettinen_nurminen(control: Counts, treatment: Counts, critical: float) -> tuple[float, float]:
    """Miettinen and Nurminen's score interval: Mee's, with variances multiplied by N / (N - 1).

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors to an end of the interval, above 0: 1.96 for 95%.

    Example:
        >>> [round(end, 4) for end in miettinen_nurminen(Counts(48, 80), Counts(56, 70), 1.959963984540054)]
        [0.0528, 0.3382]
    """
    n = control.n + treatment.n
    return _difference(control, treatment, critical * critical * n / (n - 1))


def _difference(control: Counts, treatment: Counts, squared: float) -> tuple[float, float]:
    (x0, n0), (x1, n1) = control, treatment
    difference = treatment.share - control.share
    if x0 + x1 == 0:
        return -squared / (n0 + squared), squared / (n1 + squared)
    if x0 + x1 == n0 + n1:
        return -squared / (n1 + squared), squared / (n0 + squared)

    def excess(d: float) -> float:
        p0, p1 = _constrained(x0, n0, x1, n1, d)
        return (difference - d) ** 2 - squared * (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)

    # Wald's half-width, widened: most often a bracket at once, and never beyond what a difference can be.
    reach = 1.5 * math.sqrt(squared) * standard_error(control, treatment) + squared / min(n0, n1)
    low, high = -1.0, 1.0
    if difference > -1:
        # At a difference of 1 nothing varies and the excess is 0 there, which is no end: start just inside.
        start = difference if difference < 1 else 1 - 1e-3 * squared / (n0 + n1 + squared)
        near = max(-1.0, difference - reach)
        low = root(excess, near if excess(near) > 0 else -1.0, start, tolerance=1e-12 * reach)
    if difference < 1:
        start = difference if difference > -1 else -1 + 1e-3 * squared / (n0 + n1 + squared)
        near = min(1.0, difference + reach)
        high = root(excess, start, near if excess(near) > 0 else 1.0, tolerance=1e-12 * reach)
    return low, high


def constrained_by_difference(control: Counts, treatment: Counts, difference: float) -> tuple[float, float]:
    """Maximum likelihood shares of control and treatment that differ by exactly ``difference``."""
    return _constrained(control.successes, control.n, treatment.successes, treatment.n, difference)


def constrained_by_ratio(control: Counts, treatment: Counts, ratio: float) -> tuple[float, float]:
    """Maximum likelihood shares of control and treatment whose ratio, treatment / control, is exactly ``ratio``."""
    (x0, n0), (x1, n1) = control, treatment
    b = n1 * ratio + x1 + n0 + x0 * ratio
    p0 = 2 * (x0 + x1) / (b + math.sqrt(max(b * b - 4 * (n0 + n1) * ratio * (x0 + x1), 0.0)))
    return min(p0, 1.0), min(ratio * p0, 1.0)


def _constrained(x0: int, n0: int, x1: int, n1: int, d: float) -> tuple[float, float]:
    """Maximum likelihood (p0, p1) subject to p1 - p0 = d."""
    if d < 0:
        p1, p0 = _constrained(x1, n1, x0, n0, -d)
        return p0, p1
    if x1 == n1 and x0 > 0:
        # Counting failures instead puts the certain arm where the cubic loses a factor.
        q1, q0 = _lower(n1 - x1, n1, n0 - x0, n0, d)
        return 1 - q0, 1 - q1
    return _lower(x0, n0, x1, n1, d)


def _lower(x0: int, n0: int, x1: int, n1: int, d: float) -> tuple[float, float]:
    """The same for d >= 0: the middle root of a cubic in p0, in closed form, then polished."""
    n, highest = n0 + n1, 1.0 - d
    # p^3 + c2 p^2 + c1 p + c0, positive below the wanted root and negative above it.
    c2 = ((n1 + 2 * n0) * d - n - x0 - x1) / n
    c1 = ((n0 * d - n - 2 * x0) * d + x0 + x1) / n
    c0 = x0 * d * (1 - d) / n
    if c0 == 0:
        p = 0.0 if c1 <= 0 else 2 * c1 / (math.sqrt(max(c2 * c2 - 4 * c1, 0.0)) - c2)
        p = min(p, highest)
        return p, p + d
    third = c2 / 3
    q = third**3 - c1 * c2 / 6 + c0 / 2
    radius = math.copysign(math.sqrt(max(third * third - c1 / 3, 0.0)), q)
    cosine = min(max(q / radius**3, -1.0), 1.0) if radius else 0.0
    p = 2 * radius * math.cos((math.pi + math.acos(cosine)) / 3) - third
    # The closed form loses digits where p is small: a few guarded Newton steps restore them.
    low, high = 0.0, highest
    p = p if low < p < high else high / 2
    for _ in range(80):
        f = ((p + c2) * p + c1) * p + c0
        low, high = (p, high) if f > 0 else (low, p)
        slope = (3 * p + 2 * c2) * p + c1
        new = p - f / slope if slope < 0 else -1.0
        new = new if low < new < high else (low + high) / 2
        step, p = abs(new - p), new
        if step <= 1e-15 * p:
            break
    return p, p + d


def koopman(control: Counts, treatment: Counts, critical: float) -> tuple[float, float]:
    """Koopman's score interval for the ratio treatment / control: inverts the pooled z test.

    A control without successes leaves the upper end open (infinite); a treatment without successes puts the lower end
    at 0.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors to an end of the interval, above 0: 1.96 for 95%.

    Raises:
        Refused: Nothing varies: no unit, or every unit, of both arms is a success.

    Example:
        >>> [round(end, 3) for end in koopman(Counts(104, 11037), Counts(189, 11034), 1.959963984540054)]
        [1.434, 2.305]
    """
    (x0, n0), (x1, n1) = control, treatment
    total, n = x0 + x1, n0 + n1
    critical = min(max(critical, _NEAREST), _FURTHEST)
    if total in (0, n):
        which = "no unit is a success" if total == 0 else "every unit is a success"
        raise Refused.because(
            "relative.no_variation",
            f"In both arms {which} ({x0:,} of {n0:,} and {x1:,} of {n1:,}), so a relative effect cannot be judged.",
            "State the effect in absolute terms, or wait until both outcomes occur.",
            name="successes",
            value=total,
        )
    p0, p1 = control.share, treatment.share
    squared = critical * critical

    def excess(log_ratio: float) -> float:
        ratio = math.exp(log_ratio)
        q0, q1 = constrained_by_ratio(control, treatment, ratio)
        spread = q1 * (1 - q1) / n1 + ratio * ratio * q0 * (1 - q0) / n0
        # Divided by the larger of the two terms' scale, so that neither end of the search overflows.
        return ((p1 - ratio * p0) ** 2 - squared * spread) / max(1.0, ratio) ** 2

    # The delta method's half-width of the log ratio, widened: most often a bracket at once.
    step = 1.5 * critical * math.sqrt(1 / max(x0, 1) + 1 / max(x1, 1))
    low, high = 0.0, math.inf
    if x1 > 0:
        start = math.log(p1 / p0) if x0 > 0 else _outwards(excess, 0.0, 1.0, positive=False)
        low = math.exp(root(excess, _outwards(excess, start, -step), start, tolerance=1e-12 * step))
    if x0 > 0:
        start = math.log(p1 / p0) if x1 > 0 else _outwards(excess, 0.0, -1.0, positive=False)
        high = math.exp(root(excess, start, _outwards(excess, start, step), tolerance=1e-12 * step))
    return low, high


def _outwards(f: Callable[[float], float], start: float, step: float, *, positive: bool = True) -> float:
    """The first point from ``start`` on, in growing steps, where ``f`` has the wanted sign."""
    x = start
    while (f(x) > 0) != positive:
        x += step
        step *= 2
    return x
