"""Can every cell be read as what the spec says it is? One query over the working table finds all offenders."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.rows.working import Working, balance_columns
from copilot_tools.stats.sources.tables.sql import is_whole, literal
from copilot_tools.stats.sources.tables.table import shown
from copilot_tools.stats.spec import AnalysisSpec, Metric

__all__ = ["empty_cells", "value_problems"]

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_ENGLISH_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_GERMAN_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?")
_EMPTY_WORDS = {"na", "n/a", "null", "none", "nil", "-", "--", "#n/a", "(null)", "\\n"}
_FIRST_ROWS = 20_000
_YES_NO = {"yes", "no", "y", "n", "t", "f"}


def value_problems(working: Working, spec: AnalysisSpec) -> Iterator[Refusal]:
    """Cells that are no number, not finite, not 0 or 1, no time; negative denominators; empty units."""
    offenders: dict[str, _Offence] = {}
    filled: dict[str, str] = {}
    for column in working.numbers:
        _suspect(working, spec, column, offenders)
        n, x = working.number(column), working.unread(column)
        filled[n] = f"count(*) FILTER ({n} IS NOT NULL OR {x} IS NOT NULL)"
    offenders["unit.empty"] = _Offence("unit IS NULL" if working.unit else "FALSE")
    texts = working.unit is not None and working.unit.kind == "text"
    scientific = "regexp_full_match(unit, '[0-9][.,]?[0-9]*E[+][0-9]+')" if texts else "FALSE"
    offenders["unit.scientific"] = _Offence(scientific, "unit")
    offenders["time.unread"] = _Offence("at_unread IS NOT NULL", "at_unread")
    offenders["time.empty"] = _Offence("seen_at IS NULL AND at_unread IS NULL" if working.time else "FALSE")
    offenders["active.unread"] = _Offence("active_unread IS NOT NULL", "active_unread")
    offenders["active.empty"] = _Offence("active IS NULL AND active_unread IS NULL" if working.active else "FALSE")
    if working.facts is not None:
        offenders = {k: o for k, o in offenders.items() if o.condition != "FALSE" and not _cleared(working, spec, k)}
    seen = _Seen(working, offenders, filled)
    yield from _keys(seen, spec)
    yield from _numbers(seen, spec)


def _suspect(working: Working, spec: AnalysisSpec, column: str, offenders: dict[str, _Offence]) -> None:
    """What may be wrong with the cells of a column of numbers, beyond what is known of it."""
    n, x, facts = working.number(column), working.unread(column), working.facts
    held = working.table.columns[column]
    whole = held.kind == "boolean" or is_whole(held.sql_type)
    offenders[f"{n}.text"] = _Offence("FALSE" if working.is_number(column) else f"{x} IS NOT NULL", x)
    finite = whole or (facts is not None and facts.within(column, -math.inf))
    offenders[f"{n}.infinite"] = _Offence("FALSE" if finite else f"NOT isfinite({n})", n)
    if any(m.kind == "proportion" and m.column == column for m in spec.metrics):
        sure = whole and facts is not None and facts.within(column, 0, 1)
        offenders[f"{n}.not01"] = _Offence("FALSE" if sure else f"isfinite({n}) AND {n} NOT IN (0.0, 1.0)", n)
    if any(column in (m.denominator, m.covariate_denominator) for m in spec.metrics):
        sure = facts is not None and facts.within(column, 0)
        offenders[f"{n}.negative"] = _Offence("FALSE" if sure else f"isfinite({n}) AND {n} < 0", n)


def _cleared(working: Working, spec: AnalysisSpec, key: str) -> bool:
    """Whether what is known of a key column leaves no room for an offence."""
    facts = working.facts
    if facts is None:
        return False
    whole = spec.activation is not None and _is_whole(working, spec.activation)
    return {
        "unit.empty": facts.full(spec.unit),
        "time.unread": facts.full(spec.time_column) or not working.time,
        "time.empty": facts.full(spec.time_column),
        "active.unread": not working.active or (whole and facts.within(spec.activation, 0, 1)),
        "active.empty": facts.full(spec.activation),
    }.get(key, False)


def _is_whole(working: Working, column: str) -> bool:
    held = working.table.columns.get(column)
    return held is not None and (held.kind == "boolean" or is_whole(held.sql_type))


@dataclass(frozen=True, slots=True)
class _Offence:
    """SQL of the condition that offends, and of the cell that shows it; an empty cell shows nothing."""

    condition: str
    example: str = ""


class _Seen:
    """What the query brought back: how many cells offend, the first of them, and where it stands."""

    def __init__(self, working: Working, offenders: dict[str, _Offence], filled: dict[str, str]) -> None:
        self.working = working
        counts = [f"count(*) FILTER ({o.condition})" for o in offenders.values()]
        facts = working.facts
        if facts is None:
            counts += filled.values()
        row = self._one(counts) if counts else ()
        self._counts = dict(zip(offenders, row, strict=False))
        if facts is None:
            self._filled = dict(zip(filled, row[len(offenders) :], strict=True))
        else:
            self._filled = {working.number(c): facts.cells[c].filled for c in working.numbers}
        self._firsts: dict[str, tuple[int, str | None]] = {}
        for key, offence in offenders.items():
            if self._counts[key]:  # nearly never: only then is it worth looking for the first of them
                where, what = offence.condition, f"CAST({offence.example or 'NULL'} AS VARCHAR)"
                asked = [f"min(rowid) FILTER ({where})", f"arg_min({what}, rowid) FILTER ({where})"]
                if not working.table.ordered:  # no cell leaves a warehouse, only how it is written
                    like = "NULL" if offence.example == "unit" else f"min({_outline(what)}) FILTER ({where})"
                    asked = ["0", like]
                self._firsts[key] = self._one(asked)

    def _one(self, asked: list[str]) -> Any:
        return self.working.connection.execute(f"SELECT {', '.join(asked)} FROM {self.working.name}").fetchone()

    def count(self, key: str) -> int:
        return int(self._counts.get(key, 0))

    def value(self, key: str) -> str:
        return str(self._firsts[key][1])

    def filled(self, n: str) -> int:
        return int(self._filled[n])

    def refuse(
        self, key: str, code: str, column: str | None, what: str, cure: str, *, of: str = "column", lead: str = ""
    ) -> Iterator[Refusal]:
        """The refusal of one offence, where there is a cell that offends: how many, what of them, the first."""
        if not self.count(key):
            return
        row, value = self._firsts[key]
        ordered = self.working.table.ordered
        first = "first" if value is None else f"first {shown(value)}"
        where = f", {first} in {self.working.table.line(int(row))}"
        if not ordered:
            where = "" if value is None else f", written like {shown(value)}"
        yield Refusal(
            code=code,
            reason=f"{lead}{_cells(self.count(key))} of {of} {shown(column)} {what}{where}.",
            cure=cure,
            name=column,
            value=value if ordered and value is not None else self.count(key),
        )


def _outline(cell: str) -> str:
    """SQL of how a cell is written: 9 for every digit, a for every letter; words that name nobody stay."""
    words = ", ".join(literal(w) for w in sorted({*_EMPTY_WORDS, *_YES_NO, "nan", "inf", "-inf", "infinity"}))
    drawn = f"regexp_replace(substr({cell}, 1, 40), '[0-9]', '9', 'g')"
    drawn = f"regexp_replace({drawn}, '[^9.,+%$€£¥:/ -]', 'a', 'g')"
    return f"CASE WHEN lower(trim({cell})) IN ({words}) THEN lower(trim({cell})) ELSE {drawn} END"


def _cells(count: int) -> str:
    return f"{count:,} cell" if count == 1 else f"{count:,} cells"


def _keys(seen: _Seen, spec: AnalysisSpec) -> Iterator[Refusal]:
    yield from seen.refuse(
        "unit.empty",
        "data.unit_empty",
        spec.unit,
        "are empty",
        "Every row needs the unit it belongs to: fill these in, or leave the rows out of the export.",
        of="the unit column",
    )
    yield from seen.refuse(
        "unit.scientific",
        "data.unit_scientific",
        spec.unit,
        "were cut to scientific notation by a spreadsheet, so that different units look the same",
        "Export again from the source, or format the column as text before saving.",
        of="the unit column",
    )
    yield from seen.refuse(
        "time.unread",
        "data.time_unreadable",
        spec.time_column,
        "cannot be read as a date",
        "Write dates as 2025-03-31 or 2025-03-31 17:05:00; day and month in other orders are not guessed.",
        of="the time column",
    )
    yield from seen.refuse(
        "time.empty",
        "data.time_empty",
        spec.time_column,
        "are empty",
        "Fill in when each unit was first exposed, or take time_column out of the plan.",
        of="the time column",
    )
    yield from seen.refuse(
        "active.unread",
        "data.activation_values",
        spec.activation,
        "are neither true/false nor 1/0",
        "Write 1 for units that could be affected and 0 for the others.",
        of="the activation column",
    )
    yield from seen.refuse(
        "active.empty",
        "data.activation_empty",
        spec.activation,
        "are empty",
        "Write 1 for units that could be affected and 0 for the others, in every row.",
        of="the activation column",
    )


def _numbers(seen: _Seen, spec: AnalysisSpec) -> Iterator[Refusal]:
    before = balance_columns(spec)
    for column in seen.working.numbers:
        n = seen.working.number(column)
        if seen.count(f"{n}.text"):
            code, cure = _not_numeric(seen.value(f"{n}.text").strip(), spec, covariate=column in before)
            yield from seen.refuse(f"{n}.text", code, column, "are not numbers", cure)
        yield from seen.refuse(
            f"{n}.infinite",
            "data.not_finite",
            column,
            "are NaN or infinite",
            "Find out how they came about; leave a cell empty where there is no value.",
        )
        if not seen.filled(n):
            yield Refusal(
                code="data.column_empty",
                reason=f"Every cell of column {shown(column)} is empty.",
                cure="Export the column's values, or take the metric out of the plan.",
                name=column,
            )
    for metric in spec.metrics:
        yield from _kind(seen, metric)


def _kind(seen: _Seen, metric: Metric) -> Iterator[Refusal]:
    """What the metric's kind asks of its values."""
    if metric.kind == "proportion" and metric.column in seen.working.numbers:
        yield from seen.refuse(
            f"{seen.working.number(metric.column)}.not01",
            "data.proportion_values",
            metric.column,
            "are neither 0 nor 1",
            "Write 1 or true for yes and 0 or false for no; if the column counts or measures, make it a mean.",
            lead=f"Metric {shown(metric.name)} is a proportion, but ",
        )
    for column in (metric.denominator, metric.covariate_denominator):
        if column in seen.working.numbers:
            yield from seen.refuse(
                f"{seen.working.number(column)}.negative",
                "data.denominator_negative",
                column,
                f"of metric {shown(metric.name)} are below 0",
                "A denominator counts something, so it cannot be negative: correct the export.",
                of="the denominator",
            )


