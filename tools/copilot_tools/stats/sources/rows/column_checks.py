"""Are the columns there, and does each play one part only? Looks at the header and the spec, at no value."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.nearest import bare, closest
from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.rows.working import balance_columns, cut_columns
from copilot_tools.stats.sources.tables.csv_file import declared
from copilot_tools.stats.sources.tables.table import Table, shown
from copilot_tools.stats.spec import OUTCOME_AS_COVARIATE, AnalysisSpec

__all__ = ["column_problems", "columns_wanted"]

_DELIMITERS = {";": "a semicolon", "\t": "a tab", "|": "a bar", ",": "a comma"}


def column_problems(table: Table, spec: AnalysisSpec, cuts: tuple[str, ...]) -> Iterator[Refusal]:
    """Missing columns (with the closest names), a header that is none, columns that play two parts."""
    if spec.arm_column is None:
        yield Refusal(
            code="data.arm_column_undeclared",
            reason="The plan names no arm column, but this data has one row a unit.",
            cure=f"Set arm_column to the column that says which arm a row is in; there are {_listed(table)}.",
            name="arm_column",
        )
    wanted = columns_wanted(spec, cuts)
    missing = {name: uses for name, uses in wanted.items() if name not in table.columns}
    whole = _whole_header(table, spec, missing)
    if whole is not None:
        yield whole
    else:
        for name, uses in missing.items():
            yield Refusal(
                code="data.column_missing",
                reason=f"There is no column {shown(name)}, which the plan uses as {' and as '.join(uses)}.",
                cure=_instead(name, table),
                name=name,
            )
    yield from _two_parts(spec, cuts)


def columns_wanted(spec: AnalysisSpec, cuts: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Column -> what the spec uses it for, in the spec's order."""
    uses: dict[str, list[str]] = {}

    def use(name: str | None, what: str) -> None:
        if name is not None and what not in uses.setdefault(name, []):
            uses[name].append(what)

    use(spec.unit, "the unit")
    use(spec.arm_column, "the arm")
    use(spec.time_column, "the time of exposure")
    use(spec.exposure.column if spec.exposure is not None else None, "the exposure")
    use(spec.activation, "the activation rule")
    for metric in spec.metrics:
        use(metric.column, f"metric {shown(metric.name)}")
        use(metric.denominator, f"denominator of metric {shown(metric.name)}")
    for name in balance_columns(spec):
        use(name, "a column measured before assignment")
    use(spec.clusters.column if spec.clusters is not None else None, "the clusters")
    for name in cut_columns(spec, cuts):
        if spec.clusters is None or name != spec.clusters.column:
            use(name, "a cut")
    return uses


def _whole_header(table: Table, spec: AnalysisSpec, missing: dict[str, list[str]]) -> Refusal | None:
    """One refusal in place of many where the header as a whole is not what it should be."""
    names = list(table.columns)
    if not missing:
        return None
    if len(names) == 1:
        for mark, called in _DELIMITERS.items():
            if mark in names[0]:
                return Refusal(
                    code="data.delimiter",
                    reason=f"The header is one single column, {shown(names[0])}, and holds {called}.",
                    cure=f"Declare it {declared(f'delimiter: {mark!r}')}; numbers in such files often have a decimal "
                    "comma (decimal: ',').",
                    name="dialect.delimiter",
                    value=spec.dialect.delimiter,
                )
    telling = [n for n in names if n.strip() in spec.arm_names or _is_number(n)]
    if telling and not any(n in table.columns for n in (spec.unit, spec.arm_column, spec.primary.column)):
        return Refusal(
            code="data.header_missing",
            reason=f"The first line reads {', '.join(shown(n) for n in names[:8])}: like data, not like a header.",
            cure=f"Put the names of the columns into the first line; the plan uses {', '.join(list(missing)[:8])}.",
            name=telling[0],
        )
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _instead(name: str, table: Table) -> str:
    """What else the missing column may be: the same name but for case or spaces, the nearest ones, or all there are."""
    same = next((other for other in table.columns if bare(other) == bare(name)), None)
    if same is not None:
        return f"Did you mean {shown(same)}? It differs only in capitals or spaces."
    return closest(name, table.columns, most=3, listed="The columns are", shown=shown)


def _listed(table: Table, most: int = 12) -> str:
    names = [shown(n) for n in table.columns]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _two_parts(spec: AnalysisSpec, cuts: tuple[str, ...]) -> Iterator[Refusal]:
    """Columns that cannot be what two places of the spec say they are."""
    keys = {n: what for n, what in ((spec.unit, "unit"), (spec.arm_column, "arm")) if n is not None}
    if spec.unit is not None and spec.unit == spec.arm_column:
        yield Refusal(
            code="data.column_reused",
            reason=f"Column {shown(spec.unit)} is declared both as the unit and as the arm.",
            cure="Name the column that identifies a unit as unit, and the one that says its arm as arm_column.",
            name=spec.unit,
        )
    for metric in spec.metrics:
        for column in metric.columns:
            if column in keys:
                yield Refusal(
                    code="data.column_reused",
                    reason=f"Metric {shown(metric.name)} uses column {shown(column)}, the {keys[column]} column.",
                    cure="Name the column that holds the metric's values.",
                    name=column,
                )
    yield from _outcomes_as_covariates(spec)
    for column in balance_columns(spec):
        if column in spec.after_assignment:
            yield Refusal(
                code="data.covariate_after_assignment",
                reason=f"Column {shown(column)} is listed as measured after assignment, so it is no covariate.",
                cure="Take it out of the covariates, or out of after_assignment if it was measured before.",
                name=column,
            )
    for column in cut_columns(spec, cuts):
        if column in keys:
            yield Refusal(
                code="data.cut_by_key",
                reason=f"A cut by {shown(column)} is asked for, but that is the {keys[column]} column.",
                cure="Cut by a column that puts many units of every arm together.",
                name=column,
            )


def _outcomes_as_covariates(spec: AnalysisSpec) -> Iterator[Refusal]:
    """Columns named as measured before assignment of which a metric is made."""
    for column in spec.outcomes_as_covariates:
        yield Refusal(
            code="data.covariate_is_outcome",
            reason=f"Column {shown(column)} {OUTCOME_AS_COVARIATE}",
            cure="A covariate must be measured before assignment: name such a column, or none.",
            name=column,
        )
