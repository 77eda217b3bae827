"""Figures in a sentence: the tokens that make one quantity together, read as one item that says what it is.

"$1.5 million", "forty percent", "3 out of 4", "10x", "no. 1", "24/7" and "12 May" become one item each; every other
token stays an item of its own. Which words name numbers, units and months is data of the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from copilot_tools.wording.text import Token

__all__ = ["NUMERIC", "Item", "items"]


class Item(NamedTuple):
    """One word, or one whole figure.

    Attributes:
        start: First code point.
        end: One past its last.
        norm: The word's form for comparison; of a figure, its digits or words.
        tags: What it is: of a figure "n" (a bare number, with "large" or "decimal"), "%", "$", "x" (a multiple),
            "frac", "rank", "stars", "rating", "year", "time", "date", "phone", "ord", "name" (as in 3D), "247", and
            "100%" or "0" where it is that.
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

_LARGE = 100
"""From here on a bare number counts as large: few things are numbered that high."""


class _Figure(NamedTuple):
    end: int
    norm: str
    tags: tuple[str, ...] = ()


_CURRENCY = frozenset("$£€¥₹₩₽₺₿¢")
_NAMES = frozenset({"d", "g", "k", "fa", "hd", "uhd", "c", "in", "r", "tb", "mp"})
_SCREENS = frozenset({"240", "360", "480", "720", "1080", "1440", "2160", "4320"})
_ORDINAL = frozenset({"st", "nd", "rd", "th", "er", "ere", "eme"})
_SCALES = frozenset({"k", "m", "bn", "b", "mm", "mn", "+"})
_HUNDRED = frozenset({"100", "100.0", "100.00", "hundred", "one hundred", "a hundred", "hundert", "cent", "cien"})
_ZERO = frozenset({"0", "0.00", "0,00", "zero", "null", "cero"})
_ONE = frozenset({"1", "one", "eins", "un", "uno"})
_RATED_OUT_OF = frozenset({"5", "6", "10", "100"})
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|0\d/\d\d|\d\d/0\d")
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_OUT_OF = re.compile(r"(\d+(?:[.,]\d+)?)/(\d+)")
_GROUPS = re.compile(r"\d{1,3}(?:[.,']\d{3})+")
_DECIMAL = re.compile(r"\d+[.,]\d\d")
_PHONE_DIGITS = 7


def items(tokens: Sequence[Token], words: Mapping[str, frozenset[str]]) -> list[Item]:
    """One sentence's tokens as items, in order.

    Args:
        tokens: Of one sentence.
        words: The language's classes of words.
    """
    reader = _Reader(tokens, words)
    found: list[Item] = []
    at = 0
    while at < len(tokens):
        end, norm, tags = reader.figure(at)
        first, last = tokens[at], tokens[end - 1]
        found.append(Item(first.start, last.end, norm, tags, first.apart, first.glued))
        at = end
    return found


