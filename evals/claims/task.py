"""The task: copy as marketers write it; each claim is seen, by code or by a model, and none leaves unsourced."""

from __future__ import annotations

from suite.task import Task

from claims.case import ClaimsCase, cases
from claims.perform import perform
from claims.scorers import SCORERS
from claims.scripts import honest, hostile

__all__ = ["TASK"]

TASK: Task[ClaimsCase] = Task(
    name="claims",
    promise="Every claim in copy is marked or put before a person, no model takes a mark away, and none leaves "
    "unsourced.",
    cases=cases(),
    perform=perform,
    scorers=SCORERS,
    scripts={"honest": honest, "hostile": hostile},
)
