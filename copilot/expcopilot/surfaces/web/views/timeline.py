"""The turns of a conversation in the order of the record: who said what, what was decided, what was read."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple

from expcopilot.flow.gates import COPY_GATES, pending
from expcopilot.flow.moves import Move
from expcopilot.flow.said_so_far import ANSWER, drafted
from expcopilot.flow.spoken import reason_in
from expcopilot.outputs.report.words import when
from expcopilot.records.events import Said
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.gate import Decision
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["Line", "Moment", "idea_in", "named", "resumable", "timeline", "unanswered"]

_MARKS = frozenset(f"{move.value}: done" for move in Move)
_SHARPEN = re.compile(r"/sharpen(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_GATES = {
    "hypothesis": "the hypothesis",
    "plan": "the plan",
    "amendment": "the amendment",
    "early_opening": "the early opening",
    "early_close": "the early end",
}
_ACTIONS = {"approve": "approved", "edit": "put aside, to be changed,", "reject": "declined"}


class Moment(NamedTuple):
    """When something was said.

    Attributes:
        exact: As the record stamps it, for programs.
        short: Day and time in UTC, for the eye.
        whole: In full.
    """

    exact: str
    short: str
    whole: str


class Line(NamedTuple):
    """One line of the conversation.

    Attributes:
        position: In the ledger.
        kind: "person", "code", "role" or "event".
        who: Whose words they are; "" of an event.
        time: When.
        text: What was said.
        note: What the words are, where that needs saying: "metric".
        cure: What to do, under a refusal.
        href: What it leads to, or "".
    """

    position: int
    kind: str
    who: str
    time: Moment
    text: str
    note: str = ""
    cure: str = ""
    href: str = ""


def timeline(state: Experiment, person: str) -> tuple[Line, ...]:
    """Every line, in the order of the ledger.

    Args:
        state: The experiment.
        person: Who reads; their own lines say "You".
    """
    cures = {r.reason: on_page(r.cure) for refused in state.refused for r in refused.record.refusals}
    lines = [line for said in state.turns if (line := _line(said, person, cures)) is not None]
    lines += [line for decided in state.decisions if (line := _decided(decided, person)) is not None]
    return tuple(sorted((*lines, *_events(state, person)), key=lambda line: line.position))


def unanswered(state: Experiment) -> Said | None:
    """The last line, where a person said it and nobody answered; None where one did, or its card takes it up."""
    last = state.turns[-1] if state.turns else None
    if last is None or last.record.speaker != "person" or any(d.position > last.position for d in state.decisions):
        return None
    if drafted(state) is not None and _SHARPEN.fullmatch(last.record.text):
        return None  # what was said is kept, and the draft is put anew by its own button
    return last.record


def resumable(said: Said) -> bool:
    """Whether an open line can be asked again here: free text, or an idea."""
    return not said.text.startswith("/") or bool(idea_in(said))


def idea_in(said: Said) -> str:
    """The idea that a line would sharpen; "" where it is another line."""
    found = _SHARPEN.fullmatch(said.text)
    idea = (found[1] or "").strip() if found else ""
    return "" if ANSWER.fullmatch(idea) else idea


def named(actor: str, person: str = "") -> str:
    """Who it is, as the page calls them.

    Example:
        >>> named("Ada <ada@example.com>"), named("Ada <ada@example.com>", "Ada <ada@example.com>")
        ('Ada', 'You')
    """
    return "You" if actor == person else actor.partition(" <")[0]


def _moment(stamp: str) -> Moment:
    at = dt.datetime.fromisoformat(stamp).astimezone(dt.UTC)
    return Moment(stamp, f"{at.day} {at:%b %H:%M}", when(stamp))


def _line(stamped: Stamped[Said], person: str, cures: dict[str, str]) -> Line | None:
    said = stamped.record
    if said.speaker == "person":
        note, text = _as_typed(said.text)
        return (
            Line(stamped.position, "person", named(stamped.actor, person), _moment(stamped.time), text, note)
            if (text)
            else None
        )
    if said.text in _MARKS:
        return None  # the mark of a step: what it did stands beside it
    kind, who = ("code", "Copilot") if said.speaker == "code" else ("role", f"The {said.speaker.replace('_', ' ')}")
    return Line(
        stamped.position,
        kind,
        who,
        _moment(stamped.time),
        on_page(said.text),
        cure=cures.get(reason_in(said.text), ""),
    )


def _as_typed(text: str) -> tuple[str, str]:
    """A person's line as it reads here: an idea without its command, an answer beside its field; "" shows nothing."""
    found = _SHARPEN.fullmatch(text)
    if found is None:
        return "", text
    rest = (found[1] or "").strip()
    answer = ANSWER.fullmatch(rest)
    return (answer[1].replace("_", " "), answer[2].strip()) if answer else ("", rest)


def _decided(stamped: Stamped[Decision], person: str) -> Line | None:
    decided = stamped.record
    if decided.gate in COPY_GATES or (decided.gate == "hypothesis" and decided.action == "edit"):
        return None  # copy has a place of its own; a draft put anew says so itself
    by = named(stamped.actor, person)
    text = f"{by} {_ACTIONS[decided.action]} {_GATES[decided.gate]}"
    return Line(
        stamped.position,
        "event",
        "",
        _moment(stamped.time),
        f"{text}: {decided.reason}" if decided.reason else (f"{text}."),
    )


def _events(state: Experiment, person: str) -> list[Line]:
    """What was done, in a line that leads to its place in the record."""
    found: list[Line] = []

    def event(stamped: Stamped[Any], text: str, place: str) -> None:
        by = f"{text}, by {named(stamped.actor, person).replace('You', 'you')}."
        found.append(
            Line(stamped.position, "event", "", _moment(stamped.time), by, href=experiment_at(state.name, place))
        )

    if state.registration is not None:
        event(state.registration, "Plan registered", "plan")
    for amended in state.amendments:
        event(amended, f"Plan amended ({', '.join(amended.record.changed)})", "plan")
    for look in state.looks:
        event(look, f"Look {look.record.number}: {look.record.verdict.phrase}", "results")
    if state.closing is not None:
        event(state.closing, "Closed early" if state.closing.record.early else "Closed", "plan")
    for asked in state.proposals:
        if asked.record.gate == "hypothesis" and asked is not pending(state):
            left = len(asked.record.content.get("questions", ()))
            open_ = f", {left} question{'s' if left != 1 else ''} open" if left else ""
            text = f"A hypothesis was put before you{open_}."
            found.append(Line(asked.position, "event", "", _moment(asked.time), text))
    return found
