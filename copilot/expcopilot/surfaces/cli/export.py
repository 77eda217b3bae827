"""``expcopilot export``: approved copy as files for a sending tool, a flag platform, or people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from expcopilot.surfaces.cli.session import current, experiment_option, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.flow.steps.hand_over import Form

__all__ = ["command"]

_FORMS = ("csv", "braze-blocks", "braze-catalog", "growthbook", "flagd")


@click.command("export")
@click.argument("brief")
@click.option(
    "--format", "form", type=click.Choice(_FORMS), default="csv", show_default=True, help="For whom it is written."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="handover/EXPERIMENT in the workspace",
    help="Folder to write into.",
)
@experiment_option
@json_option
def command(*, brief: str, form: str, out: Path | None, experiment: str, as_json: bool) -> None:
    """Hand the approved variants of BRIEF over; refused while anything in them is open, naming each place.

    Rejected variants stay. What leaves is recorded before it is there: which text, in which file, with which digest. A
    brief named apart from its experiment has a folder of its own in the experiment's.

    \b
    Examples:
      expcopilot export spring                          # a clean CSV file for people
      expcopilot export spring --format braze-blocks    # Content Blocks, Liquid-safe
      expcopilot export spring --format growthbook      # a feature with deterministic seed and kill switch
    """
    handed = current().export(brief, cast("Form", form), folder=out, experiment=experiment)
    if as_json:
        print_json(handed.to_json())
        return
    from expcopilot.surfaces.cli import show

    names = ", ".join(name for name, _ in handed.variants)
    show.line(f"Handed over: {names} of {brief}, each exactly as approved.", "bold green")
    if handed.rejected:
        show.line(f"Not in it, because rejected: {', '.join(handed.rejected)}.", "dim")
    for note in handed.notes:
        show.line(note, "dim")
    show.paths("", [show.near(Path(handed.folder) / name) for name, _ in handed.record.files])
