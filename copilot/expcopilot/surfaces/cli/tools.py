"""``expcopilot tools`` and ``tool``: the tools, listed and run with JSON in and JSON out."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from expcopilot.surfaces.cli.session import json_option, print_json

__all__ = ["command", "run_tool"]


@click.command("tools")
@json_option
def command(*, as_json: bool) -> None:
    """List the tools and when to use each; with --json, their full schemas.

    The tools are plain functions without state: no workspace is needed, nothing is recorded, no model is asked.

    \b
    Examples:
      expcopilot tools
      expcopilot tools --json > tools.json
    """
    from expcopilot.api.tools import tools

    known = tools()
    if as_json:
        print_json([tool.description() for tool in known])
        return
    from expcopilot.surfaces.cli import show

    out = show.console()
    rows = [(tool.name, tool.summary, tool.when) for tool in known]
    out.print(show.table((("Tool", False), ("What it does", False), ("When", False)), rows, width=out.width))
    show.next_steps([("Run one", "expcopilot tool sample_size --json '{...}' (see `tools --json` for examples)")])


@click.command("tool")
@click.argument("name")
@click.option(
    "--json", "given", metavar="JSON|@FILE|-", default="-", help="Arguments: JSON, a file, or standard input."
)
def run_tool(*, name: str, given: str) -> None:
    """Run the tool NAME: arguments as JSON in, the answer as JSON out.

    Exit code 0 with an answer; 2 with {"refused": [...]}: each reason, and what to do.

    \b
    Examples:
      expcopilot tool adjust_p_values --json '{"p_values": [0.01, 0.04, 0.2], "method": "holm"}'
      expcopilot tool sample_size --json @question.json
    """
    from expcopilot.api.tools import find_tool

    tool = find_tool(name)
    print_json(tool.run_json(_text(given)).to_json())


def _text(given: str) -> str:
    from copilot_tools.refusals import Refused

    if given == "-":
        if sys.stdin.isatty():
            raise Refused.because(
                "tool.no_arguments",
                "No arguments were given.",
                "Add --json '{...}', --json @FILE, or pipe JSON in.",
                name="json",
            )
        return sys.stdin.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused.because(
            "tool.no_file",
            f"The file {given[1:]!r} cannot be read: {error}.",
            "Check the path; the file holds JSON as UTF-8 text.",
            name="json",
            value=given,
        ) from None