def _not_numeric(value: str, spec: AnalysisSpec, *, covariate: bool) -> tuple[str, str]:
    """Why a cell is no number, as a code and a cure."""
    if spec.dialect.decimal == "." and _DECIMAL_COMMA.fullmatch(value):
        return "data.decimal_comma", (
            "If the comma is a decimal mark, declare dialect.decimal: ','; if it groups thousands, export without it."
        )
    if _ENGLISH_THOUSANDS.fullmatch(value) or _GERMAN_THOUSANDS.fullmatch(value):
        return "data.decimal_mark", (
            f"The declared decimal mark is {spec.dialect.decimal!r}: declare the file's own (dialect.decimal), "
            "and export without marks between thousands."
        )
    cure = "Write plain numbers such as 12.50."
    if value.lower() in _EMPTY_WORDS:
        cure = "Leave a cell empty where there is no value, and say in the plan what an empty cell means (nulls)."
    elif value.endswith("%"):
        cure = "Export the share as a number (0.12 for 12%), or 1 and 0 for each unit."
    elif value[:1] in "$€£¥" or value[-1:] in "$€£¥":
        cure = "Export the amount without its currency sign, and declare dialect.currency."
    elif value.lower() in _YES_NO:
        cure = "Write 1 or true for yes, and 0 or false for no."
    elif covariate:
        cure = "A covariate must be a number; a column of names can be a segment instead."
    return "data.not_numeric", cure


