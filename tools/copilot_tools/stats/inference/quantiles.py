"""Quantiles of two arms (median order value, 95th percentile of load times): their difference and their ratio.

No density is estimated. Each arm's quantile has an interval between two order statistics, whose coverage is a binomial
probability whatever the distribution; the two intervals are combined by the squares of their half-widths (MOVER), each
end from the two half-widths that bound it; for a ratio on the log scale. Where one unit gives several values (page
views of a user), the count of values below the quantile varies as the units do: the order statistics are then chosen by
its cluster-robust error.

References:
    David & Nagaraja (2003), Order Statistics, 3rd ed., section 7.1 (the interval of one quantile). Zou & Donner (2008),
    Construction of confidence limits about effect measures: a general approach, Statistics in Medicine 27 (MOVER).
    Deng, Knoblich & Lu (2018), Applying the delta method in metric
    analytics, KDD '18, section 4 (quantiles of clustered values).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference._values import finite_values

__all__ = [
    "QuantileContrast",
    "QuantileInterval",
    "difference_of_quantiles",
    "quantile_interval",
    "ratio_of_quantiles",
    "units_for_quantile",
]

Floats = NDArray[np.float64]

_FEWEST_CLUSTERS = 30
"""Units below which the error of a clustered count is too uncertain to choose order statistics by."""


class QuantileInterval(NamedTuple):
    """One arm's quantile.

    Attributes:
        n: Values.
        quantile: The probability, such as 0.5.
        value: The sample quantile, in the values' unit (linear between order statistics).
        low: Lower end, an order statistic.
        high: Upper end, an order statistic.
        design_effect: By how much several values a unit raise the variance of the count below the quantile; 1 where
            every value is a unit of its own.
    """

    n: int
    quantile: float
    value: float
    low: float
    high: float
    design_effect: float = 1.0


class QuantileContrast(NamedTuple):
    """Two arms' quantiles compared.

    Attributes:
        control: Control's quantile.
        treatment: Treatment's quantile.
        value: Treatment minus control, in the values' unit; or treatment over control minus 1, a share.
        low: Lower end of its interval.
        high: Upper end.
    """

    control: QuantileInterval
    treatment: QuantileInterval
    value: float
    low: float
    high: float


def units_for_quantile(quantile: float, alpha: float = 0.05) -> int:
    """Fewest values for which a two-sided interval of a quantile exists at all.

    Args:
        quantile: In (0, 1).
        alpha: Error rate of the interval, in (0, 1).

    Raises:
        Refused: One of them is out of range.

    Example:
        >>> units_for_quantile(0.5), units_for_quantile(0.95), units_for_quantile(0.99)
        (6, 72, 368)
    """
    edge = max(checks.between("quantile", quantile, 0, 1), 1 - quantile)
    return math.ceil(math.log(checks.between("alpha", alpha, 0, 1) / 2) / math.log(edge))


def quantile_interval(
    values: Sequence[float] | Floats,
    quantile: float,
    *,
    alpha: float = 0.05,
    units: Sequence[Hashable] | None = None,
    name: str = "values",
) -> QuantileInterval:
    """One arm's quantile with an interval between two order statistics.

    Use it for medians and percentiles; for averages use the mean. Coverage is at least 1 - alpha for any distribution,
    with ties too (at large n exactly, by the normal approximation of clustered counts, where ``units`` is given).

    Args:
        values: Any finite numbers; order does not matter.
        quantile: In (0, 1), such as 0.9 for the 90th percentile.
        alpha: Error rate over both ends, in (0, 1).
        units: For each value the unit of randomization it belongs to, where units have several values.
        name: What the values are called in a refusal.

    Raises:
        Refused: A value is not finite; there are too few of them for an interval to exist; ``units`` does not match
            the values or names fewer than 30 units.

    Example:
        >>> quantile_interval(range(1, 101), 0.5)[2:5]
        (50.5, 40.0, 61.0)
    """
    checks.between("quantile", quantile, 0, 1)
    checks.between("alpha", alpha, 0, 1)
    x = np.sort(finite_values(values, name))
    n = len(x)
    needed = units_for_quantile(quantile, alpha)
    if n < needed:
        raise _too_few(quantile, n, needed, name)
    value = float(np.quantile(x, quantile))
    if units is None:
        low, high = _ranks(n, quantile, alpha)
        return QuantileInterval(n, quantile, value, float(x[low - 1]), float(x[high - 1]))
    effect = _design_effect(np.asarray(values, dtype=np.float64), units, value, quantile, name)
    half = -float(special.ndtri(alpha / 2)) * math.sqrt(quantile * (1 - quantile) * effect / n)
    # Outward, and by one more, as the ranks of independent values go.
    below, above = math.floor(n * (quantile - half)), math.ceil(n * (quantile + half)) + 1
    if below < 1 or above > n:
        edge = max(quantile, 1 - quantile) / min(quantile, 1 - quantile)
        raise _too_few(quantile, n, math.ceil(float(special.ndtri(alpha / 2)) ** 2 * edge * effect) + 2, name)
    return QuantileInterval(n, quantile, value, float(x[below - 1]), float(x[above - 1]), effect)


def difference_of_quantiles(control: QuantileInterval, treatment: QuantileInterval) -> QuantileContrast:
    """Treatment's quantile minus control's, with the interval at the level of the two arms' own.

    Args:
        control: From ``quantile_interval``.
        treatment: Likewise, at the same quantile and alpha.

    Raises:
        Refused: Neither arm's interval has any width: all values around the quantile are the same.

    Example:
        >>> a = quantile_interval(range(1, 101), 0.5)
        >>> b = quantile_interval(range(11, 111), 0.5)
        >>> [round(x, 2) for x in difference_of_quantiles(a, b)[2:]]
        [10.0, -4.85, 24.85]
    """
    _require_width(control, treatment)
    value = treatment.value - control.value
    low = value - math.hypot(treatment.value - treatment.low, control.high - control.value)
    high = value + math.hypot(treatment.high - treatment.value, control.value - control.low)
    return QuantileContrast(control, treatment, value, low, high)


def ratio_of_quantiles(control: QuantileInterval, treatment: QuantileInterval) -> QuantileContrast:
    """Treatment's quantile over control's, minus 1: the relative lift of a quantile.

    Close to an interval's end it may exclude 0 where the difference's does not, or the other way round: decide on one
    scale before the data is seen.

    Args:
        control: From ``quantile_interval``; its interval lies above 0.
        treatment: Likewise, at the same quantile and alpha.

    Raises:
        Refused: An arm's interval reaches 0 or below, or neither has any width.

    Example:
        >>> a = quantile_interval(range(1, 101), 0.5)
        >>> b = quantile_interval(range(2, 201, 2), 0.5)
        >>> [round(x, 3) for x in ratio_of_quantiles(a, b)[2:]]
        [1.0, 0.482, 1.7]
    """
    _require_width(control, treatment)
    if control.low <= 0 or treatment.low <= 0:
        raise Refused.because(
            "relative.control_near_zero",
            f"The quantile's interval is [{control.low:g}, {control.high:g}] in control and [{treatment.low:g}, "
            f"{treatment.high:g}] in treatment, but a ratio of quantiles needs both above 0.",
            "State the difference in absolute terms.",
            name="low",
            value=min(control.low, treatment.low),
        )
    # On the log scale, where a ratio is a difference: order statistics do not mind.
    c, t = ([math.log(x) for x in (a.low, a.value, a.high)] for a in (control, treatment))
    lift = t[1] - c[1]
    low = lift - math.hypot(t[1] - t[0], c[2] - c[1])
    high = lift + math.hypot(t[2] - t[1], c[1] - c[0])
    return QuantileContrast(control, treatment, *(math.expm1(x) for x in (lift, low, high)))


def _ranks(n: int, quantile: float, alpha: float) -> tuple[int, int]:
    """Ranks (from 1) of two order statistics; the quantile lies outside to either side with at most alpha / 2."""
    k = np.arange(n + 1)
    tails = special.bdtr(k, n, quantile)  # P(at most k values lie below)
    # P(the value of rank r lies above the quantile) = P(fewer than r below).
    low = int(np.searchsorted(tails, alpha / 2, side="right"))
    high = int(np.searchsorted(tails, 1 - alpha / 2, side="left")) + 1
    return max(low, 1), min(high, n)


def _design_effect(x: Floats, units: Sequence[Hashable], value: float, quantile: float, name: str) -> float:
    if len(units) != len(x):
        raise Refused.because(
            "quantile.units_do_not_match",
            f"There are {len(units)} units for {len(x)} {name}.",
            "Give one unit a value.",
            name="units",
            value=len(units),
        )
    index: dict[Hashable, int] = {}
    place = np.fromiter((index.setdefault(u, len(index)) for u in units), dtype=np.int64, count=len(x))
    if len(index) < _FEWEST_CLUSTERS:
        raise Refused.because(
            "quantile.too_few_clusters",
            f"The {name} come from {len(index)} units, but their error needs at least {_FEWEST_CLUSTERS}.",
            "Wait for more units.",
            name="units",
            value=len(index),
        )
    sizes = np.bincount(place).astype(np.float64)
    below = np.bincount(place, weights=(x <= value).astype(np.float64))
    residual = below - below.sum() / len(x) * sizes
    m = len(index)
    variance = m / (m - 1) * float(residual @ residual) / len(x) ** 2
    # Never below that of independent values: a unit's values may fall on both sides of one quantile by luck.
    return max(1.0, variance * len(x) / (quantile * (1 - quantile)))


def _too_few(quantile: float, n: int, needed: int, name: str) -> Refused:
    return Refused.because(
        "data.too_few_units",
        f"An interval of the {quantile:g} quantile needs at least {needed} values, but {name} has {n}.",
        "Wait for more units, or take a quantile nearer to the median.",
        name=name,
        value=n,
    )


def _require_width(control: QuantileInterval, treatment: QuantileInterval) -> None:
    if control.low == control.high and treatment.low == treatment.high:
        raise Refused.because(
            "data.no_variance",
            f"All values around the {control.quantile:g} quantile are the same in each arm ({control.value:g} in "
            f"control, {treatment.value:g} in treatment): there is no variation to judge a difference by.",
            "Compare how often that value occurs, as proportions, or take another quantile.",
            name="quantile",
            value=control.quantile,
        )
