"""Statements out of a stream of JSON, each as soon as its closing quotation mark is there."""

from __future__ import annotations

import json
import re

__all__ = ["StatementReader"]

_OPENING = re.compile(r'\{\s*"statements"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_LONGEST = 200_000


class StatementReader:
    """Reads ``{"statements": ["...", ...]}`` while it arrives; any other text holds no statement.

    Example:
        >>> reader = StatementReader()
        >>> reader.feed('{"statements": ["The verdict is {verdict.phr')
        []
        >>> reader.feed('ase}.", "Each look')
        ['The verdict is {verdict.phrase}.']
    """

    def __init__(self) -> None:
        self._text = ""
        self._at = -1
        self._decoder = json.JSONDecoder()

    def feed(self, chunk: str) -> list[str]:
        """Take a chunk; return the statements it finished. An empty chunk means: forget what came before."""
        if not chunk:
            self._text, self._at = "", -1
            return []
        if len(self._text) < _LONGEST:  # no answer that fits its bound is longer
            self._text += chunk
        if self._at < 0:
            opening = _OPENING.search(self._text)
            if opening is None:
                return []
            self._at = opening.end()
        return list(self._finished())

    def _finished(self) -> list[str]:
        found: list[str] = []
        while True:
            between = _BETWEEN.match(self._text, self._at)
            start = between.end() if between else self._at
            if self._text[start : start + 1] != '"':
                return found
            try:
                value, self._at = self._decoder.raw_decode(self._text, start)
            except ValueError:
                return found
            found.append(str(value))
