"""The door to a Messages API, through the real SDK and a real HTTP server."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time

import pytest

from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import Answer, Message, Model, ModelFailed, Request, SystemPart, ToolOffer
from expcopilot.records.answer import ToolCall, Usage
from loopback.replies import FAULTS, Faults, Said
from loopback.server import Loopback

SCHEMA = {
    "type": "object",
    "properties": {"size": {"type": "integer", "minimum": 1}},
    "required": ["size"],
    "additionalProperties": False,
}
TOOL = ToolOffer(name="power", description="Units needed.", schema_={"type": "object", "properties": {}})
WORDS = '{"size": 12, "why": "' + "because " * 40 + '"}'


def request(**changes) -> Request:
    plain = Request(
        role="sharpener",
        system=(
            SystemPart(text="House rules. " * 300, stable=True),
            SystemPart(text="You sharpen. ", stable=True),
            SystemPart(text="Today."),
        ),
        messages=(Message(speaker="user", text="A shorter form"),),
        answer_schema=SCHEMA,
    )
    return plain.model_copy(update=changes)


def client(server: Loopback, **changes) -> MessagesApi:
    given = {"base_url": server.url, "timeout": 5.0, "retries": 1, "backoff": 0.01, **changes}
    return MessagesApi(given.pop("name", "claude-opus-5-5"), **given)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_arrives_whole(streamed):
    """Text, reason, model and tokens come back as the server sent them, streamed or not."""
    pieces: list[str] = []
    with Loopback(lambda _: Said(text=WORDS)) as server, client(server) as model:
        held: Model = model
        answer = held.answer(request(), on_text=pieces.append if streamed else None)
    assert (answer.text, answer.stop, answer.model, answer.blocks) == (WORDS, "end", "claude-opus-5-5", ())
    assert answer.usage.output_tokens == server.usage[0]["output_tokens"]
    assert answer.usage.cache_write_tokens == server.usage[0]["cache_creation_input_tokens"] > 0
    assert "".join(pieces) == (WORDS if streamed else "")
    assert (len(pieces) > 3) == streamed
    assert bool(server.requests[0].get("stream")) == streamed


def test_what_goes_over_the_wire():
    """The role stays at home; the schema is closed; nothing is sent that current models reject."""
    with Loopback(lambda _: Said(text="{}")) as server, client(server, effort="low") as model:
        model.answer(request())
    (body,) = server.requests
    assert set(body) == {"model", "max_tokens", "messages", "system", "output_config"}
    assert "sharpener" not in server.received()
    assert body["output_config"]["effort"] == "low"
    schema = body["output_config"]["format"]["schema"]
    assert schema["additionalProperties"] is False
    assert "minimum" not in schema["properties"]["size"]
    assert server.headers[0]["authorization"] == "Bearer no-key-needed"


def test_the_cache_mark_stands_on_the_last_stable_part():
    """Everything stable is cached and read from the cache the second time; what varies comes after the mark."""
    with Loopback(lambda _: Said(text="{}")) as server, client(server) as model:
        first = model.answer(request())
        second = model.answer(request(messages=(Message(speaker="user", text="Another idea"),)))
    marks = ["cache_control" in part for part in server.requests[0]["system"]]
    assert marks == [False, True, False]
    assert "cache_control" not in json.dumps(server.requests[0]["messages"])
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens > 900
    assert second.usage.cache_write_tokens == 0


def test_no_stable_part_no_mark():
    """Nothing is marked where nothing stays the same, and no empty text is sent."""
    with Loopback(lambda _: Said(text="{}")) as server, client(server) as model:
        model.answer(request(system=(SystemPart(text=" "), SystemPart(text="Today."))))
        model.answer(request(system=()))
    assert server.requests[0]["system"] == [{"type": "text", "text": "Today."}]
    assert "system" not in server.requests[1]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_loop_of_tools_gives_thinking_back_unchanged(streamed):
    """The server, which checks as the real one does, takes a turn with tools back with its signed thinking."""
    call = ("call_1", "power", {"base": 0.1, "nested": {"ü": [1, None]}})
    with (
        Loopback(
            lambda body: Said(text="{}") if len(body["messages"]) > 1 else Said(tools=(call,), thinking="signed")
        ) as server,
        client(server) as model,
    ):
        asked = request(tools=(TOOL,))
        on_text = (lambda _: None) if streamed else None
        first = model.answer(asked, on_text=on_text)
        turns = (
            Message(speaker="assistant", text=first.text, tool_calls=first.tool_calls, blocks=first.blocks),
            Message(speaker="user", tool_results={"call_1": "0.8"}),
        )
        second = model.answer(asked.model_copy(update={"messages": (*asked.messages, *turns)}), on_text=on_text)
        bare = (*asked.messages, turns[0].model_copy(update={"blocks": ()}), turns[1])
        with pytest.raises(ModelFailed, match="thinking"):
            model.answer(asked.model_copy(update={"messages": bare}))
    assert first.stop == "tools"
    assert first.tool_calls == (ToolCall(id="call_1", name="power", input=call[2]),)
    assert first.blocks[0] == {"type": "thinking", "thinking": "", "signature": "signed"}
    assert second.text == "{}"
    assert second.usage.cache_read_tokens > first.usage.cache_write_tokens - 50
    assert "tool_choice" not in server.requests[1]


BEGIN_AGAIN = {"rate_limited", "overloaded", "server_error", "silent", "dropped", "cut", "cut_cleanly", "failed_midway"}
STOPS = {"truncated": "length", "refusal": "refusal", "huge": "length"}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault(fault, streamed):
    """What passes by itself is tried again; what the model did is handed on as it is; a proxy's page is no answer."""
    patience = 0.3 if fault == "silent" else 5.0
    pieces: list[str] = []
    with (
        Loopback(lambda _: Said(text=WORDS), faults=Faults(planned=[fault])) as server,
        client(server, timeout=patience) as model,
    ):
        on_text = pieces.append if streamed else None
        if fault == "html":
            with pytest.raises(ModelFailed) as failure:
                model.answer(request(), on_text=on_text)
            assert (failure.value.kind, failure.value.refusals[0].code) == ("malformed", "model.not_an_answer")
            return
        answer = model.answer(request(), on_text=on_text)
    if fault in BEGIN_AGAIN:
        assert (answer.text, answer.stop, len(server.requests)) == (WORDS, "end", 2)
    else:
        assert len(server.requests) == 1
        assert answer.stop == STOPS.get(fault, "end")
        assert len(answer.text) <= 32 * 2000 + 1000
    if streamed and "" in pieces:
        assert fault in {"cut", "cut_cleanly", "failed_midway"}
        begun_anew = pieces.index("")
        assert begun_anew > 0
        assert "".join(pieces[begun_anew:]) == WORDS
    assert server.sent_twice() == []


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("rate_limited", "unreachable", "model.rate_limited"),
        ("overloaded", "unreachable", "model.overloaded"),
        ("server_error", "unreachable", "model.server_error"),
        ("silent", "unreachable", "model.timeout"),
        ("dropped", "unreachable", "model.unreachable"),
        ("failed_midway", "unreachable", "model.overloaded"),
        ("cut", None, None),
        ("cut_cleanly", None, None),
    ],
)
def test_a_fault_that_stays(fault, kind, code, streamed):
    """Retries are bounded, and the failure says what to do."""
    if kind is None:
        kind, code = ("truncated", "model.cut") if streamed else ("unreachable", "model.unreachable")
    with (
        Loopback(lambda _: Said(text=WORDS), faults=Faults(planned=[fault] * 9)) as server,
        client(server, timeout=0.3 if fault == "silent" else 5.0) as model,
        pytest.raises(ModelFailed) as failure,
    ):
        model.answer(request(), on_text=(lambda _: None) if streamed else None)
    (refusal,) = failure.value.refusals
    assert (failure.value.kind, refusal.code) == (kind, code)
    assert refusal.cure
    assert refusal.reason[0].isupper()
    expected = 3 if streamed and fault in {"cut", "cut_cleanly", "failed_midway"} else 2
    assert len(server.requests) == expected


