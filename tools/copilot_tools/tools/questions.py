"""How tools ask for a comparison of arms, alike everywhere: two arms or several; and what the answer is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field, model_validator

from copilot_tools.base import Frozen, Label, Named

__all__ = ["EXPLORATORY", "ArmsQuestion", "Direction", "MetricName", "Pair", "PairQuestion", "Sides", "refuse_twins"]

EXPLORATORY = "Exploratory: computed from typed figures, without a registered plan and without checks of the data."
"""What figures are not that nobody but the asker vouches for."""

Direction = Annotated[Literal["increase", "decrease"], Field(description="Which way is better.")]
Sides = Annotated[Literal[1, 2], Field(description="2, or 1 in the desired direction only.")]
MetricName = Annotated[Label, Field(description="What the metric is called in sentences.")]

A = TypeVar("A", bound=Named)


def refuse_twins(names: Iterable[str]) -> None:
    """Arms are told apart by their names.

    Raises:
        ValueError: Two arms share one; pydantic makes a refusal of it.
    """
    given = list(names)
    if twice := sorted({n for n in given if given.count(n) > 1}):
        raise ValueError(f"two arms share a name: {', '.join(twice)}")


class Pair(Frozen, Generic[A]):
    """Two arms to compare."""

    control: A
    treatment: A

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        refuse_twins((self.control.name, self.treatment.name))
        return self


class PairQuestion(Pair[A], Generic[A]):
    """Two arms, and how they are compared."""

    alpha: Annotated[float, Field(gt=0, lt=0.5, description="Error rate.")] = 0.05
    sides: Sides = 2
    metric: MetricName = "the metric"
    direction: Direction = "increase"

    @property
    def sign(self) -> Literal[1, -1]:
        """1 where more is better, else -1."""
        return 1 if self.direction == "increase" else -1


class ArmsQuestion(Frozen, Generic[A]):
    """Control and treatment arms, and how each of these is compared with control."""

    control: A
    treatments: Annotated[tuple[A, ...], Field(min_length=1, max_length=50)]
    metric: MetricName = "the metric"
    direction: Direction = "increase"
    alpha: Annotated[float, Field(gt=0, lt=0.5, description="Error rate over all treatment arms together.")] = 0.05
    sides: Sides = 2

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        refuse_twins(arm.name for arm in self.arms)
        return self

    @property
    def arms(self) -> tuple[A, ...]:
        """Control first."""
        return (self.control, *self.treatments)
