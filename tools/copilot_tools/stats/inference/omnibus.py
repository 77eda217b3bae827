"""Several arms at once: does any of k proportions differ from the others?

References:
    Fleiss (1981), Statistical Methods for Rates and Proportions, 2nd ed., chapter 9.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any

__all__ = ["ChiSquare", "equal_proportions", "equal_proportions_by"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


class ChiSquare(Frozen):
    """A chi-square test.

    Attributes:
        statistic: Chi-square.
        df: Degrees of freedom.
        p_value: Chance of a statistic at least this large when nothing differs.
        smallest_expected: Smallest expected count of the table; below 5 the approximation is rough.
        method: The field's name of the test.
    """

    statistic: float
    df: int
    p_value: float
    smallest_expected: float
    method: str


def equal_proportions(successes: Sequence[int], n: Sequence[int]) -> ChiSquare:
    """Pearson's chi-square test that k arms share one proportion (no continuity correction).

    Args:
        successes: Successes per arm, from 0 to the arm's units.
        n: Units per arm, each above 0.

    Raises:
        Refused: Fewer than two arms, an arm without units, counts that are none, or no arm (or every unit) succeeded,
            so that there is nothing to compare.

    Example:
        >>> test = equal_proportions([83, 90, 129, 70], [86, 93, 136, 82])  # Fleiss (1981): smokers among patients
        >>> round(test.statistic, 4), test.df, round(test.p_value, 6)
        (12.6004, 3, 0.005585)
    """
    if len(successes) != len(n) or len(n) < 2:
        raise Refused.because(
            "omnibus.too_few_arms",
            f"There are {len(successes)} counts of successes for {len(n)} arms, but at least 2 arms are needed.",
            "Give one count of successes and one of units per arm, for two arms or more.",
            name="n",
            value=len(n),
        )
    problems: list[Refusal] = []
    for i, (x, size) in enumerate(zip(successes, n, strict=True), start=1):
        try:
            checks.successes(f"successes of arm {i}", x, checks.count(f"n of arm {i}", size, at_least=1))
        except Refused as refused:
            problems.extend(refused.refusals)
    refuse_if_any(problems)
    total, units = sum(successes), sum(n)
    if total in {0, units}:
        raise Refused.because(
            "omnibus.no_variation",
            f"{'No unit in any arm' if total == 0 else 'Every unit in every arm'} succeeded, so there is nothing to "
            "compare.",
            "Wait for more units, or check the column of successes.",
            name="successes",
            value=total,
        )
    statistic, df, p_value, expected = equal_proportions_by(
        np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64), np.zeros(len(n), dtype=np.intp), 1
    )
    return ChiSquare(
        statistic=float(statistic[0]),
        df=int(df[0]),
        p_value=float(p_value[0]),
        smallest_expected=float(expected[0]),
        method="Pearson chi-square test of equal proportions",
    )


def equal_proportions_by(
    successes: Floats, n: Floats, group: Codes, groups: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """The same test for many groups of arms at once, as arrays.

    Args:
        successes: Successes per arm, all groups one after the other.
        n: Units per arm, each above 0.
        group: Per arm, the number (from 0) of its group.
        groups: How many groups there are, at least 1.

    Returns:
        Per group: chi-square, degrees of freedom, p-value, smallest expected count. The first and third are NaN where
        the group cannot be tested (fewer than two arms; no success or nothing but successes): callers turn NaN into a
        refusal, never into a number.
    """
    df = np.bincount(group, minlength=groups).astype(np.float64) - 1
    units = np.bincount(group, weights=n, minlength=groups)
    total = np.bincount(group, weights=successes, minlength=groups)
    testable = (df >= 1) & (total > 0) & (total < units)
    pooled = np.divide(total, units, out=np.full(groups, np.nan), where=testable)
    share = pooled[group]
    squares = (successes - n * share) ** 2 / (n * share * (1 - share))
    statistic = np.bincount(group, weights=squares, minlength=groups).astype(np.float64)
    expected = np.full(groups, np.inf)
    with np.errstate(invalid="ignore"):  # NaN marks a group that cannot be tested
        np.minimum.at(expected, group, n * np.minimum(share, 1 - share))
    p_value = np.full(groups, np.nan)
    p_value[testable] = chdtrc(df[testable], statistic[testable])
    return statistic, df, p_value, expected
