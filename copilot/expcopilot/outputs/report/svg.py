"""What all pictures share: an axis, its ticks, escaping, and the frame that carries the words for those who cannot see.

Horizontal places are percentages and text has its size in pixels, so that a picture fills a phone and a page alike and
its text stays readable on both. Colours are the page's, by class name.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable

from copilot_tools.base import Frozen
from copilot_tools.stats.formats import MINUS
from copilot_tools.wording.plain import visible

__all__ = ["Axis", "axis_over", "drawing", "escaped", "text"]

INSET = 3.0
"""Percent of the width left free at either side."""


class Axis(Frozen):
    """A horizontal axis from ``low`` to ``high``."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where ``value`` stands, in percent of the width; values beyond the axis stand at its ends."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return INSET + share * (100 - 2 * INSET)

    def at(self, value: float) -> str:
        """``place`` as an SVG length."""
        return f"{self.place(value):.2f}%"

    def ticks(self, about: int = 6) -> tuple[float, ...]:
        """Round numbers on the axis, 0 among them when it is on the axis."""
        step = self._step(about)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(i * step for i in range(first, last + 1))

    def label(self, tick: float, factor: float, about: int = 6) -> str:
        """A tick in people's figures; ``factor`` 100 turns shares into percent."""
        digits = min(max(-math.floor(math.log10(self._step(about) * factor) + 1e-9), 0), 6)
        shown = f"{abs(tick) * factor:,.{digits}f}"
        if float(shown.replace(",", "")) == 0:
            return "0"
        return (MINUS if tick < 0 else "+") + shown

    def _step(self, about: int) -> float:
        rough = (self.high - self.low) / about
        power = 10 ** math.floor(math.log10(rough))
        return float(next(power * s for s in (1, 2, 5, 10) if power * s >= rough * (1 - 1e-9)))


def axis_over(values: Iterable[float], *, pad: float = 0.06) -> Axis:
    """The axis that shows every finite value and zero, with a little air."""
    finite = [v for v in values if math.isfinite(v)] + [0.0]
    low, high = min(finite), max(finite)
    if high == low:
        low, high = low - 1, high + 1
    air = (high - low) * pad
    return Axis(low=low - air, high=high + air)


def escaped(value: str) -> str:
    """Text for the inside of an element or an attribute."""
    return html.escape(visible(value), quote=True)


def text(x: str, y: float, words: str, css: str, anchor: str = "start") -> str:
    """A piece of text."""
    return f'<text x="{x}" y="{y:g}" class="{css}" text-anchor="{anchor}">{escaped(words)}</text>'


def drawing(name: str, height: float, title: str, description: str, body: Iterable[str]) -> str:
    """The picture as one inline SVG element.

    Args:
        name: Unique on the page.
        height: In pixels; the width is whatever there is.
        title: What it is.
        description: What it shows.
        body: Elements.
    """
    # No ids inside: a page that swaps its parts in place would take a drawing for one that it has already.
    words = escaped(f"{title}. {description}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" data-picture="{escaped(name)}" role="img" width="100%" '
        f'height="{height:g}" aria-label="{words}"><title>{escaped(title)}</title>'
        f"<desc>{escaped(description)}</desc>{''.join(body)}</svg>"
    )
