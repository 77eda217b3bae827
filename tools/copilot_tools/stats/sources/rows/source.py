"""Data with one row a unit, as a source: checked as a whole, treated as the plan says, scanned once."""

from __future__ import annotations

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.evidence import Evidence, Missing, SourceInfo
from copilot_tools.stats.sources.rows import beside, blocks, scan
from copilot_tools.stats.sources.rows.arm_checks import arm_problems
from copilot_tools.stats.sources.rows.clusters import cluster_problems, cluster_sizes, neighbours
from copilot_tools.stats.sources.rows.column_checks import column_problems
from copilot_tools.stats.sources.rows.dimensions import dimensions
from copilot_tools.stats.sources.rows.event_rows import event_rows
from copilot_tools.stats.sources.rows.exposure_checks import exposure_problems
from copilot_tools.stats.sources.rows.quality import Analysed, apply_policy
from copilot_tools.stats.sources.rows.row_order import row_order
from copilot_tools.stats.sources.rows.sketch import sketch
from copilot_tools.stats.sources.rows.value_checks import empty_cells, value_problems
from copilot_tools.stats.sources.rows.working import Working, balance_columns, prepare
from copilot_tools.stats.sources.tables.table import Table, shown
from copilot_tools.stats.spec import AnalysisSpec, Dialect, Metric

__all__ = ["RowsSource"]


class RowsSource:
    """A table with one row a unit.

    Without a unit column in the spec every row is a unit; then repeated units and units in two arms are not assessable.
    """

    def __init__(self, table: Table, info: SourceInfo, *, opened_with: Dialect | None = None) -> None:
        self._table = table
        self._info = info
        self._opened_with = opened_with
        self._checked: tuple[str, Working | None, tuple[Refusal, ...]] | None = None

    @property
    def table(self) -> Table:
        """The data in its engine."""
        return self._table

    def describe(self) -> SourceInfo:
        """Name, digest, columns."""
        return self._info

    def problems(self, spec: AnalysisSpec, cuts: tuple[str, ...] = ()) -> tuple[Refusal, ...]:
        """Everything that makes the data unreadable under this spec; empty when it can be scanned."""
        return self._check(spec, cuts)[1]

    def working(
        self, spec: AnalysisSpec, cuts: tuple[str, ...] = (), *, in_place: bool = False
    ) -> tuple[Working | None, tuple[Refusal, ...]]:
        """A new working table, and what is wrong with single cells: what event rows share with unit rows.

        Whoever asked for it drops it. ``in_place``: see ``working.prepare``.
        """
        found: list[Refusal] = list(self._dialect_problems(spec))
        found += column_problems(self._table, spec, cuts)
        try:
            working = prepare(self._table, spec, cuts, in_place=in_place)
        except Refused as refused:
            return None, (*found, *refused.refusals)
        if not _rows(working):
            working.drop()
            return None, (*found, self._no_rows())
        if working.arm:
            found += arm_problems(working, spec)
            found += exposure_problems(working, spec)
        found += value_problems(working, spec)
        return working, tuple(found)

    def over(self, table: Table) -> RowsSource:
        """Another table of the same data, as a source that checks alike."""
        return RowsSource(table, self._info, opened_with=self._opened_with)

    def drop(self) -> None:
        """Take out of the engine what the last check put there; the data stays."""
        if self._checked is not None and self._checked[1] is not None:
            self._checked[1].drop()
        self._checked = None

    def _no_rows(self) -> Refusal:
        name = self._info.name
        broken = next((c for c in self._table.columns if "\n" in c or "\r" in c), None)
        reason, cure = f"{name} has a header but no row.", "Export the data again, with its rows."
        if broken is not None:
            reason = (
                f"{name} has no row below its header, whose quoted cell {shown(broken)} goes on over a line end: what "
                "looks like rows may have been read as part of it."
            )
            cure = "Close the quotation mark on the first line, so that every column's name stands there whole."
        return Refusal(code="data.no_rows", reason=reason, cure=cure, name=name, value=0)

    def _dialect_problems(self, spec: AnalysisSpec) -> tuple[Refusal, ...]:
        opened, declared = self._opened_with, spec.dialect
        if opened is None or (opened.delimiter, opened.encoding) == (declared.delimiter, declared.encoding):
            return ()
        return (
            Refusal(
                code="data.dialect_changed",
                reason=f"{self._info.name} was opened with delimiter {opened.delimiter!r} and encoding "
                f"{opened.encoding}, but the plan declares {declared.delimiter!r} and {declared.encoding}.",
                cure="Open the file with the plan's dialect.",
                name="dialect",
            ),
        )

    def _check(self, spec: AnalysisSpec, cuts: tuple[str, ...]) -> tuple[Working | None, tuple[Refusal, ...]]:
        key = f"{spec.model_dump_json()} {cuts!r}"
        if self._checked is None or self._checked[0] != key:
            self.drop()
            working: Working | None = None
            found: tuple[Refusal, ...] = ()
            try:
                with self._table.reading():
                    working, found = self.working(spec, cuts, in_place=True)
                    if working is not None and working.arm:
                        counted = "arm IS NOT NULL" + (" AND active = 1" if working.active else "")
                        found += tuple(empty_cells(working, f"(SELECT * FROM {working.name} WHERE {counted})", spec))
                        found += tuple(event_rows(working, spec))
                        found += tuple(row_order(working, spec))
                        found += tuple(cluster_problems(working, spec))
            except Refused as refused:  # the file was changed or is damaged: whatever else was found is of no file
                if working is not None:
                    working.drop()
                working, found = None, refused.refusals
            self._checked = (key, working, found)
        return self._checked[1], self._checked[2]

    def scan(self, spec: AnalysisSpec, *, metrics: tuple[Metric, ...], cuts: tuple[str, ...] = ()) -> Evidence:
        """Reduce the data to evidence.

        Where a policy of "refuse" meets offenders, the evidence holds units, quality and columns measured before
        assignment, but no outcome of any metric.

        Raises:
            Refused: With everything ``problems`` would list.
        """
        working, found = self._check(spec, cuts)
        refuse_if_any(found)
        if working is None:  # pragma: no cover - a missing working table always comes with a refusal
            raise AssertionError("no working table and no refusal")
        with self._table.reading():
            analysed = apply_policy(working, spec)
            try:
                return self._reduced(working, spec, analysed, () if analysed.closed else metrics)
            finally:
                analysed.drop()

    def _reduced(
        self, working: Working, spec: AnalysisSpec, analysed: Analysed, opened: tuple[Metric, ...]
    ) -> Evidence:
        """The analysed rows as evidence, with the outcomes of the opened metrics."""
        relation = analysed.relation
        before = balance_columns(spec)
        around = blocks.centres(working, relation, (*(c for m in opened for c in m.columns), *before))
        outcome = [blocks.metric_block(working, relation, m, around) for m in opened]
        sliced = dimensions(working, relation, spec, whole=analysed.whole)
        known = [blocks.balance_block(working, c, around) for c in before]
        summed = scan.moments(working, relation, spec, outcome, sliced, known)
        means = [b for b, m in zip(outcome, opened, strict=True) if m.kind == "mean"]
        missing = beside.missing(working, relation, spec, summed.units)
        quality = analysed.quality.model_copy(
            update={
                "missing": missing,
                "treatment": (*analysed.quality.treatment, *_treated(working, relation, opened, outcome, missing)),
            }
        )
        return Evidence(
            source=self._info.model_copy(update=sketch(working)),
            units=summed.units,
            cells=summed.cells,
            before=summed.before,
            quality=quality,
            extremes=beside.extremes(working, relation, spec, means),
            days=beside.days(working, relation),
            clusters=cluster_sizes(working, relation, spec),
            neighbours=next(
                (neighbours(working, relation, spec, b) for b in outcome if b.name == spec.primary.name), ()
            ),
        )


