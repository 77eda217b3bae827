"""Verbs that open data: one counted look under a plan, or without one; and the readout's documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from copilot_tools.base import Frozen, Label
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import AnalysisSpec, Dialect, Effect, Metric
from expcopilot.flow import open_data
from expcopilot.flow.quick import experiment_name, quick_spec
from expcopilot.flow.told import without_data
from expcopilot.flow.typed import typed
from expcopilot.surfaces.mcp.answers import Ask
from expcopilot.surfaces.mcp.reading import Name, OfLook, readout_of
from expcopilot.surfaces.mcp.room import Room
from expcopilot.surfaces.mcp.verbs import Answer, Verb

__all__ = ["LOOKING"]

Form = Literal["rows", "events", "counts"]
Counts = Annotated[str, Field(max_length=300)]
Column = Annotated[str, Field(min_length=1, max_length=200)]


class DataGiven(Frozen):
    """Data: a file, or counts as they were typed.

    Attributes:
        file: Name of a file in a folder that may be read.
        form: What the file holds: one row a unit, one row an event, or summary counts; what is usual when left out.
        counts: Or summary counts, one an arm, such as "control=10000:520": units, then successes.
        aggregate: For events: column -> "sum", "any" or "first".
        cuts: Further columns to slice by: exploratory, and counted.
    """

    file: Annotated[str, Field(max_length=1000)] = ""
    form: Form | None = None
    counts: tuple[Counts, ...] = ()
    aggregate: dict[Column, Literal["sum", "any", "first"]] = {}
    cuts: Annotated[tuple[Column, ...], Field(max_length=20)] = ()


class Analysis(DataGiven):
    """One look under the registered plan.

    Attributes:
        experiment: Its name.
        file: Name of a file in a folder that may be read.
        form: What the file holds: one row a unit, one row an event, or summary counts; what is usual when left out.
        counts: Or summary counts, one an arm, such as "control=10000:520": units, then successes.
        aggregate: For events: column -> "sum", "any" or "first".
        cuts: Further columns to slice by: exploratory, and counted.
    """

    experiment: Name


class QuickLook(DataGiven):
    """A look without a plan.

    Attributes:
        file: Name of a file in a folder that may be read.
        form: What the file holds: one row a unit, one row an event, or summary counts; rows when left out.
        counts: Or summary counts, one an arm, such as "control=10000:520": units, then successes.
        aggregate: For events: column -> "sum", "any" or "first".
        cuts: Further columns to slice by: exploratory, and counted.
        arms: For a file: the names of the arms as they stand in it, as the person says them.
        control: Which of them is the control; the one called control when left out.
        metric: For a file: column of the metric.
        kind: For a file: what the metric is.
        denominator: For a ratio: column of the denominator.
        direction: Which way is better.
        arm_column: For a file: column of the arm's name.
        unit: Column that identifies the unit.
        time_column: Column of the time of exposure.
        matters: What would matter; 5% of control when left out.
    """

    arms: Annotated[tuple[Label, ...], Field(max_length=20)] = ()
    control: Label | None = None
    metric: Column | None = None
    kind: Literal["proportion", "mean", "ratio"] | None = None
    denominator: Column | None = None
    direction: Literal["increase", "decrease"] = "increase"
    arm_column: Column | None = None
    unit: Column | None = None
    time_column: Column | None = None
    matters: Effect | None = None


def _source(room: Room, given: DataGiven, form: str, dialect: Dialect | None) -> Source:
    """The data as it was declared.

    Raises:
        Refused: Neither or both were given, the file may not be read, or it cannot be opened.
    """
    if bool(given.counts) == bool(given.file):
        raise Refused.because(
            "data.one_source",
            "Both a file and counts were given." if given.file else "No data was given.",
            "Give one of them: a file, or counts such as control=10000:520.",
            name="file",
        )
    if given.counts:
        return open_data.typed_counts(given.counts)
    path = room.folders.find(given.file)
    if form == "counts":
        return open_data.counts(path, dialect)
    return (
        open_data.events(path, dialect, aggregate=given.aggregate)
        if form == "events"
        else open_data.rows(path, dialect)
    )


def _analyze(room: Room, wanted: Analysis) -> Answer:
    plan = room.copilot.experiment(wanted.experiment).plan
    spec = plan.analysis if plan is not None else None
    form = wanted.form or _usual(spec, wanted.file)
    try:
        look = room.copilot.analyze(
            wanted.experiment,
            lambda: _source(room, wanted, form, spec.dialect if spec else None),
            cuts=wanted.cuts,
        )
    except Refused as refused:
        raise _sayable(refused, wanted, wanted.experiment) from None
    return _looked(room, wanted.experiment, look.number)


def _usual(spec: AnalysisSpec | None, file: str) -> Form:
    counted = spec is not None and spec.unit is None and spec.arm_column is None
    return "counts" if counted or Path(file).suffix.lower() in {".yaml", ".yml", ".json"} else "rows"


def _look(room: Room, wanted: QuickLook) -> Answer:
    name = ""
    try:
        source = _source(room, wanted, wanted.form or "rows", None)
        name = experiment_name(source.describe().name)
        look = room.copilot.look(source, _spec(wanted, source), cuts=wanted.cuts)
    except Refused as refused:
        raise _sayable(refused, wanted, name) from None
    return _looked(room, name, look.number)


def _spec(wanted: QuickLook, source: Source) -> AnalysisSpec:
    counted = source.arms(None) if isinstance(source, CountsSource) and wanted.counts else None
    arms, kind = (counted, wanted.kind or "proportion") if counted is not None else (wanted.arms, wanted.kind)
    if not arms or kind is None or (counted is None and wanted.metric is None):
        raise Refused.because(
            "look.no_metric",
            "For a file it must be said which arms are compared, by which column, and what kind of number it is.",
            "Ask the person, and give arms, metric and kind.",
            name="metric",
        )
    column = wanted.metric or "conversion"
    metric = Metric(
        name=column,
        role="primary",
        kind=kind,
        column=wanted.metric or "successes",
        denominator=wanted.denominator,
        direction=wanted.direction,
    )
    spec = quick_spec(
        arms=arms,
        control=wanted.control,
        metric=metric,
        arm_column=wanted.arm_column,
        unit=wanted.unit,
        minimum_effect=wanted.matters,
    )
    return spec.model_copy(update={"time_column": wanted.time_column})


def _sayable(refused: Refused, given: DataGiven, name: str) -> Refused:
    """Typed counts are the assistant's own words; what is said of a file may quote it."""
    if given.counts and not given.file:
        return refused
    return without_data(refused, where=typed("log", name) if name else typed("look", given.file))


