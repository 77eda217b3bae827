"""Flaws as a reader would recognize them in words: patterns and figures of our own, nothing of the product's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np
from faults.experiments import Columns, Experiment

__all__ = ["FLAWS", "SOOTHING", "UNFAIR", "Flaw", "Words", "flaws_in", "holds"]

Flaw = Literal[
    "sample ratio", "two arms", "duplicates", "contradictions", "missing", "imbalance", "novelty", "outlier",
    "reversal", "spillover", "kept together", "versions", "exaggeration", "false positive", "fragile", "sparse",
    "too good", "opened early", "looks", "many comparisons", "measured after", "shared units", "too small",
]  # fmt: skip


def _by_arm(values: np.ndarray, rows: Columns) -> list[np.ndarray]:
    return [values[rows["arm"] == arm] for arm in np.unique(rows["arm"])]


def _sizes(e: Experiment) -> list[float]:
    return [float(len(own)) for own in _by_arm(e.rows["arm"], e.rows)]


def _crossed(e: Experiment) -> list[float]:
    pairs = np.unique(np.stack([e.rows["user"], e.rows["arm"]]), axis=1)
    return [float((np.unique(pairs[0], return_counts=True)[1] > 1).sum())]


def _repeated(e: Experiment) -> list[float]:
    return [float(len(e.rows["user"]) - len(np.unique(np.stack([e.rows["user"], e.rows["arm"]]), axis=1)[0]))]


def _contradicting(e: Experiment) -> list[float]:
    return [float((e.rows["shown"] != np.array(e.spec.arm_names)[e.rows["arm"]]).sum())]


def _missing(e: Experiment) -> list[float]:
    return [100 * float(np.isnan(own).mean()) for own in _by_arm(e.rows["converted"].astype(float), e.rows)]


def _ages(e: Experiment) -> list[float]:
    return [float(own.mean()) for own in _by_arm(e.rows["age"], e.rows)]


def _largest(e: Experiment) -> list[float]:
    return [float(e.rows["revenue"].max())]


class Words(NamedTuple):
    """How a flaw reads.

    Attributes:
        pattern: Words by which it is known where it is raised.
        title: How it is called in a list of what could not be assessed.
        figures: The numbers that must stand with it, worked out from the data; None where there are none of our own.
    """

    pattern: str
    title: str
    figures: Callable[[Experiment], list[float]] | None = None


FLAWS: dict[Flaw, Words] = {
    "sample ratio": Words(r"split is off|not in every part", r"sample ratio", _sizes),
    "two arms": Words(r"in more than one arm|in both arms", r"two arms", _crossed),
    "duplicates": Words(r"repeats? a unit|counted twice", r"duplicate", _repeated),
    "contradictions": Words(r"contradicts? (?:its|their) arm", r"against their arm", _contradicting),
    "missing": Words(r"is missing", r"missing", _missing),
    "imbalance": Words(r"already differed before", r"balance before", _ages),
    "novelty": Words(r"(?:wears off|grows) with the day|differs between days", r"novelty"),
    "outlier": Words(r"one unit, with|single customer", r"outlier", _largest),
    "reversal": Words(r"turns round|points the other way by more than chance", r"reversal"),
    "spillover": Words(r"affect their neighbours", r"interference"),
    "kept together": Words(r"whole clusters were assigned", r"kept together"),
    "versions": Words(r"is not one: from|ships is one version", r"versions"),
    "exaggeration": Words(r"overstate", r"exaggeration"),
    "false positive": Words(r"no effect at all is", r"false-positive"),
    "fragile": Words(r"turned out the other way|largest values? of the higher arm", r"fragility"),
    "sparse": Words(r"are expected in the smaller|fewer than 30|skewed", r"sparse"),
    "too good": Words(r"usually a fault in tracking", r"too large"),
    "opened early": Words(r"before the committed end, so", r"opened early"),
    "looks": Words(r"where there is none [\d.]+% of the time", r"looks taken"),
    "many comparisons": Words(r"\d+ comparisons", r"metrics and cuts"),
    "measured after": Words(r"measured after assignment", r"measured after"),
    "shared units": Words(r"read on the same units", r"units of another"),
    "too small": Words(r"less than the \S.* would matter", r"below what matters"),
}
"""Flaw -> how it reads."""

UNFAIR = re.compile(
    r"\b(?:broken|rigged|faked?|worthless|meaningless|garbage|cannot be trusted|ignore (?:this|the) (?:result|test)|"
    r"proves nothing|incompeten\w+|laughable|nobody checked|useless|cheated|not assigned at random)\b",
    re.IGNORECASE,
)
"""Words of a skeptic that has stopped being fair."""
SOOTHING = re.compile(
    r"\b(?:nothing (?:to object|speaks against)|no objections?\b|no doubt|beyond doubt|proven|flawless|perfectly sound|"
    r"nothing to worry|rock solid|cannot be noise|can be trusted|safe to)\b",
    re.IGNORECASE,
)
"""Words of one that has stopped being a skeptic."""

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def flaws_in(text: str) -> Iterator[Flaw]:
    """Flaws that a sentence raises."""
    yield from (flaw for flaw, words in FLAWS.items() if re.search(words.pattern, text, re.IGNORECASE))


def holds(text: str, flaw: Flaw, experiment: Experiment) -> bool:
    """Whether a sentence raises a flaw with the figures that the data has."""
    words = FLAWS[flaw]
    if not re.search(words.pattern, text, re.IGNORECASE):
        return False
    shown = [(float(n.replace(",", "")), len(n.partition(".")[2])) for n in _NUMBER.findall(text)]
    figures = words.figures(experiment) if words.figures else []
    return all(
        any(abs(n - figure) <= 0.5 * 10**-d + 5e-4 * abs(figure) * (d > 0) for n, d in shown) for figure in figures
    )
