"""Data as somebody declares it: what a file holds and how its columns become values; said, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.sources.counts.arm_counts import ArmCounts, read_counts
from copilot_tools.stats.sources.counts.count_roles import CountColumns
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.rows.events import Rule
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.sources.warehouse.address import Address, is_address
from copilot_tools.stats.spec import AnalysisSpec, Dialect
from copilot_tools.validation import refusals_of
from expcopilot.flow.open_data import counts, events, rows, typed_counts

__all__ = ["counted_by_hand", "given_dialect", "one_source", "open_counts"]
__all__ += ["open_source", "place", "rules", "typed_fields", "usual_form"]


def given_dialect(delimiter: str | None, decimal: str | None, encoding: str | None) -> Dialect:
    """How the file writes things, as typed.

    Raises:
        Refused: The delimiter is no single character.
    """
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
    return counts(data, dialect, columns=CountColumns(n=units))


def typed_fields(spec: AnalysisSpec) -> tuple[str, ...]:
    """What is typed for each arm, as ``counted_by_hand`` takes it; () where counts cannot say all that is read."""
    if len(spec.metrics) > 1 or spec.primary.kind == "ratio":
        return ()
    return ("n", "successes") if spec.primary.kind == "proportion" else ("n", "mean", "sd")


def counted_by_hand(
    arms: Iterable[tuple[str, Mapping[str, str]]], spec: AnalysisSpec | None = None, name: str = ""
) -> CountsSource:
    """Counts as somebody filled them in.

    Args:
        arms: Each arm with its "n", and "successes" or "mean" and "sd", as text.
        spec: What is to be read, where a plan says so.
        name: The experiment, for what to do instead.

    Raises:
        Refused: Everything that cannot be read, all together; or the plan reads more than one metric.
    """
    if spec is not None and len(spec.metrics) > 1:
        _refuse_one_metric(spec, name)
    cells: list[ArmCounts] = []
    problems: list[Refusal] = []
    for arm, fields in arms:
        counts, wrong = read_counts(fields, arm=arm, where=f"The arm {arm!r}")
        problems += wrong
        if counts is not None and not counts.n:
            problems.append(
                Refusal(
                    code="counts.n_zero",
                    reason=f"The arm {arm!r} has 0 units.",
                    cure="Leave the arm out, or wait until it has units.",
                    name="n",
                    value=0,
                )
            )
        elif counts is not None:
            cells.append(counts)
    refuse_if_any(problems)
    return CountsSource.of(cells)


def place(text: str, beside: Path) -> Path:
    """A file or table as somebody names it: an address of a warehouse, or a path, from a folder where it is relative.

    Args:
        text: As typed.
        beside: The folder.

    Raises:
        Refused: Nothing was named, or nothing that can be a file; or the address holds a password, which would stand
            wherever the address is kept.
    """
    said = text.strip()
    if not said:
        raise Refused.because(
            "data.unnamed", "No file was named.", "Name a file by its path, or a table by its address.", name="data"
        )
    if not is_address(said):
        return beside / _path(said)
    if Address.parse(said).holds_secret:
        raise Refused.because(
            "data.secret",
            "The address holds a password, and addresses are kept: in the browser's history, and in the record.",
            "Leave it out, and keep it in PGPASSWORD or ~/.pgpass of whoever runs the server.",
            name="data",
        )
    return Path(said)


def _path(said: str) -> Path:
    try:
        path = Path(said).expanduser()
    except RuntimeError:  # a ~name that is nobody's home
        path = None
    if path is None or "\0" in said:
        raise Refused.because(
            "data.no_path",
            f"{said[:80]!r} can be no file's path.",
            "Write the whole path, or one from the workspace's folder.",
            name="data",
            value=said[:80],
        )
    return path


def usual_form(spec: AnalysisSpec | None, data: Path | None) -> str:
    """What a file holds when nobody says: counts where the plan names no column of arms, else rows."""
    counted = spec is not None and spec.unit is None and spec.arm_column is None
    return "counts" if counted or (data is not None and data.suffix.lower() in {".yaml", ".yml", ".json"}) else "rows"
