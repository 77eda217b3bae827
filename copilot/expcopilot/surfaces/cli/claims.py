"""``expcopilot claims``: mark every claim in any copy, so that a content repository can gate on it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from expcopilot.surfaces.cli.session import json_option

if TYPE_CHECKING:
    from copilot_tools.refusals import Refusal
    from expcopilot.surfaces.cli.claims_report import Report, Scan

__all__ = ["command"]

OPEN = 1
"""Exit code when a claim or an unclassified sentence was found."""


@click.command("claims")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--column", metavar="NAME", help="The column of a CSV file that holds the copy.")
@click.option(
    "--language",
    type=click.Choice(["en", "de", "fr", "es"]),
    default="en",
    show_default=True,
    help="What the copy is written in.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How to report: for people, programs, code scanning (SARIF 2.1.0), annotations on a pull request.",
)
@json_option
def command(
    *,
    files: tuple[str, ...],
    column: str | None,
    language: Literal["en", "de", "fr", "es"],
    form: Literal["text", "json", "sarif", "github"],
    as_json: bool,
) -> None:
    """Mark every sentence of copy as claim, puffery, plain or unclassified, and say why each claim needs a source.

    The ending says the format: .md and .markdown, .html and .htm, .csv (with --column); else it is plain text, and
    - is standard input. No workspace is needed, no model is asked, nothing is recorded.

    Exit code 0: nothing open. 1: at least one claim, or one sentence a person must classify. 2: a file cannot be read.

    \b
    Examples:
      expcopilot claims newsletter.md
      expcopilot claims ads.csv --column headline --language de
      expcopilot claims site/*.html --format sarif > claims.sarif
    """
    from copilot_tools.refusals import Refused
    from expcopilot.surfaces.cli import claims_progress, claims_report

    scans: list[Scan] = []
    problems: list[Refusal] = []
    with claims_progress.shown(files) as tell:
        for file in files:
            try:
                scans += claims_report.scan_file(file, column, language, tell)
            except Refused as refused:
                problems += refused.refusals
    if problems:
        raise Refused(*problems)
    report: Report = claims_report.Report(tuple(scans))
    claims_report.show(report, "json" if as_json else form)
    if report.open:
        sys.stdout.flush()
        click.get_current_context().exit(OPEN)
