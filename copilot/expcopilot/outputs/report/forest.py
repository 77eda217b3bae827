"""The forest plot: one row an effect, its interval against zero and against what matters, as SVG and as text.

References:
    Lewis & Clarke (2001), Forest plots: trying to see the wood and the trees, BMJ 322.
"""

from __future__ import annotations

import math

from copilot_tools.base import Bound, Frozen
from copilot_tools.wording.plain import chat, shortened
from expcopilot.outputs.report.svg import Axis, axis_over, drawing, text

__all__ = ["ForestRow", "Mark", "forest", "forest_strip"]

_TOP, _ROW, _LABEL, _FOOT = 26, 54, 22, 46
_NAME = 27
"""Characters of a name that leave room for its effect on a narrow phone."""
_STRIP = 43
"""Columns of the strip's axis."""
_STRIP_NAME = 28
"""Columns of its names at most."""


class ForestRow(Frozen):
    """One effect.

    Attributes:
        name: Whose it is.
        shown: The effect in words, to the right of the name.
        value: The effect; None where only the interval is known.
        low: Lower end; minus infinity where open.
        high: Upper end; infinity where open.
    """

    name: str
    shown: str
    value: float | None
    low: Bound
    high: Bound


class Mark(Frozen):
    """A place on the axis that decides: what matters, or what is tolerated.

    Attributes:
        at: Its place.
        label: What it is.
        kind: "matters": effects between it and its mirror image are too small to matter, shaded grey; "tolerated":
            what lies beyond it (away from zero) is not tolerated, shaded as a warning.
    """

    at: float
    label: str
    kind: str


def forest(
    name: str,
    rows: tuple[ForestRow, ...],
    mark: Mark,
    *,
    better: int,
    unit: str,
    factor: float,
    title: str,
    description: str,
) -> str:
    """Draw the plot.

    Args:
        name: Unique on the page.
        rows: Effects, from the top.
        mark: What they are measured against.
        better: +1 when better is to the right, -1 when it is to the left.
        unit: What the axis counts.
        factor: From values to axis figures (100 for shares).
        title: What the picture is.
        description: What it shows, in words.
    """
    axis = axis_over(_span(rows, mark))
    base = _TOP + _ROW * len(rows)
    body = [text(axis.at(tick), base + 16, axis.label(tick, factor), "tick", "middle") for tick in axis.ticks()]
    place = axis.place(mark.at)
    anchor = "start" if place < 33 else "end" if place > 67 else "middle"
    body.append(text(axis.at(mark.at), _TOP - 12, mark.label, "mark-label", anchor))
    for i, row in enumerate(rows):
        top = _TOP + _ROW * i
        body.extend(_ground(axis, mark, top + _LABEL, top + _ROW - 2))
        body.extend(_row(axis, row, top))
    left, right = ("← worse", "better →") if better > 0 else ("← better", "worse →")
    body.append(text("0", base + 38, left, "side"))
    body.append(text("50%", base + 38, unit, "side", "middle"))
    body.append(text("100%", base + 38, right, "side", "end"))
    return drawing(name, base + _FOOT, title, description, body)


def _span(rows: tuple[ForestRow, ...], mark: Mark) -> list[float]:
    ends = [v for row in rows for v in (row.low, row.high, row.value) if v is not None]
    return [*ends, mark.at, *([-mark.at] if mark.kind == "matters" else [])]


def _ground(axis: Axis, mark: Mark, top: int, base: int) -> list[str]:
    """What one row is read against: the shaded band, the grid, zero and the mark."""
    if mark.kind == "matters":
        (low, high), css = sorted((mark.at, -mark.at)), "band"
    else:
        (low, high), css = sorted((mark.at, math.copysign(math.inf, mark.at))), "band-worse"
    left = 0 if math.isinf(low) else axis.place(low)
    right = 100 if math.isinf(high) else axis.place(high)
    parts = [f'<rect x="{left:.2f}%" y="{top}" width="{right - left:.2f}%" height="{base - top}" class="{css}"/>']
    lines = [(tick, "zero" if tick == 0 else "grid") for tick in axis.ticks()] + [(mark.at, "mark")]
    parts.extend(
        f'<line x1="{axis.at(value)}" x2="{axis.at(value)}" y1="{top}" y2="{base}" class="{css}"/>'
        for value, css in lines
    )
    return parts


def _row(axis: Axis, row: ForestRow, top: int) -> list[str]:
    y = top + 36
    parts = [
        text("0", top + 16, shortened(row.name, _NAME), "name"),
        text("100%", top + 16, shortened(row.shown, 22), "value", "end"),
    ]
    left = "0" if math.isinf(row.low) else axis.at(row.low)
    right = "100%" if math.isinf(row.high) else axis.at(row.high)
    parts.append(f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}" class="bar"/>')
    parts.append(_end(left, y, open_to=-1 if math.isinf(row.low) else 0))
    parts.append(_end(right, y, open_to=1 if math.isinf(row.high) else 0))
    if row.value is not None:
        parts.append(f'<circle cx="{axis.at(row.value)}" cy="{y}" r="5.5" class="dot"/>')
    return parts


def _end(x: str, y: int, *, open_to: int) -> str:
    if not open_to:
        return f'<line x1="{x}" x2="{x}" y1="{y - 6}" y2="{y + 6}" class="bar"/>'
    reach = 10 * -open_to
    return (
        f'<svg x="{x}" y="{y}" width="1" height="1" overflow="visible">'
        f'<path d="M{reach} -7L0 0L{reach} 7Z" class="tip"/></svg>'
    )


def forest_strip(rows: tuple[ForestRow, ...], mark: Mark) -> tuple[str, ...]:
    """The same plot as lines of text: ``●`` the effect, ``│`` zero, ``┆`` what decides, ``◂ ▸`` open ends."""
    axis = axis_over(_span(rows, mark))
    width = max((len(shortened(row.name, _STRIP_NAME)) for row in rows), default=0)

    def column(value: float) -> int:
        return round((axis.place(value) - 3) / 94 * (_STRIP - 1))

    lines = []
    for row in rows:
        cells = [" "] * _STRIP
        low, high = column(max(row.low, axis.low)), column(min(row.high, axis.high))
        cells[low : high + 1] = "─" * (high - low + 1)
        cells[low] = "◂" if math.isinf(row.low) else "├"
        cells[high] = "▸" if math.isinf(row.high) else "┤"
        for value, sign in ((0.0, "│"), (mark.at, "┆")):
            if cells[column(value)] in " ─":
                cells[column(value)] = sign
        if row.value is not None:
            cells[column(row.value)] = "●"
        name = chat(shortened(row.name, _STRIP_NAME)).ljust(width)
        lines.append(f"{name}  {''.join(cells)}  {chat(row.shown)}".rstrip())
    lines.append(f"{' ' * width}  │ zero   ┆ {chat(mark.label)}")
    return tuple(lines)
