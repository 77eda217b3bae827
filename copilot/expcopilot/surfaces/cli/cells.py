"""Tables for a spreadsheet, in which a cell is text or a number and never a formula.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``, whatever the file calls it. Such texts get an
apostrophe before them; numbers are written as numbers.

References:
    OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from copilot_tools.wording.plain import visible
from expcopilot.memory.whole_file import write_out

__all__ = ["inert", "write"]

_RUN = ("=", "+", "-", "@", "−", "＝", "＋", "－", "＠")

Cell = str | int | float | bool | None


def inert(value: Cell) -> str:
    """A cell as text that no spreadsheet runs.

    Example:
        >>> [inert("=cmd()"), inert("@sum"), inert(-0.5), inert(None)]
        ["'=cmd()", "'@sum", '-0.5', '']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    shown = visible(value)
    return f"'{shown}" if shown.startswith(_RUN) else shown


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a CSV file whole: complete or not at all.

    Raises:
        Refused: The file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([inert(title) for title in header])
    writer.writerows([inert(cell) for cell in row] for row in rows)
    write_out(path, text.getvalue())
