"""``expcopilot look``: a quick look without a plan, or many experiments in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expcopilot.surfaces.cli.data_options import dialect_options, given_dialect, one_source, open_counts, rules
from expcopilot.surfaces.cli.session import current, json_option, print_json

if TYPE_CHECKING:
    from copilot_tools.stats.sources.rows.events import EventsSource
    from copilot_tools.stats.sources.rows.exposed import ExposedSource
    from copilot_tools.stats.sources.rows.source import RowsSource
    from copilot_tools.stats.sources.source import Source
    from copilot_tools.stats.spec import AnalysisSpec, Effect, Metric

__all__ = ["command"]


@click.command("look")
@click.argument("data", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--arm", "arms", metavar="ARM=N:X", multiple=True, help="Summary counts instead of a file; one an arm.")
@click.option("--arm-column", metavar="COLUMN", help="Column of the arm's name.")
@click.option("--control", metavar="ARM", help="The control arm; the one called control when not given.")
@click.option("--metric", metavar="COLUMN", help="Column of the metric.")
@click.option("--kind", type=click.Choice(["proportion", "mean", "ratio"]), help="Share, amount, or sum over sum.")
@click.option("--denominator", metavar="COLUMN", help="For a ratio: column of the denominator.")
@click.option(
    "--direction", type=click.Choice(["increase", "decrease"]), default="increase", help="Which way is better."
)
@click.option("--unit", metavar="COLUMN", help="Column that identifies the unit.")
@click.option(
    "--time", "time_column", metavar="COLUMN", help="Column of the time of exposure: for days, and for events."
)
@click.option("--matters", metavar="SIZE", help="What would matter: +5%, 0.5 points. 5% of control when not given.")
@click.option("--cut", "cuts", metavar="COLUMN", multiple=True, help="A cut; counted.")
@click.option("--as", "form", type=click.Choice(["rows", "events", "counts"]), help="What DATA holds; rows by default.")
@click.option("--aggregate", metavar="COLUMN=RULE", multiple=True, help="For events: sum, any or first a column.")
@dialect_options
@click.option("--by", metavar="COLUMN", help="Many experiments in DATA, one row an arm: column that tells them apart.")
@click.option("--n", "units", default="n", metavar="COLUMN", help="For counts and --by: column of the units.")
@click.option("--successes", default="successes", metavar="COLUMN", help="For counts and --by: their column.")
@click.option("--in", "inside", metavar="RANGE", help='With --by: set some apart, such as "week:201326-201402".')
@click.option("--alpha", default="5%", metavar="SHARE", help="With --by: level of a win.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="With --by: CSV file, one row a test.")
@json_option
def command(*, by: str | None, as_json: bool, **given: Any) -> None:
    """Look at DATA without a plan: exploratory, counted, never "supported"; or read many experiments at once with --by.

    The data of a registered experiment that is still blinded is refused. A quick look's verdict is where the next test
    begins, not what this one shows.

    \b
    Examples:
      expcopilot look --arm control=10000:520 --arm b=10100:581
      expcopilot look results.csv --arm-column variant --metric bought --kind proportion --control A
      expcopilot look tests.csv --by test_id --n impressions --successes clicks --in week:201326-201402
    """
    if by is not None:
        from expcopilot.surfaces.cli import many

        many.run(by, as_json=as_json, **given)
        return
    if given["out"] is not None or given["inside"] is not None:
        raise click.UsageError("--out and --in belong to --by.")
    copilot = current()
    source, spec = _opened(given)
    look = copilot.look(source, spec, cuts=given["cuts"])
    from expcopilot.flow.quick import experiment_name

    name = experiment_name(source.describe().name)
    readout = copilot.readout(name, look=look.number)
    if as_json:
        print_json({**readout.to_json(), "files": []})
        return
    from expcopilot.surfaces.cli import pages, show

    pages.show_first_screen(readout)
    show.next_steps(
        [
            ("A verdict that counts starts with a plan", "expcopilot new"),
            ("This look as documents, stamped exploratory", f"expcopilot readout {name} --out FOLDER"),
        ]
    )


def _opened(given: dict[str, Any]) -> tuple[Source, AnalysisSpec]:
    """The data, and what to compare in it."""
    one_source(given["data"], given["arms"])
    if given["arms"] or given["form"] == "counts":
        return _counts(given)
    return _rows(given)


def _counts(given: dict[str, Any]) -> tuple[Source, AnalysisSpec]:
    from copilot_tools.stats.sources.counts.typed_arms import parse_arms
    from expcopilot import quick_spec, typed_counts

    dialect = given_dialect(given["delimiter"], given["decimal"], given["encoding"])
    if given["arms"]:
        source = typed_counts(given["arms"])
        kind, arm_column = parse_arms(given["arms"])[0].kind or "proportion", None
    else:
        source = open_counts(given["data"], dialect, units=given["units"])
        kind, arm_column = "proportion", given["arm_column"]
    column = given["metric"] or (given["successes"] if kind == "proportion" else "value")
    metric = _metric(given, column, given["metric"] or "conversion", given["kind"] or kind)
    spec = quick_spec(
        arms=source.arms(arm_column),
        control=given["control"],
        metric=metric,
        arm_column=arm_column,
        minimum_effect=_matters(given, metric),
    )
    return source, spec.model_copy(update={"dialect": dialect})


def _rows(given: dict[str, Any]) -> tuple[Source, AnalysisSpec]:
    from copilot_tools.refusals import Refused
    from expcopilot import quick_spec
    from expcopilot.flow import open_data
    from expcopilot.flow.arms_in_data import arms_in

    dialect = given_dialect(given["delimiter"], given["decimal"], given["encoding"])
    source: RowsSource | EventsSource | ExposedSource
    if given["form"] == "events":
        source = open_data.events(given["data"], dialect, aggregate=rules(given["aggregate"]))
        assigned = source.assigned
    else:
        source = assigned = open_data.rows(given["data"], dialect)
    columns = ", ".join(source.describe().columns)
    if not given["metric"] or not given["kind"]:
        raise Refused.because(
            "look.no_metric",
            "Which column is compared, and what kind of number is it?",
            f"Add --metric COLUMN and --kind proportion, mean or ratio. The columns are {columns}.",
            name="metric",
        )
    metric = _metric(given, given["metric"], given["metric"], given["kind"])
    spec = quick_spec(
        arms=arms_in(assigned, given["arm_column"]),
        control=given["control"],
        metric=metric,
        arm_column=given["arm_column"],
        unit=given["unit"],
        minimum_effect=_matters(given, metric),
    )
    return source, spec.model_copy(update={"dialect": dialect, "time_column": given["time_column"]})


def _metric(given: dict[str, Any], column: str, name: str, kind: str) -> Metric:
    from pydantic import ValidationError

    from copilot_tools.refusals import Refused
    from copilot_tools.stats.spec import Metric
    from copilot_tools.validation import refusals_of

    said = {"name": name, "column": column, "kind": kind, "denominator": given["denominator"], "role": "primary"}
    try:
        return Metric.model_validate({**said, "direction": given["direction"]})
    except ValidationError as error:
        raise Refused(*refusals_of(error)) from None


def _matters(given: dict[str, Any], metric: Metric) -> Effect | None:
    """What would matter, as typed; None leaves the assumption that is said wherever it is used."""
    from expcopilot.surfaces.cli import parsing

    return parsing.size("--matters", given["matters"], metric.kind).effect if given["matters"] else None
