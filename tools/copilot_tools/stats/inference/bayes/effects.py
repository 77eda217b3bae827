"""Posterior of an effect from its estimate, its standard error and a prior: conjugate where the variance is known.

With the variance taken as known the likelihood is normal, and every prior here is conjugate. With the variance
estimated from few units the likelihood is Student's t with Welch's degrees of freedom (under a flat prior the credible
interval is then Welch's confidence interval), and the product with a normal prior is integrated numerically.

References:
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., sections 2.5 and 3.2.
    Deng, Lu & Chen (2016), Continuous monitoring of A/B tests without pain, IEEE DSAA (the mixture's posterior).
"""

from __future__ import annotations

import math

import numpy as np

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.bayes.best import Level
from copilot_tools.stats.inference.bayes.panels import DROPS, Panels, Tabulated
from copilot_tools.stats.inference.bayes.posterior import NormalPosterior, Posterior, StudentPosterior, WithNull
from copilot_tools.stats.inference.bayes.priors import EffectPrior, FlatPrior, MixturePrior, NormalPrior

__all__ = ["posterior_of_effect", "refuse_contradiction"]

_FARTHEST = 1e6


def posterior_of_effect(
    estimate: float, standard_error: float, prior: EffectPrior, *, df: float | None = None
) -> Posterior:
    """What is believed of an effect after the data.

    Args:
        estimate: The effect as observed.
        standard_error: Its standard error, in the unit of ``estimate``, above 0.
        prior: On the same scale as ``estimate``.
        df: Degrees of freedom where the variance is estimated, above 2; None where it is taken as known.

    Raises:
        Refused: A figure is out of range, or so far from the prior that no number holds the answer.

    Example:
        >>> from copilot_tools.stats.inference.bayes.priors import NormalPrior
        >>> p = posterior_of_effect(0.03, 0.015, NormalPrior(sd=0.02))
        >>> round(p.mean, 10), round(p.sd, 10), round(1 - p.cdf(0), 7)
        (0.0192, 0.012, 0.9452007)
    """
    checks.finite("estimate", estimate)
    se = checks.positive("standard_error", standard_error)
    if df is not None and checks.positive("df", df) <= 2:
        raise Refused.because(
            "bayes.too_few_units",
            f"With {df:.3g} degrees of freedom the posterior has no finite spread; it needs more than 2.",
            "Wait for more units.",
            name="df",
            value=df,
        )
    if not isinstance(prior, FlatPrior):
        refuse_contradiction(estimate, se, prior)
    if isinstance(prior, FlatPrior):
        return NormalPosterior(estimate, se) if df is None else StudentPosterior(estimate, se, df)
    effects, log_evidence = (
        _conjugate(estimate, se, prior.mean, prior.sd)
        if df is None
        else _integrated(estimate, se, prior.mean, prior.sd, df)
    )
    if not isinstance(prior, MixturePrior):
        return effects
    nothing = _log_likelihood(estimate, se, df)
    odds = math.log(prior.null_share) - math.log1p(-prior.null_share) + nothing - log_evidence
    # 1 / (1 + exp(-odds)), whichever sign the odds have.
    null = 1 / (1 + math.exp(-odds)) if odds > 0 else math.exp(odds) / (1 + math.exp(odds))
    return WithNull(min(null, 1 - 2**-52), effects)


def refuse_contradiction(estimate: float, se: float, prior: NormalPrior | MixturePrior) -> None:
    """Refuse an estimate that lies more than a million prior and standard errors from the prior.

    Args:
        estimate: The effect, in the prior's unit.
        se: Its standard error, above 0.
        prior: What was thought likely, on the same scale.

    Raises:
        Refused: It does; or one of the two errors is so much smaller that floating point loses it.
    """
    distance = abs(estimate / 2 - prior.mean / 2) / math.hypot(se / 2, prior.sd / 2)
    ratio = se / prior.sd if se > prior.sd else prior.sd / se
    if not distance < _FARTHEST or not ratio < _FARTHEST**2:
        raise Refused.because(
            "bayes.prior_contradicted",
            f"The estimate {estimate:g} (standard error {se:g}) has nothing to do with a prior around {prior.mean:g} "
            f"with standard deviation {prior.sd:g}.",
            "Check scale and unit of prior and estimate.",
            name="prior",
            value=prior.sd,
        )


def _conjugate(estimate: float, se: float, mean: float, sd: float) -> tuple[Posterior, float]:
    """The posterior of the normal part, and the log of how well it foretold the estimate (times sqrt(2 pi))."""
    wide = math.hypot(se, sd)
    weight = (sd / wide) ** 2
    z = (estimate - mean) / wide
    return NormalPosterior(mean + weight * (estimate - mean), se * sd / wide), -0.5 * z * z - math.log(wide)


def _log_likelihood(estimate: float, se: float, df: float | None) -> float:
    """Log density of the estimate if there is no effect, on the scale of ``_conjugate`` or ``_integrated``."""
    return float(Level(estimate, se, df).log_density(np.array(0.0))) - (math.log(se) if df is None else 0.0)


def _integrated(estimate: float, se: float, mean: float, sd: float, df: float) -> tuple[Posterior, float]:
    """The same by quadrature for a Student t likelihood (stated relative to its mode)."""
    likelihood = Level(estimate, se, df)
    reach = np.sqrt(2 * DROPS)
    prior_edges = mean + sd * np.concatenate([-reach[::-1], [0.0], reach])
    narrow = min(se, sd)
    between = np.linspace(mean, estimate, min(math.ceil(2 * abs(estimate - mean) / narrow), 400) + 2)
    closer = _conjugate(estimate, se, mean, sd)[0]
    near = closer.mean + closer.sd * np.concatenate([-reach[::-1], [0.0], reach])
    panels = Panels(likelihood.edges, prior_edges, between, near, [0.0])
    x = panels.nodes
    logs = likelihood.log_density(x) - 0.5 * ((x - mean) / sd) ** 2
    highest = float(logs.max())
    found = Tabulated(panels, np.exp(logs - highest))
    return found, math.log(found.mass) + highest - math.log(sd * math.sqrt(2 * math.pi))
