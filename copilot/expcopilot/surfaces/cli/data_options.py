"""Options that say what data is and how a file writes things: declared, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["FORMS", "dialect_options", "events_option"]

F = TypeVar("F", bound=Callable[..., Any])

FORMS = ("rows", "events", "counts")

_FORM = click.option(
    "--as",
    "form",
    type=click.Choice(FORMS),
    help="What DATA holds: one row a unit (usual), one row an event, or summary counts.",
)
_AGGREGATE = click.option(
    "--aggregate",
    metavar="COLUMN=RULE",
    multiple=True,
    help="For events: how a column becomes one value a unit (sum, any, first). Repeat for more.",
)


def events_option(function: F) -> F:
    """Add ``--as`` and ``--aggregate``."""
    return _FORM(_AGGREGATE(function))


def dialect_options(function: F) -> F:
    """Add ``--delimiter``, ``--decimal`` and ``--encoding`` (a plan declares them itself)."""
    for option in (
        click.option("--encoding", type=click.Choice(["utf-8", "latin-1", "utf-16"]), help="Text encoding of a CSV."),
        click.option("--decimal", type=click.Choice([".", ","]), help="Decimal mark of numbers in a CSV."),
        click.option("--delimiter", metavar="CHARACTER", help="Column separator of a CSV; TAB for a tabulator."),
    ):
        function = option(function)
    return function
