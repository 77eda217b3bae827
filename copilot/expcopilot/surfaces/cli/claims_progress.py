"""How far a scan of large files is: a bar on standard error where somebody watches, nothing for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expcopilot.surfaces.cli.claims_report import Tell

__all__ = ["shown"]

_WORTH_A_BAR = 100_000
"""Bytes that are scanned before anybody wonders."""


@contextmanager
def shown(files: Sequence[str]) -> Iterator[Tell]:
    """What a scan tells how far it is.

    It moves from sentence to sentence, within one large file as well.
    """
    sizes = {file: _size(file) for file in files}
    if not sys.stderr.isatty() or sum(sizes.values()) < _WORTH_A_BAR:
        yield lambda _file, _read: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}% of {task.fields[size]}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, markup=False, emoji=False, highlight=False),
        transient=True,
    )
    from copilot_tools.wording.plain import shortened, visible

    with bar:
        total = sum(sizes.values())
        task = bar.add_task("Reading", total=total, size=_said(total))
        before: list[str] = []

        def tell(file: str, read: int) -> None:
            # A file that is begun ends the one before: of a CSV file one column is read, and bytes are no characters.
            if file not in before:
                done = sum(sizes[name] for name in before)
                before.append(file)
                bar.update(task, completed=done, description=f"Scanning {shortened(visible(Path(file).name), 30)}")
            else:
                through = sum(sizes[name] for name in before)
                bar.update(task, completed=min(bar.tasks[0].completed + read, through))

        yield tell


def _size(file: str) -> int:
    """Bytes of a file; 0 where it has none to be known."""
    try:
        return Path(file).stat().st_size
    except (OSError, ValueError):
        return 0


def _said(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
