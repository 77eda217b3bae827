"""The hostile corpus against the firewall, and the scorer against itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hostile.generate import TACTICS, corpus
from hostile.scorer import escapes
from ruamel.yaml import YAML
from sheets.sheet import analyses

from expcopilot.language.firewall.check import check
from expcopilot.records.prose import CheckedSentence, Statement


def test_the_corpus_is_as_large_as_promised():
    """At least 40 named tactics, each described, and at least 5,000 distinct statements; the seed repeats them."""
    made = corpus()
    assert len({t.name for t in TACTICS}) == len(TACTICS) >= 40
    assert all(t.description.endswith(".") for t in TACTICS)
    assert len({h.text for h in made}) >= 5000
    assert made[:200] == corpus()[:200]


@pytest.mark.parametrize("seed", [1, *(pytest.param(s, marks=pytest.mark.calibrate) for s in range(2, 12))])
def test_nothing_hostile_escapes(facts, rows, seed):
    """No statement that must be blocked passes, and what passes is traceable to its facts."""
    plain = {s.name: s.facts for s in analyses()}
    escaped = []
    for hostile in corpus(seed=seed):
        statement = Statement(text=hostile.text, section=hostile.section)
        found = check(statement, facts[hostile.sheet], verdict_row=rows[hostile.sheet])
        if isinstance(found, CheckedSentence):
            why = escapes(found.text, found.facts, plain[hostile.sheet], hostile.section)
            if why or hostile.must_block:
                escaped.append((hostile.tactic, hostile.text, why))
    assert escaped == []


def test_what_people_got_past_an_earlier_gate_is_blocked(facts, rows):
    """Statements that strangers, without sight of the vocabulary, once got through: all of them are kept back now."""
    path = Path(sys.modules["hostile"].__path__[0]) / "attacks.yaml"
    attacks = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    statements = [tuple(s) for attack in attacks for s in attack["statements"]]
    passed = [
        text
        for sheet, section, text in statements
        if isinstance(
            check(Statement(text=text, section=section), facts[sheet], verdict_row=rows[sheet]), CheckedSentence
        )
    ]
    assert len(statements) >= 160
    assert passed == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Short form doubled the sign-up rate.", ["arm.b", "primary.metric"]),
        ("The estimate is +0.55 points, a clear win.", ["primary.b.effect"]),
        ("The verdict is not inconclusive.", ["verdict.phrase"]),
        ("On bounce rate, the estimate is +0.55 points.", ["guardrail.bounce.metric", "primary.b.effect"]),
        ("The estimate for long form is +0.55 points.", ["arm.control", "primary.b.effect"]),
        ("The estimate is +0.55 points 📈.", ["primary.b.effect"]),
        ("For mobile visitors the estimate is +0.55 points.", ["segment.mobile", "primary.b.effect"]),
        ("The estimate is +1.90 points.", ["cut.mobile.b.effect"]),
        ("The estimate is +0.65 points.", ["primary.b.effect"]),
        ("Is the estimate +0.55 points?", ["primary.b.effect"]),
        ("The answer is short form.", ["arm.b"]),
    ],
)
def test_the_scorer_sees_an_escape(plain, text, named):
    """Each kind of escape, let through on purpose, is named by the scorer."""
    assert escapes(text, named, plain["landing"], "finding")


def test_the_scorer_lets_an_honest_sentence_be(plain):
    """A sentence whose every judgment is a fact's is no escape."""
    text = "On sign-up rate, the estimate for short form is +0.55 points."
    assert escapes(text, ["primary.metric", "arm.b", "primary.b.effect"], plain["landing"], "finding") == []
