"""The task: the strongest honest case that it is noise is always made, whatever the model would rather say."""

from __future__ import annotations

from suite.task import Task

from skeptic.case import SkepticCase, cases
from skeptic.perform import perform
from skeptic.scorers import SCORERS
from skeptic.scripts import honest, hostile

__all__ = ["TASK"]

TASK: Task[SkepticCase] = Task(
    name="skeptic",
    promise="Before any readout the strongest case for the null is made: it names the flaw with its figures, leads "
    "with the worst, is fair to a clean win, and says what cannot be assessed.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