def test_a_cut_stream_counts_what_it_used():
    """Tokens of attempts that were cut are in the answer's usage, and in the failure's."""
    with (
        Loopback(lambda _: Said(text=WORDS), faults=Faults(planned=["cut", None, "cut", "cut", "cut"])) as server,
        client(server) as model,
    ):
        answer = model.answer(request(), on_text=lambda _: None)
        with pytest.raises(ModelFailed) as failure:
            model.answer(request(), on_text=lambda _: None)
    once = server.usage[0]
    assert answer.usage.input_tokens == 2 * once["input_tokens"]
    assert answer.usage.output_tokens > once["output_tokens"]
    assert failure.value.usage.input_tokens == 3 * once["input_tokens"]
    assert failure.value.usage.output_tokens > 3


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"key": "rejected-key"}, "not_configured", "model.key_rejected"),
        ({"key": "unpaid-key"}, "not_configured", "model.billing"),
        ({"key": "narrow-key"}, "not_configured", "model.not_permitted"),
        ({"name": "unknown-model"}, "not_configured", "model.unknown_model"),
        ({"base_url": "http://127.0.0.1:9"}, "unreachable", "model.unreachable"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_what_must_be_changed_first(changes, kind, code, streamed):
    """Each way of being set up wrongly has its own failure and cure, is asked once, and never shows the key."""
    with (
        Loopback(lambda _: Said(text="{}")) as server,
        client(server, **changes) as model,
        pytest.raises(ModelFailed) as failure,
    ):
        model.answer(request(), on_text=(lambda _: None) if streamed else None)
    (refusal,) = failure.value.refusals
    assert (failure.value.kind, refusal.code) == (kind, code)
    assert refusal.cure
    assert "-key" not in str(failure.value)
    assert len(server.requests) == (kind == "not_configured")


def test_no_key_anywhere(monkeypatch, tmp_path):
    """Without a key and without a server of one's own, nothing is sent and the cure names both."""
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with MessagesApi("claude-opus-5-5") as model, pytest.raises(ModelFailed) as failure:
        model.answer(request())
    assert failure.value.kind == "not_configured"
    assert failure.value.refusals[0].code == "model.key_missing"
    assert "ANTHROPIC_API_KEY" in str(failure.value)
    assert "ANTHROPIC_BASE_URL" in str(failure.value)


def test_an_explicit_argument_wins(monkeypatch):
    """A key and a server that are given are used, whatever the environment says; else the environment's are."""
    with Loopback(lambda _: Said(text="{}")) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "environment")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
        with client(server, key="given") as model:
            model.answer(request())
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        with MessagesApi("claude-opus-5-5") as model:
            model.answer(request())
    assert [headers["authorization"] for headers in server.headers] == ["Bearer given", "Bearer environment"]


