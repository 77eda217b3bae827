"""Tools that check a split: which arm does a unit fall into, and how do many units fall?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.stats import formats
from copilot_tools.stats.assignment.hashing import bucket
from copilot_tools.stats.assignment.split import Split
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]

Unit = Annotated[str, Field(min_length=1, max_length=1000, description="A unit's id, exactly as the tool sees it.")]


class UnitArguments(Split):
    """A split (seed, arms with weights, coverage, namespace) and one unit."""

    unit: Unit


class AssignedUnit(Frozen):
    """Where one unit falls.

    Attributes:
        arm: The arm; None where the unit takes no part.
        place: The unit's place in [0, 1) under the seed: its hash, in ten-thousandths.
        sentence: In plain words.
    """

    arm: str | None
    place: float
    sentence: str


class UnitsArguments(Split):
    """A split (seed, arms with weights, coverage, namespace) and many units."""

    units: Annotated[tuple[Unit, ...], Field(min_length=1, max_length=100_000)]


class ArmCount(Frozen):
    """One arm's units: how many fell into it, and how many the weights lead one to expect of those who take part."""

    name: str
    units: int
    expected: float


class AssignedUnits(Frozen):
    """Where many units fall.

    Attributes:
        arms: One for each unit, in the order given; None where a unit takes no part.
        counts: By arm, in the split's order.
        outside: How many units take no part.
        sentence: In plain words.
    """

    arms: tuple[str | None, ...]
    counts: tuple[ArmCount, ...]
    outside: int
    sentence: str


def _assign_unit(a: UnitArguments) -> AssignedUnit:
    arm = a.assign(a.unit)
    said = "takes no part" if arm is None else f"falls into {arm}"
    place = bucket(a.seed, a.unit)
    return AssignedUnit(arm=arm, place=place, sentence=f"{a.unit} {said} (place {place:.4f} under the seed {a.seed}).")


def _assign_units(a: UnitsArguments) -> AssignedUnits:
    arms = a.assign_all(a.units)
    inside = sum(arm is not None for arm in arms)
    counts = tuple(
        ArmCount(name=arm.name, units=arms.count(arm.name), expected=inside * share)
        for arm, share in zip(a.arms, a.shares, strict=True)
    )
    split = ", ".join(f"{c.name} {formats.count(c.units)} (expected {formats.count(c.expected)})" for c in counts)
    outside = len(arms) - inside
    return AssignedUnits(
        arms=arms,
        counts=counts,
        outside=outside,
        sentence=f"{split}; {formats.count(outside)} take no part." if outside else f"{split}.",
    )


_SPLIT = {"seed": "expcopilot/spring", "arms": [{"name": "control", "weight": 1}, {"name": "v1", "weight": 1}]}

TOOLS = (
    Tool(
        name="assign_unit",
        summary="Which arm does a unit fall into, by seed and weights?",
        when="To look up which version one user or customer should have seen, for support or a check, or that a "
        "tool splits as configured (GrowthBook, hash version 2). Not for a list of units (assign_units), nor "
        "to check who was really served what (audit_assignment).",
        arguments=UnitArguments,
        result=AssignedUnit,
        function=_assign_unit,
        examples=({**_SPLIT, "unit": "user-1"},),
    ),
    Tool(
        name="assign_units",
        summary="Which arms do many units fall into, and do they fall as the weights say?",
        when="To check a split before launch by running a list of ids through it, or a list of units against what "
        "a tool recorded. Not for one unit (assign_unit), nor for the counts of a running test "
        "(sample_ratio).",
        arguments=UnitsArguments,
        result=AssignedUnits,
        function=_assign_units,
        examples=(
            {
                **_SPLIT,
                "units": ["user-1", "user-2", "user-3", "user-4"],
                "coverage": 0.8,
                "namespace": {"name": "e-mail", "start": 0.25, "end": 1.0},
            },
        ),
    ),
)
