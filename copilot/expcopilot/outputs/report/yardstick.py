"""What the primary effect is measured against: the minimum effect that matters, or the tolerated worsening."""

from __future__ import annotations

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Estimate, Scale
from copilot_tools.stats import formats
from copilot_tools.stats.spec import AnalysisSpec, Metric
from expcopilot.outputs.report.content import Picture
from expcopilot.outputs.report.forest import ForestRow, Mark, forest, forest_strip

__all__ = ["Yardstick", "axis_unit", "effects_picture", "figures", "yardstick"]


class Yardstick(Frozen):
    """The place on the effect's own scale that decides, its sign that of treatment minus control."""

    metric: Metric
    scale: Scale
    mark: Mark
    sentence: str


def yardstick(spec: AnalysisSpec) -> Yardstick:
    """The yardstick of a plan."""
    metric = spec.primary
    scale = spec.deciding_scale
    if spec.tolerated is not None:
        at = -metric.sign * spec.tolerated.size
        shown = formats.effect_size(metric, at, scale)
        bare = formats.effect_size(metric, spec.tolerated.size, scale).removeprefix("+")
        return Yardstick(
            metric=metric,
            scale=scale,
            mark=Mark(at=at, label=f"tolerated: {shown}", kind="tolerated"),
            sentence=f"Tolerated: worse by less than {bare}.",
        )
    at = metric.sign * spec.minimum_effect.size
    shown = formats.effect_size(metric, at, scale)
    return Yardstick(
        metric=metric,
        scale=scale,
        mark=Mark(at=at, label=f"what matters: {shown}", kind="matters"),
        sentence=f"What would matter: {shown} or {'more' if at > 0 else 'lower'}.",
    )


def axis_unit(metric: Metric, scale: Scale) -> tuple[str, float]:
    """What an axis of effects counts, and the factor from values to its figures."""
    if scale == "relative":
        return "% of control", 100.0
    if metric.kind == "proportion":
        return "points", 100.0
    return metric.unit or metric.name, 1.0


def figures(metric: Metric, effect: Estimate | Refusal) -> tuple[str, str]:
    """An effect and its interval in words; where there is none, "not assessable" and why."""
    if isinstance(effect, Refusal):
        return formats.effect(metric, effect), str(effect)
    return formats.effect(metric, effect), formats.interval(metric, effect.interval, effect.scale)


def effects_picture(
    name: str, measure: Yardstick, rows: tuple[tuple[str, Comparison], ...], *, title: str, caption: str
) -> Picture | None:
    """Effects on the yardstick's scale as a forest plot, or None when there is nothing to draw."""
    metric = measure.metric
    drawn = [(label, e) for label, c in rows if isinstance(e := c.effect(measure.scale), Estimate)]
    if not drawn:
        return None
    plot = tuple(
        ForestRow(
            name=label,
            shown=formats.effect(metric, e),
            value=e.value,
            low=e.interval.low,
            high=e.interval.high,
        )
        for label, e in drawn
    )
    described = "; ".join(f"{label}: {', '.join(figures(metric, e))}" for label, e in drawn)
    better = "to the right" if metric.sign > 0 else "to the left"
    description = f"{described}. {measure.mark.label[:1].upper()}{measure.mark.label[1:]}. Better is {better}."
    unit, factor = axis_unit(metric, measure.scale)
    svg = forest(
        name,
        plot,
        measure.mark,
        better=metric.sign,
        unit=unit,
        factor=factor,
        title=title,
        description=description,
    )
    return Picture(
        svg=svg,
        strip=forest_strip(plot, measure.mark),
        title=title,
        description=description,
        caption=caption,
        shaded="Shaded: too small to matter."
        if measure.mark.kind == "matters"
        else "Shaded: worse than the plan tolerates.",
    )
