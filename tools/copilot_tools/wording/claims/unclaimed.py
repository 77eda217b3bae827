"""The mark of a sentence without a claim. Deny by default: what cannot be read for certain is never plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from copilot_tools.wording.claims.figures import NUMERIC, Item
from copilot_tools.wording.claims.marks import Mark
from copilot_tools.wording.claims.patterns import Match
from copilot_tools.wording.claims.rules import Rules
from copilot_tools.wording.text import Span, Token

__all__ = ["Lifted", "Read", "without_claim"]

Lifted = Mapping[str, set[int]]
"""For each label, the items from which an exception lifts it."""


class Read(NamedTuple):
    """A sentence as it was read.

    Attributes:
        span: Its place.
        parts: Its tokens.
        row: Its items: words and whole figures.
        matches: Of every pattern.
        lifted: What exceptions lift from its items.
    """

    span: Span
    parts: Sequence[Token]
    row: Sequence[Item]
    matches: Sequence[Match]
    lifted: Lifted


def without_claim(text: str, read: Read, rules: Rules) -> tuple[Mark, str]:
    """Puffery, plain or unclassified, and why."""
    why = _unread(text, read) or _figure(text, read) or _open_words(read)
    if why:
        return "unclassified", why
    if rules.whole:
        return _whole(read, rules)
    words = {t.start for t in read.parts if t.kind == "word"}
    covered = {p for m in read.matches if m.pattern.label in _CALM for p in range(m.first, m.last)}
    if all(place in covered for place, item in enumerate(read.row) if item.start in words):
        return "plain", ""
    return "unclassified", "Outside English only five kinds of claim have rules; a person must read the rest."


_CALM = frozenset({"plain", "harmless"})
_LETTERS = frozenset("ßæœøıđłþð")


def _unread(text: str, read: Read) -> str:
    """Why a sentence in other letters than Latin ones is left open."""
    start, end = read.span
    for token in read.parts:
        if token.kind == "word" and not token.norm.isascii() and any(map(_strange, token.norm)):
            return f"{text[token.start : token.end][:40]!r} is written in letters these rules do not read."
    if not read.parts and any(c.isalnum() for c in text[start:end]):
        return f"{text[start:end][:40]!r} is written in signs these rules do not read."
    return ""


def _strange(letter: str) -> bool:
    return not letter.isascii() and letter not in _LETTERS


def _figure(text: str, read: Read) -> str:
    """Why a sentence with a figure that nothing explains is left open."""
    calm = {p for m in read.matches if m.pattern.label in _CALM for p in range(m.first, m.last)}.union(
        *read.lifted.values()
    )
    for place, item in enumerate(read.row):
        if place not in calm and not NUMERIC.isdisjoint(item.tags) and "0" not in item.tags:
            return f"{text[item.start : item.end]!r} is a figure; a person must say what it stands for."
    return ""


def _open_words(read: Read) -> str:
    """Why a sentence with words that may claim is left open."""
    lifted = read.lifted.get("harmless", set()) | read.lifted.get("unclassified", set())
    for match in read.matches:
        if match.pattern.label == "unclassified" and not match.pattern.exception and lifted.isdisjoint(match.taken):
            return match.pattern.why
    return ""


def _whole(read: Read, rules: Rules) -> tuple[Mark, str]:
    """The mark where every kind of claim has rules: a sentence of the language without a find is puffery or plain."""
    words = [t.norm for t in read.parts if t.kind == "word"]
    foreign = sum(word in rules.words["other_languages"] for word in words)
    if foreign >= _FOREIGN and foreign * 3 > len(words):
        return "unclassified", "It seems to be written in another language than the one it was read in."
    puffs = read.lifted.get("puffery", set())
    for match in read.matches:
        if match.pattern.label == "puffery" and not match.pattern.exception and puffs.isdisjoint(match.taken):
            return "puffery", match.pattern.why
    return "plain", ""


_FOREIGN = 2
