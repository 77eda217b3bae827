"""A real session over standard streams lists and calls every tool: each answer fits, and says what it is."""

from __future__ import annotations

import json
import re

import pytest

from assisting import CALLS, calculator_calls, size
from expcopilot.api.tools import tools
from expcopilot.surfaces.mcp.answers import LIMIT

VERBS = [name for name, *_ in CALLS]


@pytest.fixture(scope="module")
def answers(assistant):
    """Every verb and gate once, in order: name -> (the good answer, the bad one)."""
    return {name: (assistant.call(name, **good), assistant.call(name, **bad)) for name, good, bad, _ in CALLS}


def test_every_tool_is_listed_with_its_words_and_schemas(assistant):
    """The list is the catalogue, the verbs and the gates, each with when to use it, its arguments and its answer."""
    listed = {tool.name: tool for tool in assistant.do(assistant.client.list_tools()).tools}
    assert set(listed) == {*VERBS, *(tool.name for tool in tools())}
    for tool in tools():
        found = listed[tool.name]
        assert tool.summary in found.description
        assert tool.when in found.description
        assert set(tool.arguments.model_json_schema()["properties"]) <= set(found.input_schema["properties"])
        assert found.input_schema["examples"] == list(tool.examples)
        results = set(tool.result.model_json_schema(mode="serialization").get("properties", {}))
        assert results <= set(found.output_schema["properties"]["result"].get("properties", results))
    for name in VERBS:
        assert "When: " in listed[name].description


def test_no_tool_takes_an_approval(assistant):
    """Nothing a model can fill in is a decision, a digest it approves by, or who decided."""
    for tool in assistant.do(assistant.client.list_tools()).tools:
        assert not {"decision", "approve", "approval", "action", "by", "unblind", "actor"} & set(
            tool.input_schema["properties"]
        ), tool.name


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_answers_one_good_and_one_bad_call(answers, name):
    """The good call is answered, the bad one refused by its code; both fit and both describe themselves."""
    good, bad = answers[name]
    code = next(code for known, _, _, code in CALLS if known == name)
    assert not good.is_error, good.content
    assert size(good) < LIMIT
    assert good.structured_content["tool"] == name
    assert good.structured_content["said"].endswith((".", "counts."))
    assert {"result", "part"} & set(good.structured_content)
    assert json.loads(good.content[0].text) == good.structured_content
    assert size(bad) < LIMIT
    assert bad.is_error
    assert code in {r["code"] for r in bad.structured_content["refused"]}
    assert bad.structured_content["refused"][0]["reason"] in bad.content[0].text
    assert "Traceback" not in bad.content[0].text


def test_what_is_about_an_experiment_says_how_many_looks_there_were(answers):
    """Looks stand in answers and refusals about an experiment."""
    assert answers["analyze"][0].structured_content["looks"] == {"taken": 1, "with_outcomes": 1}
    assert answers["facts"][1].structured_content["looks"] == {"taken": 1, "with_outcomes": 1}


@pytest.mark.parametrize(("tool", "example"), calculator_calls(), ids=lambda value: getattr(value, "name", ""))
def test_every_tool_of_the_catalogue_runs_its_own_examples(assistant, tool, example):
    """The answer is the tool's own result, or an honest part of it with how to ask for the rest."""
    found = assistant.call(tool.name, **example)
    assert not found.is_error, found.content
    assert size(found) < LIMIT
    told = found.structured_content
    assert "no look counted" in told["said"]
    whole = json.loads(json.dumps(tool.run(example).to_json()))
    if "result" in told:
        assert told["result"] == whole
    else:
        assert told["more"]


@pytest.mark.parametrize("tool", tools(), ids=lambda tool: tool.name)
def test_every_tool_of_the_catalogue_refuses_an_unknown_argument(assistant, tool):
    """A slip in a name is a typed refusal that names what was meant, for every tool alike."""
    found = assistant.call(tool.name, **{**tool.examples[0], "surely_not": 1})
    assert found.is_error
    assert size(found) < LIMIT
    assert "input.unknown_key" in {r["code"] for r in found.structured_content["refused"]}


def test_an_unknown_tool_is_refused_with_the_nearest(assistant):
    """A misspelt tool is a refusal that names the nearest."""
    (refusal,) = assistant.refused("sample_sizes", baseline=0.1)
    assert refusal["code"] == "tool.unknown"
    assert "sample_size" in refusal["cure"]


def test_what_is_left_out_is_said_and_comes_when_it_is_asked_for(assistant):
    """An answer too long for one says how many are left and how to ask; asked for page by page, nothing is missing."""
    tool = next(t for t in tools() if t.name == "adjust_p_values")
    given = {**tool.examples[0], "p_values": [round((n + 1) / 1000, 4) for n in range(400)]}
    whole = tool.run(given).to_json()
    told = assistant.told(tool.name, **given)
    key, listed = max(((k, v) for k, v in whole.items() if isinstance(v, list)), key=lambda pair: len(pair[1]))
    assert "result" not in told
    found = list(told["part"][key])
    pages = 0
    while more := [m for m in told.get("more", ()) if m["where"] == key]:
        assert more[0]["left_out"] == len(listed) - len(found)
        told = assistant.told(tool.name, **given, **more[0]["ask"]["add"])
        found += told["part"]
        pages += 1
        assert pages < 100
    assert found == json.loads(json.dumps(listed))


def test_a_part_there_is_not_is_refused(assistant):
    """A wrong path or a skip past the end is a refusal, not an empty answer."""
    (refusal,) = assistant.refused("experiments", part="experiment")
    assert refusal["code"] == "input.no_part"
    (refusal,) = assistant.refused("experiments", part="experiments", skip=999)
    assert refusal["code"] == "input.skip"


def test_lists_and_objects_sent_as_text_are_read(assistant):
    """Some hosts send lists as JSON text: they are read as what they are, and text stays text."""
    told = assistant.told("quick_look", counts='["control=10000:520", "b=10100:600"]')
    assert "quick" in told["said"]


def test_the_documented_sizes_are_those_of_these_answers(answers, repository):
    """The table in docs/mcp.md names every tool, each under the limit, and what it says of verbs holds here."""
    page = (repository / "docs" / "mcp.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+)(?: \(cut\))? \| ([\d,]+) \|$", page, re.MULTILINE)
    told = {name: (int(good.replace(",", "")), int(bad.replace(",", ""))) for name, good, bad in rows}
    assert set(told) == {*VERBS, *(tool.name for tool in tools())}
    assert max(max(sizes) for sizes in told.values()) < LIMIT
    for name, (good, bad) in answers.items():
        if name not in {"experiments", "log", "learnings", "verify", "sources"}:  # of the whole workspace, which grows
            assert abs(size(good) - told[name][0]) < 900, name
            assert abs(size(bad) - told[name][1]) < 900, name
