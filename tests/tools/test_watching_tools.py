"""The tools for watched tests and across tests, through JSON: what a person or a model sees."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.catalogue import find
from copilot_tools.refusals import Refused


def ask(tool, **arguments):
    """Run a tool of the catalogue on plain data."""
    return find(tool).run(arguments)


def test_the_msprt_keeps_its_smallest_p_value_and_its_first_rejection():
    """Johari, Pekelis & Walsh's example as a look among others: its p-value stands although a later look is milder."""
    looks = [
        {"estimate": 0.0, "standard_error": 0.004},
        {"estimate": 0.01, "standard_error": (2 * 0.09 / 50_000) ** 0.5},
        {"estimate": 0.002, "standard_error": 0.0015},
    ]
    found = ask("sequential_test", looks=looks, mixing_sd=0.01)
    assert found.p_value == pytest.approx(8.0772292e-06, rel=1e-6)
    assert found.rejected_at == 2
    assert found.interval.low < 0.002 < found.interval.high
    assert "look 2 rejected" in found.sentence
    with pytest.raises(Refused, match="either mixing_sd or mixing_effect"):
        ask("sequential_test", looks=looks)
    with pytest.raises(Refused, match="needs n_control and n_treatment"):
        ask("sequential_test", looks=looks, mixing_effect=0.3)


def test_so_few_units_bound_nothing_yet():
    """Two units an arm with an estimated variance: no interval, and the sentence says so."""
    look = {"estimate": 1.0, "standard_error": 0.5, "n_control": 2, "n_treatment": 2}
    found = ask("sequential_test", looks=[look], mixing_effect=0.5)
    assert found.interval is None
    assert "nothing is bounded yet" in found.sentence


@pytest.mark.parametrize("method", ["normal-mixture", "t-mixture", "stitching"])
def test_the_always_valid_interval_by_other_methods(method):
    """Each method gives an interval around the estimate, wider than a fixed one; one-sided is open at one end."""
    given = {"estimate": 0.0, "standard_error": 1.0, "units": 1000, "horizon": 1000, "method": method}
    found = ask("always_valid_interval", **given)
    assert 1.96 < found.critical_value < 3.6
    assert found.interval.high == pytest.approx(found.critical_value)
    if method == "t-mixture":
        with pytest.raises(Refused, match="two-sided"):
            ask("always_valid_interval", **given, sides=1)
    else:
        assert ask("always_valid_interval", **given, sides=1).critical_value < found.critical_value


def test_few_conversions_are_sent_to_the_exact_sequence():
    """Below 10 conversions in an arm the normal interval is refused, naming the tool that is exact."""
    given = {"estimate": 0.01, "standard_error": 0.004, "units": 2000, "horizon": 5000}
    with pytest.raises(Refused, match="sequential_proportions"):
        ask("always_valid_interval", **given, fewest_conversions=9)
    assert ask("always_valid_interval", **given, fewest_conversions=10).critical_value > 3


def test_watched_proportions_say_when_they_rejected():
    """Ten looks of 1% against 3%: rejected at some look; the intervals hold what was observed."""
    looks = [
        {"n_control": 500 * k, "control": 5 * k, "n_treatment": 500 * k, "treatment": 15 * k} for k in range(1, 11)
    ]
    found = ask("sequential_proportions", looks=looks)
    assert found.rejected_at is not None
    assert found.p_values[found.rejected_at - 1] <= 0.05
    assert found.rejected_at == 1 or found.p_values[found.rejected_at - 2] > 0.05
    assert found.odds_ratio_interval.low > 1
    assert found.control_interval.low < 0.01 < found.control_interval.high
    assert found.difference_interval.low < 0.02 < found.difference_interval.high


@pytest.mark.parametrize(
    ("control", "treatment", "state"),
    [(100, 120, "continue"), (100, 180, "treatment wins"), (180, 100, "control wins"), (420, 400, "no winner")],
)
def test_the_race_as_it_stands(control, treatment, state):
    """A lead decides, in either direction with two sides; all conversions without one is no winner."""
    found = ask("conversion_race", conversions=808, sides=2, control=control, treatment=treatment)
    assert found.state == state
    assert found.error <= 0.05


def test_combined_tests_name_the_replication():
    """A first win that the others do not repeat is named so; without a first win there is nothing to repeat."""
    tests = [
        {"name": str(i), "estimate": e, "standard_error": 0.01} for i, e in enumerate([0.05, 0.002, -0.004, 0.003])
    ]
    found = ask("combine_tests", tests=tests)
    assert found.replication.verdict == "not shown again"
    assert "not shown again" in found.sentence
    assert ask("combine_tests", tests=tests[::-1]).replication.code == "replication.nothing_found"


def test_an_aa_suite_tells_what_is_wrong():
    """Rows of one user counted as units: more false alarms than promised, most p-values in the lowest tenth."""
    rng = np.random.default_rng(12)
    values = np.repeat(rng.standard_normal(100), 5).tolist()
    found = ask("aa_suite", values=values, units=[f"u{i // 5}" for i in range(500)], splits=300)
    assert not found.holds
    assert found.deciles[0] > 0.25
    assert sum(found.deciles) == pytest.approx(1)
    assert "several rows a unit" in found.sentence
