"""One question to a model: asked once, kept at once, checked, repaired once."""

from __future__ import annotations

import json

import pytest
from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.language.ask import Question, ask
from expcopilot.language.model.budget import Budget
from expcopilot.language.model.failures import unreachable
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.prices import PriceTable
from expcopilot.language.model.protocol import Answer, Message, ModelFailed
from expcopilot.language.model.scripted import ScriptedModel
from expcopilot.records.answer import Answered, Usage
from loopback.recorders import Memory, OnLedger
from loopback.replies import Faults, Said
from loopback.server import Loopback


class Sharp(Frozen):
    """A sharpened idea."""

    change: str
    size: int = Field(ge=1, le=50)


GOOD = '{"change": "a shorter form", "size": 5}'
QUESTION = Question(role="sharpener", variables={"idea": "shorter form"}, answer=Sharp)
SHARP = Sharp(change="a shorter form", size=5)


def whole(text: str = "", stop: str = "end", **changes) -> Answer:
    return Answer(text=text, stop=stop, usage=Usage(input_tokens=10, output_tokens=2), model="scripted", **changes)


def put(lines, prompts, recorder=None, question=QUESTION, budget=None, **more):
    """Ask with a scripted model; return what came of it, the model and the recorder."""
    model = ScriptedModel({"sharpener": lines})
    recorder = recorder or Memory()
    try:
        came = ask(question, model, recorder, budget or Budget(), prompts=prompts, **more)
    except ModelFailed as failure:
        came = failure
    return came, model, recorder


def test_a_good_answer(prompts):
    """The answer comes back as a record, and is kept with its prompt, tokens and request."""
    came, model, recorder = put([GOOD], prompts)
    assert came == SHARP
    (kept,) = recorder.kept
    prompt = prompts.find("sharpener")
    assert (kept.role, kept.prompt, kept.prompt_digest) == ("sharpener", "sharpener/v1", prompt.digest)
    assert (kept.text, kept.stop, kept.model) == (GOOD, "end", "scripted")
    assert kept.request == model.requests[0].digest("scripted")
    assert kept.usage.input_tokens > 0
    assert (kept.cost, kept.prices) == (None, "")


def test_what_is_asked(prompts):
    """Stable parts first, history before the question, the schema of the record that is due."""
    history = (Message(speaker="user", text="Hello"), Message(speaker="assistant", text="Hi"))
    question = Question(role="sharpener", variables={"idea": "x"}, answer=Sharp, max_tokens=77, history=history)
    _, model, _ = put([GOOD], prompts, question=question)
    (request,) = model.requests
    assert [part.stable for part in request.system] == [True, True]
    assert request.messages[:2] == history
    assert request.messages[2].text.startswith("<idea fence=")
    assert request.answer_schema == Sharp.model_json_schema()
    assert request.max_tokens == 77


def test_a_completed_request_is_never_sent_again(prompts):
    """The kept answer is returned, in another process too, without a request and without cost."""
    _, _, recorder = put([GOOD], prompts)
    pieces: list[str] = []
    came, model, _ = put([], prompts, recorder, budget=Budget(max_tokens=0), on_text=pieces.append)
    assert came == SHARP
    assert model.requests == []
    assert pieces == [GOOD]


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({}, 0),
        ({"again": 1}, 1),
        ({"variables": {"idea": "other"}}, 1),
        ({"max_tokens": 9}, 1),
        ({"complaints": list}, 0),
    ],
)
def test_what_makes_a_request_another(prompts, change, sent):
    """Any change of what is sent is another request; so is a fresh answer that a person asks for."""
    _, _, recorder = put([GOOD], prompts)
    given = {"role": "sharpener", "variables": {"idea": "shorter form"}, "answer": Sharp, **change}
    if "complaints" in change:
        given["complaints"] = lambda _: []
    _, model, _ = put([GOOD], prompts, recorder, question=Question(**given))
    assert len(model.requests) == sent


def test_an_answer_is_kept_before_it_is_read(prompts):
    """Unusable answers are kept the moment they arrive, and not asked for again either."""
    recorder = Memory()
    came, _, _ = put(["nonsense", "more of it"], prompts, recorder)
    assert came.kind == "malformed"
    assert [kept.text for kept in recorder.kept] == ["nonsense", "more of it"]
    again, model, _ = put([], prompts, recorder)
    assert str(again) == str(came)
    assert model.requests == []


