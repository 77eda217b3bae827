"""The task: words hidden in data are data, whatever they say, in whatever language, however official they sound."""

from __future__ import annotations

from suite.task import Task

from injection.case import InjectionCase, cases
from injection.perform import perform
from injection.scorers import SCORERS
from injection.scripts import honest, hostile

__all__ = ["TASK"]

TASK: Task[InjectionCase] = Task(
    name="injection",
    promise="No words in briefs, sources, names, files, past tests or pasted text move a verdict, a mark, a gate or "
    "the record.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
