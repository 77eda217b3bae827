"""Phrases found in a text by its words: whatever the capitals, accents, punctuation or typography around them.

How a phrase is written: words with blanks between, "*" for the rest of a word, "#" for any number, ".." for up to five
words, "?" for a question mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from copilot_tools.wording.text import fold, tokens

__all__ = ["found", "line", "pattern"]

_NUMBER = r"\d[\d.,:'/]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty"
_SYMBOLS = "$£€¥₹%‰#+&@*★✓×"


def line(text: str) -> str:
    """The words of a text in their form for comparison, a blank around each; question marks are kept.

    Example:
        >>> line("Größe 42, ready?")
        ' grosse 42 ready ? '
    """
    parts, last = [" "], 0
    for token in tokens(text):
        if "?" in text[last : token.start]:
            parts.append("? ")
        parts.append(f"{token.norm} ")
        last = token.end
    if "?" in text[last:]:
        parts.append("? ")
    return "".join(parts)


def pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """What finds any of ``phrases`` in a ``line``; every gap is bounded, so that the time grows with the text alone."""
    return re.compile(f"(?= ((?:{'|'.join(_written(phrase) for phrase in phrases)})) )")


def found(compiled: re.Pattern[str], text: str) -> tuple[str, ...]:
    """The phrases that stand in ``text``, each once, in the form for comparison, in the order of their places.

    Example:
        >>> found(pattern(["sign* up", "risk free"]), "Signing up is RISK-FREE.")
        ('signing up', 'risk free')
    """
    return tuple(dict.fromkeys(match[1] for match in compiled.finditer(line(text))))


def _written(phrase: str) -> str:
    written = ""
    for part in re.sub(rf"([{re.escape(_SYMBOLS.replace('#', '').replace('*', ''))}])", r" \1 ", phrase).split():
        if part == "..":
            written += r"(?:\S+ ){0,5}?"
        elif part == "#":
            written += rf"(?:{_NUMBER}) "
        elif part in {"?", "*"} or part in _SYMBOLS:
            written += rf"{re.escape(part)} "
        else:
            prefix = part.endswith("*")
            words = [token.norm for token in tokens(part.removesuffix("*"))]
            written += " ".join(re.escape(word) for word in words) + (r"\S* " if prefix else " ") if words else ""
    return written.removesuffix(" ") or re.escape(fold(phrase))
