"""What the guide is told of the turns before: few, what was shown and no more, after all that can be cached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from expcopilot.api import Copilot
from expcopilot.flow.earlier import TURNS, earlier_turns
from expcopilot.language.roles.guide import GUIDE
from expcopilot.memory.workspace import Workspace
from loopback.replies import Said
from loopback.server import Loopback
from speaking import CANARY, canaries, on_the_wire, read, registered, scripted

FIRST, SECOND = "did b win?", "and why is that so?"
BLOCKED = "B won by 12%."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return canaries(tmp_path_factory.mktemp("data"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A guide that says one thing that passes and one that does not."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    statements = ["On {primary.metric}, the estimate for {arm.b} is {primary.b.effect}.", BLOCKED]
    with Loopback(on_the_wire(lambda _: Said(text=json.dumps({"statements": statements})))) as running:
        yield running


@pytest.fixture
def copilot(server: Loopback, tmp_path: Path) -> Iterator[Copilot]:
    with Workspace.create(tmp_path / "w", person="Ada") as made:
        settings = made.folder / "expcopilot.toml"
    settings.write_text(settings.read_text() + f'\n[model]\nname = "claude-test"\nbase_url = "{server.url}"\n')
    with Copilot.open(settings.parent).workspace as workspace:
        yield Copilot(workspace, workspace.ledger)


def told(body: dict) -> str:
    """The user's turn of a request."""
    return "\n".join(block["text"] for block in body["messages"][0]["content"])


def earlier(body: dict) -> str:
    """What stands in the fence of earlier turns."""
    return told(body).partition("<earlier")[2].partition("</earlier")[0]


def unmarked(part: dict) -> dict:
    return {name: value for name, value in part.items() if name != "cache_control"}


def test_the_second_question_is_told_the_first_and_what_was_shown(
    copilot: Copilot, server: Loopback, data: Path
) -> None:
    """The question, the sentence that passed, not the one kept back; fenced, and after the same prefix as before."""
    registered(copilot)
    read(copilot, data)
    reply = copilot.ask("checkout", FIRST)
    assert BLOCKED not in reply.text
    first = len(server.requests)
    copilot.ask("checkout", SECOND)
    before, after = server.requests[0], server.requests[first]
    assert "(none)" in earlier(before)
    assert FIRST in earlier(after)
    assert reply.prose.sentences[0].text in earlier(after)
    assert BLOCKED not in earlier(after)
    assert told(after).index("</earlier") < told(after).index(SECOND)
    assert [unmarked(p) for p in before["system"]] == [unmarked(p) for p in after["system"]]
    assert [unmarked(p) for p in before["tools"]] == [unmarked(p) for p in after["tools"]]
    shared = told(after).partition("<earlier")[0]
    assert told(before).startswith(shared)
    assert "primary.b.effect" in shared
    assert server.sent_twice() == []


def test_what_code_added_is_not_told_again(copilot: Copilot, data: Path) -> None:
    """The reason why a cut failed may quote a cell: the person reads it, and no later request holds it."""
    registered(copilot)
    read(copilot, data)
    state = copilot.experiment("checkout")
    copilot.say("checkout", "t1", "person", FIRST)
    copilot.say(
        "checkout", "t1", GUIDE.name, f"The verdict stands. The data was not cut: {CANARY}.", "The verdict stands."
    )
    copilot.say("checkout", "t2", "person", "/analyze data.csv")
    copilot.say("checkout", "t2", "code", "Look 1: 12% better.")
    state = copilot.experiment("checkout")
    (turn,) = earlier_turns(state)
    assert (turn.question, turn.shown) == (FIRST, "The verdict stands.")


def test_what_was_open_once_is_not_told_while_outcomes_are_closed(copilot: Copilot, data: Path) -> None:
    """An answer given on opened outcomes is withheld once the last look is blinded; one given since then is told."""
    made = registered(copilot)
    read(copilot, data)
    shown = copilot.ask("checkout", FIRST).words
    assert "the estimate for b is" in shown
    assert earlier_turns(copilot.experiment("checkout"))[0].shown == shown
    larger = made.model_copy(update={"design": made.design.model_copy(update={"committed_units": 40_000})})
    copilot.amend(larger, reason="More traffic than hoped")
    assert not read(copilot, data).shows_outcomes
    model = scripted(guide=lambda _: json.dumps({"statements": ["A person decides what to do next."]}))
    copilot.ask("checkout", SECOND, model=model)
    sent = json.dumps([request.to_json() for request in model.requests], ensure_ascii=False)
    assert FIRST in sent
    assert shown not in sent
    assert "closed now" in sent
    last = earlier_turns(copilot.experiment("checkout"))[-1]
    assert last.shown == "A person decides what to do next."


def test_few_turns_and_short_ones(copilot: Copilot) -> None:
    """However long a conversation grows, what is told of it is bounded, and the latest turns are what stays."""
    registered(copilot)
    for number in range(TURNS + 3):
        copilot.say("checkout", f"t{number}", "person", f"question {number} {'x' * 3000}")
        copilot.say("checkout", f"t{number}", GUIDE.name, "y" * 3000, "y" * 3000)
    turns = earlier_turns(copilot.experiment("checkout"))
    assert [t.question.split()[1] for t in turns] == [str(n) for n in range(3, TURNS + 3)]
    assert sum(len(t.question) + len(t.shown) for t in turns) <= 900 * TURNS