@dataclass(frozen=True)
class _Reader:
    """Reads the figure that begins at a token; a word that begins none is read as itself."""

    tokens: Sequence[Token]
    words: Mapping[str, frozenset[str]]

    def has(self, at: int, name: str) -> bool:
        """Whether a word of that class stands there, not set apart."""
        return at < len(self.tokens) and not self.tokens[at].apart and self.tokens[at].norm in self.words.get(name, ())

    def figure(self, at: int) -> _Figure:
        token = self.tokens[at]
        if token.kind == "symbol":
            return self._stars(at) if token.norm == "★" else self._after_symbol(at)
        end, value = self._number(at)
        if end > at:
            return self._whole(at, value) or self._ratio(at, end, value) or self._with_unit(at, end, value)
        return self._signed(at) or _Figure(at + 1, token.norm)

    def _signed(self, at: int) -> _Figure | None:
        """A rank by its sign: "no. 1", "Nr. 1", "n.º 1"; the stop after the sign does not set the number apart."""
        if self.tokens[at].norm not in self.words.get("number_signs", ()):
            return None
        following = at + 2 if at + 2 < len(self.tokens) and self.tokens[at + 1].norm == "o" else at + 1
        if following < len(self.tokens):
            number = self.tokens[following]
            if (number.kind == "number" and number.norm.isdigit()) or number.norm in _ONE:
                return _Figure(following + 1, number.norm, _ranked(number.norm))
        return None

    def _stars(self, at: int) -> _Figure:
        end = at + 1
        while end < len(self.tokens) and self.tokens[end].norm == "★":
            end += 1
        return _Figure(end, "★", ("stars",) if end - at > 2 else ())

    def _after_symbol(self, at: int) -> _Figure:
        token = self.tokens[at]
        following = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        if following is None or following.apart or following.kind != "number":
            return _Figure(at + 1, token.norm)
        if token.norm in _CURRENCY:
            end = self._scaled(self._number(at + 1)[0])
            return _Figure(end, following.norm, ("$", "0") if following.norm in _ZERO else ("$",))
        if token.norm == "#" and following.glued:
            return _Figure(at + 2, following.norm, _ranked(following.norm))
        if token.norm == "×":
            return _Figure(at + 2, following.norm, ("x",))
        end, digits = self._run(at + 1)
        if token.norm == "+" and following.glued and digits >= _PHONE_DIGITS:
            return _Figure(end, "phone", ("phone",))
        return _Figure(at + 1, token.norm)

    def _run(self, at: int) -> tuple[int, int]:
        """A run of numbers side by side, as in a telephone number: its end, and how many digits it has."""
        digits = 0
        start = at
        while at < len(self.tokens) and self.tokens[at].kind == "number" and (at == start or not self.tokens[at].apart):
            digits += sum(c.isdigit() for c in self.tokens[at].norm)
            at += 1
        return at, digits

    def _number(self, at: int) -> tuple[int, str]:
        """The end of the bare number that begins here (``at`` if none does), and its form."""
        token = self.tokens[at]
        if token.kind == "number":
            return at + 1, token.norm
        if self.has_word(at, "an") and (self.has(at + 1, "scales") or self.has(at + 1, "fractions")):
            end = at + 2
            while self.has(end, "scales"):
                end += 1
            return end, self.tokens[at + 1].norm
        if not (self.has_word(at, "cardinals") or self.has_word(at, "scales")):
            return at, ""
        end = at + 1
        while self.has(end, "cardinals") or self.has(end, "scales"):
            end += 1
        return end, " ".join(t.norm for t in self.tokens[at:end])

    def has_word(self, at: int, name: str) -> bool:
        """Whether a word of that class stands there, set apart or not."""
        return self.tokens[at].norm in self.words.get(name, ())

    def _scaled(self, end: int) -> int:
        """Past "k", "m", "million" and "+" after a number."""
        while self.has(end, "scales") or (
            end < len(self.tokens)
            and not self.tokens[end].apart
            and self.tokens[end].glued
            and self.tokens[end].norm in _SCALES
        ):
            end += 1
        return end

    def _whole(self, at: int, value: str) -> _Figure | None:
        """What its shape alone tells: a date, a time, a telephone number."""
        if self.tokens[at].kind != "number":
            return None
        if value == "24/7":
            return _Figure(at + 1, value, ("247",))
        if _DATE.fullmatch(value):
            return _Figure(at + 1, value, ("date",))
        if _TIME.fullmatch(value):
            return _Figure(at + 1 + self.has(at + 1, "clock"), value, ("time",))
        end, digits = self._run(at)
        if end - at > 1 and digits >= _PHONE_DIGITS and not self.has(end, "per_cent"):
            return _Figure(end, "phone", ("phone",))
        return None

    def _ratio(self, at: int, end: int, value: str) -> _Figure | None:
        """Some of so many: "3 in 4", "nine out of ten", "4.8/5"."""
        shape = _OUT_OF.fullmatch(value) if self.tokens[at].kind == "number" else None
        if shape:
            starred = self.has(end, "star_words")
            rated = starred or (shape[2] in _RATED_OUT_OF and not shape[1].isdigit())
            return _Figure(end + starred, value, ("rating",) if rated else ("frac",))
        into = end + 1 if self.has(end, "of_ratio") else 0
        if self.has(end, "out") and self.has(end + 1, "of_ratio"):
            into = end + 2
        if into and self.has(into, "each"):
            into += 1
        if not into or into >= len(self.tokens) or self.tokens[into].apart:
            return None
        beyond, whole = self._number(into)
        if beyond == into or whole in _ONE or len(whole) > _LONGEST or _is_year(whole):
            return None
        starred = self.has(beyond, "star_words")
        return _Figure(beyond + starred, value, ("rating",) if starred else ("frac",))

    def _with_unit(self, at: int, end: int, value: str) -> _Figure:
        """A number with what stands behind it: %, currency, times, stars, a month ..."""
        end, value = self._range(end, value)
        scaled = self._scaled(end)
        if scaled < len(self.tokens) and not self.tokens[scaled].apart:
            found = (
                self._percent(scaled, value, bare=scaled == end)
                or self._quantity(at, scaled, value)
                or self._named(at, scaled, value)
            )
            if found:
                return found
        return self._bare(at, scaled, value)

    def _range(self, end: int, value: str) -> tuple[int, str]:
        """A range, "5-10" or "20 to 30": the second number stands for both."""
        joint = end + 1 if self.has(end, "to") else end
        if joint < len(self.tokens) and self.tokens[joint].kind == "number" and not self.tokens[joint].apart:
            dashed = self.tokens[joint].start - self.tokens[joint - 1].end == 1
            if joint > end or dashed:
                return joint + 1, self.tokens[joint].norm
        return end, value

    def _percent(self, end: int, value: str, *, bare: bool) -> _Figure | None:
        if self.tokens[end].norm == "%" or self.has(end, "per_cent"):
            end += 1
        elif self.has(end, "per") and self.has(end + 1, "cent"):
            end += 2
        else:
            return None
        if value in _HUNDRED and bare:
            return _Figure(end, value, ("%", "100%"))
        return _Figure(end, value, ("%", "0") if value in _ZERO else ("%",))

    def _quantity(self, at: int, end: int, value: str) -> _Figure | None:
        unit = self.tokens[end]
        if unit.norm in _CURRENCY or self.has(end, "currencies"):
            return _Figure(end + 1, value, ("$", "0") if value in _ZERO else ("$",))
        if (self.has(end, "multiples") and (unit.glued or unit.norm != "x")) or (
            unit.norm == "×"
            and unit.glued
            and not (end + 1 < len(self.tokens) and self.tokens[end + 1].kind == "number")
        ):
            return _Figure(end + 1, value, ("x",))
        if self.has(end, "star_words") or unit.norm == "★":
            return _Figure(end + 1, value, ("stars",))
        if self.has(end, "fraction_parts") and end - at <= 1:
            return _Figure(end + 1, value, ("frac",))
        return None

    def _named(self, at: int, end: int, value: str) -> _Figure | None:
        """A number that dates, orders or names: "2nd", "9 am", "12 May", "3D"."""
        unit = self.tokens[end]
        if self.tokens[at].kind != "number":
            return None
        if unit.glued and unit.norm in _ORDINAL:
            return _Figure(end + 1, value, ("ord", "date") if self.has(end + 1, "months") else ("ord",))
        if self.has(end, "clock"):
            return _Figure(end + 1, value, ("time",))
        if self.has(end, "months"):
            dated = end + 1 < len(self.tokens) and _is_year(self.tokens[end + 1].norm)
            return _Figure(end + 1 + dated, value, ("date",))
        screen = unit.norm == "p" and value in _SCREENS
        if unit.glued and end == at + 1 and (unit.norm in _NAMES or screen):
            return _Figure(end + 1, f"{value}{unit.norm}", ("name",))
        return None

    def _bare(self, at: int, end: int, value: str) -> _Figure:
        shape = self.tokens[at].norm if self.tokens[at].kind == "number" else ""
        if shape and at > 0 and not self.tokens[at].apart and self.has_word(at - 1, "months"):
            return _Figure(end, value, ("date",))
        if end == at + 1 and _is_year(shape):
            return _Figure(end, value, ("year",))
        if end > at + 1 or _GROUPS.fullmatch(shape) or (shape.isdigit() and int(shape[:9]) >= _LARGE):
            return _Figure(end, value, ("n", "large"))
        if value.split(" ", maxsplit=1)[0] in self.words.get("scales", ()):
            return _Figure(end, value, ("n", "large"))
        if _DECIMAL.fullmatch(shape):
            return _Figure(end, value, ("n", "decimal"))
        return _Figure(end, value, ("n", "0") if value in _ZERO else ("n",))


_LONGEST = 8


def _ranked(number: str) -> tuple[str, ...]:
    return ("rank",) if number in _ONE or number in {"2", "3"} else ("name",)


def _is_year(shape: str) -> bool:
    return len(shape) == 4 and shape.isdigit() and "1800" <= shape < "2100"
