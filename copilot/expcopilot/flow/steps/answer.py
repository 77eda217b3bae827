"""A free question answered: the guide with its tools, each statement through the firewall before anybody reads it.

A question is answered from where the experiment stood when it was asked, so that a conversation killed in the middle
asks nothing again: the same requests find their answers, and the looks they led to are found, not taken anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from copilot_tools.base import Frozen
from expcopilot.flow.asked_cut import AskedCuts, is_asked
from expcopilot.flow.earlier import earlier_turns
from expcopilot.flow.facts import facts_of_plan
from expcopilot.flow.moves import Move, legal_moves, next_step
from expcopilot.flow.speech import Speech, tellable
from expcopilot.flow.toolbox import Toolbox
from expcopilot.language.firewall.check import check
from expcopilot.language.firewall.prose import checked_prose
from expcopilot.language.firewall.subject import Subject
from expcopilot.language.roles.guide import GUIDE, Guidance, GuideInputs, complaints_with
from expcopilot.language.streamed import StatementReader
from expcopilot.records.entry import Entry
from expcopilot.records.experiment import Experiment
from expcopilot.records.fact import Fact
from expcopilot.records.look import Look
from expcopilot.records.prose import CheckedProse, CheckedSentence, Statement

__all__ = ["Asked", "Reply", "answer", "asked"]

_MODEL_ONLY = frozenset({"answered", "refused"})


class Asked(NamedTuple):
    """A question, and where the experiment stood when it was asked.

    Attributes:
        turn: The turn it was asked in; "" when nothing was recorded yet.
        state: The experiment as it stood.
        position: Ledger position of the look the facts are of; 0 without one.
    """

    turn: str
    state: Experiment
    position: int


class Reply(Frozen):
    """What was answered.

    Attributes:
        text: All of it, as it was shown.
        prose: The guide's part, after the firewall.
        notes: What code added.
        looks: Numbers of the looks taken for it.
    """

    text: str
    prose: CheckedProse
    notes: tuple[str, ...] = ()
    looks: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """The guide's part as it was shown."""
        return " ".join(sentence.text for sentence in self.prose.sentences)


def asked(name: str, entries: Iterable[Entry], question: str) -> Asked:
    """Where a question stands: asked just now, or left unanswered by a kill, with nothing else done since.

    Args:
        name: The experiment.
        entries: Its entries, in order.
        question: As it was put.
    """
    known = [e for e in entries if e.experiment == name]
    turn, before = "", known
    for place in range(len(known) - 1, -1, -1):
        entry = known[place]
        said = entry.kind == "said" and entry.payload.get("speaker") == "person"
        if not (said or is_asked(entry) or entry.kind in _MODEL_ONLY):
            break
        if said and entry.payload.get("text") == question:
            turn, before = str(entry.payload["turn"]), known[:place]
    state = Experiment.fold(name, before)
    return Asked(turn, state, state.looks[-1].position if state.looks else 0)


def answer(
    question: str,
    put: Asked,
    speech: Speech,
    cuts: AskedCuts,
    *,
    spelled: Callable[[Move], str] = str,
    on_text: Callable[[str], None] | None = None,
) -> Reply:
    """Answer a question about an experiment.

    Args:
        question: As it was put.
        put: Where the experiment stood.
        speech: The model and its books.
        cuts: Takes the looks that tools ask for.
        spelled: How a move is typed where the answer is read.
        on_text: Called with each sentence once it has passed the firewall, and with what code adds.

    Raises:
        ModelFailed: No usable answer; looks taken for it stay counted, and are not taken again.
    """
    state = put.state
    look = state.looks[-1].record if state.looks else None
    plan = state.plan if look is None else state.plan_of(look.plan_digest)
    toolbox = Toolbox(
        {**_known(state, look, put.position), **_moves(state, spelled)},
        look,
        plan,
        (lambda column, call: cuts.take(column, f"{put.turn}/{call}")) if look is not None else None,
    )
    inputs = GuideInputs(
        question=question,
        stage=f"{state.stage}: {next_step(state)}",
        facts=tuple(toolbox.facts.values()),
        verdict_row=toolbox.row,
        earlier=earlier_turns(state),
    )
    asking = dataclasses.replace(GUIDE.question(inputs), complaints=complaints_with(toolbox.facts, toolbox.row))
    page = _Page(toolbox, on_text)
    guidance = speech.converse(
        state.name, asking, tools=toolbox.offers(), run_tool=toolbox.run, on_text=page.hear if on_text else None
    )
    prose = page.closed(guidance)
    notes = (*dict.fromkeys(toolbox.notes), *_counted(toolbox))
    for note in notes:
        page.show(note)
    return Reply(text=" ".join(page.shown), prose=prose, notes=notes, looks=tuple(toolbox.looks))


