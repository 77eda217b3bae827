"""Tables of counts, k x m: is the row independent of the column?

Pearson's chi-square or the G-test where every expected count reaches 5; below that the exact test given both margins
(Freeman & Halton, for 2 x 2 Fisher's): every table is listed where they are few, and seeded draws are made where not.

References:
    Pearson (1900), Philosophical Magazine 50. Yates (1934), Supplement to JRSS 1. Wilks (1935), The likelihood test of
    independence in contingency tables, Ann. Math. Statist. 6 (G). Freeman & Halton (1951), Biometrika 38. Cochran
    (1954), Biometrics 10. Cramér (1946), Mathematical Methods of Statistics. Phipson & Smyth (2010), Permutation
    p-values should never be zero, SAGMB 9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.tails import p_value

__all__ = ["DRAWS", "Independence", "TableMethod", "independence"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TableMethod = Literal["auto", "pearson", "yates", "g", "g-yates", "exact"]

FEWEST_EXPECTED = 5
MOST_LISTED = 200_000
"""Tables an exact test lists; with more it draws."""
DRAWS = 99_999
"""Tables drawn at random given both margins, where there are too many to list."""
MOST_UNITS_EXACT = 10_000_000
_TIE = 1e-7
_SEED = 20_151


class Independence(Frozen):
    """A test of independence of rows and columns.

    Attributes:
        statistic: Chi-square or G; None for the exact test.
        df: Degrees of freedom; None for the exact test.
        p_value: Chance of a table at least as extreme when rows and columns are independent.
        expected: Expected counts, row by row.
        smallest_expected: The smallest of them.
        cramers_v: Strength of association by Pearson's chi-square, 0 (none) to 1.
        method: The field's name of the test.
        standard_error: Of the p-value, where tables were drawn; else None.
    """

    statistic: float | None
    df: int | None
    p_value: float
    expected: tuple[tuple[float, ...], ...]
    smallest_expected: float
    cramers_v: float
    method: str
    standard_error: float | None = None


def independence(table: Sequence[Sequence[int]], *, method: TableMethod = "auto") -> Independence:
    """Test that the rows of a table have the same distribution over its columns.

    Use it for several arms with several outcomes (which plan was chosen, by arm). For two arms and a yes/no outcome
    the effect and its interval say more: ``proportion_pairs.read_pair``.

    Args:
        table: Counts, at least 2 x 2, without empty rows or columns.
        method: "pearson", "g" (log-likelihood ratio), "yates" and "g-yates" (the same with continuity
            correction, 2 x 2 only), "exact" (Freeman-Halton); "auto" is Pearson where every expected count reaches 5,
            else exact.

    Raises:
        Refused: The table is ragged, too small, or has an empty row or column; an approximate test is asked for with an
            expected count below 5; a correction for a larger table; "exact" for more than ten million units.

    Example:
        >>> found = independence([[20, 30, 50], [35, 30, 35]])
        >>> round(found.statistic, 3), found.df, round(found.p_value, 4), found.method
        (6.738, 2, 0.0344, 'Pearson chi-square')
    """
    counts = _checked(table)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    total = int(rows.sum())
    expected = np.outer(rows.astype(np.float64), columns) / total  # whole numbers would overflow
    smallest = float(expected.min())
    df = (len(rows) - 1) * (len(columns) - 1)
    pearson = float(((counts - expected) ** 2 / expected).sum())
    shared = {
        "expected": tuple(tuple(float(v) for v in row) for row in expected),
        "smallest_expected": smallest,
        "cramers_v": min(1.0, math.sqrt(pearson / (total * (min(counts.shape) - 1)))),
    }
    if method == "auto":
        method = "pearson" if smallest >= FEWEST_EXPECTED else "exact"
    if method == "exact":
        p, error, name = _exact(counts, rows, columns)
        return Independence(
            statistic=None,
            df=None,
            p_value=p,
            method=name,
            standard_error=error,
            **shared,
        )
    if smallest < FEWEST_EXPECTED:
        raise Refused.because(
            "table.expected_too_small",
            f"The smallest expected count is {smallest:.2f}; below {FEWEST_EXPECTED} the chi-square approximation is "
            "not to be trusted.",
            'Use the method "exact", or merge rows or columns.',
            name="method",
            value=method,
        )
    if method in {"yates", "g-yates"} and counts.shape != (2, 2):
        raise Refused.because(
            "table.yates_needs_2x2",
            f"Yates's continuity correction is for 2 x 2 tables, but this one is {len(rows)} x {len(columns)}.",
            'Use the method "pearson" or "exact".',
            name="method",
            value=method,
        )
    observed = counts.astype(np.float64)
    if method in {"yates", "g-yates"}:
        gaps = observed - expected
        observed = observed - np.copysign(np.minimum(0.5, np.abs(gaps)), gaps)
    if method in {"g", "g-yates"}:
        statistic, name = 2 * float(special.rel_entr(observed, expected).sum()), "G-test (log-likelihood ratio)"
    else:
        statistic, name = float(((observed - expected) ** 2 / expected).sum()), "Pearson chi-square"
    if method in {"yates", "g-yates"}:
        name += " with Yates's correction"
    statistic = max(statistic, 0.0)
    tail = p_value(math.sqrt(statistic)) if df == 1 else float(special.chdtrc(df, statistic))
    return Independence(statistic=statistic, df=df, p_value=tail, method=name, **shared)


def _checked(table: Sequence[Sequence[int]]) -> Ints:
    widths = {len(row) for row in table}
    if len(table) < 2 or len(widths) != 1 or min(widths) < 2:
        raise Refused.because(
            "table.not_rectangular",
            f"The table has {len(table)} rows of {', '.join(str(w) for w in sorted(widths)) or 'no'} counts, but must "
            "have at least 2 rows, all of one length of at least 2.",
            "Give one row an arm and one column an outcome, with 0 where there is none.",
            name="table",
        )
    for i, row in enumerate(table, start=1):
        for j, value in enumerate(row, start=1):
            checks.count(f"row {i}, column {j}", value)
    counts = np.array([[int(v) for v in row] for row in table], dtype=np.int64)
    for axis, what in ((1, "Row"), (0, "Column")):
        empty = np.flatnonzero(counts.sum(axis=axis) == 0)
        if len(empty):
            raise Refused.because(
                "table.empty_margin",
                f"{what} {int(empty[0]) + 1} of the table is all zeros, so nothing can be said about it.",
                f"Leave the {what.lower()} out.",
                name="table",
                value=int(empty[0]) + 1,
            )
    return counts


def _exact(counts: Ints, rows: Ints, columns: Ints) -> tuple[float, float | None, str]:
    total = int(rows.sum())
    if total > MOST_UNITS_EXACT:
        raise Refused.because(
            "table.too_many_units",
            f"The exact test of a table of {total:,} units is not computed above {MOST_UNITS_EXACT:,}.",
            "Merge rows or columns until every expected count reaches 5, and use Pearson's chi-square.",
            name="table",
            value=total,
        )
    if counts.shape[0] > counts.shape[1]:
        counts, rows, columns = counts.T, columns, rows
    constant = special.gammaln(rows + 1).sum() + special.gammaln(columns + 1).sum() - special.gammaln(total + 1)
    seen = float(constant - special.gammaln(counts + 1.0).sum())
    slack = _TIE * max(1.0, abs(seen) * 1e-6)
    name = "Fisher's exact test" if counts.shape == (2, 2) else "Freeman-Halton exact test"
    listed = _listed(rows, columns, MOST_LISTED)
    if listed is not None:
        logs = constant - listed
        return min(1.0, float(np.exp(logs[logs <= seen + slack]).sum())), None, name
    rng = np.random.Generator(np.random.PCG64(_SEED))
    hits, done = 0, 0
    while done < DRAWS:
        size = min(20_000, DRAWS - done)
        hits += int((constant - _drawn(rng, rows, columns, size) <= seen + slack).sum())
        done += size
    p = (hits + 1) / (DRAWS + 1)
    return p, math.sqrt(p * (1 - p) / DRAWS), f"{name} ({DRAWS:,} draws)"


def _listed(rows: Ints, columns: Ints, most: int) -> Floats | None:
    """Sum of log factorials of the cells of every table with these margins; None where there are more than ``most``."""
    # Column by column: the rows' remainders so far, and the log factorials spent on the way to each.
    left, spent = rows[None, :].astype(np.int64), np.zeros(1)
    for size in columns[:-1].tolist():
        states: list[Ints] = []
        costs: list[Floats] = []
        count = 0
        for rest, cost in zip(left, spent, strict=True):
            room = 1
            for r in rest[:-1].tolist():
                room *= min(r, size) + 1
                if room > 50 * most:
                    return None
            cells = _fillings(rest, size)
            count += len(cells)
            if count > most:
                return None
            states.append(rest - cells)
            costs.append(cost + special.gammaln(cells + 1.0).sum(axis=1))
        left, spent = np.concatenate(states), np.concatenate(costs)
    found: Floats = spent + special.gammaln(left + 1.0).sum(axis=1)
    return found


def _fillings(rest: Ints, size: int) -> Ints:
    """Every way to put ``size`` units into rows with this much room."""
    ways = np.zeros((1, 0), dtype=np.int64)
    room_after = np.append(np.cumsum(rest[::-1])[::-1][1:], 0)
    for room, after in zip(rest.tolist(), room_after.tolist(), strict=True):
        used = ways.sum(axis=1)
        parts = []
        for value in range(min(room, size) + 1):
            fits = (used + value <= size) & (size - used - value <= after)
            if fits.any():
                parts.append(np.column_stack([ways[fits], np.full(int(fits.sum()), value)]))
        ways = np.concatenate(parts)
    return ways


def _drawn(rng: np.random.Generator, rows: Ints, columns: Ints, size: int) -> Floats:
    """The same sums for tables drawn at random given both margins, cell by cell (multivariate hypergeometric)."""
    left = np.repeat(rows[None, :], size, axis=0)
    spent = np.zeros(size)
    for column in columns[:-1].tolist():
        wanted = np.full(size, column)
        for i in range(len(rows) - 1):
            others = left[:, i + 1 :].sum(axis=1)
            cell = rng.hypergeometric(left[:, i], others, wanted)
            spent += special.gammaln(cell + 1.0)
            left[:, i] -= cell
            wanted = wanted - cell
        left[:, -1] -= wanted
        spent += special.gammaln(wanted + 1.0)
    spent += special.gammaln(left + 1.0).sum(axis=1)
    return spent
