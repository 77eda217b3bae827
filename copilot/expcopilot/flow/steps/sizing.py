"""The size of a plan while it is written: as the plan itself would have it, with words that may still be missing."""

from __future__ import annotations

from typing import Any

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.planning.curve import PowerCurve, power_curve
from copilot_tools.stats.planning.design import design_of
from expcopilot.flow.steps.new_plan import Answers, Drafted, inflation_of, outcome_of

__all__ = ["PLACEHOLDERS", "Sizing", "sizing"]

PLACEHOLDERS: dict[str, Any] = {
    "change": "what is to change",
    "audience": "whom it is for",
    "because": "why it should work",
    "metric": "the deciding number",
}
"""What stands for words that nobody has typed yet: no size depends on them."""

_FARTHEST = 100.0


class Sizing(Frozen):
    """What the answers so far come to.

    Attributes:
        drafted: The plan as it would be made of them, with its size.
        curve: The chance of finding each effect with the committed units; None where nothing can be sized yet.
        stretched: How many times the units of a test with one look this one needs: 1 without registered looks.
    """

    drafted: Drafted
    curve: PowerCurve | None
    stretched: float


def sizing(answers: Answers, drafted: Drafted) -> Sizing:
    """The curve of a drafted plan.

    Args:
        answers: What the plan was drafted from.
        drafted: The plan, sized.
    """
    spec, units = drafted.plan.analysis, drafted.plan.design.committed_units
    stretched = inflation_of(spec)
    outcome = outcome_of(answers)
    if isinstance(outcome, Refusal) or units is None:
        return Sizing(drafted=drafted, curve=None, stretched=stretched)
    try:
        # With looks, so many units find what fewer find with one look.
        curve = power_curve(
            outcome,
            max(round(units / stretched), 4),
            answers.matters,
            direction=answers.direction,
            design=design_of(spec),
            reach=_reach(answers, drafted),
        )
    except Refused:  # the size was refused for the same reason, and says so
        return Sizing(drafted=drafted, curve=None, stretched=stretched)
    return Sizing(drafted=drafted, curve=curve.model_copy(update={"units": units}), stretched=stretched)


def _reach(answers: Answers, drafted: Drafted) -> float:
    """As far as twice what matters; for a list that shows only larger effects, as far as those."""
    found = drafted.detectable
    shown = None if found is None else found.relative if answers.matters.scale == "relative" else found.absolute
    return min(max(2.0, 1.25 * abs(shown or 0.0) / answers.matters.size), _FARTHEST)
