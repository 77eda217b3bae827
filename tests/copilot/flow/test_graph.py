"""The graph: moves, gates by id, resuming. Real ledger, real checkpoints, real langgraph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_tools.refusals import Refused
from expcopilot.flow.gates import propose
from expcopilot.flow.graph import Deps, Lifecycle, open_lifecycle
from expcopilot.flow.moves import Move, legal_moves
from expcopilot.flow.steps import register as registering
from expcopilot.memory.workspace import Workspace
from expcopilot.records.entry import Draft
from expcopilot.records.experiment import Experiment
from expcopilot.records.gate import Proposal
from expcopilot.records.plan import Plan
from tests_plan import plan, today


def ask_to_register(experiment: Experiment, deps: Deps, turn: str, given: dict[str, Any]) -> tuple[Draft, ...]:
    proposal = Proposal(gate="plan", question="Freeze this plan?", content=given, author="person")
    return (propose(experiment, proposal, actor=deps.actor, turn=turn),)


def freeze(experiment: Experiment, deps: Deps, proposal: Proposal) -> tuple[Draft, ...]:
    return (registering.register(experiment, Plan.model_validate(proposal.content), actor=deps.actor, today=today()),)


@pytest.fixture
def deps(workspace: Workspace) -> Deps:
    return Deps(workspace.ledger, workspace.actor, {Move.REGISTER: ask_to_register}, freeze, today)


@pytest.fixture
def lifecycle(tmp_path: Path, deps: Deps) -> Iterator[Lifecycle]:
    with open_lifecycle(tmp_path / "checkpoints.sqlite", deps) as made:
        yield made


def folded(deps: Deps) -> Experiment:
    return Experiment.fold("checkout", deps.ledger.entries("checkout"))


def test_a_gate_stops_shows_exactly_what_is_asked_and_approval_has_its_consequence(
    lifecycle: Lifecycle, deps: Deps
) -> None:
    """Register -> the plan waits -> a person approves -> it is registered, by them."""
    waiting = lifecycle.move("checkout", "t1", Move.REGISTER, plan().to_json())
    assert waiting is not None
    assert Plan.model_validate(waiting.content) == plan()
    assert legal_moves(folded(deps)) == (Move.DECIDE, Move.ASK)
    assert lifecycle.answer(waiting, "approve") is None
    after = folded(deps)
    assert after.registration is not None
    assert after.decisions[0].actor == deps.actor


def test_a_second_click_answers_nothing(lifecycle: Lifecycle, deps: Deps) -> None:
    """An interrupt answered already cannot be answered again, nor can it answer the next gate."""
    waiting = lifecycle.move("checkout", "t1", Move.REGISTER, plan().to_json())
    assert waiting is not None
    lifecycle.answer(waiting, "reject", reason="too small")
    with pytest.raises(Refused, match="answered already"):
        lifecycle.answer(waiting, "approve")
    other = lifecycle.move("checkout", "t2", Move.REGISTER, plan(units=30_000).to_json())
    assert other is not None
    with pytest.raises(Refused, match="no longer the text you saw"):
        lifecycle.answer(waiting, "approve")
    assert folded(deps).registration is None
    assert len(folded(deps).decisions) == 1


def test_an_illegal_move_is_refused_with_the_legal_ones(lifecycle: Lifecycle) -> None:
    """Nothing is analysed before it is registered; where it stands and what to type instead is said in plain words."""
    with pytest.raises(Refused, match="checkout has no registered plan yet") as refused:
        lifecycle.move("checkout", "t1", Move.ANALYZE)
    assert "write its plan (`expcopilot new --name checkout`)" in refused.value.refusals[0].cure
    assert "'analyze'" not in str(refused.value)


def test_a_new_process_finds_the_gate_where_it_was(tmp_path: Path, deps: Deps) -> None:
    """The question survives the process; losing the checkpoint loses no experiment."""
    checkpoints = tmp_path / "checkpoints.sqlite"
    with open_lifecycle(checkpoints, deps) as first:
        waiting = first.move("checkout", "t1", Move.REGISTER, plan().to_json())
    with open_lifecycle(checkpoints, deps) as second:
        assert second.resume("checkout") == waiting
    checkpoints.unlink()
    with open_lifecycle(checkpoints, deps) as third:
        assert third.waiting("checkout") is None
    assert len(folded(deps).proposals) == 1


def test_a_turn_run_again_appends_nothing_twice(tmp_path: Path, deps: Deps) -> None:
    """A kill between the ledger's append and the checkpoint repeats the node, not the work."""
    for number in (1, 2):
        with open_lifecycle(tmp_path / f"checkpoints{number}.sqlite", deps) as lifecycle:
            if number == 1:
                lifecycle.move("checkout", "t1", Move.REGISTER, plan().to_json())
            else:
                lifecycle._run({"experiment": "checkout", "turn": "t1", "move": "register"}, "checkout")
                assert lifecycle.waiting("checkout") is not None
    assert len(folded(deps).proposals) == 1