def test_a_server_that_asks_for_an_hour():
    """A wait beyond the bound is not slept through: the failure says how long the server asks for."""
    with Loopback(lambda _: Said(text="{}"), faults=Faults(planned=["rate_limited"] * 3)) as server:
        begun = time.monotonic()
        with client(server, retries=3, longest_wait=0.001) as model, pytest.raises(ModelFailed) as failure:
            model.answer(request())
    assert time.monotonic() - begun < 5
    assert len(server.requests) == 1
    assert "in 0.01 seconds" in failure.value.refusals[0].cure


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_without_end(streamed):
    """Signs of life do not keep a request alive for ever."""
    with (
        Loopback(lambda _: Said(text="{}"), faults=Faults(planned=["endless"] * 9)) as server,
        client(server, longest=0.2, retries=0, attempts=1) as model,
        pytest.raises(ModelFailed) as failure,
    ):
        model.answer(request(), on_text=(lambda _: None) if streamed else None)
    assert failure.value.kind in {"unreachable", "truncated"}
    assert len(server.requests) == 1


@pytest.mark.parametrize("streamed", [False, True])
def test_more_bytes_than_allowed(streamed):
    """A body beyond the bound is given up without reading on."""
    with (
        Loopback(lambda _: Said(text="x" * 300_000)) as server,
        client(server, largest=50_000, attempts=1) as model,
        pytest.raises(ModelFailed) as failure,
    ):
        model.answer(request(), on_text=(lambda _: None) if streamed else None)
    assert failure.value.kind == ("truncated" if streamed else "malformed")
    assert len(server.requests) == 1


