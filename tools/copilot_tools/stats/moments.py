"""Moments: n, mean and centred second co-moments of a few columns over complete rows. They add with ``+``.

Everything after the one scan of the data is small arithmetic on these. Centred sums, never raw sums of squares: a mean
of 1e9 with a standard deviation of 1 keeps its standard deviation.

References:
    Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance, The American Statistician 37(3).
    Pebay (2008), Formulas for robust, one-pass parallel computation of covariances, Sandia report SAND2008-6212.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pydantic import model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused

__all__ = ["Moments"]


class Moments(Frozen):
    """First and second moments of d columns over n complete rows.

    Attributes:
        n: Rows in which all d columns have a value.
        mean: d means.
        comoments: d x d sums of (x_i - mean_i)(x_j - mean_j); symmetric; not divided by n.

    Example:
        >>> a = Moments.of([[1.0], [2.0], [3.0]])
        >>> b = Moments.of([[10.0]])
        >>> (a + b).mean, (a + b).variance()
        ((4.0,), 16.666666666666668)
    """

    n: int
    mean: tuple[float, ...]
    comoments: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _shapes(self) -> Moments:
        d = len(self.mean)
        if self.n < 0 or d == 0 or len(self.comoments) != d or any(len(row) != d for row in self.comoments):
            raise ValueError(f"moments need n >= 0, d >= 1 means and a d x d table; got n={self.n}, d={d}")
        return self

    @classmethod
    def empty(cls, d: int) -> Moments:
        """Moments of no rows at all."""
        return cls(n=0, mean=(0.0,) * d, comoments=((0.0,) * d,) * d)

    @classmethod
    def of(cls, rows: Sequence[Sequence[float]]) -> Moments:
        """Moments of rows held in memory, by two passes (tests, small inputs)."""
        if not rows:
            raise Refused.because("moments.empty", "There are no rows to summarize.", "Give at least one row.")
        n, d = len(rows), len(rows[0])
        mean = tuple(math.fsum(r[i] for r in rows) / n for i in range(d))
        comoments = tuple(
            tuple(math.fsum((r[i] - mean[i]) * (r[j] - mean[j]) for r in rows) for j in range(d)) for i in range(d)
        )
        return cls(n=n, mean=mean, comoments=comoments)

    @classmethod
    def from_shifted_sums(
        cls, n: int, shift: Sequence[float], sums: Sequence[float], products: Sequence[Sequence[float]]
    ) -> Moments:
        """Moments from sums about a rough centre.

        Args:
            n: Complete rows.
            shift: d rough centres k_i.
            sums: d sums of (x_i - k_i).
            products: d x d sums of (x_i - k_i)(x_j - k_j).
        """
        d = len(shift)
        if n == 0:
            return cls.empty(d)
        mean = tuple(shift[i] + sums[i] / n for i in range(d))
        centred = [[products[i][j] - sums[i] * sums[j] / n for j in range(d)] for i in range(d)]
        for i in range(d):
            centred[i][i] = max(centred[i][i], 0.0)
        return cls(n=n, mean=mean, comoments=tuple(tuple(row) for row in centred))

    @classmethod
    def of_proportion(cls, n: int, successes: int) -> Moments:
        """Moments of n values of which ``successes`` are 1 and the others 0."""
        if n == 0:
            return cls.empty(1)
        p = successes / n
        return cls(n=n, mean=(p,), comoments=((n * p * (1 - p),),))

    def __add__(self, other: Moments) -> Moments:
        if len(self.mean) != len(other.mean):
            raise ValueError(f"cannot add moments of {len(self.mean)} and {len(other.mean)} columns")
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        delta = [b - a for a, b in zip(self.mean, other.mean, strict=True)]
        mean = tuple(a + d * other.n / n for a, d in zip(self.mean, delta, strict=True))
        weight = self.n * other.n / n
        comoments = tuple(
            tuple(self.comoments[i][j] + other.comoments[i][j] + delta[i] * delta[j] * weight for j in range(len(mean)))
            for i in range(len(mean))
        )
        return Moments(n=n, mean=mean, comoments=comoments)

    @classmethod
    def sum(cls, parts: Iterable[Moments], d: int) -> Moments:
        """Sum of any number of moments of d columns."""
        total = cls.empty(d)
        for part in parts:
            total = total + part
        return total

    def without(self, row: Sequence[float]) -> Moments:
        """Moments after taking one known row out again (leave-one-out for outliers)."""
        if self.n <= 1:
            return Moments.empty(len(self.mean))
        n = self.n - 1
        mean = tuple(m + (m - x) / n for m, x in zip(self.mean, row, strict=True))
        d = range(len(mean))
        rows = [
            [self.comoments[i][j] - (row[i] - self.mean[i]) * (row[j] - self.mean[j]) * self.n / n for j in d]
            for i in d
        ]
        for i in d:
            rows[i][i] = max(rows[i][i], 0.0)
        return Moments(n=n, mean=mean, comoments=tuple(tuple(r) for r in rows))

    def only(self, *indexes: int) -> Moments:
        """Moments of some of the columns."""
        return Moments(
            n=self.n,
            mean=tuple(self.mean[i] for i in indexes),
            comoments=tuple(tuple(self.comoments[i][j] for j in indexes) for i in indexes),
        )

    def close_to(self, other: Moments, *, tolerance: float = 1e-9) -> bool:
        """Whether both summarize the same rows, up to rounding: engines add up in any order."""
        if self.n != other.n or len(self.mean) != len(other.mean):
            return False
        if not self.n:
            return True
        d = range(len(self.mean))
        scale = [max(abs(self.mean[i]), math.sqrt(self.comoments[i][i] / self.n)) or 1.0 for i in d]
        means = all(abs(self.mean[i] - other.mean[i]) <= tolerance * scale[i] for i in d)
        return means and all(
            abs(self.comoments[i][j] - other.comoments[i][j]) <= tolerance * self.n * scale[i] * scale[j]
            for i in d
            for j in d
        )

    def covariance(self, i: int, j: int) -> float:
        """Sample covariance of columns i and j (divisor n - 1); refused below two rows."""
        if self.n < 2:
            raise Refused.because(
                "data.too_few_units",
                f"A variance needs at least 2 units, but there {'is' if self.n == 1 else 'are'} {self.n}.",
                "Wait for more units, or leave this arm or slice out.",
                name="n",
                value=self.n,
            )
        return self.comoments[i][j] / (self.n - 1)

    def variance(self, i: int = 0) -> float:
        """Sample variance of column i (divisor n - 1); refused below two rows."""
        return self.covariance(i, i)
