"""Runs of many briefs: brought as a file, begun, watched, stopped, gone on with; each lives in its folder alone."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from starlette.responses import FileResponse, Response

from copilot_tools.refusals import Refused
from expcopilot.flow.batch.kept import Asked, Run, Told
from expcopilot.flow.batch.summary import BatchSummary
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.uploads import on_disk
from expcopilot.surfaces.web.views.batch_review import review_of
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import batch_at

__all__ = ["ROUTES"]

_STANDING = {
    "ready": "ready to begin",
    "running": "at work",
    "stopped": "stopped",
    "budget": "stopped by its budget",
    "failed": "stopped by a failure",
    "refused": "could not begin",
    "done": "done",
}
_FILES = {"variants": "variants.csv", "review": "review.csv"}


class Watched(NamedTuple):
    """How far a run is, in words.

    Attributes:
        doing: What is being done.
        done: Rows done of it.
        total: Rows in all.
        lines: What else there is to know: (name, value).
        found: What was found in texts so far: (kind, how many).
    """

    doing: str
    done: int
    total: int
    lines: tuple[tuple[str, str], ...]
    found: tuple[tuple[str, str], ...]


def _runs(visit: Visit) -> Response:
    runs = [(run, _standing(visit, run), batch_at(run.name)) for run in visit.copilot.runs()]
    return visit.page(
        "batches.html.jinja", runs=runs, words=_STANDING, model=visit.copilot.workspace.settings.model.name
    )


def _take(visit: Visit) -> Response:
    """A file of briefs becomes a run; nothing is asked or paid for yet."""
    with on_disk(visit.file("file"), "briefs") as path:
        run = visit.copilot.take_briefs(path)
    return visit.go(batch_at(run.name))


def _run(visit: Visit) -> Response:
    run = visit.copilot.run(visit.of_address("run"))
    standing = _standing(visit, run)
    summary = run.ended.summary if run.ended else None
    return visit.page(
        "batch.html.jinja",
        run=run,
        here=batch_at(run.name),
        standing=standing,
        words=_STANDING[standing],
        wrong=[on_page(str(problem)) for problem in run.wrong],
        watched=_watched(run.told) if run.told and standing in {"running", "stopped"} else None,
        refusals=[on_page(str(refusal)) for refusal in run.ended.refusals] if run.ended else [],
        summary=_summed(summary) if summary else (),
        reason=on_page(summary.reason) if summary else "",
        failed=summary.failed if summary else 0,
        asked=run.asked or Asked(),
        model=visit.copilot.workspace.settings.model.name,
        ours=visit.office.workers.works_on(run.name),
        review=review_of(visit, run) if standing != "running" else None,
        files=[(what, name) for what, name in _FILES.items() if run.briefs.with_name(name).is_file()],
    )


def _begin(visit: Visit) -> Response:
    """Begin, or go on where it was; a process of its own does it."""
    name = visit.of_address("run")
    again = visit.said("do") == "retry"
    asked: dict[str, Any] = {
        "mode": "cancel" if visit.said("do") == "cancel" else visit.said("mode", "live"),
        "concurrency": _whole(visit.said("concurrency") or "8"),
        "budget": _dollars(visit.said("budget")),
        "check_claims": bool(visit.said("check_claims")),
        "retry": again,
    }
    if asked["mode"] not in {"live", "batch", "cancel"}:
        raise _no_number("mode", asked["mode"], "Choose one of the two.")
    with visit.office.workers.beginning:
        if _standing(visit, visit.copilot.run(name)) != "running":  # else it was pressed twice
            visit.copilot.begin_run(name, Asked(**asked))
            visit.office.workers.start(name, visit.session.person)
    return visit.go(batch_at(name))


def _stop(visit: Visit) -> Response:
    name = visit.of_address("run")
    run = visit.copilot.run(name)
    if not visit.office.workers.stop(name) and run.held:
        raise Refused.because(
            "batch.elsewhere",
            f"The run {name!r} is being worked on by another program, or by a server that was stopped just now.",
            "Stop it there with Ctrl-C; or wait a moment.",
            name="run",
            value=name,
        )
    return visit.go(batch_at(name))


def _file(visit: Visit) -> Response:
    """A file the run wrote."""
    run = visit.copilot.run(visit.of_address("run"))
    named = _FILES.get(visit.of_address("what"), "no such file")
    path = run.briefs.with_name(named)
    if not path.is_file():
        raise Refused.because(
            "batch.no_file", "The run has not written this file yet.", "Go on with it until it is done.", name="file"
        )
    return FileResponse(path, filename=f"{run.name}-{path.name}", media_type="text/csv")


def _standing(visit: Visit, run: Run) -> str:
    """Where a run stands; one whose process was just started is at work already."""
    starting = run.asked is not None and run.ended is None and visit.office.workers.works_on(run.name)
    return "running" if starting else run.standing


def _watched(told: Told) -> Watched:
    progress = told.progress
    lines = []
    if progress.under_way:
        lines.append(("Under way", f"{progress.under_way:,} request{'' if progress.under_way == 1 else 's'}"))
    if progress.failed:
        lines.append(("Failed", f"{progress.failed:,}"))
    lines.append(("Cost so far", "not known" if progress.cost is None else f"${progress.cost:.4f}"))
    if told.rate:
        lines.append(("Rate", f"{told.rate:,.1f} a second" if told.rate >= 1 else f"{told.rate * 60:,.1f} a minute"))
    if told.left is not None:
        lines.append(("Time left", _spoken(told.left)))
    found = tuple((kind.replace("_", " "), f"{count:,}") for kind, count in progress.found.items())
    return Watched(progress.doing, progress.done, progress.total, tuple(lines), found)


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(round(seconds), 1)} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def _summed(summary: BatchSummary) -> tuple[tuple[str, str], ...]:
    """What it cost, what was found, what failed: the lines the terminal shows."""
    cost = "not known" if summary.cost is None else f"${summary.cost:.4f}"
    lines = [
        ("Briefs", f"{summary.drafted:,} of {summary.rows:,} have variants ({summary.variants:,} in all)"),
        ("Without", f"{summary.failed:,} failed, {summary.not_done:,} not done"),
        ("Cost", cost),
        ("Requests", f"{summary.sent:,} sent this time, {summary.found:,} found answered"),
    ]
    if summary.lost:
        most = f"${summary.cost_at_most:.4f}"
        lines.append(("Under way at a kill", f"{summary.lost:,}; at most {most} more was charged"))
    for kind, by_status in summary.claims.items():
        said = ", ".join(f"{count:,} {status}" for status, count in by_status.items())
        lines.append((f"Claims: {kind.replace('_', ' ')}", said))
    if summary.unclassified:
        lines.append(("To be ticked", f"{summary.unclassified:,} sentences"))
    lines += [(f"Findings: {severity}s", f"{count:,}") for severity, count in summary.findings.items()]
    if summary.distances.variants:
        apart = summary.distances
        lines.append(("Nearest text", f"least {apart.least}, median {apart.median} (0 the same, 1 nothing shared)"))
    if summary.near_duplicates:
        lines.append(("Left out as near-duplicates", f"{summary.near_duplicates:,}"))
    lines += [(f"Failed: {code}", f"{count:,}") for code, count in summary.failures.items()]
    return tuple(lines)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise _no_number("concurrency", text, "Give a whole number, such as 8.")
    return int(text)


def _dollars(text: str) -> float | None:
    try:
        dollars = float(text) if text else 0.0
    except ValueError:
        dollars = math.nan
    if not math.isfinite(dollars):
        raise _no_number("budget", text, "Give US dollars, such as 5 or 2.50; or leave it empty.")
    return dollars if text else None


def _no_number(name: str, value: str, cure: str) -> Refused:
    return Refused.because(
        "batch.setting", f"{name} is {value[:40]!r}, which cannot be understood.", cure, name=name, value=value[:40]
    )


ROUTES = [
    shows("/batch", _runs),
    does("/batch", _take),
    shows("/batch/{run}", _run),
    does("/batch/{run}/begin", _begin),
    does("/batch/{run}/stop", _stop),
    shows("/batch/{run}/file/{what}", _file),
]
