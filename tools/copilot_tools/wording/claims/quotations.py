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
_QUOTED = re.compile(
    rf"[{_MARKS}](?P<said>[^{_MARKS}\n]{{2,400}})[{_MARKS}]"
    r"(?P<by>[ \t]{0,4}\n?[ \t]{0,4}[-–—~―][ \t]{0,4}[^\W\d_][^\n.!?\"“”]{1,60}"
    r"|[ \t]{1,4}\([^\W\d_][^\n.!?\"“”()]{1,60}\)"
    r"|[ \t]{0,4}[^\w\s]{0,4}[ \t]{0,4}@[\w.]{2,40})?"
)
_SPEAKING = frozenset({
    *("i", "i'm", "i've", "i'd", "my", "me", "we", "we're", "we've", "our", "us", "it's", "it", "he", "she", "love"),
    *("loved", "amazing", "finally", "best", "never", "great", "recommend", "changed", "perfect", "works", "thank"),
    *("awesome", "brilliant", "ich", "mein", "wir", "je", "mon", "nous", "mi", "nos"),
})  # fmt: skip
_SPOKEN = 3
"""Words at least, for a quotation nobody is named for."""
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
        by = match["by"] or ""
        if (by and said) or (len(said) >= _SPOKEN and not _SPEAKING.isdisjoint(said)):
            names = frozenset(fold(w) for w in _WORDS.findall(by))
            found.append(Quotation(match.start(), match.end() - (len(by) - len(by.rstrip())), names))
    return found
