"""Sizes in words: how many units and weeks, what they find, and the table around the answer."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.stats import formats
from copilot_tools.stats.planning.curve import PowerCurve
from copilot_tools.stats.planning.detectable import DetectableEffect
from copilot_tools.stats.planning.size import SampleSize
from copilot_tools.stats.spec import Effect, Metric
from expcopilot.outputs.report.content import Cell, Column, Picture, Table
from expcopilot.outputs.report.power_plot import power_plot
from expcopilot.outputs.report.yardstick import axis_unit

__all__ = [
    "curve_picture",
    "detectable_heading",
    "detectable_sentence",
    "effect_words",
    "size_heading",
    "size_sentence",
    "size_table",
    "twice",
]


def size_heading(size: SampleSize) -> str:
    """How many units, and how many whole weeks where traffic is known."""
    if size.runtime is None:
        return f"{formats.count(size.total)} units"
    unit = "week" if size.runtime.weeks == 1 else "weeks"
    return f"{formats.count(size.total)} units, that is {size.runtime.weeks:,} whole {unit}"


def size_sentence(size: SampleSize, metric: Metric) -> str:
    """Units by arm, and what they find."""
    arms = " + ".join(formats.count(n) for n in size.per_arm)
    return f"{arms} units, control first. {_reads(size, metric)}"


def size_table(size: SampleSize, metric: Metric) -> Table:
    """What smaller and larger effects would take."""
    timed = size.runtime is not None
    rows = []
    for row in size.table:
        total = "no size" if isinstance(row.total, Refusal) else formats.count(row.total)
        weeks = f"{row.weeks:,}" if row.weeks is not None else "–"
        cells = [effect_words(metric, row.effect), total, *([weeks] if timed else [])]
        note = "what matters" if row.factor == 1 else ""
        rows.append((Cell(text=cells[0], note=note), *(Cell(text=text) for text in cells[1:])))
    titles = ["Units in all", *(["Weeks"] if timed else [])]
    return Table(
        caption="What smaller and larger effects would take",
        columns=(Column(title="If the true effect is"), *(Column(title=title, numeric=True) for title in titles)),
        rows=tuple(rows),
    )


def detectable_heading(found: DetectableEffect, metric: Metric) -> str:
    """What a fixed number of units can show."""
    units = formats.count(sum(found.per_arm))
    return f"With {units} units: {twice(metric, found.absolute, found.relative)} or more can be seen"


def detectable_sentence(found: DetectableEffect) -> str:
    """How surely."""
    return (
        f"A true effect of that size is found with a chance of {formats.share(found.power, 0)}; the smaller it is, the "
        "likelier it stays hidden."
    )


def curve_picture(curve: PowerCurve, metric: Metric, power: float) -> Picture:
    """The chance of finding each effect, drawn and in words.

    Args:
        curve: The chances.
        metric: What decides.
        power: The chance that is wanted.
    """
    _, factor = axis_unit(metric, curve.effect.scale)
    chosen = effect_words(metric, curve.effect)
    half = next((p for p in curve.points if p.effect.size >= curve.effect.size / 2), curve.points[0])
    description = (
        f"With {formats.count(curve.units)} units, a true effect of {effect_words(metric, half.effect)} is found with "
        f"a chance of {formats.share(half.power, 0)}, one of {chosen} with {formats.share(curve.power, 0)}, one of "
        f"{effect_words(metric, curve.points[-1].effect)} with {formats.share(curve.points[-1].power, 0)}."
    )
    title = f"Chance of finding an effect on {metric.name}, with {formats.count(curve.units)} units"
    svg = power_plot(
        "power",
        tuple((metric.sign * p.effect.size, p.power) for p in curve.points),
        metric.sign * curve.effect.size,
        curve.power,
        label=f"what matters: {chosen}",
        wanted=power,
        factor=factor,
        unit="true effect, relative to control, %" if curve.effect.scale == "relative" else _unit(metric),
        title=title,
        description=description,
    )
    return Picture(svg=svg, title=title, description=description, caption=description)


def effect_words(metric: Metric, effect: Effect) -> str:
    """An effect in the desired direction."""
    return formats.effect_size(metric, metric.sign * effect.size, effect.scale)


def twice(metric: Metric, absolute: float, relative: float | None) -> str:
    """An effect in the metric's own units, and relative to control where that is known."""
    first = formats.effect_size(metric, metric.sign * absolute, "absolute")
    if relative is None:
        return first
    return f"{first} ({formats.effect_size(metric, metric.sign * relative, 'relative')})"


def _unit(metric: Metric) -> str:
    if metric.kind == "proportion":
        return "true effect, percentage points"
    return f"true effect, {metric.unit}" if metric.unit else "true effect"


def _reads(size: SampleSize, metric: Metric) -> str:
    if size.control_level is None or size.treatment_level is None or size.effect is None:
        return f"The chance of finding the effect is {formats.share(size.power, 0)}."
    levels = f"{formats.level(metric, size.control_level)} to {formats.level(metric, size.treatment_level)}"
    return f"A true change from {levels} is then found with a chance of {formats.share(size.power, 0)}."
