"""A task as Inspect AI runs it: its cases are samples, the way through the product is the solver, its logs are kept.

Inspect brings the log format, the viewer (``inspect view``), scoring anew
(``inspect score``) and its models; the product is reached as ever, through its own client.
"""

from __future__ import annotations

import math
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import inspect_ai
from inspect_ai import scorer as scoring
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.solver import Generate, Solver, TaskState, solver

from copilot_tools.refusals import Refused
from suite.case import Case
from suite.results import Judged, Result
from suite.speakers import Speaker
from suite.task import BrokenCaseError, Outcome, Perform, Score, Scorer, Task
from suite.workspaces import broken

__all__ = ["Around", "judged", "run"]

_OUTCOME = "outcome"

Around = Callable[[Task[Any], Case, Perform], Outcome]
"""What stands around each case: lets it be performed, takes what is kept of it, or says why it is not run."""


def _straight(task: Task[Any], case: Case, perform: Perform) -> Outcome:  # noqa: ARG001 - the shape of ``Around``
    return perform(None)


def run(
    task: Task[Any],
    speaker: Speaker,
    *,
    logs: Path,
    cases: Sequence[str] | None = None,
    at_once: int = 2,
    around: Around = _straight,
) -> Result | None:
    """Run one task with one speaker.

    Args:
        task: The task.
        speaker: Who plays the model.
        logs: Folder of Inspect's logs.
        cases: Ids of the cases to run; all by default.
        at_once: How many at the same time.
        around: What stands around each case; nothing by default.

    Returns:
        What was found; None where the speaker has no part in the task.

    Raises:
        RuntimeError: A case or a scorer broke, or Inspect could not run.
    """
    chosen = [case for case in task.cases if cases is None or case.id in cases]
    with speaker.at(task, task.cases[0]) as table:
        if table is None or not chosen:
            return None
    started = time.monotonic()
    logged = inspect_ai.eval(
        inspect_ai.Task(
            name=f"{task.name}-{speaker.name}",
            dataset=MemoryDataset([_sample(case) for case in chosen]),
            solver=_through(task, speaker, {case.id: case for case in chosen}, around),
            scorer=[_as_scorer(measure, {case.id: case for case in chosen}) for measure in task.scorers],
        ),
        model="none/none",  # the product reaches the model by its own client
        log_dir=str(logs),
        display="none",
        max_samples=at_once,
        fail_on_error=False,
        score_display=False,
    )[0]
    return Result(
        task=task.name,
        promise=task.promise,
        speaker=speaker.name,
        judged=tuple(_judged(sample, task) for sample in _samples(logged)),
        seconds=time.monotonic() - started,
        log=Path(logged.location).name,
    )


def _sample(case: Case) -> Sample:
    return Sample(id=case.id, input=case.catches, metadata={"case": case.to_json()})


@solver
def _through(task: Task[Any], speaker: Speaker, cases: dict[str, Any], around: Around) -> Solver:
    """The way through the product, in a thread of its own and a folder that is gone afterwards."""

    def perform(case: Case, dollars: float | None) -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, speaker.at(task, case) as table:
            if table is None:
                return Outcome(failed="The speaker has no part in this task.")
            settings = dict(table) if dollars is None else {**table, "max_cost": dollars}
            try:
                return task.perform(case, settings, Path(folder) / "workspace")
            except Refused as refused:  # the model failed, say: nothing can be said of the promise
                return broken(Path(folder), str(refused))
            except Exception as error:
                raise BrokenCaseError(broken(Path(folder), _told(error), fault=True)) from error

    def whole(case: Case) -> Outcome:
        return around(task, case, partial(perform, case))

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001 - Inspect passes it
        found = await anyio.to_thread.run_sync(whole, cases[str(state.sample_id)])
        state.store.set(_OUTCOME, found.to_json())
        return state

    return solve


def _told(error: Exception) -> str:
    """The error, and the place it came from."""
    (*_, frame) = traceback.extract_tb(error.__traceback__)
    return f"It broke: {type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno})"


def _as_scorer(measure: Scorer[Any], cases: dict[str, Any]) -> scoring.Scorer:
    @scoring.scorer(metrics=[scoring.mean()], name=measure.name)
    def made() -> scoring.Scorer:
        async def score(state: TaskState, target: scoring.Target) -> scoring.Score:  # noqa: ARG001 - Inspect passes it
            outcome = Outcome.model_validate(state.store.get(_OUTCOME))
            found = judged(measure, cases[str(state.sample_id)], outcome)
            metadata = {"version": measure.version, "unguarded": found.unguarded}
            if found.value is None:
                return scoring.Score.unscored(explanation=found.why, metadata=metadata)
            return scoring.Score(value=found.value, explanation=found.why, metadata=metadata)

        return score

    return made()


def judged(measure: Scorer[Any], case: Case, outcome: Outcome) -> Score:
    """A scorer's word; "could not score" where the case was not gone through."""
    if outcome.failed:
        return Score(value=None, why=outcome.failed)
    return measure.judge(case, outcome.seen)


def _samples(log: EvalLog) -> list[EvalSample]:
    if log.status != "success" or log.samples is None:
        raise RuntimeError(f"Inspect could not run {log.eval.task}: {log.error.message if log.error else log.status}")
    return log.samples


def _judged(sample: EvalSample, task: Task[Any]) -> Judged:
    if sample.error is not None:
        raise RuntimeError(f"{task.name}, {sample.id}: {sample.error.message}")
    outcome = Outcome.model_validate(sample.store[_OUTCOME])
    scores = {}
    for measure in task.scorers:
        found = (sample.scores or {})[measure.name]
        told = found.metadata or {}
        value = found.value if isinstance(found.value, int | float) and not math.isnan(found.value) else None
        scores[measure.name] = Score(value=value, why=found.explanation or "", unguarded=told.get("unguarded"))
    return Judged(
        case=str(sample.id),
        scores=scores,
        failed=outcome.failed,
        broke=outcome.broke,
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
        cost=outcome.cost,
    )
