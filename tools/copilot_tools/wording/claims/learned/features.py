"""What the second reader looks at: a sentence as names of features, of each word and of the whole.

Everything is a name ("en-1m=save": the stem of the word before), so that weights are a table from names to numbers.
Words never seen in training still have stems, endings, figures' kinds and neighbours; and what the rules found is a
feature, too, so that training decides which rule may be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from copilot_tools.wording.claims.figures import Item
from copilot_tools.wording.claims.marks import CLAIM_KINDS
from copilot_tools.wording.claims.patterns import Match

__all__ = [
    "NEAR",
    "WIDE",
    "Run",
    "Seen",
    "Shape",
    "Sorts",
    "at_distance",
    "classes_of",
    "of_marks",
    "of_member",
    "of_places",
    "of_rest",
    "of_whole",
    "run_prefix",
    "runs",
    "shape",
    "sorts",
    "whole_prefix",
    "word_prefix",
]

NEAR = 2
"""Up to this distance everything about a neighbour counts."""
WIDE = 4
"""Up to this distance its form and stem do."""

_STEMMERS = {"en": "english", "de": "german", "fr": "french", "es": "spanish"}


class Shape(NamedTuple):
    """A word as the reader sees it; two words of one shape count alike.

    Attributes:
        norm: Its form for comparison; of a figure its digits or words.
        stem: Without its endings; of a figure "#" and its first tag.
        tags: As in ``Item``.
        form: "A" in capitals, "a" with a capital first, "" otherwise or where a sentence begins.
        gap: What stands before it: "" white space, "," a comma or the like, "-" nothing, "." a sentence's beginning.
    """

    norm: str
    stem: str
    tags: tuple[str, ...]
    form: str
    gap: str


class Seen(NamedTuple):
    """A sentence as the reader sees it.

    Attributes:
        language: "en", "de", "fr" or "es".
        shapes: Of its items.
        matches: What the rules matched.
        quoted: Places of items inside a quotation.
        ending: Its last character.
    """

    language: str
    shapes: Sequence[Shape]
    matches: Sequence[Match]
    quoted: frozenset[int]
    ending: str


class Sorts(NamedTuple):
    """The names a word counts by: to itself and its near neighbours, and (``few``) to those further off."""

    all: tuple[str, ...]
    few: tuple[str, ...]


def shape(text: str, item: Item, language: str, *, first: bool) -> Shape:
    """The shape of an item of ``text``."""
    written = text[item.start : item.end]
    form = "A" if len(written) > 1 and written.isupper() else "a" if written[:1].isupper() and not first else ""
    gap = "." if first else "," if item.apart else "-" if item.glued else ""
    return Shape(item.norm, _stem(item.norm, item.tags, language), item.tags, form, gap)


@lru_cache(maxsize=65_536)
def _stem(norm: str, tags: tuple[str, ...], language: str) -> str:
    figure = next((t for t in tags if t != "est"), "")
    return f"#{figure}" if figure else str(_stemmer(language)(norm))


@lru_cache
def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer  # type: ignore[import-untyped]  # noqa: PLC0415 - it loads thirty languages

    stem: Callable[[str], str] = snowballstemmer.stemmer(_STEMMERS[language]).stemWord
    return stem


def classes_of(words: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """The classes each word is in, out of the words of each class."""
    found: dict[str, list[str]] = {}
    for name, members in words.items():
        for word in members:
            found.setdefault(word, []).append(name)
    return found


def sorts(shape: Shape, classes: Mapping[str, Sequence[str]]) -> Sorts:
    """The names ``shape`` counts by; ``classes`` as ``classes_of`` tells them."""
    norm, stem, tags, form, gap = shape
    few = (f"m={stem}",) if norm == stem else (f"m={stem}", f"w={norm}")
    more = [f"t={tag}" for tag in tags]
    if stem.startswith("#"):
        more += [f"n={len(norm)}"] if norm.isdigit() else []
    else:
        more += [f"e={norm[-3:]}", f"e={norm[-2:]}", f"p={norm[:4]}"]
        more += [f"c={name}" for name in classes.get(norm, ())]
    return Sorts((*few, *more, f"f={form}", f"g={gap}"), few)


def word_prefix(seen_in: str, distance: int) -> str:
    """What stands before a word's names where it counts for the word ``distance`` places before (-) or after it."""
    return f"{seen_in}{distance}"


