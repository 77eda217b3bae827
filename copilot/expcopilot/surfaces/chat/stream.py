"""Words as they come, broken between words at the terminal's width, and inert: nothing in them moves or colours."""

from __future__ import annotations

import re
import shutil
import sys

from rich.cells import cell_len

from copilot_tools.wording.plain import visible

__all__ = ["Stream"]

_PARTS = re.compile(r"\n| +|[^ \n]+")


class Stream:
    """Writes pieces of an answer to the terminal; a word is written once its end is known."""

    def __init__(self, width: int | None = None) -> None:
        self._width = width or shutil.get_terminal_size().columns
        self._column = 0
        self._word = ""
        self._blanks = ""

    def __call__(self, piece: str) -> None:
        """Write a piece."""
        for part in _PARTS.findall(piece.replace("\r\n", "\n").replace("\t", " ")):
            if part[0] not in " \n":
                self._word += part
                continue
            self._flush()
            if part == "\n":
                self._line()
            else:
                self._blanks += part
        sys.stdout.flush()

    def end(self) -> None:
        """Write what is left, and end the line."""
        self._flush()
        if self._column:
            self._line()
        sys.stdout.flush()

    def _flush(self) -> None:
        word = visible(self._word)
        self._word = ""
        if not word:
            return
        if self._column and self._column + len(self._blanks) + cell_len(word) > self._width:
            self._line()
        blanks = self._blanks if self._column else ""
        sys.stdout.write(blanks + word)
        self._column += len(blanks) + cell_len(word)
        self._blanks = ""

    def _line(self) -> None:
        sys.stdout.write("\n")
        self._column, self._blanks = 0, ""
