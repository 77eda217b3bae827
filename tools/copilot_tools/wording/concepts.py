"""What a text is made of when it is compared: content words, as stems or groups that mean the same, with weights.

References:
    Porter (2001), Snowball: A language for stemming algorithms. https://snowballstem.org
"""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from copilot_tools.wording.text import Token, tokens

__all__ = ["Concept", "concepts"]

_STEMMERS = {"en": "english", "de": "german", "fr": "french", "es": "spanish"}


class Concept(NamedTuple):
    """A content word of a text.

    Attributes:
        name: The same for words that mean the same: a stem, or the first stem of its group.
        word: The word as it stands in the text.
        weight: What it carries: 1, or .5 for numbers and for words that copy of every kind uses.
    """

    name: str
    word: str
    weight: float


def concepts(text: str, language: str = "en", *, content: bool = False) -> tuple[Concept, ...]:
    """The content words of ``text``, in order; of a text that has none, all its words, unless ``content`` is wanted.

    Example:
        >>> [c.name for c in concepts("Discover the ideal presents")] == [c.name for c in concepts("find ideal gifts")]
        True
    """
    found = tokens(text)
    empty, weak = _empty(language)
    kept = [t for t in found if t.norm not in empty] or ([] if content else list(found))
    return tuple(_concept(text, t, language, weak) for t in kept)


def _concept(text: str, token: Token, language: str, weak: frozenset[str]) -> Concept:
    name = (
        "#"
        if token.kind == "number"
        else _group(language).get(_stem(token.norm, language)) or _stem(token.norm, language)
    )
    light = name == "#" or token.kind == "symbol" or token.norm in weak
    return Concept(name, text[token.start : token.end], 0.5 if light else 1.0)


@lru_cache(maxsize=65_536)
def _stem(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    return str(stemmer.stemWord(word.removesuffix("'s"))) if stemmer else word


@cache
def _stemmer(language: str) -> Any:
    if language not in _STEMMERS:
        return None
    import snowballstemmer  # type: ignore[import-untyped]  # noqa: PLC0415 - it loads thirty languages: only where texts are compared

    return snowballstemmer.stemmer(_STEMMERS[language])


@cache
def _empty(language: str) -> tuple[frozenset[str], frozenset[str]]:
    data = tomllib.loads(_read("empty.toml")).get(language, {})
    return frozenset(data.get("empty", "").split()), frozenset(data.get("weak", "").split())


@cache
def _group(language: str) -> dict[str, str]:
    """Stem -> the first stem of its group. Only English has groups."""
    if language != "en":
        return {}
    groups = (line.split() for line in _read("synonyms.en.txt").splitlines() if line and not line.startswith("# "))
    found: dict[str, str] = {}
    for group in groups:
        first = "#" if "#" in group else _stem(group[0], "en")
        for word in group:
            found.setdefault(_stem(word, "en"), first)
    return found


def _read(name: str) -> str:
    return (files("copilot_tools.wording") / "lexicon" / name).read_text(encoding="utf-8")
