"""``expcopilot close``: nothing more is read for an experiment."""

from __future__ import annotations

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

__all__ = ["command", "show_closed"]


@click.command("close")
@click.argument("name")
@click.option(
    "--early", is_flag=True, help="Before the committed end; needs --reason, and is stamped on every readout."
)
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@json_option
def command(*, name: str, early: bool, reason: str, as_json: bool) -> None:
    """Close the experiment NAME, at its committed end or early with a reason.

    After an early end the estimate may be read once more, but is never "supported": a test stopped because it looked
    good (or bad) is wrong far more often than its numbers say.

    \b
    Examples:
      expcopilot close checkout
      expcopilot close checkout --early --reason "The payment provider was down for a week"
    """
    experiment = current().close(name, early=early, reason=reason)
    if as_json:
        print_json({"experiment": name, "early": early, "reason": reason.strip(), "position": experiment.position})
        return
    show_closed(name, early=early, position=experiment.position)


def show_closed(name: str, *, early: bool, position: int) -> None:
    """Say that the experiment is closed, and what can still be done."""
    from expcopilot.surfaces.cli import show

    show.line(f"Closed{' early' if early else ''}: {name} (ledger entry {position}).", "bold")
    if early:
        show.next_steps([("Read what there is, stamped as stopped early", f"expcopilot analyze {name} DATA")])
    else:
        show.next_steps([("The readout that stands", f"expcopilot readout {name}")])
