"""The rules of a language, read from its folder: one file a kind of claim, and lists of words beside them.

A rule file holds patterns, one a line (see ``patterns``). ``why:`` begins a group and says, to people, what a find of
the group means. A line with ``- `` in front is an exception: it lifts the file's label from the words it covers.
``words.txt`` names classes of words; ``harmless.txt`` lifts every kind from what it covers, if nothing else is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from copilot_tools.refusals import Refused
from copilot_tools.wording.claims.marks import CLAIM_KINDS
from copilot_tools.wording.claims.patterns import Pattern, PatternError, Patterns, endings, parse

__all__ = ["LANGUAGES", "Rules", "rules_for"]

LANGUAGES = ("en", "de", "fr", "es")
"""Languages with rules of their own."""

_LISTS = ("harmless", "puffery", "plain", "unclassified", "other_languages")


@dataclass(frozen=True)
class Rules:
    """The rules of one language.

    Attributes:
        language: "en", "de", "fr" or "es".
        patterns: Of all kinds and lists together, told apart by their label.
        pairs: Those that run from one sentence into the next.
        words: Its classes of words.
        whole: Whether a sentence without a find is plain: the language has rules for every kind.
    """

    language: str
    patterns: Patterns
    pairs: Patterns
    words: Mapping[str, frozenset[str]]

    @cached_property
    def whole(self) -> bool:
        """Whether every kind of claim has rules here, so that a sentence without any is plain."""
        return {p.label for p in self.patterns.all} >= set(CLAIM_KINDS)


@cache
def rules_for(language: str) -> Rules:
    """The rules of ``language``.

    Raises:
        Refused: There are none for it.
        PatternError: A rule file is not well-formed.
    """
    if language not in LANGUAGES:
        raise Refused.because(
            "claims.language",
            f"language is {language!r}, but there are rules for {', '.join(LANGUAGES)} only.",
            "Give one of these, or have a person read the text.",
            name="language",
            value=language,
        )
    words = {name: frozenset(found) for name, found in _classes(_lines(language, "words"))}
    patterns = tuple(pattern for label in (*CLAIM_KINDS, *_LISTS) for pattern in _patterns(language, label, words))
    single, pairs = (tuple(p for p in patterns if p.crosses == crosses) for crosses in (False, True))
    return Rules(language, Patterns(single), Patterns(pairs), words)


def _lines(language: str, name: str) -> list[str]:
    file = files("copilot_tools.wording.claims").joinpath(language, f"{name}.txt")
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _classes(lines: list[str]) -> Iterator[tuple[str, set[str]]]:
    name, found = "", set[str]()
    for line in lines:
        if not line.strip() or line.startswith("# "):
            continue
        body = line
        if not line.startswith(" "):
            if name:
                yield name, found
            name, _, body = line.partition(":")
            found = set()
        for word in body.split():
            found |= endings(word[:-1]) if word.endswith("~") else {word}
    if name:
        yield name, found


def _patterns(language: str, label: str, words: Mapping[str, frozenset[str]]) -> Iterator[Pattern]:
    why = ""
    for number, line in enumerate(_lines(language, label), start=1):
        source = line.strip()
        if not source or source == "#" or source.startswith("# "):
            continue
        if source.startswith("why:"):
            why = source.removeprefix("why:").strip()
            continue
        exception = source.startswith("- ")
        try:
            yield parse(source.removeprefix("- "), words, why=why, label=label, exception=exception)
        except PatternError as error:
            raise PatternError(f"{language}/{label}.txt, line {number}: {error}") from None
