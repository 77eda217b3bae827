"""Tables of counts, k x m: is the row independent of the column?

Pearson's chi-square or the G-test where every expected count reaches 5; below that the exact test given both margins
(Freeman & Halton, for 2 x 2 Fisher's): every table is listed where they are few, and seeded draws are made where not.
Both are arrays of bounded size, whatever the counts: listing stops at a number of cells, and drawing has a budget.

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
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference.tails import p_value

__all__ = ["DRAWS", "Independence", "TableMethod", "independence"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TableMethod = Literal["auto", "pearson", "yates", "g", "g-yates", "exact"]

FEWEST_EXPECTED = 5
MOST_LISTED = 2_000_000
"""Cells of all the tables an exact test lists; with more it draws."""
DRAWS = 99_999
"""Tables drawn at random given both margins, where there are too many to list."""
MOST_DRAWN = 4_000_000
"""Cells of all the tables drawn: above 40 cells a table, fewer are drawn."""
FEWEST_DRAWS = 999
"""Draws below which the table is refused: a p-value would not be known to a percent."""
MOST_UNITS_EXACT = 10_000_000
"""Units above which the logarithms of the chances lose the digits that tell tables apart."""
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
            else exact. A table too large for "exact" is read by Pearson where every expected count reaches 5.

    Raises:
        Refused: The table is ragged, too small, or has an empty row or column; an approximate test is asked for with an
            expected count below 5; a correction for a larger table; an expected count below 5 in a table too large
            for the exact test (more than ten million units, or than 4,004 cells).

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
    if method == "exact" and smallest >= FEWEST_EXPECTED and _too_large(counts) is not None:
        method = "pearson"
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


def _too_large(counts: Ints) -> Refusal | None:
    """Why the exact test of this table is not computed; None where it is."""
    total = int(counts.sum())
    cure = "Merge rows or columns until every expected count reaches 5, and use Pearson's chi-square."
    if total > MOST_UNITS_EXACT:
        return Refusal(
            code="table.too_many_units",
            reason=f"The exact test of a table of {total:,} units is not computed above {MOST_UNITS_EXACT:,}.",
            cure=cure,
            name="table",
            value=total,
        )
    if MOST_DRAWN // counts.size < FEWEST_DRAWS:
        most = MOST_DRAWN // FEWEST_DRAWS
        return Refusal(
            code="table.too_many_cells",
            reason=f"The exact test of a table of {counts.size:,} cells is not computed above {most:,}.",
            cure=cure,
            name="table",
            value=counts.size,
        )
    return None


def _exact(counts: Ints, rows: Ints, columns: Ints) -> tuple[float, float | None, str]:
    if (refusal := _too_large(counts)) is not None:
        raise Refused(refusal)
    # The chances are those of the margins in any order; the largest come last, as the remainders, and are not listed.
    if counts.shape[0] > counts.shape[1]:
        counts, rows, columns = counts.T, columns, rows
    rows, columns = np.sort(rows), np.sort(columns)
    constant = special.gammaln(rows + 1).sum() + special.gammaln(columns + 1).sum() - special.gammaln(rows.sum() + 1)
    seen = float(constant - special.gammaln(counts + 1.0).sum())
    slack = _TIE * max(1.0, abs(seen) * 1e-6)
    name = "Fisher's exact test" if counts.shape == (2, 2) else "Freeman-Halton exact test"
    listed = _listed(rows, columns, MOST_LISTED // counts.size)
    if listed is not None:
        logs = constant - listed
        return min(1.0, float(np.exp(logs[logs <= seen + slack]).sum())), None, name
    rng = np.random.Generator(np.random.PCG64(_SEED))
    draws = min(DRAWS, MOST_DRAWN // counts.size)
    hits, done = 0, 0
    while done < draws:
        size = min(20_000, draws - done)
        hits += int((constant - _drawn(rng, rows, columns, size) <= seen + slack).sum())
        done += size
    p = (hits + 1) / (draws + 1)
    return p, math.sqrt(p * (1 - p) / draws), f"{name} ({draws:,} draws)"


def _listed(rows: Ints, columns: Ints, most: int) -> Floats | None:
    """Sum of log factorials of the cells of every table with these margins; None where there are more than ``most``."""
    # Cell by cell, all tables begun so far at once. Each can be completed, so there are never more of them than tables.
    left, spent = rows[None, :].astype(np.int64), np.zeros(1)
    for size in columns[:-1].tolist():
        wanted = np.full(len(left), size)
        for i in range(len(rows) - 1):
            least = np.maximum(wanted - left[:, i + 1 :].sum(axis=1), 0)
            ways = np.minimum(left[:, i], wanted) - least + 1
            # No single number of ways overflows, but their sum might: it is weighed as floats.
            if ways.sum(dtype=np.float64) > most:
                return None
            begun = np.repeat(np.arange(len(left)), ways)
            cell = least[begun] + np.arange(len(begun)) - np.repeat(np.cumsum(ways) - ways, ways)
            left, wanted = left[begun], wanted[begun] - cell
            spent = spent[begun] + special.gammaln(cell + 1.0)
            left[:, i] -= cell
        left[:, -1] -= wanted
        spent += special.gammaln(wanted + 1.0)
    found: Floats = spent + special.gammaln(left + 1.0).sum(axis=1)
    return found


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
