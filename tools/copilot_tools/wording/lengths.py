"""How long a text is, as its channel counts: in what readers see as characters, in width, in segments or in bytes.

References:
    Unicode Standard Annex 29 (grapheme clusters), by way of wcwidth.
    3GPP TS 23.038 (the GSM 7-bit alphabet and its extension), TS 23.040 (segments of one message).
"""

from __future__ import annotations

import unicodedata
from typing import Literal, NamedTuple

from wcwidth import iter_graphemes

from copilot_tools.wording.channels import Unit

__all__ = ["Segments", "characters", "length", "segments", "width"]

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Sent as two: an escape and the character."""


class Segments(NamedTuple):
    """How a text message is sent.

    Attributes:
        parts: How many segments.
        alphabet: "GSM-7", or "UCS-2" where a character lies outside it.
        units: Characters of GSM-7, or UTF-16 code units, that the text takes.
        outside: Characters that lie outside GSM-7, each once, in order.
    """

    parts: int
    alphabet: Literal["GSM-7", "UCS-2"]
    units: int
    outside: tuple[str, ...]


def characters(text: str) -> int:
    """Characters as readers see them (grapheme clusters): a flag or a family is one, and so is a line break.

    Example:
        >>> characters("👨‍👩‍👧 e\u0301")
        3
    """
    return len(text) if text.isascii() and "\r" not in text else sum(1 for _ in iter_graphemes(text))


def width(text: str) -> int:
    """Characters, wide East Asian ones (and emoji) counted twice, as search ads count them.

    Example:
        >>> width("安い flights")
        12
    """
    if text.isascii():
        return characters(text)
    return sum(2 if any(unicodedata.east_asian_width(c) in "WF" for c in g) else 1 for g in iter_graphemes(text))


def segments(text: str) -> Segments:
    """Segments a text message is sent in. No character is cut in two: an escaped pair or a surrogate pair moves on.

    Example:
        >>> segments("Ends tonight"), segments("Ends tonight 🎉").alphabet
        (Segments(parts=1, alphabet='GSM-7', units=12, outside=()), 'UCS-2')
    """
    outside = tuple(dict.fromkeys(c for c in text if c not in _GSM and c not in _GSM_EXTENDED))
    if outside:
        sizes = [2 if ord(c) > 0xFFFF else 1 for c in text]
        alphabet: Literal["GSM-7", "UCS-2"] = "UCS-2"
        whole, part = 70, 67
    else:
        sizes = [2 if c in _GSM_EXTENDED else 1 for c in text]
        alphabet = "GSM-7"
        whole, part = 160, 153
    units = sum(sizes)
    if units <= whole:
        return Segments(1, alphabet, units, outside)
    count, filled = 1, 0
    for size in sizes:
        if filled + size > part:
            count, filled = count + 1, 0
        filled += size
    return Segments(count, alphabet, units, outside)


def length(text: str, unit: Unit) -> int:
    """How much of a bound in ``unit`` the text takes."""
    if unit == "segments":
        return segments(text).parts
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return width(text) if unit == "width" else characters(text)
