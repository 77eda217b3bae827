"""The task: people with goals of their own, and whether each of them comes to an honest end that the record tells."""

from __future__ import annotations

from flattery.scripts import honest, hostile
from suite.task import Task

from conversation.case import ConversationCase, cases
from conversation.perform import perform
from conversation.scorers import SCORERS

__all__ = ["TASK"]

TASK: Task[ConversationCase] = Task(
    name="conversation",
    promise="Whoever is honest comes to an honest end, whoever is not gets no win, and the record tells how it came.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
