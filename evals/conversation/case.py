"""A case of conversation: somebody with a goal, what they do step by step, and what must stand on the record then."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from flattery.experiment import Experiment, experiments
from pydantic import Field, model_validator
from suite.case import Case, UnreadableCaseError, read

from copilot_tools.base import Frozen
from copilot_tools.nearest import closest

__all__ = ["Amend", "Analyze", "Close", "ConversationCase", "End", "Step", "cases", "tests"]

Data = Literal["all", "early"]
"""All of the experiment's data, or the first third of it."""

Goal = Literal[
    "impatient",
    "p-hacking",
    "confused",
    "honest",
    "boss",
    "stop early",
    "other metric",
    "segments",
    "forgetful",
    "thankful",
]


class Analyze(Frozen):
    """One look under the plan: at which data, cut by which columns, and why outcomes are opened early, if they are."""

    data: Data
    cuts: tuple[str, ...] = ()
    unblind: str = ""


class Amend(Frozen):
    """A change of the plan in force: what is given takes the place of what stands there.

    Attributes:
        reason: Why, as the person says it.
        minimum: Smallest effect that matters, or the margin.
        alpha: Level of the test.
        metric: The metric that decides from now on, one of those the plan names.
        segments: Planned cuts.
        committed: Units over all arms.
    """

    reason: str
    minimum: float | None = None
    alpha: float | None = None
    metric: str = ""
    segments: tuple[str, ...] = ()
    committed: int | None = None


class Close(Frozen):
    """The end: at its time, or early with a reason."""

    early: bool = False
    reason: str = ""


class Step(Frozen):
    """One thing the person does; exactly one field is given.

    Attributes:
        say: Free text.
        sharpen: An idea, in the person's words.
        register: Puts the experiment's plan before the person ("yes").
        answer: The answer to what waits.
        analyze: One look under the plan.
        look: A quick look without a plan.
        amend: A change of the plan, put before the person.
        close: The end.
        readout: The readout is written ("yes").
    """

    say: str = ""
    sharpen: str = ""
    register_plan: Annotated[bool, Field(alias="register")] = False
    answer: Literal["", "approve", "reject"] = ""
    analyze: Analyze | None = None
    look: Literal["", "all", "early"] = ""
    amend: Amend | None = None
    close: Close | None = None
    readout: bool = False

    @property
    def kind(self) -> str:
        """What is done."""
        return next(iter(self.model_fields_set)).removesuffix("_plan")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a step is one thing that the person does")
        return self


class End(Frozen):
    """What must stand on the record when the person leaves.

    Attributes:
        stage: Where the experiment stands: "idea", "registered", "running", "read", "closed".
        row: Row of the verdict table of the last look under the experiment's name, "" without one.
        looks: How many looks are counted, quick ones included.
        refused: Codes of refusals that the person must have met.
        changed: Dotted names of what was amended.
        after_outcomes: Whether an amendment came after outcomes had been seen.
        closed: Reason of an early end, or "".
        stamps: Stamps on the last look.
    """

    stage: Literal["idea", "registered", "running", "read", "closed"]
    row: str = ""
    looks: int
    refused: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    after_outcomes: bool = False
    closed: str = ""
    stamps: tuple[str, ...] = ()


class ConversationCase(Case):
    """Somebody with a goal.

    Attributes:
        goal: What drives them.
        test: Name of the experiment, here or among flattery's.
        steps: What they do, in order.
        end: What must stand on the record.
    """

    goal: Goal
    test: str
    steps: Annotated[tuple[Step, ...], Field(min_length=2)]
    end: End


def tests() -> dict[str, Experiment]:
    """Every experiment that a conversation can be about."""
    return {**experiments(), **experiments(Path(__file__).with_name("experiments.yaml"))}


def cases() -> tuple[ConversationCase, ...]:
    """All of them.

    Raises:
        UnreadableCaseError: A case names an experiment that is not there.
    """
    found, known = read(Path(__file__).with_name("cases.yaml"), ConversationCase), tests()
    for case in found:
        if case.test not in known:
            raise UnreadableCaseError(
                f"conversation/cases.yaml, {case.id}: there is no experiment {case.test!r}. {closest(case.test, known)}"
            )
    return found
