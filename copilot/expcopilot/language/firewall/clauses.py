"""Sentences, clauses and segments of a statement, with the facts their slots name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from expcopilot.language.firewall.lexicon import Lexicon
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact

__all__ = [
    "NUMBERS",
    "RESULTS",
    "Segment",
    "clauses",
    "facts_in",
    "has_result",
    "judges",
    "parts",
    "segments",
    "sentences",
]

RESULTS = frozenset({"level", "effect", "interval", "direction", "comparison", "verdict"})
"""Kinds of fact that judge."""

NUMBERS = frozenset({"level", "effect", "interval", "count", "date"})
"""Kinds of fact that are numbers on the page."""

_FULL_STOPS = frozenset(".?")
_CLAUSE_MARKS = frozenset(";-–—")
_SEGMENT_MARKS = frozenset(",;:.?()-–—")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch between two marks, conjunctions or comparators.

    Attributes:
        tokens: What stands in it.
        compared: Whether a comparator ("against", "than") opens it: the control's place.
        sentence: Number of the sentence it stands in.
    """

    tokens: tuple[Token, ...]
    compared: bool
    sentence: int = 0


def sentences(tokens: Sequence[Token], facts: Mapping[str, Fact]) -> list[tuple[Token, ...]]:
    """Split after full stops, question marks, and slots whose text ends like a sentence before a capital or a slot."""
    found: list[list[Token]] = [[]]
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        found[-1].append(token)
        stop = token.kind == "mark" and token.text in _FULL_STOPS
        if stop or (_closes(token, facts) and after is not None and (after.capital or after.kind == "slot")):
            found.append([])
    return [tuple(s) for s in found if s]


def _closes(token: Token, facts: Mapping[str, Fact]) -> bool:
    return token.kind == "slot" and token.text in facts and facts[token.text].text.endswith((".", "?"))


def parts(sentence: Sequence[Token]) -> list[tuple[Token, ...]]:
    """Split after semicolons: the stretches that stand on their own feet."""
    found: list[list[Token]] = [[]]
    for token in sentence:
        found[-1].append(token)
        if token.kind == "mark" and token.text == ";":
            found.append([])
    return [tuple(p) for p in found if p]


def clauses(sentence: Sequence[Token], words: Lexicon) -> list[tuple[Token, ...]]:
    """Split at semicolons, dashes and the conjunctions listed for the language (a colon and a comma bind)."""
    found: list[list[Token]] = [[]]
    for token in sentence:
        if (token.kind == "mark" and token.text in _CLAUSE_MARKS) or (
            token.kind == "word" and token.text in words.places["breaks"]
        ):
            found.append([])
        else:
            found[-1].append(token)
    return [tuple(c) for c in found if c]


def segments(tokens: Sequence[Token], words: Lexicon) -> list[Segment]:
    """Split at every mark, conjunction and comparator: the finest stretches in which slots name one thing."""
    found: list[tuple[list[Token], bool, int]] = [([], False, 0)]
    sentence = 0
    for at, token in enumerate(tokens):
        if _compares(token, words):
            found.append(([token], True, sentence))
        elif token.text == "and" and at > 1 and tokens[at - 2].text in words.places["between"]:
            # "between {arm.b} and {arm.control}": the second is what the first is compared with
            found.append(([], True, sentence))
        elif (token.kind == "mark" and token.text in _SEGMENT_MARKS) or (
            token.kind == "word" and token.text in words.places["breaks"]
        ):
            sentence += token.kind == "mark" and token.text in _FULL_STOPS
            found.append(([], False, sentence))
        else:
            found[-1][0].append(token)
    return [Segment(tuple(held), compared, number) for held, compared, number in found if held]


def _compares(token: Token, words: Lexicon) -> bool:
    if token.kind == "phrase":
        return token.text in words.places["comparing_phrases"]
    return token.kind == "word" and token.text in words.places["comparators"]


def facts_in(tokens: Sequence[Token], facts: Mapping[str, Fact]) -> Iterator[Fact]:
    """The facts named, in order; unknown ids are passed over."""
    return (facts[t.text] for t in tokens if t.kind == "slot" and t.text in facts)


def has_result(tokens: Sequence[Token], facts: Mapping[str, Fact]) -> bool:
    """Whether a slot among ``tokens`` judges."""
    return any(judges(f) for f in facts_in(tokens, facts))


def judges(fact: Fact) -> bool:
    """Whether a fact says something about a result; the plan's own minimum effect, of no arm, does not."""
    return fact.kind in RESULTS and not (fact.kind == "effect" and fact.arm is None)
