"""A command group that knows its commands by name and one line of help, and imports a command only to run it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

__all__ = ["LazyCommand", "LazyGroup"]


class LazyCommand(NamedTuple):
    """Where a command lives, and what the list of commands says of it."""

    target: str
    help: str
    stage: str


class LazyGroup(click.Group):
    """A group whose commands are listed by stage without being imported."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the stages, not of the alphabet."""
        return [*self.lazy, *(n for n in super().list_commands(ctx) if n not in self.lazy)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command asked for."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, attribute = self.lazy[cmd_name].target.split(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.lazy[cmd_name].target} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Answer an unknown command with the nearest one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from copilot_tools.nearest import nearest

            near = nearest(args[0] if args else "", self.lazy)
            if not near or near[0] in error.message:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """One block of commands a stage."""
        width = max(map(len, self.lazy), default=0)
        for stage in dict.fromkeys(c.stage for c in self.lazy.values()):
            rows = [(name.ljust(width), c.help) for name, c in self.lazy.items() if c.stage == stage]
            with formatter.section(stage):
                formatter.write_dl(rows)
