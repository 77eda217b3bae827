"""A prior fitted to past experiments (empirical Bayes): how large effects are here, and how often there is none.

Each past estimate is its true effect plus noise of a known standard error. The effects' mean and spread are what is
left of the estimates' spread once the noise is taken out: by restricted maximum likelihood for normal effects, by
maximum likelihood where a share of experiments has no effect at all. The prior is only as good as the list: it must
hold every experiment, not the ones that won.

References:
    Efron & Morris (1975), Data analysis using Stein's estimator, JASA 70 (empirical Bayes).
    Viechtbauer (2005), Bias and efficiency of meta-analytic variance estimators, J. Educ. Behav. Stat. 30 (REML).
    Deng (2015), Objective Bayesian two sample hypothesis testing for online controlled experiments, WWW '15 Companion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.results import Interval
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.bayes.mixture import MixtureFit, fit_mixture
from copilot_tools.stats.inference.bayes.panels import Floats
from copilot_tools.stats.inference.bayes.priors import MixturePrior, NormalPrior

__all__ = ["MIN_MIXTURE", "MIN_NORMAL", "HistoryFit", "NormalFit", "fit_history", "fit_normal"]

MIN_NORMAL = 10
"""Past experiments from which a normal prior is fitted."""
MIN_MIXTURE = 50
"""Past experiments from which a share without any effect is fitted too."""
_DROP = 1.920729410347062
"""Half the .95 quantile of chi-squared with 1 df: how far a log likelihood falls to the ends of a 95% interval."""
_SHORT = 50
"""Below this length a fitted normal prior's intervals miss visibly more than they say (docs/calibration/bayes.md)."""
_SHORT_MIXTURE = 200
"""The same for a mixture."""
_WIDEST = 0.9
"""A share of nulls whose interval is wider than this is not known at all."""


@dataclass(frozen=True)
class NormalFit:
    """Normal effects, by restricted maximum likelihood.

    Attributes:
        mean: Mean of the effects.
        sd: Standard deviation of the effects; 0 where the estimates spread no more than their noise.
        sd_low: Lower end of its 95% profile interval.
        sd_high: Upper end.
    """

    mean: float
    sd: float
    sd_low: float
    sd_high: float


@dataclass(frozen=True)
class HistoryFit:
    """A fitted prior.

    Attributes:
        prior: Ready to be used.
        experiments: How many it was fitted to.
        sd_interval: 95% profile interval of the standard deviation of normal effects; None for a mixture.
        null_share_interval: 95% profile interval of the share of nulls; None for normal effects.
        shrinkage: By which factor an estimate of typical (median) noise is pulled towards the prior mean by the
            normal part: 1 leaves it as it is, 0 ignores it.
        cautions: What speaks against trusting it.
    """

    prior: NormalPrior | MixturePrior
    experiments: int
    sd_interval: Interval | None
    null_share_interval: Interval | None
    shrinkage: float
    cautions: tuple[str, ...]


def fit_history(
    estimates: Sequence[float],
    standard_errors: Sequence[float],
    *,
    shape: Literal["normal", "mixture"] = "normal",
    mean: Literal["estimated", "zero"] = "estimated",
    scale: Literal["absolute", "relative"] = "relative",
) -> HistoryFit:
    """Fit a prior to past experiments.

    Use it where all past experiments of a kind are at hand, losers included: a list of winners gives a prior that makes
    every effect too large.

    Args:
        estimates: The primary effect of every past experiment, all on one scale and in one unit.
        standard_errors: Of each, above 0.
        shape: "normal" (at least 10 experiments), or "mixture" with a share of nulls (at least 50).
        mean: Estimate the mean effect, or hold it at 0.
        scale: Which scale the estimates are on; the prior is stated on it.

    Raises:
        Refused: Too few experiments; all of them significant (a list of winners); no spread beyond the noise; or a
            share of nulls that the history cannot tell.
    """
    y, se = _checked(estimates, standard_errors, MIN_NORMAL if shape == "normal" else MIN_MIXTURE, shape)
    cautions = [*_cautions(y, se)]
    typical = float(np.median(se))
    if shape == "mixture":
        found = fit_mixture(y, se, free_mean=mean == "estimated")
        share = _null_share(found, len(y))
        if len(y) < _SHORT_MIXTURE:
            cautions.append(
                f"Fitted to {len(y)} experiments only: share of nulls and standard deviation are uncertain, which 95% "
                "credible intervals do not take into account."
            )
        prior: NormalPrior | MixturePrior = MixturePrior(
            null_share=found.null_share, mean=found.mean, sd=found.sd, scale=scale
        )
        sd_interval = None
    else:
        normal = fit_normal(y, se, free_mean=mean == "estimated")
        if normal.sd == 0:
            raise Refused.because(
                "history.no_spread",
                f"The {len(y)} past effects spread no more than their own noise: the fitted standard deviation is 0 "
                f"(95% interval up to {normal.sd_high:.3g}), and such a prior would overrule any data.",
                f"Give a prior by hand with a standard deviation of at most {normal.sd_high:.3g}, or use a flat one.",
                name="experiments",
                value=len(y),
            )
        if len(y) < _SHORT:
            cautions.append(
                f"Fitted to {len(y)} experiments only: its standard deviation may be anything from {normal.sd_low:.3g} "
                f"to {normal.sd_high:.3g}, which 95% credible intervals do not take into account."
            )
        prior = NormalPrior(mean=normal.mean, sd=normal.sd, scale=scale)
        sd_interval = Interval(low=normal.sd_low, high=normal.sd_high, level=0.95)
        share = None
    return HistoryFit(
        prior=prior,
        experiments=len(y),
        sd_interval=sd_interval,
        null_share_interval=share,
        shrinkage=(prior.sd / math.hypot(prior.sd, typical)) ** 2,
        cautions=tuple(cautions),
    )


