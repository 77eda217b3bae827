"""A language's vocabulary and rules, read from its folder of data. A new language is a new folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

__all__ = ["Lexicon", "Phrase", "lexicon"]

_FOLDER = Path(__file__).parent / "vocabulary"
_HEADING = re.compile(r"\[(?P<where>beside|apart)(?P<options>[^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A reviewed sequence of words that stands or falls as a whole.

    Attributes:
        words: In lower case, hyphens taken apart; at each place the words (or the comma) that may stand there.
        beside: Whether it may stand in a sentence with a result.
        rows: Verdict rows that allow it; empty for every row.
        sections: Sections that allow it; empty for every section.
        after: Words it may follow ("^" for the start of a clause); empty for anything.
        slot_after: Whether a slot must follow at once.
    """

    words: tuple[frozenset[str], ...]
    beside: bool
    rows: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    slot_after: bool = False


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Everything the rules look up.

    Attributes:
        beside: Words that may share a clause with a result.
        apart: Words that may not.
        conditional: Words that may not share a sentence with a result.
        verdict: The whole vocabulary of a clause with the verdict.
        topics: Names of metrics and parts; beside a result only those of its own facts.
        possible: Words that may stand only where something is asked or said to be possible.
        needs_result: Nouns that claim something exists; only in a sentence with a result.
        phrases: By first word, longest first.
        denied: By first item, sequences that judge although each word is innocent.
        verbs: Every form of a verb.
        base_verbs: The form that instructs.
        nouns: Every form of an everyday noun.
        places: Lists for the places around slots, by file name.
        contractions: What each stands for.
    """

    beside: frozenset[str]
    apart: frozenset[str]
    conditional: frozenset[str]
    verdict: frozenset[str]
    topics: frozenset[str]
    possible: frozenset[str]
    needs_result: frozenset[str]
    phrases: dict[str, tuple[Phrase, ...]]
    denied: dict[str, tuple[tuple[str, ...], ...]]
    verbs: frozenset[str]
    base_verbs: frozenset[str]
    nouns: frozenset[str]
    places: dict[str, frozenset[str]]
    contractions: dict[str, str]

    @cached_property
    def words(self) -> frozenset[str]:
        """Every single word that may stand somewhere."""
        own = self.beside | self.apart | self.conditional | self.topics | self.possible | self.needs_result
        return own | self.places["negations"] | self.places["noise"] | self.places["capitalised"]


@cache
def lexicon(language: str = "english") -> Lexicon:
    """Read the data of ``language``; raises FileNotFoundError for one that is not there."""
    folder = _FOLDER / language
    if not folder.is_dir():
        raise FileNotFoundError(f"no vocabulary for {language!r} in {_FOLDER}")
    beside, apart = (_words(*sorted((folder / name).glob("*.txt"))) for name in ("beside", "apart"))
    places = {path.stem: _words(path) for path in (folder / "places").glob("*.txt") if path.stem != "contractions"}
    phrases = _phrases(folder / "phrases.txt", places)
    for group, is_beside in ((beside, True), (apart, False)):
        phrases += [Phrase(tuple(frozenset({part}) for part in w.split("-")), is_beside) for w in group if "-" in w]
    verbs, nouns = (tuple(_lemmas(folder / "apart", ending)) for ending in ("verbs", "nouns"))
    apart |= {form for lemma in verbs + nouns for form in lemma}
    apart -= _words(folder / "left_out.txt")
    denied = [tuple(line.split()) for line in _lines(folder / "denied.txt")]
    contractions = dict(line.split(" = ", 1) for line in _lines(folder / "places" / "contractions.txt"))
    return Lexicon(
        beside=frozenset(w for w in beside if "-" not in w),
        apart=frozenset(w for w in apart if "-" not in w),
        conditional=_words(folder / "conditional.txt"),
        verdict=_words(folder / "verdict.txt"),
        topics=_words(folder / "topics.txt"),
        possible=_words(folder / "possible.txt") - apart - beside,
        needs_result=_words(folder / "needs_result.txt"),
        phrases=_by_first(phrases),
        denied=_denied_by_first(denied),
        verbs=frozenset(form for lemma in verbs for form in lemma)
        | places["light_verbs"]
        | {word for word in beside | apart if word.endswith("ed")},
        base_verbs=frozenset(lemma[0] for lemma in verbs) | places["inquiry"],
        nouns=frozenset(form for lemma in nouns for form in lemma),
        places=places,
        contractions=contractions,
    )


def _lines(path: Path) -> list[str]:
    lines = (line.split("#", 1)[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _words(*paths: Path) -> frozenset[str]:
    return frozenset(word.lower() for path in paths for line in _lines(path) for word in line.split())


def _phrases(path: Path, places: dict[str, frozenset[str]]) -> list[Phrase]:
    found: list[Phrase] = []
    beside, options = False, dict[str, frozenset[str]]()
    for line in _lines(path):
        heading = _HEADING.fullmatch(line)
        if heading:
            beside = heading["where"] == "beside"
            pairs = (option.split("=", 1) for option in heading["options"].split())
            options = {name: frozenset(value.split(",")) for name, value in pairs}
            continue
        found.append(_phrase(line.lower(), places, beside, options))
    return found


def _phrase(line: str, places: dict[str, frozenset[str]], beside: bool, options: dict[str, frozenset[str]]) -> Phrase:
    slot_after = line.endswith(" <slot>")
    choices = [word.split("|") for word in line.removesuffix(" <slot>").replace(",", " ,").split()]
    words: list[frozenset[str]] = []
    for choice in choices:
        if choice[0].startswith("@"):
            words.append(places[choice[0][1:]])
        elif len(choice) == 1:
            words += [frozenset({part}) for part in choice[0].split("-")]
        else:
            words.append(frozenset(choice))
    return Phrase(tuple(words), beside, slot_after=slot_after, **options)


def _by_first(phrases: list[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    groups: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        for first in phrase.words[0]:
            groups.setdefault(first, []).append(phrase)
    return {first: tuple(sorted(group, key=lambda p: -len(p.words))) for first, group in groups.items()}


def _lemmas(folder: Path, ending: str) -> Iterator[tuple[str, ...]]:
    """The forms of each lemma in ``*.<ending>``: regular ones by rule, a line with "*" as it stands."""
    forms = _FORMS[ending]
    for path in sorted(folder.glob(f"*.{ending}")):
        for line in _lines(path):
            if line.startswith("*"):
                yield tuple(line.removeprefix("*").split())
            else:
                yield from (tuple(forms(lemma)) for lemma in line.split())


def _verb(lemma: str) -> Iterable[str]:
    stem = lemma.removesuffix("+")
    doubled = stem + stem[-1] if lemma.endswith("+") else stem
    if stem.endswith("e"):
        return stem, stem + "s", stem + "d", stem[:-1] + "ing"
    if stem.endswith("y") and stem[-2] not in "aeiou":
        return stem, stem[:-1] + "ies", stem[:-1] + "ied", stem + "ing"
    return stem, _with_s(stem), doubled + "ed", doubled + "ing"


def _noun(lemma: str) -> Iterable[str]:
    return (lemma.removesuffix("="),) if lemma.endswith("=") else (lemma, _with_s(lemma))


def _with_s(stem: str) -> str:
    if stem.endswith(("s", "x", "z", "ch", "sh")):
        return stem + "es"
    return stem[:-1] + "ies" if stem.endswith("y") and stem[-2] not in "aeiou" else stem + "s"


_FORMS = {"verbs": _verb, "nouns": _noun}


def _denied_by_first(denied: list[tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    groups: dict[str, list[tuple[str, ...]]] = {}
    for sequence in denied:
        groups.setdefault(sequence[0], []).append(sequence)
    return {first: tuple(group) for first, group in groups.items()}
