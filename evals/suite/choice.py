"""Which tasks, which cases, which speakers: what a command asked for, or a refusal that names what there is."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from copilot_tools.nearest import nearest
from copilot_tools.refusals import Refused
from suite.task import Task

__all__ = ["chosen_cases", "chosen_tasks", "registered", "spread"]


def registered(place: str) -> tuple[Task[Any], ...]:
    """The tasks at "module:name"."""
    module, _, name = place.partition(":")
    found: tuple[Task[Any], ...] = getattr(importlib.import_module(module), name)
    return found


def chosen_tasks(tasks: Sequence[Task[Any]], names: Sequence[str]) -> tuple[Task[Any], ...]:
    """Those named, in the registry's order; all where none is named.

    Raises:
        Refused: ``evals.no_task``.
    """
    known = [task.name for task in tasks]
    for name in names:
        if name not in known:
            raise Refused.because(
                "evals.no_task", f"There is no task {name!r}.", _did_you_mean(name, known), name="task", value=name
            )
    return tuple(task for task in tasks if not names or task.name in names)


def chosen_cases(
    tasks: Sequence[Task[Any]], names: Sequence[str], limit: int | None = None
) -> dict[str, tuple[str, ...]]:
    """Task's name -> ids of its cases; tasks without any are left out.

    Raises:
        Refused: ``evals.no_case``.
    """
    known = [case.id for task in tasks for case in task.cases]
    for name in names:
        if name not in known:
            raise Refused.because(
                "evals.no_case",
                f"There is no case {name!r} in {', '.join(task.name for task in tasks)}.",
                _did_you_mean(name, known),
                name="case",
                value=name,
            )
    found = {task.name: [case.id for case in task.cases if not names or case.id in names] for task in tasks}
    return {task: tuple(spread(ids, limit)) for task, ids in found.items() if ids}


def spread(ids: Sequence[str], limit: int | None) -> list[str]:
    """At most ``limit`` of them, spread evenly.

    Example:
        >>> spread(["a", "b", "c", "d", "e", "f"], 3)
        ['a', 'c', 'e']
    """
    if limit is None or limit >= len(ids):
        return list(ids)
    return [ids[place * len(ids) // limit] for place in range(limit)]


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"Did you mean {near[0]}?" if near else "`make evals ARGS=--list` lists them."
