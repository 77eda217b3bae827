"""``expcopilot variants --in BRIEFS --out VARIANTS``: a bar with rate, cost and time left; a summary; an exit code.

Exit codes: 0 every row has variants, 1 some rows failed or were not come to, 2 nothing could be done, 3 the budget
ended it, 130 stopped by the user.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from expcopilot.surfaces.cli.session import current, print_json, progress_note

if TYPE_CHECKING:
    from collections.abc import Callable

    from expcopilot.flow.batch.run import BatchJob
    from expcopilot.flow.batch.summary import BatchSummary
    from expcopilot.flow.batch.work import Progress
    from expcopilot.flow.batch.work import Progress as Told

__all__ = ["run"]

_SOME_FAILED, _OVER_BUDGET, _STOPPED = 1, 3, 130
_EVERY = 5.0
"""Seconds between two lines where nobody watches a bar."""


def run(job: BatchJob, *, as_json: bool) -> None:
    """Do the job, show how far it is, say what came of it."""
    with _shown(quiet=as_json) as tell:
        summary = current().variants_of(job, tell=tell)
    if as_json:
        print_json(summary.to_json())
    else:
        _show(summary, job)
    if code := _code(summary):
        raise click.exceptions.Exit(code)


def _code(summary: BatchSummary) -> int:
    if summary.stopped == "interrupted":
        return _STOPPED
    if summary.stopped == "budget":
        return _OVER_BUDGET
    return _SOME_FAILED if summary.failed or summary.not_done else 0


@contextmanager
def _shown(*, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar where somebody watches, a line now and then where nobody does, nothing for programs."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        last = [time.monotonic()]

        def line(progress: Progress) -> None:
            if time.monotonic() - last[0] >= _EVERY:
                last[0] = time.monotonic()
                progress_note(f"{progress.doing}: {_counts(progress)}{_money(progress)}")

        yield line


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TextColumn("{task.fields[money]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True, markup=False, emoji=False, highlight=False),
        transient=True,
    )
    with bar:
        task = bar.add_task("Reading", total=None, rate="", money="")
        doing = [""]

        def tell(progress: Told) -> None:
            if doing[0] != progress.doing and progress.doing in {"Reviewing", "Asking", "Preparing"}:
                doing[0] = progress.doing
                bar.reset(task, total=progress.total)
            speed = bar.tasks[0].speed
            under_way = f", {progress.under_way:,} under way" if progress.under_way else ""
            bar.update(
                task,
                description=progress.doing,
                completed=progress.done,
                total=progress.total,
                rate=(f"{speed:,.1f}/s" if speed else "") + under_way,
                money=_money(progress).removeprefix(", "),
            )

        yield tell


def _counts(progress: Progress) -> str:
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    under_way = f", {progress.under_way:,} under way" if progress.under_way else ""
    return f"{progress.done:,} of {progress.total:,} rows{failed}{under_way}"


def _money(progress: Progress) -> str:
    return "" if progress.cost is None else f", ${progress.cost:.4f}"


def _show(summary: BatchSummary, job: BatchJob) -> None:
    from expcopilot.surfaces.cli import show

    if summary.stopped == "interrupted":
        show.line("Stopped. Every answer that came is kept; nothing was written out.", "bold")
        show.line("Run the same command to go on; batches go on at the server meanwhile.")
        return
    show.line(
        f"{summary.drafted:,} of {summary.rows:,} briefs have variants ({summary.variants:,} in all); "
        f"{summary.failed:,} failed, {summary.not_done:,} not done.",
        "bold",
    )
    show.console().print(show.facts(_rows(summary)))
    if summary.stopped == "budget":
        show.line("The budget would have been passed. Raise --budget and run the same command to go on.", "yellow")
    elif summary.stopped == "failed":
        show.line(summary.reason, "yellow")
    show.paths("Written:", [show.near(path) for path in (job.out, job.review) if path])
    if steps := _next(summary, job):
        show.next_steps(steps)


def _rows(summary: BatchSummary) -> list[tuple[str, str]]:
    """What it cost, what was found, what failed."""
    cost = "not known" if summary.cost is None else f"${summary.cost:.4f}"
    rows = [("cost", cost), ("requests sent", f"{summary.sent:,}"), ("found answered", f"{summary.found:,}")]
    if summary.lost:
        text = f"{summary.lost:,} when an earlier command ended; at most ${summary.cost_at_most:.4f} more was charged"
        rows.append(("under way", text))
    if summary.batches or summary.adopted:
        rows.append(("batches", f"{summary.batches:,} made, {summary.adopted:,} found again"))
    for kind, by_status in summary.claims.items():
        rows.append((f"claims: {kind}", ", ".join(f"{count:,} {status}" for status, count in by_status.items())))
    if summary.checked:
        rows.append(("read by the model", f"{summary.checked:,} variants, {summary.added:,} claims added"))
    if summary.unclassified:
        rows.append(("to be ticked", f"{summary.unclassified:,} sentences"))
    rows += [(f"findings: {severity}", f"{count:,}") for severity, count in summary.findings.items()]
    if summary.distances.variants:
        apart = summary.distances
        rows.append(("nearest text", f"least {apart.least}, median {apart.median} (0 the same, 1 nothing shared)"))
    rows += [(f"failed: {code}", f"{count:,}") for code, count in summary.failures.items()]
    return rows


def _next(summary: BatchSummary, job: BatchJob) -> list[tuple[str, str]]:
    """What to type next."""
    from shlex import quote

    from expcopilot.flow.typed import typed
    from expcopilot.surfaces.cli.show import near

    steps = []
    if summary.failed and not job.retry:
        again = f"expcopilot variants --in {quote(str(near(job.briefs)))} --out {quote(str(near(job.out)))} --retry"
        steps.append(("Ask again for the rows that failed, and for no other", again))
    if job.review:
        steps.append(("Fill in approve, by and reason, then", typed("approve", str(near(job.review)))))
    return steps
