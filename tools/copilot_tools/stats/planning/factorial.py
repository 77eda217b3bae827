"""Size of a factorial test: for a main effect all units count, for an interaction of the same size four times as many.

References:
    Box, Hunter & Hunter (2005), Statistics for Experimenters, 2nd ed., chapter 5. Gelman, Hill & Vehtari (2020),
    Regression and Other Stories, section 16.4 (interactions take more).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused

__all__ = ["FactorialSize", "factorial_size"]

MOST_UNITS = 10**12


class FactorialSize(Frozen):
    """Units of a full factorial test with equal cells.

    Attributes:
        cells: How many combinations.
        per_cell: Units in each.
        total: Units in all.
        power: Reached with whole units.
        contrasts: How many intervals hold jointly.
        times_main: Units over those a main effect of the same size takes (of the factor with fewest levels).
    """

    cells: int
    per_cell: int
    total: int
    power: float
    contrasts: int
    times_main: float


def factorial_size(
    levels: Sequence[int],
    effect: float,
    sd: float,
    *,
    interaction_of: Sequence[int] = (0,),
    order: int = 2,
    power: float = 0.8,
    alpha: float = 0.05,
) -> FactorialSize:
    """Smallest equal cells that detect one main effect or interaction by its joint interval (two-sided, t).

    Use it for factors that are crossed; for arms against one control ``sample_size``.

    Args:
        levels: How many levels each factor has; at least two factors.
        effect: Size to detect, in the metric's unit: a level minus the first, or a difference of differences.
        sd: Of one unit within a cell, in the metric's unit; for a proportion sqrt(p (1 - p)).
        interaction_of: Which factors, by position from 0: one for a main effect, several for their interaction.
        order: Highest order of interaction that is read; all its contrasts share alpha (Sidak).
        power: In (0, 1).
        alpha: Over all contrasts together, in (0, 1).

    Raises:
        Refused: A parameter is out of range, or more than 10^12 units a cell are needed.

    Example:
        >>> main = factorial_size((2, 2), 0.2, 1.0)
        >>> both = factorial_size((2, 2), 0.2, 1.0, interaction_of=(0, 1))
        >>> main.total, both.total, round(both.times_main, 1)
        (1048, 4176, 4.0)
    """
    _refuse_bad(levels, effect, interaction_of, order)
    checks.positive("sd", sd)
    checks.between("power", power, 0, 1)
    checks.between("alpha", alpha, 0, 1)
    cells = math.prod(levels)
    contrasts = _contrasts(levels, order)
    each = -math.expm1(math.log1p(-alpha) / contrasts)
    # Each of the 2^m signed marginal means averages over cells / prod(levels) cells.
    m = len(interaction_of)
    spread = 2**m * math.prod(levels[f] for f in interaction_of) / cells
    n = _units(abs(effect) / sd, spread, cells, each, power)
    least = 2 * min(levels) / cells
    main = _units(abs(effect) / sd, least, cells, each, power)
    return FactorialSize(
        cells=cells,
        per_cell=n,
        total=n * cells,
        power=_power(n, abs(effect) / sd, spread, cells, each),
        contrasts=contrasts,
        times_main=n / main,
    )


def _contrasts(levels: Sequence[int], order: int) -> int:
    """Contrasts of all terms up to an order: elementary symmetric sums of levels - 1."""
    sums = [1] + [0] * order
    for size in levels:
        for m in range(order, 0, -1):
            sums[m] += sums[m - 1] * (size - 1)
    return sum(sums[1:])


def _power(n: int, effect: float, spread: float, cells: int, each: float) -> float:
    df = float(cells * (n - 1))
    critical = -float(special.stdtrit(df, each / 2))
    shift = effect * math.sqrt(n / spread)
    if df > 1e6:
        return float(special.ndtr(shift - critical))
    return 1 - float(special.nctdtr(df, shift, critical))


def _units(effect: float, spread: float, cells: int, each: float, power: float) -> int:
    z = -float(special.ndtri(each / 2)) + float(special.ndtri(power))
    about = spread * max(z, 0.1) ** 2 / (effect * effect)
    if not about < MOST_UNITS:
        raise Refused.because(
            "planning.too_many_units",
            f"A size of {effect:.3g} standard deviations takes more than {MOST_UNITS:.0e} units a cell.",
            "Plan for a larger effect.",
            name="effect",
            value=effect,
        )
    low, high = 2, max(4, math.ceil(about * 1.1) + 20)
    while _power(high, effect, spread, cells, each) < power:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        if _power(middle, effect, spread, cells, each) >= power:
            high = middle
        else:
            low = middle + 1
    return low


def _refuse_bad(levels: Sequence[int], effect: float, interaction_of: Sequence[int], order: int) -> None:
    if len(levels) < 2 or min(levels) < 2 or math.prod(levels) > 2000:
        raise Refused.because(
            "factorial.factors",
            f"The factors have {', '.join(map(str, levels)) or 'no'} levels; two factors or more, of at least two "
            "levels each and at most 2,000 combinations in all, make a factorial test.",
            "Leave a factor out, or size a test of arms against control (sample_size).",
            name="levels",
            value=len(levels),
        )
    if not 1 <= order <= len(levels):
        raise Refused.because(
            "factorial.order",
            f"order is {order}, but must be from 1 to the {len(levels)} factors.",
            name="order",
            value=order,
        )
    if (
        not interaction_of
        or len(set(interaction_of)) < len(interaction_of)
        or not all(0 <= f < len(levels) for f in interaction_of)
        or len(interaction_of) > order
    ):
        raise Refused.because(
            "factorial.interaction_of",
            f"interaction_of is {list(interaction_of)}, but must name distinct factors from 0 to {len(levels) - 1}, at "
            f"most as many as order, {order}.",
            "Name one factor for its main effect, two for their interaction.",
            name="interaction_of",
            value=len(interaction_of),
        )
    if checks.finite("effect", effect) == 0:
        raise Refused.because(
            "parameter.out_of_range",
            "effect is 0, which no number of units detects.",
            "Give the smallest effect that would matter.",
            name="effect",
            value=effect,
        )