def _rows(working: Working) -> int:
    if working.facts is not None:
        return working.facts.rows
    row = working.connection.execute(f"SELECT count(*) FROM {working.name}").fetchone()
    return int(row[0]) if row else 0


def _treated(
    working: Working,
    relation: str,
    opened: tuple[Metric, ...],
    read: list[blocks.Block],
    missing: tuple[Missing, ...],
) -> list[str]:
    """Sentences on empty cells and caps, of the metrics whose outcomes were read."""
    said = []
    for metric, block in zip(opened, read, strict=True):
        empty = sum(m.missing for m in missing if m.metric == metric.name)
        if empty:
            units = f"{empty:,} {'unit has' if empty == 1 else 'units have'} an empty cell in {metric.name}: "
            said.append(units + ("left out of this metric." if metric.nulls == "drop" else "counted as zero."))
        if block.cap is not None:
            cut = beside.above(working, relation, metric, block.cap)
            of = f"the {metric.cap.quantile:.4%}" if metric.cap is not None and metric.cap.quantile is not None else ""
            quantile = f" ({of.rstrip('%').rstrip('0').rstrip('.')}% quantile of all arms)" if of else ""
            said.append(
                f"{cut:,} {'value' if cut == 1 else 'values'} of {metric.name} above {block.cap:,.6g}{quantile} "
                f"{'was' if cut == 1 else 'were'} set to it."
            )
    return said
