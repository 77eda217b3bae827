"""Stretches without a result: plain talk about plans, doubts and next steps, which must not judge in words of its own.

A wide vocabulary serves here. What it could still say by its shape alone is held by the rules below: a negation needs
something harmless to deny, a cause needs something else than people or an arm to explain, chance is only ever a
possibility, and an arm's name stands with few words unless the sentence leaves open what it asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expcopilot.language.firewall import assertions
from expcopilot.language.firewall.assertions import Cast
from expcopilot.language.firewall.clauses import clauses, facts_in, judges
from expcopilot.language.firewall.lexicon import Lexicon
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact

__all__ = ["arms_without_result", "could_be", "faults", "leaves_open", "minimum_unplanned"]

_POINTING = frozenset({"this", "that", "it", "they", "these", "those", "so", "there", "which"})
_WHOLE = frozenset({"objection", "definition", "text"})


def faults(
    part: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon, related_words: frozenset[str], cast: Cast
) -> Iterator[str]:
    """Why a stretch without a result does not pass."""
    may_be = leaves_open(part, words)
    own = {t.text for t in part if t.kind == "word"}
    if not may_be or own & words.places["negations"]:
        for noise in sorted(own & words.places["noise"]):
            yield f"{noise!r} claims what nobody knows; say that it could be so, or ask."
    yield from assertions.faults(part, facts, words, cast, is_open=may_be and _possible(part))
    for clause in clauses(part, words):
        named = arms_without_result(clause, facts)
        if named:
            yield from _beside_an_arm(clause, words, related_words, may_be=may_be)
        yield from _negated(clause, words, narrow=named or any(f.kind in _WHOLE for f in facts_in(clause, facts)))
        spoken = {t.text for t in clause if t.kind == "word"}
        if spoken & words.places["causes"] and not may_be and (named or own & words.places["acting"]):
            yield "It explains what people did; the plan's own words may say what was believed, or ask why."


def _possible(part: Sequence[Token]) -> bool:
    """Whether it says what is possible: "would" leaves open what a log would show, not what people did."""
    said = {w for n, t in enumerate(part) if _spoken_small(n, t) for w in t.text.split("_")}
    return part[-1].text == "?" or bool(said & {"could", "may", "might", "whether"})


def minimum_unplanned(part: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon) -> bool:
    """Whether the plan's minimum effect stands without a word that says whose it is: then it reads like a result."""
    minimum = any(f.kind == "effect" and not judges(f) for f in facts_in(part, facts))
    return minimum and not {w for t in part for w in t.text.split("_")} & words.places["planning"]


def _spoken_small(number: int, token: Token) -> bool:
    """Whether it is no name: "May" inside a sentence is a month."""
    return token.kind in {"word", "phrase"} and (not number or not token.capital)


def leaves_open(part: Sequence[Token], words: Lexicon) -> bool:
    """Whether a stretch asks, or says what could be, instead of what is."""
    opened = words.places["openers"]
    return part[-1].text == "?" or any(
        _spoken_small(n, t) and set(t.text.split("_")) & opened for n, t in enumerate(part)
    )


def could_be(sentence: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon) -> bool:
    """Whether a sentence only asks or says what is possible, and not of an arm or of what was changed."""
    spoken = {word for t in sentence for word in t.text.split("_") if t.kind in {"word", "phrase"}}
    named = any(f.arm or judges(f) for f in facts_in(sentence, facts))
    return leaves_open(sentence, words) and not named and not spoken & words.places["changed"]


def arms_without_result(clause: Sequence[Token], facts: Mapping[str, Fact]) -> bool:
    """Whether an arm is named in a clause that holds no result."""
    found = tuple(facts_in(clause, facts))
    return any(f.kind == "name" and f.arm for f in found) and not any(judges(f) for f in found)


def _beside_an_arm(
    clause: Sequence[Token], words: Lexicon, related_words: frozenset[str], *, may_be: bool
) -> Iterator[str]:
    places = words.places
    allowed = places["with_arm"] | places["negations"]
    if any(t.text in places["negations"] for t in clause):
        allowed |= places["negated"] | places["people"]
    for token in clause:
        word = token.text
        if token.kind != "word" or word in words.beside or word in related_words:
            continue
        if word in places["adopting"] if may_be else word not in allowed:
            yield f"{word!r} may not share a clause with the name of an arm."


def _negated(clause: Sequence[Token], words: Lexicon, *, narrow: bool) -> Iterator[str]:
    """A negation of nothing in particular ("that is not so") would deny whatever was said before."""
    first = clause[0].text
    pointing = first in _POINTING or first in words.places["negations"]
    for token, after in zip(clause, [*clause[1:], None], strict=True):
        if token.kind == "word" and token.text in words.places["negations"]:
            denied = after.text.split("_")[0] if after is not None else ""
            if (narrow or pointing) and denied not in words.places["negated"]:
                yield f"{token.text!r} denies too much here; name what is not planned, measured, said or known."
