"""One guardrail in every arm: its effect in its own units, against how much worse is tolerated."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.results import Scale
from copilot_tools.stats import formats
from copilot_tools.stats.reading import Guardrail
from copilot_tools.stats.spec import Metric
from expcopilot.outputs.report.content import Picture
from expcopilot.outputs.report.forest import ForestRow, Mark, forest, forest_strip
from expcopilot.outputs.report.yardstick import axis_unit

__all__ = ["guardrail_picture"]


def guardrail_picture(name: str, metric: Metric, rows: tuple[tuple[str, str, Guardrail], ...]) -> Picture | None:
    """The picture and its strip of text, or None when no arm has an effect to draw.

    Args:
        name: Unique on the page.
        metric: The guardrail's metric; the effects are in its desired direction, so better is to the right.
        rows: (arm, state in words, guardrail of this metric), in order.
    """
    drawn = [(arm, state, g, g.effect) for arm, state, g in rows if not isinstance(g.effect, Refusal)]
    if not drawn:
        return None
    first = drawn[0][2]
    scale: Scale = "relative" if first.scale == "relative" else "absolute"
    margin = formats.effect_size(metric, first.margin, scale).removeprefix("+")
    mark = Mark(at=-first.margin, label=f"tolerated: worse by {margin}", kind="tolerated")
    unit, factor = axis_unit(metric, scale)
    plot = tuple(
        ForestRow(name=arm, shown=state, value=e.value, low=e.interval.low, high=e.interval.high)
        for arm, state, _, e in drawn
    )
    title = f"Guardrail {metric.name}, against its margin"
    described = "; ".join(f"{arm}: {state}" for arm, state, _ in rows) + f". Tolerated: worse by {margin} at most."
    svg = forest(name, plot, mark, better=1, unit=unit, factor=factor, title=title, description=described)
    return Picture(
        svg=svg,
        strip=forest_strip(plot, mark),
        title=title,
        description=described,
        caption="Right of zero is better. Safe: the whole bar lies to the right of the margin.",
        shaded="Shaded: worse than the plan tolerates.",
    )
