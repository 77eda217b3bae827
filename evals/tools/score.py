"""How often the catalogue's own words lead from a plain question to its tool: BM25, no model.

``python evals/tools/score.py [--misses]`` prints it. A language model chooses among tools by meaning, and
better than this; what it reads are the same words. So this is the floor: where even counting words finds the tool,
nobody is misled, and where it does not, the tool's words may not be the asker's.

Questions, their second file and the tools' words were written by one hand, the second file after the words were frozen:
its figure is the one to go by. Questions without a tool are not scored: a ranking has no "none", and the weight of
its first tool does not tell them apart (2026-11: as high for half of them as for questions it gets right).

References:
    Robertson & Zaragoza (2009), The Probabilistic Relevance Framework: BM25 and Beyond.
"""

# ruff: noqa: INP001 - a package of this name would hide the tests' own folder of it

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from copilot_tools.catalogue import tools

__all__ = ["NONE", "Found", "Index", "Question", "catalogue_index", "halves", "questions", "scored", "stem"]

HERE = Path(__file__).parent
NONE = "none"
_SATURATION, _LENGTH = 1.2, 0.75
_NAME, _SUMMARY, _WHEN, _ARGUMENTS = 3, 3, 3, 1
"""How often each part of a description counts: the words written for choosing above the arguments' own."""
_LITTLE = frozenset(
    re.findall(
        "[a-z]+",
        """
        a about after all an and any are as at be been before by can did do does for from had has have how i if in into
        is it its just me my no not of on one only or our out so some than that the their them then there they this to
        up us was we were what when where which who why will with would you your
        """,
    )
)


class Question(NamedTuple):
    """A question as somebody asks it, the tool that answers it (or ``none``), and what leads astray in it."""

    ask: str
    tool: str
    trap: str


class Found(NamedTuple):
    """A question and the tools its words lead to, the likeliest first."""

    question: Question
    ranked: tuple[str, ...]

    def within(self, first: int) -> bool:
        """Whether the right tool is among so many first ones."""
        return self.question.tool in self.ranked[:first]


def questions(file: str = "questions.yaml") -> tuple[Question, ...]:
    """All questions of a file, in their order."""
    data = YAML(typ="safe").load((HERE / file).read_text(encoding="utf-8"))
    return tuple(Question(q["ask"], q["tool"], q.get("trap", "")) for q in data)


def halves(given: Sequence[Question]) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """Those whose misses may mend the tools' words, and those kept back: every other one."""
    return tuple(given[::2]), tuple(given[1::2])


def stem(word: str) -> str:
    """A word without its commonest endings, so that "clicks", "clicked" and "click" are one."""
    for ending, least in (("ations", 4), ("ation", 4), ("ings", 4), ("ing", 4), ("ies", 3), ("ed", 4), ("es", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= least:
            word = word.removesuffix(ending)
            break
    else:
        word = word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
    return word.removesuffix("e") if len(word) > 4 else word


def _words(text: str) -> list[str]:
    return [stem(w) for w in re.findall(r"[a-z]+", text.lower().replace("'", "")) if w not in _LITTLE]


class Index:
    """Texts by name, weighed for a question by BM25."""

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        self._counts = {name: Counter(words) for name, words in texts.items()}
        self._mean = sum(len(words) for words in texts.values()) / len(texts)
        self._in = Counter(word for counted in self._counts.values() for word in counted)

    def rank(self, question: str) -> tuple[str, ...]:
        """All names, the likeliest first; ties in alphabetical order."""
        asked = _words(question)
        return tuple(sorted(self._counts, key=lambda name: (-self._weight(asked, name), name)))

    def _weight(self, asked: Iterable[str], name: str) -> float:
        counted = self._counts[name]
        length = 1 - _LENGTH + _LENGTH * counted.total() / self._mean
        total = 0.0
        for word in asked:
            if (seen := counted[word]) > 0:
                held = self._in[word]
                rarity = math.log(1 + (len(self._counts) - held + 0.5) / (held + 0.5))
                total += rarity * seen * (_SATURATION + 1) / (seen + _SATURATION * length)
        return total


def catalogue_index() -> Index:
    """The catalogue's tools by their names, words and descriptions of arguments."""
    texts = {}
    for tool in tools():
        described = tool.description()
        texts[tool.name] = (
            _words(tool.name.replace("_", " ")) * _NAME
            + _words(tool.summary) * _SUMMARY
            + _words(tool.when) * _WHEN
            + [w for text in _descriptions(described["arguments"]) for w in _words(text)] * _ARGUMENTS
        )
    return Index(texts)


def _descriptions(schema: Any) -> Iterator[str]:
    """Every description in a JSON schema."""
    if isinstance(schema, dict):
        for key, inner in schema.items():
            if key == "description" and isinstance(inner, str):
                yield inner
            elif key != "examples":
                yield from _descriptions(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _descriptions(inner)


def scored(given: Iterable[Question], index: Index | None = None) -> tuple[Found, ...]:
    """Each question that has a tool, with the tools its words lead to."""
    by = index or catalogue_index()
    return tuple(Found(q, by.rank(q.ask)) for q in given if q.tool != NONE)


def main(options: list[str]) -> None:
    """Print how often the tool is first and among the first three, on both halves; with ``--misses`` which are not."""
    index, given = catalogue_index(), questions()
    open_half, kept = halves(given)
    for title, half in (
        ("words mended for", open_half),
        ("kept back", kept),
        ("all", given),
        ("written after", questions("fresh.yaml")),
    ):
        found = scored(half, index)
        first, third = (sum(f.within(n) for f in found) for n in (1, 3))
        sys.stdout.write(f"{title}: first {first} of {len(found)}, among three {third} of {len(found)}\n")
        for f in found if "--misses" in options and half is open_half else ():
            if not f.within(1):
                sys.stdout.write(f"  {f.question.ask}\n    {f.question.tool}: not {', '.join(f.ranked[:3])}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
