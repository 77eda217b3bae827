"""Posteriors of one number: what may be asked of each, the closed forms, and their credible intervals.

References:
    Box & Tiao (1973), Bayesian Inference in Statistical Analysis, sections 2.8 (highest density) and 2.4 (Student t).
    Raiffa & Schlaifer (1961), Applied Statistical Decision Theory, section 5.3 (linear losses).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from scipy import special

from copilot_tools import checks
from copilot_tools.results import Interval
from copilot_tools.stats.inference._roots import root

__all__ = ["Distribution", "NormalPosterior", "Posterior", "StudentPosterior", "WithNull", "central", "highest_density"]


class Distribution(Protocol):
    """A distribution of one number without atoms."""

    def cdf(self, x: float) -> float:
        """Probability of at most ``x``."""
        ...

    def pdf(self, x: float) -> float:
        """Density at ``x``."""
        ...

    def quantile(self, p: float) -> float:
        """The value below which a share ``p`` lies."""
        ...


class Posterior(Distribution, Protocol):
    """What is believed of an effect."""

    @property
    def mean(self) -> float:
        """Posterior mean: the shrunken estimate."""
        ...

    @property
    def sd(self) -> float:
        """Posterior standard deviation."""
        ...

    @property
    def gain(self) -> float:
        """Mean of max(effect, 0): what is lost, on average, by not choosing treatment."""
        ...

    @property
    def loss(self) -> float:
        """Mean of max(-effect, 0): what is lost, on average, by choosing treatment."""
        ...


@dataclass(frozen=True)
class NormalPosterior:
    """A normal posterior.

    Attributes:
        mean: Its mean.
        sd: Its standard deviation, above 0.

    Example:
        >>> p = NormalPosterior(0.1, 0.05)
        >>> round(p.gain, 10), round(p.loss, 10)
        (0.1004245351, 0.0004245351)
    """

    mean: float
    sd: float

    def cdf(self, x: float) -> float:
        """Probability of at most ``x``."""
        return float(special.ndtr((x - self.mean) / self.sd))

    def pdf(self, x: float) -> float:
        """Density at ``x``."""
        z = (x - self.mean) / self.sd
        return math.exp(-0.5 * z * z) / (self.sd * math.sqrt(2 * math.pi))

    def quantile(self, p: float) -> float:
        """The value below which a share ``p`` lies."""
        return self.mean + self.sd * float(special.ndtri(p))

    @property
    def gain(self) -> float:
        """Mean of max(effect, 0)."""
        return self.sd * _unit_gain(self.mean / self.sd)

    @property
    def loss(self) -> float:
        """Mean of max(-effect, 0)."""
        return self.sd * _unit_gain(-self.mean / self.sd)


def _unit_gain(z: float) -> float:
    """Mean of max(Z + z, 0) for standard normal Z; keeps its digits far in the tail, where it is tiny."""
    density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    if z > -1:
        return density + z * float(special.ndtr(z))
    mills = math.sqrt(math.pi / 2) * float(special.erfcx(-z / math.sqrt(2)))
    return density * max(1 + z * mills, 0.0)


@dataclass(frozen=True)
class StudentPosterior:
    """A location-scale Student t posterior.

    Attributes:
        mean: Its centre.
        scale: Its scale (a standard error), above 0.
        df: Degrees of freedom, above 2.
    """

    mean: float
    scale: float
    df: float

    def cdf(self, x: float) -> float:
        """Probability of at most ``x``."""
        return float(special.stdtr(self.df, (x - self.mean) / self.scale))

    def pdf(self, x: float) -> float:
        """Density at ``x``."""
        t = (x - self.mean) / self.scale
        return _unit_density(t, self.df) / self.scale

    def quantile(self, p: float) -> float:
        """The value below which a share ``p`` lies."""
        return self.mean + self.scale * float(special.stdtrit(self.df, p))

    @property
    def sd(self) -> float:
        """Its standard deviation."""
        return self.scale * math.sqrt(self.df / (self.df - 2))

    @property
    def gain(self) -> float:
        """Mean of max(effect, 0)."""
        return self.scale * self._unit_gain(self.mean / self.scale)

    @property
    def loss(self) -> float:
        """Mean of max(-effect, 0)."""
        return self.scale * self._unit_gain(-self.mean / self.scale)

    def _unit_gain(self, z: float) -> float:
        density = (self.df + z * z) / (self.df - 1) * _unit_density(z, self.df)
        return max(density + z * float(special.stdtr(self.df, z)), 0.0)


def _unit_density(t: float, df: float) -> float:
    # gammaln loses its digits in this difference where df is large; the normal takes over where they agree.
    if df > 1e8:
        return math.exp(-0.5 * t * t) / math.sqrt(2 * math.pi)
    constant = float(special.poch(df / 2, 0.5)) / math.sqrt(df * math.pi)
    return constant * math.exp(-0.5 * (df + 1) * math.log1p(t * t / df))


@dataclass(frozen=True)
class WithNull:
    """No effect at all with some probability, else a distribution of effects.

    Attributes:
        null: Probability that the effect is exactly 0.
        effects: Its distribution if it is not.
    """

    null: float
    effects: Posterior

    def cdf(self, x: float) -> float:
        """Probability of at most ``x``."""
        return (self.null if x >= 0 else 0.0) + (1 - self.null) * self.effects.cdf(x)

    def pdf(self, x: float) -> float:
        """Density at ``x``, without the atom at 0."""
        return (1 - self.null) * self.effects.pdf(x)

    def quantile(self, p: float) -> float:
        """The smallest value at or below which a share ``p`` lies."""
        share = 1 - self.null
        below = share * self.effects.cdf(0.0)
        if below < p <= below + self.null:
            return 0.0
        return self.effects.quantile((p if p <= below else p - self.null) / share)

    @property
    def mean(self) -> float:
        """Posterior mean."""
        return (1 - self.null) * self.effects.mean

    @property
    def sd(self) -> float:
        """Posterior standard deviation."""
        share, m = 1 - self.null, self.effects.mean
        return math.sqrt(share * self.effects.sd**2 + share * self.null * m * m)

    @property
    def gain(self) -> float:
        """Mean of max(effect, 0)."""
        return (1 - self.null) * self.effects.gain

    @property
    def loss(self) -> float:
        """Mean of max(-effect, 0)."""
        return (1 - self.null) * self.effects.loss


def central(posterior: Distribution, level: float = 0.95) -> Interval:
    """The credible interval with as much outside on one side as on the other.

    Used where both ends are to be missed alike; for a skewed posterior the shortest is ``highest_density``'s.

    Args:
        posterior: Any posterior.
        level: Probability inside, in (0, 1).

    Raises:
        Refused: ``level`` is out of range.
    """
    tail = (1 - checks.between("level", level, 0, 1)) / 2
    return Interval(low=posterior.quantile(tail), high=posterior.quantile(1 - tail), level=level)


def highest_density(posterior: Distribution, level: float = 0.95) -> Interval:
    """The shortest credible interval: every value inside is more plausible than any outside.

    Used for skewed posteriors, such as those of rare conversions; where a posterior is symmetric it is the central one.

    Args:
        posterior: A posterior with one mode (or none inside: then the interval starts at an end of the range).
        level: Probability inside, in (0, 1).

    Raises:
        Refused: ``level`` is out of range.
    """
    spare = 1 - checks.between("level", level, 0, 1)
    if isinstance(posterior, NormalPosterior | StudentPosterior):
        return central(posterior, level)

    def ends(left: float) -> tuple[float, float]:
        return posterior.quantile(left), posterior.quantile(left + level)

    def steeper(left: float) -> float:
        low, high = ends(left)
        return posterior.pdf(low) - posterior.pdf(high)

    first, last = spare * 1e-9, spare * (1 - 1e-9)
    if steeper(first) >= 0:
        low, high = posterior.quantile(0.0), posterior.quantile(level)
    elif steeper(last) <= 0:
        low, high = posterior.quantile(spare), posterior.quantile(1 - 2**-53)
    else:
        low, high = ends(root(steeper, first, last, tolerance=spare * 1e-8))
    return Interval(low=low, high=high, level=level)
