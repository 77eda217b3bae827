"""What DuckDB has and Postgres says in another way: casts that may fail, the first of a group, MD5 as a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp, parse_one

__all__ = ["POSTGRES_TERMS"]

_WORD = r"^\s*[+-]?(inf|infinity|nan)\s*$"
_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*$"
_LARGEST = "1.7976931348623157e308"
_SMALLEST = "1e-300"
_TIME = (
    r"^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
    r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?\s*(Z|z|UTC|[+-][0-9]{1,2}(:?[0-9]{2})?)?)?$"
)


def _sql(template: str, **parts: exp.Expr) -> exp.Expr:
    """A piece of Postgres SQL with its named parts put in."""
    return exp.replace_placeholders(parse_one(template, read="postgres"), **parts)


def _double(x: exp.Expr) -> exp.Expr:
    """A text as a double, NULL where it is none: Postgres 15 has no cast that may fail, so the text is matched first.

    Beyond the range of a double the cast itself would fail: the number is held against it while still exact.
    """
    return _sql(
        f"CASE WHEN :x ~* '{_WORD}' THEN CAST(:x AS DOUBLE PRECISION) WHEN :x ~ '{_NUMBER}' THEN "
        f"CASE WHEN abs(CAST(:x AS NUMERIC)) > {_LARGEST} THEN NULL "
        f"WHEN abs(CAST(:x AS NUMERIC)) < {_SMALLEST} THEN CAST(0 AS DOUBLE PRECISION) "
        "ELSE CAST(:x AS DOUBLE PRECISION) END END",
        x=x,
    )


def _moment(x: exp.Expr, kind: str) -> exp.Expr:
    """A text as a time stamp, NULL where it is none: form first, then ranges, then the length of the month."""
    part = "CAST(split_part(translate(substr(:x, 1, 10), '/T ', '---'), '-', {}) AS INTEGER)"
    year, month, day = (part.format(i) for i in (1, 2, 3))
    clock = "coalesce(CAST(substring(:x FROM '{}') AS INTEGER), 0)"
    hour, minute, second = (
        clock.format(p) for p in ("[ T]([0-9]{1,2}):", "[ T][0-9]{1,2}:([0-9]{2})", ":[0-9]{2}:([0-9]{2})")
    )
    last = f"CAST(EXTRACT(DAY FROM make_date({year}, {month}, 1) + INTERVAL '1 month' - INTERVAL '1 day') AS INTEGER)"
    return _sql(
        f"CASE WHEN :x ~ '{_TIME}' THEN CASE WHEN {year} > 0 AND {month} BETWEEN 1 AND 12 AND {day} > 0 AND "
        f"{hour} < 24 AND {minute} < 60 AND {second} < 60 THEN CASE WHEN {day} <= {last} "
        f"THEN CAST(:x AS {kind}) END END END",
        x=x,
    )


def _try_cast(node: exp.Expr) -> exp.Expr | None:
    kind = node.args["to"].sql("postgres").upper()
    if kind == "DOUBLE PRECISION":
        return _double(node.this)
    if kind.startswith("TIMESTAMP"):
        return _moment(node.this, kind)
    raise NotImplementedError(f"no cast that may fail to {kind} in Postgres")


def _first(node: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    """``arg_min(x, place)``: the first of an ordered array."""
    within = " FILTER (WHERE :c)" if condition is not None else ""
    parts = {"x": node.this, "place": node.expression} | ({"c": condition} if condition is not None else {})
    return _sql(f"(array_agg(:x ORDER BY :place){within})[1]", **parts)


def _filter(node: exp.Expr) -> exp.Expr | None:
    """``arg_min`` under a filter, and the largest rows of a group; other filters Postgres has itself."""
    condition = node.expression.this if isinstance(node.expression, exp.Where) else node.expression
    if isinstance(node.this, exp.ArgMin):
        return _first(node.this, condition)
    if isinstance(node.this, exp.Max) and _count(node.this) is not None:
        return _largest(node.this, condition)
    return None


def _count(node: exp.Max) -> exp.Expr | None:
    """How many of the largest are asked for; None for the one largest."""
    given: exp.Expr | None = node.args.get("count")
    return given or next(iter(node.expressions or ()), None)


def _largest(node: exp.Max, condition: exp.Expr) -> exp.Expr:
    """``max(list, 10) FILTER (c)`` of an arm: sorted and cut in the engine, never a list of all rows in memory.

    The query around it groups by arm: each of its rows asks for the top of its own arm.
    """
    select = node.find_ancestor(exp.Select)
    count = _count(node)
    if select is None or count is None:
        raise NotImplementedError("the largest rows are asked for within a query")
    source = select.args.get("from_") or select.args["from"]
    relation = source.this
    if not relation.alias:
        relation = exp.alias_(relation.copy(), "w", table=True)
        source.set("this", relation)
    inner = exp.alias_(exp.to_table(relation.name), "v", table=True)
    return _sql(
        "(SELECT array_agg(y ORDER BY y DESC) FROM (SELECT :x AS y FROM :t WHERE v.arm = "
        f"{relation.alias}.arm AND :c ORDER BY y DESC LIMIT :n) AS u)",
        x=node.this,
        t=inner,
        c=exp.paren(condition.copy()),
        n=count,
    )


def _md5(node: exp.Expr) -> exp.Expr | None:
    """Bytes 9 to 16 of the MD5 as a little-endian number, without its last bit: Postgres has no unsigned numbers."""
    asked = node.this
    known = isinstance(asked, exp.MD5NumberLower64)
    if not known and not (isinstance(asked, exp.Anonymous) and str(asked.this).lower() == "md5_number_lower"):
        return None
    text = asked.this if known else asked.expressions[0]
    # OFFSET 0 keeps the planner from writing the MD5 out eight times over.
    turned = " || ".join(f"substr(m.h, {i}, 2)" for i in range(31, 15, -2))
    return _sql(
        f"(SELECT (CAST(CAST('x' || {turned} AS BIT(64)) AS BIGINT) >> 1) & 9223372036854775807 "
        "FROM (SELECT md5(convert_to(:x, 'UTF8')) AS h OFFSET 0) AS m)",
        x=text,
    )


def _function(node: exp.Expr) -> exp.Expr | None:
    if str(node.this).lower() == "hash":
        return _sql("md5(CAST(:x AS TEXT))", x=exp.func("ROW", *node.expressions))
    return None


POSTGRES_TERMS: dict[Any, Callable[[Any], exp.Expr | None]] = {
    exp.TryCast: _try_cast,
    exp.Filter: _filter,
    exp.BitwiseRightShift: _md5,
    exp.Contains: lambda node: _sql("strpos(:x, :y) > 0", x=node.this, y=node.expression),
    exp.TimeToUnix: lambda node: _sql("CAST(EXTRACT(EPOCH FROM :x) AS DOUBLE PRECISION)", x=node.this),
    "functions": _function,
}
"""Kind of term -> what Postgres says instead; None where it has the term itself."""
