"""A part's effect with its uncertainty: what consistency, concentration and guardrails are computed from.

References:
    Welch (1947), Biometrika 34 (degrees of freedom). Katz et al. (1978), Obtaining confidence intervals for the risk
    ratio in cohort studies, Biometrics 34 (variance of a log ratio).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.tails import Alternative
from copilot_tools.stats.personalization.parts import Outcome, Part, Scale

__all__ = ["FEWEST_EVENTS", "FEWEST_UNITS", "Effect", "effect_of", "effect_of_part"]

FEWEST_UNITS = 20
"""Units an arm of a part needs before a mean of it is compared."""
FEWEST_EVENTS = 10
"""Conversions, and units without one, an arm of a part needs before a proportion of it is compared."""


class Effect(NamedTuple):
    """Treatment against control.

    Attributes:
        value: Absolute: treatment minus control in the metric's unit. Relative: log of treatment over control.
        variance: Of ``value``, above 0.
        df: Welch-Satterthwaite degrees of freedom; infinite for proportions.
    """

    value: float
    variance: float
    df: float

    @property
    def standard_error(self) -> float:
        """Of ``value``."""
        return math.sqrt(self.variance)

    @property
    def z(self) -> float:
        """In standard errors, as a normal deviate with the t statistic's tail."""
        return self.value / self.standard_error

    def p_value(self, alternative: Alternative = "two-sided", against: float = 0.0) -> float:
        """Of the effect being ``against``."""
        df = None if math.isinf(self.df) else self.df
        return tails.p_value((self.value - against) / self.standard_error, alternative, df)


def effect_of(control: Outcome, treatment: Outcome, scale: Scale = "absolute", name: str = "part") -> Effect:
    """Treatment against control in one part, by normal (proportions) or Welch's (means) theory.

    Args:
        control: Its arm without what is tested.
        treatment: Its arm with it.
        scale: "absolute" (difference) or "relative" (log of the ratio).
        name: Of the part, in refusals.

    Raises:
        Refused: Too few units or conversions, no variation at all, or a level of 0 or below on the relative scale.
    """
    for arm, outcome in (("control", control), ("treatment", treatment)):
        if outcome.successes is not None:
            fewest = min(outcome.successes, outcome.n - outcome.successes)
            if fewest < FEWEST_EVENTS:
                raise Refused.because(
                    "part.too_few_events",
                    f"In {name}, {arm} has {outcome.successes} conversions of {outcome.n}; below {FEWEST_EVENTS} "
                    "conversions, or units without one, its uncertainty is not known well enough.",
                    "Merge it with a neighbouring part, or wait for more units.",
                    name=name,
                    value=outcome.successes,
                )
        elif outcome.n < FEWEST_UNITS:
            raise Refused.because(
                "part.too_few_units",
                f"In {name}, {arm} has {outcome.n} units, but needs at least {FEWEST_UNITS}.",
                "Merge it with a neighbouring part, or wait for more units.",
                name=name,
                value=outcome.n,
            )
    a, b = control.variance, treatment.variance
    value = treatment.level - control.level
    if scale == "relative":
        if not (control.level > 0 and treatment.level > 0):
            raise Refused.because(
                "part.level_not_positive",
                f"In {name} the levels are {control.level:g} and {treatment.level:g}; a ratio needs both above 0.",
                "Compare on the absolute scale.",
                name=name,
                value=min(control.level, treatment.level),
            )
        value = math.log(treatment.level) - math.log(control.level)
        a, b = a / control.level / control.level, b / treatment.level / treatment.level
    total = a + b
    if not total > 1e-26 * value * value:
        raise Refused.because(
            "data.no_variance",
            f"In {name} every unit has the same value within each arm, so nothing measures chance.",
            "Check that the figures are those of the metric, with a standard deviation over units.",
            name=name,
            value=0.0,
        )
    if control.successes is not None:
        return Effect(value, total, math.inf)
    u, v = a / total, b / total
    return Effect(value, total, 1 / (u * u / (control.n - 1) + v * v / (treatment.n - 1)))


def effect_of_part(part: Part, scale: Scale = "absolute") -> Effect:
    """``effect_of`` of a part's two arms, refusing by its name."""
    return effect_of(part.control, part.treatment, scale, part.name)
