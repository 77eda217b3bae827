"""``expcopilot look``: a quick look without a plan, or many experiments in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from expcopilot.surfaces.cli.data_options import dialect_options
from expcopilot.surfaces.cli.session import current, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.flow.asked_look import Asked

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
    from expcopilot.flow.asked_look import opened

    source, spec = opened(given["data"], _asked(given))
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


def _asked(given: dict[str, Any]) -> Asked:
    """What is to be compared, as typed."""
    from expcopilot.flow.asked_look import Asked
    from expcopilot.flow.declared_data import given_dialect
    from expcopilot.surfaces import parsing

    matters = parsing.size("--matters", given["matters"], _kind(given)).effect if given["matters"] else None
    dialect = given_dialect(given["delimiter"], given["decimal"], given["encoding"])
    said = {name: given[name] for name in Asked.model_fields if name in given and name != "matters"}
    return Asked.model_validate({**said, "dialect": dialect, "matters": matters})


def _kind(given: dict[str, Any]) -> Literal["proportion", "mean", "ratio"]:
    """What kind of number is compared: as typed, or as the typed counts say."""
    from copilot_tools.stats.sources.counts.typed_arms import parse_arms

    told: Literal["proportion", "mean", "ratio"] | None = given["kind"]
    return told or (parse_arms(given["arms"])[0].kind if given["arms"] else None) or "proportion"