def _checked(estimates: Sequence[float], errors: Sequence[float], least: int, shape: str) -> tuple[Floats, Floats]:
    if len(estimates) != len(errors):
        raise Refused.because(
            "history.lengths",
            f"There are {len(estimates)} effects but {len(errors)} standard errors.",
            "Give one standard error an effect.",
            name="standard_errors",
            value=len(errors),
        )
    if len(estimates) < least:
        other = " (or fit normal effects, from 10 on)" if shape == "mixture" and len(estimates) >= MIN_NORMAL else ""
        raise Refused.because(
            "history.too_few",
            f"A {shape} prior needs at least {least} past experiments, but there are {len(estimates)}.",
            f"Add experiments{other}, give a prior by hand, or use a flat one.",
            name="experiments",
            value=len(estimates),
        )
    y = np.array([checks.finite("estimate", v) for v in estimates])
    se = np.array([checks.positive("standard_error", v) for v in errors])
    if np.all(np.abs(y) >= 1.96 * se):
        raise Refused.because(
            "history.selected",
            f"All {len(y)} past experiments are significant, which no list of all experiments is: a prior fitted to "
            "the winners believes in effects that are not there.",
            "Add the experiments that were not significant.",
            name="experiments",
            value=len(y),
        )
    return y, se


def _cautions(y: Floats, se: Floats) -> list[str]:
    """A missing lot just below significance: near the line a fair list has as many on either side, or more below."""
    z = np.abs(y / se)
    below, above = int(((z >= 1.46) & (z < 1.96)).sum()), int(((z >= 1.96) & (z < 2.46)).sum())
    if above >= 5 and above > 3 * below:
        sentence = (
            f"{above} past experiments lie just above significance and {below} just below: the list looks as if "
            "experiments that did not win had been left out."
        )
        return [sentence]
    return []


def fit_normal(y: Floats, se: Floats, *, free_mean: bool = True) -> NormalFit:
    """Mean and spread of normal effects.

    Args:
        y: Estimates.
        se: Their standard errors, above 0.
        free_mean: Estimate the mean (restricted likelihood), or hold it at 0 (plain likelihood).

    Raises:
        OverflowError: Their spread is beyond the range of numbers.
    """
    unit = float(np.median(se))
    v, y = (se / unit) ** 2, y / unit

    def mean_at(variance: float) -> float:
        w = 1 / (v + variance)
        return float((w * y).sum() / w.sum()) if free_mean else 0.0

    def log_likelihood(variance: float) -> float:
        w = 1 / (v + variance)
        restricted = math.log(float(w.sum())) if free_mean else 0.0
        return 0.5 * (float(np.log(w).sum()) - restricted - float((w * (y - mean_at(variance)) ** 2).sum()))

    def score(variance: float) -> float:
        w = 1 / (v + variance)
        restricted = float((w * w).sum() / w.sum()) if free_mean else 0.0
        return float((w * w * (y - mean_at(variance)) ** 2).sum() - w.sum()) + restricted

    top = float(((y - mean_at(0.0)) ** 2).max()) + float(v.max()) + 1.0
    if not math.isfinite(4 * top):
        raise OverflowError("the estimates' spread is beyond the range of numbers")
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 4 * top, 120)])
    values = [log_likelihood(float(g)) for g in grid]
    i = int(np.argmax(values))
    best = 0.0 if i == 0 and score(0.0) <= 0 else _peak(score, grid, max(i, 1))
    height = log_likelihood(best)

    def fall(variance: float) -> float:
        return log_likelihood(variance) - height + _DROP

    high = max(4 * top, 1.0)
    while fall(high) > 0:
        high *= 4
    upper = root(fall, best, high)
    lower = 0.0 if fall(0.0) >= 0 else root(fall, 0.0, best)
    return NormalFit(mean_at(best) * unit, math.sqrt(best) * unit, math.sqrt(lower) * unit, math.sqrt(upper) * unit)


def _peak(score: Callable[[float], float], grid: Floats, i: int) -> float:
    low, high = float(grid[i - 1]), float(grid[min(i + 1, len(grid) - 1)])
    if score(low) <= 0:
        return low
    return root(score, low, high)


def _null_share(found: MixtureFit, n: int) -> Interval:
    low, high = found.null_share_low, found.null_share_high
    if high - low > _WIDEST:
        raise Refused.because(
            "history.share_unknown",
            f"From these {n} past experiments the share without any effect may be anything from "
            f"{low:.0%} to {high:.0%}.",
            "Fit normal effects instead, or add experiments.",
            name="experiments",
            value=n,
        )
    return Interval(low=low, high=high, level=0.95)
