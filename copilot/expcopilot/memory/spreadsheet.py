"""Text as a cell that no spreadsheet runs, and back: an apostrophe before whatever it would take for a formula.

That holds at the beginning of a cell, and after a semicolon, a tab or a line break: a spreadsheet that expects another
separator cuts the cell there, quotation marks or not.

References:
    OWASP, CSV Injection.
"""

from __future__ import annotations

import re

__all__ = ["FORMULA", "guarded", "unguarded"]

FORMULA = "=+-@−＝＋－＠"
"""What a spreadsheet takes for the beginning of a formula, with or without white space before it."""
_START = rf"['\s]*[{re.escape(FORMULA)}]"
_INSIDE = r"[ \xa0]*(?:[=@＝＠]|[+\-−＋－](?=[\w(.]))"  # a bullet ("- item") or a smiley (";-)") runs nothing
_RUNS = re.compile(rf"\A(?={_START})|(?<=[;\t\r\n])(?='*{_INSIDE})")
_GUARDS = re.compile(rf"\A'(?={_START})|(?<=[;\t\r\n])'(?='*{_INSIDE})")


def guarded(text: str) -> str:
    r"""A text that no spreadsheet runs.

    Example:
        >>> [guarded(t) for t in ("=cmd()", "'Tis", "'=x", "List:\n- one\n=two()", "bye ;-)")]
        ["'=cmd()", "'Tis", "''=x", "List:\n- one\n'=two()", 'bye ;-)']
    """
    return _RUNS.sub("'", text)


def unguarded(text: str) -> str:
    """The text before ``guarded``."""
    return _GUARDS.sub("", text)
