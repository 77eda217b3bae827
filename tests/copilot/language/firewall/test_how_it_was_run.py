"""How the test was run, and what became of its effect, are for objections to say: a skeptic may not make them up."""

from __future__ import annotations

import pytest

from expcopilot.language.firewall.rules import reasons_against
from expcopilot.records.prose import Statement

SECTIONS = ("skeptic", "finding", "answer")


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    "text",
    [
        "The effect wears off with the day of entry.",
        "The effect fades.",
        "The effect was there on the first day.",
        "Whole clusters were assigned, and nobody checked.",
        "Visitors were not assigned at random.",
        "The visitors saw both pages.",
        "Bots entered the test.",
        "Nobody counted bots.",
    ],
)
def test_a_flaw_that_no_objection_names_does_not_pass(text, section) -> None:
    """Said as a fact, in any section."""
    assert reasons_against(Statement(text=text, section=section), {})


@pytest.mark.parametrize(
    "text",
    [
        "The effect may wear off after the first weeks.",
        "Visitors may have come back with another device and seen both pages.",
        "Ask how visitors were assigned before reading anything into it.",
        "The difference could be noise.",
    ],
)
def test_a_doubt_passes(text) -> None:
    """Said as what could be, or asked."""
    assert reasons_against(Statement(text=text, section="skeptic"), {}) == ()
