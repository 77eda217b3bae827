"""Sizes for people: the answer in one sentence, then a small table around it."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.stats import formats
from copilot_tools.stats.planning.detectable import DetectableEffect
from copilot_tools.stats.planning.size import SampleSize
from copilot_tools.stats.spec import Metric
from expcopilot.outputs.report import sizing
from expcopilot.surfaces.cli import show

__all__ = ["show_detectable", "show_size"]


def show_size(size: SampleSize, metric: Metric) -> None:
    """Print how many units and weeks, and the same for smaller and larger effects."""
    show.heading(sizing.size_heading(size))
    show.line(sizing.size_sentence(size, metric))
    if size.runtime is not None and size.runtime.warning:
        show.line(size.runtime.warning, "yellow")
    out = show.console()
    timed = size.runtime is not None
    columns = [("If the true effect is", True), ("units in all", True), *([("weeks", True)] if timed else [])]
    rows = []
    for row in size.table:
        total = "no size" if isinstance(row.total, Refusal) else formats.count(row.total)
        cells = [sizing.effect_words(metric, row.effect) + (" ←" if row.factor == 1 else ""), total]
        rows.append([*cells, *([f"{row.weeks:,}" if row.weeks is not None else "–"] if timed else [])])
    out.print()
    out.print(show.table(columns, rows, width=out.width))
    _assumed(size.assumed, size.notes)


def show_detectable(found: DetectableEffect, metric: Metric, *, assumed: bool = True) -> None:
    """Print the smallest effect a fixed number of units can show, and the same for fewer and more units.

    Args:
        found: The answer.
        metric: To word it.
        assumed: Whether to say what it takes for granted (not twice, beside a size).
    """
    show.heading(sizing.detectable_heading(found, metric))
    show.line(sizing.detectable_sentence(found))
    out = show.console()
    by_week = any(row.weeks is not None for row in found.table)
    columns = [*([("weeks", True)] if by_week else []), ("units in all", True), ("smallest effect seen", True)]
    rows = [
        [
            *([str(row.weeks)] if by_week else []),
            formats.count(row.units),
            "none" if isinstance(row.effect, Refusal) else sizing.twice(metric, row.effect, row.relative),
        ]
        for row in found.table
    ]
    out.print()
    out.print(show.table(columns, rows, width=out.width))
    if assumed:
        _assumed(found.assumed, ())


def _assumed(assumed: tuple[str, ...], notes: tuple[str, ...]) -> None:
    out = show.console()
    if notes:
        out.print()
        out.print(show.listed(notes, mark="!", style="yellow"))
    show.heading("This takes for granted")
    out.print(show.listed(assumed))
