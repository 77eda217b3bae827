"""Labelled lines as examples to learn from: a sentence's features, and which words lie in which kind of claim."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claims.labelled import LABELLED, Line, read
from copilot_tools.wording.claims.learned.features import WIDE, at_distance, classes_of, of_places, of_whole, sorts
from copilot_tools.wording.claims.learned.reader import kinds_known
from copilot_tools.wording.claims.marks import CLAIM_KINDS
from copilot_tools.wording.claims.quotations import quotations
from copilot_tools.wording.claims.rules import LANGUAGES, rules_for
from copilot_tools.wording.claims.scan import kept, read_sentences, seen

__all__ = ["FOLDS", "TRAINING", "Example", "examples", "fold", "lines_at_hand"]

TRAINING = Path(__file__).with_name("training")
"""The folder of lines the weights are trained on, rules' finds included."""

FOLDS = 5
"""Parts of the cross-validation."""


@dataclass(frozen=True)
class Example:
    """One sentence.

    Attributes:
        line: The line it stands in.
        whole: Its features.
        places: Those of each of its words.
        labels: A row a word, a column a kind: whether it lies in a claim.
        counts: By kind, whether it is known in this language; all False for a line that must only stay open.
        rules: The rules that would mark a claim in it.
    """

    line: Line
    whole: tuple[str, ...]
    places: tuple[tuple[str, ...], ...]
    labels: NDArray[np.bool_]
    counts: NDArray[np.bool_]
    rules: frozenset[str]


def lines_at_hand(folder: Path = TRAINING, labelled: Path = LABELLED) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines of the training folder, and those of the set the rules were tuned on; each text once."""
    own: dict[str, Line] = {}
    for line in (line for path in sorted(folder.glob("*.yaml")) for line in read(path)):
        own.setdefault(line.text, line)
    others: dict[str, Line] = {}
    for line in read(labelled):
        if line.text not in own:
            others.setdefault(line.text, line)
    return tuple(own.values()), tuple(others.values())


def fold(line: Line) -> int:
    """Which part of the cross-validation a line is in; always the same, whatever lines are added."""
    return zlib.crc32(line.text.encode()) % FOLDS


def examples(lines: Iterable[Line], *, with_rules: bool = True) -> Iterator[Example]:
    """Every sentence with a word in it.

    Args:
        lines: Labelled.
        with_rules: Whether what the rules found counts; not for lines on which the rules were tuned, where they are
            always right.
    """
    classes_by = {code: classes_of(rules_for(code).words) for code in LANGUAGES}
    for line in lines:
        rules, spoken, classes = rules_for(line.language), quotations(line.text), classes_by[line.language]
        for read_ in read_sentences(line.text, rules):
            if not read_.row:
                continue
            own = seen(line.text, read_, line.language, spoken)
            if not with_rules:
                own = own._replace(matches=())
            words = [sorts(shape, classes) for shape in own.shapes]
            places: list[list[str]] = [[] for _ in words]
            for at in range(len(words)):
                for distance in range(max(-WIDE, -at), min(WIDE, len(words) - 1 - at) + 1):
                    places[at] += at_distance(line.language, distance, words[at + distance])
            for at, name in of_places(own):
                places[at].append(name)
            labels = np.zeros((len(words), len(CLAIM_KINDS)), bool)
            for label in line.labels:
                inside = [i.start < label.end and label.start < i.end for i in read_.row]
                labels[inside, CLAIM_KINDS.index(label.kind)] = True
            counts = np.zeros(len(CLAIM_KINDS), bool)
            if line.expected != "unclassified":
                counts[list(kinds_known(line.language))] = True
            yield Example(
                line=line,
                whole=tuple(sorted(of_whole(own, words))),
                places=tuple(map(tuple, places)),
                labels=labels,
                counts=counts,
                rules=frozenset(m.pattern.source for m in kept(read_.matches, read_.lifted))
                if with_rules
                else frozenset(),
            )
