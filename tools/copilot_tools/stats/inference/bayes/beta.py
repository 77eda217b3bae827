"""Beta posteriors of a proportion, and what they say about the difference and the lift of two.

A beta density is handled on the scale of the log odds, where it is log-concave whatever its parameters are: counts
of 0, priors below 1 and ten million units are one case. Densities are stated relative to their mode, never by the beta
function, whose logarithm has lost its digits at such sizes.

References:
    Miller (2015), Formulas for Bayesian A/B testing, https://www.evanmiller.org/bayesian-ab-testing.html (the sum that
    the integral equals where the parameters are whole numbers).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.bayes.panels import DROPS, Floats, Panels, Tabulated

__all__ = ["Beta", "BetaEffect", "beta_posterior"]


@dataclass(frozen=True)
class Beta:
    """A beta distribution of a proportion.

    Attributes:
        a: First parameter (successes), above 0.
        b: Second parameter (failures), above 0.

    Example:
        >>> round(Beta(50, 52).mean, 4), round(Beta(1, 11).quantile(0.95), 4)
        (0.4902, 0.2384)
    """

    a: float
    b: float

    @property
    def mean(self) -> float:
        """Mean."""
        return self.a / (self.a + self.b)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return math.sqrt(self.mean * (self.b / (self.a + self.b)) / (self.a + self.b + 1))

    def cdf(self, x: float) -> float:
        """Probability of at most ``x``."""
        if not 0 < x < 1:
            return 0.0 if x <= 0 else 1.0
        return self.table.cdf(math.log(x) - math.log1p(-x))

    def pdf(self, x: float) -> float:
        """Density at ``x`` in (0, 1)."""
        if not 0 < x < 1:
            return 0.0
        return float(self.density(np.array(math.log(x) - math.log1p(-x)))) / (x * (1 - x))

    def quantile(self, p: float) -> float:
        """The value below which a share ``p`` lies."""
        return float(special.expit(self.table.quantile(p))) if 0 < p < 1 else float(p > 0)

    def log_density(self, log_odds: Floats) -> Floats:
        """Log density of the log odds, less its value at the mode."""
        a, b, d = self.a, self.b, log_odds - (math.log(self.a) - math.log(self.b))
        if a > b:  # mirrored, so that the smaller share is the one that grows: large terms then never cancel
            a, b, d = b, a, -d
        near = np.minimum(d, 30.0)
        far = np.maximum(d, 30.0)  # where exp(d) would overflow; nothing is left there unless a and b are small
        rise = a * near - (a + b) * np.log1p(a / (a + b) * np.expm1(near))
        fall = -b * far - (a + b) * np.log1p(b / (a + b) * np.expm1(-far))
        return np.where(d > 30.0, fall, rise)

    @cached_property
    def edges(self) -> Floats:
        """Edges of panels in log odds, where the log density has dropped by fixed steps on either side."""
        mode = math.log(self.a) - math.log(self.b)
        sides = [mode + sign * self._reach(sign) for sign in (-1.0, 1.0)]
        return np.concatenate([sides[0][::-1], [mode], sides[1]])

    def _reach(self, sign: float) -> Floats:
        mode = math.log(self.a) - math.log(self.b)
        low, high = np.zeros_like(DROPS), np.full_like(DROPS, 1e-9)
        while np.any(short := self.log_density(mode + sign * high) > -DROPS):
            high = np.where(short, 2 * high, high)
        for _ in range(40):  # edges need no more digits than that
            middle = (low + high) / 2
            short = self.log_density(mode + sign * middle) > -DROPS
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return high

    @cached_property
    def table(self) -> Tabulated:
        """The distribution of the log odds. The incomplete beta function is very slow at 1e8 units."""
        panels = Panels(self.edges)
        return Tabulated(panels, np.exp(self.log_density(panels.nodes)))

    def density(self, log_odds: Floats) -> Floats:
        """Density of the log odds, integrating to 1."""
        found: Floats = np.exp(self.log_density(log_odds)) / self.table.mass
        return found


def beta_posterior(successes: float, n: float, prior: tuple[float, float] = (1.0, 1.0)) -> Beta:
    """The posterior of a proportion.

    Args:
        successes: Units that converted, from 0 to ``n``.
        n: Units, at least 1.
        prior: Parameters of the beta prior, each from .001 to 1e9; (1, 1) is flat, (.5, .5) Jeffreys'.

    Raises:
        Refused: A count or a parameter is out of range.

    Example:
        >>> beta_posterior(49, 100)
        Beta(a=50.0, b=52.0)
    """
    n = checks.count("n", n, at_least=1)
    s = checks.successes("successes", successes, n)
    for name, value in zip(("prior_successes", "prior_failures"), prior, strict=True):
        if not 1e-3 <= checks.finite(name, value) <= 1e9:
            raise Refused.because(
                "bayes.prior_out_of_range",
                f"{name} is {value:g}, but must lie from 0.001 to 1e9.",
                "Use 1 and 1 for a flat prior, or the successes and failures the prior is worth.",
                name=name,
                value=value,
            )
    return Beta(s + prior[0], n - s + prior[1])


@dataclass(frozen=True)
class BetaEffect:
    """Posterior of the difference or the lift of two independent proportions, by quadrature.

    Attributes:
        control: Posterior of control's proportion.
        treatment: Posterior of treatment's.
        scale: "absolute": treatment - control; "relative": that over control.

    Example:
        >>> e = BetaEffect(Beta(50, 52), Beta(52, 50), "absolute")
        >>> round(1 - e.cdf(0), 8)
        0.61077052
    """

    control: Beta
    treatment: Beta
    scale: Literal["absolute", "relative"]

    def cdf(self, x: float) -> float:
        """Probability of an effect of at most ``x``."""
        if x <= -1:
            return 0.0
        if x >= 1 and self.scale == "absolute":
            return 1.0
        panels, there = self._panels(x)
        with np.errstate(divide="ignore"):
            below = self.treatment.table.below(special.logit(np.clip(there, 0.0, 1.0)))
        return min(max(panels.total(self.control.density(panels.nodes) * below), 0.0), 1.0)

    def pdf(self, x: float) -> float:
        """Density of the effect at ``x``; 0 where no effect can lie."""
        if x <= -1 or (x >= 1 and self.scale == "absolute"):
            return 0.0
        panels, there = self._panels(x)
        inside = (there > 0) & (there < 1)
        y = np.where(inside, there, 0.5)
        at = self.treatment.density(special.logit(y)) / (y * (1 - y))
        stretch = special.expit(panels.nodes) if self.scale == "relative" else 1.0
        return panels.total(self.control.density(panels.nodes) * np.where(inside, at, 0.0) * stretch)

    def quantile(self, p: float) -> float:
        """The effect below which a share ``p`` lies; the lowest possible one at 0.

        Raises:
            Refused: ``p`` is not at least 0 and below 1.
        """
        if p == 0:
            return -1.0
        checks.between("p", p, 0, 1)
        a, b = self.control, self.treatment
        if self.scale == "absolute":
            middle, width, most = b.mean - a.mean, math.hypot(a.sd, b.sd), 1.0
        else:
            ratio = b.mean / a.mean
            middle, width, most = ratio - 1, ratio * math.hypot(a.sd / a.mean, b.sd / b.mean), math.inf
        guess = middle + width * float(special.ndtri(p))
        low, high = max(guess - width / 8, -1.0), min(max(guess + width / 8, -1.0 + width / 8), most)
        step = width / 4
        while low > -1 and self.cdf(low) > p:
            low, high, step = max(low - step, -1.0), low, 2 * step
        while high < most and self.cdf(high) < p:
            low, high, step = high, min(high + step, most), 2 * step
        return root(lambda x: self.cdf(x) - p, low, high, tolerance=1e-12 * width)

    def _panels(self, x: float) -> tuple[Panels, Floats]:
        """Panels in control's log odds fine enough for both arms, and treatment's proportion at effect ``x`` there."""
        other = special.expit(self.treatment.edges)
        ends = np.array([0.0, 1.0])
        moved = np.concatenate([other, ends]) - x if self.scale == "absolute" else np.append(other, 1.0) / (1 + x)
        moved = special.logit(moved[(moved > 0) & (moved < 1)])
        edges = self.control.edges
        panels = Panels(edges, moved[(moved > edges[0]) & (moved < edges[-1])])
        p = special.expit(panels.nodes)
        return panels, p + x if self.scale == "absolute" else p * (1 + x)
