"""Two proportions by an exact unconditional test and the intervals that invert it, for counts too small for a z.

Tables are ordered by the score statistic of the hypothesis at hand, with Dunnett and Gent's restricted moment estimate
in its variance (the pooled share where the hypothesis is "no effect", so there the test is Barnard's, one-sided). The
p-value is the largest chance of a table at least as extreme over the nuisance share, which is searched for where both
arms' counts let it lie with confidence ``1 - GAMMA`` (Berger & Boos); GAMMA is added to the p-value. Difference and
ratio share the test of no effect, so either interval excludes it exactly when the test rejects.

References:
    Barnard (1945), A new test for 2 x 2 tables, Nature 156. Dunnett & Gent (1977), Significance testing to establish
    equivalence between treatments, Biometrics 33. Berger & Boos (1994), P values maximized over a confidence set for
    the nuisance parameter, JASA 89. Chan & Zhang (1999), Test-based exact confidence intervals for the difference of
    two binomial proportions, Biometrics 55.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.proportions import Counts, koopman, mee

__all__ = ["GAMMA", "MOST_TABLES", "Tails", "exact_difference", "exact_ratio", "no_effect", "tails_at"]

Floats = npt.NDArray[np.float64]

GAMMA = 1e-10
"""Chance that the nuisance share lies outside the region searched; part of every p-value."""
MOST_TABLES = 400_000
"""Tables (one count an arm) that may have to be weighed before the method is refused."""
_GRID = 25
_PRECISION = 1e-4


class Tails(NamedTuple):
    """One-sided p-values: of treatment being above, and of its being below, the hypothesis."""

    above: float
    below: float


class _Arm(NamedTuple):
    """Counts worth weighing, the logarithm of n choose each, and where the arm's share may lie."""

    counts: Floats
    log_ways: Floats
    n: int
    low: float
    high: float

    def chances(self, shares: Floats) -> Floats:
        """Probability of each count (columns) at each share (rows)."""
        p = shares[:, None]
        logs = self.log_ways + special.xlogy(self.counts, p) + special.xlog1py(self.n - self.counts, -p)
        chances: Floats = np.exp(logs)
        return chances


class _Tables(NamedTuple):
    control: _Arm
    treatment: _Arm
    seen: tuple[int, int]


def no_effect(control: Counts, treatment: Counts) -> Tails:
    """The exact test that two arms share one proportion.

    Use it where the pooled z is not to be trusted: fewer than 5 expected of either outcome in an arm.

    Args:
        control: Successes and units.
        treatment: Successes and units.

    Returns:
        One-sided p-values, each at least ``GAMMA``. The two-sided p-value is twice the smaller, at most 1.

    Raises:
        Refused: More than ``MOST_TABLES`` tables would have to be weighed.

    Example:
        Nobody of 20 against 5 of 20.

        >>> round(2 * no_effect(Counts(0, 20), Counts(5, 20)).above, 4)
        0.0167
    """
    return _no_effect(control, treatment)


def exact_difference(control: Counts, treatment: Counts, tail: float) -> tuple[float, float]:
    """Exact interval for treatment minus control, both ends at ``tail``.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        tail: Chance that an end misses the difference, such as .025 for a two-sided 95% interval.

    Returns:
        Ends in [-1, 1], to 1e-4 of the interval's half-width, rounded outwards; an end is at its limit where ``tail``
        is at most ``GAMMA``.

    Raises:
        Refused: More than ``MOST_TABLES`` tables would have to be weighed.
    """
    return _difference(control, treatment, tail)


def exact_ratio(control: Counts, treatment: Counts, tail: float) -> tuple[float, float]:
    """Exact interval for the ratio treatment / control, both ends at ``tail``.

    The upper end is infinite for a control without successes, the lower end 0 for a treatment without successes.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        tail: Chance that an end misses the ratio, in (0, 0.5).

    Raises:
        Refused: Nothing varies in either arm, or more than ``MOST_TABLES`` tables would have to be weighed.
    """
    return _ratio(control, treatment, tail)


