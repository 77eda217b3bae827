"""Conversion rates: beta posteriors for every arm, exact differences, lifts and losses; no normal approximation."""

from __future__ import annotations

from collections.abc import Mapping

from copilot_tools.refusals import Refusal
from copilot_tools.stats.inference.bayes.best import best_of
from copilot_tools.stats.inference.bayes.beta import Beta, BetaEffect, beta_posterior
from copilot_tools.stats.inference.bayes.posterior import central, highest_density
from copilot_tools.stats.inference.bayes.results import BayesianArm, BayesianEffect, BayesianTreatment

__all__ = ["read_proportions"]


def read_proportions(
    arms: Mapping[str, tuple[int, int]],
    *,
    prior: tuple[float, float] = (1.0, 1.0),
    level: float = 0.95,
    fewest: bool = False,
) -> tuple[tuple[BayesianArm, ...], tuple[BayesianTreatment, ...]]:
    """Every arm's level and every treatment's effect, each arm with the same beta prior of its own.

    Use it for conversion rates of any size, zero counts included. A prior on the effect itself (from past experiments)
    is ``read_means``'s: beta priors know nothing of how far arms lie from each other.

    Args:
        arms: Arm -> units and successes, control first.
        prior: Parameters of the beta prior.
        level: Probability inside the intervals, in (0, 1).
        fewest: Fewer successes are better.

    Raises:
        Refused: Fewer than two arms, or a figure is out of range.

    References:
        Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section 2.4. Stucchio (2015), Bayesian A/B testing at
        VWO (expected loss).

    Example:
        >>> _, (b,) = read_proportions({"a": (500, 16), "b": (500, 25)})
        >>> round(b.absolute.chance_better, 7), round(b.absolute.loss_if_chosen, 6)
        (0.9223944, 0.000448)
    """
    posteriors = {name: beta_posterior(s, n, prior) for name, (n, s) in arms.items()}
    best = best_of(tuple(posteriors.values()), fewest=fewest)
    read = tuple(
        BayesianArm(
            name=name,
            n=n,
            observed=s / n,
            level=posteriors[name].mean,
            interval=central(posteriors[name], level),
            highest_density=highest_density(posteriors[name], level),
            chance_best=chance,
            expected_loss=loss,
        )
        for (name, (n, s)), chance, loss in zip(arms.items(), best.chance, best.loss, strict=True)
    )
    control, *treatments = arms
    return read, tuple(_treatment(control, name, arms, posteriors, level, fewest=fewest) for name in treatments)


def _treatment(
    control: str,
    name: str,
    arms: Mapping[str, tuple[int, int]],
    posteriors: Mapping[str, Beta],
    level: float,
    *,
    fewest: bool,
) -> BayesianTreatment:
    a, b = posteriors[control], posteriors[name]
    (n_a, s_a), (n_b, s_b) = arms[control], arms[name]
    pair = best_of((a, b), fewest=fewest)
    difference = BetaEffect(a, b, "absolute")
    absolute = BayesianEffect(
        scale="absolute",
        observed=s_b / n_b - s_a / n_a,
        shrunken=b.mean - a.mean,
        sd=(a.sd**2 + b.sd**2) ** 0.5,
        interval=central(difference, level),
        highest_density=highest_density(difference, level),
        chance_better=pair.chance[1],
        chance_null=0.0,
        loss_if_chosen=pair.loss[1],
        loss_if_not=pair.loss[0],
    )
    if s_a == 0:
        return BayesianTreatment(
            name=name,
            absolute=absolute,
            relative=Refusal(
                code="relative.control_near_zero",
                reason=f"None of the {n_a} units of control converted, so a lift over control has no useful bound.",
                cure="State the effect in absolute terms, or wait for more units.",
                name=control,
                value=0,
            ),
        )
    lift = BetaEffect(a, b, "relative")
    relative = BayesianEffect(
        scale="relative",
        observed=(s_b / n_b) / (s_a / n_a) - 1,
        shrunken=lift.quantile(0.5),
        sd=None,
        interval=central(lift, level),
        highest_density=None,
        chance_better=pair.chance[1],
        chance_null=0.0,
        loss_if_chosen=None,
        loss_if_not=None,
    )
    return BayesianTreatment(name=name, absolute=absolute, relative=relative)
