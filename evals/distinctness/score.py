"""How well the measure of distance agrees with the labelled pairs, on the half it was tuned on and on the other."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from ruamel.yaml import YAML

from copilot_tools.wording.distinctness import apart

__all__ = ["FAR", "Agreement", "Pair", "agreement", "halves", "pairs"]

HERE = Path(__file__).parent
FAR = ("reframed", "flip", "other_product", "unrelated", "variants_far")
_SEED = "halves-1"
_LANGUAGES: dict[str, Literal["de", "fr", "es"]] = {"german": "de", "french": "fr", "spanish": "es"}


class Pair(NamedTuple):
    """Two texts and what a reader said of them."""

    kind: str
    a: str
    b: str
    near: bool
    language: Literal["en", "de", "fr", "es"]


class Agreement(NamedTuple):
    """How many pairs there were, and those the measure judged otherwise."""

    of: int
    wrong: tuple[Pair, ...]

    @property
    def share(self) -> float:
        """Pairs judged as labelled, as a share."""
        return 1 - len(self.wrong) / self.of


def pairs(file: str = "pairs.yaml") -> tuple[Pair, ...]:
    """All pairs of a file, in its order."""
    data = YAML(typ="safe").load((HERE / file).read_text(encoding="utf-8"))
    found: list[Pair] = []
    for kind, listed in data.items():
        if kind in _LANGUAGES:
            found += [
                Pair(kind, a, b, label == "near", _LANGUAGES[kind])
                for label in ("near", "far")
                for a, b in listed[label]
            ]
        else:
            found += [Pair(kind, a, b, kind not in FAR, "en") for a, b in listed]
    return tuple(found)


def halves(given: Iterable[Pair]) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """The half to tune on and the half to report on: of each kind every other pair, in the order of a seeded digest."""
    kinds: dict[str, list[Pair]] = {}
    for pair in given:
        kinds.setdefault(pair.kind, []).append(pair)
    tune: list[Pair] = []
    report: list[Pair] = []
    for kind, listed in kinds.items():
        listed.sort(key=lambda p: hashlib.sha256(f"{_SEED}|{p.a}|{p.b}".encode()).hexdigest())
        # Kinds of odd number take turns in which half is the larger one.
        for n, pair in enumerate(listed, start=sorted(kinds).index(kind) % 2):
            (tune if n % 2 == 0 else report).append(pair)
    return tuple(tune), tuple(report)


def agreement(given: Iterable[Pair]) -> Agreement:
    """How often the measure judges a pair as the label does."""
    listed = tuple(given)
    return Agreement(len(listed), tuple(p for p in listed if apart(p.a, p.b, p.language).near != p.near))


def main(names: list[str]) -> None:
    """Print the agreement; with ``--wrong`` also the pairs of the tuning half that are judged otherwise."""
    tune, report = halves(pairs())
    for title, half in (
        ("tuned on", tune),
        ("not tuned on", report),
        ("written after", pairs("fresh.yaml")),
        ("whole variants", pairs("whole.yaml")),
    ):
        found = agreement(half)
        sys.stdout.write(f"{title}: {found.of - len(found.wrong)} of {found.of} ({found.share:.1%})\n")
        for pair in found.wrong if "--wrong" in names and half is not report else ():
            judged = apart(pair.a, pair.b, pair.language)
            sys.stdout.write(f"  {pair.kind}: {judged.distance:.2f} {pair.a!r} | {pair.b!r}\n    {judged.why}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
