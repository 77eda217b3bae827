"""Do the counts fit the spec, and each other? Everything that does not is listed, nothing is decided here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.counts.arm_counts import ArmCounts
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["check_cells", "metric_of"]

_MOST = 20  # refusals of one sort: more would bury the others
_TOTALS = {"", "*", "all", "(all)", "everyone", "overall", "sum", "total", "totals"}


def metric_of(cell: ArmCounts, spec: AnalysisSpec) -> str | None:
    """The spec's name of the metric counted: by name or column, the primary where none is named; None if not in it."""
    if cell.metric is None:
        return spec.primary.name
    return next((m.name for m in spec.metrics if cell.metric in {m.name, m.column}), None)


def check_cells(
    cells: Sequence[ArmCounts], spec: AnalysisSpec, cuts: tuple[str, ...], *, complete: bool
) -> list[Refusal]:
    """List what is wrong with counts that were read.

    Args:
        cells: The counts, those of metrics outside the spec included (they are not looked at).
        spec: Arms, metrics, segments.
        cuts: Further dimensions asked for.
        complete: Whether every row could be read; if not, what seems to be missing may only be unreadable, and is not
            reported a second time.
    """
    problems = list(_unsupported(spec))
    known = [cell for cell in cells if metric_of(cell, spec) is not None]
    if not cells:
        return [*problems, *([_nothing()] if complete else [])]
    problems.extend(_unknown_arms(cells, spec))
    problems.extend(_kinds(known, spec))
    problems.extend(_duplicates(known, spec))
    if complete:
        problems.extend(_missing_metrics(cells, spec))
        problems.extend(_missing_arms(cells, known, spec))
    problems.extend(_strata(known, spec, cuts, complete=complete))
    return problems


def _nothing() -> Refusal:
    return Refusal(
        code="counts.file_empty",
        reason="There are no counts.",
        cure="Give one row an arm: its name, n, and successes.",
        name="counts",
    )


def _unsupported(spec: AnalysisSpec) -> Iterable[Refusal]:
    for metric in spec.metrics:
        if metric.kind == "ratio":
            yield Refusal(
                code="counts.metric_unsupported",
                reason=f"{metric.name} is a ratio of two columns, and counts do not say how the two vary together.",
                cure="Give one row a unit, so that numerator and denominator can be read together.",
                name=metric.name,
            )
        elif metric.covariate is not None:
            yield Refusal(
                code="counts.covariate_unsupported",
                reason=f"{metric.name} is to be adjusted by {metric.covariate}, and counts do not say how the two "
                "vary together.",
                cure="Give one row a unit, or amend the plan to leave the covariate out.",
                name=metric.covariate,
            )


def _unknown_arms(cells: Sequence[ArmCounts], spec: AnalysisSpec) -> Iterable[Refusal]:
    for arm in dict.fromkeys(cell.arm for cell in cells):
        if arm not in spec.arm_names:
            yield Refusal(
                code="counts.arm_unknown",
                reason=f"The data has an arm {arm!r}, which the plan does not know.",
                cure=f"{closest(arm, spec.arm_names)} Write the arm as the plan does (case and spaces count), or "
                "remove its rows.",
                name="arm",
                value=arm,
            )


def _missing_arms(cells: Sequence[ArmCounts], known: Sequence[ArmCounts], spec: AnalysisSpec) -> Iterable[Refusal]:
    present = tuple(dict.fromkeys(cell.arm for cell in cells))
    if len(present) == 1:
        yield Refusal(
            code="counts.one_arm",
            reason=f"The data has a single arm, {present[0]!r}: there is nothing to compare it with.",
            cure=f"Give the counts of every arm of the plan: {', '.join(spec.arm_names)}.",
            name="arm",
            value=present[0],
        )
        return
    for arm in spec.arm_names:
        if arm not in present:
            yield Refusal(
                code="counts.arm_missing",
                reason=f"The plan's arm {arm!r} is not in the data.",
                cure=f"{closest(arm, present)} Give its counts under the plan's name.",
                name="arm",
                value=arm,
            )
        for metric in dict.fromkeys(metric_of(cell, spec) for cell in known if cell.arm == arm):
            if not sum(c.n for c in known if c.arm == arm and metric_of(c, spec) == metric):
                yield Refusal(
                    code="counts.n_zero",
                    reason=f"The arm {arm!r} has 0 units of {metric}.",
                    cure="Wait until it has units; an arm that never ran is to be amended out of the plan.",
                    name="n",
                    value=0,
                )


