"""The catalogue on the command line: schemas out, JSON in, JSON out."""

from __future__ import annotations

import json

import pytest

from copilot_tools import catalogue


def test_tools_lists_and_describes(run):
    """The list names every tool; with --json each has its schemas and an example."""
    text = run("tools").stdout
    found = json.loads(run("tools", "--json").stdout)
    assert [tool["name"] for tool in found] == [*catalogue.NAMES, "check_prose"]
    for tool in found:
        assert tool["name"] in text
        assert tool["arguments"]["type"] == "object"
        assert tool["arguments"]["examples"]
        assert tool["result"]["type"] == "object"


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_every_tool_runs_its_example(run, name, tmp_path):
    """Every tool's own example gives the same answer as an option, from a file and from standard input."""
    example = json.dumps(catalogue.find(name).examples[0])
    (tmp_path / "question.json").write_text(example, encoding="utf-8")
    option = run("tool", name, "--json", example)
    assert option.exit_code == 0, option.stdout
    assert json.loads(option.stdout) == catalogue.find(name).run_json(example).to_json()
    assert run("tool", name, "--json", "@question.json").stdout == option.stdout
    assert run("tool", name, "--json", "-", stdin=example).stdout == option.stdout


@pytest.mark.parametrize("given", ["{", "[]", '{"a": NaN}', '{"no_such": 1}', "@none.json", "null"])
def test_bad_arguments_are_refused_as_json(run, given):
    """What no tool can take comes back as JSON reasons with exit code 2, and nothing else on standard output."""
    result = run("tool", "sample_size", "--json", given)
    assert result.exit_code == 2
    refused = json.loads(result.stdout)["refused"]
    assert refused
    assert all(r["code"] and r["reason"] for r in refused)
    assert result.stderr == ""
