"""The question a size answers: which effect is taken to be true, and which line it is tested against.

With control's level x and treatment's level y the tested line is y = slope x + offset: y = x for superiority,
y = x - margin or y = (1 - margin) x for non-inferiority of a metric that should increase.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.stats.planning.outcomes import Outcome
from copilot_tools.stats.spec import Effect

__all__ = ["Contrast", "Direction", "absolute_size", "contrast"]

Direction = Literal["increase", "decrease"]


class Contrast(NamedTuple):
    """A true state and the line it is tested against.

    Attributes:
        control: Control's level x.
        treatment: Treatment's level y, as assumed true.
        slope: Of the tested line.
        offset: Of the tested line, in metric units.
        sign: +1 when more is better, -1 when less is better.
    """

    control: float
    treatment: float
    slope: float
    offset: float
    sign: int

    @property
    def distance(self) -> float:
        """How far the truth lies beyond the line, in the desired direction, in metric units."""
        return self.sign * (self.treatment - self.slope * self.control - self.offset)


def absolute_size(outcome: Outcome, effect: Effect, name: str = "effect") -> float:
    """An effect's size in metric units.

    Raises:
        Refused: It is relative and the baseline is missing or 0.
    """
    if effect.scale == "absolute":
        return effect.size
    if not outcome.baseline:
        raise Refused.because(
            "planning.no_baseline",
            f"{name} is relative ({effect.size:g} of control), but control's level is "
            + ("not given." if outcome.baseline is None else "0, of which every share is 0."),
            f"Give outcome.baseline, or state {name} in absolute terms.",
            name=f"{name}.scale",
            value="relative",
        )
    return effect.size * abs(outcome.baseline)


def contrast(outcome: Outcome, direction: Direction, effect: Effect | None, margin: Effect | None) -> Contrast:
    """Build the question.

    Args:
        outcome: The metric's level and spread today.
        direction: Which way is better.
        effect: Assumed true effect in the desired direction; None: no difference (non-inferiority only).
        margin: Tolerated worsening; None: superiority.

    Raises:
        Refused: Neither effect nor margin; or a proportion would leave 0 to 1.
    """
    if effect is None and margin is None:
        raise Refused.because(
            "planning.no_effect",
            "Neither an effect to find nor a margin to stay within is given.",
            "Give effect (superiority) or margin (non-inferiority).",
            name="effect",
        )
    sign = 1 if direction == "increase" else -1
    x = outcome.baseline if outcome.baseline is not None else 0.0
    y = x + sign * (absolute_size(outcome, effect) if effect else 0.0)
    slope, offset = 1.0, 0.0
    if margin is not None:
        worse = absolute_size(outcome, margin, "margin")
        if margin.scale == "absolute":
            offset = -sign * worse
        else:
            slope = 1 - math.copysign(margin.size, sign * x)
    if outcome.kind == "proportion":
        _inside("effect", x, y, effect)
        _inside("margin", x, slope * x + offset, margin)
    return Contrast(control=x, treatment=y, slope=slope, offset=offset, sign=sign)


def _inside(name: str, baseline: float, level: float, size: Effect | None) -> None:
    if 0 < level < 1:
        return
    raise Refused.because(
        "planning.out_of_range",
        f"{name} takes the share from {baseline:.4g} to {level:.4g}, but a share lies between 0 and 1.",
        f"Give a smaller {name}, or check whether it is meant as relative or absolute.",
        name=f"{name}.size",
        value=size.size if size else None,
    )
