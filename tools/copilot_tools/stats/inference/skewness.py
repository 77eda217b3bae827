"""Two means of skewed values: the interval of Welch's t, widened where skewness would make it err.

Revenue is skewed, and Welch's t with it. Between arms of one size the skewness of the two averages cancels; in a small
arm beside a large one it does not. The small arm often has not met its rare large values yet: it looks both lower and
surer than it is, and at 90:10 a 5% test finds a loss where there is none in 9 to 17 of 100 tests. Two corrections, both
closed forms of the arms' moments, both leaving Welch as it is where nothing is skewed:

1. **The spread.** An arm whose variance lies below the variance pooled over the pair may only lack its large values. It
   is raised towards the pooled one by as much as chance explains. The kurtosis of values with skewness g is at least
   g^2 + 1, so the variance of n of them varies at least as a count of n / g^2 rare events does; taken here for
   n / (1.5 g^2) of them, of which the variance at hand shows some, and as many more as are two standard errors away.
   It goes a share of that way: by how much smaller the arm is than the other, and 1 over the number of rare large
   values to be expected in it. Arms of one size with a dozen of them or more stay all but as they are.
2. **The shape.** With k the skewness of the difference, P(t <= x) is normal plus k (2 x^2 + 1) / 6 times the density:
   Hall's monotone transformation takes that out. k is not known well where it matters, so it is estimated three ways
   (each arm's own third moment; one third moment for both; one skewness for both, each arm with its own spread) and the
   interval reaches as far as the furthest of them and Welch's own reach. It is therefore never narrower than Welch's
   would be with these spreads, at a cost: its error is below alpha, not at alpha (docs/calibration/skewness.md).

Where no estimate of k is beyond .02, Welch's interval errs by less than a quarter of a percentage point in either tail
and is left alone. With fewer than 30 units in an arm only the second estimate decides that.

References:
    Hall (1992), On the removal of skewness by transformation, JRSS B 54 (the transformation). Hall (1992), The
    Bootstrap and Edgeworth Expansion, section 2.6. Johnson (1978), Modified t tests and confidence intervals for
    asymmetrical populations, JASA 73. Zhou & Dinh (2005), Nonparametric confidence intervals for the one- and
    two-sample problems, Biostatistics 6 (two samples).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.tails import Alternative

__all__ = ["SkewedPair", "skewed_pair"]

_HARMLESS = 0.02
"""Skewness of a difference below which each tail of a 5% interval is off by less than .25 percentage points."""

_SHAPELESS = 30
"""Units in an arm below which only the skewness of both arms together says whether anything is corrected."""

_KURTOSIS = 1.5
"""Kurtosis beyond the normal's, in squared skewnesses: 1 at the least (two values), 1.5 for a gamma distribution."""

_ERRORS = 2.0
"""Standard errors by which chance is taken to explain a small variance, on the scale of the root of a count."""


@dataclass(frozen=True, slots=True)
class SkewedPair:
    """Two levels to be compared although their values are skewed.

    Attributes:
        control: Control's level, its variance raised where chance may have made it small.
        treatment: Treatment's level, likewise.
        skewness: Estimates of the skewness of treatment minus control, 0 among them.
    """

    control: Level
    treatment: Level
    skewness: tuple[float, ...]

    def reach(self, critical: float) -> tuple[float, float]:
        """Standard errors from the estimate down to the low end, and up to the high end; both at least ``critical``.

        Args:
            critical: Standard errors to either end, were nothing skewed; above 0.
        """
        down = max(_bent(critical, k) for k in self.skewness)
        up = max(-_bent(-critical, k) for k in self.skewness)
        return max(down, critical), max(up, critical)

    def statistic(self, t: float, alternative: Alternative = "two-sided") -> float:
        """The statistic with Student's distribution at most: it is past a critical value where ``reach`` excludes 0.

        Args:
            t: The difference in standard errors.
            alternative: Which way an effect is looked for; two-sided, the statistic never crosses 0.
        """
        straight = [_straightened(t, k) for k in self.skewness]
        if alternative == "greater":
            return min(straight)
        if alternative == "less":
            return max(straight)
        return max(0.0, min(straight)) if t > 0 else min(0.0, max(straight))


