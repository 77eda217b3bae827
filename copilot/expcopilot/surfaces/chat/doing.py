"""What each slash command does: one function a command; what it returns is kept as the answer in the record."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copilot_tools.refusals import Refused
from expcopilot.flow import gates
from expcopilot.flow.moves import Move, require
from expcopilot.flow.spoken import refused_line
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.memory import plan_files
from expcopilot.surfaces.chat import borrowed, gate, sharpening, showing
from expcopilot.surfaces.chat.room import Room
from expcopilot.surfaces.chat.speaker import no_model
from expcopilot.surfaces.cli import show
from expcopilot.surfaces.cli.close import show_closed
from expcopilot.surfaces.slash import SLASH, words

__all__ = ["DO", "enter"]

_EXPLAINED = frozenset(
    {"size", "check", "plan", "analyze", "look", "readout", "log", "verify", "new"}
    | {"variants", "mark", "approve", "export"}
)
"""Commands whose help is the command line's own."""

Do = Callable[[Room, str], str]
"""(the conversation, what was typed after the name) -> the answer in short, or ""."""


def enter(room: Room, name: str) -> None:
    """Talk about an experiment: show where it was left, and the gate that waits in it.

    Raises:
        Refused: What was left open there is refused now.
    """
    room.enter(name)
    showing.status(room)
    if room.waiting is not None:
        gate.present(room, room.waiting)
        return
    state = room.state()
    last = state.turns[-1].record if state.turns else None
    if last is not None and last.speaker == "person":
        show.line(f"Your last line was not answered; it changed nothing. Type it again to go on: {last.text}", "yellow")
    elif (
        state.decisions
        and state.decisions[-1].record.action == "edit"
        and state.position == state.decisions[-1].position
    ):
        of = "hypothesis" if state.decisions[-1].record.gate == "hypothesis" else "plan"
        again = "/sharpen puts it" if of == "hypothesis" else "/register or /amend puts it"
        show.line(f"You were editing the {of}. {again} before you as it is now.", "yellow")


def _help(room: Room, rest: str) -> str:
    name = rest.removeprefix("/").strip()
    if name in _EXPLAINED:
        borrowed.run(room, name, ["--help"])
    elif name in SLASH:
        show.line(f"/{name} {SLASH[name].usage}".rstrip(), "cyan")
        show.line(SLASH[name].help)
    else:
        showing.help_page(room)
    return ""


def _use(room: Room, rest: str) -> str:
    known = room.copilot.ledger.experiments()
    planned = (room.copilot.workspace.plans / f"{rest}.yaml").is_file() and Path(rest).name == rest
    if rest not in known and not planned:
        raise Refused.because(
            "experiment.unknown",
            f"There is no experiment {rest!r} in this workspace (known: {', '.join(known) or 'none yet'}).",
            "Choose one of them, or start one with /new.",
            name="experiment",
            value=rest,
        )
    enter(room, rest)
    return ""


def _new(room: Room, rest: str) -> str:
    typed = words(rest)
    if room.experiment is not None and not any(word.startswith("--name") for word in typed):
        state = room.state()
        if state.stage == "idea" and approved_hypothesis(state) is not None:
            typed = ["--name", state.name, *typed]
    path = borrowed.run(room, "new", typed)
    if isinstance(path, Path):
        plan = plan_files.load(path)
        room.enter(plan.experiment)
        turn = room.begin(f"/new {rest}".rstrip())
        room.answered(turn, f"A plan for {plan.experiment}: {room.remembered(path)}")
    return ""


def _plan(room: Room, rest: str) -> str:
    """The plan in force; before there is one, the plan file."""
    named = _joined(rest)
    if not named:
        named = room.name if room.state().plan is not None else str(show.near(room.plan_file("")))
    borrowed.run(room, "plan", [named])
    return ""


def _check(room: Room, rest: str) -> str:
    file = room.plan_file(_joined(rest))
    borrowed.run(room, "check", [str(show.near(file))])
    return f"Checked {file.name}."


def _register(room: Room, rest: str) -> str:
    file = room.plan_file(_joined(rest))
    plan = plan_files.load(file)
    if plan.experiment != room.experiment:
        room.enter(plan.experiment)
    _move(room, f"/register {room.remembered(file)}", Move.REGISTER, {"plan": plan.to_json()})
    return ""


def _amend(room: Room, rest: str) -> str:
    typed = words(rest)
    if len(typed) < 2:
        raise Refused.because(
            "chat.amend",
            "An amendment needs the changed plan file and a reason.",
            "Type /amend PLAN REASON, the reason in your own words.",
            name="amend",
            value=rest,
        )
    file = room.plan_file(typed[0])
    reason = " ".join(typed[1:]).removeprefix("--reason").lstrip(" =")
    plan = plan_files.load(file)
    if plan.experiment != room.experiment:
        room.enter(plan.experiment)
    given = {"plan": plan.to_json(), "reason": reason}
    _move(room, f"/amend {room.remembered(file)} {reason}", Move.AMEND, given)
    return ""


_EARLY = re.compile(r"(?:^|(?<=\s))--early(?=\s|$)")
_REASON = re.compile(r"^--reason(?:\s+|\s*=\s*|$)")


