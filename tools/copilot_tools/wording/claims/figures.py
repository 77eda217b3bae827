"""Figures in a sentence: the tokens that make one quantity together, read as one item that says what it is.

"$1.5 million", "forty percent", "3 out of 4", "10x", "no. 1", "24/7" and "12 May" become one item each; every other
token stays an item of its own. Which words name numbers, units and months is data of the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from copilot_tools.wording.text import Token

__all__ = ["NUMERIC", "Item", "items"]


class Item(NamedTuple):
    """One word, or one whole figure.

    Attributes:
        start: First code point.
        end: One past its last.
        norm: The word's form for comparison; of a figure, its digits or words.
        tags: What it is: of a figure "n" (a bare number), "%", "$", "x" (a multiple), "frac", "rank", "stars", "rating",
            "year", "time", "date", "phone", "ord", "name" (as in 3D), "247", and "100%", "0" where it is that.
        apart: As in ``Token``.
        glued: As in ``Token``.
        opens: Whether it begins a sentence, where two sentences are read together.
    """

    start: int
    end: int
    norm: str
    tags: tuple[str, ...]
    apart: bool
    glued: bool
    opens: bool = False


NUMERIC = frozenset({"n", "%", "$", "x", "frac", "rank", "stars", "rating"})
"""Tags of figures that say how much or how many."""

Words = Mapping[str, frozenset[str]]
"""Word classes of a language, by name."""

_CURRENCY = frozenset("$£€¥₹₩₽₺₿¢")
_NAMES = frozenset("d g k fa hd uhd c in r tb mp".split())
_ORDINAL = frozenset("st nd rd th er ere eme".split())
_CLOCK = frozenset("am pm a.m p.m uhr h".split())
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|0\d/\d\d|\d\d/0\d")
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_OUT_OF = re.compile(r"(\d+(?:[.,]\d+)?)/(\d+)")
_GROUPS = re.compile(r"\d{1,3}(?:[.,']\d{3})+")
_SCREENS = frozenset({"240", "360", "480", "720", "1080", "1440", "2160", "4320"})
_DECIMAL = re.compile(r"\d+[.,]\d\d")
_NO: frozenset[str] = frozenset()


def items(tokens: Sequence[Token], words: Words) -> list[Item]:
    """One sentence's tokens as items, in order."""
    found: list[Item] = []
    at = 0
    while at < len(tokens):
        beyond, norm, tags = _figure(tokens, at, words)
        first, last = tokens[at], tokens[beyond - 1]
        found.append(Item(first.start, last.end, norm, tags, first.apart, first.glued))
        at = beyond
    return found


def _figure(tokens: Sequence[Token], at: int, words: Words) -> tuple[int, str, tuple[str, ...]]:
    """Where the item that begins here ends, its form, and what it is."""
    token = tokens[at]
    if token.kind == "symbol":
        return _after_symbol(tokens, at, words)
    end, value = _number(tokens, at, words)
    if end == at:
        if token.norm in words.get("number_signs", _NO) and at + 1 < len(tokens):
            # "no. 1", "Nr. 1": the stop after the sign sets the number apart, and still belongs to it.
            return (
                (at + 2, tokens[at + 1].norm, _ranked(tokens[at + 1].norm))
                if _plain(tokens[at + 1])
                else _word(at, token)
            )
        return _word(at, token)
    return _suffixed(tokens, at, end, value, words)


def _word(at: int, token: Token) -> tuple[int, str, tuple[str, ...]]:
    return at + 1, token.norm, ()


def _plain(token: Token) -> bool:
    return token.kind == "number" and token.norm.isdigit() or token.norm in {"one", "eins", "un", "uno"}


def _ranked(number: str) -> tuple[str, ...]:
    return ("rank",) if number in {"1", "2", "3", "one", "eins", "un", "uno"} else ("name",)


