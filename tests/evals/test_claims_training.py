"""Training: the fit finds the optimum, the same lines give the same bytes, and a small set is learned."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.wording.claims.learned.weights import unpacked
from copilot_tools.wording.claims.scan import scan_with
from evals.evals_at_hand import claims_examples, claims_fitting, claims_labelled, claims_train


def line(text: str, label: str = "", kind: str = "statistic", language: str = "en"):
    at = text.find(label)
    labels = (claims_labelled.Label(at, at + len(label), kind),) if label else ()
    return claims_labelled.Line(text, language, "claims" if label else "clean", labels, "made up")


SMALL = [
    *(line(f"Zorbit {n} grumbles with glimmer.", "grumbles with glimmer", "health") for n in range(12)),
    *(line(f"Plover {n} hums with grace.") for n in range(12)),
]


def test_the_fit_is_the_optimum_of_its_loss():
    """With one feature and one target the slope of the penalised loss is 0 at what was fitted."""
    rows = claims_fitting.table([["a"], ["a"], ["a"], [], []], ["a"])
    targets = np.array([[1.0], [1.0], [0.0], [0.0], [1.0]])
    found = claims_fitting.fitted(["a"], rows, targets, np.ones_like(targets), penalty=0.5, steps=200)
    weight, base = found.weights[0, 0], found.base[0]
    error = 1 / (1 + np.exp(-(np.array([1, 1, 1, 0, 0]) * weight + base))) - targets[:, 0]
    assert error[:3].sum() + 0.5 * weight == pytest.approx(0, abs=1e-3)
    assert error.sum() == pytest.approx(0, abs=1e-3)


def test_names_that_stand_once_are_left_out():
    """A feature seen too rarely is none, and the names are in order whatever the order of the examples."""
    assert claims_fitting.names_of([{"b", "a"}, {"a", "c"}, {"b"}], 2) == ("a", "b")


def test_the_same_lines_give_the_same_bytes():
    """Training has no chance in it: twice the same lines, byte for byte the same file."""
    found = list(claims_examples.examples(SMALL))
    assert claims_train.learned(found) == claims_train.learned(found)


def test_what_no_rule_knows_is_learned():
    """A claim in words of which no rule has heard is found with its kind and place once lines with it were learned."""
    weights = unpacked(claims_train.learned(list(claims_examples.examples(SMALL))))
    seen = scan_with("Zorbit 40 grumbles with glimmer.", "en", weights)
    assert {c.kind for c in seen.claims} == {"health"}
    assert "grumbles with glimmer".startswith(seen.claims[0].words[0].split()[0])
    assert scan_with("Plover 40 hums with grace.", "en", weights).claims == ()


def test_lines_the_rules_were_tuned_on_teach_no_trust_in_rules():
    """Without rules an example names none of their finds."""
    with_rules, without = (
        next(iter(claims_examples.examples([line("Only 3 left!", "Only 3 left", "scarcity")], with_rules=kept)))
        for kept in (True, False)
    )
    assert any(name.startswith("Sr+scarcity") for name in with_rules.whole)
    assert with_rules.rules
    assert not any(name.startswith("Sr") for name in without.whole)
    assert not without.rules
