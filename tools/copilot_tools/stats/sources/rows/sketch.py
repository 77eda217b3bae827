"""A sketch of the units in a source: its smallest hashes. Two sources of the same units share most of theirs.

References:
    Bar-Yossef, Jayram, Kumar, Sivakumar & Trevisan (2002), Counting distinct elements in a data stream (the k minimum
    values synopsis).
"""

from __future__ import annotations

from copilot_tools.stats.sources.rows.working import Working

__all__ = ["SIZE", "sketch"]

SIZE = 256
"""How many of the smallest hashes are kept."""


def sketch(working: Working) -> tuple[int, ...]:
    """The 256 smallest distinct hashes of the units, ascending; all of them where there are fewer units.

    A hash is the second half of the MD5 of the unit's UTF-8 text, read as a little-endian integer, without its last
    bit: 63 bits. It depends neither on the order of rows nor on the engine's version.
    """
    if not working.unit:
        return ()
    rows = working.connection.execute(f"SELECT count(unit) FROM {working.name}").fetchone()
    total = int(rows[0]) if rows else 0
    # Only hashes below a bound can be among the smallest: sorting 16 times what is wanted is enough, nearly always.
    bound = min((1 << 63) - 1, (1 << 63) * 16 * SIZE // max(total, 1))
    for limit in (bound, (1 << 63) - 1):
        found = working.connection.execute(
            f"SELECT DISTINCT h FROM (SELECT md5_number_lower({working.unit_text}) >> 1 AS h FROM {working.name} "
            f"WHERE unit IS NOT NULL) WHERE h <= {limit} ORDER BY h LIMIT {SIZE}"
        ).fetchall()
        if len(found) == SIZE:
            break
    return tuple(int(h) for (h,) in found)