def _after_symbol(tokens: Sequence[Token], at: int, words: Words) -> tuple[int, str, tuple[str, ...]]:
    token = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if token.norm == "★":
        end = at + 1
        while end < len(tokens) and tokens[end].norm == "★":
            end += 1
        return end, "★", ("stars",) if end - at > 2 else ()
    if following is None or following.apart or following.kind != "number":
        return at + 1, token.norm, ()
    if token.norm in _CURRENCY:
        end, _ = _number(tokens, at + 1, words)
        end = _magnitude(tokens, end, words)
        return end, tokens[at + 1].norm, ("$", "0") if following.norm in {"0", "0.00", "0,00"} else ("$",)
    if token.norm == "#" and following.glued:
        return at + 2, following.norm, _ranked(following.norm)
    if token.norm == "×":
        return at + 2, following.norm, ("x",)
    if token.norm == "+" and following.glued:
        end, digits = _run(tokens, at + 1)
        if digits >= 7:
            return end, "phone", ("phone",)
    return at + 1, token.norm, ()


def _run(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """A run of numbers side by side, as in a telephone number: its end, and how many digits it has."""
    digits = 0
    while at < len(tokens) and tokens[at].kind == "number":
        digits += sum(c.isdigit() for c in tokens[at].norm)
        at += 1
    return at, digits


def _number(tokens: Sequence[Token], at: int, words: Words) -> tuple[int, str]:
    """The end of the bare number that begins here (``at`` if none does), and its form."""
    token = tokens[at]
    if token.kind == "number":
        return at + 1, token.norm
    cardinals, scales = words.get("cardinals", _NO), words.get("scales", _NO)
    if (
        token.norm in words.get("an", _NO)
        and at + 1 < len(tokens)
        and tokens[at + 1].norm in scales | words.get("fractions", _NO)
    ):
        at_scale = at + 2
        while at_scale < len(tokens) and tokens[at_scale].norm in scales:
            at_scale += 1
        return at_scale, tokens[at + 1].norm
    if token.norm not in cardinals and token.norm not in scales:
        return at, ""
    end, form = at + 1, token.norm
    while end < len(tokens) and not tokens[end].apart and tokens[end].norm in cardinals | scales:
        end += 1
        form = f"{form} {tokens[end - 1].norm}"
    return end, form


def _magnitude(tokens: Sequence[Token], end: int, words: Words) -> int:
    """Past "k", "m", "million" and "+" after a number."""
    while end < len(tokens) and not tokens[end].apart:
        token = tokens[end]
        if token.norm in words.get("scales", _NO) or (
            token.glued and token.norm in {"k", "m", "bn", "b", "mm", "mn", "+"}
        ):
            end += 1
        else:
            break
    return end


def _suffixed(tokens: Sequence[Token], at: int, end: int, value: str, words: Words) -> tuple[int, str, tuple[str, ...]]:  # noqa: C901, PLR0911, PLR0912 - one row a shape
    def has(n: int, name: str) -> bool:
        return n < len(tokens) and not tokens[n].apart and tokens[n].norm in words.get(name, _NO)

    shape = tokens[at].norm if tokens[at].kind == "number" else ""
    if shape == "24/7":
        return end, shape, ("247",)
    if _DATE.fullmatch(shape):
        return end, shape, ("date",)
    if _TIME.fullmatch(shape):
        return end + has(end, "clock"), shape, ("time",)
    if shape:
        run, digits = _run(tokens, at)
        if run - at > 1 and digits >= 7 and all(not t.apart for t in tokens[at + 1 : run]) and not has(run, "per_cent"):
            return run, "phone", ("phone",)
    # A range: "5-10", "20 to 30".
    joint = end
    if has(end, "to"):
        joint += 1
    if (
        joint < len(tokens)
        and tokens[joint].kind == "number"
        and (joint > end or _dashed(tokens[joint - 1], tokens[joint]))
    ):
        end = joint + 1
        value = tokens[joint].norm
    # "3 in 4", "nine out of ten".
    into = end + 1 if has(end, "of_ratio") else end + 2 if has(end, "out") and has(end + 1, "of_ratio") else 0
    if into and into < len(tokens) and has(into, "each"):
        into += 1
    if into and into < len(tokens):
        beyond, whole = _number(tokens, into, words)
        if beyond > into and whole not in {"1", "one"} and len(whole) < 9 and not _year(whole):
            rated = has(beyond, "star_words")
            return beyond + rated, value, ("rating",) if rated else ("frac",)
    ratio = _OUT_OF.fullmatch(shape) if shape else None
    if ratio:
        rated = ratio[2] in {"5", "6", "10", "100"} and (not ratio[1].isdigit() or has(end, "star_words"))
        beyond = end + has(end, "star_words")
        return beyond, shape, ("rating",) if rated or beyond > end else ("frac",)
    scaled = _magnitude(tokens, end, words)
    if has(end, "half_after"):
        scaled = end + 3 if scaled == end else scaled
    whole = (
        value in {"100", "hundred", "one hundred", "a hundred", "hundert", "cent", "cien", "100.0", "100.00"}
        and scaled == end
    )
    n = scaled
    if n < len(tokens) and not tokens[n].apart:
        token = tokens[n]
        if token.norm == "%" or token.norm in words.get("per_cent", _NO):
            end = n + 1
        elif token.norm == "per" and has(n + 1, "cent"):
            end = n + 2
        else:
            end = 0
        if end:
            return end, value, ("%", "100%") if whole else ("%", "0") if value == "0" else ("%",)
        if token.norm in _CURRENCY or token.norm in words.get("currencies", _NO):
            return n + 1, value, ("$", "0") if value in {"0", "zero", "null"} else ("$",)
        if token.norm in words.get("multiples", _NO) and (token.norm not in {"x"} or token.glued):
            return n + 1, value, ("x",)
        if token.norm == "×" and token.glued and not (n + 1 < len(tokens) and tokens[n + 1].kind == "number"):
            return n + 1, value, ("x",)
        if token.norm in words.get("star_words", _NO) or token.norm == "★":
            return n + 1, value, ("stars",)
        if token.norm in words.get("fraction_parts", _NO) and scaled - at <= 1:
            return n + 1, value, ("frac",)
        if shape and token.glued and token.norm in _ORDINAL:
            return n + 1, value, ("ord", "date") if has(n + 1, "months") else ("ord",)
        if shape and token.norm in words.get("clock", _CLOCK):
            return n + 1, value, ("time",)
        if shape and token.norm in words.get("months", _NO):
            year = n + 1 < len(tokens) and _year(tokens[n + 1].norm)
            return n + 1 + year, value, ("date",)
        if token.norm == "p" and token.glued and shape in _SCREENS:
            return n + 1, f"{value}p", ("name",)
        if shape and token.glued and token.norm in _NAMES and not tokens[n - 1].apart and scaled == at + 1:
            return n + 1, f"{value}{token.norm}", ("name",)
    if shape and at > 0 and tokens[at - 1].norm in words.get("months", _NO) and not tokens[at].apart:
        return scaled, value, ("date",)
    if shape and scaled == at + 1 and _year(shape):
        return scaled, value, ("year",)
    tags = ("n", "0") if value in {"0", "zero", "null", "cero"} else ("n",)
    if scaled > at + 1 or _GROUPS.fullmatch(shape) or (shape.isdigit() and int(shape[:9]) >= _LARGE):
        tags = (*tags, "large")
    elif value.split(" ")[0] in words.get("scales", _NO):
        tags = (*tags, "large")
    elif _DECIMAL.fullmatch(shape):
        tags = (*tags, "decimal")
    return scaled, value, tags


_LARGE = 100


def _dashed(before: Token, after: Token) -> bool:
    return after.start - before.end == 1


def _year(shape: str) -> bool:
    return len(shape) == 4 and shape.isdigit() and "1800" <= shape < "2100"
