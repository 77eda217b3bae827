"""From a brief to a readout and an answered question at the command line, with a Messages API behind the settings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from expcopilot.api import Copilot
from expcopilot.flow.facts import facts_of
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.memory import plan_files
from expcopilot.memory.workspace import Workspace
from expcopilot.surfaces.cli.main import cli
from loopback.journey import NAME, QUESTION, UNITS, script
from loopback.server import Loopback
from speaking import CANARY, IDEA, canaries, cutting, on_the_wire
from tests_plan import plan

Command = Callable[..., Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return canaries(tmp_path, n=UNITS, regions=True)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in a workspace, and what it answers as JSON."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    Workspace.create(tmp_path / "w", person="Ada").close()

    def run(*words: str) -> Any:
        result = CliRunner().invoke(cli, ["-C", str(tmp_path / "w"), *words, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def name_the_server(folder: Path, url: str) -> None:
    settings = folder / "expcopilot.toml"
    settings.write_text(settings.read_text() + f'\n[model]\nname = "claude-test"\nbase_url = "{url}"\n')


def frozen(folder: Path) -> None:
    """The plan's file, with the change a person approved."""
    with Workspace.open(folder) as workspace:
        stands = approved_hypothesis(Copilot(workspace, workspace.ledger).experiment(NAME))
    assert stands is not None
    assert stands.change is not None
    made = plan(units=UNITS)
    made = made.model_copy(update={"hypothesis": made.hypothesis.model_copy(update={"change": stands.change})})
    plan_files.save(made, folder / "plans" / f"{NAME}.yaml")


def roles(server: Loopback) -> list[str]:
    """Who was asked, in order."""
    titles = [re.search(r"Your role: the ([a-z ]+)", json.dumps(request["system"])) for request in server.requests]
    return [title[1].split()[-1] if title else "" for title in titles]


def test_the_whole_journey(command: Command, data: Path, tmp_path: Path) -> None:
    """Brief, gate, plan, data, skeptic, narrator, question: worded by a model, with the verdict it has without one."""
    folder = tmp_path / "w"
    with Loopback(script()) as server:
        name_the_server(folder, server.url)
        drafted = command("sharpen", NAME, IDEA, "--channel", "landing-page")
        assert drafted["sharpened"]["metric"] == "orders"
        assert drafted["questions"]
        command("sharpen", NAME, "--approve")
        frozen(folder)
        command("register", str(folder / "plans" / f"{NAME}.yaml"))
        command("analyze", NAME, str(data))
        command("readout", NAME)
        answered = command("ask", NAME, *QUESTION.split())
        assert "the estimate for b is" in json.dumps(answered)
        assert roles(server) == ["sharpener", "skeptic", "narrator", "guide", "guide"]
        assert [request.get("stream", False) for request in server.requests][:3] == [False] * 3
        assert server.asked_again() == []
        command("readout", NAME, "--look", "1")
        assert len(server.requests) == 5
        command("verify")
    with Workspace.open(folder) as workspace:
        copilot = Copilot(workspace, workspace.ledger)
        worded = copilot.readout(NAME, look=1)
        state = copilot.experiment(NAME)
        assert [prose.role for prose in worded.prose] == ["skeptic", "narrator"]
        assert not any(prose.blocked for prose in worded.prose)
        assert [look.record.cuts for look in state.looks] == [(), ("device",)]
        assert all(answer.record.usage.output_tokens for answer in state.answers)
    with Workspace.create(tmp_path / "bare", person="Ada"):
        pass
    bare = ["-C", str(tmp_path / "bare")]
    assert CliRunner().invoke(cli, [*bare, "register", str(folder / "plans" / f"{NAME}.yaml")]).exit_code == 0
    assert CliRunner().invoke(cli, [*bare, "analyze", NAME, str(data), "--no-model"]).exit_code == 0
    with Workspace.open(tmp_path / "bare") as workspace:
        assert Copilot(workspace, workspace.ledger).readout(NAME).look == worded.look


def test_no_cell_and_no_small_group_leaves(command: Command, data: Path, tmp_path: Path) -> None:
    """No undeclared cell is in any request of the journey, and of 19 and 20 units an arm only the 20 are told."""
    folder = tmp_path / "w"
    said = ["Among {segment.region_island}, the estimate for {arm.b} is {cut.region_island.b.effect}."]
    guide = cutting("region", "note", "spend", "device", then=lambda _: said)
    with Loopback(on_the_wire(guide)) as server:
        name_the_server(folder, server.url)
        command("sharpen", NAME, IDEA)
        command("sharpen", NAME, "--approve")
        frozen(folder)
        command("register", str(folder / "plans" / f"{NAME}.yaml"))
        command("analyze", NAME, str(data))
        answered = command("ask", NAME, "And", "on", "the", "island,", "the", "region?")
        command("readout", NAME)
        received = server.received()
    assert "region = island" in json.dumps(answered)

    assert "region = island" in received
    assert CANARY not in received
    frame = pd.read_csv(data, dtype=str)
    cells = {cell for column in ("user", "spend", "note") for cell in frame[column]}
    assert not cells & set(re.findall(r"[\w.-]+", received))

    with Workspace.open(folder) as workspace:
        looks = [stamped.record for stamped in Copilot(workspace, workspace.ledger).experiment(NAME).looks]
    found = list(facts_of(looks[-1]).values())
    small = {fact.text for fact in found if fact.units is not None and fact.units < 20}
    told = {fact.text for fact in found if fact.units is None or fact.units >= 20}
    assert {fact.units for fact in found if "region" in fact.id} >= {19, 20}
    assert small - told
    assert not [text for text in small - told if json.dumps(text, ensure_ascii=False)[1:-1] in received]


def test_the_canary_would_be_heard(command: Command, tmp_path: Path) -> None:
    """A person who types a cell's value into their own question does send it: the search above can find something."""
    with Loopback(on_the_wire()) as server:
        name_the_server(tmp_path / "w", server.url)
        command("sharpen", NAME, f"{IDEA} {CANARY}-user-7 said so.")
        assert f"{CANARY}-user-7" in server.received()
