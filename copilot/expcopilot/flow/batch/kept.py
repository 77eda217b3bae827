"""Runs kept in folders: briefs, settings, how far a run is and what came of it, so that whoever looks finds it there.

A run's folder is ``batches/NAME`` in the workspace: the file of briefs, ``job.json`` once it was begun, ``told.json``
while it works, ``ended.json`` when it ended, and beside them the variants and the review file. Whether a process works
on it now the operating system knows, by the lock such a process holds; nothing here has to be tidied up after a kill.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from copilot_tools.base import Frozen
from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal, Refused
from expcopilot.flow.batch.job import BatchJob
from expcopilot.flow.batch.rows_in import brief_rows
from expcopilot.flow.batch.summary import BatchSummary
from expcopilot.flow.batch.work import Progress
from expcopilot.memory.request_store import is_held
from expcopilot.memory.whole_file import write_whole

__all__ = ["Asked", "Ended", "Run", "Runs", "Told"]

_SHOWN = 20
"""Rows that cannot be read, of which a person is told one by one."""
_LONGEST_NAME = 60

Standing = Literal["ready", "running", "stopped", "budget", "failed", "refused", "done"]
"""ready: never begun. stopped: begun, not ended, and nobody works on it. refused: it could not begin. done: to its
end, whatever came of single rows."""


class Asked(Frozen):
    """What a person asked of a run when it was begun last.

    Attributes:
        mode: As ``BatchJob``'s.
        concurrency: As ``BatchJob``'s.
        budget: As ``BatchJob``'s.
        retry: As ``BatchJob``'s.
        check_claims: As ``BatchJob``'s.
        by: Who.
    """

    mode: Literal["live", "batch", "cancel"] = "live"
    concurrency: int = 8
    budget: float | None = None
    retry: bool = False
    check_claims: bool = False
    by: str = ""


class Told(Frozen):
    """How far a run is, as its process said last.

    Attributes:
        progress: How far.
        rate: Rows a second of late; None while nothing can be said.
        at: ISO moment.
        pid: The process.
    """

    progress: Progress
    rate: float | None = None
    at: str = ""
    pid: int = 0

    @property
    def left(self) -> float | None:
        """Seconds it still takes at this rate; None while nothing can be said."""
        return (self.progress.total - self.progress.done) / self.rate if self.rate else None


class Ended(Frozen):
    """What came of a run when it was begun last.

    Attributes:
        summary: What it came to; None where it was refused.
        refusals: Why it could not begin, or not go on.
        at: ISO moment.
    """

    summary: BatchSummary | None = None
    refusals: tuple[Refusal, ...] = ()
    at: str = ""


class Run(Frozen):
    """A run as its folder tells it now.

    Attributes:
        name: Its folder's name, and the experiment's of rows that name none.
        briefs: The file of briefs.
        rows: How many briefs it holds.
        wrong: What is wrong with rows that are no brief, of the first of them.
        wrong_rows: How many rows are no brief.
        asked: What was asked of it; None before it was begun.
        told: How far it is; None before it has said so.
        ended: What came of it; None while it works, and after it was stopped by force.
        held: Whether a process works on it now.
    """

    name: str
    briefs: Path
    rows: int
    wrong: tuple[Refusal, ...] = ()
    wrong_rows: int = 0
    asked: Asked | None = None
    told: Told | None = None
    ended: Ended | None = None
    held: bool = False

    @property
    def out(self) -> Path:
        """The file of variants it writes."""
        return self.briefs.with_name("variants.csv")

    @property
    def review(self) -> Path:
        """The review file it writes."""
        return self.briefs.with_name("review.csv")

    def job(self, asked: Asked) -> BatchJob:
        """What is to be done."""
        said = asked.model_dump(exclude={"by"})
        return BatchJob(self.briefs, self.out, self.review, **said)

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        if self.held:
            return "running"
        if self.asked is None:
            return "ready"
        if self.ended is None:
            return "stopped"
        if self.ended.summary is None:
            return "refused"
        stopped = self.ended.summary.stopped
        return "done" if not stopped else "stopped" if stopped == "interrupted" else stopped


class _Counted(Frozen):
    """What a file of briefs holds, counted once when it is taken in."""

    file: str
    rows: int
    wrong_rows: int = 0
    wrong: tuple[Refusal, ...] = ()


class Runs:
    """The runs of one workspace.

    Args:
        folder: ``batches`` in the workspace; made at the first run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> tuple[Run, ...]:
        """Every run, the one begun last first."""
        places = [p for p in self.folder.iterdir() if (p / _COUNTED).is_file()] if self.folder.is_dir() else []
        newest = sorted(places, key=lambda p: (p / _COUNTED).stat().st_mtime, reverse=True)
        return tuple(self._run(place) for place in newest)

    def find(self, name: str) -> Run:
        """The run of this name.

        Raises:
            Refused: ``batch.unknown``.
        """
        if re.fullmatch(r"[a-z0-9-]+", name) and (self.folder / name / _COUNTED).is_file():
            return self._run(self.folder / name)
        raise Refused.because(
            "batch.unknown",
            f"There is no run {name[:80]!r}.",
            closest(name, [run.name for run in self.all()], listed="The runs are"),
            name="run",
            value=name[:80],
        )

    def take(self, file: Path) -> Run:
        """Take a file of briefs in: read it through, copy it into a folder of its own, count what it holds.

        Args:
            file: The file; its name becomes the run's.

        Raises:
            Refused: Nothing in it can be read; or the folder cannot be written.
        """
        counted = _counted(file)
        try:
            place = self._place(_slug(file.stem))
            # Named like the run: rows that name no experiment share one, which is named like their file.
            shutil.copyfile(file, place / f"{place.name}{file.suffix.lower()}")
            kept = counted.model_copy(update={"file": f"{place.name}{file.suffix.lower()}"})
            write_whole(place / _COUNTED, kept.model_dump_json())
        except OSError as error:
            raise Refused.because(
                "batch.cannot_write",
                f"The briefs cannot be kept in {self.folder}: {error.strerror or error}.",
                "Make room, and make the workspace's folder writable for yourself.",
                name="folder",
                value=str(self.folder),
            ) from error
        return self._run(place)

    def ask(self, run: Run, asked: Asked) -> None:
        """Keep what is asked of a run, before a process sets to work on it; what came of it before counts no more."""
        for name in (_TOLD, _ENDED):
            run.briefs.with_name(name).unlink(missing_ok=True)
        write_whole(run.briefs.with_name(_ASKED), asked.model_dump_json())

    def tell(self, run: Run, told: Told) -> None:
        """Keep how far a run is."""
        write_whole(run.briefs.with_name(_TOLD), told.model_dump_json())

    def end(self, run: Run, ended: Ended) -> None:
        """Keep what came of a run."""
        write_whole(run.briefs.with_name(_ENDED), ended.model_dump_json())

    def _place(self, name: str) -> Path:
        """A folder of this name, or of the first numbered one that is free: of two at once, each gets its own."""
        number = 1
        while True:
            place = self.folder / (name if number == 1 else f"{name}-{number}")
            try:
                place.mkdir(parents=True)
            except FileExistsError:
                number += 1
            else:
                return place

    def _run(self, place: Path) -> Run:
        counted = _read(place / _COUNTED, _Counted)
        if counted is None:
            raise Refused.because(
                "batch.damaged",
                f"What is known about the run {place.name!r} cannot be read: {_COUNTED} was damaged.",
                "Bring its briefs again; what was answered is kept, and found.",
                name="run",
                value=place.name,
            )
        found = Run(
            name=place.name,
            briefs=place / counted.file,
            rows=counted.rows,
            wrong=counted.wrong,
            wrong_rows=counted.wrong_rows,
            asked=_read(place / _ASKED, Asked),
            told=_read(place / _TOLD, Told),
            ended=_read(place / _ENDED, Ended),
        )
        return found.model_copy(update={"held": is_held(self.folder, found.job(Asked()).run)})


_COUNTED, _ASKED, _TOLD, _ENDED = "briefs.json", "job.json", "told.json", "ended.json"

F = TypeVar("F", bound=Frozen)


def _read(path: Path, kind: type[F]) -> F | None:
    """A record; None where there is none, or none that can be read."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _counted(file: Path) -> _Counted:
    rows = wrong_rows = 0
    wrong: list[Refusal] = []
    for row in brief_rows(file):
        rows += 1
        if row.brief is None:
            wrong_rows += 1
            wrong += row.refusals if len(wrong) < _SHOWN else ()
    if not rows:
        raise Refused.because(
            "briefs.empty", f"{file.name} holds no brief.", "Put one brief a row under the header.", name="in"
        )
    return _Counted(file=file.name, rows=rows, wrong_rows=wrong_rows, wrong=tuple(wrong[:_SHOWN]))


def _slug(stem: str) -> str:
    """A file's name as a folder's and an experiment's: lower-case letters, digits, hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:_LONGEST_NAME].strip("-") or "briefs"
