"""The second reader at work: a sentence in, its score and the scores of its words by kind out. Whole numbers only."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from copilot_tools.wording.claims.learned.features import (
    NEAR,
    WIDE,
    Seen,
    Shape,
    Sorts,
    classes_of,
    of_marks,
    of_member,
    of_rest,
    run_prefix,
    runs,
    sorts,
    whole_prefix,
    word_prefix,
)
from copilot_tools.wording.claims.learned.weights import Bounds, Weights
from copilot_tools.wording.claims.marks import CLAIM_KINDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Reader", "Scores", "key", "kinds_known"]

_FIVE = ("statistic", "superlative", "guarantee", "price", "scarcity")
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


def kinds_known(language: str) -> tuple[int, ...]:
    """The kinds of claim that are known in a language, by their place in ``CLAIM_KINDS``."""
    return tuple(CLAIM_KINDS.index(kind) for kind in (CLAIM_KINDS if language == "en" else _FIVE))


class Reader:
    """Reads sentences of one language with one file of weights; what it has worked out for a word it keeps."""

    def __init__(self, weights: Weights, language: str, words: Mapping[str, frozenset[str]]) -> None:
        self.weights = weights
        self.language = language
        self._classes = classes_of(words)
        self.kinds = kinds_known(language)
        # A checksum goes on where another ended, so that a name's need not be made anew for each prefix.
        self._in_sentence = key(whole_prefix(language))
        self._at_distance = {distance: key(run_prefix(language, distance)) for distance in range(-NEAR, NEAR + 1)}
        self._neighbour = {distance: key(word_prefix(language, distance)) for distance in range(-WIDE, WIDE + 1)}
        self._base: list[int] = list(weights.header.items_base)
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
        around = np.zeros((many + 2 * WIDE, 2 * WIDE + 1, len(CLAIM_KINDS)), np.int32)
        around[WIDE : WIDE + many] = [self._spread_of(shape) for shape in seen.shapes]
        # What the word at a place and its neighbours add to it lies on a diagonal of this table: read as a view of it.
        one, two, three = around.strides
        view: NDArray[np.int32] = np.ndarray(
            (many, *around.shape[1:]), np.int32, around, strides=(one, one + two, three)
        )
        items: NDArray[np.int32] = view.sum(axis=1, dtype=np.int32) + np.array(self._base, np.int32)
        keys, places, found = self._of_runs(seen)
        keys.update(*(self._member(shape) for shape in seen.shapes))
        for place, name in of_marks(seen):
            row = rows.get(key(name))
            if row is not None:
                places.append(place)
                found.append(row)
        if found:
            np.add.at(items, places, self.weights.items[found])
        keys |= {key(name) for name in of_rest(seen, [self._sorts_of(shape) for shape in seen.shapes])}
        of_all = [row for row in map(rows.get, keys) if row is not None]
        if of_all:
            items += self.weights.items[of_all].sum(axis=0, dtype=np.int32)
        total = header.whole_base + sum(weight for weight in map(self.weights.whole.get, keys) if weight is not None)
        best = int(items[:, self.kinds].max())
        return Scores(total + header.share * best // 16, items, self.kinds)

    def _of_runs(self, seen: Seen) -> tuple[set[int], list[int], list[int]]:
        """What its pairs and threes of words add: keys for the sentence; for places, the place and the row of each."""
        get, crc32, inner, at_distance = self.weights.rows.get, zlib.crc32, self._in_sentence, self._at_distance
        keys: set[int] = set()
        places: list[int] = []
        found: list[int] = []
        for name, at, start, end, inside in runs(seen):
            code = name.encode()
            if inside:
                keys.add(crc32(code, inner))
            for place in range(start, end + 1):
                row = get(crc32(code, at_distance[place - at]))
                if row is not None:
                    places.append(place)
                    found.append(row)
        return keys, places, found

    def _sorts_of(self, shape: Shape) -> Sorts:
        found = self._sorts.get(shape)
        if found is None:
            if len(self._sorts) >= _KEPT:
                self._sorts.clear()
                self._spread.clear()
                self._members.clear()
            found = self._sorts[shape] = sorts(shape, self._classes)
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
            near, far = ([name.encode() for name in names] for names in own)
            found = np.zeros((2 * WIDE + 1, len(CLAIM_KINDS)), np.int32)
            hits: list[int] = []
            begins: dict[int, int] = {}
            for distance, prefix in self._neighbour.items():
                codes = near if abs(distance) <= NEAR else far
                more = [row for code in codes if (row := rows.get(zlib.crc32(code, prefix))) is not None]
                if more:
                    begins[distance + WIDE] = len(hits)
                    hits += more
            if hits:
                found[list(begins)] = np.add.reduceat(self.weights.items[hits], list(begins.values()))
            self._spread[shape] = found
        return found