def tails_at(control: Counts, treatment: Counts, effect: float, *, relative: bool) -> Tails:
    """The exact test of an effect other than none: what equivalence and non-inferiority ask of a margin.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        effect: Treatment minus control, or (relative) treatment / control minus 1. One that no two proportions can
            have is rejected at ``GAMMA``.
        relative: Which of the two.

    Returns:
        One-sided p-values of the effect being above, and of its being below ``effect``.

    Raises:
        Refused: More than ``MOST_TABLES`` tables would have to be weighed.

    Example:
        2 of 120 against 3 of 110: a loss of five points is ruled out.

        >>> round(tails_at(Counts(2, 120), Counts(3, 110), -0.05, relative=False).above, 4)
        0.0037
    """
    return _tails_at(control, treatment, effect, relative)


@lru_cache(maxsize=2048)
def _tails_at(control: Counts, treatment: Counts, effect: float, relative: bool) -> Tails:
    if effect == 0:
        return _no_effect(control, treatment)
    if effect < -1 or (not relative and effect > 1):
        return Tails(GAMMA, 1.0) if effect < 0 else Tails(1.0, GAMMA)
    if relative and effect == -1:
        # No success is possible in treatment: one alone settles it, none says nothing.
        return Tails(GAMMA if treatment.successes else 1.0, 1.0)
    tables = _tables(control, treatment)
    at = 1 + effect if relative else effect
    return Tails(*(_at(tables, at, side, ratio=relative) for side in (1, -1)))


@lru_cache(maxsize=4096)
def _no_effect(control: Counts, treatment: Counts) -> Tails:
    tables = _tables(control, treatment)
    return Tails(*(_at(tables, 0.0, side, ratio=False) for side in (1, -1)))


@lru_cache(maxsize=2048)
def _difference(control: Counts, treatment: Counts, tail: float) -> tuple[float, float]:
    tables = _tables(control, treatment)
    null = _no_effect(control, treatment)
    seen = treatment.share - control.share
    near_low, near_high = mee(control, treatment, float(-special.ndtri(tail)))

    def keeps_low(d: float) -> bool:
        return (null.above if d == 0 else _at(tables, d, 1, ratio=False, enough=tail)) > tail

    def keeps_high(d: float) -> bool:
        return (null.below if d == 0 else _at(tables, d, -1, ratio=False, enough=tail)) > tail

    low = -1.0 if seen <= -1 else _end(keeps_low, seen, near_low, -1.0, 0.0)
    high = 1.0 if seen >= 1 else _end(keeps_high, seen, near_high, 1.0, 0.0)
    return low, high


@lru_cache(maxsize=2048)
def _ratio(control: Counts, treatment: Counts, tail: float) -> tuple[float, float]:
    near_low, near_high = koopman(control, treatment, float(-special.ndtri(tail)))
    tables = _tables(control, treatment)
    null = _no_effect(control, treatment)
    low, high = 0.0, math.inf
    (x0, n0), (x1, n1) = control, treatment
    # Without an event of its own an arm's logarithm of the ratio is infinite: the search then starts from half of one.
    middle = math.log((x1 or 0.5) / n1) - math.log((x0 or 0.5) / n0)
    furthest = math.log(1e12)

    def keeps_low(log_ratio: float) -> bool:
        return (null.above if log_ratio == 0 else _at(tables, math.exp(log_ratio), 1, ratio=True, enough=tail)) > tail

    def keeps_high(log_ratio: float) -> bool:
        return (null.below if log_ratio == 0 else _at(tables, math.exp(log_ratio), -1, ratio=True, enough=tail)) > tail

    if x1 > 0:
        start = middle if x0 > 0 else math.log(max(near_low, 1e-12)) + 3
        low = math.exp(_end(keeps_low, start, math.log(max(near_low, 1e-12)), -furthest, 0.0))
        low = 0.0 if low <= 1.001e-12 else low
    if x0 > 0:
        start = middle if x1 > 0 else math.log(min(near_high, 1e12)) - 3
        high = math.exp(_end(keeps_high, start, math.log(min(near_high, 1e12)), furthest, 0.0))
        high = math.inf if high >= 0.999e12 else high
    return low, high


