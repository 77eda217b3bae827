"""Plain text cut into sentences and tokens, each with its exact place; and the one form under which words are compared.

Offsets are code points of the text as given: emoji, combining marks and carriage returns count as they stand. Words
are read as a reader takes them in (see ``disguised``), whatever characters they are dressed in. Every
pattern consumes what it looks at, so that the time grows with the length of the text and with nothing else.

References:
    Unicode Standard Annex 29, Text Segmentation (simplified: a sentence of copy may end at the end of a line).
    Unicode Technical Standard 39, Security Mechanisms (letters that look alike).
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from copilot_tools.wording.disguised import parts, undisguised
from copilot_tools.wording.readable import readable

__all__ = ["Span", "Token", "fold", "number_of", "sentences", "tokens"]


class Span(NamedTuple):
    """A stretch of a text: ``text[start:end]``, in code points."""

    start: int
    end: int


class Token(NamedTuple):
    """A word, a number or a symbol that matters (%, currencies, stars, #, +, ×, &, @).

    Attributes:
        start: First code point.
        end: One past its last.
        norm: Its form for comparison: see ``fold``; of a number, its ASCII digits and separators.
        kind: What it is.
        apart: Whether a comma, dash, bracket or the like stands between it and the token before.
        glued: Whether no white space stands between it and the token before ("risk-free", "500mg").
    """

    start: int
    end: int
    norm: str
    kind: Literal["word", "number", "symbol"]
    apart: bool
    glued: bool


def _ranges(categories: frozenset[str], first: int, last: int) -> str:
    """A character class body of all code points of these categories."""
    found: list[str] = []
    start = None
    for point in range(first, last + 1):
        inside = unicodedata.category(chr(point)) in categories
        if inside and start is None:
            start = point
        elif not inside and start is not None:
            found.append(f"\\u{start:04x}-\\u{point - 1:04x}")
            start = None
    return "".join(found)


_MARKS = _ranges(frozenset({"Mn", "Mc", "Me"}), 0x300, 0xFFFE)
_HIDDEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
_SPACES = "\u00a0\u2009\u202f "
_LETTER = rf"[^\W\d_][{_MARKS}{_HIDDEN}]*"
_HAN = "〇零一二三四五六七八九十百千万億亿两"
_TOKEN = re.compile(
    r"(?P<address>(?:https?://|www\.)[^\s<>\"]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64})|"
    r"(?P<hashtag>[#＃](?=\d{0,9}[^\W\d_])\w+)|"
    rf"(?P<number>\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?![\d,.]?\d)|\d+(?:[.,:/'’٫٬]\d+)*|[¼-¾⅐-⅞]|[{_HAN}]+)"
    rf"|(?P<word>(?:{_LETTER})(?:{_LETTER}|\d(?![.,]?\d*\s?[%％٪])|['’ʼ](?={_LETTER}))*)"
    r"|(?P<symbol>[%％٪‰$£€¥₹₩₽₺₿¢#+×&@™®*★☆⭐✩✭✮✯🌟✓✔✅→➡➔➜⇒])"
)
_JOINING = re.compile(rf"[-‐‑'’ʼ\"“”„«»‹›\s{_HIDDEN}\ufe0f]*")
_SPACE = re.compile(r"\s")
_ELISION = re.compile(r"(?:[ldjmtsnc]|qu|jusqu|lorsqu|puisqu)['’ʼ](?=\w\w)", re.IGNORECASE)


def tokens(text: str, start: int = 0, end: int | None = None) -> tuple[Token, ...]:
    """The tokens of ``text[start:end]``, in order.

    Example:
        >>> [t.norm for t in tokens("Saves 40\u00a0% — risk-free!")]
        ['saves', '40', '%', 'risk', 'free']
    """
    whole = text[start : len(text) if end is None else end]
    seen = undisguised(whole)
    found = _tokens(seen.text)
    if start == 0 and seen.starts is None:
        return tuple(found)
    placed = ((token, *seen.place(token.start, token.end)) for token in found)
    return tuple(token._replace(start=first + start, end=last + start) for token, first, last in placed)


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    last = 0
    for match in _TOKEN.finditer(text):
        first, beyond = match.span()
        between = text[last:first]
        apart = bool(found) and not _JOINING.fullmatch(between)
        glued = bool(found) and not _SPACE.search(between)
        kind = match.lastgroup
        if kind == "address":
            continue
        if kind == "hashtag":
            found += _hashtag(text, first + 1, beyond, apart=apart)
        elif kind == "word":
            elided = _ELISION.match(text, first, beyond)
            if elided:
                found.append(Token(first, elided.end(), fold(elided.group()), "word", apart, glued))
                first, apart, glued = elided.end(), False, True
            found += _words(text, first, beyond, apart=apart, glued=glued)
        elif kind == "number":
            found.append(Token(first, beyond, number_of(match.group()), "number", apart, glued))
        else:
            found.append(Token(first, beyond, _SYMBOLS.get(match.group(), match.group()), "symbol", apart, glued))
        last = beyond
    return found


def _words(text: str, first: int, beyond: int, *, apart: bool, glued: bool) -> list[Token]:
    """A word, or the words of one written without blanks."""
    return [
        _part(text[first + a : first + b], first + a, apart=apart and a == 0, glued=glued or a > 0)
        for a, b in parts(text[first:beyond])
    ]


def _part(word: str, start: int, *, apart: bool, glued: bool) -> Token:
    if word.isdecimal():
        return Token(start, start + len(word), number_of(word), "number", apart, glued)
    return Token(start, start + len(word), fold(word), "word", apart, glued)


_PART = re.compile(r"[^\W\d_a-z]?[^\W\dA-Z_]+|[^\W\d_a-z]+(?![^\W\dA-Z_])|\d+")


def _hashtag(text: str, first: int, beyond: int, *, apart: bool) -> list[Token]:
    """The words of a hashtag: #GutHealth."""
    return [
        _part(m.group(), m.start(), apart=apart and m.start() == first, glued=m.start() > first)
        for m in _PART.finditer(text, first, beyond)
    ]


_SYMBOLS = (
    dict.fromkeys("➡➔➜⇒", "→") | dict.fromkeys("％٪", "%") | dict.fromkeys("☆⭐✩✭✮✯🌟", "★") | dict.fromkeys("✔✅", "✓")
)

_ALIKE = str.maketrans(
    "аеіјорсухѕһԁԛԝАВЕКМНОРСТУХІЈЅαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeijopcyxshdqwABEKMHOPCTYXIJSaeiknoptuxABEZHIKMNOPTYX",
)


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    r"""The form of a word under which it is compared: no capitals, accents, hidden characters; straight apostrophes.

    A word that mixes Latin with look-alike Cyrillic or Greek letters is read as Latin.

    Example:
        >>> fold("Guar\u200bANTÍA"), fold("You’ll"), fold("b\u0435st"), fold("größte")
        ('guarantia', "you'll", 'best', 'grosste')
    """
    if word.isascii():
        return sys.intern(word.lower())
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", readable(word).text) if unicodedata.category(c) not in _DROPPED
    )
    if any(c.isascii() and c.isalpha() for c in plain):
        plain = plain.translate(_ALIKE)
    return sys.intern(plain.casefold().replace("’", "'").replace("ʼ", "'"))


