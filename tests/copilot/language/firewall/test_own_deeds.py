"""A writer has done nothing: what it says to have done to data or result is kept back."""

from __future__ import annotations

import pytest

from expcopilot.language.firewall.check import check
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, CheckedSentence, Statement

FACTS = {"verdict.phrase": Fact(id="verdict.phrase", kind="verdict", text="inconclusive")}


@pytest.mark.parametrize("section", ["answer", "next", "exploratory"])
@pytest.mark.parametrize(
    "text",
    [
        "I have verified the data by hand.",
        "I have removed the outliers.",
        "I already checked the split.",
        "I verified the result.",
        "I had looked at the sample before.",
        "I checked the data; the verdict is {verdict.phrase}.",
    ],
)
def test_a_deed_nobody_did_does_not_pass(text, section):
    """Nothing is done by talking, in whatever tense it is told."""
    found = check(Statement(text=text, section=section), FACTS)
    assert isinstance(found, Blocked)
    assert any("stands on the record" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    "text",
    [
        "I can tell you what was measured.",
        "I understand the wish, and the verdict stays {verdict.phrase}.",
        "I have not seen the rows.",
        "I did not compute it.",
    ],
)
def test_honest_talk_passes(text):
    """What can be done, what is understood, and what is denied."""
    assert isinstance(check(Statement(text=text, section="answer"), FACTS), CheckedSentence)
