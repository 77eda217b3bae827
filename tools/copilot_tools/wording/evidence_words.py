"""The words by which evidence is judged: data of ``lexicon/evidence.toml``, and how a text is read by them."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from copilot_tools.wording.concepts import concepts
from copilot_tools.wording.text import fold, tokens

__all__ = ["EvidenceWords", "Graded", "Head", "degree", "evidence_words", "meanings", "norms", "said"]


class Head(NamedTuple):
    """Words of a claim that a quotation must carry.

    Attributes:
        says: The words of a claim.
        carriers: The words of a quotation that carry them, these included.
    """

    says: frozenset[str]
    carriers: frozenset[str]


class EvidenceWords(NamedTuple):
    """A language's words; see ``lexicon/evidence.toml``."""

    heads: tuple[Head, ...]
    same: dict[str, str]
    opposite: tuple[tuple[frozenset[str], frozenset[str]], ...]
    graded: frozenset[str]
    others: frozenset[str]
    over: frozenset[str]
    first_person: frozenset[str]
    deny: re.Pattern[str]
    condition: re.Pattern[str]
    hedge: re.Pattern[str]
    embedding: re.Pattern[str]


@cache
def evidence_words(language: str) -> EvidenceWords:
    """The words of ``language``; of another than the four, of English."""
    text = (files("copilot_tools.wording") / "lexicon" / "evidence.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    own = data.get(language, data["en"])
    heads = []
    for written in own["heads"].values():
        says, _, more = written.partition("<")
        heads.append(Head(frozenset(says.split()), frozenset({*says.split(), *more.split()})))
    opposite = tuple(tuple(frozenset(side.split()) for side in pair.split("|")) for pair in own["opposite"])
    return EvidenceWords(
        heads=tuple(heads),
        same={word: group.split()[0] for group in (*own["irregular"], *own["same"]) for word in group.split()},
        opposite=opposite,  # type: ignore[arg-type]
        graded=frozenset(own["graded"].split()),
        others=frozenset(own["others"].split()),
        over=frozenset(own["over"].split()),
        first_person=frozenset(own["first_person"].split()),
        deny=_phrases(own["deny"]),
        condition=_phrases(own["condition"]),
        hedge=_phrases(own["hedge"]),
        embedding=_phrases(own["embedding"].split()),
    )


def _phrases(phrases: list[str]) -> re.Pattern[str]:
    return re.compile(rf" (?:{'|'.join(re.escape(phrase) for phrase in phrases)})(?= )")


def said(text: str) -> str:
    """The words of ``text`` for comparison, a blank around each; the month of May is none.

    Example:
        >>> said("In May, it MAY help")
        ' in it may help '
    """
    return f" {' '.join(t.norm for t in tokens(text) if text[t.start : t.end] != 'May')} "


def norms(text: str) -> list[str]:
    """The words of ``text`` for comparison, in order."""
    return [t.norm for t in tokens(text)]


class Graded(NamedTuple):
    """A word that says how much of a quality there is: its plain form, and the degree: "", "er" or "est"."""

    base: str
    degree: str


_IRREGULAR = {
    "better": Graded("good", "er"),
    "best": Graded("good", "est"),
    "worse": Graded("bad", "er"),
    "worst": Graded("bad", "est"),
}


def degree(word: str, language: str) -> Graded | None:
    """A graded word's plain form and degree; None for a word that has none.

    Example:
        >>> degree("fastest", "en"), degree("healthier", "en"), degree("honest", "en")
        (Graded(base='fast', degree='est'), Graded(base='healthy', degree='er'), None)
    """
    graded = evidence_words(language).graded
    if language == "en" and word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in graded:
        return Graded(word, "")
    for ending, kind in _GRADES.get(language, ()):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            for base in (stem, f"{stem}e", f"{stem[:-1]}y" if stem.endswith("i") else stem, stem[:-1]):
                if base in graded:
                    return Graded(base, kind)
    if language == "en" and word.endswith("est") and len(word) > _SHORTEST and word not in _NO_SUPERLATIVE:
        return Graded(word.removesuffix("est"), "est")
    return None


_GRADES = {
    "en": (("est", "est"), ("er", "er")),
    "de": (("sten", "est"), ("ste", "est"), ("ster", "est"), ("stes", "est"), ("er", "er"), ("ere", "er")),
}
_SHORTEST = 5
_NO_SUPERLATIVE = frozenset({
    *("honest", "request", "harvest", "interest", "forest", "contest", "protest", "suggest", "digest", "modest"),
    *("manifest", "invest", "latest", "arrest", "everest", "budapest", "conquest", "inquest", "dishonest"),
})  # fmt: skip


def meanings(text: str, language: str) -> dict[str, str]:
    """Meaning -> the word as it stands, of the content words of ``text``: stems and groups that mean the same."""
    same, found = evidence_words(language).same, {}
    row = tokens(text)
    for before, after in pairwise(row):
        if after.glued and (joined := before.norm + after.norm) in same:  # "set-up" is "setup"
            text = f"{text} {joined}"
    for concept in concepts(text, language, content=True):
        if concept.name == "#" or not any(c.isalpha() for c in concept.word):
            continue
        word = fold(concept.word)
        grade = degree(word, language)
        base = grade.base if grade else word
        key = same.get(word) or same.get(base)
        name = concepts(key or base, language)
        found[name[0].name if name else base] = concept.word
    return found
