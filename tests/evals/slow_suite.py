"""A task that takes its time and writes down which cases it ran: for what happens when somebody presses Ctrl-C."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suite.case import Case
from suite.task import Outcome, Score, Scorer, Task

from loopback.replies import Said, Script

__all__ = ["TASKS"]


def _perform(case: Case, table: Mapping[str, Any], folder: Path) -> Outcome:  # noqa: ARG001
    with Path(os.environ["SLOW_SUITE"]).open("a", encoding="utf-8") as ran:
        ran.write(f"{table['name']}/{case.id}\n")
    time.sleep(0.7)
    return Outcome(seen={"done": True}, cost=0.0)


def _done(case: Case, seen: Mapping[str, Any]) -> Score:  # noqa: ARG001 - a scorer's shape
    return Score(value=1.0)


def _silent(case: Case) -> Script:  # noqa: ARG001 - a script's shape
    return lambda _: Said(text="")


TASKS = (
    Task(
        name="slow",
        promise="It takes its time.",
        cases=tuple(Case(id=name, catches="Nothing that is worth a name.") for name in "abcdef"),
        perform=_perform,
        scorers=(Scorer("done", 1, "Was it done?", "higher", _done, {"any": 1.0}),),
        scripts={"honest": _silent, "hostile": _silent},
    ),
)
