"""Quantities as people write them: "5%", "half a point", "20k", "two weeks", "twice", "٣".

Digits are read in any script; number words in English. What can be read in two ways ("1,500", "1.500") keeps both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Quantity", "quantities"]


class Quantity(NamedTuple):
    """One quantity in a text.

    Attributes:
        values: The numbers it may mean, without sign; empty for a vague one ("most of").
        unit: "%", "points", a currency, a span of time, "times", or "" for a bare number.
        noun: For a bare number the word that follows, else "".
        text: As written.
    """

    values: frozenset[float]
    unit: str
    noun: str
    text: str

    def same(self, other: Quantity, *, noun: bool = False) -> bool:
        """Whether both may mean the same: a value and the unit shared; with ``noun`` also what is counted."""
        if self.unit != other.unit or (noun and self.noun != other.noun):
            return False
        return bool(self.values & other.values) or (not self.values and self.text == other.text)


_UNITS = {
    "%": r"%|per ?cent(?:s)?\b|pct\b",
    "points": r"(?:percentage[- ]|percent[- ])?points?\b|pp\b|p\.p\.|pts?\b",
    "basis points": r"basis[- ]points?\b|bps?\b",
    "$": r"\$|us ?dollars?\b|dollars?\b|usd\b",
    "€": r"€|euros?\b|eur\b",
    "£": r"£|pounds?\b|gbp\b",
    "cents": r"cents?\b",
    "days": r"days?\b",
    "weeks": r"weeks?\b",
    "months": r"months?\b",
    "years": r"years?\b",
    "hours": r"hours?\b|hrs?\b",
    "minutes": r"minutes?\b|mins?\b",
    "seconds": r"seconds?\b|secs?\b",
    "times": r"times\b|x\b|-?fold\b|×",
}
_UNIT = re.compile("|".join(f"(?P<u{i}>{p})" for i, p in enumerate(_UNITS.values())))
_NAMES = tuple(_UNITS)

_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_WORDS = {word: float(n) for n, word in enumerate(f"{_SMALL} seventeen eighteen nineteen".split())}
_WORDS |= {
    w: 10.0 * n for n, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_SCALES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "dozen": 12.0}
_LETTERS = {"k": 1e3, "m": 1e6, "bn": 1e9}
_COUNTED = "|".join(sorted({*_WORDS, *_SCALES}, key=len, reverse=True))

_SPOKEN = re.compile(
    rf"(?P<digits>(?<![\w.,])\d+(?:[.,\u202f\u00a0'’]\d+)*)(?:\s?(?P<letter>k|m|bn)\b)?(?:st|nd|rd|th)?"
    r"|(?P<part>\b(?:(?:a|one|two|three)[ -])?(?P<parted>thirds?|quarters?|fifths?|tenths?)(?= of\b))"
    r"|(?P<share>\b(?:a|one|two|three)[ -](?P<shared>thirds?|quarters?|fifths?|tenths?)(?=\s*(?:[.,;:!?)]|$)))"
    rf"|(?P<words>\b(?:{_COUNTED})(?:[ -](?:and )?(?:{_COUNTED}))*\b)"
    r"|(?P<half>\bhalf\b|\bhalves\b)"
    r"|(?P<multiple>\b(?:doubl(?:e|es|ed|ing)|twice|tripl(?:e|es|ed|ing)|thrice|quadrupl(?:e|es|ed|ing))\b)"
    r"|(?P<vague>\b(?:dozens|hundreds|thousands|millions|billions|majority|minority|most of|nearly all|almost all)\b)"
)
_PARTS = {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
_MULTIPLES = {"d": 2.0, "tw": 2.0, "tr": 3.0, "th": 3.0, "q": 4.0}


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every quantity in a text, in order. Pure; no text makes it raise.

    Example:
        >>> [(sorted(q.values), q.unit) for q in quantities("half a point, 20k visitors, two weeks")]
        [([0.5], 'points'), ([20000.0], ''), ([2.0], 'weeks')]
    """
    return tuple(_found(_plain(text)))


def _plain(text: str) -> str:
    """Lower case, compatibility forms taken apart, every character that is a number written in digits."""
    pieces = []
    for character in text:
        number = unicodedata.numeric(character, None)
        if number is not None and not character.isdecimal():
            pieces.append(f" {number:g} ")
        else:
            pieces.append(character)
    return unicodedata.normalize("NFKC", "".join(pieces)).lower()


def _found(text: str) -> Iterator[Quantity]:
    for match in _SPOKEN.finditer(text):
        rest = text[match.end() :]
        unit, length = _unit(rest, match, text)
        if match["words"] == "one" and not unit and not re.match(r"\s+(?:in|out of)\s", rest):
            continue  # "the one page": a pronoun far more often than a number
        noun = "" if unit or match["multiple"] else _next_word(rest)
        written = text[match.start() : match.end() + length].strip()
        yield Quantity(_values(match), unit or ("times" if match["multiple"] else ""), noun, written)


def _unit(rest: str, match: re.Match[str], text: str) -> tuple[str, int]:
    gap = re.match(r"[\s-]*(?:an?\b\s*)?", rest)
    start = gap.end() if gap else 0
    found = _UNIT.match(rest, start)
    if found and found.lastgroup:
        return _NAMES[int(found.lastgroup[1:])], found.end()
    before = text[: match.start()].rstrip()[-1:]
    return (before, 0) if before and before in "$€£" else ("", 0)


def _next_word(rest: str) -> str:
    found = re.match(r"[\s-]*([^\W\d_]+)", rest)
    return found[1].removesuffix("s") if found else ""


def _values(match: re.Match[str]) -> frozenset[float]:
    if match["digits"]:
        times = _LETTERS.get(match["letter"] or "", 1.0)
        return frozenset(value * times for value in _readings(match["digits"]))
    if match["words"]:
        return frozenset({_counted(re.split(r"[ -]", match["words"]))})
    if match["half"]:
        return frozenset({0.5})
    if part := match["part"] or match["share"]:
        first = part.split()[0].split("-")[0]
        return frozenset({_WORDS.get(first, 1.0) / _PARTS[(match["parted"] or match["shared"]).removesuffix("s")]})
    if match["multiple"]:
        return frozenset({next(v for start, v in _MULTIPLES.items() if match["multiple"].startswith(start))})
    return frozenset()


def _readings(digits: str) -> Iterator[float]:
    """The numbers a numeral may mean: a mark before exactly three digits may group or part off decimals."""
    marks = re.findall(r"\D", digits)
    parts = re.split(r"\D", digits)
    if not marks:
        yield float(digits)
        return
    if all(len(p) == 3 for p in parts[1:]) and len(set(marks)) == 1:
        yield float("".join(parts))
    if len(marks) == 1 or marks[-1] not in marks[:-1]:
        yield float("".join(parts[:-1]) + "." + parts[-1])


def _counted(words: list[str]) -> float:
    total, group = 0.0, 0.0
    for word in words:
        if word in _SCALES:
            group = (group or 1.0) * _SCALES[word]
            if _SCALES[word] >= 1000:
                total, group = total + group, 0.0
        else:
            group += _WORDS.get(word, 0.0)
    return total + group
