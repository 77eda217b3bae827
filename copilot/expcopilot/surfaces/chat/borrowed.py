"""Commands of the command line, run inside the conversation: the same options, the same words, the same counting."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from expcopilot.surfaces.chat.room import Room

__all__ = ["run"]

_TARGETS = {"check": ("plan", "check"), "plan": ("plan", "show_plan")}
"""Commands whose name on the command line is another: (module, attribute)."""


def run(room: Room, name: str, args: Sequence[str]) -> Any:
    """Run a command and return what it returned; its help counts as an answer.

    Raises:
        Refused: It cannot be answered.
        click.UsageError: It was called wrongly.
    """
    module, attribute = _TARGETS.get(name, (name, "command"))
    command = getattr(import_module(f"expcopilot.surfaces.cli.{module}"), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{module}.{attribute} is no command")
    try:
        with command.make_context(f"/{name}", list(args), obj=str(room.copilot.workspace.folder)) as context:
            return command.invoke(context)
    except click.exceptions.Exit:
        return None  # --help, or a check that found something and said so
