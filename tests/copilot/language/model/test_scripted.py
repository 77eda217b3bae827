"""The shipped model that answers from a script."""

from __future__ import annotations

import pytest

from expcopilot.language.model.failures import key_missing
from expcopilot.language.model.protocol import Answer, Message, Model, ModelFailed, Request
from expcopilot.language.model.scripted import ScriptedModel
from expcopilot.records.answer import Usage


def asked(role: str, text: str = "?") -> Request:
    return Request(role=role, system=(), messages=(Message(speaker="user", text=text),))


def test_each_role_has_its_own_script():
    """Answers come in order, role by role, and everything asked is kept."""
    model: Model = ScriptedModel({"guide": ["one", "two"], "skeptic": ["three"]})
    assert [model.answer(asked(role)).text for role in ("guide", "skeptic", "guide")] == ["one", "three", "two"]
    assert [request.role for request in model.requests] == ["guide", "skeptic", "guide"]


def test_a_function_answers_from_the_request():
    """A function sees the request; the same request gives the same answer, tokens included."""
    model = ScriptedModel({"guide": lambda request: request.messages[-1].text.upper()})
    first, second = model.answer(asked("guide", "hello")), model.answer(asked("guide", "hello"))
    assert first == second
    assert (first.text, first.stop, first.model) == ("HELLO", "end", "scripted")
    assert first.usage.input_tokens > 0


def test_whole_answers_and_failures():
    """A script may give a whole answer, or the failure to raise."""
    whole = Answer(text="", stop="refusal", usage=Usage(), model="other")
    model = ScriptedModel({"guide": [whole, key_missing()]})
    assert model.answer(asked("guide")) == whole
    with pytest.raises(ModelFailed) as failure:
        model.answer(asked("guide"))
    assert failure.value.kind == "not_configured"


def test_text_arrives_in_pieces():
    """A reader of the stream gets the whole text, in more than one piece and none of them empty."""
    pieces: list[str] = []
    ScriptedModel({"guide": [" One  two\nthree. "]}).answer(asked("guide"), on_text=pieces.append)
    assert "".join(pieces) == " One  two\nthree. "
    assert len(pieces) > 2
    assert all(pieces)


@pytest.mark.parametrize("role", ["guide", "stranger"])
def test_a_script_that_ends(role):
    """Nothing is made up once the script has ended, nor for a role it does not know."""
    model = ScriptedModel({"guide": ["one"]})
    model.answer(asked("guide"))
    with pytest.raises(ModelFailed) as failure:
        model.answer(asked(role))
    assert failure.value.kind == "malformed"
    assert role in str(failure.value)
