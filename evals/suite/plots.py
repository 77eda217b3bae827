"""A task's dot-plot, drawn by hand: what reached the reader, what would have with the guard off, the bar, the baseline.

Horizontal places are percentages and text has its size in pixels, so that a plot fills a phone and a page alike.
Colours are the page's, by class name.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from suite.results import Line

__all__ = ["figure", "plot", "top"]

_ROW, _TOP = 62.0, 4.0
_INSET = 1.5  # percent left free at either side, so that a dot at an end is whole


def plot(title: str, lines: Sequence[Line]) -> str:
    """The plot as one inline SVG element; words for those who cannot see stand in it."""
    height = _TOP + _ROW * len(lines)
    told = " ".join(f"{line.scorer}, {line.speaker}: {_told(line)}." for line in lines)
    body = "".join("".join(_row(line, _TOP + _ROW * place)) for place, line in enumerate(lines))
    return (
        f'<svg role="img" width="100%" height="{height:g}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{html.escape(title)}</title><desc>{html.escape(told)}</desc>{body}</svg>"
    )


def figure(value: float | None, high: float = 1.0) -> str:
    """A mean in people's figures: a share of 1 and what is below 1 with two digits, a count with one; none for none."""
    if value is None:
        return "–"
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if high <= 1 or abs(value) < 1 else f"{value:,.1f}"


def top(line: Line) -> float:
    """The right end of a line's scale: 1 for shares, a round number for counts."""
    values = [value for value in (line.mean, line.unguarded, line.bar, line.before) if value is not None]
    highest = max(values, default=1.0)
    steps = (float(first * 10**power) for power in range(12) for first in (1, 2, 5))
    return next(step for step in steps if step >= highest)


def _row(line: Line, y: float) -> Iterator[str]:
    high, middle = top(line), y + 32

    def at(value: float) -> str:
        return f"{_INSET + min(max(value / high, 0), 1) * (100 - 2 * _INSET):.2f}%"

    words = f'y="{y + 16:g}" class='
    yield f'<text x="0" {words}"name">{html.escape(f"{line.scorer} · {line.speaker}")}</text>'
    yield f'<text x="100%" {words}"figure" text-anchor="end">{html.escape(_short(line))}</text>'
    yield f'<line x1="{at(0)}" x2="{at(high)}" y1="{middle:g}" y2="{middle:g}" class="track"/>'
    for end, anchor in ((0.0, "start"), (high, "end")):
        yield (f'<text x="{at(end)}" y="{middle + 21:g}" class="end" text-anchor="{anchor}">{figure(end, high)}</text>')
    if line.unguarded is not None and line.mean is not None:
        yield (f'<line x1="{at(line.mean)}" x2="{at(line.unguarded)}" y1="{middle:g}" y2="{middle:g}" class="gap"/>')
    if line.bar is not None:
        yield f'<line x1="{at(line.bar)}" x2="{at(line.bar)}" y1="{middle - 9:g}" y2="{middle + 9:g}" class="bar"/>'
    if line.before is not None:
        place = at(line.before)
        yield f'<line x1="{place}" x2="{place}" y1="{middle + 3:g}" y2="{middle + 9:g}" class="before"/>'
    if line.unguarded is not None:
        yield f'<circle cx="{at(line.unguarded)}" cy="{middle:g}" r="5" class="unguarded"/>'
    if line.mean is not None:
        passed = {True: "met", False: "missed", None: "free"}[line.passes]
        yield f'<circle cx="{at(line.mean)}" cy="{middle:g}" r="5" class="guarded {passed}"/>'


def _short(line: Line) -> str:
    high = top(line)
    said = figure(line.mean, high)
    if line.unguarded is not None:
        said += f", guard off {figure(line.unguarded, high)}"
    return said


def _told(line: Line) -> str:
    high, said = top(line), f"{figure(line.mean, top(line))}, {line.better} is better"
    said += f", with the guard off {figure(line.unguarded, high)}" if line.unguarded is not None else ""
    return said + (f", the bar is {figure(line.bar, high)}" if line.bar is not None else "")