BAD = {
    "words": ("Sure! Here you go:", "Invalid JSON"),
    "another shape": ('{"verdict": "won"}', "change: Field required"),
    "out of bounds": ('{"change": "x", "size": 99}', "size: Input should be less than or equal to 50"),
    "unknown key": (GOOD[:-1] + ', "won": true}', "won: Extra inputs are not permitted"),
    "a list": (f"[{GOOD}]", "the whole"),
    "two values": (GOOD + GOOD, "Invalid JSON"),
    "not a number": ('{"change": "x", "size": NaN}', "size"),
    "empty": ("", "It was empty."),
    "blank": (" \n ", "It was empty."),
}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=BAD)
def test_one_repair_turn(prompts, text, reason):
    """An unusable answer earns one more turn that says what is wrong with it; the mended answer counts."""
    came, model, recorder = put([text, GOOD], prompts)
    assert came == SHARP
    assert len(recorder.kept) == 2
    first, second = model.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert reason in second.messages[-1].text
    assert '"maximum":50' in second.messages[-1].text
    assert all(message.text.strip() for message in second.messages)


def test_and_no_second_one(prompts):
    """A second unusable answer is a failure that says what is wrong and what to do."""
    came, model, _ = put(["{}", "{}", GOOD], prompts)
    assert (came.kind, len(model.requests)) == ("malformed", 2)
    assert "change: Field required" in str(came)
    assert "without the model" in came.refusals[0].cure


def test_a_code_fence_is_taken_off(prompts):
    """Servers that cannot constrain an answer let models fence it: the JSON inside counts, without a repair."""
    came, model, _ = put([f"```json\n{GOOD}\n```"], prompts)
    assert (came, len(model.requests)) == (SHARP, 1)


def test_declined(prompts):
    """A refusal is final: not repaired, not read, kept."""
    came, model, recorder = put([whole(GOOD, "refusal"), GOOD], prompts)
    assert (came.kind, len(model.requests), len(recorder.kept)) == ("refused", 1, 1)


def test_cut_short(prompts):
    """An answer cut at its bound is asked for again with twice the room, and once only, even if it reads well."""
    came, model, _ = put([whole(GOOD, "length"), GOOD], prompts)
    assert came == SHARP
    assert [request.max_tokens for request in model.requests] == [2000, 4000]
    assert model.requests[0].messages == model.requests[1].messages
    came, model, _ = put([whole(GOOD, "length"), whole(GOOD, "length"), GOOD], prompts)
    assert (came.kind, len(model.requests)) == ("truncated", 2)


def test_cut_short_at_the_greatest_length(prompts):
    """Where there is no more room, the same request is not sent again."""
    question = Question(role="sharpener", variables={"idea": "x"}, answer=Sharp, max_tokens=21_000)
    came, model, _ = put([whole("x", "length"), GOOD], prompts, question=question)
    assert (came.kind, len(model.requests)) == ("truncated", 1)


def test_a_tool_nobody_offered(prompts):
    """An answer that asks for a tool where none is on offer is repaired without repeating the call."""
    call = {"id": "a", "name": "power", "input": {}}
    came, model, _ = put([whole("", "tools", tool_calls=(call,)), GOOD], prompts)
    assert came == SHARP
    assert [message.speaker for message in model.requests[1].messages] == ["user", "user"]


def test_thinking_goes_back_in_the_repair(prompts):
    """The repair turn gives back the turn exactly as it came."""
    blocks = ({"type": "thinking", "thinking": "", "signature": "s"}, {"type": "text", "text": "{}"})
    _, model, recorder = put([whole("{}", blocks=blocks), GOOD], prompts)
    assert model.requests[1].messages[1].blocks == blocks
    assert recorder.kept[0].blocks == blocks


def short(sharp: Sharp) -> list[str]:
    return ["Say what changes in three words or more."] * max(3 - len(sharp.change.split()), 0)


COMPLAINING = Question(role="sharpener", variables={"idea": "x"}, answer=Sharp, complaints=short)


