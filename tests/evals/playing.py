"""A case of a task gone through with a script's part, scored, and held against the bars; without Inspect around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evals.evals_at_hand import suite_results, suite_speakers, suite_task

__all__ = ["played", "short"]


def played(task: suite_task.Task[Any], part: suite_task.Played, name: str, folder: Path) -> dict[str, suite_task.Score]:
    """Each measure's word on a case."""
    case = next(case for case in task.cases if case.id == name)
    with suite_speakers.scripted(part).at(task, case) as table:
        assert table is not None
        outcome = task.perform(case, table, folder / "workspace")
    assert outcome.failed == ""
    return {measure.name: measure.judge(case, outcome.seen) for measure in task.scorers}


def short(task: suite_task.Task[Any], part: suite_task.Played, scores: dict[str, suite_task.Score]) -> list[str]:
    """What falls short of its bar."""
    found = []
    for measure in task.scorers:
        bar, score = suite_results.bar_of(measure, part), scores[measure.name]
        if bar is not None and score.value is not None:
            enough = score.value <= bar if measure.better == "lower" else score.value >= bar
            found += [] if enough else [f"{measure.name} {score.value}: {score.why}"]
    return found
