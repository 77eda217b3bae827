"""The suite's parts: case files, choice, kept outcomes, the purse, costs, and models reached in every way."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from inspect_ai.model import ChatMessageAssistant, ModelOutput, ModelUsage, get_model
from inspect_ai.tool import ToolCall

from copilot_tools.refusals import Refused
from evals.suite_at_hand import (
    suite_case,
    suite_choice,
    suite_costs,
    suite_inspecting,
    suite_kept,
    suite_main,
    suite_purse,
    suite_results,
    suite_speakers,
    suite_task,
    suite_through,
    suite_workspaces,
)
from evals.tiny_suite import TASK, Tiny
from expcopilot.language.model.prices import PriceTable
from loopback.replies import Faults, Said
from loopback.server import Loopback

_INSPECTS_OWN = pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning")  # of its retries
_CASE = "{catches: A reader is told a lie in this case., question: Why?, result: harm}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a mapping"),
        ("- a\n- b", "must be a mapping"),
        ("a: [1", "cannot be read"),
        (f"a: {_CASE}\na: {_CASE}", "cannot be read"),
        ("a: nothing", "begins with catches"),
        ("Not An Id: " + _CASE, "Not An Id: id is 'Not An Id', but must be text of the form"),
        (
            "a: {catches: too short}",
            "catches is 'too short', but must be text of at least 20.*question is missing",
        ),
        (
            "a: " + _CASE.replace("Why?", "Why?, colour: red"),
            "colour is not a known key. Known here: catches",
        ),
    ],
)
def test_a_case_that_cannot_be_used_says_where_and_what(text: str, said: str, tmp_path: Path):
    """Whoever adds a case is told the file, the id and the field."""
    (tmp_path / "cases.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(suite_case.UnreadableCaseError, match=f"cases.yaml.*{said}"):
        suite_case.read(tmp_path / "cases.yaml", Tiny)


def test_cases_are_read_in_the_files_order(tmp_path: Path):
    """Each is of its task's kind."""
    (tmp_path / "cases.yaml").write_text(f"second: {_CASE}\nfirst: {_CASE}\n", encoding="utf-8")
    read = suite_case.read(tmp_path / "cases.yaml", Tiny)
    assert [(case.id, case.result) for case in read] == [("second", "harm"), ("first", "harm")]


def test_a_limit_is_spread_over_the_file():
    """The first of so many equal parts, never twice the same."""
    ids = [str(i) for i in range(10)]
    assert suite_choice.spread(ids, 4) == ["0", "2", "5", "7"]
    assert suite_choice.spread(ids, None) == suite_choice.spread(ids, 99) == ids
    assert suite_choice.chosen_cases([TASK], ["pressed"]) == {"tiny": ("pressed",)}


def test_a_kept_outcome_is_that_of_this_very_case(tmp_path: Path):
    """An edited case, a failed one and a file that was damaged are gone through anew; no model shares another's."""
    kept, (case, _) = suite_kept.Kept(tmp_path, "a/model"), TASK.cases
    outcome = suite_task.Outcome(seen={"shown": "ü"}, cost=0.1)
    kept.put("tiny", case, outcome)
    assert kept.get("tiny", case) == outcome
    assert kept.get("tiny", case.model_copy(update={"question": "Really?"})) is None
    assert suite_kept.Kept(tmp_path, "a-model").get("tiny", case) is None
    kept.put("tiny", case, suite_task.Outcome(failed="Nobody answered."))
    assert kept.get("tiny", case) is None
    next(tmp_path.rglob("*.json")).write_text("{", encoding="utf-8")
    assert kept.get("tiny", case) is None


