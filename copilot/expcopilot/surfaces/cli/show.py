"""Words and tables for people in a terminal of any width: text from plans and data is shown, never obeyed.

Rich's own markup is off everywhere, and every string passes ``visible`` on its way in, so that neither a bracket nor a
terminal escape in a name can colour, move or hide anything. NO_COLOR is respected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from copilot_tools.wording.plain import visible
from expcopilot.surfaces.cli.session import spelled

if TYPE_CHECKING:
    from copilot_tools.refusals import Refusal

__all__ = ["console", "facts", "heading", "line", "listed", "near", "next_steps", "paths", "refused", "table", "text"]
__all__ += ["document"]

_NARROW = 24
"""Columns of the terminal a table's column should have at least; else the rows are written one below the other."""


def console(*, stderr: bool = False) -> Console:
    """Standard output (or error) without markup, emoji or guessed highlights."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def text(words: str, style: str = "") -> Text:
    """Inert text; one space after a label is kept, so that text can follow it."""
    shown = visible(words)
    return Text(f"{shown} " if shown and words.endswith(" ") else shown, style=style, overflow="fold")


def line(words: str = "", style: str = "") -> None:
    """Print one paragraph."""
    console().print(text(words, style))


def heading(words: str) -> None:
    """Print a heading with a line of space above."""
    out = console()
    out.print()
    out.print(text(words, "bold"))


def document(written: str) -> None:
    """Print a text of many lines as it stands, indentation and all, without its comment lines."""
    out = console()
    for row in written.splitlines():
        if not row.startswith("#"):
            indent = len(row) - len(row.lstrip(" "))
            out.print(Text(" " * indent).append_text(text(row)), soft_wrap=True)


def listed(items: Iterable[str], *, mark: str = "•", style: str = "") -> RenderableType:
    """A list whose wrapped lines hang under their text."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for item in items:
        grid.add_row(Text(mark, style=style), text(item))
    return grid


def facts(pairs: Iterable[tuple[str, str]]) -> RenderableType:
    """Names and what they stand for, in two columns."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", overflow="fold", max_width=28)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(text(name), text(value))
    return grid


def table(columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]], *, width: int) -> RenderableType:
    """A table; in a narrow terminal one block a row, so that nothing is cut.

    Args:
        columns: (title, whether numeric) of each.
        rows: Cells.
        width: Of the terminal.
    """
    kept = [tuple(row) for row in rows]
    needed = (
        [max(_NARROW / 2, *(min(len(r[i]), _NARROW) for r in kept), 0) for i in range(len(columns))] if kept else []
    )
    if sum(needed) > width:
        return Group(*(_stacked(columns, row) for row in kept))
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for title, numeric in columns:
        grid.add_column(text(title), justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        grid.add_row(*(text(cell) for cell in row))
    return grid


def _stacked(columns: Sequence[tuple[str, bool]], row: Sequence[str]) -> RenderableType:
    first, *others = row
    lines = [text(first, "bold")]
    lines.extend(
        Text("  ").append_text(text(title, "dim")).append("  ").append_text(text(cell))
        for (title, _), cell in zip(columns[1:], others, strict=True)
        if cell
    )
    return Group(*lines)


def refused(refusals: Sequence[Refusal]) -> None:
    """Say on standard error what cannot be done, why, and what to do: every problem, in one red-bordered box."""
    parts: list[RenderableType] = []
    for refusal in refusals:
        if parts:
            parts.append(Text())
        parts.append(Text("Cannot do this, because: ", style="bold").append_text(text(spelled(refusal.reason))))
        if refusal.cure:
            parts.append(Text("What to do: ", style="bold").append_text(text(spelled(refusal.cure))))
    title = "Refused" if len(refusals) == 1 else f"Refused, {len(refusals)} problems"
    box = Panel(Group(*parts), title=title, title_align="left", border_style="red", padding=(0, 1))
    console(stderr=True).print(box)


def next_steps(steps: Iterable[tuple[str, str]]) -> None:
    """Print what to type next: (what for, command)."""
    heading("Next")
    out = console()
    for purpose, command in steps:
        out.print(text(f"  {purpose}:"))
        out.print(Text("    ").append_text(text(spelled(command), "cyan")), soft_wrap=True)


def near(path: Path) -> Path:
    """A path as short as it can be typed from here."""
    absolute, here = path.absolute(), Path.cwd()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else path


def paths(title: str, files: Iterable[object]) -> None:
    """Print file paths unwrapped, so that they can be copied."""
    out = console()
    if title:
        out.print(text(title, "bold"))
    for file in files:
        out.print(Text("  ").append_text(text(str(file))), soft_wrap=True)
