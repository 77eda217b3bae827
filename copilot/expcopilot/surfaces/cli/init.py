"""``expcopilot init``: make a workspace."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from expcopilot.surfaces.cli.session import folder as here
from expcopilot.surfaces.cli.session import json_option, print_json

__all__ = ["command"]


@click.command("init")
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", "person", metavar="PERSON", help="Who acts here; stands beside everything recorded.")
@click.option("--email", default="", metavar="ADDRESS", help="Their address; optional.")
@click.option("--organisation", default="", metavar="NAME", help="For whom; kept in the settings. Optional.")
@json_option
def command(*, folder: Path | None, person: str | None, email: str, organisation: str, as_json: bool) -> None:
    """Make a workspace: one folder with settings, a ledger that only ever grows, and places for plans and readouts.

    Every entry in the ledger names a person, so this asks who you are.

    \b
    Example:
      expcopilot init experiments --name "Ada Lovelace"
    """
    from copilot_tools.refusals import Refused
    from expcopilot.api import Copilot

    if not person:
        if as_json or not sys.stdin.isatty():
            raise Refused.because(
                "init.no_name",
                "Every entry in the ledger names who made it, but no name was given.",
                'Add --name, as in: expcopilot init --name "Ada Lovelace".',
                name="name",
            )
        person = str(click.prompt("Your name, as colleagues know you", err=True)).strip()
    copilot = Copilot.init(folder or here(), person=person, email=email, organisation=organisation)
    with copilot.workspace as workspace:
        if as_json:
            print_json({"workspace": str(workspace.folder), "actor": workspace.actor})
            return
        from expcopilot.surfaces.cli import show

        show.line(f"Workspace of {workspace.actor}:", "bold")
        show.paths("", [workspace.folder])
        inside = "" if workspace.folder == Path.cwd() else f"cd {workspace.folder} && "
        show.next_steps(
            [
                ("Write a plan by answering five questions", f"{inside}expcopilot new"),
                ("See how many units a test needs", "expcopilot size --baseline 4% --effect +5%"),
            ]
        )
