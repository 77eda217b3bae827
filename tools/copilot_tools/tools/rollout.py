"""Tools for who is in a test while it runs: ramps, holdouts, and experiments that must not share units."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.stats import formats
from copilot_tools.stats.assignment.rollout import Holdout, assign_outside, free_slice, ramp_step
from copilot_tools.stats.assignment.split import Namespace, Split
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]


class RampArguments(Frozen):
    """A running split, and what it is to be changed to."""

    before: Split
    after: Split


class RampFound(Frozen):
    """What the change does to units, in shares of all of them.

    Attributes:
        stay: In before and after, in the same arm.
        enter: Out before, in after.
        leave: In before, out after.
        move: In both, but in another arm.
        safe: Nobody leaves or moves, so the test may go on.
        sentence: In plain words.
    """

    stay: float
    enter: float
    leave: float
    move: float
    safe: bool
    sentence: str


def _ramp(a: RampArguments) -> RampFound:
    step = ramp_step(a.before, a.after)
    safe = step.leave == 0 and step.move == 0
    shares = ", ".join(f"{name} {formats.share(getattr(step, name), 2)}" for name in ("stay", "enter", "leave", "move"))
    verdict = (
        "Safe: everybody who is in stays in, in the same arm"
        if safe
        else "Not safe: units would change what they see, so outcomes from before and after cannot be pooled"
    )
    return RampFound(**step._asdict(), safe=safe, sentence=f"{verdict} ({shares} of all units).")


class SliceArguments(Frozen):
    """A namespace, how much of it is wanted, and what other experiments have."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    width: Annotated[float, Field(gt=0, le=1, description="Share of all units; rounded up to thousandths.")]
    taken: Annotated[tuple[Namespace, ...], Field(max_length=1000)] = ()


class SliceFound(Frozen):
    """A slice that no other experiment has: its namespace, start and end (excluded), and a sentence."""

    name: str
    start: float
    end: float
    sentence: str


def _slice(a: SliceArguments) -> SliceFound:
    found = free_slice(a.name, a.width, a.taken)
    return SliceFound(
        name=found.name,
        start=found.start,
        end=found.end,
        sentence=f"From {found.start:g} to {found.end:g} the namespace {found.name} is free: experiments there share "
        "no unit with the others listed.",
    )


class HoldoutArguments(Split):
    """A split (seed, arms with weights, coverage, namespace), a holdout, and units."""

    holdout: Holdout
    units: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...], Field(min_length=1, max_length=100_000)
    ]


class HoldoutAssigned(Frozen):
    """Where units fall outside a holdout.

    Attributes:
        arms: One for each unit, in the order given; None where held out or not taking part.
        held: How many are held out.
        sentence: In plain words.
    """

    arms: tuple[str | None, ...]
    held: int
    sentence: str


def _outside(a: HoldoutArguments) -> HoldoutAssigned:
    split = Split(seed=a.seed, arms=a.arms, coverage=a.coverage, namespace=a.namespace)
    arms = assign_outside(a.holdout, split, a.units)
    held = sum(map(a.holdout.holds, a.units))
    inside = len(arms) - arms.count(None)
    return HoldoutAssigned(
        arms=arms,
        held=held,
        sentence=f"Of {formats.count(len(arms))} units {formats.count(held)} are held out and {formats.count(inside)} "
        "take part.",
    )


def _example(coverage: float) -> dict[str, Any]:
    """A split of its own each time: examples share no list."""
    arms = [{"name": "control", "weight": 1}, {"name": "v1", "weight": 1}]
    return {"seed": "expcopilot/spring", "arms": arms, "coverage": coverage}


TOOLS = (
    Tool(
        name="ramp_step",
        summary="Does a change of a running split (more coverage, other weights) keep everybody in their arm?",
        when="Before a running test is ramped up to more traffic or its weights are changed: does everybody keep "
        "the version they have (GrowthBook, hash version 2)? Not to look up single units (assign_unit).",
        arguments=RampArguments,
        result=RampFound,
        function=_ramp,
        examples=({"before": _example(0.1), "after": _example(0.5)},),
    ),
    Tool(
        name="free_namespace_slice",
        summary="A slice of a namespace that no other experiment has, so that they never share a unit.",
        when="When two teams or experiments must exclude each other, so that nobody is in both: where in the "
        "namespace is room? Not to draw a holdout (assign_outside_holdout).",
        arguments=SliceArguments,
        result=SliceFound,
        function=_slice,
        examples=({"name": "e-mail", "width": 0.25, "taken": [{"name": "e-mail", "start": 0.0, "end": 0.4}]},),
    ),
    Tool(
        name="assign_outside_holdout",
        summary="Which arms do units fall into, with a holdout cut off by a hash of its own first?",
        when="When some users are kept out of all experiments and the rest is divided among arms: who goes where? "
        "Not to read what the holdout shows (holdout_lift), nor without a holdout (assign_units).",
        arguments=HoldoutArguments,
        result=HoldoutAssigned,
        function=_outside,
        examples=(
            {
                **_example(1.0),
                "holdout": {"seed": "holdout-2026", "share": 0.05},
                "units": ["user-1", "user-2", "user-3"],
            },
        ),
    ),
)
