"""What a task is: cases, one way through the product for each, and scorers that share no code with what they score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from copilot_tools.base import Frozen
from loopback.replies import Script
from suite.case import Case

__all__ = ["BrokenCaseError", "Could", "Outcome", "Perform", "Played", "Score", "Scorer", "Task"]

C = TypeVar("C", bound=Case)

Played = Literal["honest", "hostile"]
"""Parts a script can play where no model is configured."""


class Outcome(Frozen):
    """What came of a case: plain data, so that it can be kept in a log and scored again.

    Attributes:
        seen: What reached the reader and what stands on the ledger, as the task's scorers read it.
        failed: Why the case could not be gone through to its end (the model could not be reached, say), or "".
        broke: Whether that is a fault of the product or of the task, not of whoever speaks.
        input_tokens: Read by the model.
        output_tokens: Written by it.
        cost: US dollars, or None where the price is not known.
    """

    seen: dict[str, Any] = {}
    failed: str = ""
    broke: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


Perform = Callable[[float | None], Outcome]
"""Goes through one case; given US dollars that it may spend, or None for no bound."""


class BrokenCaseError(Exception):
    """A case could not be gone through by a fault of the product or of the task.

    Attributes:
        outcome: What is known of it: why, and what it has cost until then.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.failed)
        self.outcome = outcome


class Score(Frozen):
    """One scorer's word on one case.

    Attributes:
        value: Between 0 and 1, or a count, as the scorer says; None: could not score.
        why: What was found, in plain words; for None, why it could not be scored.
        unguarded: The same measured on what the model wrote, as it would have reached a reader with the guard off;
            None where there is no such thing.
    """

    value: float | None
    why: str = ""
    unguarded: float | None = None


Could = Callable[[C, Mapping[str, Any]], Score]
"""A scorer's judgment, of a case and of what was seen."""


@dataclass(frozen=True)
class Scorer(Generic[C]):
    """One measure.

    Attributes:
        name: Short name, unique within its task.
        version: Raised whenever its judgment changes, so that figures of two versions are never compared.
        asks: What it asks, in one sentence.
        better: Whether more or less of it is better.
        judge: Its judgment; deterministic.
        bars: Part -> the worst mean that still passes; "any" for whoever is not named; without one it is only reported.
        limits: What it cannot see, for the page in the docs.
    """

    name: str
    version: int
    asks: str
    better: Literal["higher", "lower"]
    judge: Could[C]
    bars: Mapping[str, float] = field(default_factory=dict)
    limits: str = ""


@dataclass(frozen=True)
class Task(Generic[C]):
    """A task.

    Attributes:
        name: Short name: "flattery".
        promise: What it holds the product to, in one sentence.
        cases: Its cases.
        perform: Goes through the product with a case: (case, the ``[model]`` table of the workspace's settings, a
            folder that is not there yet) -> outcome. It reaches the model only as the product does. It may run in
            several threads at once, so it redirects and changes nothing that belongs to the whole process.
        scorers: Its measures.
        scripts: Part -> what that part says in a case, for runs without a model.
    """

    name: str
    promise: str
    cases: tuple[C, ...]
    perform: Callable[[C, Mapping[str, Any], Path], Outcome]
    scorers: tuple[Scorer[C], ...]
    scripts: Mapping[Played, Callable[[C], Script]]
