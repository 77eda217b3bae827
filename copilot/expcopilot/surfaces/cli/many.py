"""``expcopilot look --by COLUMN``: many experiments in one file, and what happens to their wins after correction."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from copilot_tools.refusals import Refused
from copilot_tools.stats import formats
from copilot_tools.stats.many_tests import ManyTests, OneTest
from copilot_tools.stats.sources.many import ManyColumns
from expcopilot.flow.declared_data import given_dialect
from expcopilot.surfaces import parsing
from expcopilot.surfaces.cli import cells, show
from expcopilot.surfaces.cli.session import current, print_json

__all__ = ["run"]

_HEADER = (
    *("test", "arms", "units", "in_group", "sample_ratio_p", "sample_ratio_failed", "omnibus_p"),
    *("best", "best_rate", "next_rate", "win_p", "win_p_bh", "win_p_holm", "wins", "problems"),
)


def run(by: str, *, as_json: bool, **given: Any) -> None:
    """Read every experiment, with a progress bar for people, and say how many are broken and how many win."""
    data: Path | None = given["data"]
    if data is None or given["arms"]:
        raise Refused.because(
            "many.no_file", "--by reads a file of many experiments.", "Name the file, without --arm.", name="data"
        )
    columns = ManyColumns(by=by, arm=given["arm_column"] or "arm", n=given["units"], successes=given["successes"])
    group = parsing.group(given["inside"]) if given["inside"] else None
    alpha = parsing.share("--alpha", given["alpha"])
    dialect = given_dialect(given["delimiter"], given["decimal"], given["encoding"])
    copilot = current()
    begun = time.perf_counter()
    with _bar() as bar:
        task = bar.add_task("Reading experiments", total=None)
        found = copilot.look_many(
            data,
            columns,
            group=group,
            alpha=alpha,
            dialect=dialect,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    seconds = time.perf_counter() - begun
    out: Path | None = given["out"]
    if out is not None:
        cells.write(out, _HEADER, (_row(test) for test in found.tests))
    if as_json:
        print_json({**found.to_json(), "seconds": seconds, "files": [str(out)] if out else []})
        return
    _show(found, seconds)
    if out is not None:
        show.paths("Every experiment:", [out])


def _bar() -> Progress:
    """A bar on standard error; none where nobody watches."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def _show(found: ManyTests, seconds: float) -> None:
    out = show.console()
    show.line(
        f"{formats.count(found.read)} of {formats.count(found.found)} experiments in {found.source} read, "
        f"{formats.count(found.arms)} arms, {seconds:.1f} seconds.",
        "bold",
    )
    if found.refused:
        show.line(f"{formats.count(found.refused)} cannot be read; --out lists why.", "yellow")
    if found.rows_without_test:
        show.line(f"{formats.count(found.rows_without_test)} rows name no experiment and were left out.", "yellow")
    show.heading(f"Sample ratio failed (p < {found.sample_ratio_alpha:g} under equal shares)")
    where = {"inside": f"inside {found.group}", "outside": f"outside {found.group}", "not known": "group not known"}
    rows = [
        (where.get(c.where, c.where), formats.count(c.failed), formats.count(c.tests), formats.share(c.share))
        for c in found.failed_sample_ratio
    ]
    failed = (("Where", False), ("failed", True), ("of", True), ("share", True))
    out.print(show.table(failed, rows, width=out.width))
    show.heading("Wins: all arms differ, and one beats every other")
    corrected = (
        (f"before correction, at {found.alpha:g} each", "uncorrected"),
        ("after correction: false discovery rate (Benjamini-Hochberg)", "benjamini_hochberg"),
        ("after correction: any false win at all (Holm)", "holm"),
        ("after correction: any false win at all (Bonferroni)", "bonferroni"),
    )
    counted = [
        (words, formats.count(getattr(found.wins, name)), formats.count(getattr(found.wins_broken, name)))
        for words, name in corrected
    ]
    wins = (("Counted", False), ("wins", True), ("of them with a failed sample ratio", True))
    out.print(show.table(wins, counted, width=out.width))
    show.line(
        f"If nothing ever differed, up to {formats.count(found.false_wins_at_most)} wins before correction were to be "
        "expected. A win with a failed sample ratio does not count.",
        "dim",
    )


def _row(test: OneTest) -> list[str | int | float | bool | None]:
    kept = test.to_json()
    return [
        " ".join(str(problem) for problem in test.problems) if column == "problems" else kept[column]
        for column in _HEADER
    ]
