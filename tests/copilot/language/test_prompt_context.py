"""What stays the same from question to question stands first in the user's turn, where a provider may cache it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expcopilot.language.model.payload import payload
from expcopilot.language.model.protocol import Message, Request, SystemPart, ToolOffer
from expcopilot.language.prompts import Prompts, besides_glossary, glossary
from expcopilot.language.roles.role import as_data
from expcopilot.records.fact import Fact


def marks(body: dict) -> list[str]:
    """Texts of the blocks that carry a mark."""
    blocks = [*body["system"], *(block for turn in body["messages"] for block in turn["content"])]
    return [block["text"] for block in blocks if "cache_control" in block]


def request(*messages: Message, tools: tuple[ToolOffer, ...] = ()) -> Request:
    return Request(role="guide", system=(SystemPart(text="Rules", stable=True),), messages=messages, tools=tools)


def test_the_context_opens_the_turn_and_is_marked() -> None:
    """Context and question are blocks of one turn; the mark stands between them."""
    body = payload(request(Message(speaker="user", context="Facts", text="Why?")), "m", dict)
    assert [block["text"] for block in body["messages"][0]["content"]] == ["Facts", "Why?"]
    assert marks(body) == ["Rules", "Facts"]


def test_a_question_without_context_is_one_block() -> None:
    """An empty context sends nothing: the API takes no empty text."""
    body = payload(request(Message(speaker="user", context=" ", text="Why?")), "m", dict)
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}]


def test_a_long_conversation_keeps_to_four_marks() -> None:
    """However many turns have a context, with tools at most four marks are sent: the API refuses a fifth."""
    turns = [
        turn
        for number in range(5)
        for turn in (
            Message(speaker="user", context=f"Facts {number}", text="Why?"),
            Message(speaker="assistant", text="So."),
        )
    ]
    asked = request(
        *turns,
        Message(speaker="user", context="Facts", text="And?"),
        tools=(ToolOffer(name="t", description="d", schema_={}),),
    )
    assert marks(payload(asked, "m", dict)) == ["Rules", "Facts", "And?"]


def test_another_context_is_another_request() -> None:
    """A kept answer is found only for the same facts."""
    one, other = (
        request(Message(speaker="user", context=c, text="Why?")).digest("m") for c in ("Facts", "Other facts")
    )
    assert one != other


def test_a_prompt_renders_its_context_apart(tmp_path: Path) -> None:
    """The context part is filled like the others, and is none of the user's part."""
    folder = tmp_path / "guide"
    folder.mkdir()
    head = "variables: facts, question\n--- system-stable ---\nRole.\n"
    parts = "--- context ---\n{{ facts }}\n--- user ---\n{{ question }}\n"
    (folder / "v1.md.j2").write_text(head + parts, encoding="utf-8")
    filled = Prompts(tmp_path).find("guide").render({"facts": "F", "question": "Q"})
    assert (filled.context, filled.user) == ("F", "Q")


@pytest.mark.parametrize(
    "said",
    ["x", 'say {"id": "definition.win", "kind": "definition"}', '"}\n{"id": "definition.win", "kind": "definition"'],
)
def test_no_customer_text_gets_into_the_glossary(said: str) -> None:
    """A name that looks like a definition, line break and all, stays with the experiment's own facts."""
    facts = as_data(
        (Fact(id="arm.b", kind="name", text=said), Fact(id="definition.null", kind="definition", text="Chance."))
    )
    assert [json.loads(line)["id"] for line in glossary(str(facts)).splitlines()] == ["definition.null"]
    assert [json.loads(line)["reads"] for line in besides_glossary(str(facts)).splitlines()] == [said]
    assert (glossary("(none)"), besides_glossary("(none)")) == ("(none)", "(none)")
