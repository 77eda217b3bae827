"""Priors of an effect: flat, normal, or no effect at all for a share of experiments and normal for the others.

Reference:
    Deng (2015), Objective Bayesian two sample hypothesis testing for online controlled experiments, WWW '15 Companion
    (the mixture, and fitting it to past experiments).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copilot_tools.base import Frozen

__all__ = ["EffectPrior", "FlatPrior", "MixturePrior", "NormalPrior", "on_scale", "said"]

Scale = Literal["absolute", "relative"]
Mean = Annotated[float, Field(description="Prior mean, on the named scale, as a rise (negative: a fall).")]
Sd = Annotated[float, Field(gt=0, description="Prior standard deviation, on the named scale.")]
On = Annotated[
    Scale, Field(description='"relative": a share of control\'s level (0.02 is 2%); "absolute": the metric\'s unit.')
]


class FlatPrior(Frozen):
    """Every effect is as plausible as any other."""

    kind: Literal["flat"] = "flat"


class NormalPrior(Frozen):
    """Effects are normal around a mean."""

    kind: Literal["normal"] = "normal"
    mean: Mean = 0.0
    sd: Sd
    scale: On = "relative"


class MixturePrior(Frozen):
    """A share of experiments has no effect at all; the effects of the others are normal around a mean."""

    kind: Literal["mixture"] = "mixture"
    null_share: Annotated[float, Field(gt=0, lt=1, description="Share of experiments without any effect.")]
    mean: Mean = 0.0
    sd: Sd
    scale: On = "relative"


EffectPrior = Annotated[FlatPrior | NormalPrior | MixturePrior, Field(discriminator="kind")]


def on_scale(prior: EffectPrior, scale: Scale, base: float) -> EffectPrior:
    """The prior on another scale, control's level taken as known.

    Args:
        prior: Any prior.
        scale: The scale wanted.
        base: Magnitude of control's level, in the metric's unit, above 0.

    Example:
        >>> on_scale(NormalPrior(mean=0.01, sd=0.02), "absolute", 10.0)
        NormalPrior(kind='normal', mean=0.1, sd=0.2, scale='absolute')
    """
    if isinstance(prior, FlatPrior) or prior.scale == scale:
        return prior
    factor = base if scale == "absolute" else 1 / base
    return prior.model_copy(update={"mean": prior.mean * factor, "sd": prior.sd * factor, "scale": scale})


def said(prior: EffectPrior) -> str:
    """The prior in plain words.

    Used wherever a reading depends on a prior, so that a reader sees it.
    """
    if isinstance(prior, FlatPrior):
        return "a flat prior: every effect as plausible as any other"
    unit = "of control's level" if prior.scale == "relative" else "in the metric's unit"
    normal = f"effects around {prior.mean:.3g} with a standard deviation of {prior.sd:.3g} ({unit})"
    if isinstance(prior, MixturePrior):
        return f"no effect at all in {prior.null_share:.0%} of experiments, in the others {normal}"
    return normal
