"""``/sharpen``: an idea, what was learned before, its holes as questions, and the hypothesis at its gate.

Every answer is on record the moment it is given, as the line ``/sharpen FIELD=ANSWER`` that would have said the same:
killed between two questions, the next ``/sharpen`` goes on with the one after.
"""

from __future__ import annotations

import re

from copilot_tools.refusals import Refused
from expcopilot.flow.moves import Move, require
from expcopilot.flow.said_so_far import ANSWER, Draft, drafted, numbered, so_far
from expcopilot.flow.sharpening import put_anew, require_open
from expcopilot.flow.spoken import refused_line
from expcopilot.flow.steps.new_plan import channel as channel_of
from expcopilot.records.plan import EXPERIMENT_NAME
from expcopilot.surfaces.chat import gate
from expcopilot.surfaces.chat.room import Room
from expcopilot.surfaces.cli import show
from expcopilot.surfaces.slash import no_command

__all__ = ["edit", "sharpen"]

_OPTION = re.compile(r"--(name|channel)[ =](\S+)\s*")


def sharpen(room: Room, rest: str) -> str:
    """Begin with an idea, or go on with the draft that is there: an answer, further words, or its open questions."""
    typed, given = _options(rest)
    no_command(typed, "an idea")
    if given.get("channel"):
        channel_of(given["channel"])
    if room.experiment is not None:
        room.refresh()
    if given.get("name", room.experiment) != room.experiment:
        room.enter(_checked(given["name"]))
    stamped = drafted(room.state()) if room.experiment is not None else None
    if stamped is None:
        _begin(room, rest, typed, given)
        return ""
    require_open(room.state())
    draft = so_far(room.state(), stamped)
    if given.get("channel"):
        draft = draft._replace(channel=given["channel"])
    if ANSWER.fullmatch(typed):
        room.begin(f"/sharpen {typed}")
        _put(room, so_far(room.state(), stamped), f"/sharpen {typed}")
        return ""
    if typed:
        draft = draft._replace(idea=f"{draft.idea}\n{typed}")
    else:
        answered = _ask(room, draft)
        draft = so_far(room.state(), stamped)._replace(channel=draft.channel)
        if not answered and room.waiting is not None and not given:
            gate.present(room, room.waiting)
            return ""
    _put(room, draft, f"/sharpen {rest}".rstrip())
    return ""


def edit(room: Room) -> None:
    """At the gate: the fields with their numbers, any of them said anew; then the questions that are still open."""
    stamped = drafted(room.state())
    if stamped is None or room.waiting is None:
        return
    fields = numbered(stamped)
    show.heading("What is said so far")
    show.console().print(show.facts([(f"{n} {_label(field)}", text) for n, (field, text) in fields.items()]))
    changed = _anew(room, fields)
    draft = so_far(room.state(), stamped)
    if not changed and not _ask(room, draft):
        gate.present(room, room.waiting)
        return
    _put(room, so_far(room.state(), stamped), "/sharpen")


def _anew(room: Room, fields: dict[str, tuple[str, str]]) -> int:
    """Have fields said anew, each kept at once; how many were."""
    given, names = 0, {field: field for field, _ in fields.values()} | {n: field for n, (field, _) in fields.items()}
    show.line("Type a field's number to say it anew. Enter when nothing more is to be changed.", "dim")
    try:
        while typed := room.keyboard.answer("which one ").strip():
            field = names.get(typed.lower().replace(" ", "_"))
            if field is None:
                show.line(f"Type a number from 1 to {len(fields)}, or Enter. Each field is said anew by itself.", "dim")
                continue
            text = room.keyboard.answer(f"{_label(field)} ").strip()
            try:
                no_command(text, f"the field {_label(field)!r}")
                if field == "channel" and text:
                    channel_of(text)
            except Refused as refused:
                show.refused(refused.refusals)
                continue
            if text:
                room.begin(f"/sharpen {field}={text}")
                given += 1
    except (KeyboardInterrupt, EOFError):
        show.line("Stopped changing; what you said anew is kept.", "yellow")
    return given


def _label(field: str) -> str:
    return field.replace("_", " ")


def _begin(room: Room, rest: str, typed: str, given: dict[str, str]) -> None:
    idea = typed or no_command(room.keyboard.answer("Your idea, in a sentence or two ").strip(), "an idea")
    if not idea:
        show.line("Nothing was said, and nothing was done.")
        return
    if given.get("name") is None and (room.experiment is None or room.state().stage != "idea"):
        room.enter(room.copilot.free_name(idea))
        show.line(f"A new experiment: {room.name}", "bold")
    require(room.state(), Move.SHARPEN)
    past = room.copilot.similar(idea, but=room.name)
    if past:
        show.heading("Similar experiments that were read before")
        show.console().print(show.listed(f"{p.name}: {p.question} → {p.verdict}" for p in past))
    _propose(room, Draft(idea, given.get("channel", ""), {}, {}), f"/sharpen {rest or idea}")
    stamped = drafted(room.state())
    if room.waiting is None or stamped is None:
        return
    if _ask(room, so_far(room.state(), stamped)):
        _put(room, so_far(room.state(), stamped), "/sharpen")
    else:
        gate.present(room, room.waiting)


def _put(room: Room, draft: Draft, typed: str) -> None:
    """Put the draft before the person anew, in the place of the one that waits, and show it."""
    _propose(room, draft, typed)
    if room.waiting is not None:
        gate.present(room, room.waiting)


def _propose(room: Room, draft: Draft, typed: str) -> None:
    turn = room.begin(typed)
    try:
        room.waiting = put_anew(room.lifecycle, room.name, turn, draft)
    except Refused as refused:
        room.answered(turn, refused_line(refused))
        raise


def _ask(room: Room, draft: Draft) -> int:
    """Ask what is open, each answer kept at once; how many were given."""
    if not draft.questions:
        return 0
    show.heading("Still open")
    show.line("Enter skips a question; Ctrl-C stops asking, and keeps what you answered.", "dim")
    given = 0
    try:
        for field, question in draft.questions.items():
            show.line(question)
            while (text := room.keyboard.answer(f"{_label(field)} ").strip()).startswith("/"):
                show.line("This is asked first: answer it, skip it with Enter, or stop with Ctrl-C.", "dim")
            if text:
                room.begin(f"/sharpen {field}={text}")
                given += 1
    except (KeyboardInterrupt, EOFError):
        show.line("Stopped asking; what you answered is kept. /sharpen goes on with the rest.", "yellow")
    return given


def _options(rest: str) -> tuple[str, dict[str, str]]:
    given: dict[str, str] = {}
    rest = rest.strip()
    while found := _OPTION.match(f"{rest} "):
        given[found[1]] = found[2]
        rest = rest[found.end() :].strip()
    return rest, given


def _checked(name: str) -> str:
    if not EXPERIMENT_NAME.fullmatch(name):
        raise Refused.because(
            "experiment.name",
            f"{name!r} is no name for an experiment.",
            "Use lower-case letters, digits, dots and dashes, at most 80.",
            name="name",
            value=name,
        )
    return name
