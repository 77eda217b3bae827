"""Averages of one arm, ready to be resampled: the mean (of units, or from sums by bucket) and the trimmed mean.

Each knows its value, its variance and how much every value pulls at it (its influence).

References:
    Tukey & McLaughlin (1963), Less vulnerable confidence and significance procedures for location, Sankhya A 25.
    Yuen (1974), The two-sample trimmed t for unequal population variances, Biometrika 61.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.levels import Level

__all__ = ["Location", "Observed", "trimmed_level", "trimmed_mean", "weighted_mean"]

Floats = NDArray[np.float64]


class Observed(NamedTuple):
    """An average in the data.

    Attributes:
        value: In the values' unit.
        variance: Of ``value``.
        influence: How much each value pulls at it, in the values' unit, over n; they sum to about 0.
    """

    value: float
    variance: float
    influence: Floats


class Location(Protocol):
    """An average that can be resampled."""

    def observed(self, values: Floats, counts: Floats | None) -> Observed:
        """The average of one arm's data."""

    def resampled(self, values: Floats, counts: Floats | None, *, spread: bool) -> tuple[Floats, Floats]:
        """The averages of many resamples, one a row, and their variances (zeros unless ``spread``)."""


class _WeightedMean:
    def observed(self, values: Floats, counts: Floats | None) -> Observed:
        n = len(values)
        size = 1.0 if counts is None else float(counts.mean())
        # Centred first: a mean of 1e9 keeps its spread.
        level = float(values.mean()) / size
        level += float((values - (level if counts is None else level * counts)).mean()) / size
        residual = (values - (level if counts is None else level * counts)) / size
        return Observed(level, float(residual @ residual) / n / (n - 1), residual / n)

    def resampled(self, values: Floats, counts: Floats | None, *, spread: bool) -> tuple[Floats, Floats]:
        n = values.shape[1]
        size = np.ones((len(values), 1)) if counts is None else counts.mean(axis=1, keepdims=True)
        if not size.all():
            raise Refused.because(
                "bootstrap.empty_resample",
                "Nearly all buckets of an arm hold no units, so that a resample holds none at all.",
                "Use fewer buckets.",
                name="counts",
            )
        level = values.mean(axis=1, keepdims=True) / size
        if not spread:
            return level[:, 0], np.zeros(len(values))
        residual = (values - (level if counts is None else level * counts)) / size
        return level[:, 0], np.einsum("ij,ij->i", residual, residual) / n / (n - 1)


class _TrimmedMean:
    def __init__(self, share: float) -> None:
        self.share = share

    def _cut(self, n: int) -> int:
        return math.floor(self.share * n)

    def observed(self, values: Floats, counts: Floats | None) -> Observed:  # noqa: ARG002 - single values only
        n, cut = len(values), self._cut(len(values))
        x = np.sort(values)
        level, variance = self._row(x[None, :], cut)
        capped = np.clip(values, x[cut], x[n - 1 - cut])
        return Observed(float(level[0]), float(variance[0]), (capped - capped.mean()) / (1 - 2 * cut / n) / n)

    def resampled(
        self,
        values: Floats,
        counts: Floats | None,  # noqa: ARG002 - single values only
        *,
        spread: bool,  # noqa: ARG002 - comes with the rest
    ) -> tuple[Floats, Floats]:
        return self._row(np.sort(values, axis=1), self._cut(values.shape[1]))

    @staticmethod
    def _row(x: Floats, cut: int) -> tuple[Floats, Floats]:
        """Trimmed mean and Yuen's variance of sorted rows."""
        n = x.shape[1]
        kept = x[:, cut : n - cut]
        level = kept.mean(axis=1)
        capped = np.clip(x, kept[:, :1], kept[:, -1:])
        squares = ((capped - capped.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        h = n - 2 * cut
        return level, squares / h / (h - 1) if h > 1 else np.zeros(len(x))


def weighted_mean() -> Location:
    """The mean of units: of their values, or of sums over counts by bucket."""
    return _WeightedMean()


def trimmed_mean(share: float) -> Location:
    """The mean without a share of the values at each end.

    Args:
        share: In [0, 0.5).
    """
    return _TrimmedMean(share)


def trimmed_level(values: Floats, share: float) -> Level:
    """One arm's trimmed mean with Yuen's variance: compare two of them with ``means.welch``.

    Use it where a few wild values drown an average and what is typical matters; where their sum matters (revenue), a
    trimmed mean answers another question than the one about money. A cap agreed on before (``spec.Cap``) keeps them in.

    Args:
        values: Finite numbers, in any unit.
        share: Share cut off at each end, in [0, 0.5); rounded down to whole values.

    Returns:
        The level; its ``n`` counts the values kept, which is what Yuen's degrees of freedom go by.

    Raises:
        Refused: ``share`` is out of range, or fewer than two values are left.

    Example:
        >>> level = trimmed_level(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1000.0]), 0.1)
        >>> level.value, level.n
        (5.5, 8)
    """
    checks.finite("share", share)
    n = len(values)
    kept = n - 2 * math.floor(share * n) if 0 <= share < 0.5 else 0
    if kept < 2:
        raise Refused.because(
            "trimmed.too_few_left",
            f"Of {n} values, {max(kept, 0)} are left without the share of {share} at each end; at least 2 must be.",
            "Give a share of at least 0 and below 0.5, or wait for more units.",
            name="share",
            value=share,
        )
    found = trimmed_mean(share).observed(np.asarray(values, dtype=np.float64), None)
    return Level(
        n=kept, observed=found.value, value=found.value, variance=found.variance, observed_variance=found.variance
    )
