"""Visible text with its way back: for each code point a reader sees, where it stands in the source."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["BREAK", "Visible"]

BREAK = "\n\n"
"""What sets blocks apart, so that no sentence runs across them."""


@dataclass
class Visible:
    """Visible text with its way back.

    Attributes:
        parts: The text, in pieces.
        starts: For each of its code points, where it begins in the source.
        ends: And where it ends; a character reference such as ``&amp;`` is one code point here and five there.
        paragraphs: Whether an empty line of the source sets paragraphs apart: in Markdown, not in HTML.
    """

    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    paragraphs: bool = False

    @property
    def text(self) -> str:
        """The text as it is read."""
        return "".join(self.parts)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the source of a stretch of the text that is not empty."""
        return self.starts[start], self.ends[end - 1]

    def take(self, source: str, start: int, end: int) -> None:
        """Take ``source[start:end]`` as it stands."""
        self.parts.append(source[start:end])
        self.starts.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))

    def put(self, written: str, start: int, end: int) -> None:
        """Put ``written`` for ``source[start:end]``."""
        self.parts.append(written)
        self.starts.extend([start] * len(written))
        self.ends.extend([end] * len(written))

    def add(self, other: Visible) -> None:
        """Put another text of the same source behind this one."""
        self.parts.extend(other.parts)
        self.starts.extend(other.starts)
        self.ends.extend(other.ends)

    def through(self, inner: Visible) -> Visible:
        """This text, made from ``inner.text``, with places in the source that ``inner`` was made from."""
        starts = [inner.starts[s] if s < len(inner.starts) else _end(inner) for s in self.starts]
        ends = [inner.ends[e - 1] if e > 0 else 0 for e in self.ends]
        return Visible(self.parts, starts, [max(s, e) for s, e in zip(starts, ends, strict=True)])


def _end(visible: Visible) -> int:
    return visible.ends[-1] if visible.ends else 0
