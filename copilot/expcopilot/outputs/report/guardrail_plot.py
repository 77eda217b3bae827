"""Guardrails side by side: each effect in multiples of its own margin, so that unlike units share one axis."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.stats.reading import Guardrail
from expcopilot.outputs.report.forest import ForestRow, Mark, forest, forest_strip

__all__ = ["guardrail_plot"]

_MARK = Mark(at=-1.0, label="the margin: worse is not tolerated", kind="tolerated")


def guardrail_plot(
    name: str, guardrails: tuple[tuple[str, str, Guardrail], ...], *, title: str, description: str
) -> tuple[str, tuple[str, ...]] | None:
    """The picture and its strip of text, or None when no guardrail has an effect to draw.

    Args:
        name: Unique on the page.
        guardrails: (label, state in words, guardrail), in order.
        title: What it is.
        description: What it shows.
    """
    rows = tuple(
        ForestRow(
            name=label,
            shown=state,
            value=g.effect.value / g.margin,
            low=g.effect.interval.low / g.margin,
            high=g.effect.interval.high / g.margin,
        )
        for label, state, g in guardrails
        if not isinstance(g.effect, Refusal)
    )
    if not rows:
        return None
    picture = forest(name, rows, _MARK, better=1, unit="margins", factor=1.0, title=title, description=description)
    return picture, forest_strip(rows, _MARK)