def _missing_metrics(cells: Sequence[ArmCounts], spec: AnalysisSpec) -> Iterable[Refusal]:
    found = {metric_of(cell, spec) for cell in cells}
    named = sorted({cell.metric for cell in cells if cell.metric is not None and metric_of(cell, spec) is None})
    for metric in spec.metrics:
        if metric.name not in found:
            yield Refusal(
                code="counts.metric_missing",
                reason=f"The plan's metric {metric.name!r} is not in the data.",
                cure=f"{closest(metric.name, named) + ' ' if named else ''}Give its rows, named in a column metric"
                + (f", or a column {metric.column!r} of successes." if metric.kind == "proportion" else "."),
                name="metric",
                value=metric.name,
            )


def _kinds(known: Sequence[ArmCounts], spec: AnalysisSpec) -> Iterable[Refusal]:
    for name in dict.fromkeys(metric_of(cell, spec) for cell in known):
        metric = spec.metric(name or "")
        given = {cell.kind for cell in known if metric_of(cell, spec) == name and cell.kind is not None}
        if metric.kind in {"proportion", "mean"} and given - {metric.kind}:
            wanted = "successes" if metric.kind == "proportion" else "sum and sum_of_squares, or mean and sd"
            yield Refusal(
                code="counts.metric_kind",
                reason=f"The plan's metric {metric.name!r} is a {metric.kind}, but the data gives "
                + ("successes." if "proportion" in given else "sums or means."),
                cure=f"Give {wanted} beside n.",
                name=metric.name,
                value=metric.kind,
            )


def _duplicates(known: Sequence[ArmCounts], spec: AnalysisSpec) -> Iterable[Refusal]:
    rows: dict[tuple[object, ...], list[ArmCounts]] = {}
    for cell in known:
        rows.setdefault((metric_of(cell, spec), cell.arm, cell.strata), []).append(cell)
    for same in [cells for cells in rows.values() if len(cells) > 1][:_MOST]:
        first = same[0]
        level = "".join(f", {column} = {name!r}" for column, name in first.strata)
        yield Refusal(
            code="counts.duplicate_row",
            reason=f"The arm {first.arm!r}{level} is given {len(same)} times"
            + (f" ({'; '.join(cell.where for cell in same)})." if first.where else "."),
            cure="Keep one row, or name the column that tells them apart as a stratum.",
            name="arm",
            value=first.arm,
        )


def _strata(
    known: Sequence[ArmCounts], spec: AnalysisSpec, cuts: tuple[str, ...], *, complete: bool
) -> Iterable[Refusal]:
    columns = tuple(dict.fromkeys(column for cell in known for column, _ in cell.strata))
    for wanted in dict.fromkeys((*(segment.column for segment in spec.segments), *cuts)):
        if wanted not in columns:
            yield Refusal(
                code="counts.stratum_missing",
                reason=f"A cut by {wanted!r} is asked for, but the counts have no such stratum.",
                cure=f"{closest(wanted, columns)} Give the counts of every arm by {wanted}.",
                name=wanted,
            )
    sound = True
    for column in columns:
        wrong = [*_levels(known, spec, column)]
        sound = sound and not wrong
        yield from wrong
    if complete and sound and columns:
        yield from _incomplete(known, spec)


