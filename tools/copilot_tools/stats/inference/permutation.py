"""Permutation test of two means: how unusual is this difference among all ways the units could have been assigned?

Randomization itself is the model: no distribution is assumed. Exact where all assignments can be counted, else from
seeded random ones, counting the one at hand, so that p is never 0 and never too small on average.

References:
    Fisher (1935), The Design of Experiments, chapter III. Phipson & Smyth (2010), Permutation p-values should never be
    zero, Statistical Applications in Genetics and Molecular Biology 9. Janssen (1997), Studentized permutation tests
    for non-i.i.d. hypotheses, Statistics & Probability Letters 36. Chung & Romano (2013), Exact and asymptotically
    robust permutation tests, Annals of Statistics 41.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference._values import finite_values
from copilot_tools.stats.inference.resampling import seed_of
from copilot_tools.stats.inference.tails import Alternative

__all__ = ["Permuted", "permutation_test"]

Floats = NDArray[np.float64]

_MOST_EXACT = 200_000
"""Assignments up to which all are counted."""

_MOST_WORK = 2_000_000_000
_CHUNK = 4_000_000
_SLACK = 1e-10
"""Relative difference below which two statistics are the same: sums in another order differ by rounding."""


class Permuted(NamedTuple):
    """A permutation test.

    Attributes:
        difference: Treatment's mean minus control's, in the values' unit.
        statistic: What was compared: the difference in standard errors (studentised), or the difference.
        p_value: Share of assignments at least as extreme; the one at hand counts.
        exact: Whether all assignments were counted.
        assignments: How many were looked at, the one at hand among them.
        seed: The seed of the random ones; None where exact.
    """

    difference: float
    statistic: float
    p_value: float
    exact: bool
    assignments: int
    seed: int | None


def permutation_test(
    control: Sequence[float] | Floats,
    treatment: Sequence[float] | Floats,
    *,
    alternative: Alternative = "two-sided",
    studentized: bool = True,
    resamples: int = 10_000,
    seed: int | None = None,
) -> Permuted:
    """Test that the arms' values are exchangeable, by their means.

    Use it for few units, or to check a t test by another road. It tests that the treatment does nothing to anybody;
    studentised it is also right in large samples where only the means are equal.

    Args:
        control: Control's values, at least one, finite.
        treatment: The treatment's values; at least four in both arms together.
        alternative: "greater" asks whether treatment is above control; two-sided looks at the size alone.
        studentized: Divide each difference by its own standard error (Welch's); needs two values in each arm.
        resamples: Random assignments where there are more than 200,000; 1,000 to 1,000,000.
        seed: Any whole number of at least 0; by default made from the data and the question.

    Raises:
        Refused: Too few values, one that is not finite, nothing varies, an argument out of range, or too much work.

    Example:
        >>> found = permutation_test([1, 2, 3, 4], [5, 6, 7, 8])
        >>> found.exact, found.assignments, round(found.p_value, 4)
        (True, 70, 0.0286)
    """
    c, t = (finite_values(v, name) for v, name in ((control, "control"), (treatment, "treatment")))
    pooled = np.concatenate([c, t])
    smallest = 2 if studentized else 1
    if len(pooled) < 4 or min(len(c), len(t)) < smallest:
        raise Refused.because(
            "data.too_few_units",
            f"There are {len(c)} values in control and {len(t)} in treatment, but a permutation test needs at least 4 "
            f"in all and {smallest} in each arm.",
            "Wait for more units.",
            name="n",
            value=min(len(c), len(t)),
        )
    if pooled.min() == pooled.max():
        raise Refused.because(
            "data.no_variance",
            f"All values are {pooled[0]:g}: every assignment looks the same.",
            "Check that the column is the metric.",
            name="variance",
            value=0.0,
        )
    if not 1000 <= checks.count("resamples", resamples) <= 1_000_000:
        raise Refused.because(
            "permutation.resamples",
            f"resamples is {resamples}, but must lie between 1000 and 1000000.",
            "Give 10000.",
            name="resamples",
            value=resamples,
        )
    centre, n = float(pooled.mean()), len(pooled)
    x = pooled - centre
    # The chosen arm is the smaller one: fewer values to gather. Its sign is put right afterwards.
    flipped = len(c) < len(t)
    k = min(len(c), len(t))
    own = np.arange(k) if flipped else np.arange(n - k, n)
    sign = -1.0 if flipped else 1.0
    observed = sign * float(_statistics(x, own[None, :], studentized=studentized)[0])
    difference = float(t.mean() - c.mean())
    exact = _countable(n, k)
    if exact:
        seed, total, extreme = None, math.comb(n, k), 0
        chosen: Iterator[NDArray[np.int64]] = _all(n, k)
    else:
        if resamples * n > _MOST_WORK:
            raise Refused.because(
                "permutation.too_much_work",
                f"{resamples} assignments of {n} values are more than {_MOST_WORK:.0e} draws.",
                "With so many values Welch's t is the same test: use compare_means.",
                name="resamples",
                value=resamples,
            )
        if seed is None:
            seed = seed_of(c, t, alternative, studentized, resamples)
        chosen = _random(np.random.Generator(np.random.PCG64(checks.count("seed", seed))), n, k, resamples)
        # The assignment at hand is one of those it is compared with.
        total, extreme = resamples + 1, 1
    for rows in chosen:
        found = sign * _statistics(x, rows, studentized=studentized)
        extreme += int(_as_extreme(found, observed, alternative).sum())
    shown = observed if math.isfinite(observed) else difference
    return Permuted(difference, shown, extreme / total, exact, total, seed)


def _countable(n: int, k: int) -> bool:
    # By logarithms first: the exact number of a large sample's assignments has thousands of digits.
    logarithm = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return logarithm < math.log(2 * _MOST_EXACT) and math.comb(n, k) <= _MOST_EXACT


def _statistics(x: Floats, rows: NDArray[np.int64], *, studentized: bool) -> Floats:
    """Mean of the chosen minus mean of the others (x sums to 0), in standard errors if ``studentized``; one a row."""
    n, k = len(x), rows.shape[1]
    picked = x[rows]
    sums = picked.sum(axis=1)
    rest = x.sum() - sums
    difference = np.asarray(sums / k - rest / (n - k), dtype=np.float64)
    if not studentized:
        return difference
    squares = (picked * picked).sum(axis=1)
    whole = float(x @ x)
    own = squares - sums * sums / k
    others = whole - squares - rest * rest / (n - k)
    floor = whole * 1e-13
    own, others = np.where(own > floor, own, 0.0), np.where(others > floor, others, 0.0)
    error = np.sqrt(own / k / (k - 1) + others / (n - k) / (n - k - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Two arms without any spread that still differ are as far apart as can be.
        t = np.where(error > 0, difference / error, np.sign(difference) * np.inf)
    return np.where(np.isnan(t), 0.0, t)


def _as_extreme(found: Floats, observed: float, alternative: Alternative) -> NDArray[np.bool_]:
    slack = _SLACK * abs(observed) if math.isfinite(observed) else 0.0
    if alternative == "greater":
        return np.asarray(found >= observed - slack)
    if alternative == "less":
        return np.asarray(found <= observed + slack)
    return np.asarray(np.abs(found) >= abs(observed) - slack)


def _all(n: int, k: int) -> Iterator[NDArray[np.int64]]:
    every = combinations(range(n), k)
    while rows := list(islice(every, max(1, _CHUNK // 8 // k))):
        yield np.array(rows, dtype=np.int64)


def _random(rng: np.random.Generator, n: int, k: int, resamples: int) -> Iterator[NDArray[np.int64]]:
    step = max(1, _CHUNK // n)
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        if n > 50 * k:
            yield np.array([rng.choice(n, k, replace=False, shuffle=False) for _ in range(rows)], dtype=np.int64)
        else:
            # The places of the k smallest of n random numbers: an assignment with every unit equally likely.
            yield np.argpartition(rng.random((rows, n)), k - 1, axis=1)[:, :k].astype(np.int64)
