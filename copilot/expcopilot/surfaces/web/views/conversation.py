"""The conversation of an experiment: its turns, the gate that waits, an answer as it comes, what can be said next."""

from __future__ import annotations

from typing import NamedTuple

from starlette.responses import Response

from copilot_tools.refusals import Refused
from expcopilot.flow import gates
from expcopilot.flow.costs import cost_line
from expcopilot.flow.said_so_far import ANSWER, drafted
from expcopilot.flow.spoken import case_in_short, why_in_short
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.language.roles.sharpener import PastExperiment
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.slash import read
from expcopilot.surfaces.web import talking
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.streaming import stream
from expcopilot.surfaces.web.turns import Piece, Running
from expcopilot.surfaces.web.views.gates import Card, card
from expcopilot.surfaces.web.views.sharpening import LONGEST, Draft, draft, lines_of
from expcopilot.surfaces.web.views.showing import Shown, shown
from expcopilot.surfaces.web.views.timeline import Line, idea_in, named, resumable, timeline, unanswered
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.ways import SHOWS, Way, show_at, ways
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES", "Talk", "talk"]

_LINES = 60
_HINTS = {
    "idea": "What do you want to know before its plan is written?",
    "registered": "Why wait? What may be seen before the end?",
    "running": "Why wait? What may be seen before the end?",
    "read": "Did it win? What speaks against it?",
    "closed": "What did it teach? What is the next question?",
}


class Open(NamedTuple):
    """A line that nobody answered.

    Attributes:
        turn: Its name.
        again: Whether it can be asked again here.
    """

    turn: str
    again: bool


class Talk(NamedTuple):
    """What the conversation shows.

    Attributes:
        experiment: Its name.
        person: Who reads, in short.
        said: How many lines persons said: the field is a new one after each.
        lines: The last of what was said and done, in order.
        earlier: How many lines stand before those.
        open: The line that nobody answered, or None.
        running: The answer on its way, or None.
        pieces: What came of it so far, and stands on this page; the rest streams.
        shown: What was asked to be shown, or None.
        card: The gate that waits, or None.
        draft: The hypothesis that is being worked on, or None.
        similar: Experiments read before that share words with it.
        ways: One-click moves.
        hint: What one might ask now.
        sharpens: Whether the next words are an idea to be sharpened.
        model: Whether a language model is set up.
        cost: What the model was used for here, in a line; "" when it was not.
    """

    experiment: str
    person: str
    said: int
    lines: tuple[Line, ...]
    earlier: int
    open: Open | None
    running: Running | None
    pieces: tuple[Piece, ...]
    shown: Shown | None
    card: Card | None
    draft: Draft | None
    similar: tuple[PastExperiment, ...]
    ways: tuple[Way, ...]
    hint: str
    sharpens: bool
    model: bool
    cost: str


def talk(visit: Visit, state: Experiment) -> Talk:
    """What the conversation of an experiment shows."""
    state, running = _now(visit, state)
    pieces = running.since(0)[0] if running else ()
    lines = timeline(state, visit.session.person)
    kept = lines if visit.said("lines") == "all" else lines[-_LINES:]
    left = None if running else unanswered(state)
    worked_on = draft(state)
    idea = drafted(state)
    return Talk(
        experiment=state.name,
        person=named(visit.session.person),
        said=sum(turn.record.speaker == "person" for turn in state.turns),
        lines=kept,
        earlier=len(lines) - len(kept),
        open=Open(left.turn, resumable(left)) if left else None,
        running=running,
        pieces=pieces,
        shown=shown(visit, state, visit.said("show")),
        card=card(visit, state),
        draft=worked_on,
        similar=visit.copilot.similar(str(idea.record.content["idea"]), but=state.name) if idea else (),
        ways=ways(state),
        hint=_HINTS[state.stage],
        sharpens=_sharpens(state),
        model=bool(visit.copilot.workspace.settings.model.name),
        cost=cost_line(a.record for a in state.answers),
    )


def _now(visit: Visit, state: Experiment) -> tuple[Experiment, Running | None]:
    """The record and the turn that runs, of one moment: an answer stands in one of them, and not in both."""
    running = visit.office.turns.of(state.name)
    if running is None:  # one that ended since the record was read has left its answer there
        return (visit.copilot.experiment(state.name) if unanswered(state) else state), None
    kept = any(t.record.turn == running.turn and t.record.speaker != "person" for t in state.turns)
    return state, None if kept else running


def _sharpens(state: Experiment) -> bool:
    """Whether free text is an idea: there is no hypothesis, and nothing is registered."""
    no_draft = drafted(state) is None and approved_hypothesis(state) is None
    return state.stage == "idea" and no_draft and gates.pending(state) is None


