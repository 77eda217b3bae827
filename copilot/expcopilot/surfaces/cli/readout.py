"""``expcopilot readout``: show or write the readout of a look."""

from __future__ import annotations

import shutil
import sys
import textwrap
from pathlib import Path

import click

from expcopilot.surfaces.cli.session import current, json_option, model_option, print_json

__all__ = ["command"]


@click.command("readout")
@click.argument("name")
@click.option("--look", "number", type=click.IntRange(min=1), help="Which look; the last one when not given.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write all documents into.")
@click.option("--brief", is_flag=True, help="Five lines to paste into a chat or a slide.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "md", "json"]),
    help="Print one document on standard output instead.",
)
@model_option
@json_option
def command(
    *, name: str, number: int | None, out: Path | None, brief: bool, form: str | None, no_model: bool, as_json: bool
) -> None:
    """Show the readout of the experiment NAME, or write it as documents to hand on.

    The documents are HTML (opens offline, prints well), Markdown, JSON and a brief of five lines. All say the same.
    Showing or printing a readout reads the ledger and adds nothing to it: it opens no data, and --look says the same
    every time. Documents written with --out are recorded, by their names and the readout's digest; where a language
    model is set up, that is when it words the finding and the case for the null.

    \b
    Examples:
      expcopilot readout checkout
      expcopilot readout checkout --brief
      expcopilot readout checkout --out for-the-board
      expcopilot readout checkout --format html > readout.html
    """
    if sum((brief, form is not None, as_json)) > 1:
        raise click.UsageError("Choose one of --brief, --format and --json.")
    copilot = current()
    files: tuple[Path, ...] = ()
    if out is not None:
        files = copilot.write_readout(name, look=number, folder=out, model=None if no_model else "configured")
    readout = copilot.readout(name, look=number)
    from expcopilot.outputs.report import documents

    if as_json:
        print_json({**readout.to_json(), "files": [str(f) for f in files]})
    elif brief:
        click.echo(_for_screen(documents.to_brief(readout)), nl=False)
    elif form == "json":
        click.echo(documents.to_json(readout), nl=False)
    elif form is not None:
        render = documents.to_html if form == "html" else documents.to_markdown
        click.echo(render(readout, organisation=copilot.workspace.settings.organisation.name), nl=False)
    else:
        from expcopilot.surfaces.cli import pages, show

        if files:
            show.paths("Written:", files)
            return
        pages.show_whole(readout)
        if not no_model and copilot.workspace.settings.model.name and not readout.prose:
            show.line()
            show.line("No prose has been written for this look yet: showing a readout asks no model.", "dim")
            look = f" --look {number}" if number is not None else ""
            show.next_steps(
                [("Have it worded, and write the documents", f"expcopilot readout {name}{look} --out FOLDER")]
            )


def _for_screen(brief: str) -> str:
    """Five lines as they are for a file or another program; on a terminal broken between words at its width."""
    if not sys.stdout.isatty():
        return brief
    width = max(20, shutil.get_terminal_size().columns - 1)
    lines = (textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in brief.splitlines())
    return "\n".join(lines) + "\n"
