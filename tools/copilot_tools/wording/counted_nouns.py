"""What a number counts: the noun behind it, in the singular, and the words between. By word order alone."""

from __future__ import annotations

import re

from copilot_tools.wording.quantity_units import ARTICLES, FUNCTION_WORDS

__all__ = ["after_number", "counted_noun", "singular"]

_WORD = re.compile(r"[ \u00a0-]([^\W\d_]+(?:'[^\W\d_]+)?)")
_ARTICLE = re.compile(rf" (?:{ARTICLES})\b")
_PLURALS = frozenset(
    ["people", "men", "women", "children", "teeth", "feet", "mice", "data", "staff", "police", "sheep"]
)
_MOST_WORDS = 4


def after_number(evened: str, end: int) -> str:
    """The word right behind ``end``, or ""."""
    found = _WORD.match(evened, end)
    return found[1] if found else ""


def counted_noun(evened: str, end: int, language: str, *, of: str = "") -> tuple[str, tuple[str, ...], int]:
    """What is counted by a number that ends at ``end``: (noun in the singular, words before it, where it ends).

    In English it is the last of the first run of plurals, so that "3 in 4 love it" counts no "love"; elsewhere the
    first word. With ``of`` (a pattern) it must come first, as in "40% of users", and the number's end stays.

    Example:
        >>> counted_noun("10,000 paying customers in may", 6, "en")
        ('customer', ('paying',), 23)
    """
    at = end
    if of:
        joined = re.match(rf" (?:{of})\b", evened[at : at + 10])
        if joined is None:
            return "", (), end
        at += joined.end()
    if article := _ARTICLE.match(evened, at):
        at = article.end()
    said: list[tuple[str, int]] = []
    while len(said) < _MOST_WORDS and (found := _WORD.match(evened, at)) and found[1] not in FUNCTION_WORDS:
        said.append((found[1], found.end()))
        at = found.end()
    any_word = bool(of) or evened[end : end + 1] == "-"
    last = _head([word for word, _ in said], language, any_word=any_word) if said else None
    if last is None:
        return "", (), end
    return singular(said[last][0], language), tuple(w for w, _ in said[:last]), end if of else said[last][1]


def _head(said: list[str], language: str, *, any_word: bool) -> int | None:
    if language != "en":
        return 0
    plural = [w in _PLURALS or (w.endswith("s") and not w.endswith(("ss", "us", "is", "'s"))) for w in said]
    if True not in plural:
        return 0 if any_word else None
    at = plural.index(True)
    while at + 1 < len(said) and plural[at + 1]:
        at += 1
    return at


def singular(word: str, language: str) -> str:
    """A noun without its plural's ending; German ones stay as they are."""
    if language == "de" or len(word) < _SHORT:
        return word
    if language == "en":
        for ending, instead in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("sses", "ss")):
            if word.endswith(ending):
                return word.removesuffix(ending) + instead
        return word if word.endswith(("ss", "us", "is")) else word.removesuffix("s")
    return word.removesuffix("s")


_SHORT = 4
