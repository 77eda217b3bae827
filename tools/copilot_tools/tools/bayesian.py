"""Bayesian readings from summary figures, and a prior fitted to past experiments. Beside the verdict, never in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Interval
from copilot_tools.stats import formats
from copilot_tools.stats.inference.bayes.priors import EffectPrior, FlatPrior, MixturePrior, NormalPrior, said
from copilot_tools.stats.inference.bayes.results import BayesianArm, BayesianEffect, BayesianTreatment
from copilot_tools.stats.spec import Metric
from copilot_tools.tool import Tool
from copilot_tools.tools.comparing import CountArm, MeanArm
from copilot_tools.tools.questions import Direction, MetricName, refuse_twins

if TYPE_CHECKING:
    from copilot_tools.stats.inference.bayes.mean_readings import MeanArm as Figures

__all__ = ["TOOLS"]

Treatments = Field(min_length=1, max_length=20)


class _Question(Frozen):
    metric: MetricName = "the metric"
    direction: Direction = "increase"
    level: Annotated[float, Field(gt=0.5, le=0.9999, description="Probability inside a credible interval.")] = 0.95
    looks: Annotated[int, Field(ge=1, le=1000, description="How often the test was looked at, this look included.")] = 1
    threshold: Annotated[
        float, Field(gt=0.5, le=0.9999, description="Chance to win from which somebody would have stopped.")
    ] = 0.95
    least_share: Annotated[
        float,
        Field(ge=0, le=0.5, description="Share of units every arm keeps under Thompson sampling; at most 1/arms."),
    ] = 0.0


def _check_share(least: float, arms: int) -> None:
    if least * arms > 1:
        raise ValueError(f"{arms} arms cannot keep {least:g} of the units each; at most {1 / arms:.3g} is left")


class BayesianProportionsArguments(_Question):
    """Arms with counts, and a prior: on the rates (beta), or on the effect."""

    control: CountArm
    treatments: Annotated[tuple[CountArm, ...], Treatments]
    prior_successes: Annotated[
        float, Field(ge=0.001, le=1e9, description="First parameter of each arm's beta prior; 1 and 1 is flat.")
    ] = 1.0
    prior_failures: Annotated[float, Field(ge=0.001, le=1e9, description="Second parameter.")] = 1.0
    effect_prior: Annotated[
        EffectPrior | None,
        Field(
            description="A prior on the effect instead, such as fit_prior_to_history gives; needs at least 10 "
            "successes and 10 failures an arm. Leave out for the beta prior."
        ),
    ] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        refuse_twins(a.name for a in (self.control, *self.treatments))
        _check_share(self.least_share, 1 + len(self.treatments))
        if self.effect_prior is not None and (self.prior_successes, self.prior_failures) != (1.0, 1.0):
            raise ValueError("give either a beta prior on the rates or effect_prior, not both")
        return self


class BayesianMeansArguments(_Question):
    """Arms with means and standard deviations, and a prior on the effect."""

    control: MeanArm
    treatments: Annotated[tuple[MeanArm, ...], Treatments]
    unit: Annotated[str, Field(max_length=20, description="What a value is: $, minutes, ...")] = ""
    prior: Annotated[EffectPrior, Field(description="Flat, normal, or a mixture with a share of nulls.")] = FlatPrior()
    variance: Annotated[
        Literal["known", "estimated"],
        Field(
            description='"estimated" allows for it in small samples (Student t); "known" is the plain normal model, '
            "too narrow below about 30 units an arm."
        ),
    ] = "estimated"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        refuse_twins(a.name for a in (self.control, *self.treatments))
        _check_share(self.least_share, 1 + len(self.treatments))
        return self


class BayesianReadings(Frozen):
    """What is believed after the data, with the frequentist answer beside it.

    Attributes:
        arms: Every arm, control first: its level, its chance to be best, what choosing it costs on average.
        effects: Every treatment against control.
        frequentist: The same comparisons with confidence intervals (each by itself) and p-values.
        prior: The prior in words.
        false_alarms: Chance that, without any effect, a flat-prior chance to win would have passed ``threshold`` for
            one side or the other at one of ``looks`` equally spaced looks (per treatment).
        thompson: Share of the next units Thompson sampling would send to each arm, in the order of ``arms``.
        sentences: In plain words, one a treatment.
        caveat: What repeated looks do to such readings.
        exploration: What the Thompson shares are, and are not.
        standing: What these readings are not.
    """

    arms: tuple[BayesianArm, ...]
    effects: tuple[BayesianTreatment, ...]
    frequentist: tuple[Comparison, ...]
    prior: str
    false_alarms: float
    thompson: tuple[float, ...]
    sentences: tuple[str, ...]
    caveat: str
    exploration: str = (
        "Thompson shares are for exploration while earning, not a test: effects estimated from units assigned so are "
        "biased, and no error rate holds for them."
    )
    standing: str = (
        "A reading beside the verdict, never in it: computed from typed figures, and true only as far as the prior is."
    )


def _metric(a: BayesianProportionsArguments | BayesianMeansArguments) -> Metric:
    means = isinstance(a, BayesianMeansArguments)
    return Metric(
        name=a.metric,
        role="primary",
        kind="mean" if means else "proportion",
        column="value",
        direction=a.direction,
        unit=a.unit if isinstance(a, BayesianMeansArguments) else "",
    )


def _proportions(a: BayesianProportionsArguments) -> BayesianReadings:
    from copilot_tools.stats.inference.bayes import mean_readings, proportion_readings  # noqa: PLC0415 - scipy, when run

    arms = (a.control, *a.treatments)
    fewest = a.direction == "decrease"
    if a.effect_prior is None:
        weights = (a.prior_successes, a.prior_failures)
        read, effects = proportion_readings.read_proportions(
            {arm.name: (arm.n, arm.successes) for arm in arms}, prior=weights, level=a.level, fewest=fewest
        )
        words = f"each rate has a beta prior worth {weights[0]:g} successes and {weights[1]:g} failures"
    else:
        figures = {arm.name: mean_readings.proportion_figures(arm.name, arm.n, arm.successes) for arm in arms}
        read, effects = mean_readings.read_means(
            figures, a.effect_prior, variance="known", level=a.level, fewest=fewest
        )
        words = said(a.effect_prior)
    return _readings(a, read, effects, words)


def _means(a: BayesianMeansArguments) -> BayesianReadings:
    from copilot_tools.stats.inference.bayes import mean_readings  # noqa: PLC0415 - scipy, only when run

    figures: dict[str, Figures] = {
        arm.name: mean_readings.MeanArm(arm.n, arm.mean, arm.sd**2) for arm in (a.control, *a.treatments)
    }
    read, effects = mean_readings.read_means(
        figures, a.prior, variance=a.variance, level=a.level, fewest=a.direction == "decrease"
    )
    return _readings(a, read, effects, said(a.prior))


def _readings(
    a: BayesianProportionsArguments | BayesianMeansArguments,
    read: tuple[BayesianArm, ...],
    effects: tuple[BayesianTreatment, ...],
    prior: str,
) -> BayesianReadings:
    from copilot_tools.stats.inference.bayes.bandit import thompson_allocation  # noqa: PLC0415 - only when run
    from copilot_tools.stats.inference.bayes.peeking import chance_to_win_false_alarms  # noqa: PLC0415 - scipy
    from copilot_tools.stats.inference.compare import compare_arms  # noqa: PLC0415 - scipy, only when run

    metric = _metric(a)
    compared = compare_arms(
        metric,
        {arm.name: arm.moments() for arm in (a.control, *a.treatments)},
        a.control.name,
        alpha=round(1 - a.level, 12),
        adjustment="none",
    )
    rate = chance_to_win_false_alarms(a.looks, a.threshold)
    looks = "one look" if a.looks == 1 else f"{a.looks} equally spaced looks"
    return BayesianReadings(
        arms=read,
        effects=effects,
        frequentist=compared,
        prior=prior,
        false_alarms=rate,
        thompson=thompson_allocation([arm.chance_best for arm in read], a.least_share),
        sentences=tuple(
            _sentence(metric, a.control.name, effect, beside) for effect, beside in zip(effects, compared, strict=True)
        ),
        caveat=(
            f'Without any effect, "stop once the chance to win is above {formats.percent(a.threshold)} or below '
            f'{formats.percent(1 - a.threshold)}" (flat prior) is met in {formats.share(rate)} of tests with {looks}. '
            "A Bayesian reading does not make peeking free."
        ),
    )


def _sentence(metric: Metric, control: str, found: BayesianTreatment, beside: Comparison) -> str:
    absolute = found.absolute
    null = f", that there is no effect at all {formats.share(absolute.chance_null)}" if absolute.chance_null else ""
    lift = (
        f" relative: {found.relative}"
        if isinstance(found.relative, Refusal)
        else f" {_effect(metric, found.relative)} of control."
    )
    chosen, kept = (
        "none" if x is None else formats.effect_size(metric, x, "absolute").removeprefix("+")
        for x in (absolute.loss_if_chosen, absolute.loss_if_not)
    )
    p = None if isinstance(beside.absolute, Refusal) else beside.absolute.p_value
    chance = formats.share(absolute.chance_better)
    return (
        f"{found.name} against {control}: the chance that it is better is {chance}{null}; {_effect(metric, absolute)};"
        f"{lift} The expected loss of choosing it is {chosen}, of keeping {control} {kept}."
        + ("" if p is None else f" The test beside it: {formats.p_value(p)}.")
    )


def _effect(metric: Metric, effect: BayesianEffect) -> str:
    size = formats.effect_size(metric, effect.shrunken, effect.scale)
    credible = formats.interval(metric, effect.interval, effect.scale).replace(" interval ", " credible interval ", 1)
    return f"{size} ({credible})"


class PastExperiment(Frozen):
    """One past experiment's primary effect."""

    estimate: Annotated[float, Field(description="Treatment against control, on the scale named.")]
    standard_error: Annotated[float, Field(gt=0, description="Of the estimate, on that scale.")]