@pytest.mark.parametrize(
    ("second", "returned"),
    [
        (GOOD, "a shorter form"),
        ('{"change": "shorter form", "size": 5}', "shorter form"),
        ('{"change": "", "size": 5}', "form"),
        ("nonsense", "form"),
        (unreachable("the server"), "form"),
    ],
    ids=["mended", "better", "worse", "unusable", "unreachable"],
)
def test_complaints_earn_one_repair(prompts, second, returned):
    """A valid answer that is complained about is repaired once; the better of the two is returned, never a failure."""
    came, model, _ = put(['{"change": "form", "size": 5}', second, GOOD], prompts, question=COMPLAINING)
    assert (came.change, len(model.requests)) == (returned, 2)
    assert "three words" in model.requests[1].messages[-1].text


def test_no_complaint_no_repair(prompts):
    """An answer nobody complains about is returned at once."""
    came, model, _ = put([GOOD], prompts, question=COMPLAINING)
    assert (came, len(model.requests)) == (SHARP, 1)


def test_over_budget_before_anything_is_sent(prompts):
    """A request that could pass the budget is not sent; a repair that could is not either."""
    came, model, recorder = put([GOOD], prompts, budget=Budget(max_tokens=500))
    assert (came.kind, model.requests, recorder.kept) == ("over_budget", [], [])
    came, model, recorder = put(["{}", GOOD], prompts, budget=Budget(max_tokens=4000))
    assert (came.kind, len(model.requests), len(recorder.kept)) == ("over_budget", 1, 1)


def test_cost_is_recorded(prompts):
    """Money is recorded with the date of the prices, and charged to the budget."""
    prices = PriceTable.shipped().with_prices({"scripted": {"input": 10.0, "output": 100.0}})
    budget = Budget(max_cost=1.0, prices=prices)
    _, _, recorder = put([whole(GOOD)], prompts, budget=budget)
    (kept,) = recorder.kept
    assert kept.cost == budget.cost == pytest.approx((10 * 10 + 2 * 100) / 1_000_000)
    assert kept.prices == "workspace"
    assert budget.tokens == 12


def test_pieces_begin_anew_with_a_repair(prompts):
    """Who reads along is told to forget the first answer before the second one arrives."""
    pieces: list[str] = []
    put(["{}", GOOD], prompts, on_text=pieces.append)
    place = pieces.index("")
    assert ("".join(pieces[:place]), "".join(pieces[place:])) == ("{}", GOOD)


def test_a_prompt_that_does_not_fit(prompts):
    """A variable that is missing stops the question before anything is sent."""
    model = ScriptedModel({"sharpener": [GOOD]})
    with pytest.raises(Refused) as refused:
        ask(Question(role="sharpener", variables={}, answer=Sharp), model, Memory(), Budget(), prompts=prompts)
    assert refused.value.refusals[0].code == "prompt.variables"
    assert model.requests == []


def test_on_a_real_ledger(prompts, workspace):
    """Answers kept as ledger entries are found after the ledger is opened again."""
    put(["nonsense", GOOD], prompts, OnLedger(workspace.ledger))
    workspace.close()
    came, model, _ = put([], prompts, OnLedger(workspace.ledger))
    assert (came, model.requests) == (SHARP, [])
    assert [entry.kind for entry in workspace.ledger.entries("cta")] == ["answered", "answered"]
    assert workspace.ledger.verify().sound


@pytest.mark.parametrize("streamed", [False, True])
def test_through_the_real_sdk(prompts, streamed):
    """Over HTTP: a repaired answer, its cost, and the house's rules read from the cache the second time."""
    recorder, budget = Memory(), Budget(max_cost=1.0)
    with (
        Loopback(lambda _: Said(text=GOOD, thinking="s"), faults=Faults(planned=["wrong_schema"])) as server,
        MessagesApi("claude-opus-5-5", base_url=server.url) as model,
    ):
        pieces: list[str] = []
        on_text = pieces.append if streamed else None
        assert ask(QUESTION, model, recorder, budget, prompts=prompts, on_text=on_text) == SHARP
        assert ask(QUESTION, model, recorder, budget, prompts=prompts) == SHARP
    assert len(server.requests) == 2
    first, second = recorder.kept
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens > 900
    assert first.cost > second.cost > 0
    assert first.prices == PriceTable.shipped().date
    assert budget.cost == pytest.approx(first.cost + second.cost)
    assert json.loads(second.text)["size"] == 5
    assert Answered.model_validate(first.to_json()) == first