def _levels(known: Sequence[ArmCounts], spec: AnalysisSpec, column: str) -> Iterable[Refusal]:
    arms: dict[str, set[str]] = {}
    for cell in known:
        arms.setdefault(dict(cell.strata).get(column, ""), set()).add(cell.arm)
    totals = [level for level in arms if level.strip().casefold() in _TOTALS] or _sums(known, spec, column, tuple(arms))
    if totals and len(arms) > 1:
        yield Refusal(
            code="counts.mixed_totals",
            reason=f"In {column!r}, the level {totals[0]!r} is a total beside its parts: units would count twice.",
            cure="Remove the rows of totals (the strata are summed here), or give totals only.",
            name=column,
            value=totals[0],
        )
    elif len(spec.arms) > 1 and all(len(held) == 1 for held in arms.values()) and len({c.arm for c in known}) > 1:
        yield Refusal(
            code="counts.stratum_not_shared",
            reason=f"No level of {column!r} holds more than one arm, so it is no stratum to compare arms in.",
            cure="Remove the column, or name the columns of strata.",
            name=column,
        )
    if column == spec.time_column:
        yield from (_no_date(column, level) for level in arms if not _is_date(level))


def _sums(known: Sequence[ArmCounts], spec: AnalysisSpec, column: str, levels: tuple[str, ...]) -> list[str]:
    """Levels that equal the sum of all the others, in every arm and metric, in units and in total of the values."""
    if len(levels) < 4:
        return []  # with fewer levels even halves would look like a total
    sums: dict[str, dict[tuple[str | None, str], tuple[int, float]]] = {level: {} for level in levels}
    for cell in known:
        at = sums[dict(cell.strata).get(column, "")]
        key = (metric_of(cell, spec), cell.arm)
        n, total = at.get(key, (0, 0.0))
        at[key] = (n + cell.n, total + cell.n * cell.moments.mean[0])
    everything: dict[tuple[str | None, str], tuple[int, float]] = {}
    for at in sums.values():
        for key, (n, total) in at.items():
            all_n, all_total = everything.get(key, (0, 0.0))
            everything[key] = (all_n + n, all_total + total)

    def is_total(level: str) -> bool:
        """Whether this level is half of everything: as much as all the others together."""
        for key, (all_n, all_total) in everything.items():
            n, total = sums[level].get(key, (0, 0.0))
            if 2 * n != all_n or abs(2 * total - all_total) > 1e-6 * (abs(total) + 1):
                return False
        return True

    return [level for level in levels if is_total(level)]


def _incomplete(known: Sequence[ArmCounts], spec: AnalysisSpec) -> Iterable[Refusal]:
    held: dict[tuple[str | None, tuple[tuple[str, str], ...]], set[str]] = {}
    for cell in known:
        held.setdefault((metric_of(cell, spec), cell.strata), set()).add(cell.arm)
    present = [arm for arm in spec.arm_names if any(cell.arm == arm for cell in known)]
    gaps = [(strata, arm) for (_, strata), arms in held.items() for arm in present if arm not in arms]
    for strata, arm in list(dict.fromkeys(gaps))[:_MOST]:
        level = ", ".join(f"{column} = {name!r}" for column, name in strata)
        yield Refusal(
            code="counts.stratum_incomplete",
            reason=f"There is no row of the arm {arm!r} for {level}.",
            cure="Add it; with n = 0 and successes = 0 if it truly has no units there.",
            name="arm",
            value=arm,
        )


def _is_date(level: str) -> bool:
    try:
        return bool(dt.date.fromisoformat(level)) and len(level) == 10
    except ValueError:
        return False


def _no_date(column: str, level: str) -> Refusal:
    return Refusal(
        code="counts.not_a_date",
        reason=f"{column!r} is the plan's time column, but {level[:40]!r} is no date.",
        cure="Write dates as YYYY-MM-DD.",
        name=column,
        value=level[:40],
    )