def test_the_shares_of_all_cases_under_way_never_pass_the_cap():
    """Even shares while everything runs; what a case did not spend comes back; none is begun that may not be paid."""
    purse = suite_purse.Purse(multiprocessing.get_context("spawn"), 1.0, 2)
    first, second = purse.take(), purse.take()
    assert (first, second) == (0.5, 0.5)
    purse.settle(first, 0.4)
    assert purse.spent == pytest.approx(0.4)
    with pytest.raises(suite_purse.CapReachedError):  # 0.1 is left, and the dearest case took 0.4
        purse.take()
    purse.settle(second, None)  # nobody knows: all of its share
    assert purse.spent == pytest.approx(0.9)
    free = suite_purse.Purse(multiprocessing.get_context("spawn"), None, 2)
    assert free.take() is None


def test_the_cost_is_told_from_measured_tokens_and_the_price():
    """The model's own last run before the scripts'; unknown tokens and unknown prices are said to be unknown."""
    judged = suite_results.Judged(case="a", scores={}, input_tokens=100_000, output_tokens=2_000)
    failed = suite_results.Judged(case="b", scores={}, failed="Nobody answered.")
    result = suite_results.Result(task="tiny", promise="", speaker="honest", judged=(judged, failed), seconds=1)
    baseline = suite_results.Run(dated="", product="", versions={}, results=(result,))
    price = suite_costs.priced("my-own", {"input": 2.0, "output": 10.0})
    told = suite_costs.estimate({"tiny": 3}, price, {}, baseline)
    assert told.dollars == pytest.approx(3 * (0.2 + 0.02))
    assert "3 cases, about 300,000 tokens read and 6,000 written (measured with scripts): about $0.66" in str(told)
    own = {"tiny": suite_costs.Measured(cases=2, input_tokens=100, output_tokens=100)}
    assert "(measured with its last run)" in str(suite_costs.estimate({"tiny": 3}, price, own, baseline))
    assert "never measured" in str(suite_costs.estimate({"tiny": 3, "new": 1}, price, {}, baseline))
    assert suite_costs.priced("my-own", None) is None
    assert str(suite_costs.estimate({"tiny": 3}, None, {}, baseline)).endswith("the price is not known")
    assert suite_costs.priced("claude-sonnet-5-5", None) == PriceTable.shipped().price("claude-sonnet-5-5")


def _script(messages: list[Any], tools: list[Any], choice: Any, config: Any) -> ModelOutput:  # noqa: ARG001
    """A provider's model: calls the tool it has, then answers in the schema it is held to."""
    if tools and not any(message.role == "tool" for message in messages):
        call = ToolCall(id="call-1", function=tools[0].name, arguments={"column": "device"})
        out = ModelOutput.from_message(ChatMessageAssistant(content="", tool_calls=[call]), stop_reason="tool_calls")
    else:
        fields = config.response_schema.json_schema.properties
        said = {"fields": sorted(fields), "kind": fields["title"].enum, "told": [m.text for m in messages if m.text]}
        out = ModelOutput.from_content("mockllm/model", json.dumps(said))
    out.usage = ModelUsage(input_tokens=7, output_tokens=3, total_tokens=10, input_tokens_cache_read=5)
    return out


_SCHEMA = {
    "type": "object",
    "properties": {"title": {"const": "short"}, "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}}},
    "required": ["title"],
    "additionalProperties": False,
    "$defs": {"Part": {"type": "string"}},
}


@_INSPECTS_OWN
def test_a_model_of_another_provider_speaks_through_inspect(monkeypatch: pytest.MonkeyPatch):
    """Tools, results, schema, tokens and stop reasons go over and back; a field called "title" is not lost."""
    model = get_model("mockllm/model", custom_outputs=_script, memoize=False)
    monkeypatch.setattr(suite_through, "get_model", lambda _: model)
    tool = {"name": "cut", "description": "Cut it.", "input_schema": {"type": "object", "properties": {}}}
    body: dict[str, Any] = {
        "model": "some/model",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "Be plain."}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}],
        "tools": [tool],
        "output_config": {"format": {"type": "json_schema", "schema": _SCHEMA}},
    }
    with suite_through.through("some/model") as asked:
        called = asked(body)
        assert called.tools == (("call-1", "cut", {"column": "device"}),)
        assert called.stop_reason() == "tool_use"
        result = {"type": "tool_result", "tool_use_id": "call-1", "content": "mobile: 40"}
        turns = [*body["messages"], {"role": "assistant", "content": called.content()}]
        said = asked({**body, "messages": [*turns, {"role": "user", "content": [result]}]})
    told = json.loads(said.text)
    assert told == {"fields": ["parts", "title"], "kind": ["short"], "told": ["Be plain.", "Why?", "mobile: 40"]}
    assert said.usage is not None
    assert (said.usage["input_tokens"], said.usage["cache_read_input_tokens"]) == (7, 5)