class _Page:
    """What a reader has been shown: statements that passed, in order, each once."""

    def __init__(self, toolbox: Toolbox, on_text: Callable[[str], None] | None) -> None:
        self._toolbox = toolbox
        self._on_text = on_text
        self._reader = StatementReader()
        self._subject = Subject()
        self._passed: list[str] = []
        self.shown: list[str] = []

    def hear(self, piece: str) -> None:
        """Show what of a piece of the stream passes; the rest waits for the end."""
        for text in self._reader.feed(piece):
            if text not in self._passed and (sentence := self._checked(text)) is not None:
                self._passed.append(text)
                self.show(sentence.text)

    def closed(self, guidance: Guidance) -> CheckedProse:
        """The whole answer: what was shown, and what the final answer adds; a plain sentence where nothing passed."""
        facts, row = self._toolbox.facts, self._toolbox.row
        texts = (*self._passed, *(t for t in guidance.statements if t not in self._passed))
        spoken = Guidance(statements=texts).spoken(facts)
        prose = checked_prose(GUIDE.name, spoken, facts, verdict_row=row)
        if not prose.sentences:
            prose = checked_prose(GUIDE.name, spoken, facts, {"answer": _plain(facts)}, verdict_row=row)
        for sentence in prose.sentences[len(self._passed) :]:
            self.show(sentence.text)
        return prose

    def show(self, text: str) -> None:
        """Show a sentence."""
        if self._on_text is not None:
            self._on_text(f" {text}" if self.shown else text)
        self.shown.append(text)

    def _checked(self, text: str) -> CheckedSentence | None:
        facts = self._toolbox.facts
        statement: Statement = Guidance(statements=(text,)).spoken(facts)[0]
        found = check(statement, facts, verdict_row=self._toolbox.row)
        if isinstance(found, CheckedSentence):
            found = self._subject.take(statement, found, facts)
        return found if isinstance(found, CheckedSentence) else None


def _known(state: Experiment, look: Look | None, position: int) -> dict[str, Fact]:
    if look is not None:
        return tellable(look, state.plan_of(look.plan_digest), entry=position)
    return facts_of_plan(state.plan) if state.plan else {}


def _moves(state: Experiment, spelled: Callable[[Move], str]) -> dict[str, Fact]:
    moves: Sequence[Move] = [m for m in legal_moves(state) if m is not Move.ASK]
    return {f"move.{m}": Fact(id=f"move.{m}", kind="name", text=spelled(m)) for m in moves}


def _plain(facts: dict[str, Fact]) -> str:
    if "verdict.phrase" in facts:
        return "The verdict is {verdict.phrase}; it follows from plan and data, and no wording moves it."
    return "There is no result yet that could answer this; the commands show what there is."


def _counted(toolbox: Toolbox) -> list[str]:
    if not toolbox.looks:
        return []
    last = max(toolbox.looks)
    times = "once more" if len(toolbox.looks) == 1 else f"{len(toolbox.looks)} more times"
    return [f"For this answer the data was opened {times}: each look is counted, and the last is look {last}."]
