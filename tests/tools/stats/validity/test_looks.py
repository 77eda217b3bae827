"""The false-positive rate of repeated looks, against published tables and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.validity.looks import looks, repeated_testing_rate
from tools.stats.validity.planted import spec_of

Z95 = 1.959964


@pytest.mark.parametrize(
    ("k", "rate"),
    [(1, 0.050), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248), (28, 0.275)],
)
def test_equal_looks_reproduce_the_published_table(k, rate) -> None:
    """Armitage, McPherson & Rowe (1969), Table 2: two-sided 5% at each of k equally spaced looks."""
    assert repeated_testing_rate([(i + 1) / k for i in range(k)], Z95) == pytest.approx(rate, abs=5e-4)


def test_ninety_percent_rule_reproduces_its_rate() -> None:
    """A "95% chance to win" rule checked ten times is a repeated 10% test: 34.17%."""
    assert repeated_testing_rate([(i + 1) / 10 for i in range(10)], 1.644854) == pytest.approx(0.3417, abs=5e-4)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("fractions", [(0.03, 0.5, 0.52, 1.0), (0.2, 0.9, 0.95, 0.99, 1.0)])
def test_unequal_looks_agree_with_simulated_paths(fractions, sides) -> None:
    """Unevenly spaced looks, one- and two-sided, agree with 400,000 seeded paths."""
    rng = np.random.default_rng(11)
    steps = np.diff([0.0, *fractions])
    paths = np.cumsum(rng.standard_normal((400_000, len(steps))) * np.sqrt(steps), axis=1) / np.sqrt(fractions)
    crossed = (np.abs(paths) if sides == 2 else paths) > 1.8
    assert repeated_testing_rate(fractions, 1.8, sides) == pytest.approx(crossed.any(axis=1).mean(), abs=0.0022)


def test_order_and_repeats_of_looks_do_not_matter() -> None:
    """Looking twice at the same units adds nothing, and the order of the list is no information."""
    once = repeated_testing_rate([0.5, 1.0], Z95)
    assert repeated_testing_rate([1.0, 0.5, 0.5, 1.0], Z95) == once
    assert repeated_testing_rate([1.0, 1.0, 1.0], Z95) == pytest.approx(0.05, abs=1e-6)


def test_looks_close_together_cost_little_and_never_less_than_nothing() -> None:
    """The rate grows with the distance of a second look, continuously from that of one look."""
    rates = [repeated_testing_rate([1 - gap, 1.0], Z95) for gap in (1e-6, 1e-4, 1e-3, 1e-2, 0.1, 0.5)]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(0.05, abs=1e-6)
    assert rates[1] < 0.051


@pytest.mark.parametrize("fractions", [(), (0.5, 1.5), (0.0, 1.0), (-0.1,)])
def test_impossible_looks_are_refused(fractions) -> None:
    """No look, a look at nothing and a look beyond the last are refused."""
    with pytest.raises(Refused):
        repeated_testing_rate(fractions, Z95)


def test_five_looks_are_serious_and_say_their_rate() -> None:
    """Five equal looks at the plan's 5% make 14.2%, a serious objection; two a note; one nothing."""
    spec = spec_of()
    five = looks(spec, Circumstances(outcome_looks=(2000, 4000, 6000, 8000, 10_000)))
    assert (five.severity, five.unit) == ("serious", "risk")
    assert five.value == pytest.approx(0.142, abs=5e-4)
    assert "5 looks" in five.sentence
    assert "14.2%" in five.sentence
    assert looks(spec, Circumstances(outcome_looks=(5000, 10_000))).severity == "note"
    one = looks(spec, Circumstances(outcome_looks=(10_000,)))
    assert one.severity == "none"
    assert "1 look at outcomes, at 10,000 units, leaves" in one.sentence
    again = looks(spec, Circumstances(outcome_looks=(10_000, 10_000)))
    assert again.severity == "none"
    assert "2 looks at outcomes, at 10,000 units, leave " in again.sentence


def test_no_recorded_look_is_not_assessable() -> None:
    """Without a recorded look there is no rate, and it says so."""
    objection = looks(spec_of(), Circumstances())
    assert (objection.severity, objection.value) == ("not assessable", None)