class HistoryArguments(Frozen):
    """All past experiments of one kind: winners, losers and the ones without a result."""

    experiments: Annotated[tuple[PastExperiment, ...], Field(min_length=1, max_length=10_000)]
    shape: Annotated[
        Literal["normal", "mixture"],
        Field(description='"normal" (from 10 experiments), "mixture": a share has no effect at all (from 50).'),
    ] = "normal"
    mean: Annotated[Literal["estimated", "zero"], Field(description="Estimate the mean effect, or hold it at 0.")] = (
        "estimated"
    )
    scale: Annotated[
        Literal["relative", "absolute"], Field(description="Scale of all estimates; shares of control for relative.")
    ] = "relative"


class FittedPrior(Frozen):
    """A prior, ready for effect_prior of bayesian_proportions or prior of bayesian_means.

    Attributes:
        prior: The prior.
        experiments: How many experiments it was fitted to.
        sd_interval: 95% interval of the standard deviation of effects; None for a mixture.
        null_share_interval: 95% interval of the share without any effect; None for normal effects.
        shrinkage: How much of an estimate with the history's median standard error remains, 0 to 1.
        cautions: What speaks against trusting it.
        sentence: In plain words.
    """

    prior: NormalPrior | MixturePrior = Field(discriminator="kind")
    experiments: int
    sd_interval: Interval | None
    null_share_interval: Interval | None
    shrinkage: float
    cautions: tuple[str, ...]
    sentence: str