def skewed_pair(control: Level, treatment: Level) -> SkewedPair | None:
    """The pair as it has to be compared, or None where Welch's interval may stand as it is.

    Args:
        control: Control's level, with its third moment; at least two units.
        treatment: The treatment's, likewise.

    Returns:
        None where the third moments were not taken, nothing varies, or no estimate of the difference's skewness is
        beyond .02 either way.

    Example:
        Nine thousand units against a thousand of an exponential distribution (variance 1, third moment 2).

        >>> a = Level(9000, 1.0, 1.0, 1 / 9000, 1 / 9000, third=2.0)
        >>> b = Level(1000, 1.0, 1.0, 1 / 1000, 1 / 1000, third=2.0)
        >>> pair = skewed_pair(a, b)
        >>> [round(x, 3) for x in pair.reach(1.96)]
        [1.96, 2.042]
    """
    if control.third is None or treatment.third is None:
        return None
    arms = (control, treatment)
    n, units = control.n + treatment.n, [a.variance * a.n for a in arms]
    within = math.fsum(s * (a.n - 1) for s, a in zip(units, arms, strict=True))
    # The square root of a variance per unit: everything below is in this scale, so that no cube leaves the numbers.
    scale = math.sqrt(within / n)
    if scale <= 0:
        return None
    s0, s1 = (s / scale / scale for s in units)
    m0, m1 = (m / scale / scale / scale for m in (control.third, treatment.third))
    if not (math.isfinite(m0) and math.isfinite(m1)):
        return None
    pooled = (control.n * m0 + treatment.n * m1) / n
    common = n / (n - 2)
    v0 = _raised(s0, common, pooled, control.n, treatment.n)
    v1 = _raised(s1, common, pooled, treatment.n, control.n)
    spread = (v0 / control.n + v1 / treatment.n) ** 1.5
    a2, b2 = control.n * control.n, treatment.n * treatment.n
    estimates = (
        (m1 / b2 - m0 / a2) / spread,
        pooled * (1 / b2 - 1 / a2) / spread,
        pooled * (v1**1.5 / b2 - v0**1.5 / a2) / spread,
    )
    # Few units say nothing of how their shapes differ: between small arms of one size Welch's interval stands.
    telling = estimates if min(control.n, treatment.n) >= _SHAPELESS else estimates[1:2]
    if max(map(abs, telling)) <= _HARMLESS:
        return None
    return SkewedPair(
        control=replace(control, variance=v0 * scale * scale / control.n),
        treatment=replace(treatment, variance=v1 * scale * scale / treatment.n),
        skewness=(0.0, *estimates),
    )


def _raised(variance: float, pooled: float, skewness: float, n: int, other: int) -> float:
    """A variance below the pooled one, raised towards it by as much as chance and few large values explain.

    Between arms of one size chance lowers either variance as often, and the errors cancel: where enough rare large
    values are to be expected, a low variance is left as it is and the standard error is Welch's own.
    """
    if variance >= pooled or abs(skewness) < _TINY:
        return variance
    # As many rare large values as make the variance: its relative variance is 1 over their number, as a count's is.
    expected = n / (_KURTOSIS * skewness * skewness)
    seen = variance / pooled * expected
    most = (math.sqrt(seen + 1) + _ERRORS / 2) ** 2
    # Never lowered: nearly every value seen is the limit of no skewness at all.
    highest = min(pooled, max(variance, pooled * most / expected))
    share = min(1.0, max(0.0, 1 - n / other) + 1 / expected)
    return variance + share * (highest - variance)


def _straightened(t: float, skewness: float) -> float:
    """Hall's transformation: t + k/6 + k t^2 / 3 + k^2 t^3 / 27, about normal where t is not."""
    if abs(skewness) < _TINY:
        return t
    cube = 1 + skewness * t / 3
    return (cube * cube * cube - 1) / skewness + skewness / 6


def _bent(x: float, skewness: float) -> float:
    """Hall's transformation the other way round."""
    if abs(skewness) < _TINY:
        return x
    return 3 / skewness * (math.cbrt(1 + skewness * (x - skewness / 6)) - 1)


_TINY = 1e-4
"""Skewness below which the transformation moves nothing that can be seen."""
