"""Which of several arms is best: probabilities and expected losses by one integral, for any number of arms.

With independent posteriors of the levels, arm i is best with probability the integral of its density times the others'
distribution functions; choosing it costs on average the integral of F_i (1 - product of the others' F), a sum of
positive terms, so that a loss of 1e-12 keeps its digits.

References:
    Scott (2010), A modern Bayesian look at the multi-armed bandit, Applied Stochastic Models in Business and Industry
    26, eq. 6 (the integral).
    Stucchio (2015), Bayesian A/B testing at VWO, section 4 (expected loss).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.bayes.beta import Beta
from copilot_tools.stats.inference.bayes.panels import DROPS, Floats, Panels

__all__ = ["Best", "Level", "best_of"]

_WIDEST = 1e12
"""How many of the narrowest panels may span all arms: beyond, their edges coincide in floating point."""


class Best(NamedTuple):
    """Of each arm, in the order given.

    Attributes:
        chance: Probability that its level is the highest (or the lowest, where less is better).
        loss: Mean of how far it stays behind the best arm, in the metric's unit.
    """

    chance: tuple[float, ...]
    loss: tuple[float, ...]


@dataclass(frozen=True)
class Level:
    """Posterior of an arm's mean under a flat prior: normal, or Student t where the variance is estimated.

    Attributes:
        mean: Centre, in the metric's unit.
        scale: Standard error, above 0.
        df: Degrees of freedom; None for normal.
    """

    mean: float
    scale: float
    df: float | None = None

    def log_density(self, x: Floats) -> Floats:
        """Log density less its value at the mode."""
        z = (x - self.mean) / self.scale
        found: Floats = -0.5 * z * z if self.df is None else -0.5 * (self.df + 1) * np.log1p(z * z / self.df)
        return found

    @property
    def edges(self) -> Floats:
        """Edges of panels, where the log density has dropped by fixed steps on either side."""
        if self.df is None:
            reach = np.sqrt(2 * DROPS)
        else:
            reach = np.sqrt(self.df * np.expm1(2 * np.linspace(0.5, DROPS[-1], 64) / (self.df + 1)))
        return self.mean + self.scale * np.concatenate([-reach[::-1], [0.0], reach])


def best_of(arms: Sequence[Beta] | Sequence[Level], *, fewest: bool = False) -> Best:
    """Chance to be best and expected loss of arms with independent posteriors.

    Args:
        arms: Two or more posteriors of the same kind.
        fewest: Less is better.

    Raises:
        Refused: Fewer than two arms, or standard errors too far apart.

    Example:
        >>> found = best_of([Beta(50, 52), Beta(52, 50)])
        >>> round(found.chance[1], 8), round(found.loss[1], 6)
        (0.61077052, 0.019116)
    """
    if len(arms) < 2:
        raise Refused.because(
            "bayes.too_few_arms", f"Best of {len(arms)} arms cannot be told.", "Give at least 2 arms.", name="arms"
        )
    edges = [arm.edges for arm in arms]
    span = max(float(e[-1]) for e in edges) - min(float(e[0]) for e in edges)
    if not span < _WIDEST * min(float(np.diff(e).min()) for e in edges):
        raise Refused.because(
            "bayes.arms_too_unequal",
            "The arms' standard errors lie too far apart to weigh all arms at once.",
            "Read each treatment against control by itself.",
            name="arms",
        )
    panels = Panels(*edges)
    x = panels.nodes
    density, below, above = [], [], []
    for arm in arms:
        f = np.exp(arm.log_density(x))
        f = f / panels.total(f)
        under, over = panels.below(f), panels.above(f)
        density.append(f)
        below.append(over if fewest else under)
        above.append(under if fewest else over)
    with np.errstate(divide="ignore"):
        logs = [
            np.where(s < 0.5, np.log1p(-np.clip(s, 0.0, 0.5)), np.log(np.maximum(p, 0.0)))
            for p, s in zip(below, above, strict=True)
        ]
    stretch = special.expit(x) * special.expit(-x) if isinstance(arms[0], Beta) else np.ones_like(x)
    chance, loss = [], []
    for f, p, others in zip(density, below, _sums_without_each(logs), strict=True):
        chance.append(panels.total(f * np.exp(others)))
        loss.append(panels.total(p * -np.expm1(others) * stretch))
    return Best(tuple(min(max(c, 0.0), 1.0) for c in chance), tuple(max(v, 0.0) for v in loss))


def _sums_without_each(terms: list[Floats]) -> list[Floats]:
    """For each term the sum of all others, without subtracting (some are minus infinity)."""
    before = [np.zeros_like(terms[0])]
    after = [np.zeros_like(terms[0])]
    for term in terms[:-1]:
        before.append(before[-1] + term)
    for term in terms[:0:-1]:
        after.append(after[-1] + term)
    return [b + a for b, a in zip(before, reversed(after), strict=True)]
