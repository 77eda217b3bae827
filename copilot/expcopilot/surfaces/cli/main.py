"""The command ``expcopilot``: its commands by stage, and the one place where a failure becomes words and an exit code.

Exit codes: 0 an answer, 1 whoever read the output has left, 2 a refusal or a wrong call, 70 a mistake of the program,
130 stopped by the user.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from expcopilot.surfaces.cli import failures
from expcopilot.surfaces.cli.lazy import LazyCommand, LazyGroup

__all__ = ["cli", "main"]

_START, _PLAN, _READ, _KEEP = "Start", "Plan, before the data", "Read, after the data", "Keep and check"
_COPY = "Copy, from a brief to what may ship"


def _at(module: str, help_line: str, stage: str, attribute: str = "command") -> LazyCommand:
    return LazyCommand(f"expcopilot.surfaces.cli.{module}:{attribute}", help_line, stage)


COMMANDS = {
    "demo": _at("demo", "The whole job on real published figures, in a few seconds.", _START),
    "init": _at("init", "Make a workspace: one folder with settings and a ledger.", _START),
    "new": _at("new", "Write a plan by answering five questions.", _START),
    "chat": _at("chat", "The whole job as a conversation; goes on where it was left.", _START),
    "web": _at("web", "The page: the board, and each experiment's conversation beside its record.", _START),
    "mcp": _at("mcp", "Serve the tools and verbs to an assistant, over MCP.", _START),
    "sharpen": _at("sharpen", "From an idea to a hypothesis, with a question for every hole.", _START),
    "variants": _at("variants", "Draft variants from a brief, or bring your own; show what is open.", _COPY),
    "mark": _at("mark", "Settle one claim or sentence: source it, waive it, tick it.", _COPY),
    "approve": _at("approve", "Read each exact text and decide; or read a review file back.", _COPY),
    "export": _at("export", "Hand approved copy over as files for other tools.", _COPY),
    "size": _at("size", "How many units and weeks; or how small an effect a list shows.", _PLAN),
    "plan": _at("plan", "Check a plan for what is missing or vague, or show it.", _PLAN),
    "register": _at("register", "Freeze a plan before the data is seen, or amend it in the open.", _PLAN),
    "analyze": _at("analyze", "Read the data under the plan: verdict, case for the null, readout.", _READ),
    "look": _at("look", "A quick look without a plan; or many experiments in one file.", _READ),
    "readout": _at("readout", "Show or write the readout of a look.", _READ),
    "ask": _at("ask", "Ask in your own words; needs a language model.", _READ),
    "close": _at("close", "Close an experiment, at its end or early with a reason.", _READ),
    "log": _at("log", "Everything that was recorded, in order.", _KEEP),
    "verify": _at("verify", "Re-read and recompute everything; name any difference.", _KEEP),
    "doctor": _at("doctor", "Whether this installation and this workspace are sound.", _KEEP),
    "sources": _at("sources", "The evidence for claims: who answers for it, what counts today.", _KEEP),
    "claims": _at("claims", "Mark every claim in copy: text, Markdown, HTML, a column of a CSV.", _KEEP),
    "tools": _at("tools", "List the statistical tools, or print their schemas.", _KEEP),
    "tool": _at("tools", "Run one tool: JSON in, JSON out.", _KEEP, "run_tool"),
}


class _Root(LazyGroup):
    """The top of the command line: every failure of every command ends here."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and exit with the code that fits."""
        given = list(sys.argv[1:] if args is None else args)
        if not standalone_mode:
            return super().main(given, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(given, prog_name or "expcopilot", complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except BaseException as error:  # noqa: BLE001 - the one place that turns every failure into words
            code = failures.report(error, as_json=_wants_json(given))
        sys.exit(code if isinstance(code, int) else 0)


def _wants_json(given: Sequence[str]) -> bool:
    """Whether the caller is a program; ``tool`` always speaks JSON."""
    words = [word for word in given if not word.startswith("-")]
    return "--json" in given or "tool" in words[:1] or any(w.startswith("--json=") for w in given)


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from expcopilot import __version__

        click.echo(f"expcopilot {__version__}")
        ctx.exit()


@click.command(
    cls=_Root,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `expcopilot demo`, or `expcopilot init` and then `expcopilot new`. "
    "Every command explains itself with --help and answers programs with --json.",
)
@click.option(
    "-C",
    "--workspace",
    "folder",
    type=click.Path(file_okay=False),
    default=".",
    show_default="the folder you are in",
    help="A folder inside the workspace to work in.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Say the version.")
@click.pass_context
def cli(ctx: click.Context, folder: str) -> None:
    """Run experiments whose verdict nobody can bend.

    A plan is registered before the data is seen. The verdict follows from plan and data by rules that no wording and
    no model can move; the strongest case that the result is noise stands beside it; every look is counted.
    """
    ctx.obj = folder


def main() -> None:
    """The installed command."""
    failures.harden_streams()
    cli.main()


if __name__ == "__main__":
    main()
