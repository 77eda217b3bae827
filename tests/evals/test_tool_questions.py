"""Sixty plain questions lead to the tools that answer them, and every tool says when to use it and when not."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from copilot_tools.catalogue import NAMES, tools

# Its folder is called as the product's own room, so it is loaded from its file and not by that name.
_FILE = Path(__file__).resolve().parents[2] / "evals" / "tools" / "score.py"
_SPEC = importlib.util.spec_from_file_location("tool_questions_score", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
score = sys.modules.setdefault(_SPEC.name, importlib.util.module_from_spec(_SPEC))
_SPEC.loader.exec_module(score)


@pytest.fixture(scope="module")
def index():
    """The catalogue's words, indexed once."""
    return score.catalogue_index()


def test_the_questions_cover_the_catalogue():
    """Sixty questions, every tool among their answers, a third with a trap, some that no tool answers."""
    given = score.questions()
    assert len(given) == len({q.ask for q in given}) == 60
    assert {q.tool for q in given} == {*NAMES, score.NONE}
    assert sum(bool(q.trap) for q in given) >= 20
    assert sum(q.tool == score.NONE for q in given) >= 5
    fresh = score.questions("fresh.yaml")
    assert {q.tool for q in fresh} <= set(NAMES)
    assert not {q.ask for q in fresh} & {q.ask for q in given}


@pytest.mark.parametrize("kept_back", [False, True])
def test_words_alone_lead_to_the_tool(index, kept_back):
    """On either half the tool is first for four in five questions, and among three for nine in ten."""
    half = score.halves(score.questions())[kept_back]
    found = score.scored(half, index)
    assert len(found) == 27
    assert sum(f.within(1) for f in found) >= 0.8 * len(found)
    assert sum(f.within(3) for f in found) >= 0.9 * len(found)


def test_words_do_on_questions_written_after_them(index):
    """On questions nobody mended words for, counting words still finds the tool among three more often than not."""
    found = score.scored(score.questions("fresh.yaml"), index)
    assert sum(f.within(1) for f in found) >= 14
    assert sum(f.within(3) for f in found) >= 19


def test_the_score_can_fail(index):
    """Questions whose tools are shuffled are not found, and a catalogue of names alone finds few."""
    given = [q for q in score.questions() if q.tool != score.NONE]
    shuffled = [q._replace(tool=other.tool) for q, other in zip(given, given[7:] + given[:7], strict=True)]
    assert sum(f.within(1) for f in score.scored(shuffled, index)) <= 3
    names = score.Index({name: [score.stem(w) for w in name.split("_")] for name in NAMES})
    assert sum(f.within(1) for f in score.scored(given, names)) < 20


@pytest.mark.parametrize("tool", tools(), ids=lambda tool: tool.name)
def test_each_tool_says_when_and_when_not(tool):
    """Whoever chooses reads when it fits, when it does not, and the name of what fits then."""
    assert re.match(r"(Before|When|To|For|At) ", tool.when), tool.when
    assert re.search(r"\b([Nn]ot|[Nn]ever|nor|no)\b", tool.when), tool.when
    assert len(tool.when) <= 450, len(tool.when)
    for named in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", tool.when):
        assert named in NAMES, named
        assert named != tool.name


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("clicks", "click"),
        ("clicked", "click"),
        ("changes", "chang"),
        ("change", "chang"),
        ("less", "less"),
        ("ad", "ad"),
    ],
)
def test_stems(word, expected):
    """Common endings go, and short words stay as they are."""
    assert score.stem(word) == expected
