"""What one role wrote, after the firewall."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from expcopilot.language.firewall.prose import checked_prose
from expcopilot.records.prose import Statement


def test_a_sentence_by_code_stands_in_once(facts):
    """The first blocked statement of a section is replaced, every blocked one is kept with its reasons."""
    prose = checked_prose(
        "narrator",
        [Statement(text="It won."), Statement(text="The verdict is {verdict.phrase}."), Statement(text="It lost.")],
        facts["landing"],
        {"finding": "The estimate is {primary.b.effect}."},
    )
    assert [(s.author, s.text) for s in prose.sentences] == [
        ("code", "The estimate is +0.55 points."),
        ("model", "The verdict is inconclusive."),
    ]
    assert [b.statement.text for b in prose.blocked] == ["It won.", "It lost."]
    assert all(b.reasons for b in prose.blocked)


def test_a_silent_section_still_speaks(facts):
    """A section with a fallback has a sentence even when the model wrote none."""
    prose = checked_prose("skeptic", [], facts["landing"], {"skeptic": "{objection.fragility}"})
    assert prose.sentences[0].text == facts["landing"]["objection.fragility"].text
    assert prose.sentences[0].author == "code"


def test_a_section_with_a_sentence_needs_no_fallback(facts):
    """A fallback does not repeat what the model said."""
    said = Statement(text="The verdict is {verdict.phrase}.")
    prose = checked_prose("narrator", [said], facts["landing"], {"finding": "The estimate is {primary.b.effect}."})
    assert len(prose.sentences) == 1


def test_a_result_does_not_take_on_the_name_before_it(facts):
    """After a sentence that names another metric, a result without a name is kept back."""
    prose = checked_prose(
        "narrator",
        [
            Statement(text="The guardrail is {guardrail.bounce.metric}."),
            Statement(text="The estimate is {primary.b.effect}."),
        ],
        facts["landing"],
    )
    assert len(prose.sentences) == 1
    assert "The sentence before names another metric" in prose.blocked[0].reasons[0]


def test_a_fallback_with_an_unknown_fact_is_a_fault_of_the_program(facts):
    """Code's own sentence never goes out with a hole in it."""
    with pytest.raises(KeyError):
        checked_prose("narrator", [], facts["landing"], {"finding": "{no.such.fact}"})


def test_only_the_firewall_builds_prose(repository: Path):
    """No other module of the package calls CheckedSentence or CheckedProse, constructs or copies one."""
    allowed = {"check.py": {"CheckedSentence"}, "prose.py": {"CheckedProse"}}
    package = repository / "copilot" / "expcopilot"
    builders = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            parts = {n.id for n in ast.walk(node.func) if isinstance(n, ast.Name)}
            for name in parts & {"CheckedSentence", "CheckedProse"}:
                here = path.parent.name == "firewall" and name in allowed.get(path.name, set())
                # Reading a record back from the ledger is no making of prose.
                reads = isinstance(node.func, ast.Attribute) and node.func.attr == "model_validate"
                if not here and not reads:
                    builders.append((str(path.relative_to(package)), name))
    assert builders == []
