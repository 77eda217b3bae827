"""Types of a warehouse by the names the sources know: what the values of each can be read as."""

from __future__ import annotations

import re

__all__ = ["known_type"]

_SAME = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "numeric": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
}
_TEXTS = ("text", "character", '"char"', "name", "citext", "uuid")
_DECIMAL = re.compile(r"numeric\((\d+),(-?\d+)\)")
_STAMP = re.compile(r"(timestamp)\(\d\) (with.*)")
_WIDEST = 38


def known_type(name: str) -> str:
    """DuckDB's name of a Postgres type, by what its values can be read as.

    Example:
        >>> known_type("numeric(10,2)"), known_type("character varying(20)"), known_type("integer[]")
        ('DECIMAL(10,2)', 'VARCHAR', 'INTEGER[]')
    """
    if stamp := _STAMP.fullmatch(name):
        name = f"{stamp[1]} {stamp[2]}"
    if name in _SAME:
        return _SAME[name]
    if (found := _DECIMAL.fullmatch(name)) is not None:
        return f"DECIMAL({found[1]},{found[2]})" if int(found[1]) <= _WIDEST else "DOUBLE"
    if name.startswith(_TEXTS) and not name.endswith("]"):
        return "VARCHAR"
    return name.upper()
