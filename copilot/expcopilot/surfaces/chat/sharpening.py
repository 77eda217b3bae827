"""``/sharpen``: an idea, what was learned before, its holes as questions, and the hypothesis at its gate.

Every answer is on record the moment it is given, as the line ``/sharpen FIELD=ANSWER`` that would have said the same:
killed between two questions, the next ``/sharpen`` goes on with the one after.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, get_args

from copilot_tools.refusals import Refused
from expcopilot.flow.gates import pending
from expcopilot.flow.moves import Move, require
from expcopilot.flow.steps.new_plan import name_of
from expcopilot.language.roles.sharpener import SharpenerField
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.gate import Proposal
from expcopilot.surfaces.chat import gate
from expcopilot.surfaces.chat.room import Room
from expcopilot.surfaces.cli import show

__all__ = ["edit", "sharpen"]

_FIELDS = get_args(SharpenerField)
_OPTION = re.compile(r"--(name|channel)[ =](\S+)\s*")
_ANSWER = re.compile(rf"({'|'.join(_FIELDS)})\s*=\s*(.+)", re.DOTALL)
_LINE = re.compile(r"/sharpen\s+(.*)", re.DOTALL | re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


class _Draft(NamedTuple):
    """What has been said so far.

    Attributes:
        idea: In the person's words.
        channel: Where it would run, or "".
        answers: Field -> question and answer.
        questions: Field -> question: what is still open.
    """

    idea: str
    channel: str
    answers: dict[str, dict[str, str]]
    questions: dict[str, str]


def sharpen(room: Room, rest: str) -> str:
    """Begin with an idea, or go on with the draft that is there: an answer, further words, or its open questions."""
    typed, given = _options(rest)
    if room.experiment is not None:
        room.refresh()
    if given.get("name", room.experiment) != room.experiment:
        room.enter(_checked(given["name"]))
    stamped = _drafted(room.state()) if room.experiment is not None else None
    if stamped is None:
        _begin(room, rest, typed, given)
        return ""
    _require_open(room.state())
    draft = _so_far(room.state(), stamped)
    if given.get("channel"):
        draft = draft._replace(channel=given["channel"])
    if _ANSWER.fullmatch(typed):
        room.begin(f"/sharpen {typed}")
        _put(room, _so_far(room.state(), stamped), f"/sharpen {typed}")
        return ""
    if typed:
        draft = draft._replace(idea=f"{draft.idea}\n{typed}")
    else:
        answered = _ask(room, draft)
        draft = _so_far(room.state(), stamped)._replace(channel=draft.channel)
        if not answered and room.waiting is not None and not given:
            gate.present(room, room.waiting)
            return ""
    _put(room, draft, f"/sharpen {rest}".rstrip())
    return ""


def edit(room: Room) -> None:
    """At the gate: what should be different; or, with nothing said, the questions that are still open."""
    sharpen(room, room.keyboard.answer("What should be different? (Enter for the open questions) ").strip())


def _require_open(state: Experiment) -> None:
    """Refuse while something else than a hypothesis waits.

    Raises:
        Refused: It has to be decided first.
    """
    waiting = pending(state)
    if waiting is None or waiting.record.gate != "hypothesis":
        require(state, Move.SHARPEN)


def _begin(room: Room, rest: str, typed: str, given: dict[str, str]) -> None:
    idea = typed or room.keyboard.answer("Your idea, in a sentence or two ").strip()
    if not idea:
        show.line("Nothing was said, and nothing was done.")
        return
    if given.get("name") is None and (room.experiment is None or room.state().stage != "idea"):
        room.enter(_free_name(room, idea))
        show.line(f"A new experiment: {room.name}", "bold")
    require(room.state(), Move.SHARPEN)
    past = room.copilot.similar(idea, but=room.name)
    if past:
        show.heading("Similar experiments that were read before")
        show.console().print(show.listed(f"{p.name}: {p.question} → {p.verdict}" for p in past))
    _propose(room, _Draft(idea, given.get("channel", ""), {}, {}), f"/sharpen {rest or idea}")
    stamped = _drafted(room.state())
    if room.waiting is None or stamped is None:
        return
    if _ask(room, _so_far(room.state(), stamped)):
        _put(room, _so_far(room.state(), stamped), "/sharpen")
    else:
        gate.present(room, room.waiting)


def _put(room: Room, draft: _Draft, typed: str) -> None:
    """Put the draft before the person anew, in the place of the one that waits."""
    if room.waiting is not None:
        room.waiting = room.lifecycle.answer(room.waiting, "edit", reason="More was said.")
    _propose(room, draft, typed)
    if room.waiting is not None:
        gate.present(room, room.waiting)


def _propose(room: Room, draft: _Draft, typed: str) -> None:
    turn = room.begin(typed)
    given: dict[str, Any] = {"idea": draft.idea, "channel": draft.channel, "answers": list(draft.answers.values())}
    try:
        room.waiting = room.lifecycle.move(room.name, turn, Move.SHARPEN, given)
    except Refused as refused:
        room.answered(turn, f"Refused: {refused.refusals[0].reason}")
        raise


def _ask(room: Room, draft: _Draft) -> int:
    """Ask what is open, each answer kept at once; how many were given."""
    if not draft.questions:
        return 0
    show.heading("Still open")
    show.line("Enter skips a question; Ctrl-C stops asking, and keeps what you answered.", "dim")
    given = 0
    try:
        for field, question in draft.questions.items():
            show.line(question)
            while (text := room.keyboard.answer(f"{field.replace('_', ' ')} ").strip()).startswith("/"):
                show.line("This is asked first: answer it, skip it with Enter, or stop with Ctrl-C.", "dim")
            if text:
                room.begin(f"/sharpen {field}={text}")
                given += 1
    except (KeyboardInterrupt, EOFError):
        show.line("Stopped asking; what you answered is kept. /sharpen goes on with the rest.", "yellow")
    return given


def _drafted(state: Experiment) -> Stamped[Proposal] | None:
    """The hypothesis that waits, or was put aside to be changed; None once it was approved or dropped."""
    last = next((p for p in reversed(state.proposals) if p.record.gate == "hypothesis"), None)
    if last is None:
        return None
    decided = [d for d in state.decisions if d.position > last.position and d.record.digest == last.record.digest]
    return last if not decided or decided[-1].record.action == "edit" else None


def _so_far(state: Experiment, stamped: Stamped[Proposal]) -> _Draft:
    """The draft as it was proposed, with the answers given since."""
    content = stamped.record.content
    questions = {str(q["field"]): str(q["question"]) for q in content.get("questions", ())}
    answers = {str(a["field"]): dict(a) for a in content.get("answers", ())}
    for said in state.turns:
        line = _LINE.fullmatch(said.record.text) if said.position > stamped.position else None
        found = _ANSWER.fullmatch(line[1].strip()) if line and said.record.speaker == "person" else None
        if found:
            field, text = found[1], found[2].strip()
            answers[field] = {"field": field, "question": questions.get(field, field), "answer": text}
    left = {field: question for field, question in questions.items() if field not in answers}
    return _Draft(str(content["idea"]), str(content.get("channel", "")), answers, left)


def _options(rest: str) -> tuple[str, dict[str, str]]:
    given: dict[str, str] = {}
    rest = rest.strip()
    while found := _OPTION.match(f"{rest} "):
        given[found[1]] = found[2]
        rest = rest[found.end() :].strip()
    return rest, given


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused.because(
            "experiment.name",
            f"{name!r} is no name for an experiment.",
            "Use lower-case letters, digits, dots and dashes, at most 80.",
            name="name",
            value=name,
        )
    return name


def _free_name(room: Room, idea: str) -> str:
    base, taken = name_of(idea), set(room.copilot.ledger.experiments())
    return next(name for name in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
