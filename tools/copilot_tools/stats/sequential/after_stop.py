"""Estimates after a group-sequential stop, and intervals that hold at any look.

A test that stops when a boundary is crossed stops on a high: the plain estimate is too large, its interval too narrow
and its p-value too small. Ordering the possible outcomes by stage (an earlier stop upwards is more extreme) gives a
p-value, a median-unbiased estimate and an interval that are right, and that agree with the test: the interval excludes
no effect exactly where the test stops for efficacy. The repeated interval needs no stop and holds at all looks
together; it is wider.

References:
    Tsiatis, Rosner & Mehta (1984), Exact confidence intervals following a group sequential test, Biometrics 40.
    Fairbanks & Madsen (1982), P values for tests using a repeated significance test design, Biometrika 69.
    Jennison & Turnbull (1989), Interim analyses: the repeated confidence interval approach, JRSS B 51.
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapters 8 and 9.
"""

from __future__ import annotations

import math
from dataclasses import replace

from copilot_tools import checks
from copilot_tools.base import Bound, Frozen
from copilot_tools.refusals import Refused
from copilot_tools.results import Interval
from copilot_tools.stats.roots import root
from copilot_tools.stats.sequential.boundaries import Boundaries
from copilot_tools.stats.sequential.crossing import Crossing, above, below

__all__ = ["AfterStop", "Ordering", "after_stop", "repeated_interval", "without_futility_at"]


class AfterStop(Frozen):
    """What a stopped test says of the effect, by stage-wise ordering.

    Attributes:
        p_value: Of no effect, with the design's sides.
        median_unbiased: As likely too high as too low, as a drift: the expected z at information 1.
        low: Lower end of the interval, as a drift; minus infinity where open.
        high: Upper end, as a drift; infinity where open.
    """

    p_value: float
    median_unbiased: float
    low: Bound
    high: Bound


class Ordering:
    """Outcomes of a stopped test, ordered by stage: chances, under any drift, of one at least or at most as high.

    Args:
        bounds: Boundaries at the looks up to the stop.
        z: The z at the last of them, where the test stopped.
        futility: Whether stops for futility are reckoned with.
    """

    def __init__(self, bounds: Boundaries, z: float, *, futility: bool = True) -> None:
        self.crossing: Crossing = bounds.crossing(futility=futility)
        self.time = bounds.times[-1]
        self.z = z

    def tails(self, drift: float) -> tuple[float, float]:
        """Chance of an outcome at least as high, and of one at most as high."""
        exits = self.crossing.exits(drift)
        last = self.crossing.states(drift)[-1]
        # Stops in an inner region lie between the outcomes of the two signs.
        within = float(exits.inner[:-1].sum())
        high = float(exits.upper[:-1].sum()) + above(last, self.time, self.z, drift)
        low = float(exits.lower[:-1].sum()) + below(last, self.time, self.z, drift)
        return (high, low + within) if self.z >= 0 else (high + within, low)

    def drift_where(self, chance: float) -> float:
        """The drift under which an outcome at least as high has this chance, in (0, 1)."""

        def excess(drift: float) -> float:
            high, low = self.tails(drift)
            return high - chance if chance <= 0.5 else (1 - chance) - low

        unit = 1 / math.sqrt(self.time)
        low = high = self.z * unit
        step = 4 * unit
        for _ in range(60):
            if excess(low) < 0:
                break
            low, step = low - step, step * 2
        step = 4 * unit
        for _ in range(60):
            if excess(high) > 0:
                break
            high, step = high + step, step * 2
        return root(excess, low, high, tolerance=1e-10 * unit)


