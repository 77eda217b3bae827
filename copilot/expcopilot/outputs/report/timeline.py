"""The interval over time: the cumulative effect and its interval, one panel a treatment arm, on one scale."""

from __future__ import annotations

import math

from copilot_tools.stats.reading import TrajectoryPoint
from expcopilot.outputs.report.svg import Axis, axis_over, drawing, text

__all__ = ["timeline"]

_HEAD, _PANEL, _GAP, _FOOT = 30, 160, 26, 24
_PLOT = 88.0
"""Percent of the width that the curve takes; the figures stand to its right."""
_MOST_POINTS = 60


def timeline(
    name: str,
    arms: tuple[tuple[str, tuple[TrajectoryPoint, ...]], ...],
    mark: float | None,
    *,
    better: int,
    factor: float,
    title: str,
    description: str,
) -> str:
    """Draw the panels.

    Args:
        name: Unique on the page.
        arms: (label, points in order of days) per treatment arm, each with at least two points.
        mark: What matters, on the points' scale, or None.
        better: +1 when up is better, -1 when down is.
        factor: From values to axis figures (100 for shares).
        title: What it is.
        description: What it shows.
    """
    axis = _scale(arms, mark)
    body: list[str] = []
    for i, (label, points) in enumerate(arms):
        top = _HEAD + i * (_HEAD + _PANEL + _GAP)
        body.append(text("0", top - 14, label, "name"))
        body.append(text(f"{_PLOT}%", top - 14, "↑ better" if better > 0 else "↓ better", "side", "end"))
        body.extend(_panel(axis, _thinned(points), top, mark, factor))
    height = len(arms) * (_HEAD + _PANEL + _GAP) + _FOOT - _GAP + 6
    return drawing(name, height, title, description, body)


def _thinned(points: tuple[TrajectoryPoint, ...]) -> tuple[TrajectoryPoint, ...]:
    step = math.ceil(len(points) / _MOST_POINTS)
    return points if step <= 1 else tuple(reversed(points[::-1][::step]))


def _scale(arms: tuple[tuple[str, tuple[TrajectoryPoint, ...]], ...], mark: float | None) -> Axis:
    # The first days' intervals are so wide that they would flatten everything after them: they may run off the panel.
    later = [p.effect for _, points in arms for p in points[len(points) // 4 :]]
    last = [points[-1].effect.interval for _, points in arms]
    reach = max((abs(v) for i in last for v in (i.low, i.high) if math.isfinite(v)), default=1.0) * 2.5
    ends = [v for e in later for v in (e.interval.low, e.interval.high, e.value) if math.isfinite(v)]
    inside = [min(max(v, -reach), reach) for v in ends]
    return axis_over([*inside, *([mark] if mark is not None else [])])


def _panel(axis: Axis, points: tuple[TrajectoryPoint, ...], top: int, mark: float | None, factor: float) -> list[str]:
    def y(value: float) -> float:
        kept = min(max(value, axis.low - (axis.high - axis.low)), axis.high + (axis.high - axis.low))
        return (axis.high - kept) / (axis.high - axis.low) * _PANEL

    parts = []
    for tick in axis.ticks():
        at = top + y(tick)
        css = "zero" if tick == 0 else "grid"
        parts.append(f'<line x1="0" x2="{_PLOT}%" y1="{at:.1f}" y2="{at:.1f}" class="{css}"/>')
        parts.append(text(f"{_PLOT + 2}%", at + 4, axis.label(tick, factor), "tick"))
    across = [1000 * i / (len(points) - 1) for i in range(len(points))]
    highs = [f"{x:.0f} {y(p.effect.interval.high):.1f}" for x, p in zip(across, points, strict=True)]
    lows = [f"{x:.0f} {y(p.effect.interval.low):.1f}" for x, p in zip(across, points, strict=True)]
    line = [f"{x:.0f} {y(p.effect.value):.1f}" for x, p in zip(across, points, strict=True)]
    # The curve is drawn in its own coordinates and stretched; lines keep their width.
    parts.append(
        f'<svg x="0" y="{top}" width="{_PLOT}%" height="{_PANEL}" viewBox="0 0 1000 {_PANEL}" '
        f'preserveAspectRatio="none" overflow="hidden"><path d="M{"L".join(highs)}L{"L".join(reversed(lows))}Z" '
        f'class="cone"/><path d="M{"L".join(line)}" class="curve"/></svg>'
    )
    if mark is not None:
        at = top + y(mark)
        parts.append(f'<line x1="0" x2="{_PLOT}%" y1="{at:.1f}" y2="{at:.1f}" class="mark"/>')
        parts.append(text("4", at - 6 if at - top > 20 else at + 16, "what matters", "mark-label"))
    last = y(points[-1].effect.value)
    parts.append(f'<circle cx="{_PLOT}%" cy="{top + last:.1f}" r="4.5" class="dot"/>')
    foot = top + _PANEL + 16
    parts.append(text("0", foot, points[0].day, "tick"))
    parts.append(text(f"{_PLOT}%", foot, points[-1].day, "tick", "end"))
    return parts
