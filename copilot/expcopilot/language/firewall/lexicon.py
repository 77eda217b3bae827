"""A language's vocabulary and rules, read from its folder of data. A new language is a new folder."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Lexicon", "Phrase", "lexicon"]

_FOLDER = Path(__file__).parent / "vocabulary"
_HEADING = re.compile(r"\[(?P<where>beside|apart)(?P<options>[^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A reviewed sequence of words that stands or falls as a whole.

    Attributes:
        words: In lower case, hyphens taken apart.
        beside: Whether it may stand in a sentence with a result.
        rows: Verdict rows that allow it; empty for every row.
        sections: Sections that allow it; empty for every section.
        after: Words it may follow ("^" for the start of a clause); empty for anything.
    """

    words: tuple[str, ...]
    beside: bool
    rows: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lexicon:
    """Everything the rules look up.

    Attributes:
        beside: Words that may share a clause with a result.
        apart: Words that may not.
        conditional: Words that may not share a sentence with a result.
        verdict: The whole vocabulary of a clause with the verdict.
        topics: Names of metrics and parts; beside a result only those of its own facts.
        needs_result: Nouns that claim something exists; only in a sentence with a result.
        phrases: By first word, longest first.
        denied: By first item, sequences that judge although each word is innocent.
        places: Lists for the places around slots, by file name.
        contractions: What each stands for.
    """

    beside: frozenset[str]
    apart: frozenset[str]
    conditional: frozenset[str]
    verdict: frozenset[str]
    topics: frozenset[str]
    needs_result: frozenset[str]
    phrases: dict[str, tuple[Phrase, ...]]
    denied: dict[str, tuple[tuple[str, ...], ...]]
    places: dict[str, frozenset[str]]
    contractions: dict[str, str]

    @property
    def words(self) -> frozenset[str]:
        """Every single word that may stand somewhere."""
        return self.beside | self.apart | self.conditional | self.topics | self.needs_result


@cache
def lexicon(language: str = "english") -> Lexicon:
    """Read the data of ``language``; raises FileNotFoundError for one that is not there."""
    folder = _FOLDER / language
    if not folder.is_dir():
        raise FileNotFoundError(f"no vocabulary for {language!r} in {_FOLDER}")
    beside, apart = (_words(*sorted((folder / name).glob("*.txt"))) for name in ("beside", "apart"))
    phrases = _phrases(folder / "phrases.txt")
    for group, is_beside in ((beside, True), (apart, False)):
        phrases += [Phrase(tuple(w.split("-")), is_beside) for w in group if "-" in w]
    denied = [tuple(line.split()) for line in _lines(folder / "denied.txt")]
    contractions = dict(line.split(" = ", 1) for line in _lines(folder / "places" / "contractions.txt"))
    return Lexicon(
        beside=frozenset(w for w in beside if "-" not in w),
        apart=frozenset(w for w in apart if "-" not in w),
        conditional=_words(folder / "conditional.txt"),
        verdict=_words(folder / "verdict.txt"),
        topics=_words(folder / "topics.txt"),
        needs_result=_words(folder / "needs_result.txt"),
        phrases=_by_first(phrases),
        denied=_denied_by_first(denied),
        places={path.stem: _words(path) for path in (folder / "places").glob("*.txt") if path.stem != "contractions"},
        contractions=contractions,
    )


def _lines(path: Path) -> list[str]:
    lines = (line.split("#", 1)[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _words(*paths: Path) -> frozenset[str]:
    return frozenset(word.lower() for path in paths for line in _lines(path) for word in line.split())


def _phrases(path: Path) -> list[Phrase]:
    found: list[Phrase] = []
    beside, options = False, dict[str, frozenset[str]]()
    for line in _lines(path):
        heading = _HEADING.fullmatch(line)
        if heading:
            beside = heading["where"] == "beside"
            pairs = (option.split("=", 1) for option in heading["options"].split())
            options = {name: frozenset(value.split(",")) for name, value in pairs}
            continue
        choices = [choice.lower().split("|") for choice in line.split()]
        for written in itertools.product(*choices):
            words = tuple(part for word in written for part in word.split("-"))
            found.append(Phrase(words, beside, **options))
    return found


def _by_first(phrases: list[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    groups: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        groups.setdefault(phrase.words[0], []).append(phrase)
    return {first: tuple(sorted(group, key=lambda p: -len(p.words))) for first, group in groups.items()}


def _denied_by_first(denied: list[tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    groups: dict[str, list[tuple[str, ...]]] = {}
    for sequence in denied:
        groups.setdefault(sequence[0], []).append(sequence)
    return {first: tuple(group) for first, group in groups.items()}
