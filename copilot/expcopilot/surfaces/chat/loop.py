"""The conversation itself: read a line, do what it says, and stand again where it was left after any interruption."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

import click

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow import gates
from expcopilot.flow.at_work import AT_WORK
from expcopilot.flow.costs import cost_line
from expcopilot.flow.spoken import refused_line
from expcopilot.surfaces.chat import gate, sharpening, showing
from expcopilot.surfaces.chat.doing import DO, enter
from expcopilot.surfaces.chat.room import Room
from expcopilot.surfaces.chat.speaker import Reply, no_model
from expcopilot.surfaces.chat.spelling import in_chat
from expcopilot.surfaces.chat.stream import Stream
from expcopilot.surfaces.cli import failures, show
from expcopilot.surfaces.cli.session import SPELLING
from expcopilot.surfaces.slash import SLASH, read

__all__ = ["converse"]


def converse(copilot: Copilot, experiment: str | None = None, *, reply: Reply = no_model) -> None:
    """Talk until the person leaves; whatever goes wrong in a turn is said, and the next line is read.

    Args:
        copilot: The workspace.
        experiment: What to talk about; where it was left last when not given.
        reply: Who answers free text.

    Raises:
        Refused: There is no such experiment.
    """
    with Room(copilot, reply) as room:
        before = SPELLING.set(in_chat(lambda: room.experiment))
        try:
            _greet(room)
            _begin(room, experiment)
            while _turn(room):
                pass
        finally:
            SPELLING.reset(before)
    show.line("Good-bye. Everything is kept; `expcopilot chat` goes on from here.", "dim")


def _greet(room: Room) -> None:
    show.line(f"Experiment Copilot, with {room.copilot.workspace.actor}", "bold")
    show.line("Commands begin with a slash: /help lists them, Tab completes them, /quit leaves.", "dim")


def _begin(room: Room, experiment: str | None) -> None:
    """Go to the experiment asked for, else to the one where something was last done."""
    if experiment is not None:
        DO["use"](room, experiment)
        return
    states = [s for s in room.copilot.experiments() if not s.name.startswith("quick.")]
    if not states:
        showing.status(room)
        return
    waits = [s for s in states if gates.pending(s) is not None]
    _carefully(lambda: enter(room, max(waits or states, key=lambda s: s.position).name))
    others = [s.name for s in waits if s.name != room.experiment]
    if others:
        show.line(f"A decision waits in {', '.join(others)}, too: /use NAME goes there.", "yellow")


def _turn(room: Room) -> bool:
    """One line and its answer; False when the person leaves."""
    typed = _typed(room)
    if typed is None:
        return False
    if not typed.strip():
        return True
    before, told = room.copilot.ledger.head()[0], AT_WORK.set(_announcer())
    try:
        return _carefully(lambda: _do(room, typed))
    finally:
        AT_WORK.reset(told)
        _carefully(lambda: _cost(room, before))


def _announcer() -> Callable[[str], None]:
    """Says which role is at work, once until another one is."""
    last = ""

    def tell(role: str) -> None:
        nonlocal last
        if role != last:
            last = role
            show.line(f"The {role.replace('_', ' ')} is at work …", "dim")

    return tell


def _cost(room: Room, before: int) -> None:
    """What the language model was used for since then, and what it cost."""
    if room.experiment is not None:
        used = cost_line(a.record for a in room.state().answers if a.position > before)
        if used:
            show.line(used, "dim")


def _typed(room: Room) -> str | None:
    """The next line; None for Ctrl-D, or Ctrl-C twice."""
    stopped = False
    while True:
        try:
            return (room.keyboard.line if room.waiting is None else room.keyboard.answer)(room.label)
        except KeyboardInterrupt:
            if stopped:
                return None
            stopped = True
            show.line("Ctrl-C once more, or Ctrl-D, leaves. Nothing is lost.", "dim")
        except EOFError:
            return None


def _do(room: Room, typed: str) -> bool:
    line = read(typed)
    if line is not None and line.name == "quit":
        return False
    if line is None and (given := gate.take(typed)) is not None:
        _decide(room, given)
        return True
    if line is None or line.name == "ask":
        _talk(room, typed if line is None else line.rest)
        return True
    if not SLASH[line.name].kept:
        DO[line.name](room, line.rest)
        return True
    turn = room.begin(typed.strip())
    try:
        said = DO[line.name](room, line.rest)
    except (Refused, click.ClickException) as error:
        room.answered(turn, refused_line(error if isinstance(error, Refused) else error.format_message()))
        raise
    room.answered(turn, said or "Nothing was done.")
    return True


def _decide(room: Room, given: str) -> None:
    """Answer the gate that waits, and look again at what waits then."""
    waiting = room.waiting
    if waiting is None:
        show.line("Nothing waits for a decision here. /status says what comes next.")
        return
    try:
        if given == "e" and waiting.gate == "hypothesis":
            sharpening.edit(room)
        else:
            gate.answer(room, waiting, given)
    finally:
        room.refresh()


def _talk(room: Room, typed: str) -> None:
    """Free text: whoever answers it, it is shown as it comes, and kept."""
    turn = room.begin(typed.strip())
    stream = Stream()
    try:
        spoken = room.reply(room.copilot, room.experiment, typed, stream)
    except Refused as refused:
        room.answered(turn, refused_line(refused))
        raise
    finally:
        stream.end()
    room.answered(turn, spoken.text, speaker=spoken.speaker, prose=spoken.prose)
    if room.waiting is not None:
        show.line(f"Still to decide: {room.waiting.question} y, n or e.", "yellow")


def _carefully(work: Callable[[], object]) -> bool:
    """Do it; say in plain words what kept it from being done, and stay in the conversation."""
    try:
        return work() is not False
    except (KeyboardInterrupt, EOFError):
        show.line("Stopped. What was recorded stays recorded.", "yellow")
    except Exception as error:  # noqa: BLE001 - the one place that turns a turn's failure into words
        failures.report(error, as_json=False)
    finally:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
    return True
