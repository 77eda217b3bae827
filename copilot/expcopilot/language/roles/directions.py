"""Which way a person said that a number should go, read from the words right beside its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

__all__ = ["Direction", "is_pointing", "said_of"]

Direction = Literal["increase", "decrease"]

_RISES = re.compile(
    r"(?:ris(?:e|es|ing)|rais\w+|grow\w*|increas\w+|higher|more|up|lift\w*|boost\w*|improv\w+|gain\w*|doubl\w+|tripl\w+"
    r"|mehr|steig\w*|höher\w*|erhöh\w*|wachs\w*|wächst|plus|augment\w*|hausse|monte\w*|más|mas|sub[aei]\w*|aument\w*|crec\w+)"
)
_FALLS = re.compile(
    r"(?:fall\w*|drop\w*|decreas\w+|lower\w*|less|fewer|down|shrink\w*|sink\w*|reduc\w+|cut\w*"
    r"|weniger|senk\w*|niedriger\w*|reduzier\w*|moins|bais\w+|diminu\w+|rédui\w+|menos|baj\w+|dismin\w+)"
)
_TURNS = frozenset(
    ["not", "never", "no", "don't", "mustn't", "without", "nicht", "kein", "keine", "ne", "pas", "sans", "nunca", "sin"]
)
_BEFORE, _AFTER = 3, 7
"""How many words before and after a name are read as said of it: "cut the price and get sign-ups" cuts no sign-ups."""
_GENERIC = frozenset(["rate", "rates", "number", "share", "count", "total", "average", "the", "of", "per", "in", "for"])
_CLAUSE = re.compile(
    r"[,;:.!?()→\n]|\s[-–—]\s"
    r"|\b(?:and|but|or|so|because|since|while|when|und|oder|aber|weil|et|ou|mais|car|quand|y|pero|porque|cuando)\b"
)
_ASIDE = re.compile(
    r"[\"“„«][^\"“”„«»]*[\"”»]|\b(?:at least|at most|more than|less than|al menos|au moins|plus de|moins de|más de)\b"
)
"""What is quoted, and bounds of an amount: neither says which way the number goes."""


def said_of(metric: str, texts: Iterable[str]) -> frozenset[Direction]:
    """The directions that stand beside a metric's name; empty where none does. What is negated is no direction.

    Example:
        >>> sorted(said_of("churn", ["A pause should reduce churn, and bring more orders"]))
        ['decrease']
    """
    names = [_bare(word) for word in _words(metric) if word not in _GENERIC]
    clauses = [clause for text in texts for clause in _CLAUSE.split(_ASIDE.sub(" ", text.lower()))]
    return frozenset(way for clause in clauses for way in _beside(names, _words(clause)))


def is_pointing(word: str) -> bool:
    """Whether a word says nothing but which way something goes."""
    return bool(_RISES.fullmatch(word) or _FALLS.fullmatch(word))


def _beside(names: Sequence[str], words: Sequence[str]) -> Iterator[Direction]:
    for place, word in enumerate(words):
        if _bare(word) not in names:
            continue
        near = words[max(0, place - _BEFORE) : place + 1 + _AFTER]
        if _TURNS & set(near):
            continue
        if any(_RISES.fullmatch(one) for one in near):
            yield "increase"
        if any(_FALLS.fullmatch(one) for one in near):
            yield "decrease"


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:'t)?", text.lower().replace("’", "'").replace("sign-up", "signup"))


def _bare(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word