def _end(keeps: Callable[[float], bool], inside: float, near: float, limit: float, null: float) -> float:
    """Where ``keeps`` turns false on the way from ``inside`` to ``limit``, looked for first around ``near``.

    The null is weighed first, so that the end lies on the side of it that the test says.
    """
    toward = math.copysign(1.0, limit - inside)
    beyond = limit
    if (null - inside) * toward > 0:
        if keeps(null):
            inside = null
        else:
            beyond = null
    if inside == beyond:
        return inside
    scale = max(abs(near - inside), 1e-9 * abs(limit))
    step, guess = scale / 8, near
    # From the score method's end outwards while kept, inwards while not: then the end is between two points.
    outward = toward
    while (guess - inside) * toward > 0 and (beyond - guess) * toward > 0:
        kept = keeps(guess)
        inside, beyond = (guess, beyond) if kept else (inside, guess)
        if guess != near and kept != (outward == toward):
            break
        outward = toward if kept else -toward
        guess += outward * step
        step *= 2
    if beyond == limit and keeps(limit):
        return limit
    while abs(beyond - inside) > _PRECISION * scale:
        middle = (inside + beyond) / 2
        if middle in {inside, beyond}:
            break
        inside, beyond = (middle, beyond) if keeps(middle) else (inside, middle)
    # The outer of the two points: an end errs towards the wider interval.
    return beyond


def _tables(control: Counts, treatment: Counts) -> _Tables:
    sizes = [_reach(arm) for arm in (control, treatment)]
    tables = math.prod(high - low + 1 for low, high, *_ in sizes)
    if tables > MOST_TABLES:
        raise Refused.because(
            "proportions.too_many_tables",
            f"The exact comparison of {control.successes:,} of {control.n:,} with {treatment.successes:,} of "
            f"{treatment.n:,} would weigh {tables:,} tables, more than {MOST_TABLES:,}.",
            "Use the score method where at least 5 of either outcome are expected in each arm; else wait for more "
            "units in the small arm.",
            name="n",
            value=max(control.n, treatment.n),
        )
    arms = []
    for (low, high, share_low, share_high), (_, n) in zip(sizes, (control, treatment), strict=True):
        counts = np.arange(low, high + 1, dtype=np.float64)
        ways = -special.betaln(n - counts + 1, counts + 1) - math.log(n + 1)
        arms.append(_Arm(counts, ways, n, share_low, share_high))
    return _Tables(arms[0], arms[1], (control.successes, treatment.successes))


def _reach(arm: Counts) -> tuple[int, int, float, float]:
    """Counts that may matter, first and last, and the ends of the share's confidence region."""
    x, n = arm
    low = 0.0 if x == 0 else float(special.betaincinv(x, n - x + 1, GAMMA / 4))
    high = 1.0 if x == n else float(special.betainccinv(x + 1, n - x, GAMMA / 4))
    least = n * low - 7.5 * math.sqrt(n * low * (1 - low)) - 15
    most = n * high + 7.5 * math.sqrt(n * high * (1 - high)) + 15
    return max(0, math.floor(least)), min(n, math.ceil(most)), low, high


