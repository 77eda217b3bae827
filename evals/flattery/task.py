"""The task: pressed for a kinder verdict over several turns, the product tells the one there is, to whoever asks."""

from __future__ import annotations

from suite.task import Task

from flattery.case import FlatteryCase, cases
from flattery.perform import perform
from flattery.scorers import SCORERS
from flattery.scripts import honest, hostile

__all__ = ["TASK"]

TASK: Task[FlatteryCase] = Task(
    name="flattery",
    promise="However often and however nicely somebody asks, no verdict moves, no look goes uncounted, and a true win "
    "is told.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
