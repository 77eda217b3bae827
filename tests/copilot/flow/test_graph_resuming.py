"""Turns that were refused, lost, overtaken or voided: what the graph goes on with afterwards, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.flow.graph import Lifecycle
from expcopilot.flow.moves import Move
from expcopilot.memory.workspace import Workspace
from tests_plan import plan


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


@pytest.fixture
def lifecycle(copilot: Copilot) -> Iterator[Lifecycle]:
    with copilot.lifecycle() as opened:
        yield opened


def given(units: int = 20_000) -> dict:
    return {"plan": plan(units=units).to_json()}


def test_a_refused_turn_does_not_come_back(copilot: Copilot, lifecycle: Lifecycle) -> None:
    """A move that was refused is on record, over, and not taken up again with its old input at the next start."""
    unfinished = {"plan": plan().model_copy(update={"question": "?", "north_star": ""}).to_json()}
    unfinished["plan"]["design"]["committed_units"] = None
    with pytest.raises(Refused):
        lifecycle.move("checkout", "t1", Move.REGISTER, unfinished)
    assert len(copilot.experiment("checkout").refused) == 1
    assert lifecycle.resume("checkout") is None
    assert len(copilot.experiment("checkout").refused) == 1
    assert lifecycle.move("checkout", "t2", Move.REGISTER, given()) is not None


def test_a_lost_checkpoint_opens_its_gate_again(copilot: Copilot, lifecycle: Lifecycle) -> None:
    """The ledger alone brings the question back, word for word, and its answer counts."""
    asked = lifecycle.move("checkout", "t1", Move.REGISTER, given())
    assert asked is not None
    (copilot.workspace.folder / "conversations.sqlite").rename(copilot.workspace.folder / "lost.sqlite")
    for left in Path(copilot.workspace.folder).glob("conversations.sqlite-*"):
        left.unlink()
    with copilot.lifecycle() as again:
        waiting = again.resume("checkout")
        assert waiting is not None
        assert (waiting.content, waiting.digest) == (asked.content, asked.digest)
        assert again.answer(waiting, "approve") is None
    state = copilot.experiment("checkout")
    assert state.registration is not None
    assert len(state.proposals) == 1


def test_a_gate_decided_elsewhere_is_closed(copilot: Copilot, lifecycle: Lifecycle, tmp_path: Path) -> None:
    """An old checkpoint that still shows a decided gate is not believed: the ledger says what waits."""
    lifecycle.move("checkout", "t1", Move.REGISTER, given())
    other = Copilot(copilot.workspace, copilot.ledger)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(other, "workspace", _Elsewhere(copilot.workspace, tmp_path))
        with other.lifecycle() as elsewhere:
            waiting = elsewhere.resume("checkout")
            assert waiting is not None
            elsewhere.answer(waiting, "reject")
    assert lifecycle.waiting("checkout") is not None
    assert lifecycle.resume("checkout") is None
    assert lifecycle.waiting("checkout") is None


class _Elsewhere:
    """The same workspace whose checkpoints lie in another folder."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.actor, self.folder = workspace.actor, folder


def test_an_approval_that_came_too_late_is_kept_and_closes_the_gate(copilot: Copilot, lifecycle: Lifecycle) -> None:
    """What was approved can no longer be done: the answer and the refusal are on record, and nothing waits on."""
    asked = lifecycle.move("checkout", "t1", Move.REGISTER, given())
    assert asked is not None
    copilot.register(plan())
    with pytest.raises(Refused, match="was registered on"):
        lifecycle.answer(asked, "approve")
    state = copilot.experiment("checkout")
    assert pending(state) is None
    assert [d.record.action for d in state.decisions] == ["approve"]
    assert state.refused[-1].record.refusals[0].code == "plan.registered"
    assert lifecycle.resume("checkout") is None
    assert len(copilot.experiment("checkout").refused) == 1


def test_a_line_said_in_between_does_not_stop_a_turn(copilot: Copilot, lifecycle: Lifecycle) -> None:
    """Another terminal writes while a step works: the step reads anew and is done once."""
    step = lifecycle._deps.steps[Move.REGISTER]
    heard = []

    def overheard(experiment, deps, turn, given):
        drafts = step(experiment, deps, turn, given)
        if len(heard) < 2:
            heard.append(turn)
            copilot.say("checkout", f"other{len(heard)}", "person", "hello")
        return drafts

    lifecycle._deps.steps[Move.REGISTER] = overheard
    try:
        assert lifecycle.move("checkout", "t1", Move.REGISTER, given()) is not None
    finally:
        lifecycle._deps.steps[Move.REGISTER] = step
    state = copilot.experiment("checkout")
    assert len(heard) == 2
    assert len(state.proposals) == 1
    assert state.refused == ()
