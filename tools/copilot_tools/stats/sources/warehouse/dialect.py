"""One description of every query, in DuckDB's SQL, rendered for the dialect of a warehouse.

What the sources of rows ask is written once. Here its syntax tree is rewritten into what every warehouse understands
(sums of cases in place of filters, comparisons in place of functions only DuckDB has) and, where warehouses differ in
kind, into what the dialect itself has; sqlglot then writes it out.

References:
    sqlglot, https://sqlglot.com: parser and generator of SQL dialects.
"""

from __future__ import annotations

from typing import Literal, cast

from sqlglot import exp, parse_one

from copilot_tools.stats.sources.warehouse.postgres_terms import POSTGRES_TERMS

__all__ = ["DIALECTS", "EXECUTED", "Dialect", "render"]

Dialect = Literal["duckdb", "postgres", "bigquery", "snowflake", "redshift", "databricks"]

EXECUTED: tuple[Dialect, ...] = ("duckdb", "postgres")
"""Dialects whose queries the tests run on the real engine."""
DIALECTS: tuple[Dialect, ...] = (*EXECUTED, "bigquery", "snowflake", "redshift", "databricks")
"""Dialects the description renders for."""

_SUMS = ("kahan_sum", "fsum", "sumkahan")
_REPLACES: tuple[Dialect, ...] = ("duckdb", "bigquery", "snowflake", "databricks")
"""Dialects in which a table may be created over an old one of its name."""


def render(query: str, dialect: Dialect) -> str:
    """A query of the description, in the SQL of a dialect.

    Tables it creates become temporary: nothing of ours stays in the warehouse. Sums are taken in double precision of
    values already centred, so that a mean of 1e9 keeps its variance without the compensation only DuckDB has.

    Args:
        query: One statement in DuckDB's SQL.
        dialect: Whose SQL is wanted.

    Raises:
        NotImplementedError: The query lists the largest values or hashes units, and the dialect is not executed.

    Example:
        >>> render("SELECT kahan_sum(x) FILTER (y > 0) FROM t", "redshift")
        'SELECT SUM(CASE WHEN y > 0 THEN x END) FROM t'
    """
    tree = parse_one(query, read="duckdb")
    if isinstance(tree, exp.Create):
        tree = _temporary(tree, dialect)
    if dialect != "duckdb":
        tree = tree.transform(_joins)
        tree = _terms(tree, dialect)
        _name_subqueries(tree)
    return tree.sql(dialect=dialect)


def _temporary(tree: exp.Create, dialect: Dialect) -> exp.Create:
    """Tables and views that end with the session. BigQuery has no temporary view: it gets a table."""
    if dialect == "bigquery" and tree.kind == "VIEW":
        tree.set("kind", "TABLE")
    if tree.kind == "TABLE" and dialect not in _REPLACES:
        tree.set("replace", False)
    properties = tree.args.get("properties") or exp.Properties(expressions=[])
    properties.append("expressions", exp.TemporaryProperty())
    tree.set("properties", properties)
    return tree


def _joins(node: exp.Expr) -> exp.Expr:
    """Semi and anti joins in the words every planner knows.

    ``FROM a SEMI JOIN b USING (x, y)`` becomes ``(x, y) IN (SELECT x, y FROM b)``. ``x NOT IN (SELECT y FROM b)``,
    which a planner must take row by row because b may hold a NULL, becomes ``NOT EXISTS``.
    """
    if isinstance(node, exp.Select):
        for join in list(node.args.get("joins") or ()):
            if join.kind == "SEMI" and join.args.get("using"):
                keys = [exp.column(i.name) for i in join.args["using"]]
                inner = exp.select(*(k.copy() for k in keys)).from_(join.this.copy())
                join.pop()
                node.where(exp.In(this=exp.Tuple(expressions=keys), query=inner.subquery()), copy=False)
    if isinstance(node, exp.Not) and isinstance(node.this, exp.In) and node.this.args.get("query") is not None:
        return _anti_join(node, node.this)
    return node