def after_stop(bounds: Boundaries, z: float, alpha: float, *, binding: bool = False, futile: bool = False) -> AfterStop:
    """P-value, median-unbiased estimate and interval of a test that has stopped. Not for a test that goes on.

    Non-binding futility may be overruled, so the p-value and the interval are the wider of those with and without it;
    the estimate reckons with it as it stands in ``bounds``.

    Args:
        bounds: Boundaries at the looks up to the stop, the last of them the one it stopped at.
        z: The z there, from -1000 to 1000.
        alpha: The interval covers with 1 - alpha (one-sided: its lower end alone), in (0, 1).
        binding: Whether the futility boundaries must be obeyed.
        futile: Whether it was futility that stopped the test.

    Returns:
        Drifts: times the standard error at the stop and the root of its information they are effects.

    Raises:
        Refused: z or alpha is out of range, or a two-sided test stopped for futility before its end: outcomes between
            the two efficacy boundaries have no order by stage; or z jumped so far since the look before that the plain
            estimate lies outside the interval.
    """
    if abs(checks.finite("z", z)) > 1000:
        raise Refused.because(
            "sequential.z_out_of_range",
            f"z is {z:g}, beyond 1000.",
            "Check the estimate and its standard error for a slip of the decimal point.",
            name="z",
            value=z,
        )
    checks.between("alpha", alpha, 0, 1)
    futility = bounds.futility
    if bounds.sides == 2 and futile:
        raise Refused.because(
            "sequential.inner_stop",
            f"A two-sided test that stops for futility (z = {z:.3f}) has no estimate by stage-wise ordering: stops "
            "between the two efficacy boundaries have no order.",
            "Report the repeated interval, which holds at any look.",
            name="z",
            value=z,
        )
    kept = Ordering(bounds, z)
    orders = [kept] if futility is None or binding else [kept, Ordering(bounds, z, futility=False)]
    if bounds.sides == 1:
        p = max(o.tails(0.0)[0] for o in orders)
        low, high = min(o.drift_where(alpha) for o in orders), math.inf
    else:
        p = max(2 * min(o.tails(0.0)) for o in orders)
        low = min(o.drift_where(alpha / 2) for o in orders)
        high = max(o.drift_where(1 - alpha / 2) for o in orders)
    plain = z / math.sqrt(bounds.times[-1])
    if not low <= plain <= high:
        raise Refused.because(
            "sequential.jump",
            f"z is {z:.3g} at look {len(bounds.times)}, but the look before was inside its boundaries: under no single "
            "effect do both happen, and ordering by stage would call the effect far smaller than this look shows.",
            "Look for a change in the data or the audience since the look before; the repeated interval still holds.",
            name="z",
            value=z,
        )
    return AfterStop(p_value=min(p, 1.0), median_unbiased=kept.drift_where(0.5), low=low, high=high)


def repeated_interval(
    z: float, efficacy_z: float, alpha: float, sides: int = 2, standard_error: float = 1.0
) -> Interval:
    """The repeated confidence interval: holds at all looks together, stop or no stop.

    Args:
        z: Estimate over its standard error at this look, finite.
        efficacy_z: The efficacy boundary at this look, above 0; infinite gives the whole line.
        alpha: Type I error over all looks and sides, in (0, 1).
        sides: 2, or 1: no upper end.
        standard_error: Of the estimate at this look, in the metric's unit.

    Raises:
        Refused: An argument is not a number, or the standard error not above 0.

    Example:
        >>> repeated_interval(2.5, 2.963, 0.05, standard_error=0.004).low
        -0.0018...
    """
    checks.finite("z", z)
    checks.positive("standard_error", standard_error)
    low = (z - efficacy_z) * standard_error
    high = (z + efficacy_z) * standard_error if sides == 2 else math.inf
    return Interval(low=low, high=high, level=round(1 - alpha, 12))


def without_futility_at(bounds: Boundaries, looks: frozenset[int]) -> Boundaries:
    """The boundaries with no futility at these looks (from 0), where it was crossed and overruled."""
    if bounds.futility is None:
        return bounds
    none = -math.inf if bounds.sides == 1 else 0.0
    return replace(bounds, futility=tuple(none if k in looks else f for k, f in enumerate(bounds.futility)))
