"""Quoted speech: what stands between quotation marks and sounds like somebody talking, with who is said to have said it."""

from __future__ import annotations

import re

from copilot_tools.wording.text import Span, fold

__all__ = ["quotations"]

_MARKS = '"“”„«»‟❝❞'
_QUOTED = re.compile(
    rf"[{_MARKS}](?P<said>[^{_MARKS}\n]{{2,400}})[{_MARKS}]"
    r"(?P<by>[ \t]{0,4}\n?[ \t]{0,4}[-–—~―][ \t]{0,4}[^\W\d_][^\n.!?\"“”]{1,60})?"
)
_SPEAKING = frozenset(
    "i i'm i've i'd my me we we're we've our us it's it he she love loved amazing finally best never great recommend "
    "changed perfect works thank awesome brilliant ich mein wir je mon nous mi me nos".split()
)
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def quotations(text: str) -> list[Span]:
    """Where somebody is quoted: quoted words with a name behind them, or of at least four that sound spoken.

    Example:
        >>> quotations('Say "hello". “I sleep again!” – Anna, Berlin')
        [Span(start=13, end=44)]
    """
    found: list[Span] = []
    for match in _QUOTED.finditer(text):
        said = [fold(w) for w in _WORDS.findall(match["said"])]
        spoken = len(said) >= 3 and not _SPEAKING.isdisjoint(said)
        if spoken or (match["by"] and len(said) >= 2):
            end = match.end() if match["by"] else match.end("said") + 1
            found.append(
                Span(match.start(), match.end("by") - (len(match["by"]) - len(match["by"].rstrip())))
                if match["by"]
                else Span(match.start(), end)
            )
    return found
