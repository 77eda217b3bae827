"""How far a run is: cases done, how fast, what it has cost, how long it still takes."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from suite.working import Done

__all__ = ["Shown"]


class _Rate(ProgressColumn):
    """Cases a minute."""

    def render(self, task: Task) -> Text:
        """As text."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed * 60:.0f} cases a minute")


class Shown:
    """A bar on a terminal; elsewhere a line for every tenth of the way.

    Args:
        total: How many cases.
        console: Where it is shown.
        priced: Whether money is spent at all.
    """

    def __init__(self, total: int, console: Console, *, priced: bool) -> None:
        self._console = console
        self._priced = priced
        self._total = total
        self._lock = threading.Lock()
        self._done = 0
        self._cost = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TextColumn("{task.fields[cost]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._row = self._bar.add_task("starting", total=total, cost="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, done: Done) -> None:
        """One more case is over."""
        with self._lock:
            self._done += 1
            self._cost += done.cost or 0.0
        cost = f"${self._cost:.2f}" if self._priced else ""
        self._bar.update(self._row, advance=1, description=f"{done.task}, {done.speaker}", cost=cost)
        tenth = max(self._total // 10, 1)
        if not self._console.is_terminal and (self._done % tenth == 0 or self._done == self._total):
            self._console.print(f"{self._done} of {self._total} cases{f', {cost}' if cost else ''}", highlight=False)
