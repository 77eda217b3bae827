"""Words written so that a reader sees them and a search does not: spelled out, broken up, with digits for letters.

``undisguised`` reads them as the words they stand for, each at its place; ``disguises`` names what cannot be read for
certain, so that a person looks. What counts as a word that is known is data: the package's own lists of words.

References:
    Unicode Technical Standard 39, Security Mechanisms.
    Boucher et al. (2022), Bad Characters: Imperceptible NLP Attacks, IEEE S&P.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import product
from typing import NamedTuple

from copilot_tools.wording.readable import Readable, blank, hidden, pictured, readable, struck

__all__ = ["Disguise", "disguises", "known", "parts", "undisguised"]


class Disguise(NamedTuple):
    """A stretch of a text that may say something else than its characters do.

    Attributes:
        start: First code point.
        end: One past its last.
        why: One plain sentence, for whoever must look.
    """

    start: int
    end: int
    why: str


def undisguised(text: str) -> Readable:
    """``text`` as a reader takes it in: its characters made plain, its broken words joined.

    Example:
        >>> undisguised("F.R.E.E. coffee, gua**ran**teed or gu4r4nt33d").text
        'FREE. coffee, guaranteed or guaranteed'
    """
    seen = readable(text)
    dropped: set[int] = set()
    for broken in _broken(seen.text):
        if broken.joined:
            dropped |= broken.between
    if dropped:
        seen = seen.without(dropped)
    letters = None
    for mixed in _mixed(seen.text):
        if mixed.word:
            letters = letters or list(seen.text)
            letters[mixed.start : mixed.end] = mixed.word
    return seen if letters is None else Readable("".join(letters), seen.starts)


def disguises(text: str) -> tuple[Disguise, ...]:
    r"""What in ``text`` may say something else than its characters do, in order; see ``Disguise``.

    What is read for certain (full-width letters, soft hyphens, "F.R.E.E.") is none: the words are judged as they are.

    Example:
        >>> [d.why for d in disguises("sm\u202eth b w o r m y")]  # doctest: +ELLIPSIS
        ['An invisible character (U+202E) can hide or turn what is read; remove it.', "'b w o r m y' is written ..."]
    """
    return tuple(sorted({*_unseen(text), *_unsure(text)}))


def known(word: str) -> bool:
    """Whether the package's lists have the word, in any of its common forms.

    Example:
        >>> known("guaranteed"), known("Offers"), known("bwormy")
        (True, True, False)
    """
    lower, words = word.casefold(), _known()
    return lower in words or any(
        lower.removesuffix(ending) + instead in words
        for ending, instead in _ENDINGS
        if len(lower) > len(ending) + 2 and lower.endswith(ending)
    )


_ENDINGS = (
    ("s", ""),
    ("es", ""),
    ("ed", ""),
    ("ed", "e"),
    ("d", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("er", ""),
)


@cache
def _known() -> frozenset[str]:
    folder = files("copilot_tools.wording")
    lists = [entry for entry in (folder / "lexicon").iterdir() if entry.name.endswith((".toml", ".txt"))]
    for language in (folder / "claims").iterdir():
        if len(language.name) == _CODE and language.is_dir():
            lists += [entry for entry in language.iterdir() if entry.name.endswith(".txt")]
    return frozenset(
        word for entry in lists for word in re.findall(r"[^\W\d_]{3,}", entry.read_text(encoding="utf-8").casefold())
    )


_CODE = 2  # letters of a language's code


class _Broken(NamedTuple):
    start: int
    end: int
    between: set[int]
    word: str
    joined: bool
    certain: bool


_SPELLED = re.compile(
    r"(?<![^\W_])[^\W_](?P<gap>[ \u00a0\u2009]{1,3}|\. |[._\-‐‑*·•|/~+,:=–—]|\n)[^\W_](?:(?P=gap)[^\W_])+(?![^\W_])"
)
_MARKED = re.compile(r"(?<![^\W_])[^\W\d_]+(?:(?:\*{1,3}|~~|`{1,2}|\||·|•|[_\-‐‑+=.](?=[^\W\d_]))[^\W\d_]+)+(?![^\W_])")
_HYPHENATED = re.compile(r"(?<![^\W_])[^\W\d_]{2,40}[-‐]\r?\n[^\W\d_]{2,40}(?![^\W_])")
_CUT = re.compile(r"[^\W\d_]+")
_SPELLED_LETTERS = 4
_ACRONYM = 5
_MOST_PARTS = 40


def _broken(text: str) -> Iterator[_Broken]:
    """Words of which the letters or parts are set apart."""
    for match in _SPELLED.finditer(text):
        letters = [i for i in range(*match.span()) if text[i].isalnum()]
        word = "".join(text[i] for i in letters)
        plain = _unleet(word) or word
        certain = known(plain)
        if sum(c.isalpha() for c in word) * 2 <= len(word) or (len(word) < _SPELLED_LETTERS and not certain):
            continue
        acronym = "." in match["gap"] and word.isupper() and len(word) <= _ACRONYM
        between = set(range(*match.span())) - set(letters)
        joined = certain or not match["gap"].isspace()  # "x y z" may be three things
        whole = match["gap"] != "\n"  # over several lines it is no word of any sentence, however well it is known
        yield _Broken(*match.span(), between, plain, joined=joined, certain=whole and (certain or acronym))
    for match in _MARKED.finditer(text):
        if (broken := _marked(match, text)) is not None:
            yield broken
    for match in _HYPHENATED.finditer(text):
        word = "".join(_CUT.findall(match.group()))
        if known(word):
            between = {i for i in range(*match.span()) if not text[i].isalpha()}
            yield _Broken(*match.span(), between, word, joined=True, certain=True)


def _marked(match: re.Match[str], text: str) -> _Broken | None:
    """A word with marks between its letters, where they are no ordinary way to join words or the word is known."""
    pieces = _CUT.findall(match.group())
    if len(pieces) > _MOST_PARTS or all(len(piece) == 1 for piece in pieces):
        return None
    word = "".join(pieces)
    between = {i for i in range(*match.span()) if not text[i].isalpha()}
    ordinary = not {text[i] for i in between} & set("*~`|·•=+")
    sure = known(word)
    if ordinary and not (sure and len(pieces) > 2 and not all(known(piece) for piece in pieces)):
        return None
    return _Broken(*match.span(), between, word, joined=sure, certain=sure)


class _Mixed(NamedTuple):
    start: int
    end: int
    word: str
    """What it reads as, letter for letter; "" where that is not certain."""


_MIX = re.compile(
    r"(?<![\w@$€£&/.#-])(?=\S{0,40}?[^\W\d_])(?=[^\W_]{0,40}?[\d@$€£!|])[\w@$€£!|]{3,41}(?<![!|])(?![\w@])"
)
_SIGNS = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e", "£": "l"}
_SIGNS |= {"!": "i", "|": "il"}
_MOST_ALIKE = 4
_INSIDE = re.compile(r"[^\W\d_][\d@$€£!|]+[^\W\d_]")
_LONG = 5
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64}")


def _unleet(written: str) -> str:
    """The known word that ``written`` spells with digits and signs for letters; "" if it spells none."""
    lower = written.casefold()
    if lower.isalpha() or sum(c.isalpha() for c in lower) < _LETTERS or sum(lower.count(c) for c in "1|") > _MOST_ALIKE:
        return ""
    for letters in product(*(_SIGNS.get(c, c) for c in lower)):
        word = "".join(letters)
        if word.isalpha() and known(word):
            return word
    return ""


_LETTERS = 2
_ORDINARY = re.compile(r"[1-9][\d]*[^\W\d_]{1,4}|[$€£]\d.*|[^\W\d_]{1,3}[$€£]\d*|[^\W\d_]+[!|]+")


def _mixed(text: str) -> Iterator[_Mixed]:
    """Runs of letters with digits or signs among them."""
    if text.isalpha():
        return
    addresses = [m.span() for m in _ADDRESS.finditer(text)] if ("@" in text or "://" in text or "www." in text) else []
    for match in _MIX.finditer(text):
        start, end = match.span()
        if _ORDINARY.fullmatch(match.group()) or any(first < end and start < last for first, last in addresses):
            continue
        if match.group().isalpha() or match.group().isdigit() or "_" in match.group():
            continue
        yield _Mixed(start, end, _unleet(match.group()))


def parts(word: str) -> list[tuple[int, int]]:
    """Where the words of one written without blanks begin and end: "BestPriceEver", "buy1get1free"; else the whole.

    Two capitals make a name as often as two words ("YouTube"), so that two words must have a known one among them.

    Example:
        >>> word = "BestPriceEver"
        >>> [word[a:b] for a, b in parts(word)], len(parts("iPhone"))
        (['Best', 'Price', 'Ever'], 1)
    """
    whole = [(0, len(word))]
    if len(word) < _LONG or word.islower() == word.isupper() is True or not word.isascii():
        return whole
    humps = [m.span() for m in _HUMP.finditer(word)]
    said = [word[a:b] for a, b in humps if not word[a:b].isdigit()]
    if len(humps) < 2 or any(len(part) < _LETTERS for part in said) or not said:
        return whole
    numbered = len(said) < len(humps)
    if numbered:
        return humps if all(known(part) or len(part) == _LETTERS for part in said) and len(said) > 1 else whole
    many = len(said) > 2
    return humps if many or any(len(part) >= _SPELLED_LETTERS and known(part) for part in said) else whole


_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def _unseen(text: str) -> Iterator[Disguise]:
    """Characters that draw nothing, strike out, or say in a picture what words would."""
    if text.isascii() and text.isprintable():
        return
    for place, c in enumerate(text):
        if " " <= c <= "~":
            continue
        if blank(c) or (hidden(c) and _suspicious(text, place)):
            yield Disguise(
                place, place + 1, f"An invisible character (U+{ord(c):04X}) can hide or turn what is read; remove it."
            )
        elif struck(c):
            yield Disguise(place, place + 1, "Letters are struck out by a character; write what is to be read.")
        elif pictured(c):
            yield Disguise(place, place + 1, f"{c!r} says in a picture what would be a claim in words.")


_TURNING = frozenset("\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _suspicious(text: str, place: int) -> bool:
    """Whether a hidden character has no business there: it turns the text, or parts letters that are one word."""
    c = text[place]
    if c in _TURNING or (0xE0000 <= ord(c) <= 0xE0FFF and not _in_flag(text, place)):
        return True
    before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
    if c == "\u00ad" or ord(before or " ") > _SCRIPTS:  # hyphenation; scripts and emoji that need joiners
        return False
    return before.isalnum() and (after.isalnum() or hidden(after or " "))


_SCRIPTS = 0x0590


def _in_flag(text: str, place: int) -> bool:
    """Whether it is one of the tags behind a black flag, which make the flag of a region."""
    return "\U0001f3f4" in text[max(place - 8, 0) : place]


def _unsure(text: str) -> Iterator[Disguise]:
    seen = readable(text)
    for broken in _broken(seen.text):
        if not broken.certain:
            start, end = seen.place(broken.start, broken.end)
            yield Disguise(
                start, end, f"{text[start:end][:60]!r} is written letter by letter or in parts; write the word."
            )
    for mixed in _mixed(seen.text):
        run = seen.text[mixed.start : mixed.end]
        if not mixed.word and len(run) >= _LONG and _INSIDE.search(run) and len(parts(run)) == 1:
            start, end = seen.place(mixed.start, mixed.end)
            yield Disguise(
                start, end, f"{text[start:end][:60]!r} has digits or signs among its letters; write the word."
            )
