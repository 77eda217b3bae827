"""Quoted speech: what stands between quotation marks and sounds spoken, with who is said to have said it."""

from __future__ import annotations

import re
from typing import NamedTuple

from copilot_tools.wording.text import fold

__all__ = ["Quotation", "quotations"]


class Quotation(NamedTuple):
    """Quoted words at their place.

    Attributes:
        start: First code point, the quotation mark.
        end: One past the last; who said it is inside.
        by: The words that say who said it, in their form for comparison; empty if none do.
    """

    start: int
    end: int
    by: frozenset[str]


_MARKS = '"“”„«»‟❝❞'
_NAME = r"[A-ZÀ-ÖØ-Þ](?:[^\W\d_]|['’-]){0,24}[.]?"
"""A word of a name, or an initial."""
_QUOTED = re.compile(
    rf"[{_MARKS}](?P<said>[^{_MARKS}\n]{{2,400}})[{_MARKS}]"
    r"(?P<by>[ \t]{0,4}\n?[ \t]{0,4}[-–—~―][ \t]{0,4}[^\W\d_][^\n.!?\"“”]{1,60}"
    r"|[ \t]{1,4}\([^\W\d_][^\n.!?\"“”()]{1,60}\)"
    r"|[ \t]{0,4}[^\w\s]{0,4}[ \t]{0,4}@[\w.]{2,40})?"
    rf"(?P<bare>[ \t]{{0,4}}\n?[ \t]{{0,4}}{_NAME}"
    rf"(?:(?: {_NAME}){{0,2}}, {_NAME}(?: {_NAME}){{0,3}}|(?: {_NAME}){{1,2}})"
    r"(?=[.]?[ \t]*(?:\n|$)))?"
)
_SPEAKING = frozenset({
    *("i", "i'm", "i've", "i'd", "my", "me", "we", "we're", "we've", "our", "us", "it's", "it", "he", "she", "love"),
    *("loved", "amazing", "finally", "best", "never", "great", "recommend", "changed", "perfect", "works", "thank"),
    *("awesome", "brilliant", "ich", "mein", "wir", "je", "mon", "nous", "mi", "nos"),
})  # fmt: skip
_SPOKEN = 3
"""Words at least, for a quotation nobody is named for, or with a name behind it and nothing that says whose it is."""
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def quotations(text: str) -> list[Quotation]:
    """Where somebody is quoted: words with a name behind them, or several that sound spoken.

    Example:
        >>> found = quotations('Say "hello". “I sleep again!” – Anna, Berlin')
        >>> [(q.start, q.end, sorted(q.by)) for q in found]
        [(13, 44, ['anna', 'berlin'])]
    """
    found: list[Quotation] = []
    for match in _QUOTED.finditer(text):
        said = [fold(w) for w in _WORDS.findall(match["said"])]
        by = match["by"] or (match["bare"] if _signed(match["said"], match["bare"]) and len(said) >= _SPOKEN else "")
        if (by and said) or (len(said) >= _SPOKEN and not _SPEAKING.isdisjoint(said)):
            names = frozenset(fold(w) for w in _WORDS.findall(by))
            end = match.end("by" if match["by"] else "bare" if by else "said") + (0 if by else 1)
            found.append(Quotation(match.start(), end - (len(by) - len(by.rstrip())), names))
    return found


def _signed(said: str, bare: str | None) -> bool:
    """Whether a name with no dash before it signs what was said: that is a whole sentence, or a line of its own."""
    return bool(bare) and (said.rstrip()[-1:] in {".", "!", "?", "…"} or "\n" in str(bare))