@_INSPECTS_OWN
def test_the_command_runs_a_model_of_another_provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """``--through``: the product asks the server in this process, which asks the provider's model; both are counted."""

    def verdict(*_: Any) -> ModelOutput:
        out = ModelOutput.from_content(
            "mockllm/model", json.dumps({"statements": ["The verdict is {verdict.phrase}."]})
        )
        out.usage = ModelUsage(input_tokens=70, output_tokens=30, total_tokens=100)
        return out

    model = get_model("mockllm/model", custom_outputs=verdict, memoize=False)
    monkeypatch.setattr(suite_through, "get_model", lambda _: model)
    given = ["--tasks-from", "evals.tiny_suite:TASKS", "--out", str(tmp_path)]
    given += ["--through", "some/model", "--price", "10", "10", "--max-cost", "5", "--yes"]
    ran = CliRunner().invoke(suite_main.main, given, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert "| tiny | told | some/model | 1 | – | – |" in ran.stdout
    judged = suite_results.load(tmp_path / "results.json").results[0].judged
    assert [(one.input_tokens, one.output_tokens, one.cost) for one in judged] == [(70, 30, 0.001)] * 2


@_INSPECTS_OWN
def test_a_provider_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The product only sees a closed connection; what the provider's client said is told to the person, once."""

    def broken(*_: Any) -> ModelOutput:
        raise PermissionError("no credit left")

    body = {"model": "some/model", "max_tokens": 10, "messages": [{"role": "user", "content": "Why?"}]}
    model = get_model("mockllm/model", custom_outputs=broken, memoize=False)
    monkeypatch.setattr(suite_through, "get_model", lambda _: model)
    with suite_through.through("some/model") as asked, suite_speakers.speaking("some/model", asked) as speaker:
        headers = {"anthropic-version": "2026-10-21", "x-api-key": "none"}
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.post(f"{speaker.base_url}/v1/messages", json=body, headers=headers, trust_env=False)
    assert capsys.readouterr().err.count("some/model failed. PermissionError: no credit left") == 1
    monkeypatch.undo()
    with pytest.raises(Refused, match="Inspect cannot open"), suite_through.through("nobody/nothing"):
        pass


def test_a_model_that_was_not_heard_is_not_scored(tmp_path: Path):
    """Refused at the door, the case is "could not score", whatever code said in the model's place."""
    with Loopback(lambda _: Said(text="{}"), faults=Faults(planned=("rate_limited",) * 20)) as server:
        speaker = suite_speakers.served("claude-test", base_url=server.url, price={"input": 0.0, "output": 0.0})
        result = suite_inspecting.run(TASK, speaker, logs=tmp_path, cases=["plainly"])
    assert result is not None
    assert "allows no more requests" in result.judged[0].failed
    assert {score.value for score in result.judged[0].scores.values()} == {None}


def test_settings_of_any_form_reach_the_workspace(tmp_path: Path):
    """Prices are a table in a table, names may hold quotation marks and any script."""
    table = {"name": 'mö"del 🙂', "base_url": "http://127.0.0.1:1", "timeout": 3.0}
    table |= {"max_cost": 0.5, "prices": {'mö"del 🙂': {"input": 1.0, "output": 2.0}}}
    with suite_workspaces.opened(tmp_path / "there", table) as copilot:
        settings = copilot.workspace.settings.model
    assert settings.name == table["name"]
    assert settings.max_cost == 0.5
    assert settings.prices == {table["name"]: {"input": 1.0, "output": 2.0}}
