"""The whole journey with the real SDK against a Messages API on the loopback interface, as the settings name it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from expcopilot.api import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.memory.workspace import Workspace
from expcopilot.outputs.report import documents
from loopback.replies import Faults, Said
from loopback.server import Loopback
from speaking import CANARY, IDEA, canaries, on_the_wire, registered
from tests_plan import plan


def set_up(folder: Path, url: str, **further: object) -> Copilot:
    """A workspace whose settings name the server."""
    with Workspace.create(folder, person="Ada") as made:
        settings = made.folder / "expcopilot.toml"
    lines = [
        f"{name} = {json.dumps(value)}" for name, value in {"name": "claude-test", "base_url": url, **further}.items()
    ]
    settings.write_text(settings.read_text() + "\n[model]\n" + "\n".join(lines) + "\n")
    return Copilot.open(folder)


def guide(body: dict) -> Said:
    """Cuts by device, then answers."""
    if any(block["type"] == "tool_result" for block in body["messages"][-1]["content"]):
        effect = "Among {segment.device_mobile}, the estimate for {arm.b} is {cut.device_mobile.b.effect}."
        return Said(text=json.dumps({"statements": [effect, "The verdict for the whole test is {verdict.phrase}."]}))
    return Said(tools=(("toolu_1", "cut", {"column": "device"}),))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with Loopback(on_the_wire(guide)) as running:
        yield running


def test_from_a_brief_to_a_readout(server: Loopback, tmp_path: Path) -> None:
    """Sharpen, gate, plan, register, analyze, skeptic, readout, a question; no cell leaves, nothing is sent twice."""
    copilot = set_up(tmp_path / "w", server.url)
    data = canaries(tmp_path)
    with copilot.lifecycle() as moves:
        asked = moves.move("checkout", "t1", Move.SHARPEN, {"idea": IDEA, "channel": "landing-page"})
        assert asked is not None
        moves.answer(asked, "approve")
        stands = approved_hypothesis(copilot.experiment("checkout"))
        assert stands is not None
        assert stands.change is not None
        made = plan()
        made = made.model_copy(update={"hypothesis": made.hypothesis.model_copy(update={"change": stands.change})})
        frozen = moves.move("checkout", "t2", Move.REGISTER, {"plan": made.to_json()})
        assert frozen is not None
        moves.answer(frozen, "approve")
    look = copilot.analyze("checkout", open_data.rows(data))
    copilot.write_readout("checkout")
    readout = copilot.readout("checkout")
    assert readout.look == look
    assert [p.role for p in readout.prose] == ["skeptic", "narrator"]
    assert "the estimate for b is" in documents.to_markdown(readout)
    pieces: list[str] = []
    reply = copilot.ask("checkout", "did b win on mobile?", on_text=pieces.append)
    assert "".join(pieces) == reply.text
    assert "each look is counted" in reply.text
    assert copilot.verify().faults == ()
    assert CANARY not in server.received()
    assert "987" not in server.received()
    assert "device = mobile" in server.received()
    sent = len(server.requests)
    copilot.workspace.close()
    again = Copilot.open(tmp_path / "w")
    again.write_readout("checkout", look=1)
    assert len(server.requests) == sent
    assert server.sent_twice() == []
    again.workspace.close()


def test_facts_about_few_units_stay_at_home(server: Loopback, tmp_path: Path) -> None:
    """With k above every group, nothing measured reaches the server; with the usual k it does."""
    copilot = set_up(tmp_path / "w", server.url)
    made = plan(units=2_000)
    made = made.model_copy(update={"analysis": made.analysis.model_copy(update={"min_units": 5_000})})
    copilot.register(made)
    copilot.analyze("checkout", open_data.rows(canaries(tmp_path, n=2_000)))
    copilot.write_readout("checkout")
    told = server.received()
    assert "primary.metric" in told
    sheets = [block["text"] for r in server.requests for turn in r["messages"] for block in turn["content"]]
    assert not any(f'"id": "primary.{name}' in sheet for sheet in sheets for name in ("b.effect", "b.level", "control"))
    copilot.workspace.close()


def test_stopped_between_the_skeptic_and_the_narrator(server: Loopback, tmp_path: Path) -> None:
    """What the skeptic answered is kept; the next process sends only what was not answered."""
    copilot = set_up(tmp_path / "w", server.url)
    registered(copilot)
    copilot.analyze("checkout", open_data.rows(canaries(tmp_path)))
    server.faults = Faults(planned=[None, "html"])
    assert copilot.write("checkout").without.startswith("The narrator's prose is missing")
    copilot.workspace.close()
    server.faults = Faults()
    again = Copilot.open(tmp_path / "w")
    written = again.write("checkout")
    assert [p.role for p in written.prose] == ["skeptic", "narrator"]
    assert server.sent_twice() == []
    assert sum("Your role: the skeptic" in json.dumps(r["system"]) for r in server.requests) == 1
    again.workspace.close()


def test_a_budget_in_the_settings_stops_before_anything_is_sent(server: Loopback, tmp_path: Path) -> None:
    """The table's bound holds, and the readout says why it has no prose."""
    copilot = set_up(tmp_path / "w", server.url, max_tokens=500)
    registered(copilot)
    copilot.analyze("checkout", open_data.rows(canaries(tmp_path)))
    copilot.write_readout("checkout")
    assert server.requests == []
    assert "the budget of this experiment" in copilot.readout("checkout").without
    with pytest.raises(ModelFailed, match="budget of 500"):
        copilot.ask("checkout", "so?")
    copilot.workspace.close()


def test_a_key_that_is_not_there_does_not_keep_a_readout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable named for the key is empty: the readout is written without prose, and gates still open."""
    monkeypatch.delenv("OUR_KEY", raising=False)
    copilot = set_up(tmp_path / "w", "", key_env="OUR_KEY")
    registered(copilot)
    copilot.analyze("checkout", open_data.rows(canaries(tmp_path)))
    assert len(copilot.write_readout("checkout")) == 4
    assert "it is not set up completely" in copilot.readout("checkout").without
    with copilot.lifecycle() as moves:
        assert moves.resume("checkout") is None
    copilot.workspace.close()
