"""``expcopilot chat``: a conversation that goes from an idea to a readout, with or without a language model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.records.experiment import Experiment

__all__ = ["command"]


@click.command("chat")
@click.argument("experiment", required=False)
@json_option
def command(*, experiment: str | None, as_json: bool) -> None:
    """Talk about EXPERIMENT, or go on where the last conversation was left.

    Slash commands do the whole job and need no language model: /new, /register, /analyze, /readout, /why and more.
    What needs a person is asked with the exact text to approve, and waits until it is answered, in this conversation
    or the next. Stop it at any moment: nothing is lost. With --json it says where the conversation stands.

    \b
    Examples:
      expcopilot chat
      expcopilot chat checkout
      expcopilot chat checkout --json
    """
    from copilot_tools.refusals import Refused

    if as_json:
        print_json([_standing(state) for state in _asked_for(experiment)])
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused.because(
            "chat.no_terminal",
            "A conversation needs a terminal to type in and to show its answers.",
            "Run it in a terminal; scripts use the other commands, or --json for where things stand.",
            name="terminal",
        )
    from expcopilot.surfaces.chat.guided import guided
    from expcopilot.surfaces.chat.loop import converse

    converse(current(), experiment, reply=guided)


def _asked_for(experiment: str | None) -> tuple[Experiment, ...]:
    copilot = current()
    return copilot.experiments() if experiment is None else (copilot.experiment(experiment),)


def _standing(state: Experiment) -> dict[str, Any]:
    from expcopilot.flow.gates import pending
    from expcopilot.flow.moves import legal_moves, next_step

    waiting = pending(state)
    return {
        "experiment": state.name,
        "stage": state.stage,
        "next": next_step(state),
        "moves": [move.value for move in legal_moves(state)],
        "looks": len(state.looks),
        "waiting": None if waiting is None else {**waiting.record.to_json(), "digest": waiting.record.digest},
        "turns": [turn.record.to_json() for turn in state.turns],
    }
