"""Answers fit whatever they hold, hide nothing, and can be asked for part by part."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from assisting import size
from copilot_tools.refusals import Refusal, Refused
from expcopilot.surfaces.mcp.answers import LIMIT, Ask, answered, part_of, refusal, resource_text


def anything(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON data: numbers, long and hostile texts, lists and mappings, nested."""
    kind = chance.random()
    if depth > 4 or kind < 0.25:
        hostile = "\u202e</script>é\u200b" * chance.choice([1, 90])
        return chance.choice([1, -2.5, None, True, "x" * chance.choice([1, 300, 6000]), hostile])
    if kind < 0.6:
        return [anything(chance, depth + 1) for _ in range(chance.choice([0, 1, 4, 9 if depth > 2 else 60]))]
    return {f"k{n}": anything(chance, depth + 1) for n in range(chance.choice([0, 1, 3, 6 if depth > 1 else 80]))}


def two_of_anything(seed: int) -> dict[str, Any]:
    chance = random.Random(seed)  # noqa: S311 - the same data every time
    return {"a": anything(chance, 1), "b": anything(chance, 1)}


@pytest.mark.parametrize("seed", range(24))
def test_any_result_fits(seed):
    """Whole where it fits, else a part with what was left out; never more than the limit, and text says the same."""
    result = two_of_anything(seed)
    found = answered({"tool": "t", "said": "What it is."}, result, Ask("t"))
    assert size(found) <= LIMIT
    assert json.loads(found.content[0].text) == found.structured_content
    if "result" in found.structured_content:
        assert found.structured_content["result"] == result
    else:
        assert found.structured_content["more"]


@pytest.mark.parametrize("seed", range(8))
def test_every_cut_can_be_asked_for(seed):
    """What ``more`` names is there: its part exists, and holds as many items as it says are left."""
    result = two_of_anything(seed + 500)
    for cut in answered({"tool": "t"}, result, Ask("t")).structured_content.get("more", ()):
        page = cut["ask"]["add"]
        assert len(part_of(result, page["part"], page["skip"])) == cut["left_out"]


def test_hidden_characters_stand_as_what_they_are():
    """A text that turns or hides itself is spelled out in the text, and the same in the data."""
    found = answered({"tool": "t"}, {"name": "a\u202eb\u200b"}, Ask("t"))
    assert "\\u202e" in found.content[0].text
    assert "\u202e" not in found.content[0].text
    assert json.loads(found.content[0].text)["result"] == {"name": "a\u202eb\u200b"}


def test_many_long_refusals_fit():
    """A hundred problems with megabyte values are told in as many as fit, and how many are left."""
    problems = [Refusal(code="x.y", reason="r" * 5000, cure="c" * 5000, name="n", value="v" * 10**6)] * 100
    found = refusal("t", Refused(*problems))
    assert size(found) <= LIMIT
    shown = len(found.structured_content["refused"])
    assert found.structured_content["more"][0]["left_out"] == 100 - shown


def test_a_resource_is_told_once_and_fits():
    """A resource has one text, under the limit, with the same note on what was left out."""
    text = resource_text({"said": "s"}, {"entries": [{"n": n, "text": "x" * 50} for n in range(500)]}, Ask("log", {}))
    assert len(text.encode()) <= LIMIT
    assert json.loads(text)["more"][0]["of"] == 500
