"""Past effects as a mixture: none at all for a share of experiments, normal for the others. By maximum likelihood.

References:
    Deng (2015), Objective Bayesian two sample hypothesis testing for online controlled experiments, WWW '15 Companion.
    McLachlan & Peel (2000), Finite Mixture Models, chapter 2 (several starts: the likelihood has several peaks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.bayes.panels import Floats

__all__ = ["MixtureFit", "fit_mixture"]

_DROP = 1.920729410347062
"""Half the .95 quantile of chi-squared with 1 df."""
_LEAST, _MOST = 1e-4, 1 - 1e-4
"""A share of nulls beyond these is taken as 0 or 1."""


@dataclass(frozen=True)
class MixtureFit:
    """A share of nulls, and the effects of the others.

    Attributes:
        null_share: Share of experiments without any effect, in (0, 1).
        mean: Mean of the effects of the others.
        sd: Their standard deviation, above 0.
        log_likelihood: Of the estimates.
        null_share_low: Lower end of the 95% profile interval of ``null_share``.
        null_share_high: Upper end.
    """

    null_share: float
    mean: float
    sd: float
    log_likelihood: float
    null_share_low: float
    null_share_high: float


def fit_mixture(y: Floats, se: Floats, *, free_mean: bool = True) -> MixtureFit:
    """Fit the mixture.

    Args:
        y: Estimates.
        se: Their standard errors, above 0.
        free_mean: Estimate the mean of the effects, or hold it at 0.

    Raises:
        Refused: The estimates show no share of nulls beside other effects: no peak of the likelihood inside the range.
    """
    unit = float(np.median(se))
    scaled = _Likelihood(y / unit, se / unit, free_mean)
    share, (height, mean, sd) = scaled.peak()
    if sd < 0.05:
        raise Refused.because(
            "history.no_spread",
            "Apart from noise the past effects do not spread: what is not null has a fitted standard deviation of 0.",
            "Fit normal effects instead, or give a prior by hand.",
            name="sd",
            value=0.0,
        )
    if share <= 2 * _LEAST or share >= 1 - 2 * (1 - _MOST):
        which = "no experiment is without an effect" if share < 0.5 else "every experiment is without an effect"
        raise Refused.because(
            "history.no_mixture",
            f"The past effects fit best if {which}: there is no mixture to fit.",
            "Fit normal effects instead." if share < 0.5 else "Use a flat prior, or one given by hand.",
            name="null_share",
            value=round(share),
        )

    def fall(at: float) -> float:
        return scaled.profile(at) - height + _DROP

    low = 0.0 if fall(_LEAST) >= 0 else root(fall, _LEAST, share, tolerance=1e-5)
    high = 1.0 if fall(_MOST) >= 0 else root(fall, share, _MOST, tolerance=1e-5)
    constant = len(y) * math.log(unit * math.sqrt(2 * math.pi))
    return MixtureFit(share, mean * unit, sd * unit, height - constant, low, high)


class _Likelihood:
    """The log likelihood, less its constant, and its peaks."""

    def __init__(self, y: Floats, se: Floats, free_mean: bool) -> None:
        self.y, self.variance, self.free = y, se**2, free_mean
        self.nothing: Floats = -0.5 * (y * y / self.variance + np.log(self.variance))
        self.size = math.sqrt(float((y * y).mean()))
        self.known: dict[float, tuple[float, float]] = {}

    def peak(self) -> tuple[float, tuple[float, float, float]]:
        """The share of nulls with the highest log likelihood; that, and the mean and log sd it is reached at."""
        means = (-self.size, 0.0, self.size) if self.free else (0.0,)
        starts = [
            (math.log(share / (1 - share)), mean, math.log(factor * self.size))
            for share in (0.3, 0.8)
            for factor in (0.5, 1.5)
            for mean in means
        ]
        height, at = self._climb(starts, fixed=None)
        share = 1 / (1 + math.exp(-at[0]))
        self.known[share] = (at[1], at[2])
        return share, (height, at[1], math.exp(at[2]))

    def profile(self, share: float) -> float:
        """The highest log likelihood with this share of nulls, found from the nearest share already known."""
        near = min(self.known, key=lambda known: abs(known - share))
        fixed = math.log(share / (1 - share))
        starts = [(fixed, *self.known[near]), (fixed, 0.0, math.log(self.size))]
        height, at = self._climb(starts, fixed=fixed)
        self.known[share] = (at[1], at[2])
        return height

    def _climb(
        self, starts: Sequence[tuple[float, float, float]], fixed: float | None
    ) -> tuple[float, tuple[float, float, float]]:
        from scipy import optimize  # noqa: PLC0415 - .7 s, and only fitting a prior needs it

        edge = math.log(_MOST / _LEAST)
        bounds: list[tuple[float | None, float | None]] = [
            (-edge, edge) if fixed is None else (fixed, fixed),
            (None, None) if self.free else (0.0, 0.0),
            (math.log(1e-3), math.log(1e3 * self.size + 1)),
        ]
        options = {"ftol": 1e-15, "gtol": 1e-8}
        minimize: Any = optimize.minimize  # its stubs know no pair of value and gradient
        found = [
            minimize(self._negative, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
            for start in starts
        ]
        best = min(found, key=lambda f: float(f.fun))
        return -float(best.fun), (float(best.x[0]), float(best.x[1]), float(best.x[2]))

    def _negative(self, at: Floats) -> tuple[float, Floats]:
        """Minus the log likelihood at (log odds of the share, mean, log sd), and its gradient."""
        odds, mean, spread = float(at[0]), float(at[1]), math.exp(2 * float(at[2]))
        share = 1 / (1 + math.exp(-odds))
        total = self.variance + spread
        gap = self.y - mean
        slab = -math.log1p(math.exp(odds)) - 0.5 * (gap * gap / total + np.log(total))
        both = np.logaddexp(slab, -math.log1p(math.exp(-odds)) + self.nothing)
        effect = np.exp(slab - both)
        by_odds = float((1 - effect).sum()) - share * len(self.y)
        by_mean = float((effect * gap / total).sum())
        by_log_sd = float((effect * (gap * gap / total - 1) / total).sum()) * spread
        return -float(both.sum()), -np.array([by_odds, by_mean, by_log_sd])
