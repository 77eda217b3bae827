"""The second reader at work: a sentence in, its score and the scores of its words by kind out. Whole numbers only."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from copilot_tools.wording.claims.learned.features import (
    WIDE,
    Seen,
    Shape,
    Sorts,
    at_distance,
    of_member,
    of_places,
    of_rest,
    sorts,
)
from copilot_tools.wording.claims.learned.weights import Bounds, Weights
from copilot_tools.wording.claims.marks import CLAIM_KINDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FIVE", "Reader", "Scores", "key"]

FIVE = ("statistic", "superlative", "guarantee", "price", "scarcity")
"""The kinds that are known outside English."""


_KEPT = 20_000
"""Words kept worked out, at most: memory stays flat over any number of texts."""


class Scores(NamedTuple):
    """What a sentence was given.

    Attributes:
        whole: The sentence's score: the higher, the surer that it holds a claim.
        items: A row a word, a column a kind (``kinds``).
        kinds: The kinds that are known in its language.
    """

    whole: int
    items: NDArray[np.int32]
    kinds: tuple[int, ...]


def key(name: str) -> int:
    """The number under which a feature's weights stand."""
    return zlib.crc32(name.encode())


class Reader:
    """Reads sentences of one language with one file of weights; what it has worked out for a word it keeps."""

    def __init__(self, weights: Weights, language: str, words: Mapping[str, frozenset[str]]) -> None:
        self.weights = weights
        self.language = language
        self.words = words
        known = CLAIM_KINDS if language == "en" else FIVE
        self.kinds = tuple(CLAIM_KINDS.index(kind) for kind in known)
        self._sorts: dict[Shape, Sorts] = {}
        self._members: dict[Shape, frozenset[int]] = {}
        self._spread: dict[Shape, NDArray[np.int32]] = {}

    @property
    def bounds(self) -> Bounds:
        """From which score on a sentence is what."""
        return self.weights.header.bounds["en" if self.language == "en" else "other"]

    def scores(self, seen: Seen) -> Scores:
        """Read one sentence; it must have a word."""
        import numpy as np  # noqa: PLC0415  # the package stays light to import

        header, rows = self.weights.header, self.weights.rows
        many = len(seen.shapes)
        spread = np.stack([self._spread_of(shape) for shape in seen.shapes])
        items = np.tile(np.array(header.items_base, np.int32), (many, 1))
        for distance in range(-WIDE, WIDE + 1):
            first, beyond = max(0, -distance), min(many, many - distance)
            if first < beyond:
                items[first:beyond] += spread[first + distance : beyond + distance, distance + WIDE]
        places: list[int] = []
        found: list[int] = []
        for place, name in of_places(seen):
            row = rows.get(key(name))
            if row is not None:
                places.append(place)
                found.append(row)
        if found:
            np.add.at(items, places, self.weights.items[found])
        keys: set[int] = set().union(*(self._member(shape) for shape in seen.shapes))
        keys |= {key(name) for name in of_rest(seen, [self._sorts_of(shape) for shape in seen.shapes])}
        of_all = [row for row in map(rows.get, keys) if row is not None]
        if of_all:
            items += self.weights.items[of_all].sum(axis=0, dtype=np.int32)
        total = header.whole_base + sum(weight for weight in map(self.weights.whole.get, keys) if weight is not None)
        best = int(items[:, self.kinds].max())
        return Scores(total + header.share * best // 16, items, self.kinds)

    def _sorts_of(self, shape: Shape) -> Sorts:
        found = self._sorts.get(shape)
        if found is None:
            if len(self._sorts) >= _KEPT:
                self._sorts.clear()
                self._spread.clear()
                self._members.clear()
            found = self._sorts[shape] = sorts(shape, self.words)
        return found

    def _member(self, shape: Shape) -> frozenset[int]:
        """The keys of what a word adds to its sentence's features; those without a weight are left out."""
        found = self._members.get(shape)
        if found is None:
            keys = map(key, of_member(self.language, self._sorts_of(shape)))
            found = frozenset(k for k in keys if k in self.weights.rows or k in self.weights.whole)
            self._members[shape] = found
        return found

    def _spread_of(self, shape: Shape) -> NDArray[np.int32]:
        """What a word adds to the scores of the words around it: by distance, a column a kind."""
        found = self._spread.get(shape)
        if found is None:
            import numpy as np  # noqa: PLC0415  # the package stays light to import

            rows, own = self.weights.rows, self._sorts_of(shape)
            found = np.stack([
                self.weights.items[[rows.get(key(n), -1) for n in at_distance(self.language, d, own)]].sum(
                    axis=0, dtype=np.int32
                )
                for d in range(-WIDE, WIDE + 1)
            ])  # fmt: skip
            self._spread[shape] = found
        return found
