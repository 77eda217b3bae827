"""Options that say what data is and how a file writes things: declared, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from copilot_tools.stats.sources.counts.source import CountsSource
    from copilot_tools.stats.sources.rows.events import Rule
    from copilot_tools.stats.sources.source import Source
    from copilot_tools.stats.spec import AnalysisSpec, Dialect

__all__ = ["FORMS", "dialect_options", "events_option", "given_dialect", "one_source"]
__all__ += ["open_counts", "open_source", "rules"]

F = TypeVar("F", bound=Callable[..., Any])

FORMS = ("rows", "events", "counts")

_FORM = click.option(
    "--as",
    "form",
    type=click.Choice(FORMS),
    help="What DATA holds: one row a unit (usual), one row an event, or summary counts.",
)
_AGGREGATE = click.option(
    "--aggregate",
    metavar="COLUMN=RULE",
    multiple=True,
    help="For events: how a column becomes one value a unit (sum, any, first). Repeat for more.",
)


def events_option(function: F) -> F:
    """Add ``--as`` and ``--aggregate``."""
    return _FORM(_AGGREGATE(function))


def dialect_options(function: F) -> F:
    """Add ``--delimiter``, ``--decimal`` and ``--encoding`` (a plan declares them itself)."""
    for option in (
        click.option("--encoding", type=click.Choice(["utf-8", "latin-1", "utf-16"]), help="Text encoding of a CSV."),
        click.option("--decimal", type=click.Choice([".", ","]), help="Decimal mark of numbers in a CSV."),
        click.option("--delimiter", metavar="CHARACTER", help="Column separator of a CSV; TAB for a tabulator."),
    ):
        function = option(function)
    return function


def given_dialect(delimiter: str | None, decimal: str | None, encoding: str | None) -> Dialect:
    """How the file writes things, as typed.

    Raises:
        Refused: The delimiter is no single character.
    """
    from pydantic import ValidationError

    from copilot_tools.refusals import Refused
    from copilot_tools.stats.spec import Dialect
    from copilot_tools.validation import refusals_of

    named = {"TAB": "\t", "\\t": "\t"}
    said = {"delimiter": named.get(delimiter or "", delimiter), "decimal": decimal, "encoding": encoding}
    try:
        return Dialect.model_validate({key: value for key, value in said.items() if value})
    except ValidationError as error:
        raise Refused(*refusals_of(error)) from None


def rules(texts: Iterable[str]) -> Mapping[str, Rule]:
    """Column -> rule, as typed.

    Raises:
        Refused: A text has another form, or names another rule.
    """
    from copilot_tools.refusals import Refused

    known: dict[str, Rule] = {"sum": "sum", "any": "any", "first": "first"}
    found: dict[str, Rule] = {}
    for text in texts:
        column, equals, rule = text.rpartition("=")
        if not equals or not column or rule not in known:
            raise Refused.because(
                "data.aggregate",
                f"--aggregate {text!r} cannot be read.",
                "Write COLUMN=sum, COLUMN=any or COLUMN=first.",
                name="aggregate",
                value=text,
            )
        found[column] = known[rule]
    return found


def one_source(data: Path | None, arms: tuple[str, ...]) -> None:
    """Refuse a call that names no data, or both a file and typed counts."""
    from copilot_tools.refusals import Refused

    if bool(arms) == (data is not None):
        raise Refused.because(
            "data.one_source",
            "Both a file and --arm were given." if arms else "No data was given.",
            "Give one: a file, or --arm control=10000:520 --arm b=10100:581.",
            name="data",
        )


def open_source(
    data: Path | None,
    arms: tuple[str, ...],
    *,
    form: str,
    aggregate: tuple[str, ...],
    dialect: Dialect | None,
    units: str = "n",
    spec: AnalysisSpec | None = None,
    name: str = "",
) -> Source:
    """The data as it was declared: typed arms, or a file of rows, events or counts.

    Args:
        data: The file, or None.
        arms: Counts as typed, or none.
        form: What the file holds.
        aggregate: For events, how a column becomes one value a unit.
        dialect: How the file writes things.
        units: For counts, the column of the units.
        spec: What is to be read, where a plan says so.
        name: The experiment, for what to type instead.

    Raises:
        Refused: Neither or both were given, or the data cannot be opened; or counts were typed, which are of one
            metric, and the plan has more.
    """
    from expcopilot import events, rows, typed_counts

    one_source(data, arms)
    if data is None:
        if spec is not None and len(spec.metrics) > 1:
            _refuse_one_metric(spec, name)
        return typed_counts(arms)
    if form == "counts":
        return open_counts(data, dialect, units=units)
    if form == "events":
        return events(data, dialect, aggregate=rules(aggregate))
    return rows(data, dialect)


def _refuse_one_metric(spec: AnalysisSpec, name: str) -> NoReturn:
    from copilot_tools.refusals import Refused

    others = ", ".join(repr(m.name) for m in spec.metrics if m.name != spec.primary.name)
    kinds = {m.kind for m in spec.metrics}
    arm = spec.arm_column or "arm"
    if kinds == {"proportion"}:
        columns = ",".join([arm, "n", *(m.column or m.name for m in spec.metrics)])
        shape = f"one row an arm, a column of successes for each metric (`{columns}`)"
    elif kinds <= {"proportion", "mean"}:
        shape = f"one row an arm and metric (`{arm},metric,n,successes,mean,sd`, empty what a metric has not)"
    else:
        shape = ""
    counted = (
        f"Write the counts into a file, {shape}, and read it with `expcopilot analyze {name} COUNTS.csv --as counts`"
    )
    rows = f"read a file of one row a unit: `expcopilot analyze {name} DATA.csv`"
    raise Refused.because(
        "counts.one_metric",
        f"Counts typed with --arm are of one metric, and the plan reads {len(spec.metrics)}: "
        f"{spec.primary.name!r} and {others}.",
        f"{counted}; or {rows}." if shape else f"{rows[0].upper()}{rows[1:]}.",
        name="arm",
        value=len(spec.metrics),
    )


def open_counts(data: Path, dialect: Dialect | None, *, units: str) -> CountsSource:
    """A file of counts; every column but the arm's, the units' and the values' is a stratum."""
    from copilot_tools.stats.sources.counts.count_roles import CountColumns
    from expcopilot import counts

    return counts(data, dialect, columns=CountColumns(n=units))
