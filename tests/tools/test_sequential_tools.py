"""The two group-sequential tools, through JSON: what a person or a model sees."""

from __future__ import annotations

import pytest

from copilot_tools.catalogue import find
from copilot_tools.refusals import Refused


def design(**given):
    """Run the design tool."""
    return find("group_sequential_design").run(given)


def reading(plan, *looks, **given):
    """Run the reading tool on (information, z) pairs."""
    seen = [{"information": t, "z": z} for t, z in looks]
    return find("group_sequential_reading").run({"design": plan, "seen": seen, **given})


def test_a_design_names_its_convention_and_its_units():
    """The two O'Brien-Fleming-like conventions are told apart, and units are the inflated ones, rounded up."""
    per_side = design(looks=2, fixed_units=10_000)
    together = design(looks=2, rule="obrien-fleming-two-sided")
    assert "each side" in per_side.convention
    assert "Jennison" in together.convention
    assert per_side.looks[0].efficacy_z == pytest.approx(2.963, abs=6e-4)
    assert together.looks[0].efficacy_z == pytest.approx(2.772, abs=6e-4)
    assert per_side.largest_units == per_side.looks[-1].units
    assert 0 <= per_side.largest_units - 10_000 * per_side.inflation < 1
    assert f"{per_side.largest_units:,}" in per_side.sentence
    assert per_side.naive_error == pytest.approx(0.083, abs=5e-4)


@pytest.mark.parametrize(
    ("rule", "parameter", "last"),
    [
        ("classical-pocock", None, 2.413),
        ("classical-obrien-fleming", None, 2.040),
        ("classical-wang-tsiatis", 0.25, 2.136),
    ],
)
def test_classical_shapes_by_name(rule, parameter, last):
    """Jennison & Turnbull (2000), tables 2.1, 2.3 and 2.9: five looks at 5%."""
    assert design(looks=5, rule=rule, parameter=parameter).looks[-1].efficacy_z == pytest.approx(last, abs=6e-4)


def test_decrease_goals_are_mirrored():
    """A fall in a metric that should fall reads as a rise in one that should rise, with signs kept as given."""
    plan = {"looks": 3, "sides": 1}
    up = reading(plan, (0.4, 0.5), (0.7, 2.9))
    down = reading(plan, (0.4, -0.5), (0.7, -2.9), direction="decrease")
    assert up.action == down.action == "stop: efficacy"
    assert down.estimate == pytest.approx(-up.estimate)
    assert down.interval.high == pytest.approx(-up.interval.low)
    assert down.to_json()["interval"]["low"] == "-inf"
    assert "no lower limit" in down.sentence
    assert "inf" not in down.sentence.replace("information", "")


def test_estimate_and_standard_error_do_for_z():
    """An estimate with its standard error is read as its z, and answers in the metric's unit."""
    by_z = reading({"looks": 2}, (0.5, 3.2))
    given = {"information": 0.5, "estimate": 0.032, "standard_error": 0.01}
    by_estimate = find("group_sequential_reading").run({"design": {"looks": 2}, "seen": [given]})
    assert by_estimate.action == by_z.action == "stop: efficacy"
    assert by_estimate.plain_estimate == pytest.approx(0.032)
    assert by_estimate.unit == "the metric's unit"
    assert by_z.unit == "standard errors of that look"
    assert by_estimate.estimate == pytest.approx(0.01 * by_z.estimate)


def test_a_running_test_has_no_final_estimate():
    """While it goes on there is the repeated interval, and no p-value to quote."""
    found = reading({"looks": 4}, (0.25, 2.2))
    assert (found.action, found.p_value, found.estimate, found.interval) == ("continue", None, None, None)
    assert found.looks[0].interval.low < 0 < found.looks[0].interval.high


def test_a_stop_without_an_estimate_says_why():
    """Two-sided futility, or a jump: the reason stands in the result and in the sentence."""
    futile = reading({"looks": 4, "futility": {}}, (0.75, 0.05))
    jump = reading({"looks": 4}, (0.25, 0.5), (0.5, 25.0))
    for found, code in ((futile, "sequential.inner_stop"), (jump, "sequential.jump")):
        assert found.not_estimated.code == code
        assert found.estimate is None
        assert found.not_estimated.reason in found.sentence


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "either looks"),
        ({"looks": 3, "information": [1.0]}, "either looks"),
        ({"information": [0.5, 0.8]}, "last look"),
        ({"information": [0.5, 0.5, 1.0]}, "follows one"),
        ({"looks": 3, "rule": "power"}, "needs a parameter"),
        ({"looks": 3, "rule": "pocock", "parameter": 1}, "takes no parameter"),
        ({"looks": 3, "power": 0.05, "alpha": 0.3}, "power"),
        ({"looks": 3, "power": 0.2, "alpha": 0.3}, "power"),
    ],
)
def test_designs_that_cannot_be_are_refused(given, word):
    """What is missing, doubled or out of range is named."""
    with pytest.raises(Refused, match=word):
        design(**given)


@pytest.mark.parametrize(
    ("look", "word"),
    [
        ({"information": 0.5}, "either z"),
        ({"information": 0.5, "z": 1, "estimate": 1, "standard_error": 1}, "either z"),
        ({"information": 0.5, "estimate": 1}, "either z"),
        ({"information": 0.5, "estimate": 1, "standard_error": 1e-9}, "beyond 1000"),
        ({"information": 0, "z": 1}, "information"),
    ],
)
def test_looks_that_say_nothing_are_refused(look, word):
    """Neither z nor estimate, both, half of one, or absurd."""
    with pytest.raises(Refused, match=word):
        find("group_sequential_reading").run({"design": {"looks": 2}, "seen": [look]})
