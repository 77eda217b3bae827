"""How far apart two texts are, from 0 (the same message) to 1 (nothing in common), without a model.

Three likenesses of the words are mixed: shared content words (Dice), the shorter text's share of them (overlap), and
shared sequences of three characters (cosine). Then the framing speaks: texts that give the same reason come nearer, if
they are about the same thing at all; texts that give different reasons move apart. The weights and the threshold were
chosen on one half of the labelled pairs and are reported on the other: see docs/distinctness.md.

Longer texts share words, and a call to act, whatever they say. So texts of at least three sentences each are laid
beside each other sentence by sentence: each counts by the sentence it is most like, with the weight of its words.

References:
    Dice (1945), Measures of the Amount of Ecologic Association Between Species, Ecology 26.
    Levin, Schneider & Gaeth (1998), All Frames Are Not Created Equal, OBHDP 76 (goal framing).
    Salton & McGill (1983), Introduction to Modern Information Retrieval (cosine over n-grams).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.wording.concepts import concepts
from copilot_tools.wording.mechanisms import Shown, shown
from copilot_tools.wording.plain import shortened
from copilot_tools.wording.text import sentences, tokens

__all__ = ["LONGEST", "NEAR", "Apart", "apart", "distances"]

NEAR = 0.5
"""Texts nearer than this are near-duplicates."""
LONGEST = 20_000
"""Code points of a text that is compared; copy is shorter by far."""

_WORDS, _OVERLAP, _CHARACTERS = 0.5, 0.2, 0.3
_PULL = 0.4
"""How far the same framing closes what is left between two texts about the same thing."""
_PUSH = 0.3
"""How much of their likeness texts lose that give different reasons."""
_TURN = 0.5
"""The same where one shows as won what the other shows as lost: goal framing in its strict sense."""
_FEWEST_ALIGNED, _MOST_ALIGNED = 3, 40
"""Sentences from which on texts are laid beside each other; beyond so many, neighbours are taken together."""
_SAME_SUBJECT = 0.25
"""Dice of the content words from which on two texts are about the same thing."""


class Apart(Frozen):
    """How far apart two texts are, and why.

    Attributes:
        distance: From 0 (the same message) to 1 (nothing in common).
        near: Whether they are near-duplicates: the distance is below ``NEAR``.
        shared: Content words both have, as they stand in the first text.
        framing: Titles of the mechanisms both show.
        only_first: Titles of the mechanisms only the first shows.
        only_second: Titles of the mechanisms only the second shows.
        why: The distance in plain words.
    """

    distance: float
    near: bool
    shared: tuple[str, ...]
    framing: tuple[str, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    why: str


class _Read(NamedTuple):
    """A text as it is compared."""

    normal: tuple[str, ...]
    weights: dict[str, float]
    words: dict[str, str]
    triples: Counter[str]
    length: float
    shows: tuple[Shown, ...]


def apart(first: str, second: str, language: str = "en") -> Apart:
    """How far apart two texts are. The same whichever comes first, but for the order in which words are named.

    Args:
        first: A text.
        second: Another.
        language: In which both are read; in one without word lists, characters and words as they stand decide.

    Raises:
        Refused: A text has no word, or is longer than ``LONGEST`` code points.

    Example:
        >>> found = apart("Start your free trial now", "Begin your free trial today!")
        >>> found.near, found.framing
        (True, ('risk reversal',))
        >>> apart("Save $100 a year by switching", "Lose $100 a year by not switching").near
        False
    """
    a, b = _checked("first", first, language), _checked("second", second, language)
    common = [name for name in a.weights if name in b.weights]
    framing, only_a, only_b = _framing(a, b)
    distance = 0.0 if a.normal == b.normal else round(1.0 - _whole(first, second, language), 4)
    near = distance < NEAR
    shared = tuple(a.words[name] for name in common)
    return Apart(
        distance=distance,
        near=near,
        shared=shared,
        framing=framing,
        only_first=only_a,
        only_second=only_b,
        why=_why(a, b, near=near, shared=shared, framing=(framing, only_a, only_b)),
    )


def distances(texts: Sequence[str], language: str = "en") -> tuple[tuple[float, ...], ...]:
    """Distances of every text from every other: a symmetric matrix with zeros on its diagonal.

    Raises:
        Refused: As ``apart``.
    """
    upper = {(i, j): apart(texts[i], texts[j], language).distance for i in range(len(texts)) for j in range(i)}
    return tuple(
        tuple(0.0 if i == j else upper[max(i, j), min(i, j)] for j in range(len(texts))) for i in range(len(texts))
    )


def _whole(first: str, second: str, language: str) -> float:
    """Likeness of two texts: of all their words at once, or sentence by sentence."""
    blocks = [_blocks(text) for text in (first, second)]
    if min(len(found) for found in blocks) < _FEWEST_ALIGNED:
        return _likeness(_read(first, language), _read(second, language))
    one, other = ([_read(block, language) for block in found] for found in blocks)
    table = [[_likeness(a, b) for b in other] for a in one]
    best = [max(row) for row in table] + [max(column) for column in zip(*table, strict=True)]
    weights = [sum(read.weights.values()) for read in (*one, *other)]
    return math.fsum(sorted(w * like for w, like in zip(weights, best, strict=True))) / math.fsum(sorted(weights))


def _blocks(text: str) -> list[str]:
    """The sentences of a text that have words; of a long text as many in one block as keep the blocks few."""
    found = [text[s.start : s.end] for s in sentences(text) if tokens(text, s.start, s.end)]
    size = -(-len(found) // _MOST_ALIGNED) or 1
    return [" ".join(found[i : i + size]) for i in range(0, len(found), size)]


def _likeness(a: _Read, b: _Read) -> float:
    if a.normal == b.normal:
        return 1.0
    common = [name for name in a.weights if name in b.weights]
    framing, only_a, only_b = _framing(a, b)
    in_a, in_b = sum(a.weights.values()), sum(b.weights.values())
    mass = sum(min(a.weights[name], b.weights[name]) for name in sorted(common))
    dice, overlap = 2 * mass / (in_a + in_b), mass / min(in_a, in_b)
    smaller, larger = sorted((a.triples, b.triples), key=len)
    cosine = sum(count * larger[triple] for triple, count in smaller.items()) / (a.length * b.length)
    alike = _WORDS * dice + _OVERLAP * overlap + _CHARACTERS * cosine
    if framing and dice >= _SAME_SUBJECT:
        alike += _PULL * (1 - alike) * len(framing) / (len(framing) + len(only_a) + len(only_b))
    elif not framing and only_a and only_b:
        alike *= 1 - (_TURN if _turned(a, b) else _PUSH)
    return min(max(alike, 0.0), 1.0)


def _turned(a: _Read, b: _Read) -> bool:
    one, other = ({s.valence for s in read.shows} - {""} for read in (a, b))
    return {*one, *other} == {"gain", "loss"} and not one & other


def _framing(a: _Read, b: _Read) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    in_a, in_b = [s.title for s in a.shows], [s.title for s in b.shows]
    return (
        tuple(t for t in in_a if t in in_b),
        tuple(t for t in in_a if t not in in_b),
        tuple(t for t in in_b if t not in in_a),
    )


def _why(
    a: _Read,
    b: _Read,
    *,
    near: bool,
    shared: tuple[str, ...],
    framing: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> str:
    """The distance in words: how the texts differ on the surface, what they share, how each is framed."""
    if a.normal == b.normal:
        return "The same words; only punctuation, capitals or symbols differ, if anything."
    said = []
    if sorted(a.normal) == sorted(b.normal):
        said.append("The same words in another order.")
    elif not shared:
        said.append("No content word in common.")
    else:
        listed = ", ".join(shortened(word, 30) for word in shared[:8])
        beyond = f" and {len(shared) - 8} more" if len(shared) > 8 else ""
        exact = set(a.normal) >= set(b.normal) or set(a.normal) <= set(b.normal)
        if exact:
            said.append("One holds all words of the other.")
        said.append(f"In common, or meaning the same: {listed}{beyond}.")
    both, only_a, only_b = framing
    if both:
        said.append(f"Both are framed by {_list(both)}.")
    elif only_a and only_b:
        said.append(f"Framed differently: {_list(only_a)} against {_list(only_b)}.")
    elif near:
        said.append("No framing sets them apart.")
    return " ".join(said)


def _list(titles: tuple[str, ...]) -> str:
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def _checked(name: str, text: str, language: str) -> _Read:
    if len(text) > LONGEST:
        raise Refused.because(
            "wording.too_long",
            f"The {name} text has {len(text):,} characters; at most {LONGEST:,} are compared.",
            "Compare the copy alone, without what stands around it.",
            name=name,
        )
    read = _read(text, language)
    if not read.normal:
        raise Refused.because(
            "wording.no_words",
            f"The {name} text has no word that could be compared.",
            "Give a text with at least one word.",
            name=name,
            value=shortened(text, 80),
        )
    return read


@lru_cache(maxsize=4096)
def _read(text: str, language: str) -> _Read:
    normal = tuple(token.norm for token in tokens(text))
    line = f" {' '.join(normal)} "
    triples = Counter(line[i : i + 3] for i in range(len(line) - 2))
    found = concepts(text, language)
    return _Read(
        normal=normal,
        weights={c.name: c.weight for c in reversed(found)},
        words={c.name: c.word for c in reversed(found)},
        triples=triples,
        length=math.sqrt(sum(count * count for count in triples.values())),
        shows=shown(text, language),
    )