def _close(room: Room, rest: str) -> str:
    """As typed here, or as the command line has it: the experiment's name first, the reason behind ``--reason``."""
    rest, known = rest.strip(), room.copilot.ledger.experiments()
    first, _, others = rest.partition(" ")
    named = words(first)[0] if first and not first.startswith("--") else ""
    if named in known:
        rest = others.strip()
        if named != room.experiment:
            room.enter(named)
    elif named and _EARLY.search(rest):
        raise Refused.because(
            "experiment.unknown",
            f"There is no experiment {named!r} in this workspace (known: {', '.join(known) or 'none yet'}).",
            "Type /close --early REASON for the one talked about, or one of these names before --early.",
            name="experiment",
            value=named,
        )
    early = _EARLY.search(rest) is not None
    reason = _REASON.sub("", _EARLY.sub("", rest, count=1).strip()).strip().strip("\"'")
    if reason and not early:
        raise Refused.because(
            "chat.close",
            "A reason belongs to an early end.",
            "Type /close at the committed end, or /close --early REASON.",
            name="close",
            value=rest,
        )
    typed = f"/close --early {reason}" if early else "/close"
    _move(room, typed, Move.CLOSE, {"early": early, "reason": reason})
    state = room.state()
    if room.waiting is None and state.closing is not None:
        show_closed(state.name, early=False, position=state.closing.position)
    return ""


def _move(room: Room, typed: str, move: Move, given: dict[str, Any]) -> None:
    """One turn of the graph: the words, the move, and the gate it stops at."""
    name = room.name
    room.refresh()
    require(room.state(), move)
    turn = room.begin(typed)
    try:
        room.waiting = room.lifecycle.move(name, turn, move, given)
    except Refused as refused:
        room.answered(turn, refused_line(refused))
        raise
    if room.waiting is not None:
        gate.present(room, room.waiting)


def _analyze(room: Room, rest: str) -> str:
    name, args = _named(room, rest)
    if gates.pending(room.state(name)) is not None:
        require(room.state(name), Move.ANALYZE)
    before = len(room.state(name).looks)
    borrowed.run(room, "analyze", [name, *args])
    looks = room.state(name).looks
    if len(looks) == before:
        return ""
    return f"Look {looks[-1].record.number}: {looks[-1].record.verdict.phrase}."


def _look(room: Room, rest: str) -> str:
    before = room.copilot.ledger.head()[0]
    borrowed.run(room, "look", words(rest))
    taken = [e for e in room.copilot.ledger.entries() if e.position > before and e.kind in {"looked", "surveyed"}]
    return "A quick look was taken, and counted." if taken else ""


def _readout(room: Room, rest: str) -> str:
    name, args = _named(room, rest)
    borrowed.run(room, "readout", [name, *args])
    return ""


def _log(room: Room, rest: str) -> str:
    typed = words(rest)
    if "all" in typed:
        typed.remove("all")
    elif room.experiment is not None and room.experiment in room.copilot.ledger.experiments() and not typed:
        typed = [room.experiment]
    borrowed.run(room, "log", typed)
    return ""


def _variants(room: Room, rest: str) -> str:
    """Of the file or brief named, else of the experiment talked about."""
    typed = words(rest)
    named = bool(typed) and not typed[0].startswith("-")
    borrowed.run(room, "variants", typed if named else [room.name, *typed])
    return f"/variants {rest}: shown.".replace(" :", ":")


def _of_brief(name: str) -> Do:
    """A command on the copy of the experiment talked about; another brief is named first."""

    def do(room: Room, rest: str) -> str:
        typed = words(rest)
        here = room.experiment
        known = room.copilot.ledger.experiments()
        if here is not None and not (typed and (typed[0] in known or Path(typed[0]).suffix == ".csv")):
            typed = [here, *typed]
        borrowed.run(room, name, typed)
        return ""

    return do


def _named(room: Room, rest: str) -> tuple[str, list[str]]:
    """The experiment a command is about, where its name was typed first, and the other words."""
    typed = words(rest)
    named = bool(typed) and typed[0] in room.copilot.ledger.experiments() and not Path(typed[0]).exists()
    return (typed[0], typed[1:]) if named else (room.name, typed)


def _joined(rest: str) -> str:
    """A path typed alone needs no quotation marks, blanks or not."""
    typed = words(rest)
    return typed[0] if len(typed) == 1 else rest


def _shows(what: Callable[[Room], object]) -> Do:
    def do(room: Room, _rest: str) -> str:
        found = what(room)
        return found if isinstance(found, str) else ""

    return do


def _borrows(name: str) -> Do:
    def do(room: Room, rest: str) -> str:
        borrowed.run(room, name, words(rest))
        return f"/{name}: answered."

    return do


DO: dict[str, Do] = {
    "help": _help,
    "status": _shows(showing.status),
    "experiments": _shows(showing.experiments),
    "use": _use,
    "sharpen": sharpening.sharpen,
    "new": _new,
    "variants": _variants,
    "mark": _of_brief("mark"),
    "approve": _of_brief("approve"),
    "export": _of_brief("export"),
    "size": _borrows("size"),
    "plan": _plan,
    "check": _check,
    "register": _register,
    "amend": _amend,
    "analyze": _analyze,
    "look": _look,
    "readout": _readout,
    "why": _shows(lambda room: showing.why(room.copilot.why(room.name))),
    "case": _shows(showing.case),
    "close": _close,
    "log": _log,
    "verify": _borrows("verify"),
    "cost": _shows(lambda room: showing.cost(room, model=room.reply is not no_model)),
}
"""Every slash command but /quit, which the loop itself knows."""
