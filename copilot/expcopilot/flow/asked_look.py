"""A quick look as somebody asks for it: which data, and what to compare in it, said on the spot for want of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.counts.typed_arms import parse_arms
from copilot_tools.stats.sources.rows.events import EventsSource
from copilot_tools.stats.sources.rows.exposed import ExposedSource
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import AnalysisSpec, Dialect, Effect, Metric
from copilot_tools.validation import refusals_of
from expcopilot.flow import open_data
from expcopilot.flow.arms_in_data import arms_in
from expcopilot.flow.declared_data import one_source, open_counts, rules
from expcopilot.flow.quick import quick_spec

__all__ = ["Asked", "Kind", "opened"]

Kind = Literal["proportion", "mean", "ratio"]


class Asked(Frozen):
    """What a quick look compares; None and "" where nothing was said.

    Attributes:
        arms: Counts as typed, one an arm, instead of a file.
        form: What the file holds: "rows", "events" or "counts".
        aggregate: For events, COLUMN=RULE as typed.
        dialect: How a CSV writes things.
        arm_column: Column of the arm's name.
        named: The arms, where they are said and not to be read from the data.
        control: The control arm.
        metric: Column of the metric.
        kind: What kind of number that is.
        denominator: For a ratio, column of the denominator.
        direction: Which way is better.
        unit: Column that identifies the unit.
        time_column: Column of the time of exposure.
        matters: What would matter.
        units: For counts, column of the units.
        successes: For counts, column of the successes.
    """

    arms: tuple[str, ...] = ()
    form: str | None = None
    aggregate: tuple[str, ...] = ()
    dialect: Dialect = Dialect()
    arm_column: str | None = None
    named: tuple[str, ...] = ()
    control: str | None = None
    metric: str | None = None
    kind: Kind | None = None
    denominator: str | None = None
    direction: str = "increase"
    unit: str | None = None
    time_column: str | None = None
    matters: Effect | None = None
    units: str = "n"
    successes: str = "successes"


def opened(data: Path | CountsSource | None, asked: Asked) -> tuple[Source, AnalysisSpec]:
    """The data, and what to compare in it.

    Args:
        data: The file or address, or counts at hand; None where counts were typed.
        asked: What is asked.

    Raises:
        Refused: Both or neither were given, the data cannot be opened, or what to compare is not said or not there.
    """
    if not isinstance(data, CountsSource):
        one_source(data, asked.arms)
    if data is None or isinstance(data, CountsSource) or asked.form == "counts":
        return _counts(data, asked)
    return _rows(data, asked)


def _counts(data: Path | CountsSource | None, asked: Asked) -> tuple[Source, AnalysisSpec]:
    if isinstance(data, CountsSource):
        source, kind, arm_column = data, "proportion", None
    elif data is None:
        source = open_data.typed_counts(asked.arms)
        kind, arm_column = parse_arms(asked.arms)[0].kind or "proportion", None
    else:
        source = open_counts(data, asked.dialect, units=asked.units)
        kind, arm_column = "proportion", asked.arm_column
    column = asked.metric or (asked.successes if kind == "proportion" else "value")
    metric = _metric(asked, column, asked.metric or "conversion", asked.kind or kind)
    spec = quick_spec(
        arms=asked.named or source.arms(arm_column),
        control=asked.control,
        metric=metric,
        arm_column=arm_column,
        minimum_effect=asked.matters,
    )
    return source, spec.model_copy(update={"dialect": asked.dialect})


def _rows(data: Path, asked: Asked) -> tuple[Source, AnalysisSpec]:
    source: RowsSource | EventsSource | ExposedSource
    if asked.form == "events":
        source = open_data.events(data, asked.dialect, aggregate=rules(asked.aggregate))
        assigned = source.assigned
    else:
        source = assigned = open_data.rows(data, asked.dialect)
    columns = ", ".join(source.describe().columns)
    if not asked.metric or not asked.kind:
        raise Refused.because(
            "look.no_metric",
            "Which column is compared, and what kind of number is it?",
            f"Add --metric COLUMN and --kind proportion, mean or ratio. The columns are {columns}.",
            name="metric",
        )
    metric = _metric(asked, asked.metric, asked.metric, asked.kind)
    spec = quick_spec(
        arms=asked.named or arms_in(assigned, asked.arm_column),
        control=asked.control,
        metric=metric,
        arm_column=asked.arm_column,
        unit=asked.unit,
        minimum_effect=asked.matters,
    )
    return source, spec.model_copy(update={"dialect": asked.dialect, "time_column": asked.time_column})


def _metric(asked: Asked, column: str, name: str, kind: str) -> Metric:
    said = {"name": name, "column": column, "kind": kind, "denominator": asked.denominator, "role": "primary"}
    try:
        return Metric.model_validate({**said, "direction": asked.direction})
    except ValidationError as error:
        raise Refused(*refusals_of(error)) from None
