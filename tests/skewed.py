"""Skewed values, their moments with thirds, and how often an interval of two means misses: by simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.means import welch
from copilot_tools.stats.inference.skewness import skewed_pair
from copilot_tools.stats.moments import Moments, triples


def _buyers(share: float, sigma: float = 1.0) -> Callable:
    return lambda rng, size: (rng.random(size) < share) * np.exp(sigma * rng.standard_normal(size))


SHAPES: dict[str, Callable] = {
    "normal": lambda rng, size: 1 + rng.standard_normal(size),
    "exponential": lambda rng, size: rng.standard_exponential(size),
    "log-normal 1": lambda rng, size: np.exp(rng.standard_normal(size)),
    "log-normal 1.5": lambda rng, size: np.exp(1.5 * rng.standard_normal(size)),
    "log-normal 2": lambda rng, size: np.exp(2 * rng.standard_normal(size)),
    "Pareto 3": lambda rng, size: rng.pareto(3, size),
    "Pareto 2.1": lambda rng, size: rng.pareto(2.1, size),
    "buyers 4%": _buyers(0.04),
    "buyers 2%": _buyers(0.02),
    "buyers 2%, wild": _buyers(0.02, 1.5),
    "buyers 0.5%": _buyers(0.005),
}
"""Name -> values of so many units; buyers spend log-normal amounts, the others nothing."""

_MEANS = {
    "normal": 1.0,
    "exponential": 1.0,
    "log-normal 1": np.exp(0.5),
    "log-normal 1.5": np.exp(1.125),
    "log-normal 2": np.exp(2.0),
    "Pareto 3": 1 / 2,
    "Pareto 2.1": 1 / 1.1,
    "buyers 4%": 0.04 * np.exp(0.5),
    "buyers 2%": 0.02 * np.exp(0.5),
    "buyers 2%, wild": 0.02 * np.exp(1.125),
    "buyers 0.5%": 0.005 * np.exp(0.5),
}


class Errors(NamedTuple):
    """Shares of intervals that miss: below the truth (a false loss, where there is no effect), and above it."""

    low: float
    high: float


def moments_with_thirds(*columns) -> Moments:
    """Moments of columns given as arrays of the same length, third ones among them."""
    x = np.column_stack([np.asarray(c, dtype=float) for c in columns])
    mean = x.mean(axis=0)
    d = x - mean
    return Moments(
        n=len(x),
        mean=tuple(mean.tolist()),
        comoments=tuple(tuple(row) for row in (d.T @ d).tolist()),
        thirds=tuple(float((d[:, i] * d[:, j] * d[:, k]).sum()) for i, j, k in triples(x.shape[1])),
    )


def _levels(shape: str, n: int, repetitions: int, rng: np.random.Generator) -> tuple[list[Level], float]:
    factor, _, name = shape.rpartition(" x ")
    scale = float(factor or 1)
    found = []
    step = max(1, 2_000_000 // n)
    for first in range(0, repetitions, step):
        x = scale * SHAPES[name](rng, (min(step, repetitions - first), n))
        mean = x.mean(axis=1)
        d = x - mean[:, None]
        squares, cubes = (d * d).sum(axis=1), (d * d * d).sum(axis=1)
        for m, s, c in zip(mean.tolist(), squares.tolist(), cubes.tolist(), strict=True):
            variance = s / (n - 1) / n
            found.append(Level(n, m, m, variance, variance, third=c / n))
    return found, scale * _MEANS[name]


def errors_of(
    control: str, treatment: str, n: int, share: float, *, repetitions: int, seed: int, alpha: float = 0.05
) -> tuple[Errors, Errors]:
    """How often the plain and the corrected two-sided interval of the difference miss the true one.

    Args:
        control: Shape of control's values, a name of ``SHAPES``.
        treatment: Shape of the treatment's; a factor may stand before it, as in "2 x exponential".
        n: Units over both arms.
        share: The treatment's share of them.
        repetitions: Simulated tests.
        seed: Of the simulation.
        alpha: Error rate over both ends.
    """
    rng = np.random.default_rng([seed, n, round(1000 * share)])
    b = round(n * share)
    (c, truth_c), (t, truth_t) = (_levels(s, k, repetitions, rng) for s, k in ((control, n - b), (treatment, b)))
    truth = truth_t - truth_c
    missed = np.zeros(4)
    for left, right in zip(c, t, strict=True):
        if left.variance + right.variance <= 0:
            continue  # refused: nothing is said
        plain = welch(left, right)
        reach = tails.critical_value(alpha, 2, plain.df)
        low, high = plain.ends(reach)
        missed[:2] += high < truth, low > truth
        pair = skewed_pair(left, right)
        if pair is not None:
            plain = welch(pair.control, pair.treatment)
            down, up = pair.reach(tails.critical_value(alpha, 2, plain.df))
            low, high = plain.value - down * plain.standard_error, plain.value + up * plain.standard_error
        missed[2:] += high < truth, low > truth
    rates = missed / repetitions
    return Errors(*rates[:2]), Errors(*rates[2:])
