"""The power curve: the chance of finding an effect against its true size, with what matters marked."""

from __future__ import annotations

from expcopilot.outputs.report.svg import Axis, drawing, text

__all__ = ["power_plot"]

_HEAD, _PANEL, _FOOT = 34, 180, 46
_PLOT = 90.0
"""Percent of the width that the curve takes; the chances stand to its right."""
_GRID = (0.0, 0.25, 0.5, 0.75, 1.0)


def power_plot(
    name: str,
    points: tuple[tuple[float, float], ...],
    effect: float,
    power: float,
    *,
    label: str,
    wanted: float,
    factor: float,
    unit: str,
    title: str,
    description: str,
) -> str:
    """Draw the curve.

    Args:
        name: Unique on the page.
        points: (true effect with its sign, chance of finding it), from the smallest effect to the largest.
        effect: The one that matters, with its sign.
        power: The chance of finding that.
        label: What is marked.
        wanted: The chance that a plan wants for it.
        factor: From effects to axis figures (100 for shares).
        unit: What the axis counts.
        title: What the picture is.
        description: What it shows, in words.
    """
    end = points[-1][0]
    axis = Axis(low=min(end, 0.0), high=max(end, 0.0))

    def across(value: float) -> float:
        share = (value - axis.low) / (axis.high - axis.low)
        return _PLOT * (share if end > 0 else 1 - share)  # from no effect on the left to the largest on the right

    def up(chance: float) -> float:
        return _HEAD + (1 - chance) * _PANEL

    base = _HEAD + _PANEL
    body = []
    for chance in _GRID:
        css = "zero" if chance == 0 else "grid"
        body.append(f'<line x1="0" x2="{_PLOT}%" y1="{up(chance):g}" y2="{up(chance):g}" class="{css}"/>')
        body.append(text("100%", up(chance) + 4, f"{chance:.0%}", "tick", "end"))
    for tick in axis.ticks(5):
        place = across(tick)
        anchor = "start" if place < 2 else "end" if place > _PLOT - 2 else "middle"
        body.append(text(f"{place:.2f}%", base + 16, axis.label(tick, factor, 5), "tick", anchor))
    line = "L".join(f"{across(at) / _PLOT * 1000:.1f} {up(chance) - _HEAD:.2f}" for at, chance in points)
    # The curve is drawn in its own coordinates and stretched; lines keep their width.
    body.append(
        f'<svg x="0" y="{_HEAD}" width="{_PLOT}%" height="{_PANEL}" viewBox="0 0 1000 {_PANEL}" '
        f'preserveAspectRatio="none" overflow="visible"><path d="M{line}" class="curve"/></svg>'
    )
    place = across(effect)
    body.append(f'<line x1="{place:.2f}%" x2="{place:.2f}%" y1="{_HEAD - 8}" y2="{base}" class="mark"/>')
    body.append(f'<line x1="0" x2="{_PLOT}%" y1="{up(wanted):.1f}" y2="{up(wanted):.1f}" class="mark"/>')
    body.append(f'<circle cx="{place:.2f}%" cy="{up(power):.1f}" r="5.5" class="dot"/>')
    anchor = "start" if place < 30 else "end" if place > 70 else "middle"
    body.append(text(f"{place:.2f}%", _HEAD - 16, f"{label}, found with {power:.0%}", "mark-label", anchor))
    body.append(text("0", base + 38, unit, "side"))
    body.append(text("100%", base + 38, "chance to find it", "side", "end"))
    return drawing(name, base + _FOOT, title, description, body)
