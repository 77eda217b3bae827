"""Barnard's and Boschloo's exact unconditional tests of a 2 x 2 table, over every possible share.

Both take the largest chance, over the share the arms have in common, of a table at least as extreme as the one seen:
by the pooled z (Barnard) or by Fisher's one-sided p-value (Boschloo, never less powerful than Fisher's test).

References:
    Barnard (1947), Significance tests for 2 x 2 tables, Biometrika 34. Boschloo (1970), Raised conditional level of
    significance for the 2 x 2 table when testing the equality of two probabilities, Statistica Neerlandica 24. Suissa &
    Shuster (1985), Exact unconditional sample sizes for the 2 x 2 binomial trial, JRSS A 148.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.proportions import Counts
from copilot_tools.stats.inference.tails import Alternative

__all__ = ["MOST_TABLES", "barnard", "boschloo"]

Floats = npt.NDArray[np.float64]

MOST_TABLES = 1_000_000
"""Tables (one count an arm) of the whole sample space above which the tests are refused: arms of about 1,000."""
_TIE = 1e-9


def barnard(control: Counts, treatment: Counts, alternative: Alternative = "two-sided") -> float:
    """Barnard's test: tables whose pooled z is at least as far out, in absolute value where two-sided.

    Use it for small arms; ``exact_pairs.no_effect`` is the same test with the share searched near the data, and has an
    interval.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        alternative: "greater" asks whether treatment is above control.

    Returns:
        The p-value, 1 where nothing varies.

    Raises:
        Refused: The arms are too large for every table to be weighed.

    Example:
        >>> round(barnard(Counts(15, 15), Counts(7, 15), "less"), 6)
        0.000535
    """
    x0, x1 = _space(control, treatment)
    n0, n1 = control.n, treatment.n
    share = (x0 + x1) / (n0 + n1)
    variance = share * (1 - share) * (1 / n0 + 1 / n1)
    z = np.where(variance > 0, (x1 / n1 - x0 / n0) / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)
    score = np.abs(z) if alternative == "two-sided" else z if alternative == "greater" else -z
    seen = score[treatment.successes, control.successes]
    return _largest(score >= seen - _TIE, n0, n1)


def boschloo(control: Counts, treatment: Counts, alternative: Alternative = "two-sided") -> float:
    """Boschloo's test: tables whose one-sided p-value by Fisher is at most as large; two-sided, twice the smaller.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        alternative: "greater" asks whether treatment is above control.

    Returns:
        The p-value, at most Fisher's one-sided.

    Raises:
        Refused: The arms are too large for every table to be weighed.

    Example:
        >>> round(boschloo(Counts(15, 15), Counts(7, 15), "less"), 6)
        0.000369
    """
    if alternative == "two-sided":
        return min(1.0, 2 * min(boschloo(control, treatment, side) for side in ("less", "greater")))
    _space(control, treatment)
    tail = _fisher_tails(control.n, treatment.n)
    n0, n1, x0, x1 = control.n, treatment.n, control.successes, treatment.successes
    if alternative == "less":  # fewer successes of treatment are more failures
        x0, x1 = n0 - x0, n1 - x1
    return _largest(tail <= tail[x1, x0] * (1 + 1e-7), n0, n1)


def _space(control: Counts, treatment: Counts) -> tuple[Floats, Floats]:
    tables = (control.n + 1) * (treatment.n + 1)
    if tables > MOST_TABLES:
        raise Refused.because(
            "unconditional.too_many_tables",
            f"Arms of {control.n:,} and {treatment.n:,} units have {tables:,} possible tables, more than "
            f"{MOST_TABLES:,}.",
            "Use the score method, which holds at this size, or Fisher's test where few events are expected.",
            name="n",
            value=max(control.n, treatment.n),
        )
    return np.arange(control.n + 1.0)[None, :], np.arange(treatment.n + 1.0)[:, None]


def _log_choose(n: int) -> Floats:
    x = np.arange(n + 1.0)
    ways: Floats = -special.betaln(n - x + 1, x + 1) - math.log(n + 1)
    return ways


def _fisher_tails(n0: int, n1: int) -> Floats:
    """Chance of treatment's count or a larger one given the total, for every table (treatment by rows)."""
    joint = _log_choose(n1)[:, None] + _log_choose(n0)[None, :]
    all_ways = _log_choose(n0 + n1)
    total = np.add.outer(np.arange(n1 + 1), np.arange(n0 + 1))
    chance = np.exp(joint - all_ways[total])
    # Along a total the next larger count of treatment is one row down and one column left: add up from the bottom.
    for row in range(n1 - 1, -1, -1):
        chance[row, 1:] += chance[row + 1, :-1]
    return chance


def _largest(region: npt.NDArray[np.bool_], n0: int, n1: int) -> float:
    """The largest chance of the region over the share that both arms have."""
    # Only the number of successes matters to how a table's chance depends on the share: one polynomial, n + 1 terms.
    ways = np.where(
        region, _log_choose(n1)[:, None] + _log_choose(n0)[None, :] - _log_choose(n0 + n1)[_totals(n0, n1)], 0
    )
    weight = np.bincount(_totals(n0, n1)[region], weights=np.exp(ways[region]), minlength=n0 + n1 + 1)
    totals, logs = np.arange(n0 + n1 + 1.0), _log_choose(n0 + n1)

    def chance(angle: Floats) -> Floats:
        p = np.sin(angle)[:, None] ** 2
        pmf = np.exp(logs + special.xlogy(totals, p) + special.xlog1py(n0 + n1 - totals, -p))
        found: Floats = np.einsum("gt,t->g", pmf, weight)
        return found

    grid = np.linspace(0, math.pi / 2, 4 * math.isqrt(n0 + n1) + 101)
    values = chance(grid)
    best = float(values.max())
    # Every local maximum worth the name is followed up: the largest on the grid need not be the largest.
    inner = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:]) & (values[1:-1] > 0.9 * best))
    for i in (inner + 1).tolist():
        low, high = float(grid[i - 1]), float(grid[i + 1])
        for _ in range(8):
            points = np.linspace(low, high, 9)
            found = chance(points)
            k = int(found.argmax())
            best = max(best, float(found[k]))
            low, high = float(points[max(k - 1, 0)]), float(points[min(k + 1, 8)])
    return min(1.0, best)


def _totals(n0: int, n1: int) -> npt.NDArray[np.intp]:
    return np.add.outer(np.arange(n1 + 1), np.arange(n0 + 1))
