"""Tests of counts, exact where they are small: units against configured weights, and two proportions.

References:
    Cochran (1954), Some methods for strengthening the common chi-square tests, Biometrics 10 (expected counts of 5).
    Fisher (1935), The Design of Experiments (exact tests).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.proportions import Counts, pooled_z
from copilot_tools.stats.inference.tails import p_value

__all__ = ["counts_against_weights", "two_proportions"]

SMALLEST_EXPECTED = 5
EXACT_BELOW = 100
"""Expected units of the smaller of two arms below which their split is tested exactly.

Under weights such as 99:1 counts are skewed: with 7 expected, chi-square falls below .001 in 0.23% of sound splits.
"""
MOST_OUTCOMES = 50_000
"""Outcomes an exact test may enumerate before it is refused."""
_FAR = 1000
"""Beyond so many units where fewer than 100 are expected there is nothing left."""


def counts_against_weights(counts: Sequence[int], weights: Sequence[float]) -> float:
    """P-value that counts come from shares proportional to weights.

    Two arms: the exact binomial test where less than 100 units are expected in one of them. More arms: the exact
    multinomial test where less than 5 are. (Exact: outcomes no likelier than the one seen.) Else Pearson's chi-square.

    Raises:
        Refused: There are no units, or the exact test would enumerate too many outcomes.
    """
    n, total = sum(counts), math.fsum(weights)
    if n == 0:
        raise Refused.because("sample_ratio.empty", "There are no units to compare with the configured split.")
    expected = [n * w / total for w in weights]
    if len(counts) == 2 and min(expected) < EXACT_BELOW:
        rare = expected.index(min(expected))
        return _binomial(counts[rare], n, weights[rare] / total)
    if min(expected) >= SMALLEST_EXPECTED:
        statistic = math.fsum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))
        return float(special.chdtrc(len(counts) - 1, statistic))
    k = len(counts)
    if math.comb(n + k - 1, k - 1) > MOST_OUTCOMES:
        raise Refused.because(
            "sample_ratio.expected_too_small",
            f"An arm is expected to have {min(expected):.1f} of {n} units: below {SMALLEST_EXPECTED} the approximate "
            "test does not hold, and the exact one has too many outcomes to list.",
            "Wait for more units, or merge slices.",
            name="units",
            value=n,
        )
    logs = np.log(np.asarray(weights, dtype=float) / total)
    outcomes = np.array([*_compositions(n, k), tuple(counts)], dtype=float)
    log_p = special.gammaln(n + 1) - special.gammaln(outcomes + 1).sum(axis=1) + outcomes @ logs
    return min(float(np.exp(log_p[:-1][log_p[:-1] <= log_p[-1] + 1e-9]).sum()), 1.0)


def _binomial(k: int, n: int, share: float) -> float:
    """Exact two-sided p-value of k among n at a share of at most a half, fewer than 100 being expected."""
    if k > _FAR:  # no count below is as unlikely: the upper tail is all there is
        return float(special.betainc(k, n - k + 1, share))
    x = np.arange(min(n, _FAR) + 1, dtype=float)
    chosen = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    log_p = chosen + x * math.log(share) + (n - x) * math.log1p(-share)
    return min(float(np.exp(log_p[log_p <= log_p[k] + 1e-7]).sum()), 1.0)


def _compositions(n: int, k: int) -> list[tuple[int, ...]]:
    """All ways to write n as k whole numbers from 0 (stars and bars)."""
    ways = []
    for bars in itertools.combinations(range(n + k - 1), k - 1):
        edges = (-1, *bars, n + k - 1)
        ways.append(tuple(edges[i + 1] - edges[i] - 1 for i in range(k)))
    return ways


def two_proportions(a: int, n_a: int, b: int, n_b: int) -> float:
    """Two-sided p-value that a of n_a and b of n_b share one proportion.

    Pooled z where every expected count reaches 5, else Fisher's exact test.

    Raises:
        Refused: One side has no units.
    """
    if not n_a or not n_b:
        raise Refused.because("counts.empty", "One arm has no units, so there is nothing to compare.")
    p = (a + b) / (n_a + n_b)
    z = pooled_z(Counts(b, n_b), Counts(a, n_a))
    if z is not None and min(p, 1 - p) * min(n_a, n_b) >= SMALLEST_EXPECTED:
        return p_value(z)
    x = np.arange(max(0, a + b - n_b), min(n_a, a + b) + 1)
    log_p = _log_choose(n_a, x) + _log_choose(n_b, a + b - x) - _log_choose(n_a + n_b, np.array([a + b]))
    seen = log_p[a - x[0]]
    return min(float(np.exp(log_p[log_p <= seen + 1e-7]).sum()), 1.0)


def _log_choose(n: int, k: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    chosen: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    )
    return chosen
