"""The report: one page with a plot a task, every case that missed and why; and the same figures as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from copilot_tools.base import Frozen
from suite.plots import figure, plot, top
from suite.results import Judged, Line, Run, bar_of
from suite.task import Score, Scorer, Task

__all__ = ["Finding", "findings", "page", "table"]

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Finding(Frozen):
    """One case that somebody should look at.

    Attributes:
        kind: "broke": by a fault of product or task; "missed": below its measure; "unscored": nothing can be said.
        task: Its task.
        case: Its id.
        catches: What is wrong if it failed.
        speaker: Who spoke.
        scorer: Which measure, or "" for all of them.
        said: The measure's value in people's figures, or "".
        why: What was found.
    """

    kind: Literal["broke", "missed", "unscored"]
    task: str
    case: str
    catches: str
    speaker: str
    scorer: str
    said: str
    why: str


def findings(run: Run, tasks: Sequence[Task[Any]]) -> list[Finding]:
    """Every case that broke, missed, or could not be scored, in the tasks' order."""
    found = []
    for task in tasks:
        told = {case.id: case.catches for case in task.cases}
        for result in run.results:
            if result.task == task.name:
                for one in result.judged:
                    about = {"task": task.name, "case": one.case, "speaker": result.speaker}
                    about["catches"] = told.get(one.case, "")
                    found += _of_case(one, task.scorers, about)
    return found


def _of_case(one: Judged, measures: Iterable[Scorer[Any]], about: dict[str, str]) -> list[Finding]:
    if one.failed:
        kind: Literal["broke", "unscored"] = "broke" if one.broke else "unscored"
        return [Finding.model_validate({**about, "kind": kind, "scorer": "", "said": "", "why": one.failed})]
    found = []
    for measure in measures:
        score = one.scores[measure.name]
        if score.value is None or _misses(measure, score, about["speaker"]):
            said = "" if score.value is None else figure(score.value, 1.0 if score.value <= 1 else 2.0)
            kind_ = "unscored" if score.value is None else "missed"
            found.append(
                Finding.model_validate({**about, "kind": kind_, "scorer": measure.name, "said": said, "why": score.why})
            )
    return found


def _misses(measure: Scorer[Any], score: Score, speaker: str) -> bool:
    """Whether one case lies below what the mean of all must reach; without a bar, below what is best."""
    bar = bar_of(measure, speaker)
    if score.value is None:
        return False
    if measure.better == "lower":
        return score.value > (bar or 0.0)
    return score.value < (1.0 if bar is None else bar)


def page(run: Run, tasks: Sequence[Task[Any]], lines: Sequence[Line], remarks: Sequence[str]) -> str:
    """The page, whole in one file.

    Args:
        run: What was run.
        tasks: The tasks, in order.
        lines: Every measure.
        remarks: What must be said first: what was missed, fell behind or could not be run.
    """
    seen = findings(run, tasks)
    sections = [
        {
            "name": task.name,
            "promise": task.promise,
            "plot": Markup(plot(task.name, own)),  # noqa: S704 - made by ``plot``, which escapes every name
            "lines": [_cells(line) for line in own],
            "broke": [one for one in seen if one.task == task.name and one.kind == "broke"],
            "missed": [one for one in seen if one.task == task.name and one.kind == "missed"],
            "unscored": [one for one in seen if one.task == task.name and one.kind == "unscored"],
            "cases": len({one.case for r in run.results if r.task == task.name for one in r.judged}),
        }
        for task in tasks
        if (own := [line for line in lines if line.task == task.name])
    ]
    costs = [one.cost for result in run.results for one in result.judged]
    return _PAGES.get_template("report.html.jinja").render(
        run=run,
        sections=sections,
        remarks=remarks,
        dated=run.dated.replace("T", " ").replace("+00:00", " UTC"),
        speakers=list(dict.fromkeys(result.speaker for result in run.results)),
        cost=sum(cost for cost in costs if cost is not None),
        unknown=None in costs,
        minutes=sum(result.seconds for result in run.results) / 60,
    )


def _cells(line: Line) -> dict[str, str]:
    high = top(line)
    state = {True: "met", False: "missed", None: ""}[line.passes]
    return {
        "scorer": line.scorer,
        "speaker": line.speaker,
        "asks": line.asks,
        "better": "more is better" if line.better == "higher" else "less is better",
        "mean": figure(line.mean, high),
        "unguarded": figure(line.unguarded, high),
        "bar": f"{'≥' if line.better == 'higher' else '≤'} {figure(line.bar, high)}" if line.bar is not None else "–",
        "state": "worse" if line.worse else state,
        "before": figure(line.before, high),
        "scored": f"{line.scored} of {line.scored + line.unscored}",
    }


def table(lines: Sequence[Line]) -> str:
    """Every measure as a Markdown table."""
    head = "| task | measure | speaker | reached the reader | guard off | bar | before | scored | |"
    rows = [
        f"| {line.task} | {cells['scorer']} | {cells['speaker']} | {cells['mean']} | {cells['unguarded']} "
        f"| {cells['bar']} | {cells['before']} | {cells['scored']} | {_marked(cells['state'])} |"
        for line in lines
        for cells in [_cells(line)]
    ]
    return "\n".join([head, "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |", *rows]) + "\n"


def _marked(state: str) -> str:
    return f"**{state}**" if state in {"missed", "worse"} else state
