"""The lifecycle on one screen: one node a move, a gate before whatever needs a person. Only this file knows langgraph.

A turn is one run of the graph: the move's step works, its drafts are appended to the ledger under the turn's name, and
where the step asks for a person the graph stops at an interrupt that names what is asked. The checkpoint holds the
experiment's name, the turn and the digest of what waits; everything else is in the ledger, so a lost checkpoint loses
no experiment, and a node that runs twice appends once.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # read by langgraph when it is imported

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.flow import gates
from expcopilot.flow.at_work import Stopped
from expcopilot.flow.moves import Move, require
from expcopilot.flow.refusals import refusal_draft
from expcopilot.flow.speech import Speech
from expcopilot.memory.ledger import Ledger
from expcopilot.records.entry import Draft
from expcopilot.records.events import Said
from expcopilot.records.experiment import Experiment
from expcopilot.records.gate import Proposal

__all__ = ["Deps", "Lifecycle", "Step", "Turn", "Waiting", "build", "open_lifecycle", "served"]

STEPS_AT_MOST = 12
"""Nodes one turn may run: a loop in the graph ends here, not in a bill."""

TRIES = 8
"""How often a turn is read anew when another process wrote to the same experiment in between."""

Step = Callable[[Experiment, "Deps", str, dict[str, Any]], tuple[Draft, ...]]
"""A stage of the flow: the experiment, what it may use, the turn's name and the person's input -> drafts."""


@dataclass(frozen=True)
class Deps:
    """What steps may use.

    Attributes:
        ledger: The record.
        actor: Who acts, as the workspace knows them.
        steps: Move -> step.
        consequence: What follows when a proposal is approved: (experiment, deps, proposal) -> drafts.
        today: The calendar's date, never earlier than the ledger's last entry.
        speech: Opens the model, where there is one; steps that word things go on without.
    """

    ledger: Ledger
    actor: str
    steps: dict[Move, Step]
    consequence: Callable[[Experiment, Deps, Proposal], tuple[Draft, ...]]
    today: Callable[[], dt.date]
    speech: Callable[[], Speech | None] = lambda: None


class Turn(Frozen):
    """The state of one turn.

    Attributes:
        experiment: Whose turn.
        turn: Its name, unique in the workspace.
        move: What the person wants.
        input: What they gave with it: plain JSON data.
        waits: Digest of the proposal that waits for a person, or "".
    """

    experiment: str
    turn: str
    move: Move
    input: dict[str, Any] = {}
    waits: str = ""


class Answer(Frozen):
    """What resumes a gate."""

    digest: str
    action: Literal["approve", "edit", "reject"]
    reason: str = ""


class Waiting(Frozen):
    """A gate at which a turn stopped.

    Attributes:
        id: Of the interrupt: an answer goes to it by name, so a late click can never answer the next gate.
        experiment: Whose.
        gate: What is asked.
        question: In words.
        content: Exactly what would be approved.
        digest: Of the content.
    """

    id: str
    experiment: str
    gate: str
    question: str
    content: dict[str, Any]
    digest: str


class _Node(Protocol):
    def __call__(self, state: Turn, *, runtime: Runtime[Deps]) -> dict[str, Any]: ...


def as_node(work: Callable[[Turn, Deps], Turn], bound: Deps | None = None) -> _Node:
    """The one adapter: a pure function of the turn, validated, returning only the fields that changed."""

    def node(state: Turn, *, runtime: Runtime[Deps]) -> dict[str, Any]:
        new = Turn.model_validate(work(state, bound or runtime.context).model_dump())
        return {k: getattr(new, k) for k in Turn.model_fields if getattr(new, k) != getattr(state, k)}

    return node


def _step(move: Move) -> Callable[[Turn, Deps], Turn]:
    def work(state: Turn, deps: Deps) -> Turn:
        experiment = _fold(deps, state.experiment)
        if not any(t.record.turn == state.turn and t.record.speaker == "code" for t in experiment.turns):
            require(experiment, move)  # here, too: a deployed graph is reached by no other door
            drafts = deps.steps[move](experiment, deps, state.turn, state.input)
            # The mark and the work are appended together, so a run repeated after a kill finds both or neither.
            _append(deps, experiment, (*drafts, _mark(state, deps)))
        waiting = gates.pending(_fold(deps, state.experiment))
        return state.model_copy(update={"waits": waiting.record.digest if waiting else ""})

    return work


def _gate(state: Turn, deps: Deps) -> Turn:
    """Stop and ask. Nothing is appended here: an interrupted node runs again from its top."""
    waiting = gates.pending(_fold(deps, state.experiment))
    if waiting is None or waiting.record.digest != state.waits:
        return state.model_copy(update={"waits": ""})
    proposal = waiting.record
    given = interrupt(
        {
            "experiment": state.experiment,
            "gate": proposal.gate,
            "question": proposal.question,
            "content": proposal.content,
            "digest": proposal.digest,
        }
    )
    return state.model_copy(update={"input": Answer.model_validate(given).to_json()})


def _settle(state: Turn, deps: Deps) -> Turn:
    """Record the decision and what follows from it, together or not at all."""
    experiment = _fold(deps, state.experiment)
    answer = Answer.model_validate(state.input)
    waiting = gates.pending(experiment)
    if waiting is not None:
        decided = gates.decide(experiment, answer.digest, answer.action, actor=deps.actor, reason=answer.reason)
        try:
            follows = deps.consequence(experiment, deps, waiting.record) if answer.action == "approve" else ()
        except Refused:
            # What was approved can no longer be done: the answer is kept, and the gate is closed by it all the same.
            _append(deps, experiment, (decided,))
            raise
        _append(deps, experiment, (decided, *follows))
    return state.model_copy(update={"waits": ""})


def _after_step(state: Turn) -> str:
    return "gate" if state.waits else END


def _after_gate(state: Turn) -> str:
    return "settle" if state.waits else END


def build(moves: Iterable[Move], bound: Deps | None = None) -> StateGraph[Turn, Deps, Turn, Turn]:
    """The graph: START -> the move's step -> (gate -> settle) -> END.

    Args:
        moves: Those that have a step.
        bound: What steps may use, where no run's context brings it.
    """
    steps = [m.value for m in moves]
    graph: StateGraph[Turn, Deps, Turn, Turn] = StateGraph(Turn, context_schema=None if bound else Deps)

    def route(state: Turn) -> str:
        if state.move.value not in steps:
            raise _no_step(state.move, steps)
        return state.move.value

    for move in steps:
        graph.add_node(move, as_node(_step(Move(move)), bound))
        graph.add_conditional_edges(move, _after_step, ["gate", END])
    graph.add_node("gate", as_node(_gate, bound))
    graph.add_node("settle", as_node(_settle, bound))
    graph.add_conditional_edges(START, route, steps)
    graph.add_conditional_edges("gate", _after_gate, ["settle", END])
    graph.add_edge("settle", END)
    return graph


def _no_step(move: Move, steps: list[str]) -> Refused:
    return Refused.because(
        "move.no_step",
        f"{move.value!r} changes nothing that a person would have to decide, so the graph has no step for it.",
        f"Ask for it directly: `expcopilot {move.value}`. The graph knows {', '.join(steps)}.",
        name="move",
        value=move.value,
    )


class Lifecycle:
    """The compiled graph with its checkpoints: one thread an experiment."""

    def __init__(self, graph: CompiledStateGraph[Turn, Deps, Turn, Turn], deps: Deps) -> None:
        self._graph = graph
        self._deps = deps

    def move(self, experiment: str, turn: str, move: Move, given: dict[str, Any] | None = None) -> Waiting | None:
        """Make a move, and return the gate it stopped at, if any.

        Raises:
            Refused: The move is not legal now, or its step refuses.
        """
        require(_fold(self._deps, experiment), move)
        if move not in self._deps.steps:
            raise _no_step(move, [m.value for m in self._deps.steps])
        start = Turn(experiment=experiment, turn=turn, move=move, input=given or {})
        self._run(start.model_dump(), experiment)
        return self.waiting(experiment)

    def answer(
        self, waiting: Waiting, action: Literal["approve", "edit", "reject"], *, reason: str = ""
    ) -> Waiting | None:
        """Answer one gate by its id; an id that was answered already answers nothing.

        Raises:
            Refused: The gate was answered already, or what waits is no longer what was seen.
        """
        now = self.waiting(waiting.experiment)
        if now is None or now.id != waiting.id:
            gates.decide(_fold(self._deps, waiting.experiment), waiting.digest, action, actor=self._deps.actor)
        answer = Answer(digest=waiting.digest, action=action, reason=reason)
        self._run(Command(resume={waiting.id: answer.to_json()}), waiting.experiment)
        state = _fold(self._deps, waiting.experiment)
        answers = [d.record.action for d in state.decisions if d.record.digest == waiting.digest]
        if answers and answers[-1] != action:
            gates.decide(state, waiting.digest, action, actor=self._deps.actor)  # refuses: somebody else was faster
        return self.waiting(waiting.experiment)

    def waiting(self, experiment: str) -> Waiting | None:
        """The gate at which the experiment's last turn stands, or None."""
        for task in self._graph.get_state(self._thread(experiment)).tasks:
            for stop in task.interrupts:
                return Waiting(id=stop.id, **stop.value)
        return None

    def resume(self, experiment: str) -> Waiting | None:
        """Go on with a turn that was killed; nothing done is done again.

        The ledger says what waits: a gate whose checkpoint was lost is opened again, one decided upon is closed.

        Raises:
            Refused: The turn's step, or what was approved, is refused; the turn is over then.
        """
        if self._graph.get_state(self._thread(experiment)).next and self.waiting(experiment) is None:
            self._run(None, experiment)
        state = _fold(self._deps, experiment)
        asked, waiting = gates.pending(state), self.waiting(experiment)
        if waiting is not None and (asked is None or asked.record.digest != waiting.digest):
            self._end(experiment)
        if asked is not None and (waiting is None or asked.record.digest != waiting.digest):
            done = [t.record for t in state.turns if t.position > asked.position and t.record.speaker == "code"]
            if done:
                move = Move(done[0].text.partition(":")[0])
                self._run(Turn(experiment=experiment, turn=done[0].turn, move=move).model_dump(), experiment)
        return self.waiting(experiment)

    def _run(self, given: Any, experiment: str) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                self._graph.invoke(given, self._thread(experiment), context=self._deps, durability="sync")
            except Refused as refused:
                codes = {r.code for r in refused.refusals}
                if codes <= {"ledger.moved", "ledger.key_reused"} and tries_left:
                    # Another process wrote in between, or gave another answer to the same gate at the same moment. The
                    # checkpoint holds the turn: go on with it, reading the ledger anew.
                    given = None
                    continue
                if not any(code.startswith("ledger.") for code in codes):
                    # A refused turn is over; left open, it would come back with its old input at the next start.
                    self._deps.ledger.append(refusal_draft(experiment, "move", refused, actor=self._deps.actor))
                    self._end(experiment)
                raise
            except Stopped:
                self._end(experiment)  # it is over, too: a person stopped it
                raise
            return

    def _end(self, experiment: str) -> None:
        self._graph.update_state(self._thread(experiment), {"waits": ""}, as_node="settle")

    def _thread(self, experiment: str) -> Any:
        return {"configurable": {"thread_id": experiment}, "recursion_limit": STEPS_AT_MOST}


@contextmanager
def open_lifecycle(checkpoints: Path, deps: Deps) -> Iterator[Lifecycle]:
    """The lifecycle with its checkpoints in one SQLite file."""
    with SqliteSaver.from_conn_string(str(checkpoints)) as saver:
        yield Lifecycle(build(deps.steps).compile(checkpointer=saver), deps)


def served(deps: Deps) -> CompiledStateGraph[Turn, Deps, Turn, Turn]:
    """The compiled lifecycle for whoever serves it and brings the checkpoints: a run's input is a ``Turn``."""
    return build(deps.steps, deps).compile(name="lifecycle")


def _fold(deps: Deps, name: str) -> Experiment:
    return Experiment.fold(name, deps.ledger.entries(name))


def _append(deps: Deps, experiment: Experiment, drafts: tuple[Draft, ...]) -> None:
    if drafts:
        deps.ledger.append_if(experiment.position, *drafts)


def _mark(state: Turn, deps: Deps) -> Draft:
    said = Said(turn=state.turn, speaker="code", text=f"{state.move.value}: done")
    return Draft(
        experiment=state.experiment,
        kind="said",
        actor=deps.actor,
        payload=said.to_json(),
        key=f"turn/{state.experiment}/{state.turn}",
    )
