"""A gate in the terminal: the exact text to approve, who decides, and the answer y, n or e."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.rule import Rule

from copilot_tools.refusals import Refused
from expcopilot.flow.gate_text import PLAN_MOVES, changes, lines, plan_in, turn_of
from expcopilot.memory import plan_files
from expcopilot.records.plan import Plan
from expcopilot.surfaces.chat.room import Room
from expcopilot.surfaces.cli import show
from expcopilot.surfaces.cli.close import show_closed
from expcopilot.surfaces.cli.register import show_frozen
from expcopilot.surfaces.cli.sharpen import show_hypothesis
from expcopilot.surfaces.slash import read, words

if TYPE_CHECKING:
    from expcopilot.flow.graph import Waiting

__all__ = ["answer", "present", "take"]

_ANSWERS = {"y": "y", "yes": "y", "n": "n", "no": "n", "e": "e", "edit": "e"}


def take(typed: str) -> str | None:
    """The answer a line holds, or None when it holds none."""
    return _ANSWERS.get(typed.strip().lower())


def present(room: Room, waiting: Waiting) -> None:
    """Show what waits: the question, exactly what would be approved, and who decides."""
    out = show.console()
    out.print()
    out.print(Rule(show.text(f"{waiting.experiment}: your decision", "bold yellow"), style="yellow"))
    content = waiting.content
    if waiting.gate == "amendment":
        _changes(room, content)
    if waiting.gate in PLAN_MOVES:
        show.document(plan_files.render(_plan_in(waiting)))
        show.line(f"Digest {_plan_in(waiting).digest}", "dim")
    elif waiting.gate == "hypothesis":
        show_hypothesis(content)
    else:
        show.document(lines(content))
    out.print(Rule(style="yellow"))
    show.line(waiting.question, "bold")
    show.line(f"You decide as {room.copilot.workspace.actor}.")
    edit = "e edits the file and comes back" if waiting.gate in PLAN_MOVES else "e says what should be different"
    if waiting.gate == "hypothesis":
        edit = f"e changes a field{', or answers what is open' if content['questions'] else ''}"
    show.line(f"y approves exactly this text · n declines · {edit}", "dim")


def answer(room: Room, waiting: Waiting, given: str) -> None:
    """Carry out y, n or e.

    Raises:
        Refused: It was answered elsewhere already, what waits is no longer what was shown, or what was approved can no
            longer be done.
    """
    if given == "e":
        _edit(room, waiting)
        return
    file = _file_of(room, waiting)
    if given == "y" and file is not None and file.exists():
        plan = _same_experiment(waiting, file)
        if plan.digest != _plan_in(waiting).digest:
            show.line(
                f"Not approved: {show.near(file)} has changed since this text was shown (digest "
                f"{_plan_in(waiting).digest[:12]} then, {plan.digest[:12]} now). An approval covers exactly the text "
                "shown, so it is void. Here is the text as it stands now.",
                "yellow",
            )
            _replace(room, waiting, plan, reason="The plan file had changed since it was shown.")
            return
    action = room.lifecycle.answer(waiting, "approve" if given == "y" else "reject")
    room.waiting = action
    _tell(room, waiting, "approve" if given == "y" else "reject")


def _tell(room: Room, waiting: Waiting, meant: str) -> None:
    """Say what the ledger holds now, which is what counts when two terminals answered at once."""
    state = room.state(waiting.experiment)
    decided = [d for d in state.decisions if d.record.digest == waiting.digest]
    if room.waiting is not None or not decided:
        show.line("It still waits: what was answered did not reach it.", "yellow")
        return
    last = decided[-1]
    if last.record.action != meant:
        show.line(f"It was answered already by {last.actor} ({last.record.action}); that answer stands.", "yellow")
    elif meant == "reject":
        show.line("Declined. Nothing was changed.", "bold")
    elif waiting.gate in PLAN_MOVES:
        show_frozen(state)
    elif waiting.gate == "early_close" and state.closing is not None:
        show_closed(state.name, early=True, position=state.closing.position)
    else:
        show.line("Approved.", "bold green")
        if waiting.gate == "hypothesis":
            show.next_steps([("Write its plan; what the hypothesis says is answered already", "/new")])


# --- editing ---------------------------------------------------------------------------------------------------


def _edit(room: Room, waiting: Waiting) -> None:
    if waiting.gate not in PLAN_MOVES:
        wish = room.keyboard.answer("What should be different? ").strip()
        room.waiting = room.lifecycle.answer(waiting, "edit", reason=wish)
        show.line("Noted; this text is put aside, and the next one is asked about anew.", "bold")
        return
    file = _file_of(room, waiting) or room.copilot.workspace.plans / f"{waiting.experiment}.yaml"
    if not file.exists():
        plan_files.save(_plan_in(waiting), file)
    if os.environ.get("VISUAL") or os.environ.get("EDITOR"):
        click.edit(filename=str(file))
    else:
        show.line(f"Edit {show.near(file)} and save it.")
        room.keyboard.answer("Then press Enter ")
    plan = _same_experiment(waiting, file)
    if plan.digest == _plan_in(waiting).digest:
        show.line("The file says the same as before.")
        present(room, waiting)
        return
    _replace(room, waiting, plan, reason="Edited before it was decided.")


def _replace(room: Room, waiting: Waiting, plan: Plan, *, reason: str) -> None:
    """Close the gate as edited, and ask about the text as it is now."""
    turn = turn_of(room.state(waiting.experiment))
    room.waiting = room.lifecycle.answer(waiting, "edit", reason=reason)
    given: dict[str, Any] = {"plan": plan.to_json()}
    if waiting.gate == "amendment":
        given["reason"] = waiting.content["reason"]
    # The turn keeps its first name, under which the person's words and so the file are found again.
    root, _, number = turn.partition(".")
    again = f"{root}.{int(number or 1) + 1}"
    room.waiting = room.lifecycle.move(waiting.experiment, again, PLAN_MOVES[waiting.gate], given)
    if room.waiting is not None:
        present(room, room.waiting)


def _same_experiment(waiting: Waiting, file: Path) -> Plan:
    plan = plan_files.load(file)
    if plan.experiment != waiting.experiment:
        raise Refused.because(
            "gate.other_experiment",
            f"{file.name!r} is now the plan of {plan.experiment!r}, but this asks about {waiting.experiment!r}.",
            "Undo that edit, or answer n and register it by its own name.",
            name="experiment",
            value=plan.experiment,
        )
    return plan


def _file_of(room: Room, waiting: Waiting) -> Path | None:
    """The plan file behind what waits, as the person named it when they asked; None where there is none."""
    if waiting.gate not in PLAN_MOVES:
        return None
    state = room.state(waiting.experiment)
    root = turn_of(state).partition(".")[0]
    for said in state.turns:
        if said.record.turn == root and said.record.speaker == "person":
            line = read(said.record.text)
            named = words(line.rest) if line is not None else []
            return room.recalled(named[0]) if named else None
    return None


# --- showing ---------------------------------------------------------------------------------------------------


def _plan_in(waiting: Waiting) -> Plan:
    return plan_in(waiting.gate, waiting.content)


def _changes(room: Room, content: dict[str, Any]) -> None:
    """What an amendment changes, field by field, then the reason."""
    show.line("What changes:", "bold")
    show.console().print(show.facts(changes(room.state().plan, content)))
    show.line("The whole plan as it would stand:", "bold")
