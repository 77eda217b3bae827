"""Moments: n, mean, centred second and (where asked for) third co-moments of a few columns. They add with ``+``.

Everything after the one scan of the data is small arithmetic on these. Centred sums, never raw sums of squares: a mean
of 1e9 with a standard deviation of 1 keeps its standard deviation.

References:
    Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance, The American Statistician 37(3).
    Pebay (2008), Formulas for robust, one-pass parallel computation of covariances, Sandia report SAND2008-6212.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import combinations_with_replacement

from pydantic import model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused

__all__ = ["Moments", "triples"]


class Moments(Frozen):
    """First and second moments of d columns over n complete rows; third ones where they were taken.

    Attributes:
        n: Rows in which all d columns have a value.
        mean: d means.
        comoments: d x d sums of (x_i - mean_i)(x_j - mean_j); symmetric; not divided by n.
        thirds: Sums of (x_i - mean_i)(x_j - mean_j)(x_k - mean_k) for all i <= j <= k, in that order, not divided by n;
            None where they were not taken. What the skewness of a mean, a ratio or an adjusted mean is made of.

    Example:
        >>> a = Moments.of([[1.0], [2.0], [3.0]])
        >>> b = Moments.of([[10.0]])
        >>> (a + b).mean, (a + b).variance()
        ((4.0,), 16.666666666666668)
    """

    n: int
    mean: tuple[float, ...]
    comoments: tuple[tuple[float, ...], ...]
    thirds: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _shapes(self) -> Moments:
        d = len(self.mean)
        if self.n < 0 or d == 0 or len(self.comoments) != d or any(len(row) != d for row in self.comoments):
            raise ValueError(f"moments need n >= 0, d >= 1 means and a d x d table; got n={self.n}, d={d}")
        if self.thirds is not None and len(self.thirds) != len(triples(d)):
            raise ValueError(f"{d} columns have {len(triples(d))} third moments; got {len(self.thirds)}")
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
        try:
            thirds = _finite(
                math.fsum((r[i] - mean[i]) * (r[j] - mean[j]) * (r[k] - mean[k]) for r in rows)
                for i, j, k in triples(d)
            )
        except (OverflowError, ValueError):  # cubes beyond a double: everything else stands without them
            thirds = None
        return cls(n=n, mean=mean, comoments=comoments, thirds=thirds)

    @classmethod
    def from_shifted_sums(
        cls,
        n: int,
        shift: Sequence[float],
        sums: Sequence[float],
        products: Sequence[Sequence[float]],
        cubes: Sequence[float] | None = None,
    ) -> Moments:
        """Moments from sums about a rough centre.

        Args:
            n: Complete rows.
            shift: d rough centres k_i.
            sums: d sums of (x_i - k_i).
            products: d x d sums of (x_i - k_i)(x_j - k_j).
            cubes: Sums of (x_i - k_i)(x_j - k_j)(x_k - k_k) for all i <= j <= k, or None. Cubes that leave the range of
                a double, as those of values beyond 1e102 do, are left out: the rest stands without them.
        """
        d = len(shift)
        if n == 0:
            return cls.empty(d)
        mean = tuple(shift[i] + sums[i] / n for i in range(d))
        centred = [[products[i][j] - sums[i] * sums[j] / n for j in range(d)] for i in range(d)]
        for i in range(d):
            centred[i][i] = max(centred[i][i], 0.0)
        thirds = None
        if cubes is not None:
            m = [x / n for x in sums]
            thirds = _finite(
                cube
                - (m[i] * products[j][k] + m[j] * products[i][k] + m[k] * products[i][j])
                + 2 * n * m[i] * m[j] * m[k]
                for cube, (i, j, k) in zip(cubes, triples(d), strict=True)
            )
        return cls(n=n, mean=mean, comoments=tuple(tuple(row) for row in centred), thirds=thirds)

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
        thirds = None
        if self.thirds is not None and other.thirds is not None:
            a, b = self.comoments, other.comoments
            u, v = self.n / n, other.n / n
            thirds = _finite(
                left
                + right
                + delta[i] * (u * b[j][k] - v * a[j][k])
                + delta[j] * (u * b[i][k] - v * a[i][k])
                + delta[k] * (u * b[i][j] - v * a[i][j])
                + delta[i] * delta[j] * delta[k] * weight * (u - v)
                for left, right, (i, j, k) in zip(self.thirds, other.thirds, triples(len(mean)), strict=True)
            )
        return Moments(n=n, mean=mean, comoments=comoments, thirds=thirds)

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
        thirds = None
        if self.thirds is not None:
            # The rest plus the row is the whole: the sum's formula, solved for the rest (a row has no spread).
            delta = [x - m for x, m in zip(row, mean, strict=True)]
            weight = n / self.n
            thirds = _finite(
                whole
                + (delta[i] * rows[j][k] + delta[j] * rows[i][k] + delta[k] * rows[i][j]) / self.n
                - delta[i] * delta[j] * delta[k] * weight * (n - 1) / self.n
                for whole, (i, j, k) in zip(self.thirds, triples(len(mean)), strict=True)
            )
        return Moments(n=n, mean=mean, comoments=tuple(tuple(r) for r in rows), thirds=thirds)

    def only(self, *indexes: int) -> Moments:
        """Moments of some of the columns."""
        return Moments(
            n=self.n,
            mean=tuple(self.mean[i] for i in indexes),
            comoments=tuple(tuple(self.comoments[i][j] for j in indexes) for i in indexes),
            thirds=None
            if self.thirds is None
            else tuple(self._third(indexes[a], indexes[b], indexes[c]) for a, b, c in triples(len(indexes))),
        )

    def _third(self, *columns: int) -> float:
        if self.thirds is None:
            raise ValueError("these moments were taken without third moments")
        return self.thirds[triples(len(self.mean)).index(tuple(sorted(columns)))]

    def third(self, gradient: Mapping[int, float]) -> float | None:
        """Third central moment (divisor n) of a linear combination of the columns; None where it was not taken.

        Args:
            gradient: Column index -> its factor.

        Example:
            >>> Moments.of([[0.0], [0.0], [0.0], [4.0]]).third({0: 1.0})
            6.0
        """
        if self.thirds is None or not self.n:
            return None
        factors = [gradient.get(i, 0.0) for i in range(len(self.mean))]
        terms = [
            _orders(i, j, k) * factors[i] * factors[j] * factors[k] * third
            for third, (i, j, k) in zip(self.thirds, triples(len(self.mean)), strict=True)
        ]
        found = _finite(terms)
        return None if found is None else math.fsum(found) / self.n

    def close_to(self, other: Moments, *, tolerance: float = 1e-9) -> bool:
        """Whether both summarize the same rows, up to rounding: engines add up in any order."""
        if self.n != other.n or len(self.mean) != len(other.mean):
            return False
        if not self.n:
            return True
        d = range(len(self.mean))
        scale = [max(abs(self.mean[i]), math.sqrt(self.comoments[i][i] / self.n)) or 1.0 for i in d]
        means = all(abs(self.mean[i] - other.mean[i]) <= tolerance * scale[i] for i in d)
        seconds = all(
            abs(self.comoments[i][j] - other.comoments[i][j]) <= tolerance * self.n * scale[i] * scale[j]
            for i in d
            for j in d
        )
        # Evidence kept before third moments were taken is compared by what it has.
        thirds = zip(self.thirds or (), other.thirds or (), triples(len(self.mean)), strict=False)
        return (
            means
            and seconds
            and all(
                abs(a - b) <= tolerance * (abs(a) + self.n * scale[i] * scale[j] * scale[k])
                for a, b, (i, j, k) in thirds
            )
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


@cache
def triples(d: int) -> tuple[tuple[int, ...], ...]:
    """All i <= j <= k below d, in the order in which third moments stand."""
    return tuple(combinations_with_replacement(range(d), 3))


def _orders(i: int, j: int, k: int) -> int:
    """In how many orders three columns can stand."""
    return (1, 3, 6)[len({i, j, k}) - 1]


def _finite(thirds: Iterable[float]) -> tuple[float, ...] | None:
    """Third moments, or None where one left the range of numbers: everything else stands without them."""
    found = tuple(thirds)
    return found if all(map(math.isfinite, found)) else None
