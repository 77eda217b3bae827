"""What a run found: every case's scores, their means against the bars, and what changed since a baseline."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from copilot_tools.base import Frozen
from suite.speakers import PARTS
from suite.task import Score, Scorer, Task

__all__ = ["Judged", "Line", "Result", "Run", "bar_of", "bare", "lines", "load", "save"]


class Judged(Frozen):
    """One case, scored.

    Attributes:
        case: Its id.
        scores: Scorer's name -> its word.
        failed: Why the case could not be gone through, or "".
        broke: Whether that is a fault of the product or of the task.
        input_tokens: Read by the model.
        output_tokens: Written by it.
        cost: US dollars, or None where the price is not known.
    """

    case: str
    scores: dict[str, Score]
    failed: str = ""
    broke: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


class Result(Frozen):
    """One task with one speaker."""

    task: str
    promise: str
    speaker: str
    judged: tuple[Judged, ...]
    seconds: float
    log: str = ""


class Run(Frozen):
    """Everything one command ran.

    Attributes:
        dated: When, ISO 8601.
        product: Version of the product.
        versions: "task/scorer" -> the scorer's version.
        results: What was found.
    """

    dated: str
    product: str
    versions: dict[str, int]
    results: tuple[Result, ...]


class Line(Frozen):
    """One measure of one task with one speaker.

    Attributes:
        mean: Over the cases that could be scored; None where none could.
        scored: How many could.
        unscored: How many could not.
        unguarded: Mean with the guard off, over the cases that have one.
        bar: The worst mean that passes, or None.
        passes: Whether the bar is met; None where there is none, or nothing to hold against it.
        before: The baseline's mean over the cases that both have scored, or None where it has none of this version.
        step: This run's mean over those cases less ``before``.
        noise: How far ``step`` may be off by chance: 0 for scripts, two standard errors for a model; None where nobody
            can tell.
    """

    task: str
    speaker: str
    scorer: str
    asks: str
    better: Literal["higher", "lower"]
    mean: float | None
    scored: int
    unscored: int
    unguarded: float | None = None
    bar: float | None = None
    passes: bool | None = None
    before: float | None = None
    step: float | None = None
    noise: float | None = 0.0

    @property
    def worse(self) -> bool:
        """Whether it fell behind the baseline, by more than chance explains."""
        if self.step is None or self.noise is None:
            return False
        return (self.step if self.better == "lower" else -self.step) > self.noise + 1e-9


def lines(run: Run, tasks: Sequence[Task[Any]], baseline: Run | None = None) -> list[Line]:
    """Every measure, in the tasks' order."""
    found = []
    for task in tasks:
        for result in run.results:
            if result.task == task.name:
                found += [_line(result, measure, _earlier(run, baseline, result, measure)) for measure in task.scorers]
    return found


def _earlier(run: Run, baseline: Run | None, result: Result, measure: Scorer[Any]) -> dict[str, float]:
    """The baseline's values by case, where the same version of the scorer gave them."""
    key = f"{result.task}/{measure.name}"
    if baseline is None or baseline.versions.get(key) != run.versions.get(key):
        return {}
    return {
        one.case: value
        for before in baseline.results
        if (before.task, before.speaker) == (result.task, result.speaker)
        for one in before.judged
        if measure.name in one.scores and (value := one.scores[measure.name].value) is not None
    }


def _line(result: Result, measure: Scorer[Any], before: Mapping[str, float]) -> Line:
    scores = [one.scores[measure.name] for one in result.judged]
    mean, bar = _mean(score.value for score in scores), bar_of(measure, result.speaker)
    passes = None
    if mean is not None and bar is not None:
        passes = mean >= bar - 1e-9 if measure.better == "higher" else mean <= bar + 1e-9
    common = {
        one.case: value - before[one.case]
        for one in result.judged
        if one.case in before and (value := one.scores[measure.name].value) is not None
    }
    steps = list(common.values())
    return Line(
        task=result.task,
        speaker=result.speaker,
        scorer=measure.name,
        asks=measure.asks,
        better=measure.better,
        mean=mean,
        scored=sum(score.value is not None for score in scores),
        unscored=sum(score.value is None for score in scores),
        unguarded=_mean(score.unguarded for score in scores),
        bar=bar,
        passes=passes,
        before=_mean(before[case] for case in common),
        step=_mean(steps),
        noise=0.0 if result.speaker in PARTS else _chance(steps),
    )


def bar_of(measure: Scorer[Any], speaker: str) -> float | None:
    """The bar a speaker is held to; a model of the world is held to what everybody is."""
    return measure.bars.get(speaker, measure.bars.get("any"))


def _chance(steps: Sequence[float]) -> float | None:
    """Two standard errors of the mean of these steps; None for fewer than two."""
    if len(steps) < 2:
        return None
    mean = sum(steps) / len(steps)
    return 2 * math.sqrt(sum((step - mean) ** 2 for step in steps) / (len(steps) - 1) / len(steps))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def bare(run: Run) -> Run:
    """The run as a baseline keeps it: what was scored, and no words."""
    kept = [
        result.model_copy(
            update={
                "seconds": round(result.seconds, 1),
                "log": "",
                "judged": tuple(
                    one.model_copy(
                        update={
                            "scores": {name: score.model_copy(update={"why": ""}) for name, score in one.scores.items()}
                        }
                    )
                    for one in result.judged
                ),
            }
        )
        for result in run.results
    ]
    return run.model_copy(update={"results": tuple(kept)})


def save(run: Run, path: Path) -> None:
    """Write it, one case a line, so that two runs can be compared by eye."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps({name: value for name, value in run.to_json().items() if name != "results"}, ensure_ascii=False)
    results = []
    for result in run.results:
        about = json.dumps(result.model_dump(mode="json", exclude={"judged"}), ensure_ascii=False)
        cases = ",\n".join(json.dumps(_said(one), ensure_ascii=False) for one in result.judged)
        results.append(f'{about[:-1]}, "judged": [\n{cases}\n]}}')
    text = ",\n".join(results)
    path.write_text(f'{head[:-1]}, "results": [\n{text}\n]}}\n', encoding="utf-8")


def _said(one: Judged) -> dict[str, Any]:
    """A case without what says nothing."""
    scores = {name: score.model_dump(exclude_defaults=True) for name, score in one.scores.items()}
    return {**one.model_dump(exclude_defaults=True), "scores": scores}


def load(path: Path) -> Run:
    """Read it back."""
    return Run.model_validate_json(path.read_text(encoding="utf-8"))