def _history(a: HistoryArguments) -> FittedPrior:
    from copilot_tools.stats.inference.bayes.history import fit_history  # noqa: PLC0415 - numpy, only when run

    found = fit_history(
        [e.estimate for e in a.experiments],
        [e.standard_error for e in a.experiments],
        shape=a.shape,
        mean=a.mean,
        scale=a.scale,
    )
    return FittedPrior(
        prior=found.prior,
        experiments=found.experiments,
        sd_interval=found.sd_interval,
        null_share_interval=found.null_share_interval,
        shrinkage=found.shrinkage,
        cautions=found.cautions,
        sentence=f"{found.experiments} past experiments suggest {said(found.prior)}; an estimate of typical precision "
        f"keeps {formats.share(found.shrinkage, 0)} of its distance from that mean.",
    )


_PAST = (
    *((0.021, 0.012), (-0.013, 0.010), (0.004, 0.015), (0.042, 0.014), (-0.006, 0.009), (0.011, 0.020)),
    *((0.030, 0.011), (-0.021, 0.013), (0.002, 0.008), (0.055, 0.018), (0.008, 0.010), (-0.034, 0.016)),
)  # effects and standard errors, as shares of control

TOOLS = (
    Tool(
        name="bayesian_proportions",
        summary="Chance to win, expected loss and credible intervals of conversion rates, beside the test.",
        when="When somebody asks for the probability that one variant beats another, or what choosing it risks, "
        "from counts of conversions; also for a bandit's shares. Not to decide a registered test, and not as "
        "a licence to stop early.",
        arguments=BayesianProportionsArguments,
        result=BayesianReadings,
        function=_proportions,
        examples=(
            {
                "control": {"name": "control", "n": 500, "successes": 16},
                "treatments": [{"name": "b", "n": 500, "successes": 25}],
                "metric": "signup",
            },
            {
                "control": {"name": "control", "n": 10000, "successes": 520},
                "treatments": [{"name": "b", "n": 10100, "successes": 581}, {"name": "c", "n": 9900, "successes": 540}],
                "effect_prior": {"kind": "normal", "mean": 0.0, "sd": 0.05, "scale": "relative"},
                "looks": 10,
            },
        ),
    ),
    Tool(
        name="bayesian_means",
        summary="Chance to win, expected loss and credible intervals of means under a prior, beside the test.",
        when="When averages such as spend or revenue a visitor are to be read with what past ideas and experiments"
        " taught (a prior), or it is asked how likely it is that a variant is better. Not to decide a "
        "registered test, and not as a licence to stop early.",
        arguments=BayesianMeansArguments,
        result=BayesianReadings,
        function=_means,
        examples=(
            {
                "control": {"name": "control", "n": 5000, "mean": 20.1, "sd": 55.2},
                "treatments": [{"name": "b", "n": 5020, "mean": 22.4, "sd": 57.0}],
                "metric": "revenue a user",
                "unit": "$",
                "prior": {"kind": "mixture", "null_share": 0.6, "mean": 0.0, "sd": 0.05, "scale": "relative"},
            },
        ),
    ),
    Tool(
        name="fit_prior_to_history",
        summary="A prior from past experiments: how large effects are here, and how often there is none.",
        when="To learn how large effects usually are here, and how often there is none, from the effects and "
        "standard errors of all past experiments of a kind; and before a Bayesian reading. Not from a list of"
        " winners.",
        arguments=HistoryArguments,
        result=FittedPrior,
        function=_history,
        examples=({"experiments": [{"estimate": e, "standard_error": se} for e, se in _PAST]},),
    ),
)
