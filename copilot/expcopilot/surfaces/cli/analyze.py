"""``expcopilot analyze``: one look at the data under the registered plan."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal

import click

from expcopilot.surfaces.cli.data_options import events_option
from expcopilot.surfaces.cli.plan import is_plan_file
from expcopilot.surfaces.cli.session import current, json_option, model_option, print_json

__all__ = ["command"]


@click.command("analyze")
@click.argument("name", metavar="NAME|PLAN")
@click.argument("data", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--arm", "arms", metavar="ARM=N:X", multiple=True, help="Summary counts instead of a file; one an arm.")
@click.option("--cut", "cuts", metavar="COLUMN", multiple=True, help="A further cut: exploratory, and counted.")
@click.option("--unblind", is_flag=True, help="Open the outcomes before the committed end; needs --reason, is stamped.")
@click.option("--reason", default="", metavar="TEXT", help="Why the outcomes are opened early.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the readout's documents.")
@click.option("--no-readout", is_flag=True, help="Take the look without writing documents.")
@model_option
@events_option
@click.option("--n", "units", default="n", metavar="COLUMN", help="For counts: column of the units.")
@json_option
def command(
    *,
    name: str,
    data: Path | None,
    arms: tuple[str, ...],
    cuts: tuple[str, ...],
    unblind: bool,
    reason: str,
    out: Path | None,
    no_readout: bool,
    no_model: bool,
    form: str | None,
    aggregate: tuple[str, ...],
    units: str,
    as_json: bool,
) -> None:
    """Read DATA under the registered plan of the experiment NAME (or of the plan file PLAN), and write the readout.

    Says the verdict first and why, then the number against what matters, guardrails, the case for the null, and every
    look taken. Before the committed end outcomes stay closed: only counts, sample ratio and guardrail alarms are shown.
    Each call is one look, and is counted.

    \b
    Examples:
      expcopilot analyze checkout results.csv
      expcopilot analyze checkout --arm control=10000:520 --arm b=10100:581
      expcopilot analyze checkout results.parquet --cut device
    """
    from expcopilot.flow.blinding import opening_reason
    from expcopilot.flow.declared_data import open_source, usual_form

    if reason and not unblind:
        raise click.UsageError("--reason explains an early opening: add --unblind, or leave it out.")
    why_early = opening_reason(reason) if unblind else ""
    copilot = current()
    experiment = _experiment_of(name)
    plan = copilot.experiment(experiment).plan
    spec = plan.analysis if plan is not None else None
    source = functools.partial(
        open_source,
        data,
        arms,
        form=form or usual_form(spec, data),
        aggregate=aggregate,
        dialect=spec.dialect if spec else None,
        units=units,
        spec=spec,
        name=experiment,
    )
    target = Path(name) if is_plan_file(name) else name
    look = copilot.analyze(target, source, cuts=cuts, unblind=why_early)
    model: Literal["configured"] | None = None if no_model else "configured"
    files = () if no_readout else copilot.write_readout(experiment, folder=out, model=model)
    readout = copilot.readout(experiment, look=look.number)
    if as_json:
        print_json({**readout.to_json(), "files": [str(f) for f in files]})
        return
    from expcopilot.surfaces.cli import pages, show

    pages.show_first_screen(readout)
    click.echo()
    if files:
        show.paths("Readout:", files)
    if steps := _next(experiment, readout.look.verdict.row.value, written=bool(files)):
        show.next_steps(steps)


def _next(experiment: str, row: str, *, written: bool) -> list[tuple[str, str]]:
    """What a person can do about this verdict, where that is not plain: (what for, command)."""
    steps = [] if written else [("Write the readout's documents", f"expcopilot readout {experiment} --out FOLDER")]
    if row == "invalid":
        why = "Mend the data; or say in the plan (analysis: policy:) how to treat what is named above, and amend it"
        steps.append((why, "expcopilot register PLAN --amend --reason REASON"))
    if row == "harm":
        why = "Stop the test in the tool that runs it, then close it here"
        steps.append((why, f"expcopilot close {experiment} --early --reason REASON"))
    return steps


def _experiment_of(name: str) -> str:
    if not is_plan_file(name):
        return name
    from expcopilot import load_plan

    return load_plan(Path(name)).experiment
