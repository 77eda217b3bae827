"""``sharpen``, ``ask`` and ``--no-model`` on the command line, against a model on the loopback interface."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from expcopilot.api import Copilot
from expcopilot.memory.workspace import Workspace
from expcopilot.surfaces.chat.guided import guided
from expcopilot.surfaces.cli.main import cli
from loopback.server import Loopback
from speaking import IDEA, canaries, on_the_wire, registered


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with Loopback(on_the_wire()) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Workspace.create(tmp_path / "w", person="Ada") as made:
        return made.folder


def with_model(folder: Path, url: str) -> None:
    settings = folder / "expcopilot.toml"
    settings.write_text(settings.read_text() + f'\n[model]\nname = "claude-test"\nbase_url = "{url}"\n')


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-C", str(folder), *words])


def test_an_idea_is_sharpened_answered_and_approved_without_a_model(folder: Path) -> None:
    """Each answer fills its hole and the rest is asked again; approval is of exactly what was shown."""
    first = run(folder, "sharpen", "checkout", IDEA)
    assert first.exit_code == 0, first.output
    assert "Which one number decides" in first.output
    second = run(folder, "sharpen", "checkout", "--answer", "metric=orders", "--json")
    content = json.loads(second.output)
    assert content["sharpened"]["metric"] == "orders"
    assert content["idea"] == IDEA
    third = json.loads(run(folder, "sharpen", "checkout", "--answer", "size=5%", "--json").output)
    assert (third["sharpened"]["metric"], third["sharpened"]["size"]) == ("orders", "5%")
    assert "is approved" in run(folder, "sharpen", "checkout", "--approve").output
    again = run(folder, "sharpen", "checkout", "--approve", "--json")
    assert again.exit_code != 0


def test_a_mistyped_answer_is_a_wrong_call(folder: Path) -> None:
    """An unknown field is named with the known ones."""
    result = run(folder, "sharpen", "checkout", IDEA, "--answer", "metrics=orders")
    assert result.exit_code == 2
    assert "FIELD one of change" in result.output


def test_analyze_and_readout_are_worded_unless_told_not_to(folder: Path, server: Loopback, tmp_path: Path) -> None:
    """--no-model sends nothing; without it the prose stands on the first screen."""
    with_model(folder, server.url)
    copilot = Copilot.open(folder)
    registered(copilot)
    copilot.workspace.close()
    data = canaries(tmp_path)
    bare = run(folder, "analyze", "checkout", str(data), "--no-model")
    assert bare.exit_code == 0, bare.output
    assert server.requests == []
    out = str(tmp_path / "out")
    assert run(folder, "readout", "checkout", "--out", out, "--no-model").exit_code == 0
    shown = run(folder, "readout", "checkout").output
    assert "No prose has been written for this look yet" in shown
    assert "expcopilot readout checkout --out FOLDER" in shown
    assert "No prose" not in run(folder, "readout", "checkout", "--no-model").output
    assert "No prose" not in run(folder, "readout", "checkout", "--brief").output
    assert server.requests == []
    assert server.requests == []
    worded = run(folder, "readout", "checkout", "--out", out)
    assert worded.exit_code == 0, worded.output
    assert len(server.requests) == 2
    assert "the estimate for b is" in " ".join(run(folder, "readout", "checkout").output.split())
    assert "No prose" not in run(folder, "readout", "checkout").output
    asked = run(folder, "ask", "checkout", "did", "b", "win?")
    assert "The verdict is" in asked.output
    assert "sound" in run(folder, "verify").output.lower()


def test_a_question_without_a_model_is_refused_with_the_cure(folder: Path) -> None:
    """It says where a model is named."""
    copilot = Copilot.open(folder)
    registered(copilot)
    result = run(folder, "ask", "checkout", "so?")
    assert result.exit_code != 0
    shown: list[str] = []
    assert guided(copilot, "checkout", "so?", shown.append).speaker == "code"
    assert "no language model is set up" in shown[0]
    copilot.workspace.close()


def test_the_chat_is_answered_by_the_guide(folder: Path, server: Loopback, tmp_path: Path) -> None:
    """Free text goes to the guide, and the line the chat recorded is not recorded again."""
    with_model(folder, server.url)
    copilot = Copilot.open(folder)
    registered(copilot)
    run(folder, "analyze", "checkout", str(canaries(tmp_path)), "--no-model")
    copilot.say("checkout", "turn1", "person", "so?")
    shown: list[str] = []
    spoken = guided(copilot, "checkout", "so?", shown.append)
    assert (spoken.speaker, "".join(shown)) == ("guide", spoken.text)
    assert [t.record.speaker for t in copilot.experiment("checkout").turns] == ["person"]
    copilot.workspace.close()


def test_a_plan_begins_with_the_approved_hypothesis(folder: Path) -> None:
    """`sharpen` to approval, then `new --name`: the plan file holds what was approved, under the same name."""
    said = {"change": "One page", "audience": "Everybody who buys", "because": "A third leave", "metric": "orders"}
    said |= {"direction": "rise", "size": "5%"}
    answers = [word for field, text in said.items() for word in ("--answer", f"{field}={text}")]
    assert run(folder, "sharpen", "checkout", IDEA, *answers).exit_code == 0
    waits = run(folder, "new", "--name", "checkout")
    assert waits.exit_code == 2
    assert "You cannot write its plan now" in " ".join(waits.output.split())
    assert run(folder, "sharpen", "checkout", "--approve").exit_code == 0
    made = run(folder, "new", "--name", "checkout", "--baseline", "4%", "--traffic", "20000", "--json")
    assert made.exit_code == 0, made.output
    plan = json.loads(made.output)["plan"]
    assert plan["experiment"] == "checkout"
    assert plan["hypothesis"]["because"] == said["because"]
    assert plan["analysis"]["minimum_effect"]["size"] == 0.05
