"""Validation errors as refusals: path, value, expectation, cure."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.validation import refusals_of

GOOD = {
    "arms": [{"name": "a"}, {"name": "b"}],
    "control": "a",
    "metrics": [{"name": "x", "role": "primary", "kind": "proportion", "column": "x"}],
    "minimum_effect": {"size": 0.05, "scale": "relative"},
}


def refusals(data, **options):
    """What validating ``data`` as an analysis is refused for."""
    with pytest.raises(ValidationError) as error:
        AnalysisSpec.model_validate(data)
    return refusals_of(error.value, given=data, model=AnalysisSpec, **options)


def changed(**changes):
    return {**GOOD, **changes}


@pytest.mark.parametrize(
    ("data", "code", "name", "words"),
    [
        (changed(alpha="much"), "input.wrong_type", "alpha", "'much', but must be a number"),
        (changed(alpha=0.7), "input.out_of_range", "alpha", "0.7, but must be below 0.5"),
        (changed(alpha=float("nan")), "input.not_finite", "alpha", "finite number"),
        (changed(alhpa=0.1), "input.unknown_key", "alhpa", "Did you mean alpha?"),
        (changed(sides=3), "input.not_a_choice", "sides", "one of 1, 2"),
        (changed(arms=[{"name": "a"}]), "input.out_of_range", "arms", "at least 2"),
        (changed(arms="ab"), "input.wrong_type", "arms", "a list"),
        (
            changed(arms=[{"name": "a"}, {"name": "b", "weight": 0}]),
            "input.out_of_range",
            "arms.1.weight",
            "0, but must be above 0",
        ),
        (
            changed(arms=[{"name": "a"}, {"name": "b", "wieght": 2}]),
            "input.unknown_key",
            "arms.1.wieght",
            "Did you mean weight?",
        ),
        (changed(minimum_effect={"size": 1}), "input.missing", "minimum_effect.scale", "is missing"),
        (changed(minimum_effect=None), "input.wrong_type", "minimum_effect", "a mapping"),
        (changed(control="c"), "input.inconsistent", None, "Control is 'c', but the arms are a, b."),
        (
            changed(policy={"duplicates": "drop"}),
            "input.not_a_choice",
            "policy.duplicates",
            "one of 'refuse', 'first'",
        ),
        (
            changed(exposure={"column": "p", "expectd": {}, "expected": {"a": "x"}}),
            "input.unknown_key",
            "exposure.expectd",
            "Did you mean expected?",
        ),
    ],
)
def test_one_problem_names_where_what_and_what_instead(data, code, name, words):
    """A single mistake gives a single refusal that names the path, the value and what is expected."""
    (found,) = refusals(data)
    assert (found.code, found.name) == (code, name)
    assert words in str(found)


def test_all_problems_come_together():
    """Every mistake is reported at once, none invented: a list with a bad item is not also called too short."""
    found = refusals(
        changed(arms=[{"name": "a", "weight": -1}, {"name": ""}], control=3, minimum_effect={"size": 0, "scale": "x"})
    )
    assert [r.name for r in found] == [
        "arms.0.weight",
        "arms.1.name",
        "control",
        "minimum_effect.size",
        "minimum_effect.scale",
    ]


def test_a_prefix_places_the_problem_in_its_document():
    """In a plan file the path starts where the analysis stands."""
    (found,) = refusals(changed(alpha=2), prefix="analysis")
    assert found.name == "analysis.alpha"
    assert found.reason.startswith("analysis.alpha is 2")


def test_a_long_value_is_shortened_and_a_container_is_not_printed():
    """A refusal never repeats a page of input."""
    (found,) = refusals(changed(alpha="x" * 500))
    assert len(found.reason) < 200
    assert len(str(found.value)) <= 80
    (found,) = refusals(changed(control={"secret": "y" * 500}))
    assert "y" not in str(found.value)


def test_without_the_data_the_location_is_kept_as_given():
    """Path and message stand without the data and the model too."""
    with pytest.raises(ValidationError) as error:
        AnalysisSpec.model_validate(changed(alhpa=1))
    (found,) = refusals_of(error.value)
    assert found.name == "alhpa"
    assert "correct its spelling" in found.cure
