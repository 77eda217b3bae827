"""A posterior of an effect as a reading: intervals, chances and losses in the desired direction."""

from __future__ import annotations

from copilot_tools.stats.inference.bayes.posterior import (
    NormalPosterior,
    Posterior,
    StudentPosterior,
    WithNull,
    central,
    highest_density,
)
from copilot_tools.stats.inference.bayes.results import BayesianEffect

__all__ = ["effect_of"]


def effect_of(posterior: Posterior, observed: float, level: float, *, scale: str, better: int) -> BayesianEffect:
    """A posterior as a reading.

    Args:
        posterior: Of the effect.
        observed: The effect as observed.
        level: Probability inside the intervals, in (0, 1).
        scale: "absolute" or "relative".
        better: +1 where more is better, -1 where less is.

    Raises:
        Refused: ``level`` is out of range.
    """
    null = posterior.null if isinstance(posterior, WithNull) else 0.0
    below = posterior.cdf(0.0) - null
    # Symmetric posteriors keep the digits of a small upper tail.
    symmetric = isinstance(posterior, NormalPosterior | StudentPosterior)
    above = posterior.cdf(2 * posterior.mean) if symmetric else 1 - null - below
    gains = (posterior.loss, posterior.gain)
    return BayesianEffect(
        scale=scale,
        observed=observed,
        shrunken=posterior.mean,
        sd=posterior.sd,
        interval=central(posterior, level),
        highest_density=None if null else highest_density(posterior, level),
        chance_better=min(max(above if better > 0 else below, 0.0), 1.0),
        chance_null=null,
        loss_if_chosen=gains[0] if better > 0 else gains[1],
        loss_if_not=gains[1] if better > 0 else gains[0],
    )