def at_distance(seen_in: str, distance: int, found: Sorts) -> list[str]:
    """The names by which a word counts for the word ``distance`` places before (-) or after it."""
    prefix = word_prefix(seen_in, distance)
    return [f"{prefix}{name}" for name in (found.all if abs(distance) <= NEAR else found.few)]


class Run(NamedTuple):
    """Stems side by side, or with one left out between them: features of the places in and around them.

    Attributes:
        name: The stems; "^" and "$" stand for the sentence's ends.
        at: Where they begin.
        first: The first place they count for.
        last: The last.
        inside: Whether neither end of the sentence is among them: then they count for the sentence, too.
    """

    name: str
    at: int
    first: int
    last: int
    inside: bool


def runs(seen: Seen) -> Iterator[Run]:
    """Pairs and threes of stems."""
    stems = ["^", *(s.stem for s in seen.shapes), "$"]
    many = len(seen.shapes)
    for at in range(many + 1):
        pair = f"{stems[at]} {stems[at + 1]}"
        first, last = (at - 1 if at > 1 else 0), (at + 1 if at + 1 < many else many - 1)
        yield Run(pair, at, at - 2 if at > 2 else 0, last, 0 < at < many)
        if at < many:
            inside = 0 < at < many - 1
            yield Run(f"{pair} {stems[at + 2]}", at, first, last, inside)
            yield Run(f"{stems[at]} _ {stems[at + 2]}", at, first, last, inside)


def run_prefix(language: str, distance: int) -> str:
    """What stands before a run's name where it counts for the place so far from its beginning."""
    return f"{language}{distance}:"


def of_places(seen: Seen) -> Iterator[tuple[int, str]]:
    """Features of single places beside those of their words: pairs and threes of words, rules, quotation marks."""
    for run in runs(seen):
        for place in range(run.first, run.last + 1):
            yield place, f"{run_prefix(seen.language, place - run.at)}{run.name}"
    yield from of_marks(seen)


def of_marks(seen: Seen) -> Iterator[tuple[int, str]]:
    """Features of single places that come from the rules and from quotation marks."""
    for match in seen.matches:
        for name in _rule(match):
            for place in range(match.first, match.last):
                yield place, name
    for place in seen.quoted:
        yield place, "q"


def _rule(match: Match) -> tuple[str, str]:
    sign = "-" if match.pattern.exception else "+"
    name = f"r{sign}{match.pattern.label}"
    return name, f"{name}:{match.pattern.source}"


def of_whole(seen: Seen, found: Sequence[Sorts]) -> set[str]:
    """Features of the sentence as a whole, each once: its words and what they are, its pairs, its beginning and end."""
    whole = {name for one in found for name in of_member(seen.language, one)}
    whole |= {f"{whole_prefix(seen.language)}{run.name}" for run in runs(seen) if run.inside}
    return whole | of_rest(seen, found)


def whole_prefix(language: str) -> str:
    """What stands before the name of a word or a run where it counts for its sentence."""
    return f"{language}s"


def of_member(language: str, found: Sorts) -> list[str]:
    """What a word of it adds to a sentence's features, wherever it stands."""
    return [f"{whole_prefix(language)}{name}" for name in found.all]


def of_rest(seen: Seen, found: Sequence[Sorts]) -> set[str]:
    """Features of the sentence beside those of its single words and runs."""
    names: set[str] = set()
    for sign, one in zip(("^", "^^"), found, strict=False):
        names |= {f"{sign}{name}" for name in one.all if name[0] in "mct"}
    names |= {f".{seen.ending}", f"#{min(len(seen.shapes), 30).bit_length()}"}
    whole = {f"{whole_prefix(seen.language)}{name}" for name in names}
    whole |= {f"S{name}" for match in seen.matches for name in _rule(match)}
    whole |= set(_covered(seen))
    if seen.quoted:
        whole.add("Sq")
    return whole


def _covered(seen: Seen) -> Iterator[str]:
    """How much of the sentence the longest find of a rule takes, in fifths, by the sentence's language and length."""
    own = [m for m in seen.matches if m.pattern.label in _KINDS and not m.pattern.exception]
    most = max((m.last - m.first for m in own), default=0)
    if most:
        share, long = 5 * most // len(seen.shapes), min(len(seen.shapes), 30).bit_length()
        yield from (f"S/{least}" for least in range(share + 1))
        yield f"S/{share}:{long}"
        yield f"S/{share}:{seen.language}"


_KINDS = frozenset(CLAIM_KINDS)
