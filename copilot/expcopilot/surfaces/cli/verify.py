"""``expcopilot verify``: re-read and recompute everything."""

from __future__ import annotations

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

__all__ = ["command"]


@click.command("verify")
@click.option(
    "--head",
    "heads",
    metavar="POSITION:DIGEST",
    multiple=True,
    help="A ledger head somebody kept, as printed on a readout: shows whether the ledger was rolled back or rewritten.",
)
@json_option
def command(*, heads: tuple[str, ...], as_json: bool) -> None:
    """Re-read the ledger's chain, recompute every look and readout from plan and moments, read the data where it is.

    Any difference is named, and the exit code is then 2. Compare the head with the one printed on a readout somebody
    else kept: it proves what stood when.

    \b
    Example:
      expcopilot verify
      expcopilot verify --head 12:ecad9b9949c4
    """
    from expcopilot.surfaces.parsing import head

    found = current().verify(dict(head(text) for text in heads))
    if as_json:
        print_json({**found.to_json(), "sound": found.sound})
    else:
        from expcopilot.surfaces.cli import show

        out = show.console()
        show.line(
            "Sound: no difference found." if found.sound else "Not sound.", f"bold {'green' if found.sound else 'red'}"
        )
        out.print(
            show.facts(
                (
                    ("Ledger entries, chained", f"{found.entries:,}"),
                    ("Looks recomputed", f"{found.looks:,}"),
                    ("Data read again", f"{found.sources:,}"),
                    ("Readouts rebuilt", f"{found.readouts:,}"),
                )
            )
        )
        show.paths("Head", [found.head or "none yet"])
        if found.faults:
            show.heading("Differences")
            out.print(show.listed(found.faults, mark="✕", style="red"))
        if found.notes:
            show.heading("Could not be checked")
            out.print(show.listed(found.notes, mark="?", style="yellow"))
    if not found.sound:
        click.get_current_context().exit(2)
