"""Critical values for several treatments that share one control: Dunnett, and Bonferroni.

Comparisons against the same control are correlated, by control's share of each comparison's variance. Dunnett's value
uses that and is smaller than Bonferroni's. With unequal variances each comparison keeps its own degrees of freedom.

References:
    Dunnett (1955), A multiple comparison procedure for comparing several treatments with a control, JASA 50. Dunnett &
    Sobel (1955), Biometrika 42 (product correlation). Hasler & Hothorn (2008), Multiple contrast tests in the presence
    of heteroscedasticity, Biometrical Journal 50 (own degrees of freedom).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from copilot_tools import checks
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference._roots import root

__all__ = ["bonferroni", "dunnett", "loading", "simultaneous_critical"]

Floats = NDArray[np.float64]

_STRONGEST = 0.995
"""Loading above which correlation is treated as this: the value errs upwards, by less than 1%."""

_NORMAL_DF = 1e7
"""Degrees of freedom from which t is indistinguishable from z at seven digits."""


def loading(control_variance: float, treatment_variance: float) -> float:
    """Correlation of a comparison with control's error: sqrt(v0 / (v0 + v1)); two comparisons correlate by the product.

    Args:
        control_variance: Variance of control's level.
        treatment_variance: Variance of the treatment's level; at least one of the two above 0.
    """
    return math.sqrt(control_variance / (control_variance + treatment_variance))


def bonferroni(comparisons: int, alpha: float, sides: int = 2, df: float | None = None) -> float:
    """Bonferroni's critical value: each comparison at alpha / comparisons.

    Args:
        comparisons: How many intervals hold together, at least 1.
        alpha: Error rate over all of them, in (0, 1).
        sides: 2 or 1.
        df: Degrees of freedom of a t statistic, above 0; None for z.

    Raises:
        Refused: ``comparisons`` is no positive count or ``alpha`` not between 0 and 1.
    """
    return tails.critical_value(
        checks.between("alpha", alpha, 0, 1) / checks.count("comparisons", comparisons, at_least=1), sides, df
    )


def dunnett(loadings: Sequence[float], alpha: float, sides: int = 2, df: float | None = None) -> float:
    """Dunnett's critical value, for any sizes and variances.

    Args:
        loadings: ``loading`` of each comparison with control, each in [0, 1].
        alpha: Chance that any of the intervals misses its effect, in (0, 1).
        sides: 1 or 2.
        df: Degrees of freedom; None for z.

    Returns:
        Standard errors from an estimate to an end of its interval. With one comparison, plain t or z.

    Raises:
        Refused: ``alpha`` is not between 0 and 1 or ``df`` not positive.

    Example:
        Equal arms: Dunnett's tables, k = 2 and 3, infinite df, two-sided 5%.

        >>> round(dunnett([0.5**0.5] * 2, 0.05), 2), round(dunnett([0.5**0.5] * 3, 0.05), 2)
        (2.21, 2.35)
    """
    checks.between("alpha", alpha, 0, 1)
    if len(loadings) == 1:
        return tails.critical_value(alpha, sides, df)
    if df is not None:
        checks.positive("df", df)
        df = None if df >= _NORMAL_DF else float(f"{df:.5g}")
    return _solved(tuple(sorted(round(min(x, _STRONGEST), 5) for x in loadings)), alpha, sides, df)


def simultaneous_critical(
    method: Literal["dunnett", "bonferroni"],
    loadings: Sequence[float],
    alpha: float,
    sides: int = 2,
    df: float | None = None,
) -> float:
    """The critical value by the plan's method.

    Args:
        method: "dunnett" or "bonferroni".
        loadings: Of each comparison with control, in [0, 1], as ``loading`` gives them.
        alpha: Error rate over all comparisons, in (0, 1).
        sides: 2 or 1.
        df: Degrees of freedom of a t statistic, above 0; None for z.
    """
    if method == "bonferroni":
        return bonferroni(len(loadings), alpha, sides, df)
    return dunnett(loadings, alpha, sides, df)


@lru_cache(maxsize=4096)
def _solved(loadings: tuple[float, ...], alpha: float, sides: int, df: float | None) -> float:
    # Two-sided, the integrand is even in control's error: half the line is enough.
    nodes = 48 if max(loadings) < 0.8 else 96 if max(loadings) < 0.95 else 320
    x, w = _gauss(nodes // sides, 0.0 if sides == 2 else -8.5, 8.5)
    weights = sides * w * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    scale, chances = _scales(df)
    # An arm like another enters once, to a power.
    terms = [(loadings.count(k), x[:, None] * k, math.sqrt(1 - k * k)) for k in dict.fromkeys(loadings)]

    def miss(c: float) -> float:
        reach = c * scale
        inside = np.ones((len(x), len(scale)))
        for count, shift, own in terms:
            held = special.ndtr((reach + shift) / own)
            if sides == 2:
                held -= special.ndtr((shift - reach) / own)
            inside *= held if count == 1 else held**count
        return max(float(1 - weights @ inside @ chances), 5e-324)

    def excess(c: float) -> float:
        # Nearly straight in c, so few steps are needed.
        return math.log(miss(c) / alpha)

    low = tails.critical_value(alpha, sides, df)
    high = bonferroni(len(loadings), alpha, sides, df) * (1 + 1e-9)
    # Comparisons that hardly differ from one, or from independence at a tiny alpha, sit on the ends to rounding.
    if excess(low) <= 0:
        return low
    return high if excess(high) >= 0 else root(excess, low, high, tolerance=1e-7)


def _scales(df: float | None) -> tuple[Floats, Floats]:
    """Nodes and weights of the estimated standard error over the true one (a chi over the root of df)."""
    if df is None:
        return np.ones(1), np.ones(1)
    low, high = (math.sqrt(special.chdtri(df, tail) / df) for tail in (1 - 1e-13, 1e-13))
    s, w = _gauss(16 if df > 100 else 24 if df > 8 else 64, low, high)
    half = df / 2
    log_density = math.log(2) + half * math.log(half) - special.gammaln(half) + (df - 1) * np.log(s) - half * s * s
    density = w * np.exp(log_density)
    return s, density / density.sum()


@lru_cache(maxsize=16)
def _legendre(nodes: int) -> tuple[Floats, Floats]:
    x, w = np.polynomial.legendre.leggauss(nodes)
    return x, w


def _gauss(nodes: int, low: float, high: float) -> tuple[Floats, Floats]:
    x, w = _legendre(nodes)
    half = (high - low) / 2
    return low + half * (x + 1), half * w
