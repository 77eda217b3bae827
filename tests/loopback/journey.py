"""One experiment from a brief to an answered question, taken up wherever its ledger says it stopped.

An idea is sharpened and approved, the plan registered at its gate, the data read, the readout written with the prose of
skeptic and narrator, and a free question answered with one cut of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copilot_tools.refusals import Refusal
from expcopilot.api import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.gates import pending
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.flow.worded import Chosen
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.memory.workspace import Workspace
from expcopilot.records.experiment import Experiment
from loopback.replies import Script
from speaking import IDEA, cutting, on_the_wire
from tests_plan import plan

__all__ = ["NAME", "QUESTION", "UNITS", "Journey", "Stop", "script"]

NAME = "checkout"
QUESTION = "Did the short form win on mobile?"
UNITS = 2_000


def script() -> Script:
    """What the server says: an honest model that cuts by device to answer the question."""
    effect = "Among {segment.device_mobile}, the estimate for {arm.b} is {cut.device_mobile.b.effect}."
    return on_the_wire(
        cutting("device", then=lambda _: [effect, "The verdict for the whole test is {verdict.phrase}."])
    )


@dataclass(frozen=True)
class Stop:
    """Where a model's failure stopped the journey.

    Attributes:
        step: What was being done.
        said: What the person reads: code, reason and cure.
    """

    step: str
    said: Refusal


class Journey:
    """The journey in one folder; every ``go`` opens it anew, as another process would.

    Args:
        folder: A workspace; made where there is none.
        data: The experiment's file.
    """

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder, data
        if not folder.exists():
            Workspace.create(folder, person="Ada").close()

    def go(self, model: Chosen, *, streamed: bool = False) -> Stop | None:
        """Go on from where the ledger stands; None at the journey's end."""
        with Workspace.open(self.folder) as workspace:
            copilot = Copilot(workspace, workspace.ledger)
            step = "sharpen"
            try:
                self._sharpen(copilot, model)
                self._register(copilot)
                if not _state(copilot).looks:
                    copilot.analyze(NAME, open_data.rows(self.data))
                step = "readout"
                if failure := self._readout(copilot, model):
                    return failure
                step = "question"
                if not any(turn.record.speaker == "guide" for turn in _state(copilot).turns):
                    copilot.ask(NAME, QUESTION, model=model, on_text=(lambda _: None) if streamed else None)
            except ModelFailed as failure:
                return Stop(step, failure.refusals[0])
        return None

    def told(self) -> dict[str, Any]:
        """What a reader has in hand: the same whatever happened on the way."""
        with Workspace.open(self.folder) as workspace:
            copilot = Copilot(workspace, workspace.ledger)
            state = _state(copilot)
            readout = copilot.readout(NAME, look=1)
            return {
                "plan": readout.plan.digest if readout.plan else "",
                "looks": [look.record.to_json() for look in state.looks],
                "prose": [[s.text for s in prose.sentences] for prose in readout.prose],
                "blocked": [len(prose.blocked) for prose in readout.prose],
                "without": readout.without,
                "answer": [turn.record.text for turn in state.turns if turn.record.speaker == "guide"],
            }

    def kinds(self) -> list[str]:
        """The kinds of the ledger's entries, in order."""
        with Workspace.open(self.folder) as workspace:
            return [entry.kind for entry in workspace.ledger.entries()]

    def _sharpen(self, copilot: Copilot, model: Chosen) -> None:
        if approved_hypothesis(_state(copilot)) is None:
            if pending(_state(copilot)) is None:
                copilot.sharpen(NAME, IDEA, channel="landing-page", model=model)
            copilot.decide(NAME, "approve")

    def _register(self, copilot: Copilot) -> None:
        state = _state(copilot)
        if state.registration is None:
            stands = approved_hypothesis(state)
            assert stands is not None
            assert stands.change is not None
            made = plan(units=UNITS)
            made = made.model_copy(update={"hypothesis": made.hypothesis.model_copy(update={"change": stands.change})})
            with copilot.lifecycle(model=None) as moves:
                moves.move(NAME, "register", Move.REGISTER, {"plan": made.to_json()})
            copilot.decide(NAME, "approve")

    def _readout(self, copilot: Copilot, model: Chosen) -> Stop | None:
        written = _state(copilot).written_for(1)
        if written is not None and not written.without:
            return None
        copilot.write_readout(NAME, look=1, model=model)
        if not copilot.readout(NAME, look=1).without:
            return None
        return Stop("readout", _state(copilot).refused[-1].record.refusals[0])


def _state(copilot: Copilot) -> Experiment:
    return Experiment.fold(NAME, copilot.ledger.entries(NAME))
