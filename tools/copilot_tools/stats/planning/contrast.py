"""The question a size answers: which effect is taken to be true, and which line it is tested against.

With control's level x and treatment's level y the tested line is y = slope x + offset: y = x for superiority,
y = x - margin or y = (1 - margin) x for non-inferiority of a metric that should increase. Equivalence has two lines, a
margin to either side, and both must be left behind.
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
        far: Slope and offset of the line on the other side, for equivalence; else None.
    """

    control: float
    treatment: float
    slope: float
    offset: float
    sign: int
    far: tuple[float, float] | None = None

    @property
    def lines(self) -> tuple[Contrast, ...]:
        """The one-sided questions this one consists of: one, or two for equivalence."""
        near = self._replace(far=None)
        if self.far is None:
            return (near,)
        return near, Contrast(self.control, self.treatment, *self.far, -self.sign)

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


def contrast(
    outcome: Outcome,
    direction: Direction,
    effect: Effect | None,
    margin: Effect | None,
    *,
    equivalence: bool = False,
) -> Contrast:
    """Build the question.

    Args:
        outcome: The metric's level and spread today.
        direction: Which way is better.
        effect: Assumed true effect in the desired direction; None: no difference (with a margin only).
        margin: Tolerated worsening, for equivalence tolerated difference either way; None: superiority.
        equivalence: Whether the margin bounds the difference on both sides.

    Raises:
        Refused: Neither effect nor margin; equivalence without margin, or with an effect beyond it; or a proportion
            would leave 0 to 1.
    """
    if equivalence and margin is None:
        raise Refused.because(
            "planning.no_margin",
            "Equivalence is asked for without a margin: every difference would be too large.",
            "Give margin: the largest difference, either way, that does not matter.",
            name="margin",
        )
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
    slope, offset, far = 1.0, 0.0, None
    if margin is not None:
        worse = absolute_size(outcome, margin, "margin")
        if margin.scale == "absolute":
            offset = -sign * worse
        else:
            slope = 1 - math.copysign(margin.size, sign * x)
        if equivalence:
            far = (2 - slope, -offset)
    if outcome.kind == "proportion":
        _inside("effect", x, y, effect)
        _inside("margin", x, slope * x + offset, margin)
        if far is not None:
            _inside("margin", x, far[0] * x + far[1], margin)
    question = Contrast(control=x, treatment=y, slope=slope, offset=offset, sign=sign, far=far)
    if far is not None and question.lines[1].distance <= 0:
        raise Refused.because(
            "planning.effect_beyond_margin",
            "The effect taken to be true reaches the margin, so the arms are not equivalent and nothing can show it.",
            "Give a smaller effect, none at all (no true difference), or a wider margin.",
            name="effect.size",
            value=effect.size if effect else None,
        )
    return question


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
