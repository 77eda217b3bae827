"""Text into tokens. Every character outside a small set is a reason to block, whatever it means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["SLOT", "Token", "tokenize"]

SLOT = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)\}")

_PIECE = re.compile(
    r"(?P<slot>\{[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*\})(?P<own>['’]s(?![A-Za-z]))?"
    r"|(?P<word>[A-Za-z]+(?:['’][A-Za-z]{1,2}(?![A-Za-z]))?(?:-[A-Za-z]+)*)(?P<plural>(?<=s)['’](?![A-Za-z]))?"
    r"|(?P<mark>[,.;:?()\-–—])"
    r"|(?P<space> +)"
)
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_,.;:'’?()\-–— {}]")
_CLOSING, _DASHES = frozenset(",.;:?)"), frozenset("-–—")

Kind = Literal["word", "slot", "mark", "phrase"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case, the id of a slot, a mark, or a frozen phrase.

    Attributes:
        kind: What it is.
        text: The word, id, mark or phrase.
        capital: How the word was written: "" as it stands, "first" with a capital, "odd" with capitals inside.
        own: Whether a possessive "'s" follows the slot or word.
    """

    kind: Kind
    text: str
    capital: Literal["", "first", "odd"] = ""
    own: bool = False


def tokenize(text: str, contractions: Mapping[str, str]) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """The tokens of ``text`` and the reasons why it cannot be read; never raises.

    Hyphenated words come apart into their parts; a contraction becomes the words it stands for.
    """
    reasons = [*_characters(text)]
    if reasons:
        return (), tuple(reasons)
    tokens: list[Token] = []
    text = text.strip(" ")
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return (), (_unreadable(text, at),)
        before, after = text[:at][-1:], text[piece.end() :][:1]
        if piece["slot"]:
            if _glued(before, after):
                reasons.append(f"Something is glued to the slot {piece['slot']}; a slot stands by itself.")
            tokens.append(Token("slot", piece["slot"][1:-1], own=bool(piece["own"])))
        elif piece["word"]:
            reasons += _word_glued(piece["word"], before, after)
            tokens.extend(_words(piece["word"], contractions, own=bool(piece["plural"])))
        elif piece["mark"]:
            reasons += filter(None, [_misplaced(piece["mark"], before, after)])
            tokens.append(Token("mark", piece["mark"]))
        at = piece.end()
    marks = [t.text for t in tokens if t.kind == "mark"]
    if marks.count("(") != marks.count(")"):
        reasons.append("A bracket is not closed.")
    return tuple(tokens), tuple(dict.fromkeys(reasons))


def _characters(text: str) -> list[str]:
    reasons = []
    strange = sorted(set(_FORBIDDEN.findall(text)))
    if strange:
        named = ", ".join(_named(c) for c in strange[:5])
        reasons.append(f"Characters outside plain prose: {named}.")
    if not strange and unicodedata.normalize("NFKC", text) != text:
        reasons.append("Characters that stand for others; write plain letters.")
    if re.search(r"[0-9_]", SLOT.sub("", text)):
        reasons.append("A digit or underscore outside a slot; every number comes from a fact.")
    if not text.strip():
        reasons.append("Nothing is said.")
    return reasons


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'unnamed').lower()}"


def _unreadable(text: str, at: int) -> str:
    if text[at] in "{}":
        return "A brace that opens no slot; a slot is the id of a fact in braces, such as {verdict.phrase}."
    if text[at] in "'’":
        return "A quotation mark or stray apostrophe; quote nothing."
    return f"Not readable from {text[at : at + 20]!r} on."


def _glued(before: str, after: str) -> bool:
    return before not in {"", " ", "("} or after not in {"", " ", *_CLOSING}


def _word_glued(word: str, before: str, after: str) -> list[str]:
    glued = before == "}" or after == "{"
    return [f"The word {word!r} is glued to a slot; a slot stands by itself."] if glued else []


def _misplaced(mark: str, before: str, after: str) -> str:
    if mark in _DASHES:
        spaced = before == " " and after == " "
        joined = mark == "—" and before.isalpha() and after.isalpha()
        return "" if spaced or joined else f"The dash {mark!r} stands where it could be read as a sign or a range."
    if mark == "(":
        return "" if (before in {"", " "} and after.isalpha()) or (before in {"", " "} and after == "{") else _odd(mark)
    if before in {"", " "} or (before in _CLOSING and before != ")"):
        return _odd(mark)
    return "" if after in {"", " "} or (mark == ")" and after in _CLOSING) else _odd(mark)


def _odd(mark: str) -> str:
    return f"The mark {mark!r} stands in an unusual place."


def _words(written: str, contractions: Mapping[str, str], *, own: bool) -> list[Token]:
    tokens: list[Token] = []
    for number, part in enumerate(written.replace("’", "'").split("-")):
        capital: Literal["", "first", "odd"] = ""
        if part != part.lower():
            capital = "first" if number == 0 and part[1:] == part[1:].lower() else "odd"
        word = part.lower()
        if word in contractions:
            whole = contractions[word].split()
            tokens.append(Token("word", whole[0], capital))
            tokens.extend(Token("word", w) for w in whole[1:])
            continue
        possessive = word.endswith("'s")
        tokens.append(Token("word", word.removesuffix("'s"), capital, own=own or possessive))
    return tokens