def _say(visit: Visit) -> Response:
    name, text = visit.named, lines_of(visit.said("text"))
    state = visit.copilot.experiment(name)
    if not text:
        raise Refused.because(
            "web.nothing_said", "Nothing was said.", "Type a question or an idea, then send it.", name="text"
        )
    if len(text) > LONGEST:
        raise Refused.because(
            "web.too_long",
            f"That has {len(text):,} characters, and {LONGEST:,} are read at most.",
            "Say it in fewer words, or in two turns.",
            name="text",
            value=len(text),
        )
    line = read(text)  # refuses what begins with a slash and is no command
    if line is not None and line.name in SHOWS:
        return _show(visit, name, line.name)
    if line is not None and line.name == "sharpen" and line.rest and not ANSWER.fullmatch(line.rest):
        return _sharpen(visit, state, line.rest)
    if line is not None and line.name != "ask":
        raise _by_button(line.name)
    asked = text if line is None else line.rest
    if line is None and gates.pending(state) is not None and text.casefold() in {"y", "n", "e", "yes", "no"}:
        raise Refused.because(
            "web.answer_by_button",
            "A typed letter decides nothing here.",
            "Read the card above, then press “Approve”, “Edit” or “Reject”.",
            name="text",
            value=text,
        )
    if line is None and _sharpens(state):
        return _sharpen(visit, state, text)
    talking.take(visit, name, asked, talking.ask(name, asked))
    return visit.go(experiment_at(name, "now"))


def _show(visit: Visit, name: str, what: str) -> Response:
    """What only shows; explanations are kept in the conversation, as the terminal's chat keeps them."""
    if what == "why":
        talking.take_down(visit, name, "/why", lambda copilot: why_in_short(copilot.why(name)))
    elif what == "case":
        talking.take_down(visit, name, "/case", lambda copilot: case_in_short(copilot.readout(name).look))
    return visit.go(show_at(name, what))


def _sharpen(visit: Visit, state: Experiment, idea: str) -> Response:
    if not _sharpens(state):
        raise Refused.because(
            "web.by_button",
            f"{state.name} has its hypothesis, or a plan, already: a new idea is an experiment of its own.",
            "Start it on the board; to change the hypothesis that waits here, press “Edit” on its card.",
            name="text",
            value="/sharpen",
        )
    talking.take(visit, state.name, f"/sharpen {idea}", talking.begin_idea(state.name, idea))
    return visit.go(experiment_at(state.name, "now"))


def _again(visit: Visit) -> Response:
    """The line that nobody answered, asked again: what a model did answer of it is not asked anew."""
    name = visit.named
    left = unanswered(visit.copilot.experiment(name))
    if left is None or left.turn != visit.said("turn") or not resumable(left):
        raise Refused.because(
            "web.answered",
            "That line is answered already, or something was done since.",
            "Load the page again; ask anew if you still want to know.",
            name="turn",
            value=visit.said("turn"),
        )
    idea = idea_in(left)
    answering = talking.begin_idea(name, idea) if idea else talking.ask(name, left.text)
    talking.take(visit, name, left.text, answering, again=left.turn)
    return visit.go(experiment_at(name, "now"))


def _stop(visit: Visit) -> Response:
    running = visit.office.turns.of(visit.named)
    if running is not None and running.turn == visit.request.path_params["turn"]:
        running.stop(visit.session.person)
    return visit.go(experiment_at(visit.named, "now"))


_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("new", "size", "plan", "check", "register", "amend"), "the plan of this experiment"),
    **dict.fromkeys(("variants", "mark", "approve", "export"), "the copy in the record beside this conversation"),
    **dict.fromkeys(("analyze", "look"), "“Read data” in the record beside this conversation"),
    **dict.fromkeys(("experiments", "use"), "the board"),
    **dict.fromkeys(("log", "verify"), "the history"),
    "sharpen": "the card of the hypothesis, or the plain idea without a command",
    "readout": "“Readout”",
    "close": "“Close” beside the plan",
    "quit": "“Leave”, at the top",
}


def _by_button(command: str) -> Refused:
    return Refused.because(
        "web.by_button",
        f"/{command} is typed in the terminal; on this page it has its place, and nothing was done.",
        f"Use {on_page(_ELSEWHERE[command])}. Typed here are {', '.join(f'/{name}' for name in SHOWS)}.",
        name="text",
        value=f"/{command}",
    )


ROUTES = [
    does("/e/{name}/say", _say),
    does("/e/{name}/again", _again),
    does("/e/{name}/turns/{turn}/stop", _stop),
    shows("/e/{name}/turns/{turn}", stream),
]
