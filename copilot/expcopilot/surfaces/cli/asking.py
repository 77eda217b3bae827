"""Ask the questions of a new plan in a terminal: one at a time, each explained by ``?``, each answer kept at once."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterable

import click
from prompt_toolkit import PromptSession

from copilot_tools.refusals import Refused
from copilot_tools.wording.plain import visible
from expcopilot.flow.steps.check_plan import too_vague
from expcopilot.flow.steps.new_plan import CHANNELS, AskedQuestion, channel, questions
from expcopilot.surfaces.cli.answers import Typed, check, needed

__all__ = ["ask_channel", "ask_missing"]

_OPTIONAL = {"guardrail", "baseline", "sd", "traffic", "list", "start", "looks"}
_DEFAULTS = {"kind": "share"}
_LATER = " (Enter if it is not known yet: it has to stand in the plan file before the plan can be registered)"


def ask_channel(session: PromptSession[str]) -> str:
    """Where the experiment runs."""
    _say("Where does it run? " + ", ".join(f"{i} {channel(name).label}" for i, name in enumerate(CHANNELS, 1)))
    while True:
        answer = session.prompt("> ").strip()
        if answer == "?":
            _say("The channel only suggests names and examples; nothing is decided by it.")
        elif named := [name for name in CHANNELS if _same(answer) in {_same(name), _same(channel(name).label)}]:
            return named[0]
        elif answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(CHANNELS):
            return CHANNELS[int(answer) - 1]
        else:
            _say(f"Type a number from 1 to {len(CHANNELS)}, or one of {', '.join(CHANNELS)}.")


def _same(words: str) -> str:
    """Letters alone, so that "Landing page" is landing-page, and "E-mail" email."""
    return "".join(filter(str.isalnum, words.casefold()))


def ask_missing(session: PromptSession[str], typed: Typed, of: str, keep: Callable[[], None]) -> None:
    """Ask whatever ``typed`` does not answer yet.

    Args:
        session: Of the terminal.
        typed: The answers so far; new ones are put in.
        of: The channel.
        keep: Called after each answer.
    """
    template = channel(of)
    if template.note:
        _say(f"Note: {template.note.strip()}")
    _say("Type ? for what a term means, Ctrl-C to stop and go on later.")
    for field in [q.field for q in questions(template)]:
        if field in typed or not needed(field, typed, template):
            continue
        # Asked for anew each time: the words hold the metric's name as soon as there is one.
        question = next(q for q in questions(template, metric=str(typed.get("metric", ""))) if q.field == field)
        _introduce(question, optional=field in _OPTIONAL)
        if field == "guardrail":
            typed[field] = list(_ask_several(session, question, typed))
        else:
            typed[field] = _ask(session, question, typed)
        keep()


def _introduce(question: AskedQuestion, *, optional: bool) -> None:
    if question.title:
        click.echo(err=True)
        click.secho(visible(question.title), bold=True, err=True)
    hint = f" (Enter for {_DEFAULTS[question.field]})" if question.field in _DEFAULTS else ""
    if optional and question.field != "guardrail":
        hint = _LATER if question.field == "start" else " (Enter to skip)"
    _say(question.ask + hint)
    click.secho(f"  for example: {visible(question.example)}", dim=True, err=True)


def _ask(session: PromptSession[str], question: AskedQuestion, typed: Typed) -> str:
    """One answer that can be read; a vague one is questioned once, then taken as it is."""
    doubted = False
    while True:
        answer = session.prompt("> ").strip()
        if answer == "?":
            _say(question.explain)
            continue
        if not answer:
            if question.field in _OPTIONAL:
                return ""
            if question.field in _DEFAULTS:
                return _DEFAULTS[question.field]
            _say("This one is needed. ? explains it.")
            continue
        if question.field in {"change", "audience", "because"} and not doubted and too_vague(answer):
            doubted = True
            _say(f"That is vague: {question.doubt} (Enter the same again to keep it.)")
            continue
        if _readable(question.field, answer, typed):
            return answer


def _ask_several(session: PromptSession[str], question: AskedQuestion, typed: Typed) -> Iterable[str]:
    found: list[str] = []
    doubted = False
    while True:
        answer = session.prompt("> ").strip()
        if answer == "?":
            _say(question.explain)
        elif answer:
            if _readable(question.field, answer, typed):
                found.append(answer)
        elif found or doubted:
            return found
        else:
            doubted = True
            _say(f"{question.doubt} (Enter once more for none.)")


def _readable(field: str, answer: str, typed: Typed) -> bool:
    try:
        check(field, answer, typed)
    except Refused as refused:
        for refusal in refused.refusals:
            _say(f"{refusal.reason} {refusal.cure}")
        return False
    return True


def _say(words: str) -> None:
    click.echo(textwrap.fill(visible(words), shutil.get_terminal_size().columns - 1, break_on_hyphens=False), err=True)
