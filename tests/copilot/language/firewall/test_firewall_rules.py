"""The rules one by one, each with the reason a model is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expcopilot.language.firewall.check import check
from expcopilot.language.firewall.rules import LONGEST
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, CheckedSentence, Statement

EFFECT = Fact(id="primary.b.effect", kind="effect", text="+4.3%", value=0.043, unit="relative", metric="m", arm="b")
SMALL = {EFFECT.id: EFFECT}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The estimate is 4 percent.", "digit"),
        ("The estimate is {primary.b.effect} %.", "percent sign"),
        ("The page won.", "'won' is not in the vocabulary"),
        ("The estimate is {primary.z.effect}.", "no fact {primary.z.effect}"),
        ("The estimate is not {primary.b.effect}.", "'not'"),
        ("The estimate is –{primary.b.effect}.", "dash"),
        ("The estimate is - {primary.b.effect}.", "'-' may not stand right before"),
        ("The estimate is {primary.b.effect}x.", "glued"),
        ("The estimate is {primary.b.effect} visitors.", "'visitors' may not stand right after"),
        ("The estimate is about {primary.b.effect}.", "'about' may not stand right before"),
        ("Is the estimate {primary.b.effect}?", "question"),
        ("For {arm.control}, the estimate is {primary.b.effect}.", "another arm"),
        ("On {guardrail.bounce.metric}, the estimate is {primary.b.effect}.", "another metric"),
        ("The estimate is {guardrail.bounce.b.effect}.", "not the primary metric's"),
        ("{arm.control} is {primary.b.direction} than {arm.b}.", "another arm"),
        ("In {segment.mobile}, the estimate is {primary.b.effect}.", "not about the part"),
        ("In {segment.mobile}, the estimate is {cut.mobile.b.effect}.", "was not planned"),
        ("{arm.b} is the plan.", "what an arm is, a fact must say"),
        ("The Plan is read.", "capitals"),
        ("The reading is that {hypothesis.because}.", "whose words"),
        ("The verdict would be {verdict.phrase}.", "conditional"),
        ("The retention reading is {primary.b.effect}.", "are not about"),
        ("The plan 'reads'.", "quotation"),
        ("", "Nothing is said"),
        ("The data shows a difference.", "name the fact"),
    ],
)
def test_each_rule_names_its_reason(facts, text, reason):
    """What breaks a rule is kept back, and the reason says which."""
    found = check(Statement(text=text), facts["landing"], verdict_row="inconclusive")
    assert isinstance(found, Blocked)
    assert any(reason in r for r in found.reasons), found.reasons


def test_a_cut_stands_among_the_exploratory(facts):
    """The same sentence about an unplanned cut is kept from the findings and let into the exploratory section."""
    text = "In {segment.mobile}, the estimate is {cut.mobile.b.effect}."
    assert isinstance(check(Statement(text=text, section="exploratory"), facts["landing"]), CheckedSentence)
    assert isinstance(check(Statement(text=text, section="answer"), facts["landing"]), Blocked)


def test_some_phrases_need_the_verdict_that_makes_them_true(facts):
    """That the data cannot tell the arms apart may be said only where the verdict says so."""
    statement = Statement(text="The data cannot tell the arms apart.")
    assert isinstance(check(statement, facts["landing"], verdict_row="inconclusive"), CheckedSentence)
    for row in ("supported", "refuted_harmful", ""):
        assert isinstance(check(statement, facts["landing"], verdict_row=row), Blocked)


def test_an_effect_and_its_interval_share_a_unit():
    """A relative effect does not stand with an interval in points."""
    interval = Fact(id="primary.b.interval", kind="interval", text="1 to 2 points", unit="points", metric="m", arm="b")
    found = check(
        Statement(text="The estimate is {primary.b.effect} ({primary.b.interval})."), SMALL | {interval.id: interval}
    )
    assert isinstance(found, Blocked)
    assert "they are not one reading" in found.reasons[0]


def test_a_slot_is_filled_as_the_fact_stands():
    """The page shows the fact's text, and the sentence records its id."""
    found = check(Statement(text="the estimate is {primary.b.effect}."), SMALL)
    assert found == CheckedSentence(
        text="The estimate is +4.3%.", section="finding", facts=("primary.b.effect",), author="model"
    )


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="{}.,;:'’()-–—? abcTHE", max_size=80))
def test_no_text_makes_it_raise(text):
    """Any text whatever is passed or kept back, with a reason."""
    found = check(Statement(text=text), SMALL)
    assert isinstance(found, CheckedSentence) or found.reasons


def test_a_long_text_is_not_read():
    """Beyond the limit nothing is parsed."""
    found = check(Statement(text="the plan " * LONGEST), SMALL)
    assert isinstance(found, Blocked)
    assert "characters" in found.reasons[0]
