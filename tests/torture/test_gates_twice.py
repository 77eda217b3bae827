"""A gate answered by two processes at the same moment counts once; an approval of a text that changed since is void."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.flow.moves import Move
from expcopilot.memory.workspace import Workspace
from tests_plan import plan

DECIDER = Path(__file__).with_name("decider.py")
UNITS, CHANGED = 20_000, 30_000


class Decider:
    """A person at another terminal."""

    def __init__(self, folder: Path) -> None:
        roots = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, DECIDER, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": roots},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, "it ended"
        return line


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.torture)])
def test_two_people_answer_at_once(tmp_path, rounds):
    """Whatever two processes answer at one moment, one answer counts, and what follows is what it said."""
    folder, chance = tmp_path / "lab", random.Random(5)  # noqa: S311 - who answers what
    winners = set()
    with Workspace.create(folder, person="Ada") as workspace, Decider(folder) as ada, Decider(folder) as bob:
        copilot = Copilot(workspace, workspace.ledger)
        assert (ada.hear(), bob.hear()) == ("here", "here")
        for number in range(rounds):
            name = f"e{number}"
            with copilot.lifecycle(model=None) as moves:
                asked = moves.move(name, f"asked-{name}", Move.REGISTER, {"plan": plan(name, units=UNITS).to_json()})
            assert asked is not None
            for person in (ada, bob):
                person.tell(f"see {name}")
            assert {ada.hear(), bob.hear()} == {f"seen {asked.digest}"}
            said = ["approve", chance.choice(["approve", "reject", f"edit {CHANGED}"])]
            people = [ada, bob] if chance.random() < 0.5 else [bob, ada]
            for person, answer in zip(people, said, strict=True):
                person.tell(answer)
            came = [person.hear() for person in people]
            winners.add(check(copilot, name, said, came, asked.digest))
        report = copilot.verify()
        assert report.sound, report.faults
    if rounds > 8:
        assert winners == {"approve", "reject", "edit"}


def check(copilot: Copilot, name: str, said: list[str], came: list[str], asked: str) -> str:
    """One answer to the text that was asked about, and only what follows from it; returns that answer."""
    state = copilot.experiment(name)
    (decided,) = [d.record for d in state.decisions if d.record.digest == asked]
    assert len(state.decisions) == 1
    registered = [e for e in copilot.ledger.entries(name) if e.kind == "registered"]
    assert len(registered) == (decided.action == "approve"), (said, came)
    if registered:
        assert state.plan is not None
        assert state.plan.design.committed_units == UNITS
        assert pending(state) is None
    if decided.action == "edit":
        waits = pending(state)
        assert waits is not None, (said, came)
        assert waits.record.content["design"]["committed_units"] == CHANGED
    assert "done" in came
    for outcome in came:
        assert outcome == "done" or outcome.split(".")[0] in {"gate", "move"}, (said, came)
    return decided.action


def test_an_approval_of_a_text_that_changed_since_is_void(tmp_path):
    """Seen in one process, changed in another: the old approval registers neither text, the new one its own."""
    folder = tmp_path / "lab"
    with Workspace.create(folder, person="Ada") as workspace, Decider(folder) as other:
        copilot = Copilot(workspace, workspace.ledger)
        assert other.hear() == "here"
        with copilot.lifecycle(model=None) as moves:
            old = moves.move("checkout", "t1", Move.REGISTER, {"plan": plan(units=UNITS).to_json()})
            other.tell("see checkout")
            assert other.hear() == f"seen {old.digest}"
            moves.answer(old, "edit")
            new = moves.move("checkout", "t2", Move.REGISTER, {"plan": plan(units=CHANGED).to_json()})
            other.tell("approve")
            assert other.hear() == "gate.changed"
            state = copilot.experiment("checkout")
            assert state.registration is None
            assert [d.record.action for d in state.decisions] == ["edit"]
            other.tell("see checkout")
            assert other.hear() == f"seen {new.digest}"
            other.tell("approve")
            assert other.hear() == "done"
        assert copilot.experiment("checkout").plan.design.committed_units == CHANGED
        assert copilot.verify().sound
