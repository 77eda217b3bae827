"""``expcopilot log``: everything that was recorded, in order."""

from __future__ import annotations

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

__all__ = ["command"]


@click.command("log")
@click.argument("name", required=False)
@json_option
def command(*, name: str | None, as_json: bool) -> None:
    """List what was recorded, of the experiment NAME or of the whole workspace: who did what, when.

    Nothing in the ledger is ever changed or removed; attempts that were refused stand there too. What a blinded look
    recorded holds no outcomes.

    \b
    Example:
      expcopilot log checkout
    """
    entries = current().log(name)
    if as_json:
        print_json([entry.to_json() for entry in entries])
        return
    from expcopilot.records.log_lines import log_line
    from expcopilot.surfaces.cli import show

    if not entries:
        show.line("Nothing has been recorded yet.")
        show.next_steps([("Write a plan", "expcopilot new")])
        return
    out = show.console()
    columns = (("#", True), ("When (UTC)", False), ("Experiment", False), ("What", False), ("Who", False))
    rows = [
        (str(e.position), e.time[:16].replace("T", " "), e.experiment or "–", log_line(e), e.actor) for e in entries
    ]
    out.print(show.table(columns, rows, width=out.width))
    show.line(f"Head {entries[-1].digest}" if name is None else f"Last entry {entries[-1].digest}", "dim")
