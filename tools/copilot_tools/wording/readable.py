"""Characters as a reader takes them: letters and digits in any dress made plain, what is not drawn left out.

Decided by Unicode properties, not by lists: the category, the compatibility form (NFKC), the numeric value, and for the
few letters that have no such form ("NEGATIVE SQUARED LATIN CAPITAL LETTER G") the character's name. Each code point of
the result knows its place in the text as given.

References:
    Unicode Standard Annex 15 (NFKC), Annex 44 (properties), Technical Standard 39 (default ignorable code points).
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

__all__ = ["Readable", "blank", "hidden", "pictured", "readable", "struck"]


class Readable(NamedTuple):
    """A text as it is taken in.

    Attributes:
        text: Its characters.
        starts: Where each of them stands in the text as given, in code points; None where nothing was changed.
    """

    text: str
    starts: list[int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]``, which is not empty, stands in the text as given."""
        return (start, end) if self.starts is None else (self.starts[start], self.starts[end - 1] + 1)

    def without(self, dropped: set[int]) -> Readable:
        """The same without some of its characters."""
        starts = self.starts or range(len(self.text))
        kept = [(c, s) for i, (c, s) in enumerate(zip(self.text, starts, strict=True)) if i not in dropped]
        return Readable("".join(c for c, _ in kept), [s for _, s in kept])


_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_SELECTORS = ((0x034F, 0x034F), (0x17B4, 0x17B5), (0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0000, 0xE0FFF))


def blank(character: str) -> bool:
    """Whether it is a letter or sign that draws nothing, such as the Hangul filler or the empty braille pattern."""
    return character in _FILLERS


def hidden(character: str) -> bool:
    r"""Whether nothing is drawn for it: format and control characters, tags, variation selectors; no white space.

    Example:
        >>> [hidden(c) for c in "\u202e\u00ad\ufe0f\U000e0061a "]
        [True, True, True, True, False, False]
    """
    if " " <= character <= "~":
        return False
    point = ord(character)
    if any(first <= point <= last for first, last in _SELECTORS):
        return True
    return unicodedata.category(character) in {"Cf", "Cc"} and not character.isspace()


def struck(character: str) -> bool:
    """Whether it draws a stroke across the letter before it."""
    return unicodedata.combining(character) == _OVERLAY


_OVERLAY = 1  # canonical combining class


_PICTURED = {"🥇": "winner", "🥈": "winner", "🥉": "winner", "💯": "hundred", "🔟": "10"}
_TOLD = frozenset("🏆🏅🎖🔝🈹🈵")


def pictured(character: str) -> bool:
    """Whether it is a picture that says what words would: first place, a hundred percent, a trophy, "free"."""
    return character in _PICTURED or character in _TOLD or 0x1F191 <= ord(character) <= 0x1F1AC


_LATIN = re.compile(r"LATIN (?:CAPITAL LETTER|SMALL LETTER|LETTER SMALL CAPITAL) ([A-Z])$")
_SQUARED = re.compile(r"SQUARED ([A-Z]{2,5})\b")
_REGIONAL = "REGIONAL INDICATOR SYMBOL LETTER "
_AS_THEY_ARE = frozenset("™℠℡ªº")
_PLAIN = {"№": "#", "\u2044": "/", "\u2215": "/"} | {c: f" {said} " for c, said in _PICTURED.items()}
_PLAIN |= dict.fromkeys(_FILLERS, " ")


class _Table(dict[int, str]):
    """Code point -> what it is read as; filled as characters are met."""

    def __missing__(self, point: int) -> str:
        self[point] = _read(chr(point))
        return self[point]


def _read(c: str) -> str:  # noqa: PLR0911 - one a property
    if c in _PLAIN:
        return _PLAIN[c]
    category = unicodedata.category(c)
    if hidden(c) or category == "Me" or struck(c):
        return ""
    if c.isascii() or c in _AS_THEY_ARE:
        return c
    name = unicodedata.name(c, "")
    if name.startswith(_REGIONAL):
        return name[-1]
    if category in {"Zs", "Nd", "Mn", "Mc"} and not unicodedata.decomposition(c).startswith(("<wide>", "<font>")):
        return c
    if category in {"No", "Nl"} and (value := unicodedata.numeric(c, -1.0)) >= 0 and value == int(value):
        return str(int(value))
    form = unicodedata.normalize("NFKC", c)
    if form != c:
        return _plain_form(c, form)
    if found := _LATIN.search(name):
        return found[1]
    if pictured(c) and (found := _SQUARED.match(name)):
        return f" {found[1]} "
    return c


def _plain_form(c: str, form: str) -> str:
    """The compatibility form where it is a letter, a digit or one sign; else the character itself."""
    if len(form) == 1:
        return form if form.isascii() else c
    letters = "".join(f for f in form if f.isalnum())
    signs = set(form) - set(letters)
    return letters if letters.isascii() and letters and signs <= set("().,") else c


_TABLE = _Table()
_POWERS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_AREAS = re.compile(r"(?<![^\W\d_])(?:m|cm|mm|km|dm|in|ft|yd)$")


def readable(text: str) -> Readable:
    r"""``text`` as a reader takes it in.

    Example:
        >>> readable("Ⓖuar\u202eanteed ⁵⁰%").text
        'Guaranteed 50%'
    """
    if text.isascii() and text.isprintable():
        return Readable(text)
    if text.translate(_TABLE) == text and _POWERS.isdisjoint(text):
        return Readable(text)
    said: list[str] = []
    starts: list[int] = []
    for place, read in enumerate(_in_place(text)):
        said.append(read)
        starts.extend([place] * len(read))
    return Readable("".join(said), starts)


def _in_place(text: str) -> list[str]:
    """What each character is read as where it stands."""
    read = [_TABLE[ord(character)] for character in text]
    for run in _FLAGS.finditer(text):
        if len(run.group()) % 2 == 0:  # drawn as flags, not as letters
            read[run.start() : run.end()] = run.group()
    for run in _RAISED.finditer(text):
        before = text[run.start() - 1] if run.start() else " "
        if before.isspace() or _AREAS.search(text[max(run.start() - 3, 0) : run.start()]):
            continue  # a number of its own, or an exponent
        footnote = " " * len(run.group())  # no part of the word it hangs on
        read[run.start() : run.end()] = run.group() if before.isdecimal() else footnote
    return read


_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]+")
_RAISED = re.compile(f"[{''.join(_POWERS)}]+")
