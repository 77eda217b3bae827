"""The journey from an idea to an answered question, through a workspace whose settings name a server.

Nothing in it depends on what the model says: where the model leaves a hole, the person's plan fills it, as in life.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expcopilot.api import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.answer import Reply
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.memory.workspace import Workspace
from expcopilot.outputs.report import documents
from expcopilot.records.answer import Answered
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan
from expcopilot.records.readout import Readout

__all__ = ["NAME", "QUESTION", "Travelled", "follow_up", "settled", "travel"]

NAME = "checkout"
QUESTION = "did b win on mobile?"


@dataclass(frozen=True)
class Travelled:
    """A journey's end.

    Attributes:
        proposed: What the hypothesis gate showed: the draft, its questions, what was taken out of it.
        look: The first look, by which everything is decided.
        looks: How many looks the ledger counts at the end.
        readout: The readout as data.
        page: The readout as Markdown, as a reader has it.
        replies: Answers to the free questions, in order; a failure's sentences where the model failed.
        answers: Every completed answer on the ledger, in order.
        faults: What ``verify`` found.
    """

    proposed: dict[str, Any]
    look: Look
    looks: int
    readout: Readout
    page: str
    replies: tuple[Reply | str, ...]
    answers: tuple[Answered, ...]
    faults: tuple[str, ...]


def settled(folder: Path, **model: object) -> Path:
    """A workspace whose ``[model]`` table holds what is given; without anything no model is configured."""
    with Workspace.create(folder, person="Ada") as made:
        settings = made.folder / "expcopilot.toml"
    if model:
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in model.items())
        settings.write_text(f"{settings.read_text(encoding='utf-8')}\n[model]\n{lines}\n", encoding="utf-8")
    return folder


def travel(folder: Path, idea: str, plan: Plan, data: Path, questions: Sequence[str] = (QUESTION,)) -> Travelled:
    """Go the whole way in a workspace, with whatever model its settings name.

    Args:
        folder: A workspace (``settled``).
        idea: What the person says first.
        plan: What the person registers; its change is the approved hypothesis's where that names one.
        data: The experiment's file.
        questions: What is asked at the end; without a model nothing is.
    """
    name = plan.experiment
    with Workspace.open(folder) as workspace:
        copilot = Copilot(workspace, workspace.ledger)
        copilot.sharpen(name, idea, channel="landing-page")
        state = copilot.experiment(name)
        proposed = state.proposals[-1].record.content
        copilot.decide(name, "approve")
        if change := proposed["sharpened"].get("change"):
            plan = plan.model_copy(update={"hypothesis": plan.hypothesis.model_copy(update={"change": change})})
        with copilot.lifecycle() as moves:
            moves.move(name, uuid.uuid4().hex, Move.REGISTER, {"plan": plan.to_json()})
        copilot.decide(name, "approve")
        look = copilot.analyze(name, open_data.rows(data))
        copilot.write_readout(name, look=1)
        replies = tuple(_asked(copilot, name, question) for question in questions)
        readout = copilot.readout(name, look=1)
        answers = tuple(Answered.model_validate(e.payload) for e in workspace.ledger.entries() if e.kind == "answered")
        return Travelled(
            proposed=proposed,
            look=look,
            looks=len(copilot.experiment(name).looks),
            readout=readout,
            page=documents.to_markdown(readout),
            replies=replies,
            answers=answers,
            faults=copilot.verify().faults,
        )


def follow_up(folder: Path, name: str, idea: str, answer: tuple[str, str, str]) -> None:
    """Sharpen a further idea twice: as it was said first, and with one question answered."""
    field, question, said = answer
    with Workspace.open(folder) as workspace:
        copilot = Copilot(workspace, workspace.ledger)
        copilot.sharpen(name, idea)
        copilot.decide(name, "edit")
        copilot.sharpen(name, idea, answers=[{"field": field, "question": question, "answer": said}])
        copilot.decide(name, "approve")


def _asked(copilot: Copilot, name: str, question: str) -> Reply | str:
    """The answer; where no model is configured or it fails, what the person reads instead."""
    try:
        return copilot.ask(name, question, on_text=lambda _: None)
    except ModelFailed as failure:
        return " ".join(str(refusal) for refusal in failure.refusals)
