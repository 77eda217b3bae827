"""The firewall as a tool: JSON in, JSON out."""

from __future__ import annotations

import json

import pytest

from copilot_tools.refusals import Refused
from expcopilot.language.firewall.check_prose import CHECK_PROSE

FACTS = {
    "arm.b": {"value": "B", "arm": "b"},
    "arm.a": {"value": "A", "arm": "a"},
    "metric.visits": {"value": "visits", "metric": "visits"},
    "primary.b.effect": {"value": 0.043, "unit": "relative", "metric": "visits", "arm": "b", "planned": True},
    "cut.b.effect": {"value": 0.09, "unit": "relative", "metric": "visits", "arm": "b", "planned": False},
    "verdict.phrase": {"value": "inconclusive"},
}


def run(*statements: str, **more: object):
    return CHECK_PROSE.run_json(json.dumps({"statements": statements, "facts": FACTS, **more}))


def test_its_example_runs():
    """The example of the tool passes one statement and keeps one back."""
    result = CHECK_PROSE.run(CHECK_PROSE.examples[0])
    assert [s.passed for s in result.statements] == [True, False]


def test_each_statement_passes_or_has_reasons():
    """The form of the result: in order, with text or reasons."""
    result = run("The estimate for {arm.b} is {primary.b.effect}.", "The estimate for {arm.a} is {primary.b.effect}.",
                 "The estimate is {cut.b.effect}.", "The verdict is almost {verdict.phrase}.")  # fmt: skip
    assert [s.passed for s in result.statements] == [True, False, False, False]
    assert result.statements[0].text == "The estimate for B is 0.043 relative."
    assert all(s.reasons for s in result.statements[1:])
    assert (result.passed, result.blocked) == (1, 3)


def test_the_verdict_is_a_row_or_its_phrase():
    """Row and phrase mean the same; what is neither is refused with the rows there are."""
    said = "The data cannot tell the arms apart."
    assert run(said, verdict="inconclusive").passed == 1
    assert run(said, verdict="supported: at least what matters").passed == 0
    with pytest.raises(Refused, match="no verdict of the table"):
        run(said, verdict="a win")


def test_a_fact_with_an_odd_id_is_refused():
    """An id that no slot can name is refused, not passed over."""
    with pytest.raises(Refused, match="no id of a fact"):
        CHECK_PROSE.run({"statements": ["The plan is read."], "facts": {"B won": {"value": 1.0}}})
