"""Which arm is best where a prior says how far treatments lie from control: the arms are then no longer independent.

Given control's level they are: each treatment's effect has a posterior of its own, normal or with an atom at 0. What is
asked is answered for each level of control and averaged over its posterior, which all arms have informed.

Reference:
    Scott (2010), A modern Bayesian look at the multi-armed bandit, Applied Stochastic Models in Business and Industry
    26, eq. 6 (the inner integral).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.bayes.best import Best
from copilot_tools.stats.inference.bayes.effects import refuse_contradiction
from copilot_tools.stats.inference.bayes.panels import Floats, Panels
from copilot_tools.stats.inference.bayes.priors import MixturePrior, NormalPrior

__all__ = ["best_given_control"]

_FAR = 9.5
"""Where a normal density is cut off, in standard deviations."""
_MAX_PANELS = 1000
_LEAST_WEIGHT = 1e-20
"""Of a level of control, against the heaviest: lighter ones are left out."""
_MOST_VALUES = 30_000_000
"""Normal probabilities looked up in all, over levels of control, effects and arms, before the question is refused."""
_BLOCK = 1_000_000
"""Values held at once."""


def best_given_control(
    control: tuple[float, float],
    treatments: Sequence[tuple[float, float]],
    prior: NormalPrior | MixturePrior,
    *,
    fewest: bool = False,
) -> Best:
    """Chance to be best and expected loss of each arm; normal likelihoods, ties go to control.

    Args:
        control: Level and standard error of control, in the metric's unit.
        treatments: Level and standard error (above 0) of each treatment, in the metric's unit.
        prior: Of every treatment's effect against control, each drawn from it independently, in the metric's unit.
        fewest: Less is better.

    Returns:
        Control first.

    Raises:
        Refused: Standard errors lie too far apart to integrate over.
    """
    for level, error in treatments:
        refuse_contradiction(level - control[0], math.hypot(error, control[1]), prior)
    given = _GivenControl(control, treatments, prior, -1.0 if fewest else 1.0)
    k = len(treatments)
    chance = [given.chance_control(), *(given.chance(i) for i in range(k))]
    highest = given.mean_of_highest()
    losses = [highest, *(highest - given.mean_effect(i) for i in range(k))]
    return Best(tuple(min(max(p, 0.0), 1.0) for p in chance), tuple(max(v, 0.0) for v in losses))


class _GivenControl:
    """Posteriors of the effects at each of some levels of control, and the weight of each level."""

    def __init__(
        self,
        control: tuple[float, float],
        treatments: Sequence[tuple[float, float]],
        prior: NormalPrior | MixturePrior,
        sign: float,
    ) -> None:
        levels = np.array([sign * y for y, _ in treatments])
        errors = np.array([se for _, se in treatments])
        level, error = sign * control[0], control[1]
        mean = sign * prior.mean
        null = prior.null_share if isinstance(prior, MixturePrior) else 0.0
        precision = 1 / prior.sd**2 + 1 / errors**2
        self.arms = len(treatments)
        self.spread: Floats = 1 / np.sqrt(precision)
        narrowest = float(min(error, errors.min()))
        panels = Panels(_evenly(level - _FAR * error, level + _FAR * error, narrowest))
        at = panels.nodes.ravel()
        gap = levels - at[:, None]
        wide = np.sqrt(prior.sd**2 + errors**2)
        slab = np.log1p(-null) - 0.5 * ((gap - mean) / wide) ** 2 - np.log(wide)
        with np.errstate(divide="ignore"):
            spike = np.log(null) - 0.5 * (gap / errors) ** 2 - np.log(errors)
        evidence = np.logaddexp(slab, spike)
        log_weight = -0.5 * ((at - level) / error) ** 2 + evidence.sum(axis=1)
        weight = panels.weights.ravel() * np.exp(log_weight - log_weight.max())
        kept = weight > _LEAST_WEIGHT * weight.max()
        self.weight: Floats = weight[kept] / weight[kept].sum()
        self.null: Floats = np.exp(spike - evidence)[kept]
        self.centre: Floats = ((mean / prior.sd**2 + gap / errors**2) / precision)[kept]
        # An arm that lies below control at every level takes no part in who is best, however finely it is known.
        self.rivals = [j for j in range(self.arms) if (self.centre[:, j] + _FAR * self.spread[j]).max() > 0]
        self.finest = float(self.spread[self.rivals].min()) if self.rivals else math.inf
        self.values = 0

    def none_above(self, effect: Floats, levels: slice = slice(None), but: int | None = None) -> Floats:
        """Probability that no treatment (but one) has more than ``effect``, 0 or above, at each level of control."""
        product = np.ones(np.broadcast_shapes(effect.shape, (len(self.weight[levels]), 1)))
        for j in self.rivals:
            if j != but:
                z = (effect - self.centre[levels, j, None]) / self.spread[j]
                null = self.null[levels, j, None]
                product = product * (null + (1 - null) * special.ndtr(z))
        return product

    def chance_control(self) -> float:
        """Probability that no treatment has an effect above 0."""
        return float(self.weight @ self.none_above(np.zeros((1, 1)))[:, 0])

    def chance(self, i: int) -> float:
        """Probability that treatment i has the highest effect, and one above 0."""
        if i not in self.rivals:
            return 0.0
        z = Panels(_evenly(-_FAR, _FAR, self.finest / float(self.spread[i])))
        self._count(z.nodes.size)
        rows = max(1, _BLOCK // z.nodes.size)
        blocks = (slice(k, k + rows) for k in range(0, len(self.weight), rows))
        return math.fsum(self._chance_in(i, z, block) for block in blocks)

    def _chance_in(self, i: int, z: Panels, levels: slice) -> float:
        centre = self.centre[levels, i]
        # The part of the density above 0, stretched over the same nodes at each level of control.
        start = np.clip(-centre / self.spread[i], -_FAR, _FAR)[:, None]
        share = (_FAR - start) / (2 * _FAR)
        u = start + (z.nodes.ravel() + _FAR) * share
        density = z.weights.ravel() * share * np.exp(-0.5 * u * u) / math.sqrt(2 * math.pi)
        others = self.none_above(np.maximum(centre[:, None] + self.spread[i] * u, 0.0), levels, but=i)
        return float(self.weight[levels] @ ((1 - self.null[levels, i]) * (density * others).sum(axis=1)))

    def _count(self, effects: int) -> None:
        """Refuse once all that was asked comes to too many values."""
        self.values += len(self.weight) * effects * len(self.rivals)
        if self.values > _MOST_VALUES:
            _refuse()

    def mean_effect(self, i: int) -> float:
        """Posterior mean of treatment i's effect."""
        return float(self.weight @ ((1 - self.null[:, i]) * self.centre[:, i]))

    def mean_of_highest(self) -> float:
        """Posterior mean of the highest effect, or 0 where none is above it."""
        top = float((self.centre + _FAR * self.spread).max())
        if top <= 0:
            return 0.0
        panels = Panels(_evenly(0.0, top, self.finest))
        self._count(panels.nodes.size)
        rows = zip(panels.nodes, panels.weights, strict=True)
        return math.fsum(float(self.weight @ (1 - self.none_above(x[None, :])) @ w) for x, w in rows)


def _evenly(low: float, high: float, width: float) -> Floats:
    """Edges of panels at most 1.5 ``width`` wide."""
    count = math.ceil((high - low) / (1.5 * width))
    if count > _MAX_PANELS:
        _refuse()
    return np.linspace(low, high, max(count, 1) + 1)


def _refuse() -> NoReturn:
    raise Refused.because(
        "bayes.arms_too_unequal",
        "Standard errors lie too far apart, or the prior too far from the data, to weigh all arms at once: more than "
        f"{_MAX_PANELS:,} panels or {_MOST_VALUES:,} values.",
        "Read each treatment against control by itself.",
        name="arms",
    )
