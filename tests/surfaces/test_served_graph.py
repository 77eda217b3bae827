"""The graph as others see it: langgraph.json names one that runs to its first gate, and its picture is current."""

from __future__ import annotations

import importlib.util
import json
import runpy
from pathlib import Path
from types import ModuleType

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.memory.workspace import Workspace

IDEA = {"idea": "A shorter form should bring more orders"}


def loaded(file: Path) -> ModuleType:
    """A module by its path, as a LangGraph server loads it."""
    spec = importlib.util.spec_from_file_location("served_by_path", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def graph(repository: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> CompiledStateGraph:
    """What the file's factory makes, with the checkpoints a server would bring."""
    monkeypatch.setenv("EXPCOPILOT_WORKSPACE", str(workspace.folder))
    named = json.loads((repository / "langgraph.json").read_text(encoding="utf-8"))
    assert named["dependencies"] == ["."]
    path, _, variable = named["graphs"]["lifecycle"].partition(":")
    made = getattr(loaded(repository / path), variable)()
    assert isinstance(made, CompiledStateGraph)
    assert made.checkpointer is None
    return made.copy(update={"checkpointer": InMemorySaver()})


def test_the_published_graph_stops_at_its_first_gate_and_goes_on_by_id(
    graph: CompiledStateGraph, workspace: Workspace
) -> None:
    """A run stops at the hypothesis; resumed by the interrupt's id it records the person's answer."""
    thread = {"configurable": {"thread_id": "checkout"}}
    turn = {"experiment": "checkout", "turn": "t1", "move": "sharpen", "input": IDEA}
    (stop,) = graph.invoke(turn, thread)["__interrupt__"]
    assert stop.value["gate"] == "hypothesis"
    answer = {"digest": stop.value["digest"], "action": "approve"}
    assert "__interrupt__" not in graph.invoke(Command(resume={stop.id: answer}), thread)
    state = Copilot(workspace, workspace.ledger).experiment("checkout")
    assert [(d.record.gate, d.record.action) for d in state.decisions] == [("hypothesis", "approve")]


@pytest.mark.parametrize(("move", "says"), [("analyze", "You cannot read its data now"), ("ask", "has no step for it")])
def test_what_is_not_legal_is_refused_by_the_graph_itself(graph: CompiledStateGraph, move: str, says: str) -> None:
    """Nothing stands before a deployed graph, so it refuses an illegal move and one it has no step for."""
    turn = {"experiment": "checkout", "turn": "t1", "move": move, "input": {}}
    with pytest.raises(Refused, match=says):
        graph.invoke(turn, {"configurable": {"thread_id": "checkout"}})


def test_an_approval_of_another_text_is_void(graph: CompiledStateGraph, workspace: Workspace) -> None:
    """A digest that is not the one shown decides nothing."""
    thread = {"configurable": {"thread_id": "checkout"}}
    turn = {"experiment": "checkout", "turn": "t1", "move": "sharpen", "input": IDEA}
    (stop,) = graph.invoke(turn, thread)["__interrupt__"]
    with pytest.raises(Refused, match="no longer the text you saw"):
        graph.invoke(Command(resume={stop.id: {"digest": "0" * 64, "action": "approve"}}), thread)
    assert Copilot(workspace, workspace.ledger).experiment("checkout").decisions == ()


def test_the_picture_is_current(repository: Path) -> None:
    """docs/graph.md shows the graph as it compiles; `make docs` writes it."""
    made = runpy.run_path(str(repository / "scripts" / "make_docs.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["written"]()
