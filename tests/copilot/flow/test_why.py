"""What would change a verdict, against a brute-force walk over the verdict table."""

from __future__ import annotations

import itertools

import pytest

from copilot_tools.results import Interval
from copilot_tools.stats.spec import Effect
from copilot_tools.stats.verdict_table import PHRASES, classify
from expcopilot.api import Copilot
from expcopilot.flow.open_data import typed_counts
from expcopilot.flow.why import _other_rows, explain
from tests_plan import plan

SPEC = plan().analysis
M = Effect(size=0.01, scale="absolute")
PLACES = [v / 1000 for v in (-25, -11, -10, -9, -4, 0, 4, 9, 10, 11, 25)]


@pytest.mark.parametrize(("low", "high"), [(a, b) for a, b in itertools.combinations_with_replacement(PLACES, 2)])
def test_every_row_one_end_away_is_named(low, high):
    """The rows named are exactly those that moving one end of the interval alone reaches, each once."""
    row = classify(low, high, M.size)
    fine = [v / 2000 for v in range(-80, 81)]
    reached = {classify(low, v, M.size) for v in fine if v >= low} | {
        classify(v, high, M.size) for v in fine if v <= high
    }
    named = list(_other_rows(SPEC, row, Interval(low=low, high=high, level=0.95), M))
    phrases = [sentence.split(": if ")[0] for sentence in named]
    assert sorted(phrases) == sorted(PHRASES[r] for r in reached - {row})


@pytest.mark.parametrize(
    ("sentence", "low", "high"),
    [
        ("inconclusive: if L were at 0 or below (it is +0.20 points).", 0.002, 0.025),
        ("supported: size unresolved: if L were above 0 and below +1.00 points (it is −0.40 points).", -0.004, 0.025),
        (
            "refuted: no effect that matters: if U were at 0 or above, and below +1.00 points (it is +2.50 points).",
            -0.004,
            0.025,
        ),
        ("supported: at least what matters: if L were at +1.00 points or above (it is +0.40 points).", 0.004, 0.025),
        (
            "real, too small to matter: if U were at 0 or above, and below +1.00 points (it is +2.50 points).",
            0.004,
            0.025,
        ),
    ],
)
def test_words_of_a_change(sentence, low, high):
    """The change is said with the end, the boundary and where the end is now."""
    row = classify(low, high, M.size)
    assert sentence in list(_other_rows(SPEC, row, Interval(low=low, high=high, level=0.95), M))


def test_why_of_real_looks(workspace):
    """A blinded look hangs on its end and names no outcome; an open one gives the row, the interval and the way on."""
    copilot = Copilot(workspace, workspace.ledger)
    counted = plan().model_copy(
        update={"analysis": plan().analysis.model_copy(update={"unit": None, "arm_column": None})}
    )
    copilot.register(counted)
    early = explain(copilot.analyze("checkout", typed_counts(("control=1000:52", "b=1010:70"))))
    assert early.arms[0].changes == ("Only reaching the committed end (2,010 of the 20,000 committed units are in).",)
    assert early.arms[0].ends == ""
    assert "%" not in early.to_json().__repr__()
    copilot.analyze("checkout", typed_counts(("control=10000:520", "b=10100:581")))
    found = copilot.why("checkout")
    assert (found.look, found.phrase) == (2, "inconclusive")
    assert found.arms[0].rule == "L ≤ 0 and m ≤ U"
    assert found.arms[0].ends.endswith("m = +1.00 points")
    assert "no wording moves it" in found.closing
    assert copilot.why("checkout", look=1).look == 1
