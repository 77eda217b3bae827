"""A unit's place between 0 and 1 under a seed, as GrowthBook computes it: FNV-1a, 32 bits, hash version 2.

References:
    Fowler, Noll, Vo & Eastlake, The FNV Non-Cryptographic Hash Algorithm (IETF draft-eastlake-fnv).
    GrowthBook, Build Your Own SDK: Hashing (docs.growthbook.io/lib/build-your-own).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["GRAIN", "bucket", "buckets", "fnv1a32"]

GRAIN = 10_000
"""Hash version 2 knows this many places: a share is never finer than one ten-thousandth."""

_OFFSET = 0x811C9DC5
_PRIME = 0x01000193
_MASK = 0xFFFFFFFF
_AT_ONCE = 65_536
_LONG = 256
"""Code units; a longer unit is hashed by itself, so that one of them does not widen the table of all."""


def fnv1a32(text: str) -> int:
    """FNV-1a over UTF-16 code units, as the JavaScript SDK's ``charCodeAt`` sees them; 0 to 2**32 - 1.

    Example:
        >>> fnv1a32("foobar") == 0xBF9CF968
        True
    """
    return _continued(_OFFSET, text)


def bucket(seed: str, unit: str, *, version: Literal[1, 2] = 2) -> float:
    """A unit's place under a seed, in [0, 1).

    Version 2 hashes twice, which takes away the bias of version 1 between seeds that differ by little. Version 1 (1,000
    places) is what a GrowthBook namespace is cut by.

    Use it to place single units; for many at once ``buckets`` is the same.

    Example:
        >>> bucket("seed", "a"), bucket("seed", "ab")
        (0.0505, 0.9316)
    """
    if version == 1:
        return (fnv1a32(unit + seed) % 1000) / 1000
    return (fnv1a32(str(fnv1a32(seed + unit))) % GRAIN) / GRAIN


def buckets(seed: str, units: Sequence[str]) -> NDArray[np.float64]:
    """``bucket(seed, unit)`` of every unit, in their order; equal to it bit for bit, and about ten times as fast."""
    import numpy as np  # noqa: PLC0415 - a single unit needs none

    start = _continued(_OFFSET, seed)
    found = np.empty(len(units), dtype=np.float64)
    for low in range(0, len(units), _AT_ONCE):
        once = _hashes(start, units[low : low + _AT_ONCE])
        twice = _hashes(_OFFSET, list(map(str, once.tolist())))
        found[low : low + len(twice)] = (twice % GRAIN) / GRAIN
    return found


def _code_units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _continued(state: int, text: str) -> int:
    data = _code_units(text)
    for low, high in zip(data[::2], data[1::2], strict=True):
        state = ((state ^ (low | high << 8)) * _PRIME) & _MASK
    return state


def _hashes(start: int, texts: Sequence[str]) -> NDArray[np.uint32]:
    """The hash of each text, continued from ``start``: one step a position, for all texts together."""
    import numpy as np  # noqa: PLC0415

    # Code points are code units below U+10000; a text beyond, and a long one, is hashed by itself.
    alone = [i for i, text in enumerate(texts) if len(text) > _LONG or (not text.isascii() and max(text) > "\uffff")]
    together = list(texts)
    for i in alone:
        together[i] = ""
    table = np.array(together, dtype=np.str_)
    width = table.itemsize // 4
    points = table.view(np.uint32).reshape(len(together), width)
    lengths = np.fromiter(map(len, together), dtype=np.int64, count=len(together))
    state = np.full(len(together), start, dtype=np.uint32)
    for position in range(width):
        stepped = (state ^ points[:, position]) * np.uint32(_PRIME)  # wraps at 2**32, as the hash does
        state = np.where(position < lengths, stepped, state)
    for i in alone:
        state[i] = _continued(start, texts[i])
    return state
