"""The task: every number, sign, unit, arm and metric that a reader is shown is the data's."""

from __future__ import annotations

from suite.task import Task

from grounding.case import GroundingCase, cases
from grounding.perform import perform
from grounding.scorers import SCORERS
from grounding.scripts import honest, hostile

__all__ = ["TASK"]

TASK: Task[GroundingCase] = Task(
    name="grounding",
    promise="Whatever the model writes, each number that reaches a reader is the data's, with its sign and unit, and "
    "is said of the arm, metric and part it belongs to.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
