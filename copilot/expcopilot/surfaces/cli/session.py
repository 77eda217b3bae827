"""What every command shares: the workspace it works in, and the ``--json`` switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from expcopilot.api import Copilot

__all__ = ["SPELLING", "current", "experiment_option", "folder", "json_option", "model_option", "print_json"]
__all__ += ["progress_note", "spelled"]

F = TypeVar("F", bound=Callable[..., Any])

SPELLING: ContextVar[Callable[[str], str]] = ContextVar("spelling", default=str)
"""How a command named in a text is typed where the text is read: in a chat, with a slash."""


def json_option(function: F) -> F:
    """Add ``--json``: data for programs on standard output, nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for programs.")(function)


def model_option(function: F) -> F:
    """Add ``--no-model``: nothing is worded by a language model this time, even where one is set up."""
    return click.option("--no-model", is_flag=True, help="Without the language model, even where one is set up.")(
        function
    )


def experiment_option(function: F) -> F:
    """Add ``--experiment``: whose copy is meant, where briefs of two experiments have one name."""
    return click.option(
        "--experiment", default="", metavar="NAME", help="Whose copy, where briefs of two experiments share the name."
    )(function)


def folder() -> Path:
    """Where to look for the workspace: what ``-C`` said, else here."""
    given = click.get_current_context().find_root().obj
    return Path(given if isinstance(given, str) else ".")


def current() -> Copilot:
    """The workspace around the folder, opened; closed again when the command ends.

    Raises:
        Refused: There is none, or it cannot be read.
    """
    from expcopilot.api import Copilot

    copilot = Copilot.open(folder())
    click.get_current_context().call_on_close(copilot.workspace.close)
    return copilot


def spelled(text: str) -> str:
    """``text`` with the commands it names as they are typed here."""
    return SPELLING.get()(text)


def print_json(data: object) -> None:
    """Write data for programs: sorted, strict JSON (no NaN), in the characters as they are."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False))


def progress_note(text: str) -> None:
    """A remark for people, on standard error so that programs never read it."""
    click.echo(text, err=True)
