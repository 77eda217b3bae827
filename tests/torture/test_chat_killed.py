"""A conversation killed at any moment stands again at the same question, with nothing lost and nothing done twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from chatting import Chat, plan_text
from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.memory.workspace import Workspace
from expcopilot.records.experiment import Experiment

REASON = "the budget ended"


class Journey:
    """Experiments taken one after another from plan to early end, however often the conversation dies under them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)  # noqa: S311 - when to kill, what to answer
        self.typed = Counter[str]()
        self.number = 0
        Workspace.create(folder, person="Ada").close()
        self.write(20_000)

    @property
    def name(self) -> str:
        return f"e{self.number}"

    def write(self, units: int) -> None:
        (self.folder / "plans" / f"{self.name}.yaml").write_text(plan_text(self.name, units), encoding="utf-8")

    def state(self) -> Experiment:
        with Copilot.open(self.folder).workspace as workspace:
            return Experiment.fold(self.name, workspace.ledger.entries(self.name))

    def line(self) -> str:
        """What a person types next, by where things stand; counted as it is typed."""
        state = self.state()
        if state.closing is not None:
            self.number += 1
            self.write(20_000)
            state = self.state()
        if pending(state) is not None:
            self.typed[f"answer {self.name}"] += 1
            return "n" if self.chance.random() < 0.2 else "y"
        self.typed[f"move {self.name}"] += 1
        if state.registration is None:
            return f"/register plans/{self.name}.yaml"
        if not state.amendments:
            self.write(30_000)
            return f"/amend plans/{self.name}.yaml less traffic than hoped"
        return f"/close --early {REASON}"

    def check(self) -> None:
        """The ledger is sound, and holds each step at most as often as it was asked for."""
        with Copilot.open(self.folder).workspace as workspace:
            report = Copilot(workspace, workspace.ledger).verify()
            assert report.sound, report.faults
            done = Counter((e.kind, e.experiment) for e in workspace.ledger.entries())
        for number in range(self.number + 1):
            name = f"e{number}"
            assert done["registered", name] <= 1
            assert done["amended", name] <= 1
            assert done["closed", name] <= 1
            assert done["refused", name] == 0
            assert done["proposed", name] <= self.typed[f"move {name}"]
            assert done["decided", name] <= min(self.typed[f"answer {name}"], done["proposed", name])

    def start(self) -> Chat:
        """Come back: the same question stands on the screen, or none where none waits."""
        before = pending(self.state())
        chat = Chat(self.folder)
        shown = chat.ready()
        after = pending(self.state())
        if before is not None and after is not None:
            assert after.position == before.position
        if after is None:
            assert "your decision" not in shown
        else:
            assert after.record.question in shown
            plan = after.record.content.get("plan", after.record.content)
            assert f"experiment: {self.name}" in shown if "analysis" in plan else REASON in shown
        return chat


def acknowledged(journey: Journey, shown: str) -> None:
    """What was said to be done is done."""
    state = journey.state()
    for words, done in (
        (f"Registered: {journey.name}", state.registration),
        ("Amended (", state.amendments),
        (f"Closed early: {journey.name}", state.closing),
    ):
        if words in shown:
            assert done


@pytest.mark.parametrize("kills", [1, pytest.param(100, marks=pytest.mark.torture)])
def test_killed_in_conversation(tmp_path, kills):
    """Killed while starting, at the question, or within the answer: resumed there, every step once, ledger sound."""
    journey = Journey(tmp_path / "lab", seed=17)
    for kill in range(kills):
        if kill > 2 and journey.chance.random() < 0.15:
            with Chat(journey.folder):  # dies while it starts and takes up what was left
                time.sleep(journey.chance.uniform(0.3, 6))
        else:
            with journey.start() as chat:
                for _ in range(journey.chance.randrange(3) if kill > 2 else 0):
                    acknowledged(journey, chat.say(journey.line()))
                if kill == 1:
                    assert pending(journey.state()) is not None  # what the first kill left, this start took up
                chat.keys(f"{journey.line()}\r")
                if kill == 0:
                    assert "your decision" in chat.ready()
                else:
                    time.sleep(journey.chance.choice((0.02, 0.1, 0.3)) * journey.chance.random())
        journey.check()
    with journey.start() as chat:
        goal = journey.number
        while journey.state().closing is None and journey.number == goal:
            acknowledged(journey, chat.say(journey.line()))
        assert chat.leave() == 0
    journey.check()
