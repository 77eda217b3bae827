"""Data held against a plan before it is looked at: names and types, what is missing, what the look would show.

Nothing here is computed from outcomes by arm, and nothing is counted: the look itself is ``looks``' business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, NamedTuple

from copilot_tools.nearest import bare, nearest
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.rows.column_checks import columns_wanted
from copilot_tools.stats.sources.rows.events import EventsSource
from copilot_tools.stats.sources.rows.exposed import ExposedSource
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.sources.tables.preview import ColumnPreview, Preview, preview, within_memory
from copilot_tools.stats.spec import AnalysisSpec
from expcopilot.flow.arms_in_data import arms_in
from expcopilot.flow.blinding import refuse_blinded_units
from expcopilot.flow.standing import circumstances, registered_plan
from expcopilot.records.experiment import Experiment

__all__ = ["ArmInView", "Foreseen", "InView", "Need", "in_view", "seen"]


class Need(NamedTuple):
    """A column the plan wants.

    Attributes:
        column: Its name in the plan.
        uses: What the plan uses it for.
        there: Whether the data has it.
        near: Names in the data that are like it, where it has not.
    """

    column: str
    uses: tuple[str, ...]
    there: bool
    near: tuple[str, ...]


class ArmInView(NamedTuple):
    """An arm, of the plan or of the data.

    Attributes:
        name: As the plan has it, or the data.
        planned: Whether the plan has it.
        there: Whether the data has it.
        near: How the data may spell it.
    """

    name: str
    planned: bool
    there: bool
    near: str


class Foreseen(NamedTuple):
    """What a look at this data would be.

    Attributes:
        number: Which look it would be.
        shows: "outcomes" at the committed end; "registered" at a registered look; "closed" before.
        units: Units in the arms of the plan.
        missing: What is missing to the committed end, as a sentence; "" when it is reached.
    """

    number: int
    shows: Literal["outcomes", "registered", "closed"]
    units: int
    missing: str


class InView(NamedTuple):
    """Data against a plan.

    Attributes:
        held: What the data holds; None where it cannot be opened.
        needs: The columns the plan wants, in its order; none for summary counts, whose columns have names of their own.
        arms: Arms of the plan, then those of the data it does not know; None where the data does not say them.
        problems: Everything that makes it unreadable under the plan.
        foreseen: What a look would be; None while there are problems.
    """

    held: Preview | None
    needs: tuple[Need, ...]
    arms: tuple[ArmInView, ...] | None
    problems: tuple[Refusal, ...]
    foreseen: Foreseen | None


def seen(source: Source, decimal: str = ".") -> Preview:
    """What data holds: names and types, never a value.

    Raises:
        Refused: It was changed, is damaged or does not fit into memory.
    """
    match source:
        case RowsSource():
            table = source.table
        case EventsSource() | ExposedSource():
            table = source.assigned.table
        case _:
            columns = source.describe().columns
            return Preview(tuple(ColumnPreview(name, kind, kind, None) for name, kind in columns.items()), None, 0)
    with within_memory(source.describe().name):
        return preview(table, decimal)


def in_view(experiment: Experiment, source: Source, others: Iterable[Experiment], *, today: dt.date) -> InView:
    """Hold data against the plan of an experiment.

    Args:
        experiment: Registered.
        source: The data, opened as it is declared to be.
        others: All other experiments of the workspace.
        today: The calendar's date.

    Raises:
        Refused: There is no plan; or the data was changed, is damaged or does not fit into memory.
    """
    spec = registered_plan(experiment).analysis
    with within_memory(source.describe().name):
        held = seen(source, spec.dialect.decimal)
        problems = source.problems(spec)
        foreseen = None
        if not problems:
            try:
                foreseen = _foreseen(experiment, spec, source, tuple(others), today)
            except Refused as refused:
                problems = refused.refusals
    return InView(held, _needs(source, spec), _arms(source, spec), problems, foreseen)


def _foreseen(
    experiment: Experiment, spec: AnalysisSpec, source: Source, others: tuple[Experiment, ...], today: dt.date
) -> Foreseen:
    """By a scan that reads no metric: units alone say whether the end is reached, and whether they are another's.

    Raises:
        Refused: The look would open the units of another experiment that is still blinded.
    """
    evidence = source.scan(spec, metrics=())
    standing = circumstances(experiment, experiment.plan, spec, evidence, others, cuts=(), today=today, opens=False)
    units = evidence.total_units
    early = standing.goes_on(units)
    shows: Literal["outcomes", "registered", "closed"] = (
        "outcomes" if not early else "registered" if standing.look_due else "closed"
    )
    if shows != "closed":
        refuse_blinded_units(evidence, others, today)
    return Foreseen(len(experiment.looks) + 1, shows, units, standing.shortfall(units) if early else "")


def _needs(source: Source, spec: AnalysisSpec) -> tuple[Need, ...]:
    if isinstance(source, CountsSource):
        return ()
    there = source.describe().columns
    return tuple(
        Need(name, tuple(uses), name in there, () if name in there else nearest(name, there, most=2))
        for name, uses in columns_wanted(spec).items()
    )


def _arms(source: Source, spec: AnalysisSpec) -> tuple[ArmInView, ...] | None:
    match source:
        case RowsSource() | CountsSource():
            held: RowsSource | CountsSource = source
        case EventsSource() | ExposedSource():
            held = source.assigned
        case _:
            return None
    column = spec.arm_column
    if isinstance(held, CountsSource) and column not in held.describe().columns:
        column = None
    try:
        found = arms_in(held, column)
    except Refused:
        return None  # among the problems, in words of its own
    planned = [ArmInView(name, planned=True, there=name in found, near=_alike(name, found)) for name in spec.arm_names]
    spelled = {arm.near for arm in planned if arm.near}
    return (
        *planned,
        *(
            ArmInView(n, planned=False, there=True, near="")
            for n in found
            if n not in spec.arm_names and n not in spelled
        ),
    )


def _alike(name: str, found: tuple[str, ...]) -> str:
    return "" if name in found else next((other for other in found if bare(other) == bare(name)), "")