def _anti_join(node: exp.Expr, within: exp.In) -> exp.Expr:
    outer, inner = node.find_ancestor(exp.Select), within.args["query"].find(exp.Select)
    source = (outer.args.get("from_") or outer.args.get("from")) if outer is not None else None
    if source is None or inner is None or not isinstance(within.this, exp.Column):
        return node
    held = inner.copy()
    key = held.expressions[0].name
    relation = held.args.get("from_") or held.args["from"]
    relation.set("this", exp.alias_(exp.to_table(relation.this.name), "other", table=True))
    asked = exp.column(within.this.name, table=source.this.alias_or_name)
    held.set("expressions", [exp.Literal.number(1)])
    held.where(exp.EQ(this=exp.column(key, table="other"), expression=asked), copy=False)
    return exp.Not(this=exp.Exists(this=held))


def _terms(tree: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Every term that is DuckDB's own, replaced from the inside out."""
    own = POSTGRES_TERMS if dialect == "postgres" else {}
    for node in reversed(list(tree.walk())):
        new = own[type(node)](node) if type(node) in own else None
        if new is None:
            new = _shared(node, dialect)
        if new is not None and new is not node:
            if node is tree:
                tree = new
            else:
                node.replace(new)
    return tree


def _shared(node: exp.Expr, dialect: Dialect) -> exp.Expr | None:
    """What every warehouse says in the same words; None where the node stays as it is."""
    if dialect not in EXECUTED and _unrendered(node):
        raise NotImplementedError(f"not rendered for {dialect}: {node.sql('duckdb')[:80]}")
    made: exp.Expr | None = None
    if isinstance(node, exp.Anonymous):
        made = _function(node, dialect)
    elif isinstance(node, exp.Filter) and dialect != "postgres":
        made = _case(node)
    elif isinstance(node, exp.RegexpFullMatch) and isinstance(node.expression, exp.Literal):
        value = exp.paren(node.this) if isinstance(node.this, exp.Binary) else node.this.copy()
        made = exp.RegexpLike(this=value, expression=exp.Literal.string(f"^(?:{node.expression.name})$"))
    elif isinstance(node, exp.GroupingId) and dialect in ("postgres", "redshift", "bigquery"):
        made = exp.func("GROUPING", *node.expressions)
    return made


def _function(node: exp.Anonymous, dialect: Dialect) -> exp.Expr | None:
    name = str(node.this).lower()
    if name in _SUMS:
        return exp.Sum(this=node.expressions[0])
    if name == "isfinite":
        return _finite(node.expressions[0], dialect)
    return POSTGRES_TERMS["functions"](node) if dialect == "postgres" else None


def _unrendered(node: exp.Expr) -> bool:
    """Lists of the largest, and numbers made of hashes: said differently everywhere, and run nowhere yet."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in {"md5_number_lower", "hash"}
    if isinstance(node, exp.Max):
        return node.args.get("count") is not None or bool(node.expressions)
    return isinstance(node, exp.MD5NumberLower64)


def _finite(value: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Neither NaN nor infinite. NaN is the largest number where it compares at all, and unequal to itself elsewhere."""
    word = "Infinity" if dialect in ("postgres", "redshift") else "inf"
    low, high = (exp.cast(exp.Literal.string(s), "DOUBLE") for s in (f"-{word}", word))
    return exp.paren(exp.and_(exp.GT(this=value.copy(), expression=low), exp.LT(this=value.copy(), expression=high)))


def _case(node: exp.Filter) -> exp.Expr | None:
    """``count(*) FILTER (c)`` as ``count(CASE WHEN c THEN 1 END)``, and likewise for functions of one value."""
    condition = node.expression.this if isinstance(node.expression, exp.Where) else node.expression
    whole = node.this.copy()
    if not isinstance(whole, exp.Count | exp.Sum | exp.Min | exp.Max | exp.ArgMin | exp.Anonymous):
        return None
    counted = whole.expressions[0] if isinstance(whole, exp.Anonymous) else whole.this
    value = exp.Literal.number(1) if isinstance(counted, exp.Star) else counted.copy()
    counted.replace(exp.Case(ifs=[exp.If(this=condition.copy(), true=value)]))
    return cast("exp.Expr", whole)


def _name_subqueries(tree: exp.Expr) -> None:
    """Every table in a FROM gets a name: Postgres before 16 and most warehouses ask for one."""
    for number, subquery in enumerate(tree.find_all(exp.Subquery)):
        if isinstance(subquery.parent, exp.From | exp.Join) and not subquery.alias:
            subquery.set("alias", exp.TableAlias(this=exp.to_identifier(f"q{number}")))
