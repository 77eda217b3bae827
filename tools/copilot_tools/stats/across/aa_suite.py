"""A/A suite: split one's own data at random many times, test each split, and see the error one truly makes.

Nothing differs between the halves, so every significant split is a false alarm. Their share is the true error rate of
this test on this metric. It is off where the test's assumptions are: rows of one unit counted as units, or a heavy tail
with a small arm. Splits are drawn unit by unit, as an experiment assigns, so a unit's rows stay together.

References:
    Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, chapter 19. Wilson (1927), JASA 22 (interval).
    Kolmogorov (1933); Marsaglia, Tsang & Wang (2003), J. Statistical Software 8 (distance from uniform).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.results import Interval
from copilot_tools.stats.inference._values import finite_values
from copilot_tools.stats.inference.proportions import Counts, wilson
from copilot_tools.stats.inference.tails import critical_value

__all__ = ["AASuite", "Buckets", "aa_suite", "buckets_of", "buckets_of_sums", "split_p_values"]

Floats = npt.NDArray[np.float64]
Test = Literal["welch", "pooled z"]

_AT_ONCE = 4_000_000
_FEWEST_UNITS = 20


class Buckets(NamedTuple):
    """Data as sums over whatever is assigned as one: a unit, or a bucket of hashed units.

    Attributes:
        n: Rows of each.
        sums: Sum of the rows' values, less ``centre`` each.
        squares: Sum of their squares, after ``centre`` was taken off.
        centre: What was taken off each value, so that squares keep their digits.
        binary: Whether all values are 0 or 1.
    """

    n: Floats
    sums: Floats
    squares: Floats
    centre: float
    binary: bool


class AASuite(Frozen):
    """What random splits of data without an effect show.

    Attributes:
        splits: Random splits tested.
        units: What was assigned as one: units, or buckets.
        rows: Rows tested in each split.
        share: Of the units that go to treatment.
        test: "welch", or "pooled z" where all values are 0 or 1.
        alpha: Level of the test.
        false_alarms: Share of splits whose p-value is at most ``alpha``: the true error rate.
        interval: Wilson's interval for it.
        upward: Share of splits that show a false gain; about alpha / 2 where all is well.
        downward: Share that show a false loss.
        uniformity_p: Kolmogorov-Smirnov: chance that uniform p-values lie at least this far from uniform.
        holds: Whether ``alpha`` lies in the interval, or the interval below it: no more false alarms than promised.
        p_values: Of each split.
    """

    splits: int
    units: int
    rows: int
    share: float
    test: Test
    alpha: float
    false_alarms: float
    interval: Interval
    upward: float
    downward: float
    uniformity_p: float
    holds: bool
    p_values: tuple[float, ...]


def buckets_of(values: Sequence[float] | Floats, units: Sequence[str] | None = None) -> Buckets:
    """Values, one a row, summed by the unit they belong to; without ``units`` each row is one.

    Use it for values at hand; where only sums by bucket leave the warehouse, ``buckets_of_sums``.

    Raises:
        Refused: A value is not finite; ``units`` is of another length than ``values``.
    """
    x = finite_values(values, "values")
    if units is not None and len(units) != len(x):
        raise Refused.because(
            "aa_suite.lengths",
            f"There are {len(x)} values but {len(units)} units.",
            "Name the unit of each value.",
            name="units",
            value=len(units),
        )
    centre = float(x.mean()) if len(x) else 0.0
    binary = bool(((x == 0) | (x == 1)).all())
    d = x - centre
    if units is None:
        return Buckets(np.ones(len(x)), d, d * d, centre, binary)
    code = np.unique(np.asarray(units, dtype=np.str_), return_inverse=True)[1]
    n, sums, squares = (np.bincount(code, weights=w).astype(np.float64) for w in (np.ones(len(x)), d, d * d))
    return Buckets(n, sums, squares, centre, binary)


def buckets_of_sums(n: Sequence[int], sums: Sequence[float], squares: Sequence[float]) -> Buckets:
    """Data that comes as sums by bucket of hashed units: rows, sum of values, sum of squared values.

    Use it where single values cannot leave the warehouse.

    Args:
        n: Rows of each bucket, at least 1.
        sums: Sum of each bucket's values, in the metric's unit.
        squares: Sum of their squares.

    Raises:
        Refused: A figure is impossible, or the squares have lost their digits beside so large a mean.
    """
    rows = np.asarray([checks.count(f"n of bucket {i}", k, at_least=1) for i, k in enumerate(n, start=1)], dtype=float)
    s, q = finite_values(sums, "sums"), finite_values(squares, "squares")
    if not len(rows) == len(s) == len(q) or len(rows) == 0:
        raise _refused("buckets", len(rows), "but sums and squares have other lengths or none", "Give all three.")
    centre = float(s.sum() / rows.sum())
    mean = s / rows
    spread = q - rows * mean * mean
    if (spread < -1e-9 * q).any() or float(q.sum()) * 1e-9 > float(q.sum()) - centre * float(s.sum()):
        raise Refused.because(
            "aa_suite.squares",
            "A sum of squares is smaller than its sum of values allows, or all of the variation is rounding.",
            "Take a constant near the mean off every value before summing.",
            name="squares",
        )
    inside = np.maximum(spread, 0.0)
    return Buckets(rows, s - rows * centre, inside + rows * (mean - centre) ** 2, centre, binary=False)


def aa_suite(
    data: Buckets, *, splits: int = 1000, share: float = 0.5, alpha: float = 0.05, seed: int = 0, level: float = 0.95
) -> AASuite:
    """Run so many A/A tests on the data.

    Use it before trusting a metric's p-values: with the split and the size the experiments have, on data from before.

    Args:
        data: From ``buckets_of``, or aggregated by bucket of hashed units; at least 20 units or buckets.
        splits: Random splits, 100 to 100,000; 1,000 tell an error rate of 5% to 1.4 points either way.
        share: Of the units that go to treatment, in (0, 1).
        alpha: Level of each test, two-sided, in (0, .5).
        seed: Of the splits (PCG64): the same seed, the same splits.
        level: Of the interval around the error rate, in (0, 1).

    Raises:
        Refused: Too few units, nothing varies, a share that leaves an arm without units in most splits, or a parameter
            out of range.
    """
    checks.between("share", share, 0, 1)
    checks.between("alpha", alpha, 0, 0.5)
    checks.between("level", level, 0, 1)
    if not 100 <= checks.count("splits", splits) <= 100_000:
        raise _refused("splits", splits, "must be from 100 to 100,000", "Take 1,000.")
    units = len(data.n)
    if units < _FEWEST_UNITS:
        raise _refused("units", units, f"must be at least {_FEWEST_UNITS}", "Give more of the data.")
    if units * min(share, 1 - share) < _FEWEST_UNITS / 2:
        raise _refused(
            "share", share, f"that leaves an arm fewer than {_FEWEST_UNITS // 2} units", "Give more of the data."
        )
    total = float(data.n.sum())
    spread = float(data.squares.sum()) - float(data.sums.sum()) ** 2 / total
    if spread <= 1e-12 * total * data.centre**2 or spread <= 0:
        raise _refused("values", data.centre, "that is the value of every row: nothing varies", "Check the column.")
    z, df = split_p_values(data, splits=splits, share=share, seed=seed)
    p = np.asarray(2 * (special.ndtr(-np.abs(z)) if df is None else special.stdtr(df, -np.abs(z))), dtype=np.float64)
    alarms = p <= alpha
    low, high = wilson(Counts(int(alarms.sum()), splits), critical_value(1 - level))
    return AASuite(
        splits=splits,
        units=units,
        rows=round(total),
        share=share,
        test="welch" if df is not None else "pooled z",
        alpha=alpha,
        false_alarms=float(alarms.mean()),
        interval=Interval(low=low, high=high, level=level),
        upward=float((alarms & (z > 0)).mean()),
        downward=float((alarms & (z < 0)).mean()),
        uniformity_p=_uniformity(p),
        holds=low <= alpha,
        p_values=tuple(p.tolist()),
    )


def split_p_values(data: Buckets, *, splits: int, share: float, seed: int) -> tuple[Floats, Floats | None]:
    """The statistic of each random split, and its degrees of freedom (None for the pooled z of a proportion).

    A split in which nothing varies, or an arm has fewer than two rows, has the statistic 0: it raises no alarm.

    Args:
        data: Values or buckets, each of which falls into an arm as a whole.
        splits: How many random splits, at least 1.
        share: Chance of a bucket to fall into the treatment arm, in (0, 1).
        seed: Of the random numbers, at least 0: the same seed gives the same splits.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    columns = np.column_stack([data.n, data.sums, data.squares])
    whole = columns.sum(axis=0)
    step = max(1, _AT_ONCE // len(data.n))
    found = []
    for first in range(0, splits, step):
        treated = random.random((min(step, splits - first), len(data.n))) < share
        arm = treated.astype(np.float64) @ columns
        found.append(_statistics(whole - arm, arm, data))
    z = np.concatenate([f[0] for f in found])
    return z, None if data.binary else np.concatenate([f[1] for f in found])


def _statistics(control: Floats, treatment: Floats, data: Buckets) -> tuple[Floats, Floats]:
    n = [control[:, 0], treatment[:, 0]]
    usable = (n[0] >= 2) & (n[1] >= 2)
    n = [np.where(usable, x, 2.0) for x in n]
    mean = [a[:, 1] / x for a, x in zip((control, treatment), n, strict=True)]
    if data.binary:
        rate = data.centre + (control[:, 1] + treatment[:, 1]) / (n[0] + n[1])
        error = rate * (1 - rate) * (1 / n[0] + 1 / n[1])
        df = np.ones_like(error)
    else:
        own = [
            np.maximum(a[:, 2] - x * m * m, 0) / (x - 1) / x
            for a, x, m in zip((control, treatment), n, mean, strict=True)
        ]
        error = own[0] + own[1]
        parts = own[0] ** 2 / (n[0] - 1) + own[1] ** 2 / (n[1] - 1)
        df = np.divide(error**2, parts, out=np.ones_like(error), where=parts > 0)
    varies = usable & (error > 0)
    z = np.divide(mean[1] - mean[0], np.sqrt(error), out=np.zeros_like(error), where=varies)
    return z, df


def _uniformity(p: Floats) -> float:
    """Kolmogorov's asymptotic p, with Stephens' correction for the number of p-values."""
    ordered = np.sort(p)
    n = len(p)
    ranks = np.arange(n + 1) / n
    distance = float(max((ranks[1:] - ordered).max(), (ordered - ranks[:-1]).max()))
    root = math.sqrt(n)
    return float(special.kolmogorov(distance * (root + 0.12 + 0.11 / root)))


def _refused(name: str, value: float, bound: str, cure: str) -> Refused:
    return Refused.because("aa_suite.data", f"{name} is {value:g}, but {bound}.", cure, name=name, value=value)
