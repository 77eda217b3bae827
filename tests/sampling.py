"""Moments of arrays, by numpy: what the tests feed to the statistics."""

from __future__ import annotations

import numpy as np

from copilot_tools.stats.moments import Moments


def moments_of(*columns) -> Moments:
    """Moments of columns given as arrays of the same length."""
    x = np.column_stack([np.asarray(c, dtype=float) for c in columns])
    mean = x.mean(axis=0)
    table = (x - mean).T @ (x - mean)
    return Moments(n=len(x), mean=tuple(mean.tolist()), comoments=tuple(tuple(row) for row in table.tolist()))


def within(misses: int, repetitions: int, rate: float, *, slack: float = 0.0) -> bool:
    """Whether a simulated rate lies within four standard errors (and ``slack``) of the promised one."""
    return abs(misses / repetitions - rate) <= 4 * (rate * (1 - rate) / repetitions) ** 0.5 + slack
