"""``expcopilot ask``: a free question about an experiment, answered in checked words."""

from __future__ import annotations

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

__all__ = ["command"]


@click.command("ask")
@click.argument("name")
@click.argument("question", nargs=-1, required=True)
@json_option
def command(*, name: str, question: tuple[str, ...], as_json: bool) -> None:
    """Ask QUESTION about the experiment NAME in your own words. Needs a language model in the settings.

    Every number, direction and verdict in the answer comes from the tools; a sentence that says more is kept back. A
    question about a part of the audience may take one more look at the data: it is counted, and the answer says so.

    \b
    Examples:
      expcopilot ask checkout "Did one page win on mobile?"
      expcopilot ask checkout how long must it run
    """
    copilot, asked = current(), " ".join(question)
    if as_json:
        print_json(copilot.ask(name, asked).to_json())
        return
    from expcopilot.surfaces.cli import show

    reply = copilot.ask(name, asked)
    show.line(reply.text)
    if reply.prose.blocked:
        show.line(
            f"{len(reply.prose.blocked)} of the model's sentences did not pass the gate and were kept back.", "dim"
        )
