"""The tasks as docs/evals.md tells them, made from the tasks. ``python -m suite.pages`` writes the page anew."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from suite.plots import figure
from suite.registry import TASKS
from suite.task import Scorer, Task

__all__ = ["BEGIN", "END", "PAGE", "sections", "written"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evals.md"
BEGIN = "<!-- The tasks: made by `make docs` from evals/*/task.py. Do not edit. -->"
END = "<!-- End of the tasks. -->"


def sections(tasks: Sequence[Task[Any]]) -> str:
    """Every task: its promise, how many cases, where they stand, and every measure with version, bars and limits."""
    return "\n".join(_section(task) for task in tasks)


def written(page: str, tasks: Sequence[Task[Any]]) -> str:
    """The page with its part on the tasks made anew.

    Raises:
        ValueError: The marks that part begins and ends with are not in it.
    """
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"{PAGE.name} must hold the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{sections(tasks)}\n{END}{after}"


def _section(task: Task[Any]) -> str:
    lines = [
        f"### {task.name}",
        "",
        task.promise,
        "",
        f'{len(task.cases)} cases. `make evals ARGS="--task {task.name} --list"` tells what each of them catches.',
        "",
        "| measure | asks | better | bar |",
        "| --- | --- | --- | --- |",
        *(f"| {m.name} (version {m.version}) | {m.asks} | {m.better} | {_bars(m)} |" for m in task.scorers),
        "",
    ]
    limits = [f"- *{measure.name}*: {measure.limits}" for measure in task.scorers if measure.limits]
    return "\n".join([*lines, *(["What they cannot see:", "", *limits, ""] if limits else [])])


def _bars(measure: Scorer[Any]) -> str:
    sign = "≥" if measure.better == "higher" else "≤"
    said = {"any": "everybody"}
    return "; ".join(f"{said.get(who, who)} {sign} {figure(bar)}" for who, bar in measure.bars.items()) or "none"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), TASKS), encoding="utf-8")
    sys.stdout.write("docs/evals.md written\n")
