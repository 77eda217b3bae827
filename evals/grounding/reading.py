"""Shown text, read as a person reads it: its names, its numbers with sign and unit, and what each number is said of.

Names are found where they stand; numbers by a pattern of our own. Words of the plan and sentences that code computed
(objections, definitions) are taken out first: their numbers are of another kind, and are named in ``quoted``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Claim", "Names", "Said", "claims_in", "marked", "marked_raw", "self_compared"]

_SLOT = re.compile(r"\{([a-z0-9_.]+)\}")
_MARK = re.compile("\ue000(\\d+)\ue001")
_MINUS = "−-–"
_NUMBER = re.compile(
    r"(?P<sign>[+\u2212\u2013-])?(?P<money>[$€£])?(?P<digits>\d[\d,]*(?:\.\d+)?)"
    r"(?:\s?(?P<unit>%|percentage points?|percent|points?|pp\b|[$€£]))?",
)
_TO = re.compile(r"^\s*(?:to|and|bis)\s+[+\u2212-]?[$€£]?\d[\d,]*(?:\.\d+)?\s?(%|points?)")
_CLAUSE = re.compile(
    r"[,;:().?!]\s|\band\b|\bbut\b|\bwhile\b|\bwhereas\b|\bagainst\b|\bthan\b|\bversus\b|\bvs\b|\u2014"
)
_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "thousand": 1_000,
    "million": 1_000_000, "double": 2, "doubled": 2, "doubles": 2, "twice": 2, "triple": 3, "tripled": 3, "halved": 0.5,
    "half": 0.5, "third": 1 / 3, "quarter": 0.25, "tenfold": 10,
}  # fmt: skip
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b(?:\s(percent|points?))?", re.IGNORECASE)
_DIRECTION = re.compile(
    r"\b(?:(?P<up>higher|increased|increases|rose|rises|grew|gained|lifted|lifts|raised|raises|went up|"
    r"more than (?=\ue000))|(?P<down>lower|decreased|decreases|fell|falls|dropped|drops|declined|reduced|reduces|cut|"
    r"went down|(?:less|fewer) than (?=\ue000)))",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:not|no|never|nor|whether|if|would|could|may|might|should|once more|times more|more times)\b|\?",
    re.IGNORECASE,
)
_AGAINST = re.compile(r"\b(?:than|against|versus)\b", re.IGNORECASE)
_FEWEST_LETTERS = 5
"""Letters from which on a bare lower-case name is taken for a name where it stands without a slot."""


@dataclass(frozen=True)
class Names:
    """What people read -> what it is called in the data."""

    arms: Mapping[str, str]
    metrics: Mapping[str, str]
    parts: tuple[str, ...]

    def of(self, text: str) -> tuple[str, str] | None:
        """("arm", its name), ("metric", ...), ("part", ...), or None."""
        for kind, known in (("arm", self.arms), ("metric", self.metrics), ("part", {p: p for p in self.parts})):
            for shown, name in known.items():
                if shown.casefold() == text.casefold():
                    return kind, name
        return None

    @property
    def spelled(self) -> list[str]:
        """Names that can be told from plain words where they stand without a slot, longest first."""
        told = [n for n in (*self.arms, *self.metrics, *self.parts) if _telling(n)]
        return sorted(set(told), key=len, reverse=True)


def _telling(name: str) -> bool:
    return len(name) > 1 and (len(name) >= _FEWEST_LETTERS or bool(re.search(r"[A-Z0-9\u0080-\uffff]", name)))


@dataclass(frozen=True)
class Said:
    """A sentence with its names as marks: ``text`` holds a private character around each place in ``names``."""

    text: str
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Claim:
    """A number or a direction, and what it is said of.

    Attributes:
        text: As it stands.
        value: The number; None for a direction.
        digits: Decimals shown.
        sign: "+", "-" or "".
        unit: "%", "points", a currency, "" or, for a direction, "up" or "down".
        arms: Arms it may be said of, the nearest first; empty where none is named.
        metric: The metric it is said of, or "".
        part: The part it is said of, or "".
    """

    text: str
    value: float | None
    digits: int = 0
    sign: str = ""
    unit: str = ""
    arms: tuple[str, ...] = ()
    metric: str = ""
    part: str = ""


def marked(piece: Mapping[str, Any], told: Mapping[str, Any], names: Names, quoted: frozenset[str]) -> Said:
    """A sentence as shown, with the facts said to be in it found at their places."""
    text, at, pieces = str(piece["text"]), 0, list[tuple[str, bool]]()
    for id_ in piece["facts"]:
        said = str(told[id_]["text"]).rstrip(".?") if id_ in told else ""
        start = text.casefold().find(said.casefold(), at) if said else -1
        if start >= 0:
            pieces += [(text[at:start], False), (text[start : start + len(said)], True)]
            at = start + len(said)
    return _joined([*pieces, (text[at:], False)], names, quoted)


def marked_raw(text: str, told: Mapping[str, Any], names: Names, quoted: frozenset[str]) -> Said:
    """A model's own statement as it would have stood, its slots filled with what it was told."""
    pieces, at = list[tuple[str, bool]](), 0
    for slot in _SLOT.finditer(text):
        said = str(told[slot[1]]["text"]).rstrip(".?") if slot[1] in told else ""
        pieces += [(text[at : slot.start()], False), (said, True)]
        at = slot.end()
    return _joined([*pieces, (text[at:], False)], names, quoted)