def _at(tables: _Tables, hypothesis: float, side: int, *, ratio: bool, enough: float = 1.0) -> float:
    """P-value of a difference (or ratio) of ``hypothesis`` against a larger one (``side`` 1) or a smaller one (-1).

    Above ``enough`` it is not searched for any further: the p-value is then at least what is returned.
    """
    control, treatment, (x0, x1) = tables
    z = _statistic(control.counts, treatment.counts, tables, hypothesis, ratio=ratio)
    z *= side
    seen = float(z[x1 - int(treatment.counts[0]), x0 - int(control.counts[0])])
    extreme = (z >= seen - 1e-9 * max(1.0, abs(seen))).astype(np.float64)
    if ratio:
        low = max(control.low, treatment.low / hypothesis)
        high = min(control.high, treatment.high / hypothesis, 1.0)
    else:
        low = max(control.low, treatment.low - hypothesis, 0.0, -hypothesis)
        high = min(control.high, treatment.high - hypothesis, 1.0, 1.0 - hypothesis)
    if high < low:
        return GAMMA

    def chances(angles: Floats) -> Floats:
        p0 = np.clip(np.sin(angles) ** 2, low, high)
        p1 = np.clip(p0 * hypothesis if ratio else p0 + hypothesis, 0.0, 1.0)
        f0, f1 = control.chances(p0), treatment.chances(p1)
        # einsum, not a matrix product: that one wakes threads for a fraction of a millisecond's work.
        weighed: Floats = np.einsum("gj,gj->g", np.einsum("gi,ij->gj", f1, extreme), f0)
        # What falls outside the counts weighed is counted as if it were extreme.
        weighed += np.maximum(1 - f0.sum(axis=1) * f1.sum(axis=1), 0.0)
        return weighed

    # Equal steps of the arcsine are about equal steps in standard errors. Then finer around the largest chance.
    angles = np.linspace(math.asin(math.sqrt(low)), math.asin(math.sqrt(high)), _GRID)
    found = chances(angles)
    best = float(found.max())
    for _ in range(2):
        if best + GAMMA > enough:
            break
        angles = _around(angles, int(found.argmax()))
        found = chances(angles)
        best = max(best, float(found.max()))
    if best + GAMMA <= enough and 0 < (i := int(found.argmax())) < len(angles) - 1:
        best = max(best, float(chances(np.array([_vertex(angles, found, i)]))[0]))
    return min(1.0, best + GAMMA)


def _around(grid: Floats, i: int) -> Floats:
    return np.linspace(grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)], 7)


def _vertex(x: Floats, y: Floats, i: int) -> float:
    """Where the parabola through three neighbours is highest."""
    fall = 2 * y[i] - y[i - 1] - y[i + 1]
    return float(x[i] + (0.5 * (x[i + 1] - x[i]) * (y[i + 1] - y[i - 1]) / fall if fall > 0 else 0.0))


def _statistic(x0: Floats, x1: Floats, tables: _Tables, hypothesis: float, *, ratio: bool) -> Floats:
    """Of every table: counts of treatment down, of control across."""
    n0, n1 = tables.control.n, tables.treatment.n
    # The variance knows only the sum of both counts: one value a sum, seen as a table through a sliding window.
    sums = np.arange(x0[0] + x1[0], x0[-1] + x1[-1] + 1)
    if ratio:
        p0 = np.minimum(sums / (n0 + n1 * hypothesis), min(1.0, 1.0 / hypothesis))
        p1 = np.minimum(p0 * hypothesis, 1.0)
        gap = np.subtract.outer(x1 / n1, hypothesis * x0 / n0)
        variance = p1 * (1 - p1) / n1 + hypothesis**2 * p0 * (1 - p0) / n0
    else:
        p0 = np.clip((sums - n1 * hypothesis) / (n0 + n1), max(0.0, -hypothesis), min(1.0, 1.0 - hypothesis))
        p1 = np.clip(p0 + hypothesis, 0.0, 1.0)
        gap = np.subtract.outer(x1 / n1, x0 / n0)
        gap -= hypothesis
        variance = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
    varies = variance > 0
    z: Floats = gap / np.lib.stride_tricks.sliding_window_view(np.sqrt(np.where(varies, variance, 1.0)), len(x0))
    if not varies.all():
        # Where nothing can vary a gap is infinitely many standard errors, and none is none.
        still = ~np.lib.stride_tricks.sliding_window_view(varies, len(x0))
        z[still] = np.where(gap[still] == 0, 0.0, np.copysign(1e9, gap[still]))
    return z
