"""A failure, whatever it is, becomes plain words (or JSON for programs) and an exit code; never a traceback."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from copilot_tools.refusals import Refusal

__all__ = ["ISSUES", "MISTAKE", "REFUSED", "STOPPED", "harden_streams", "report"]

REFUSED, MISTAKE, STOPPED = 2, 70, 130

_BROKEN_PIPE = 1  # as click does where it notices first

ISSUES = "the project's issue tracker"


def harden_streams() -> None:
    """A terminal that cannot draw a character gets a question mark instead of a crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def report(error: BaseException, *, as_json: bool) -> int:
    """Say what happened and return the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if isinstance(error, BrokenPipeError):
        return _broken_pipe()
    if isinstance(error, click.Abort | KeyboardInterrupt):
        click.echo("Stopped. What was recorded stays recorded.", err=True)
        return STOPPED
    if isinstance(error, click.ClickException):
        return _wrong_call(error, as_json=as_json)
    from copilot_tools.refusals import Refused

    if isinstance(error, Refused):
        _refused(error.refusals, as_json=as_json)
        return REFUSED
    return _mistake(error, as_json=as_json)


def _refused(refusals: Sequence[Refusal], *, as_json: bool) -> None:
    if as_json:
        _print_json({"refused": [r.to_json() for r in refusals]})
        return
    from expcopilot.surfaces.cli.show import refused

    refused(refusals)


def _wrong_call(error: click.ClickException, *, as_json: bool) -> int:
    message = _inert(error.format_message())
    cure = "See --help."
    if isinstance(error, click.UsageError) and error.ctx is not None:
        cure = f"See `{error.ctx.command_path} --help`."
    if as_json:
        refusal = {"code": "call.usage", "reason": message, "cure": cure, "name": None, "value": None}
        _print_json({"refused": [refusal]})
    else:
        click.echo(f"Cannot do that: {message}\n{cure}", err=True)
    return REFUSED


def _mistake(error: BaseException, *, as_json: bool) -> int:
    what = _inert(f"{type(error).__name__}: {error}")
    if os.environ.get("EXPCOPILOT_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)
    sentence = (
        f"Sorry, this is a mistake in Experiment Copilot, not yours ({what}). Please report it to {ISSUES}; "
        "EXPCOPILOT_DEBUG=1 prints what to attach."
    )
    if as_json:
        _print_json({"mistake": sentence})
    click.echo(sentence, err=True)
    return MISTAKE


def _broken_pipe() -> int:
    # Whoever was reading has left; what is still buffered must not raise again when the interpreter closes stdout.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _BROKEN_PIPE


def _print_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def _inert(text: str) -> str:
    """Names from a command line or a file may hold terminal escapes."""
    from copilot_tools.wording.plain import visible

    return visible(text)
