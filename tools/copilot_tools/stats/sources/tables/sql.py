"""Pieces of SQL: literals, and what a cell means as text, number, moment in time or truth.

Columns are addressed by names made here (c0, c1, ...), never by the file's own: a header cannot become SQL.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["Kind", "instant", "is_whole", "kind_of", "literal", "number", "number_literal", "text", "truth"]

Kind = Literal["text", "number", "boolean", "time", "other"]

_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "DECIMAL",
    "FLOAT",
    "DOUBLE",
    "UTINYINT",
    "USMALLINT",
)


_WHOLE = {f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")}


def literal(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def number_literal(value: float) -> str:
    """The double literal of a value, exact: a bare 2.62 would be a DECIMAL."""
    return f"CAST('{float(value)!r}' AS DOUBLE)"


def kind_of(sql_type: str) -> Kind:
    """What values of a DuckDB type can be read as."""
    name = sql_type.upper()
    if name.startswith(("VARCHAR", "ENUM", "UUID")):
        return "text"
    if name == "BOOLEAN":
        return "boolean"
    if name.startswith((*_NUMBERS, "UINTEGER", "UBIGINT", "UHUGEINT")) and not name.endswith("]"):
        return "number"
    if name.startswith(("DATE", "TIMESTAMP")) and not name.endswith("]"):
        return "time"
    return "other"


def is_whole(sql_type: str) -> bool:
    """Whether a DuckDB type holds whole numbers only."""
    return sql_type.upper() in _WHOLE


def text(column: str, sql_type: str) -> str:
    """The cell as text; NULL where it holds nothing but blanks. A whole float reads 101, not 101.0."""
    if sql_type.upper() in {"FLOAT", "DOUBLE"}:
        whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    if kind_of(sql_type) in {"number", "boolean", "time"} or sql_type.upper() == "UUID":
        return f"CAST({column} AS VARCHAR)"
    shown = column if sql_type.upper() == "VARCHAR" else f"CAST({column} AS VARCHAR)"
    # Blank cells sort below "!": the comparison is quick, and nearly no cell is left to trim.
    return f"CASE WHEN {shown} < '!' AND trim({shown}) = '' THEN NULL ELSE {shown} END"


def number(column: str, sql_type: str, decimal: str) -> str:
    """The cell as a double; NULL where it is empty or no number in the declared notation. true is 1, false is 0."""
    kind = kind_of(sql_type)
    if kind == "number":
        return f"CAST({column} AS DOUBLE)"
    if kind == "boolean":
        return f"CAST(CAST({column} AS INTEGER) AS DOUBLE)"
    if kind != "text":
        return "CAST(NULL AS DOUBLE)"
    cell = column if sql_type.upper() == "VARCHAR" else f"CAST({column} AS VARCHAR)"
    # DuckDB would read 1_000 as a thousand; a file that writes decimal commas must not hide a point.
    foreign = f"contains({cell}, '_')" + (f" OR contains({cell}, '.')" if decimal == "," else "")
    digits = f"replace({cell}, ',', '.')" if decimal == "," else cell
    word = f"CASE lower(trim({cell})) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 END"
    return f"CASE WHEN {foreign} THEN NULL ELSE coalesce(TRY_CAST({digits} AS DOUBLE), {word}) END"


def truth(column: str, sql_type: str) -> str:
    """The cell as 1.0 or 0.0 where it says true/false or 1/0, else NULL."""
    value = number(column, sql_type, ".")
    return f"CASE WHEN ({value}) IN (0.0, 1.0) THEN ({value}) END"


def instant(column: str, sql_type: str, zone: str) -> str:
    """The cell as a TIMESTAMP on the zone's clock; NULL where it is empty or not in ISO 8601 order.

    A time stamp with an offset is converted to the zone; one without is taken as written there.
    """
    kind = kind_of(sql_type)
    if kind == "time":
        aware = "WITH TIME ZONE" in sql_type.upper()
        return f"timezone({literal(zone)}, {column})" if aware else f"CAST({column} AS TIMESTAMP)"
    if kind != "text":
        return "CAST(NULL AS TIMESTAMP)"
    cell = f"trim(CAST({column} AS VARCHAR))"
    # Four digits and a dash: DuckDB would also read the words epoch and infinity. What follows the clock is an offset.
    return (
        f"CASE WHEN substr({cell}, 5, 1) NOT IN ('-', '/') THEN NULL "
        f"WHEN regexp_matches(substr({cell}, 12), '[A-Za-z+-]') "
        f"THEN timezone({literal(zone)}, TRY_CAST({cell} AS TIMESTAMPTZ)) "
        f"ELSE TRY_CAST({cell} AS TIMESTAMP) END"
    )
