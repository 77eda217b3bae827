"""The task: an idea becomes a hypothesis as far as its author's own words reach, and every hole becomes a question."""

from __future__ import annotations

from suite.task import Task

from sharpener.case import SharpenerCase, cases
from sharpener.perform import perform
from sharpener.scorers import SCORERS
from sharpener.scripts import honest, hostile

__all__ = ["TASK"]

TASK: Task[SharpenerCase] = Task(
    name="sharpener",
    promise="What the person said is kept in their words, what they did not say is asked for, and nothing is made up.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
