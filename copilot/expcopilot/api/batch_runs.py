"""The verbs on kept runs of many briefs: taken in, begun, worked on in a process of its own, reviewed row by row."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from copilot_tools.refusals import Refused
from expcopilot.api.batching import Batching
from expcopilot.flow.batch.job import refuse_if_impossible
from expcopilot.flow.batch.kept import Asked, Ended, Run, Runs, Told
from expcopilot.flow.batch.out_rows import Row, rows_of
from expcopilot.flow.batch.work import Progress

__all__ = ["BatchRuns"]

_EVERY = 0.25
"""Seconds between two notes of how far a run is."""
_OF_LATE = 30.0
"""Seconds over which its rate is taken."""


class BatchRuns(Batching):
    """Runs that are kept in the workspace's folder ``batches``: whoever opens it finds where each stands."""

    def runs(self) -> tuple[Run, ...]:
        """Every kept run, the newest first."""
        return self._runs.all()

    def run(self, name: str) -> Run:
        """A kept run as it stands now.

        Raises:
            Refused: There is none of this name.
        """
        return self._runs.find(name)

    def take_briefs(self, file: Path) -> Run:
        """Take a file of briefs in as a new run, which nobody has begun yet.

        Raises:
            Refused: Nothing in it can be read.
        """
        return self._runs.take(file)

    def begin_run(self, name: str, asked: Asked) -> Run:
        """Keep what is asked of a run; whoever calls ``work_on`` afterwards does it.

        Raises:
            Refused: There is no such run, a process works on it now, or what is asked cannot be done.
        """
        run = self.run(name)
        if run.held:
            raise Refused.because(
                "batch.running",
                f"The run {name!r} is being worked on.",
                "Wait for it to end, or stop it first.",
                name="run",
                value=name,
            )
        refuse_if_impossible(run.job(asked))
        self._runs.ask(run, asked.model_copy(update={"by": self.workspace.actor}))
        return self.run(name)

    def work_on(self, name: str) -> Ended:
        """Work on a run until it ends or is interrupted, and keep how far it is and what came of it.

        Raises:
            Refused: There is no such run, nobody has begun it, or another process works on it.
        """
        run = self.run(name)
        if run.asked is None:
            raise Refused.because(
                "batch.not_begun", f"Nobody has begun the run {name!r}.", "Begin it first.", name="run", value=name
            )
        try:
            ended = Ended(summary=self.variants_of(run.job(run.asked), tell=self._telling(run)), at=_now())
        except Refused as refused:
            if any(r.code == "batch.running" for r in refused.refusals):
                raise
            ended = Ended(refusals=refused.refusals, at=_now())
        self._runs.end(run, ended)
        return ended

    def run_rows(self, name: str) -> tuple[Row, ...]:
        """The rows a run wrote last, in order: one a variant, and one a brief that has none; empty before it wrote any.

        Raises:
            Refused: There is no such run, or its file cannot be read.
        """
        run = self.run(name)
        return rows_of(run.briefs, run.out) if run.out.is_file() else ()

    @property
    def _runs(self) -> Runs:
        return Runs(self.workspace.folder / "batches")

    def _telling(self, run: Run) -> Callable[[Progress], None]:
        """What keeps how far a run is, now and then; and at once when it turns to something else."""
        seen: deque[tuple[float, int]] = deque()
        last: list[tuple[str, float]] = [("", 0.0)]

        def tell(progress: Progress) -> None:
            now = time.monotonic()
            doing, told = last[0]
            if progress.doing == doing and now - told < _EVERY:
                return
            if progress.doing != doing:
                seen.clear()
            seen.append((now, progress.done))
            while now - seen[0][0] > _OF_LATE and len(seen) > 2:  # a rate is taken between two of them
                seen.popleft()
            last[0] = progress.doing, now
            then, before = seen[0]
            gone = progress.done - before
            rate = gone / (now - then) if gone > 0 and now > then else None
            self._runs.tell(run, Told(progress=progress, rate=rate, at=_now(), pid=os.getpid()))

        return tell


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()
