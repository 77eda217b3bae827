"""Means (and proportions large enough to be normal): effects against control under a prior on the effect.

References:
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., sections 2.5 and 3.2.
    GrowthBook, gbstats: the relative effect by the delta method, the prior moved between scales by control's level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Interval
from copilot_tools.stats.inference.bayes.best import Best, Level, best_of
from copilot_tools.stats.inference.bayes.effects import posterior_of_effect
from copilot_tools.stats.inference.bayes.posterior import NormalPosterior, StudentPosterior, central
from copilot_tools.stats.inference.bayes.priors import EffectPrior, FlatPrior, on_scale
from copilot_tools.stats.inference.bayes.readings import effect_of
from copilot_tools.stats.inference.bayes.results import BayesianArm, BayesianEffect, BayesianTreatment
from copilot_tools.stats.inference.bayes.shared_control import best_given_control

__all__ = ["MeanArm", "Variance", "proportion_figures", "read_means"]

_LEAST_COUNT = 10
"""Successes and failures an arm needs for its rate to be read as normal."""

Variance = Literal["known", "estimated"]


class MeanArm(NamedTuple):
    """One arm's figures.

    Attributes:
        n: Units.
        mean: Their mean, in the metric's unit.
        variance: Of one unit, in the metric's unit squared.
    """

    n: int
    mean: float
    variance: float


class _Effect(NamedTuple):
    value: float
    standard_error: float
    df: float | None


def read_means(
    arms: Mapping[str, MeanArm],
    prior: EffectPrior,
    *,
    variance: Variance = "estimated",
    level: float = 0.95,
    fewest: bool = False,
) -> tuple[tuple[BayesianArm, ...], tuple[BayesianTreatment, ...]]:
    """Every arm's level and every treatment's effect.

    Each effect is read from its own arm and control. Which arm is best is read from all arms at once: with one
    treatment it is the same posterior; with several and a flat prior each level has its own; with several and a prior
    the effects are drawn from it independently, around a control whose level is free (normal likelihoods, widened to
    the spread of Student's t).

    Args:
        arms: Arm -> figures, control first.
        prior: On the effect; moved between scales by control's observed level.
        variance: "estimated" (Student t; at least 4 units an arm, 10 under a prior that is not flat: below, intervals
                miss more than they say) or "known" (normal; at least 2, but too narrow below about 30).
        level: Probability inside the intervals, in (0, 1).
        fewest: Less is better.

    Raises:
        Refused: Too few units or no variation in an arm, fewer than two arms, a figure out of range, or a relative
            prior where control's level cannot be told from 0.
    """
    checks.between("level", level, 0, 1)
    levels = {name: _level(name, arm, variance, prior) for name, arm in arms.items()}
    control, *treatments = arms
    if not treatments:
        raise Refused.because(
            "bayes.too_few_arms", "There is only one arm.", "Give control and a treatment.", name="arms"
        )
    near_zero = _near_zero(control, levels[control], level)
    if near_zero is not None and not isinstance(prior, FlatPrior) and prior.scale == "relative":
        raise Refused(near_zero)
    base = abs(levels[control].mean)
    absolute_prior = on_scale(prior, "absolute", base)
    better = -1 if fewest else 1
    read = []
    for name in treatments:
        difference = _difference(levels[control], levels[name])
        posterior = posterior_of_effect(difference.value, difference.standard_error, absolute_prior, df=difference.df)
        absolute = effect_of(posterior, difference.value, level, scale="absolute", better=better)
        relative: BayesianEffect | Refusal
        if near_zero is not None:
            relative = near_zero
        else:
            lift = _lift(levels[control], levels[name])
            there = posterior_of_effect(lift.value, lift.standard_error, on_scale(prior, "relative", base), df=lift.df)
            relative = effect_of(there, lift.value, level, scale="relative", better=better)
        read.append(BayesianTreatment(name=name, absolute=absolute, relative=relative))
    best = _best(levels, tuple(read), absolute_prior, fewest=fewest)
    described = []
    for (name, arm), chance, loss in zip(arms.items(), best.chance, best.loss, strict=True):
        interval = _interval(levels[name], level)
        described.append(
            BayesianArm(
                name=name,
                n=arm.n,
                observed=arm.mean,
                level=arm.mean,
                interval=interval,
                highest_density=interval,
                chance_best=chance,
                expected_loss=loss,
            )
        )
    return tuple(described), tuple(read)


def proportion_figures(name: str, n: int, successes: int) -> MeanArm:
    """A proportion's figures, where the counts are large enough to be read as normal.

    Args:
        name: The arm's name.
        n: Units, at least 20 (10 of either kind).
        successes: Units that converted, from 10 to n - 10.

    Raises:
        Refused: Fewer than 10 successes or failures.
    """
    s = checks.successes("successes", successes, checks.count("n", n, at_least=1))
    if min(s, n - s) < _LEAST_COUNT:
        raise Refused.because(
            "bayes.too_few_counts",
            f"{name} has {s} successes and {n - s} failures; a prior on the effect needs "
            f"{_LEAST_COUNT} or more of each.",
            "Leave effect_prior out: the beta prior is exact at any count.",
            name=name,
            value=s,
        )
    return MeanArm(n, s / n, s / n * ((n - s) / n))


def _level(name: str, arm: MeanArm, variance: Variance, prior: EffectPrior) -> Level:
    least = 2 if variance == "known" else 4 if isinstance(prior, FlatPrior) else 10
    if checks.count("n", arm.n) < least:
        raise Refused.because(
            "bayes.too_few_units",
            f"{name} has {arm.n} units; with the variance {variance} and a {prior.kind} prior a reading needs "
            f"at least {least}.",
            "Wait for more units.",
            name=name,
            value=arm.n,
        )
    mean = checks.finite("mean", arm.mean)
    if checks.finite("variance", arm.variance) <= (1e-13 * mean) ** 2:
        raise Refused.because(
            "data.no_variance",
            f"Every unit of {name} has the same value ({mean:g}), so there is no variation to judge a difference by.",
            "Check that the column is the metric; if it is, report the levels without an interval.",
            name=name,
            value=arm.variance,
        )
    return Level(mean, math.sqrt(arm.variance / arm.n), arm.n - 1 if variance == "estimated" else None)


def _near_zero(control: str, at: Level, level: float) -> Refusal | None:
    critical = float(-special.ndtri((1 - level) / 2) if at.df is None else -special.stdtrit(at.df, (1 - level) / 2))
    if abs(at.mean) > critical * at.scale:
        return None
    return Refusal(
        code="relative.control_near_zero",
        reason=f"Control's level is {at.mean:g} with a standard error of {at.scale:g}: it cannot be told from 0, so an "
        "effect relative to it means nothing.",
        cure="State effect and prior in absolute terms.",
        name=control,
        value=at.mean,
    )


def _difference(a: Level, b: Level) -> _Effect:
    return _Effect(b.mean - a.mean, math.hypot(a.scale, b.scale), _welch(a, a.scale**2, b, b.scale**2))


def _lift(a: Level, b: Level) -> _Effect:
    """Over the magnitude of control, so that a rise is a rise whatever control's sign; delta method."""
    base = abs(a.mean)
    own, others = (a.scale / base * (b.mean / base)) ** 2, (b.scale / base) ** 2
    return _Effect((b.mean - a.mean) / base, math.sqrt(own + others), _welch(a, own, b, others))


def _welch(a: Level, variance_a: float, b: Level, variance_b: float) -> float | None:
    if a.df is None or b.df is None:
        return None
    share = variance_a / (variance_a + variance_b)
    return 1 / (share * share / a.df + (1 - share) ** 2 / b.df)


def _interval(at: Level, level: float) -> Interval:
    if at.df is None:
        return central(NormalPosterior(at.mean, at.scale), level)
    return central(StudentPosterior(at.mean, at.scale, at.df), level)


def _best(
    levels: Mapping[str, Level], read: tuple[BayesianTreatment, ...], prior: EffectPrior, *, fewest: bool
) -> Best:
    if len(read) == 1:
        only = read[0].absolute
        return Best((1 - only.chance_better, only.chance_better), (only.loss_if_not or 0.0, only.loss_if_chosen or 0.0))
    arms = tuple(levels.values())
    if isinstance(prior, FlatPrior):
        return best_of(arms, fewest=fewest)
    widened = [(a.mean, a.scale * (1.0 if a.df is None else math.sqrt(a.df / (a.df - 2)))) for a in arms]
    return best_given_control(widened[0], widened[1:], prior, fewest=fewest)
