"""A sketch of the units in a source: its smallest hashes. Two sources of the same units share most of theirs.

A hash depends on the unit's text alone: not on the order of rows, the column's type, the engine or its version. Whole
numbers as people write them (0, 17, up to fifteen digits) are hashed by arithmetic modulo primes, which an engine does
ten times faster than MD5; every other text by MD5.

References:
    Bar-Yossef, Jayram, Kumar, Sivakumar & Trevisan (2002), Counting distinct elements in a data stream (the k minimum
    values synopsis).
    Lidl & Niederreiter (1997), Finite Fields, 2nd ed., theorem 7.8 (x^3 permutes a field whose order less 1 is no
    multiple of 3).
"""

from __future__ import annotations

from typing import Any

from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import is_whole

__all__ = ["MOST_NUMBER", "SIZE", "number_hash", "sketch"]

SIZE = 256
"""How many of the smallest hashes are kept."""
MOST_NUMBER = 999_999_999_999_999
"""The largest unit that is hashed as a number."""

_P, _Q = 2_147_483_399, 2_147_483_629
"""Primes below 2^31. Two remainders tell all numbers below their product apart; 3 does not divide P - 1."""
_A, _B, _C = 1_318_699_043, 748_721_527, 97_412_983
_D, _E, _F = 1_181_783_497, 912_376_541, 510_712_267
_LARGEST = (1 << 63) - 1


def number_hash(unit: int) -> int:
    """The hash of a unit that is a whole number from 0 to 10^15 - 1: even, below 2^63.

    The upper half is the cube of a linear form of the two remainders modulo P, the lower another form modulo Q. Every
    intermediate stays below 2^63, so any engine with 64-bit integers computes it.

    Example:
        >>> number_hash(1) == number_hash(2)
        False
    """
    first, second = unit % _P, unit % _Q
    x = (first * _A + second * _B + _C) % _P
    upper = x * x % _P * x % _P
    lower = (first * _D + second * _E + _F) % _Q
    return 2 * ((upper << 31) + lower)


def sketch(working: Working) -> dict[str, Any]:
    """What ``SourceInfo`` holds of the units.

    Returns:
        ``sketch``: the 256 smallest distinct hashes of the units, ascending, all of them where there are fewer units;
        ``numbers_hashed``: whether any unit was hashed as a number.
    """
    if not working.unit:
        return {}
    total = working.facts.rows if working.facts is not None else _units(working)
    # Only hashes below a bound can be among the smallest: sorting 16 times what is wanted is enough, nearly always.
    bound = min(_LARGEST, (1 << 63) * 16 * SIZE // max(total, 1))
    found: list[tuple[int]] = []
    for limit in (bound, _LARGEST):
        found = working.connection.execute(f"{_below(working, limit)} ORDER BY h LIMIT {SIZE}").fetchall()
        if len(found) == SIZE or limit == _LARGEST:
            break
    return {"sketch": tuple(int(h) for (h,) in found), "numbers_hashed": _numbered(working)}


def _units(working: Working) -> int:
    row = working.connection.execute(f"SELECT count(unit) FROM {working.name}").fetchone()
    return int(row[0]) if row else 0


def _numbered(working: Working) -> bool:
    """Whether any unit is hashed as a number."""
    some = working.connection.execute(f"SELECT 1 FROM {working.name} WHERE {_number(working)} LIMIT 1").fetchall()
    return bool(some)


def _number(working: Working) -> str:
    """SQL: whether a unit is hashed as a number."""
    if working.unit is not None and is_whole(working.unit.sql_type):
        return f"unit BETWEEN 0 AND {MOST_NUMBER}"
    return "substr(unit, 1, 1) BETWEEN '0' AND '9' AND regexp_full_match(unit, '0|[1-9][0-9]{0,14}')"


def _below(working: Working, limit: int) -> str:
    """Query of the distinct hashes up to a limit."""
    w, number = working.name, _number(working)
    if working.unit is not None and is_whole(working.unit.sql_type):
        facts = working.facts
        small = facts is not None and facts.within(working.unit.name, 0, min(_P, _Q) - 1)
        hashed = _hashed("unit", f"FROM {w} WHERE {number}", limit, small=small)
        asked = f"SELECT DISTINCT h FROM ({hashed}) WHERE h <= {limit}"
        if facts is not None and facts.within(working.unit.name, 0, MOST_NUMBER):
            return asked
    else:
        read = f"SELECT CASE WHEN {number} THEN CAST(unit AS BIGINT) END AS number FROM {w}"
        hashed = _hashed("number", f"FROM ({read}) WHERE number IS NOT NULL", limit)
        asked = f"SELECT DISTINCT h FROM ({hashed}) WHERE h <= {limit}"
    rest = f"SELECT md5_number_lower({working.unit_text}) >> 1 AS h FROM {w} WHERE unit IS NOT NULL AND NOT ({number})"
    return f"SELECT h FROM ({asked} UNION SELECT h FROM ({rest}) WHERE h <= {limit})"


def _hashed(column: str, source: str, limit: int, *, small: bool = False) -> str:
    """Query of the hashes of a column of whole numbers; the lower half is reckoned only where the upper is small.

    ``small`` says that all of them are below both primes, and so their own remainders.
    """
    first, second = (column, column) if small else (f"{column} % {_P}", f"{column} % {_Q}")
    remainders = f"CAST({first} AS BIGINT) AS first, CAST({second} AS BIGINT) AS second"
    x = f"(first * {_A} + second * {_B} + {_C}) % {_P} AS x, first, second"
    cubed = f"x * x % {_P} * x % {_P} AS upper, first, second FROM (SELECT {x} FROM (SELECT {remainders} {source}))"
    lower = f"(first * {_D} + second * {_E} + {_F}) % {_Q}"
    return f"SELECT 2 * (upper * 2147483648 + {lower}) AS h FROM (SELECT {cubed}) WHERE upper <= {limit >> 32}"
