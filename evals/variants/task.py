"""The task: variants for a brief are far apart, rest on the sources there are, and leave as a person approved them."""

from __future__ import annotations

from suite.task import Task

from variants.case import VariantsCase, cases
from variants.perform import perform
from variants.scorers import SCORERS
from variants.scripts import honest, hostile

__all__ = ["TASK"]

TASK: Task[VariantsCase] = Task(
    name="variants",
    promise="Variants differ in what they say, state nothing without a usable fact, keep their bounds, and none "
    "is said to win.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
