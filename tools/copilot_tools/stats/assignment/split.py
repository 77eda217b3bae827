"""A split: a seed, arms with weights, and who takes part at all. The same unit always falls into the same arm.

The arithmetic is GrowthBook's (hash version 2), step for step, so that its SDKs and this file never disagree on a unit.

References:
    GrowthBook, Build Your Own SDK: getBucketRanges, chooseVariation, inNamespace
    (docs.growthbook.io/lib/build-your-own).
    Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, chapter 4 (variant assignment, layers).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.assignment.hashing import GRAIN, bucket, buckets

__all__ = ["Namespace", "Split", "WeightedArm"]


class WeightedArm(Frozen):
    """An arm and its weight, relative to the other arms' weights."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    weight: Annotated[float, Field(gt=0, le=1e9)] = 1.0


class Namespace(Frozen):
    """A slice of all units, so that experiments in other slices of the same namespace never share a unit.

    Attributes:
        name: Which namespace; the same units for every experiment that names it.
        start: Where the slice begins, a share of all units.
        end: Where it ends, excluded. Cut in thousandths.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    start: Annotated[float, Field(ge=0, le=1)] = 0.0
    end: Annotated[float, Field(ge=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _some_of_it(self) -> Namespace:
        if self.start >= self.end:
            raise ValueError(f"start is {self.start:g}, not below the end {self.end:g}: nobody would be in it")
        return self

    def holds(self, unit: str) -> bool:
        """Whether the unit is in the slice."""
        return self.start <= bucket(f"__{self.name}", unit, version=1) < self.end


class Split(Frozen):
    """How units are split into arms.

    Attributes:
        seed: What the hash is salted with. Another seed is another, independent split; one seed for two experiments
            gives both the same split, and each the other's effect.
        arms: In order; the order is part of the split.
        coverage: Share of the units in the namespace that take part, (0, 1]. Raising it keeps everybody's arm.
        namespace: Which slice of all units takes part; None for all.
    """

    seed: Annotated[str, Field(min_length=1, max_length=500)]
    arms: Annotated[tuple[WeightedArm, ...], Field(min_length=2, max_length=100)]
    coverage: Annotated[float, Field(gt=0, le=1)] = 1.0
    namespace: Namespace | None = None

    @property
    def shares(self) -> tuple[float, ...]:
        """Each arm's configured share of those who take part; together 1."""
        total = math.fsum(arm.weight for arm in self.arms)
        return tuple(arm.weight / total for arm in self.arms)

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Each arm's places, [start, end), in [0, 1]."""
        found: list[tuple[float, float]] = []
        reached = 0.0
        for share in self.shares:
            found.append((reached, reached + self.coverage * share))
            reached += share
        return tuple(found)

    def assign(self, unit: str) -> str | None:
        """The arm a unit falls into; None where it takes no part.

        Raises:
            Refused: The unit is empty text, or the split cannot be made.

        Example:
            >>> split = Split(seed="spring", arms=(WeightedArm(name="control"), WeightedArm(name="b")))
            >>> [split.assign(unit) for unit in ("user-1", "user-2", "user-3")]
            ['b', 'b', 'control']
        """
        return self.assign_all([unit])[0]

    def assign_all(self, units: Sequence[str]) -> tuple[str | None, ...]:
        """``assign`` of every unit, in their order.

        Raises:
            Refused: A unit is empty text, or the split cannot be made.
        """
        refuse_if_any(self.problems())
        if "" in units:
            raise Refused.because(
                "assignment.no_unit",
                f"Unit {units.index('') + 1} of {len(units)} is empty; who is not named cannot be assigned.",
                "Leave it out, or name it: all who have no id would fall into one arm.",
                name="units",
            )
        places = [bucket(self.seed, units[0])] if len(units) == 1 else buckets(self.seed, units).tolist()
        ranges = tuple(zip(self.arms, self.ranges, strict=True))
        arms = (next((arm.name for arm, (start, end) in ranges if start <= at < end), None) for at in places)
        if self.namespace is None:
            return tuple(arms)
        return tuple(arm if self.namespace.holds(unit) else None for arm, unit in zip(arms, units, strict=True))

    def problems(self) -> Iterator[Refusal]:
        """Why the split cannot be made; nothing where it can."""
        names = [arm.name for arm in self.arms]
        for name in dict.fromkeys(n for n in names if names.count(n) > 1):
            yield Refusal(
                code="assignment.arm_twice",
                reason=f"Two arms are called {name!r}.",
                cure="Give each arm a name of its own.",
                name="arms",
                value=name,
            )
        for arm, share in zip(self.arms, self.shares, strict=True):
            if share < 1 / GRAIN:
                yield Refusal(
                    code="assignment.share_too_small",
                    reason=f"The arm {arm.name!r} would have a share of {share:.2g}, below 1/{GRAIN:,}, the finest.",
                    cure="Raise its weight, or leave it out.",
                    name="arms",
                    value=arm.weight,
                )
