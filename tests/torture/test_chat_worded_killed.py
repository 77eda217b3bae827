"""A conversation with a language model killed at any moment: same question again, no step twice, nothing sent again."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from chatting import Chat
from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.memory import plan_files
from expcopilot.memory.workspace import Workspace
from expcopilot.records.experiment import Experiment
from loopback.journey import QUESTION, UNITS, script
from loopback.replies import Said
from loopback.server import Loopback
from speaking import IDEA, canaries
from tests_plan import plan


class Worded:
    """Experiments taken one after another from idea to close, in conversations that die."""

    def __init__(self, folder: Path, server: Loopback, seed: int) -> None:
        self.folder, self.server = folder, server
        self.chance = random.Random(seed)  # noqa: S311 - when to kill, what to answer
        self.typed = Counter[str]()
        self.lost: list[str] = []
        self.number, self.last = 0, ""
        Workspace.create(folder, person="Ada").close()
        settings = folder / "expcopilot.toml"
        settings.write_text(
            settings.read_text() + f'\n[model]\nname = "claude-test"\nbase_url = {json.dumps(server.url)}\n'
        )
        canaries(folder, n=UNITS)
        self.write()

    @property
    def name(self) -> str:
        return f"e{self.number}"

    def write(self) -> None:
        plan_files.save(plan(self.name, units=UNITS), self.folder / "plans" / f"{self.name}.yaml")

    def state(self) -> Experiment:
        with Workspace.open(self.folder) as workspace:
            return Experiment.fold(self.name, workspace.ledger.entries(self.name))

    def line(self) -> str:
        """What a person types next."""
        self.last = self.next()
        return self.last

    def next(self) -> str:
        """What comes next, by where things stand; counted as it is typed."""
        state = self.state()
        if state.closing is not None:
            self.number += 1
            self.write()
            state = self.state()
        if pending(state) is not None:
            self.typed[f"answer {self.name}"] += 1
            return "n" if self.chance.random() < 0.15 else "y"
        self.typed[f"move {self.name}"] += 1
        if state.registration is None:
            if approved_hypothesis(state) is None:
                return f"/sharpen --name {self.name} {IDEA} Try {self.number}."
            return f"/register plans/{self.name}.yaml"
        if not state.looks:
            return "/analyze results.csv"
        written = state.written_for(1)
        if written is None or written.without:
            return "/readout --out board"
        return "/close" if answered(state) else QUESTION

    def start(self) -> Chat:
        """Come back: the gate that waited stands on the screen, word for word."""
        before = pending(self.state())
        chat = Chat(self.folder, self.name) if self.begun() else Chat(self.folder)
        shown = chat.ready()
        after = pending(self.state())
        if before is not None and after is not None:
            assert after.position == before.position
        elif before is not None:  # the answer had reached the gate when the conversation died: it counts
            decided = self.state().decisions[-1].record
            assert decided.digest == before.record.digest
            assert decided.action == {"y": "approve", "n": "reject"}[self.last]
        if after is not None:
            assert "your decision" in shown
            assert after.record.question in shown
        return chat

    def begun(self) -> bool:
        return self.state().position > 0

    def say(self, chat: Chat) -> None:
        """Type the next line, and skip the questions that come before a gate."""
        shown = chat.say(self.line())
        while "Still open" in shown and "your decision" not in shown:
            shown += chat.say("")

    def killed(self) -> None:
        """After a kill: at most the request in flight was answered and not kept."""
        time.sleep(0.3)  # what the server is still saying to nobody
        with Workspace.open(self.folder) as workspace:
            kept = sum(entry.kind == "answered" for entry in workspace.ledger.entries())
        unkept = len(self.server.usable) - kept - len(self.lost)
        assert unkept in {0, 1}
        self.lost += self.server.usable[-1:] * unkept

    def check(self) -> None:
        """The ledger is sound, each step stands once, and only what was lost in flight was sent again."""
        with Workspace.open(self.folder) as workspace:
            assert workspace.ledger.verify().sound
            entries = tuple(workspace.ledger.entries())
        digests = [entry.payload["request"] for entry in entries if entry.kind == "answered"]
        assert len(set(digests)) == len(digests)
        again = Counter(self.server.usable)
        assert all(again[body] <= 1 + self.lost.count(body) for body in again)
        assert set(self.server.asked_again()) <= set(self.lost)
        done = Counter((entry.kind, entry.experiment) for entry in entries)
        for number in range(self.number + 1):
            name = f"e{number}"
            assert done["registered", name] <= 1
            assert done["closed", name] <= 1
            assert done["refused", name] == 0
            assert done["looked", name] <= 2  # the planned one, and the cut asked for
            assert done["proposed", name] <= self.typed[f"move {name}"]
            assert done["decided", name] <= min(self.typed[f"answer {name}"], done["proposed", name])


def answered(state: Experiment) -> bool:
    return any(turn.record.speaker == "guide" for turn in state.turns)


@pytest.mark.parametrize("kills", [1, pytest.param(100, marks=pytest.mark.torture)])
def test_killed_while_a_model_speaks(tmp_path, monkeypatch, kills):
    """Killed at a gate, in a request, between look and prose, within an answer: it goes on where it was."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    says = script()

    def slowly(body: dict) -> Said:
        time.sleep(0.15)  # so that kills find requests in flight
        return says(body)

    with Loopback(slowly) as server:
        journey = Worded(tmp_path / "lab", server, seed=23)
        for kill in range(kills):
            with journey.start() as chat:
                for _ in range(journey.chance.randrange(3) if kill else 0):
                    journey.say(chat)
                chat.keys(f"{journey.line()}\r")
                if kill == 0:  # at the first question before the gate, its hypothesis drafted
                    assert "Still open" in chat.ready()
                    assert pending(journey.state()) is not None
                else:
                    time.sleep(journey.chance.choice((0.1, 0.5, 3.0)) * journey.chance.random())
            journey.killed()
            journey.check()
        with journey.start() as chat:
            goal = journey.number
            while journey.number == goal and journey.state().closing is None:
                journey.say(chat)
            assert chat.leave() == 0
        journey.check()
        state = journey.state()
        assert answered(state)
        written = state.written_for(1)
        assert written is not None
        assert [prose.role for prose in written.prose] == ["skeptic", "narrator"]
        if kills > 1:
            assert journey.number > 2
            assert journey.lost
    with Workspace.open(journey.folder) as workspace:
        report = Copilot(workspace, workspace.ledger).verify()
    assert report.sound, report.faults
