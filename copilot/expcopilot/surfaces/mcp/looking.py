"""Verbs that open data: one counted look under a plan, or without one; and the readout's documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from copilot_tools.base import Frozen, Label
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import Effect
from expcopilot.flow.asked_look import Asked, Kind, opened
from expcopilot.flow.declared_data import open_source, usual_form
from expcopilot.flow.quick import experiment_name
from expcopilot.flow.told import without_data
from expcopilot.flow.typed import typed
from expcopilot.surfaces.mcp.answers import Ask
from expcopilot.surfaces.mcp.reading import Name, OfLook
from expcopilot.surfaces.mcp.room import Room
from expcopilot.surfaces.mcp.summaries import readout_of
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
    kind: Kind | None = None
    denominator: Column | None = None
    direction: Literal["increase", "decrease"] = "increase"
    arm_column: Column | None = None
    unit: Column | None = None
    time_column: Column | None = None
    matters: Effect | None = None


def _file(room: Room, given: DataGiven) -> Path | None:
    """The file that was named; None where counts were given.

    Raises:
        Refused: Neither or both were given, or the file may not be read.
    """
    if bool(given.counts) == bool(given.file):
        raise Refused.because(
            "data.one_source",
            "Both a file and counts were given." if given.file else "No data was given.",
            "Give one of them: a file, or counts such as control=10000:520.",
            name="file",
        )
    return room.folders.find(given.file) if given.file else None


def _aggregate(given: DataGiven) -> tuple[str, ...]:
    """COLUMN=RULE, as people type it."""
    return tuple(f"{column}={rule}" for column, rule in given.aggregate.items())


def _analyze(room: Room, wanted: Analysis) -> Answer:
    plan = room.copilot.experiment(wanted.experiment).plan
    spec = plan.analysis if plan is not None else None

    def opened_now() -> Source:
        data = _file(room, wanted)
        return open_source(
            data,
            wanted.counts,
            form=wanted.form or usual_form(spec, data),
            aggregate=_aggregate(wanted),
            dialect=spec.dialect if spec else None,
            spec=spec,
            name=wanted.experiment,
        )

    try:
        look = room.copilot.analyze(wanted.experiment, opened_now, cuts=wanted.cuts)
    except Refused as refused:
        raise _sayable(refused, wanted, wanted.experiment) from None
    return _looked(room, wanted.experiment, look.number)


def _look(room: Room, wanted: QuickLook) -> Answer:
    name = ""
    try:
        source, spec = opened(_file(room, wanted), _asked(wanted))
        name = experiment_name(source.describe().name)
        look = room.copilot.look(source, spec, cuts=wanted.cuts)
    except Refused as refused:
        raise _sayable(refused, wanted, name) from None
    return _looked(room, name, look.number)


def _asked(wanted: QuickLook) -> Asked:
    """What is to be compared. Of a file all of it must be said: an assistant is told no name that stands in the data.

    Raises:
        Refused: Something was not said.
    """
    if wanted.file and not (wanted.arms and wanted.metric and wanted.kind):
        raise Refused.because(
            "look.no_metric",
            "For a file it must be said which arms are compared, by which column, and what kind of number it is.",
            "Ask the person, and give arms, metric and kind.",
            name="metric",
        )
    return Asked(
        arms=wanted.counts,
        form=wanted.form,
        aggregate=_aggregate(wanted),
        arm_column=wanted.arm_column,
        named=wanted.arms if wanted.file else (),
        control=wanted.control,
        metric=wanted.metric,
        kind=wanted.kind,
        denominator=wanted.denominator,
        direction=wanted.direction,
        unit=wanted.unit,
        time_column=wanted.time_column,
        matters=wanted.matters,
    )


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
