"""Has every unit one row only? Proved without a list of units where that can be done, exactly in every case.

Whole numbers that lie close together set one bit each: as many bits as rows, and no two are the same. Other units are
hashed to 64 bits, a part of them at a time: where no two hashes are the same, no two units are. Only where two hashes
are the same must the units themselves be compared.
"""

from __future__ import annotations

import duckdb
import numpy as np

__all__ = ["unique_units"]

_SPARSE = 64
"""Bits there may be for one row."""
_MOST_BITS = 1_000_000_000
_AT_A_TIME = 8_000_000
"""Hashes held in memory at once, 8 bytes each."""


def unique_units(
    connection: duckdb.DuckDBPyConnection, relation: str, rows: int, ends: tuple[int, int] | None = None
) -> bool:
    """Whether no value of the column ``unit`` stands in two rows of a relation of DuckDB; empty cells do not count.

    Args:
        connection: The engine.
        relation: The rows, with a column ``unit``.
        rows: About how many there are, at least 0.
        ends: Smallest and largest unit, where units are whole numbers and the ends are known; else None.
    """
    if ends is not None and ends[1] - ends[0] < min(_MOST_BITS, _SPARSE * max(rows, 1_000)):
        found = connection.execute(
            f"SELECT bit_count(bitstring_agg(unit, {ends[0]}, {ends[1]})), count(unit) FROM {relation}"
        ).fetchone()
        if found is not None:
            return int(found[0] or 0) == int(found[1])
    parts = -(-rows // _AT_A_TIME) or 1
    if all(_distinct_hashes(connection, relation, part, parts) for part in range(parts)):
        return True
    row = connection.execute(f"SELECT count(unit) = count(DISTINCT unit) FROM {relation}").fetchone()
    return bool(row and row[0])


def _distinct_hashes(connection: duckdb.DuckDBPyConnection, relation: str, part: int, parts: int) -> bool:
    chosen = f" AND hash(unit) % {parts} = {part}" if parts > 1 else ""
    # hash() differs between versions of the engine; these hashes do not leave this function.
    hashes = connection.execute(f"SELECT hash(unit) AS h FROM {relation} WHERE unit IS NOT NULL{chosen}").fetchnumpy()[
        "h"
    ]
    ordered = np.sort(np.asarray(hashes))
    return not bool((ordered[1:] == ordered[:-1]).any())
