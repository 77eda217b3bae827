"""A proportion's interval that holds at every look, exactly, from the first unit: the beta-binomial mixture.

For every proportion p that could be true, a beta mixture around p is bet against p; the interval is all p whose mixture
has not reached 1/alpha. Nothing is approximated, so small rates and few units are no exception.

References:
    Howard, Ramdas, McAuliffe & Sekhon (2021), Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals
    of Statistics 49, proposition 7 (beta-binomial mixture); the authors' package confseq.
"""

from __future__ import annotations

import math

from scipy import special

from copilot_tools import checks
from copilot_tools.stats.inference.uniform_boundaries import best_rho
from copilot_tools.stats.roots import root

__all__ = ["bernoulli_interval", "bernoulli_mixture_log"]

_TUNED_AT = 0.05
_NEAR_0 = 1e-12
"""Share of the observed rate below which a lower end counts as 0."""


def bernoulli_mixture_log(successes: int, n: int, p: float, horizon: float) -> float:
    """Log of the beta-binomial mixture against the proportion ``p``.

    Args:
        successes: Successes, from 0 to ``n``.
        n: Units so far, at least 0.
        p: The proportion that is tested, in (0, 1).
        horizon: Units at which the mixture is tightest, above 0; must not depend on outcomes.

    Raises:
        Refused: A parameter is out of range.
    """
    checks.successes("successes", successes, checks.count("n", n))
    return _mixture_log(successes, n, checks.between("p", p, 0, 1), checks.positive("horizon", horizon))


def bernoulli_interval(successes: int, n: int, alpha: float, horizon: float) -> tuple[float, float]:
    """Interval for a proportion that holds at every number of units together.

    Use it for a rate that is watched while units come in; a fixed sample's interval (Wilson) is narrower.

    Args:
        successes: Successes, from 0 to ``n``.
        n: Units so far, at least 1.
        alpha: Chance that the interval misses the proportion at some time, in (0, 1).
        horizon: Units at which the interval is tightest, above 0; chosen before the data.

    Returns:
        Low and high, shares from 0 to 1.

    Raises:
        Refused: A parameter is out of range.

    Example:
        >>> [round(end, 4) for end in bernoulli_interval(700, 1000, 0.05, 100)]
        [0.6516, 0.7459]
    """
    checks.successes("successes", successes, checks.count("n", n, at_least=1))
    checks.positive("horizon", horizon)
    log = -math.log(checks.between("alpha", alpha, 0, 1))
    # The upper end by the failures, so that it keeps its digits next to 1.
    return _lower(successes, n, log, horizon), 1 - _lower(n - successes, n, log, horizon)


def _lower(successes: int, n: int, log: float, horizon: float) -> float:
    """The lower end of what is not excluded; 0 where nothing is excluded near 0 (a first success shows no rate)."""
    if successes == 0:
        return 0.0

    def beyond(p: float) -> float:
        return _mixture_log(successes, n, p, horizon) - log

    rate = min(successes / n, 1 - 1e-12)
    return root(beyond, rate * _NEAR_0, rate) if beyond(rate * _NEAR_0) > 0 else 0.0


def _mixture_log(successes: int, n: int, p: float, horizon: float) -> float:
    # Prior successes and failures, in all as many as make the mixture tightest at the horizon.
    prior = max(best_rho(horizon, _TUNED_AT) - 1, 1e-3)
    a, b = prior * p, prior * (1 - p)
    likelihood = special.xlogy(successes, p) + special.xlog1py(n - successes, -p)
    if successes == n:
        # The failures' part cancels; next to p = 1 it is so large that betaln overflows.
        ratio = math.fsum(map(special.gammaln, (a + n, a + b))) - math.fsum(map(special.gammaln, (a, a + b + n)))
    else:
        ratio = float(special.betaln(a + successes, b + n - successes) - special.betaln(a, b))
    return ratio - float(likelihood)
