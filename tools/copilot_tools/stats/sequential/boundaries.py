"""Boundaries: the z at each look from which a test stops, for efficacy or for futility.

Efficacy: by error spending, or in the classical shapes C * t**(delta - 1/2) (Wang-Tsiatis; delta 0 is O'Brien-Fleming,
1/2 is Pocock). Futility: by spending the type II error at the drift the test was sized for. One-sided, futility is a
lower boundary; two-sided, an inner region around 0.

References:
    Pocock (1977), Biometrika 64. O'Brien & Fleming (1979), Biometrics 35. Wang & Tsiatis (1987), Biometrics 43.
    Pampallona, Tsiatis & Kim (2001), Interim monitoring of group sequential trials using spending functions for the
    type I and type II error probabilities, Drug Information Journal 35.
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapters 2, 5 and 7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.roots import root
from copilot_tools.stats.sequential.crossing import Crossing, State, above, advance, below, density, start

__all__ = ["MOST_LOOKS", "NARROWEST", "Boundaries", "by_spending", "check_times", "classical", "with_futility"]

MOST_LOOKS = 500
NARROWEST = 1e-4
"""Two looks closer than this share of the information are one look: nothing new has come in between."""

_NOTHING = 1e-250
"""Error too small to stop for: below it a look has no boundary (infinity)."""


@dataclass(frozen=True)
class Boundaries:
    """Boundaries at each look.

    Attributes:
        times: Information at each look, as a share of the planned one.
        sides: 1 (upwards) or 2.
        efficacy: z from which the test stops for efficacy; infinity where a look cannot stop.
        futility: z below which it stops for futility (two-sided: abs(z) below it); minus infinity (two-sided: 0) where
            there is none. At the last look no futility is needed: what does not reach efficacy has not reached it.
    """

    times: tuple[float, ...]
    sides: int
    efficacy: tuple[float, ...]
    futility: tuple[float, ...] | None = None

    def crossing(self, *, futility: bool = True) -> Crossing:
        """The chances to cross them, with or without stops for futility."""
        lower = [-math.inf if self.sides == 1 else -b for b in self.efficacy]
        inner = [0.0] * len(self.times)
        if futility and self.futility is not None:
            # At the last look whatever is inside stops anyway.
            if self.sides == 1:
                lower[:-1] = self.futility[:-1]
            else:
                inner[:-1] = self.futility[:-1]
        return Crossing(self.times, lower, self.efficacy, inner)


def check_times(times: Sequence[float]) -> tuple[float, ...]:
    """The times of the looks, if they make sense.

    Raises:
        Refused: No look, more than ``MOST_LOOKS``, a time not above 0, or two looks closer than ``NARROWEST``.
    """
    if not 1 <= len(times) <= MOST_LOOKS:
        raise Refused.because(
            "sequential.looks",
            f"There are {len(times)} looks, but a design has 1 to {MOST_LOOKS}.",
            "Name fewer looks." if times else "Name at least one look.",
            name="times",
            value=len(times),
        )
    for time in times:
        checks.positive("information at a look", time)
    for earlier, later in pairwise((0.0, *times)):
        if later - earlier < NARROWEST:
            raise Refused.because(
                "sequential.times_do_not_increase",
                f"A look at {later:.6g} of the information follows one at {earlier:.6g}, within {NARROWEST:g}.",
                "Give looks in their order; drop one of two looks at the same data.",
                name="times",
                value=later,
            )
    return tuple(float(t) for t in times)


def by_spending(times: Sequence[float], spent: Sequence[float], sides: int = 2) -> Boundaries:
    """Efficacy boundaries that use up a given cumulative error at each look.

    Args:
        times: Information at each look, as a share of the planned one, increasing.
        spent: Error over all sides used up at each look, together with those before; not decreasing, below 1.
        sides: 1 (upwards) or 2 (symmetric).

    Raises:
        Refused: The times do not increase, or ``spent`` does not fit them.

    Example:
        >>> [round(z, 3) for z in by_spending([0.5, 1], [0.00305, 0.05]).efficacy]
        [2.963, 1.969]
    """
    times = check_times(times)
    _check_spent(times, spent)
    state, found, before = start(), list[float](), 0.0
    for k, (time, total) in enumerate(zip(times, spent, strict=True)):
        bound = _efficacy(state, time, (total - before) / sides)
        found.append(bound)
        before = total
        if k + 1 < len(times):
            state = advance(state, time, -bound if sides == 2 else -math.inf, bound, ahead=times[k + 1] - time)
    return Boundaries(times, sides, tuple(found))


def _check_spent(times: Sequence[float], spent: Sequence[float]) -> None:
    ordered = all(0 <= a <= b for a, b in pairwise((0.0, *spent)))
    if len(spent) != len(times) or not ordered or not 0 <= spent[-1] < 1:
        raise Refused.because(
            "sequential.spending",
            f"{len(spent)} cumulative errors for {len(times)} looks must not decrease, from 0 on and below 1.",
            "Give one cumulative error a look, such as a spending function gives.",
            name="spent",
        )


def _efficacy(state: State, time: float, error: float) -> float:
    """The z that paths still inside exceed with chance ``error`` under no effect; Newton on its concave logarithm."""
    if error < _NOTHING:
        return math.inf
    # Without a look before, this would be the boundary; with one it lies at or below it, whence Newton descends.
    z = float(-special.ndtri(error))
    for _ in range(100):
        chance, slope = above(state, time, z), density(state, time, z)
        if chance <= 0 or slope <= 0:
            return math.inf
        step = math.log(chance / error) * chance / slope
        z += step
        if abs(step) <= 1e-12 * max(abs(z), 1.0):
            break
    return z


def classical(times: Sequence[float], error: float, sides: int = 2, delta: float = 0.0) -> Boundaries:
    """Boundaries of one shape: C * (t / last t)**(delta - 1/2), with C so that the error is met exactly.

    Args:
        times: Information at each look, as a share of the planned one, increasing.
        error: Type I error over all looks and sides, in (0, 1).
        sides: 1 (upwards) or 2 (symmetric).
        delta: Wang and Tsiatis's shape, in [-1, 1]: 0 is O'Brien-Fleming, 0.5 Pocock.

    Raises:
        Refused: A parameter is out of its range.

    Example:
        >>> [round(z, 3) for z in classical([1/3, 2/3, 1], 0.05).efficacy]
        [3.471, 2.454, 2.004]
        >>> round(classical([0.2, 0.4, 0.6, 0.8, 1], 0.05, delta=0.5).efficacy[-1], 3)
        2.413
    """
    times = check_times(times)
    checks.between("error", error, 0, 1)
    if not -1 <= checks.finite("delta", delta) <= 1:
        raise Refused.because(
            "sequential.delta",
            f"delta is {delta:g}, but must lie between -1 and 1.",
            "Use 0 for O'Brien-Fleming, 0.5 for Pocock.",
            name="delta",
            value=delta,
        )
    shape = [(t / times[-1]) ** (delta - 0.5) for t in times]

    def excess(c: float) -> float:
        bounds = [c * s for s in shape]
        exits = Boundaries(times, sides, tuple(bounds)).crossing().exits(0.0)
        return float(exits.upper.sum()) + (float(exits.lower.sum()) if sides == 2 else 0.0) - error

    # Alone the last look would need the single critical value; with Bonferroni over looks, certainly enough.
    lowest = min(shape)
    low = max(float(-special.ndtri(error / sides)), 0.0) if error < sides / 2 else -8.0
    high = max(float(-special.ndtri(error / sides / len(times))) / lowest, low + 1e-9)
    constant = root(excess, low, high, tolerance=1e-13) if len(times) > 1 else float(-special.ndtri(error / sides))
    return Boundaries(times, sides, tuple(constant * s for s in shape))


def with_futility(
    times: Sequence[float],
    spent: Sequence[float],
    beta_spent: Sequence[float],
    drift: float,
    sides: int = 2,
    *,
    binding: bool = False,
    ends: bool = True,
) -> tuple[Boundaries, float]:
    """Efficacy and futility boundaries at a given drift, and the type II error they come to.

    Non-binding futility leaves efficacy as if there were none: it may be overruled without harm to the type I error.
    Binding futility lowers the later efficacy boundaries: the type I error then holds only if it is obeyed.

    Args:
        times: Information at each look, as a share of the planned one, increasing.
        spent: Cumulative type I error over all sides at each look, from 0 on, never falling, below 1.
        beta_spent: Cumulative type II error at each look, from 0 on, never falling, below 1.
        drift: Expected z at information 1, above 0.
        sides: 1 or 2; two-sided futility is a region around 0.
        binding: Whether futility must be obeyed.
        ends: Whether the last of these looks is the test's last: what misses efficacy there needs no futility boundary.

    Returns:
        Boundaries, and the chance under ``drift`` not to be stopped for efficacy upwards.

    Raises:
        Refused: The arguments do not fit each other.
    """
    times = check_times(times)
    _check_spent(times, spent)
    _check_spent(times, beta_spent)
    fixed = None if binding else by_spending(times, spent, sides).efficacy
    under, efficacy, futility = start(drift), list[float](), list[float]()
    before_a = before_b = 0.0
    missed = 1.0
    for k, time in enumerate(times):
        upper = fixed[k] if fixed is not None else _efficacy(under, time, (spent[k] - before_a) / sides)
        missed -= above(under, time, upper, drift)
        last = k + 1 == len(times)
        wanted = beta_spent[k] - before_b
        futile = upper if last and ends else _futility(under, time, wanted, drift, upper, sides)
        efficacy.append(upper)
        futility.append(futile)
        before_a, before_b = spent[k], beta_spent[k]
        if not last:
            under = advance(
                under,
                time,
                futile if sides == 1 else -upper,
                upper,
                0.0 if sides == 1 else futile,
                ahead=times[k + 1] - time,
                reach=abs(drift),
            )
    return Boundaries(times, sides, tuple(efficacy), tuple(futility)), missed


def _futility(state: State, time: float, wanted: float, drift: float, upper: float, sides: int) -> float:
    """The futility boundary that spends ``wanted`` under ``drift``, at most the efficacy boundary."""

    def missed(z: float) -> float:
        low = -math.inf if sides == 1 else -z
        inside = below(state, time, z, drift) - below(state, time, low, drift)
        return inside - wanted

    lowest = -math.inf if sides == 1 else 0.0
    if wanted < 1e-15:
        return lowest
    top = min(upper, drift * math.sqrt(time) + 40.0)
    if missed(top) <= 0:
        return upper
    if sides == 2:
        return root(missed, 0.0, top, tolerance=1e-12)
    # The mirror image of the efficacy boundary: from the boundary without earlier looks Newton climbs to the root.
    z = float(special.ndtri(wanted)) + drift * math.sqrt(time)
    for _ in range(100):
        chance, slope = below(state, time, z, drift), density(state, time, z, drift)
        if chance <= 0 or slope <= 0:
            return lowest
        step = math.log(wanted / chance) * chance / slope
        z += step
        if abs(step) <= 1e-12 * max(abs(z), 1.0):
            break
    return min(z, upper)
