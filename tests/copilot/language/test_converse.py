"""A question that may use tools: a bounded loop, each answer kept."""

from __future__ import annotations

import json

import pytest

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.language.ask import Question, converse
from expcopilot.language.model.budget import Budget
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import Answer, ModelFailed, Request, ToolOffer
from expcopilot.language.model.scripted import ScriptedModel
from expcopilot.records.answer import ToolCall, Usage
from loopback.recorders import Memory
from loopback.replies import Said
from loopback.server import Loopback


class Reply(Frozen):
    """What the guide says."""

    text: str


TOOLS = [ToolOffer(name="power", description="Units needed.", schema_={"type": "object", "properties": {}})]
QUESTION = Question(role="guide", variables={"question": "How long?"}, answer=Reply)
DONE = '{"text": "Two weeks."}'


def calls(*names: str, text: str = "") -> Answer:
    asked = tuple(ToolCall(id=f"call_{name}", name="power", input={"of": name}) for name in names)
    return Answer(text=text, tool_calls=asked, stop="tools", usage=Usage(output_tokens=1), model="scripted")


class Bench:
    """Runs tools and remembers."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, call: ToolCall) -> str:
        self.ran.append(call.id)
        return json.dumps({"units": len(self.ran)})


def talk(lines, prompts, recorder=None, run=None, rounds=8, question=QUESTION):
    model, bench = ScriptedModel({"guide": lines}), Bench()
    reply = converse(
        question,
        model,
        recorder or Memory(),
        Budget(),
        tools=TOOLS,
        run_tool=run or bench.run,
        rounds=rounds,
        prompts=prompts,
    )
    return reply, model, bench


def test_no_tool_needed(prompts):
    """An answer without tools ends it at once."""
    reply, model, bench = talk([DONE], prompts)
    assert (reply.text, len(model.requests), bench.ran) == ("Two weeks.", 1, [])
    assert model.requests[0].tools == tuple(TOOLS)


def test_results_go_back_under_their_ids(prompts):
    """Each call is run once, in order, and its result stands under its id after the turn that asked."""
    reply, model, bench = talk([calls("a", "b", text="Let me see."), calls("c"), DONE], prompts)
    assert reply.text == "Two weeks."
    assert bench.ran == ["call_a", "call_b", "call_c"]
    last: Request = model.requests[-1]
    assert [message.speaker for message in last.messages] == ["user", "assistant", "user", "assistant", "user"]
    assert last.messages[1].text == "Let me see."
    assert last.messages[2].tool_results == {"call_a": '{"units": 1}', "call_b": '{"units": 2}'}
    assert last.messages[:3] == model.requests[1].messages


def test_the_loop_is_bounded(prompts):
    """After the last round the model is told to answer; a model that goes on asking is stopped."""
    with pytest.raises(ModelFailed) as failure:
        talk(lambda _: calls("a"), prompts, rounds=3)
    assert failure.value.refusals[0].code == "model.no_end_of_tools"
    reply, model, bench = talk([calls("a"), calls("b"), DONE], prompts, rounds=2)
    assert (reply.text, len(bench.ran)) == ("Two weeks.", 2)
    assert [message.text for message in model.requests[-1].messages if message.tool_results][-1].startswith("That was")
    assert model.requests[1].messages[-1].text == ""


def test_a_refused_tool_is_told_to_the_model(prompts):
    """A refusal of a tool goes to the model as data; any other failure of a tool is not hidden."""

    def refuse(_: ToolCall) -> str:
        raise Refused.because("look.blinded", "The outcomes are blinded.", "Wait for the committed end.")

    _, model, _ = talk([calls("a"), DONE], prompts, run=refuse)
    result = json.loads(model.requests[1].messages[-1].tool_results["call_a"])
    assert result["refused"][0]["code"] == "look.blinded"

    def broken(_: ToolCall) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        talk([calls("a"), DONE], prompts, run=broken)


def test_the_final_answer_is_repaired(prompts):
    """The answer at the end is checked and repaired as any other, with the whole conversation before it."""
    reply, model, _ = talk([calls("a"), "Two weeks.", DONE], prompts)
    assert (reply.text, len(model.requests)) == ("Two weeks.", 3)
    assert model.requests[2].messages[2].tool_results


def test_resumed_without_asking_again(prompts):
    """Killed anywhere, the conversation is taken up where it was: no completed request is sent again."""
    script = [calls("a"), calls("b"), DONE]
    for done in range(3):
        recorder, model = Memory(), ScriptedModel({"guide": script[:done]})
        with pytest.raises(ModelFailed):
            converse(QUESTION, model, recorder, Budget(), tools=TOOLS, run_tool=lambda c: c.id, prompts=prompts)
        assert len(recorder.kept) == done
        reply, rest, _ = talk(script[done:], prompts, recorder, run=lambda c: c.id)
        assert (reply.text, len(rest.requests)) == ("Two weeks.", 3 - done)


@pytest.mark.parametrize("streamed", [False, True])
def test_through_the_real_sdk(prompts, streamed):
    """Over HTTP with signed thinking: the server takes every turn, and the conversation is read from its cache."""

    def script(body):
        asked = sum(block["type"] == "tool_result" for turn in body["messages"] for block in turn["content"])
        if asked < 3:
            return Said(text="Looking.", tools=((f"call_{asked}", "power", {"n": asked}),), thinking=f"signed {asked}")
        return Said(text=DONE, thinking="signed")

    bench, recorder = Bench(), Memory()
    with Loopback(script) as server, MessagesApi("claude-opus-5-5", base_url=server.url) as model:
        on_text = (lambda _: None) if streamed else None
        reply = converse(
            QUESTION, model, recorder, Budget(), tools=TOOLS, run_tool=bench.run, prompts=prompts, on_text=on_text
        )
    assert reply.text == "Two weeks."
    assert bench.ran == ["call_0", "call_1", "call_2"]
    assert len(server.requests) == 4
    assert all(later.usage.cache_read_tokens > 900 for later in recorder.kept[1:])
    assert all(later.usage.input_tokens < 60 for later in recorder.kept[1:])