_DROPPED = frozenset({"Mn", "Cf"})


def number_of(digits: str) -> str:
    """A number's digits in ASCII, whatever the script; separators as they stand, spaces dropped.

    Example:
        >>> number_of("٣٠"), number_of("12 500"), number_of("½"), number_of("四")
        ('30', '12500', '1/2', '4')
    """
    if digits.isascii():
        return digits.replace(" ", "")
    if len(digits) == 1 and not digits.isdecimal():
        value = unicodedata.numeric(digits, 0.0)
        if value == int(value):
            return str(int(value))
        return unicodedata.normalize("NFKD", digits).replace("\u2044", "/")
    return "".join(
        str(unicodedata.digit(c)) if c.isdecimal() else {"٫": ".", "٬": ",", "’": "'"}.get(c, c)
        for c in digits
        if not c.isspace()
    )


_BOUNDARY = re.compile(
    r"(?P<stop>[.!?…‽。！？｡؟۔।]+[\"'”’»)\]›」』*_]*)(?P<space>\s*)|(?P<line>(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])\s*)"
)
_WIDE = frozenset("。！？｡؟۔।")
_BULLET = re.compile(r"[-*+•·▪‣–—>✓✔✅☑→]\s|\d{1,3}[.)]\s")
_LAST_WORD = re.compile(r"[\w.'’]{1,16}$")
_BEFORE_NUMBER = frozenset({"no", "nr", "num", "est", "art", "fig", "vol", "ch", "pp", "tel", "ca", "approx", "ext"})
_BEFORE_NAME = frozenset({
    *("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "hr", "fr", "sra", "dra", "mme", "vs", "z.b", "d.h", "u.a"),
    *("i.d.r", "e.g", "i.e", "bzw", "inkl", "zzgl"),
})  # fmt: skip
_ANYWHERE = frozenset({
    *("etc", "inc", "ltd", "co", "corp", "usw", "max", "min", "dept", "u.s", "u.k", "a.m", "p.m", "approx", "ca"),
})  # fmt: skip
_WRAPPED = 60
"""A line at least this long that ends without a stop goes on in the next one."""


def sentences(text: str) -> tuple[Span, ...]:
    r"""The sentences of ``text``, in order, without the white space around them.

    A sentence ends at a stop that ends one, at an empty line, and at the end of a line unless the line was wrapped.
    Every code point that is not white space stands in exactly one sentence.

    Example:
        >>> text = "Dr. Smith paid $4.50. Hurry!\r\n- No. 1 in France"
        >>> [text[s.start:s.end] for s in sentences(text)]
        ['Dr. Smith paid $4.50.', 'Hurry!', '- No. 1 in France']
    """
    return tuple(_sentences(text))


def _sentences(text: str) -> Iterator[Span]:
    start = _skip(text, 0)
    for match in _BOUNDARY.finditer(text):
        if match.start() < start:
            continue
        ends = _ends_line(text, start, match) if match["line"] else _ends_sentence(text, start, match)
        if ends:
            stop = match.start() if match["line"] else match.end("stop")
            stop = _trimmed(text, start, stop)
            if stop > start:
                yield Span(start, stop)
            start = match.end()
    stop = _trimmed(text, start, len(text))
    if stop > start:
        yield Span(start, stop)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _trimmed(text: str, start: int, stop: int) -> int:
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return stop


def _ends_line(text: str, start: int, match: re.Match[str]) -> bool:
    after = text[match.end() : match.end() + 8]
    gap = match["line"].replace("\r\n", "\n")
    if not after or sum(c in "\n\r\x0b\x0c\x85\u2028\u2029" for c in gap) > 1 or _BULLET.match(after):
        return True
    before = text[max(start, match.start() - 400) : match.start()].rstrip()
    if before.endswith(":"):
        return True
    line = len(before) - max(before.rfind("\n"), before.rfind("\r")) - 1
    return not (after[0].islower() or line >= _WRAPPED)


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    stop, space, at = match["stop"], match["space"], match.end()
    if at == len(text) or stop[0] in _WIDE:
        return True
    lower = text[at].islower()
    broken = any(c in "\n\r\u2028\u2029" for c in space)
    if not space or stop != ".":
        return bool(space) and (broken or not lower)
    return (broken and not lower) or _is_last(text, start, match, lower=lower)


def _is_last(text: str, start: int, match: re.Match[str], *, lower: bool) -> bool:
    """Whether the one full stop here ends a sentence, and no abbreviation, initial or ordinal."""
    word = _LAST_WORD.search(text, max(start, match.start() - 16), match.start())
    last = word.group().lower().lstrip(".") if word else ""
    if last.isdigit():  # "1. Open the box", "am 3. Mai"
        return match.start() - start > len(last) and not _month(text, match.end())
    if last in _BEFORE_NUMBER:
        return not (text[match.end()].isdigit() or (last in _ANYWHERE and lower))
    if last in _BEFORE_NAME or (len(last) == 1 and last.isalpha()):
        return False
    return not (last in _ANYWHERE and lower)


def _month(text: str, at: int) -> bool:
    return fold(text[at : at + 3]) in _MONTHS


_MONTHS = frozenset({
    *("jan", "feb", "mar", "mrz", "apr", "mai", "may", "jun", "jul", "aug", "sep", "okt", "oct", "nov", "dez", "dec"),
})  # fmt: skip