def _joined(pieces: Sequence[tuple[str, bool]], names: Names, quoted: frozenset[str]) -> Said:
    found: list[tuple[str, str]] = []
    whole = []
    for text, filled in pieces:
        if filled and (name := names.of(text)) is not None:
            whole.append(f"\ue000{len(found)}\ue001")
            found.append(name)
        elif filled and text.casefold() in quoted:
            whole.append("\ue002")
        else:
            whole.append(_spelled(text, names, found))
    return Said("".join(whole), tuple(found))


def _spelled(text: str, names: Names, found: list[tuple[str, str]]) -> str:
    """Names that stand in plain words, marked as well."""
    known = names.spelled
    if not known:
        return text

    def mark(hit: re.Match[str]) -> str:
        name = names.of(hit[0])
        if name is None:
            return hit[0]
        found.append(name)
        return f"\ue000{len(found) - 1}\ue001"

    spelled = "|".join(f"(?i:{re.escape(n)})" if len(n) >= _FEWEST_LETTERS else re.escape(n) for n in known)
    return re.sub(rf"(?<!\w)(?:{spelled})(?!\w)", mark, text)


def claims_in(said: Said, units: Sequence[str]) -> Iterator[Claim]:
    """Every number in a sentence, and every direction that it asserts.

    Args:
        said: The sentence.
        units: The metrics' own units, such as "min".
    """
    for start, hit, value, digits, sign, unit in _numbers(said.text, units):
        arms, metric, part = _about(said, start)
        yield Claim(hit, value, digits, sign, unit, arms, metric, part)
    for sentence in re.finditer(r"[^.?!]+[.?!]?", said.text):
        if _OPEN.search(sentence[0]):
            continue
        for word in _DIRECTION.finditer(sentence[0]):
            arms, metric, part = _about(said, sentence.start() + word.start())
            if arms:
                yield Claim(word[0], None, 0, "", "up" if word["up"] else "down", arms, metric, part)


def self_compared(said: Said) -> Iterator[str]:
    """Arms that a sentence holds against themselves."""
    for sentence in re.findall(r"[^.?!]+", said.text):
        for sides in _AGAINST.finditer(sentence):
            before, after = (
                {said.names[int(n)][1] for n in _MARK.findall(side) if said.names[int(n)][0] == "arm"}
                for side in (sentence[: sides.start()], sentence[sides.end() :])
            )
            if before and before == after:
                yield from sorted(before)


def _numbers(text: str, units: Sequence[str]) -> Iterator[tuple[int, str, float, int, str, str]]:
    own = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True) if unit not in {"", "%", *"$€£"})
    for hit in _NUMBER.finditer(text):
        if text[hit.start() - 1 : hit.start()] == "\ue000":  # a name's mark, no number
            continue
        after, digits = text[hit.end() :], hit["digits"]
        unit = (hit["unit"] or hit["money"] or "").strip()
        unit = {"percent": "%", "point": "points", "pp": "points"}.get(unit, unit)
        unit = "points" if unit.startswith("percentage") else unit
        if not unit and own and (said := re.match(rf"\s?({own})(?!\w)", after)):
            unit = said[1]
        if not unit and (ends := _TO.match(after)):
            unit = {"point": "points"}.get(ends[1], ends[1])
        elif not unit and own and (ends := re.match(rf"\s+to\s+[+\u2212-]?\d[\d,]*(?:\.\d+)?\s({own})(?!\w)", after)):
            unit = ends[1]
        if hit["unit"] == "%" and re.match(r"\s(?:confidence )?interval", after):
            unit = "% interval"
        places = len(digits.partition(".")[2])
        sign = "" if hit["sign"] is None else "-" if hit["sign"] in _MINUS else "+"
        value = float(digits.replace(",", "")) * (-1 if sign == "-" else 1)
        yield hit.start(), hit[0].strip(), value, places, sign, unit
    for word in _WORD.finditer(text):
        unit = {"percent": "%", "point": "points"}.get((word[2] or "").lower(), (word[2] or "").lower())
        yield word.start(), word[0], float(_WORDS[word[1].lower()]), 6, "", unit


def _about(said: Said, at: int) -> tuple[tuple[str, ...], str, str]:
    """Arms, metric and part that something at a place is said of: in its clause, before it, or after it."""
    breaks = [0, *(b.end() for b in _CLAUSE.finditer(said.text)), len(said.text) + 1]
    low = max(b for b in breaks if b <= at)
    high = min(b for b in breaks if b > at)
    marks = [(m.start(), *said.names[int(m[1])]) for m in _MARK.finditer(said.text)]
    order = [
        *sorted((m for m in marks if low <= m[0] < at), key=lambda m: -m[0]),
        *sorted(m for m in marks if at < m[0] < high),
        *sorted((m for m in marks if m[0] < low), key=lambda m: -m[0]),
        *sorted(m for m in marks if m[0] >= high),
    ]
    arms = tuple(dict.fromkeys(name for _, kind, name in order if kind == "arm"))
    metric = next((name for _, kind, name in order if kind == "metric"), "")
    part = next((name for _, kind, name in order if kind == "part"), "")
    return arms, metric, part
