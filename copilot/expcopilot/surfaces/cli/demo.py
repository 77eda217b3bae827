"""``expcopilot demo``: the whole job on real published figures, with no key and no model."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import click

from expcopilot.surfaces.cli.session import json_option, print_json, progress_note

__all__ = ["command"]

_PERSON = "Demo"


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to make the workspace in; ./demo when not given (./demo-2 when that is taken).",
)
@json_option
def command(*, out: Path | None, as_json: bool) -> None:
    """Do the whole job once, on real published figures: workspace, plan, data, verdict, case for the null, readout.

    The figures are three arms of an e-mail test with 64,000 customers (Kevin Hillstrom, MineThatData E-Mail Analytics
    and Data Mining Challenge, 2008). Nothing is downloaded and no language model is asked.

    \b
    Example:
      expcopilot demo
    """
    from expcopilot import Copilot, counts, load_plan

    copilot = Copilot.init(out or _free(Path("demo")), person=_PERSON)
    with copilot.workspace as workspace, as_file(files("expcopilot.surfaces.cli") / "demo_data") as shipped:
        plan_file, data = workspace.plans / "hillstrom-email.yaml", workspace.sources / "hillstrom-email.csv"
        _copy(shipped / "plan.yaml", plan_file)
        _copy(shipped / "counts.csv", data)
        plan = load_plan(plan_file)
        progress_note("1  The plan is registered (attested: the test was run in 2008).")
        copilot.register(plan)
        progress_note("2  The published counts are read under the plan.")
        copilot.analyze(plan.experiment, counts(data))
        progress_note("3  The readout is written.")
        written = copilot.write_readout(plan.experiment)
        readout = copilot.readout(plan.experiment)
        if as_json:
            print_json(
                {
                    "workspace": str(workspace.folder),
                    "verdict": readout.look.verdict.to_json(),
                    "files": [str(f) for f in written],
                }
            )
            return
        from expcopilot.surfaces.cli import pages, show

        pages.show_first_screen(readout)
        place = f"expcopilot -C {workspace.folder}"
        show.next_steps(
            [
                ("See it in your browser", f"{place} web"),
                ("Recompute all of it", f"{place} verify"),
                ("See every step that was recorded", f"{place} log"),
                ("Begin with your own", 'expcopilot init experiments --name "YOUR NAME"'),
            ]
        )
        click.echo()
        show.line(f"Verdict: {readout.look.verdict.phrase}", "bold")
        show.paths("The readout to hand on:", [f for f in written if f.suffix == ".html"])


def _free(folder: Path) -> Path:
    """The folder, or the first of its numbered neighbours that is not there yet."""
    number = 1
    found = folder
    while found.exists():
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())
