"""What a workspace says about its model."""

from __future__ import annotations

import pytest

from expcopilot.language.model.protocol import Message, ModelFailed, Request
from expcopilot.language.model.settings import ModelSettings
from expcopilot.records.answer import Usage
from loopback.replies import Said
from loopback.server import Loopback

ASKED = Request(role="guide", system=(), messages=(Message(speaker="user", text="?"),))


def test_no_model_is_the_default():
    """Without a name there is no model, and the failure says how to name one."""
    with pytest.raises(ModelFailed) as failure:
        ModelSettings().open()
    assert failure.value.kind == "not_configured"
    assert "[model]" in str(failure.value)


def test_the_settings_reach_the_wire(monkeypatch):
    """Name, server, key and effort are those of the settings."""
    monkeypatch.setenv("OUR_KEY", "ours")
    with Loopback(lambda _: Said(text="{}")) as server:
        settings = ModelSettings(name="claude-opus-5-5", base_url=server.url, key_env="OUR_KEY", effort="low")
        with settings.open() as model:
            model.answer(ASKED)
    assert server.headers[0]["authorization"] == "Bearer ours"
    assert server.requests[0]["model"] == "claude-opus-5-5"
    assert server.requests[0]["output_config"] == {"effort": "low"}


def test_an_empty_key_is_said(monkeypatch):
    """A variable that should hold the key and does not is named before anything is sent."""
    monkeypatch.delenv("OUR_KEY", raising=False)
    with pytest.raises(ModelFailed, match="OUR_KEY"):
        ModelSettings(name="claude-opus-5-5", key_env="OUR_KEY").open()


def test_the_budget_is_the_settings():
    """Bounds and own prices hold in the budget."""
    settings = ModelSettings(max_cost=2.0, max_tokens=10, prices={"mine": {"input": 1.0, "output": 2.0}})
    budget = settings.budget()
    assert (budget.max_cost, budget.max_tokens) == (2.0, 10)
    assert budget.prices.cost(Usage(output_tokens=1_000_000), "mine") == 2.0
