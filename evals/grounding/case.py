"""A case of grounding: an experiment told in a few lines, and what somebody asks about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator
from suite.case import Case, UnreadableCaseError, read

from copilot_tools.base import Frozen

__all__ = ["GroundingCase", "Measured", "Tested", "cases"]


class Measured(Frozen):
    """One metric.

    Attributes:
        kind: A share of units, a mean (arms give [mean, standard deviation]) or a ratio of sums (arms give
            [ratio, how many of the denominator a unit has]).
        role: Whether it decides, is reported, or must not get worse by ``margin``.
        better: Which way is better.
        margin: Tolerated worsening, in the metric's own units.
        unit: What a value is ("€", "min").
    """

    kind: Literal["proportion", "mean", "ratio"] = "proportion"
    role: Literal["primary", "secondary", "guardrail"] = "primary"
    better: Literal["increase", "decrease"] = "increase"
    margin: float | None = None
    unit: str = ""


class Tested(Frozen):
    """One arm.

    Attributes:
        label: What people read; the arm's name where there is none.
        n: Units.
        weight: Configured share of the units, relative to the others'.
        values: Metric -> successes, or two numbers (see ``Measured.kind``).
    """

    label: str = ""
    n: int
    weight: float = 1.0
    values: dict[str, int | tuple[float, float]]


class GroundingCase(Case):
    """Somebody reads an experiment and asks about its numbers.

    Attributes:
        question: The plan's question.
        metrics: Name -> metric; exactly one decides.
        arms: Name in the data -> arm; the first is the control.
        matters: Smallest effect that matters: in the metric's own units (0.01 is one point of a share), or a share of
            control where ``scale`` is relative.
        scale: Of ``matters``.
        goal: Better by ``matters``, or not worse by the deciding metric's margin.
        sides: 2, or 1.
        cut: Column that splits the units -> its levels, the first as often as the second; planned or not.
        planned_cut: Whether the plan names it.
        committed: Units at which outcomes are opened; all there are, where it is not given.
        looks: Shares of the committed units at which the plan registers looks.
        closed: Whether nothing about outcomes may be told yet.
        stopped: Why the test was stopped before the committed end, or "".
        file: One row a unit, or one row an arm.
        decimal: How the file writes a decimal mark.
        asks: What is asked, in order.
    """

    question: str
    metrics: Annotated[dict[str, Measured], Field(min_length=1)]
    arms: Annotated[dict[str, Tested], Field(min_length=2)]
    matters: Annotated[float, Field(gt=0)]
    scale: Literal["absolute", "relative"] = "absolute"
    goal: Literal["superiority", "noninferiority"] = "superiority"
    sides: Literal[1, 2] = 2
    cut: dict[str, tuple[str, ...]] = {}
    planned_cut: bool = False
    committed: int | None = None
    looks: tuple[float, ...] = ()
    closed: bool = False
    stopped: str = ""
    file: Literal["rows", "counts"] = "rows"
    decimal: Literal[".", ","] = "."
    asks: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)]

    @property
    def control(self) -> str:
        """Name of the control arm."""
        return next(iter(self.arms))

    @property
    def primary(self) -> str:
        """Name of the metric that decides."""
        return next(name for name, metric in self.metrics.items() if metric.role == "primary")

    @property
    def units(self) -> int:
        """Units over all arms."""
        return sum(arm.n for arm in self.arms.values())

    def label(self, arm: str) -> str:
        """How people read an arm."""
        return self.arms[arm].label or arm

    @model_validator(mode="after")
    def _whole(self) -> GroundingCase:
        if sum(metric.role == "primary" for metric in self.metrics.values()) != 1:
            raise ValueError("exactly one metric decides")
        for name, arm in self.arms.items():
            if set(arm.values) != set(self.metrics):
                raise ValueError(f"arm {name} needs a value for each metric")
            for metric, value in arm.values.items():
                if (self.metrics[metric].kind == "proportion") != isinstance(value, int):
                    raise ValueError(f"{metric} in {name}: a share is given as successes, others as two numbers")
        if self.file == "counts" and any(metric.kind != "proportion" for metric in self.metrics.values()):
            raise ValueError("counts hold shares alone")
        return self


def cases() -> tuple[GroundingCase, ...]:
    """All of them.

    Raises:
        UnreadableCaseError: A case is not of its kind.
    """
    found = read(Path(__file__).with_name("cases.yaml"), GroundingCase)
    if not found:
        raise UnreadableCaseError("grounding/cases.yaml holds no case.")
    return found