def empty_cells(working: Working, relation: str, spec: AnalysisSpec) -> Iterator[Refusal]:
    """Empty cells of metrics whose null policy is "refuse", and denominators that sum to zero, among ``relation``.

    Both are asked of the rows that count: those in an arm and activated.
    """
    strict = [m for m in spec.metrics if m.nulls == "refuse"]
    columns = [c for m in strict for c in m.columns if c in working.numbers]
    facts = working.facts
    columns = [c for c in dict.fromkeys(columns) if facts is None or not facts.full(c)]
    if columns:
        counts = ", ".join(
            f"count(*) FILTER ({working.number(c)} IS NULL AND {working.unread(c)} IS NULL)" for c in columns
        )
        row = working.connection.execute(f"SELECT count(*), {counts} FROM {relation}").fetchone() or ()
        for column, empty in zip(columns, row[1:], strict=True):
            if 0 < empty < row[0]:
                users = [m.name for m in strict if column in m.columns]
                yield Refusal(
                    code="data.empty_cells",
                    reason=f"{_cells(empty)} of column {shown(column)} are empty, and the plan does not say what "
                    f"an empty cell means for {', '.join(shown(u) for u in users)}.",
                    cure="Set the metric's nulls to drop (the unit leaves this metric) or zero (nothing happened).",
                    name=column,
                    value=empty,
                )
    planned = ", ".join(literal(a) for a in spec.arm_names)
    for metric in spec.metrics:
        if metric.denominator in working.numbers and not _met_soon(working, relation, spec, metric.denominator):
            d = working.number(metric.denominator)
            for (arm,) in working.connection.execute(
                f"SELECT arm FROM {relation} WHERE isfinite({d}) AND arm IN ({planned}) "
                f"GROUP BY arm HAVING max({d}) = 0 AND min({d}) = 0 "
                "ORDER BY 1"
            ).fetchall():
                yield Refusal(
                    code="data.denominator_zero",
                    reason=f"The denominator {shown(metric.denominator)} of metric {shown(metric.name)} is 0 in "
                    f"every row of arm {shown(arm)}, so there is no ratio.",
                    cure="Check that this is the right column, or wait for data.",
                    name=metric.denominator,
                    value=arm,
                )


def _met_soon(working: Working, relation: str, spec: AnalysisSpec, denominator: str) -> bool:
    """Whether the first rows already show every arm of the plan with a denominator above 0. Only asked in place."""
    if working.facts is None or not working.facts.within(denominator, 0):
        return False
    seen = working.connection.execute(
        f"SELECT DISTINCT arm FROM (SELECT arm, {working.number(denominator)} AS d FROM {relation} "
        f"LIMIT {_FIRST_ROWS}) WHERE d > 0"
    ).fetchall()
    return {arm for (arm,) in seen} >= set(spec.arm_names)
