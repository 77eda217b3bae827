"""What Bayesian readings return: arms, effects, treatments. Free of numpy and scipy."""

from __future__ import annotations

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Interval

__all__ = ["BayesianArm", "BayesianEffect", "BayesianTreatment"]


class BayesianArm(Frozen):
    """One arm.

    Attributes:
        name: The arm.
        n: Units.
        observed: Its level as observed, in the metric's unit.
        level: Posterior mean of its level.
        interval: Central credible interval of its level.
        highest_density: The shortest credible interval of its level.
        chance_best: Probability that its level is the best of all arms.
        expected_loss: Mean of how far its level stays behind the best arm's, in the metric's unit.
    """

    name: str
    n: int
    observed: float
    level: float
    interval: Interval
    highest_density: Interval
    chance_best: float
    expected_loss: float


class BayesianEffect(Frozen):
    """What is believed of one effect: treatment minus control, or that over the magnitude of control.

    Attributes:
        scale: "absolute" (the metric's unit) or "relative" (a share).
        observed: The effect as observed.
        shrunken: Posterior mean (posterior median for the lift of two proportions under a flat prior, whose mean may
            not exist).
        sd: Posterior standard deviation; None where it may not exist.
        interval: Central credible interval.
        highest_density: The shortest credible interval; None where the posterior has an atom at 0, and for that lift.
        chance_better: Probability that treatment is better than control, in the desired direction.
        chance_null: Probability that there is no effect at all; 0 unless the prior has such a share.
        loss_if_chosen: Expected loss of choosing treatment: mean of how much worse it is, 0 where it is better; None
            for that lift.
        loss_if_not: Expected loss of keeping control, likewise.
    """

    scale: str
    observed: float
    shrunken: float
    sd: float | None
    interval: Interval
    highest_density: Interval | None
    chance_better: float
    chance_null: float
    loss_if_chosen: float | None
    loss_if_not: float | None


class BayesianTreatment(Frozen):
    """One treatment arm against control.

    Attributes:
        name: The treatment arm.
        absolute: On the metric's scale.
        relative: Relative to control, or why not.
    """

    name: str
    absolute: BayesianEffect
    relative: BayesianEffect | Refusal
