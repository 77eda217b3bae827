"""Which column of a table of counts is what: arm, metric, n, values, strata."""

from __future__ import annotations

from collections.abc import Mapping

from copilot_tools.base import Frozen
from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.counts.arm_counts import FORMS, VALUES, ArmCounts, read_counts
from copilot_tools.stats.sources.counts.count_tables import CountTable
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["CountColumns", "read_cells"]


class CountColumns(Frozen):
    """Names of the columns; what is not given is looked for under its own name.

    Attributes:
        arm: Column of the arm; otherwise the plan's arm column, or "arm".
        n: Column of the units.
        metric: Column that names the metric, where the file holds several in rows.
        successes: Column of the successes; otherwise each proportion's own column (or name) in the plan, or
            "successes".
        sum: Column of the sum of the units' values.
        sum_of_squares: Column of the sum of their squares.
        mean: Column of their mean.
        sd: Column of their sample standard deviation (divisor n - 1).
        strata: Columns of strata; None for every further column.
    """

    arm: str | None = None
    n: str = "n"
    metric: str | None = None
    successes: str | None = None
    sum: str = "sum"
    sum_of_squares: str = "sum_of_squares"
    mean: str = "mean"
    sd: str = "sd"
    strata: tuple[str, ...] | None = None


class _Roles(Frozen):
    """Columns found: ``values`` maps a metric's name (None: the only one) to role -> column."""

    arm: str
    n: str
    metric: str | None
    values: dict[str | None, dict[str, str]]
    strata: tuple[str, ...]


def read_cells(
    table: CountTable, columns: CountColumns, spec: AnalysisSpec, decimal: str
) -> tuple[tuple[ArmCounts, ...], list[Refusal]]:
    """Turn a table's rows into counts, or list everything that is wrong with its columns and cells."""
    roles, problems = _roles(table.header, columns, spec)
    if roles is None:
        return (), problems
    cells: list[ArmCounts] = []
    for row in table.rows:
        arm, named = row.fields[roles.arm], row.fields[roles.metric] if roles.metric else None
        if not arm or named == "":
            what, column = ("metric", roles.metric) if arm else ("arm", roles.arm)
            problems.append(
                Refusal(
                    code=f"counts.{what}_empty",
                    reason=f"{table.name}, {row.where}: the {what} ({column}) is empty.",
                    cure=f"Name the {what} in every row; remove rows of totals.",
                    name=column,
                )
            )
            continue
        for metric, places in roles.values.items():
            fields = {role: row.fields[column] for role, column in places.items()}
            counts, wrong = read_counts(
                {"n": row.fields[roles.n], **fields},
                arm=arm,
                metric=named or metric,
                strata=tuple((column, row.fields[column]) for column in roles.strata),
                where=f"{table.name}, {row.where}",
                decimal=decimal,
            )
            problems.extend(wrong)
            if counts is not None:
                cells.append(counts)
    # The same n read for two metrics of one row would repeat its refusal.
    return tuple(cells), list(dict.fromkeys(problems))


def _roles(header: tuple[str, ...], columns: CountColumns, spec: AnalysisSpec) -> tuple[_Roles | None, list[Refusal]]:
    problems: list[Refusal] = []
    arm = columns.arm or (spec.arm_column if spec.arm_column in header else "arm") or "arm"
    metric = columns.metric or ("metric" if "metric" in header else None)
    wanted = [arm, columns.n, *([metric] if metric else []), *(columns.strata or ())]
    problems.extend(_missing(column, header) for column in wanted if column not in header)
    values = _values(header, columns, spec, named=metric is not None)
    if not values:
        problems.append(_no_values(header, columns))
    taken = {arm, columns.n, metric, *(column for places in values.values() for column in places.values())}
    strata = columns.strata if columns.strata is not None else tuple(c for c in header if c not in taken)
    if clash := sorted(set(strata) & {c for c in taken if c}):
        problems.append(
            Refusal(
                code="counts.column_twice",
                reason=f"{', '.join(clash)}: named as a stratum and as something else.",
                cure="Give every column one meaning.",
                name=clash[0],
            )
        )
    if problems:
        return None, problems
    return _Roles(arm=arm, n=columns.n, metric=metric, values=values, strata=strata), []


def _values(
    header: tuple[str, ...], columns: CountColumns, spec: AnalysisSpec, *, named: bool
) -> dict[str | None, dict[str, str]]:
    """Where the values of each metric stand; with a metric column, one set of columns serves all of them."""
    generic = {
        "successes": columns.successes or "successes",
        "sum": columns.sum,
        "sum_of_squares": columns.sum_of_squares,
        "mean": columns.mean,
        "sd": columns.sd,
    }
    found = {role: column for role, column in generic.items() if column in header}
    whole = any(set(form) <= set(found) for form in FORMS)
    if not named and columns.successes is None:
        own: dict[str | None, dict[str, str]] = {
            m.name: {"successes": next(c for c in (m.column, m.name) if c in header)}
            for m in spec.metrics
            if m.kind == "proportion" and {m.column, m.name} & set(header)
        }
        other = {role: column for role, column in found.items() if column not in _columns(own)}
        left = [m.name for m in spec.metrics if m.name not in own]
        if own and len(left) == 1 and any(set(form) <= set(other) for form in FORMS):
            own[left[0]] = other
        if own:
            return own
    return {None: found} if whole else {}


def _columns(values: Mapping[str | None, Mapping[str, str]]) -> set[str]:
    return {column for places in values.values() for column in places.values()}


def _missing(column: str, header: tuple[str, ...]) -> Refusal:
    return Refusal(
        code="counts.column_missing",
        reason=f"There is no column {column!r}.",
        cure=f"{closest(column, header)} Name it, or say which column it is.",
        name=column,
    )


def _no_values(header: tuple[str, ...], columns: CountColumns) -> Refusal:
    wanted = columns.successes or "successes"
    return Refusal(
        code="counts.column_missing",
        reason=f"There are no values beside n: no column {wanted!r}, nor {', '.join(VALUES[1:])}.",
        cure=f"{closest(wanted, header)} Give successes, or sum and sum_of_squares, or mean and sd.",
        name=wanted,
    )