def _looked(room: Room, name: str, number: int) -> Answer:
    told = readout_of(room, name, number)
    said = f"Look {number} at {name} was taken and counted. Write nothing about it that `check_draft` does not cover."
    return Answer(said, told, name, Ask("readout", {"experiment": name, "look": number}))


def _write_readout(room: Room, wanted: OfLook) -> Answer:
    files = room.copilot.write_readout(wanted.experiment, look=wanted.look, model=None)
    told: dict[str, Any] = {"files": [str(f) for f in files]}
    said = f"The readout of {wanted.experiment} as documents to hand on; that it left is on record."
    return Answer(said, told, wanted.experiment)


LOOKING: tuple[Verb, ...] = (
    Verb(
        "analyze",
        "Read data under the registered plan: one look, counted. Outcomes stay closed until the committed end.",
        "There is data of a registered experiment. Only a person opens outcomes early, in the terminal.",
        Analysis,
        _analyze,
        ({"experiment": "checkout", "counts": ["control=10000:520", "one-page=10100:640"]},),
        writes=True,
    ),
    Verb(
        "quick_look",
        "Look at data without a plan: exploratory, counted, never supported.",
        "There is data and no plan. Its verdict is where the next test begins.",
        QuickLook,
        _look,
        ({"counts": ["control=10000:520", "b=10100:581"]},),
        writes=True,
    ),
    Verb(
        "write_readout",
        "Write the readout's documents (HTML, Markdown, JSON, a brief) into the workspace.",
        "Somebody is to get the readout.",
        OfLook,
        _write_readout,
        ({"experiment": "checkout"},),
        writes=True,
    ),
)
"""Verbs that open data, or let a readout out."""
