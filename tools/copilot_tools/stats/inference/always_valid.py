"""Intervals that hold at every look: the asymptotic confidence sequence, as a critical value.

At time n the critical value c(n) replaces 1.96; the interval of any asymptotically normal estimate that reaches c(n)
standard errors holds at all n simultaneously. As it is a critical value, it serves differences, Fieller's relative
lifts and score intervals alike.

References:
    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Time-uniform central limit theory and asymptotic confidence
    sequences, Annals of Statistics 52, theorem 2.2 (two-sided) and appendix (one-sided, choice of rho).
    Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math. Statist. 41.
"""

from __future__ import annotations

import math
from typing import Literal

from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.msprt import t_mixture_critical
from copilot_tools.stats.inference.uniform_boundaries import best_rho, normal_mixture_bound, stitched_bound

__all__ = [
    "DEFAULT_HORIZON",
    "MIN_CONVERSIONS",
    "MIN_UNITS",
    "Method",
    "always_valid_critical",
    "require_enough",
    "rho_squared",
    "sequence_critical",
]

Method = Literal["asymptotic", "normal-mixture", "t-mixture", "stitching"]

DEFAULT_HORIZON = 10_000
"""Units at which intervals are tightest where no size was committed. Fixed: a horizon that moved along with the data
would void the guarantee."""

MIN_UNITS = 30
"""Units per arm from which the normal approximation behind the sequence is used."""

MIN_CONVERSIONS = 10
"""Conversions (or failures, if fewer) in each arm from which a rate's normal approximation is used at every look."""


def rho_squared(horizon: float, alpha: float) -> float:
    """The mixture's variance that makes the two-sided sequence tightest at ``horizon`` units.

    Used once for a test, before its data: a horizon that follows outcomes breaks the promise.

    Args:
        horizon: Units over both arms, above 0.
        alpha: Chance that the sequence ever misses, in (0, 1).

    Raises:
        Refused: A parameter is out of range.
    """
    checks.positive("horizon", horizon)
    checks.between("alpha", alpha, 0, 1)
    return float((-special.lambertw(-(alpha**2) / math.e, -1).real - 1) / horizon)


def always_valid_critical(units: float, horizon: float, alpha: float, sides: int = 2) -> float:
    """Standard errors from the estimate to an end of the interval, valid at every look.

    Args:
        units: Units seen so far, in both arms of the comparison.
        horizon: Units at which the interval is to be tightest, above 0, on the same count; must not depend on outcomes.
        alpha: Chance that the interval ever misses the effect, in (0, 1).
        sides: 2, or 1 when only one end is used.

    Raises:
        Refused: A parameter is out of range.

    Example:
        At the horizon it costs about half as much again as a fixed 95% interval.

        >>> round(always_valid_critical(10_000, 10_000, 0.05), 3)
        3.035
    """
    spread = checks.positive("units", units) * rho_squared(horizon, alpha)
    two_sided, one_sided = math.log((spread + 1) / alpha**2), 2 * math.log1p(math.sqrt(spread + 1) / (2 * alpha))
    inner = two_sided if sides == 2 else one_sided
    return math.sqrt((spread + 1) / spread * inner)


def sequence_critical(method: Method, units: float, horizon: float, alpha: float, sides: int = 2) -> float:
    """The same by a named method; which one is chosen before the data, for the narrowest of several would not hold.

    Use it where the caller names the method; a readout's guardrails use the asymptotic one.

    Args:
        method: "asymptotic" is ``always_valid_critical``; "normal-mixture" the mixture of Howard et al., one-sided
            exact and narrower; "t-mixture" exact for normal values of equal variance in an even split, however few,
            two-sided only; "stitching" grows slowest, for tests that run far beyond any horizon.
        units: Units seen so far, in both arms, above 0; above 2 for "t-mixture".
        horizon: Units at which the interval is to be tightest ("stitching": from which on it is of use).
        alpha: Chance that the interval ever misses the effect, in (0, 1).
        sides: 2 or 1.

    Raises:
        Refused: A parameter is out of range; "t-mixture" with one side, or with so few units that it bounds nothing.

    Example:
        >>> [round(sequence_critical(m, 1000, 1000, 0.05), 3) for m in ("normal-mixture", "t-mixture", "stitching")]
        [3.035, 3.041, 3.152]
    """
    checks.positive("horizon", horizon)
    if method == "asymptotic":
        return always_valid_critical(units, horizon, alpha, sides)
    root_units = math.sqrt(checks.positive("units", units))
    if method == "normal-mixture":
        return normal_mixture_bound(units, alpha, best_rho(horizon, alpha, sides), sides) / root_units
    if method == "stitching":
        return stitched_bound(units, alpha / sides, horizon) / root_units
    if sides != 2:
        raise Refused.because(
            "always_valid.two_sided_only",
            "The t-mixture looks to both sides, but sides is 1.",
            "Ask for two sides, or take another method.",
            name="sides",
            value=sides,
        )
    critical = t_mixture_critical(checks.positive("units - 2", units - 2), units * rho_squared(horizon, alpha), alpha)
    if math.isinf(critical):
        raise Refused.because(
            "always_valid.too_few_units",
            f"With {units:g} units and a horizon of {horizon:g} no difference, however large, could yet be told "
            "from chance.",
            "Wait for more units.",
            name="units",
            value=units,
        )
    return critical


def require_enough(n: int, arm: str) -> None:
    """Refuse an arm too small for the normal approximation.

    Args:
        n: Units of the arm, at least 0.
        arm: Its name, for the refusal.

    Raises:
        Refused: Fewer than ``MIN_UNITS`` units.
    """
    if n < MIN_UNITS:
        raise Refused.because(
            "always_valid.too_few_units",
            f"An interval that holds at every look needs at least {MIN_UNITS} units in each arm, but {arm} has {n}.",
            "Wait for more units.",
            name=arm,
            value=n,
        )