@pytest.mark.parametrize("streamed", [False, True])
def test_what_no_ledger_can_keep(streamed):
    """Unpaired surrogates are replaced; arguments that are no JSON are no answer."""
    on_text = (lambda _: None) if streamed else None
    with Loopback(lambda _: Said(text='{"size": 1, "why": "\ud800"}')) as server, client(server) as model:
        assert model.answer(request(), on_text=on_text).text == '{"size": 1, "why": "?"}'
    with (
        Loopback(lambda _: Said(tools=(("a", "power", {"base": float("nan")}),))) as server,
        client(server) as model,
        pytest.raises(ModelFailed) as failure,
    ):
        model.answer(request(tools=(TOOL,)), on_text=on_text)
    assert failure.value.kind == "malformed"


@pytest.mark.parametrize(
    "said",
    [
        Said(tools=(("a", "power", {}), ("a", "power", {}))),
        Said(tools=(("", "power", {}),)),
        Said(text="{}", stop="tool_use"),
        Said(text="{}", stop="pause_turn"),
        Said(text="{}", stop="a reason of next year"),
    ],
    ids=["same id", "no id", "no tool", "paused", "new reason"],
)
def test_answers_that_contradict_themselves(said):
    """What cannot be carried on from is no answer."""
    with Loopback(lambda _: said) as server, client(server) as model, pytest.raises(ModelFailed) as failure:
        model.answer(request(tools=(TOOL,)))
    assert failure.value.refusals[0].code == "model.not_an_answer"


def test_nothing_is_logged(caplog):
    """With every logger listening, neither the key nor what was said is in the log."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("anthropic").setLevel(logging.NOTSET)
    said = request(messages=(Message(speaker="user", text="our secret plan"),))
    with Loopback(lambda _: Said(text="a secret answer")) as server, client(server, key="key-to-hide") as model:
        model.answer(said)
        model.answer(said, on_text=lambda _: None)
    assert "secret" not in caplog.text
    assert "key-to-hide" not in caplog.text


def test_a_failure_of_the_readers_is_its_own():
    """What the reader of a stream raises reaches the caller as it is, and nothing is sent again."""

    def broken(_: str) -> None:
        raise ZeroDivisionError

    with Loopback(lambda _: Said(text=WORDS)) as server, client(server) as model, pytest.raises(ZeroDivisionError):
        model.answer(request(), on_text=broken)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "changes",
    [{"max_tokens": 21_001}, {"max_tokens": 0}, {"messages": ()}, {"messages": (Message(speaker="user"),)}],
    ids=["too many tokens", "no token", "no turn", "empty turn"],
)
def test_requests_that_cannot_be_sent(changes):
    """A request that is wrong in itself is the program's mistake, and never reaches the server."""
    with (
        Loopback(lambda _: Said(text="{}")) as server,
        client(server) as model,
        pytest.raises(ValueError, match=r"max_tokens|message|turn"),
    ):
        model.answer(request(**changes))
    assert server.requests == []


def test_the_sdk_is_imported_late():
    """Naming a model costs nothing: the SDK takes seconds to import and is imported at the first question."""
    code = (
        "import sys, expcopilot.language.model.messages_api as m; m.MessagesApi('x'); print('anthropic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_one_file_knows_the_sdk(repository):
    """No other file of the product imports anthropic."""
    files = [*(repository / "copilot").rglob("*.py"), *(repository / "tools").rglob("*.py")]
    knowing = [file.name for file in files if "import anthropic" in file.read_text(encoding="utf-8")]
    assert knowing == ["messages_api.py"]


def test_the_answer_is_a_record():
    """An answer survives the way through JSON."""
    answer = Answer(text="x", stop="end", usage=Usage(input_tokens=1), model="m", blocks=({"type": "thinking"},))
    assert Answer.model_validate(answer.to_json()) == answer
