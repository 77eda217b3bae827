"""Designs: published inflation and expected sizes, rpact's figures, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.stats.sequential.designs import Futility, Shape, group_sequential
from copilot_tools.stats.sequential.spending import Spending


def hsd(gamma):
    """Hwang-Shih-DeCani."""
    return Spending(family="hwang-shih-decani", parameter=gamma)


def kim_demets(rho):
    """The power family."""
    return Spending(family="power", parameter=rho)


@pytest.mark.parametrize(
    ("shape", "k", "largest", "null"), [("obrien-fleming", 5, 102.8, 102.1), ("pocock", 4, 120.2, 117.5)]
)
def test_published_inflation(shape, k, largest, null):
    """Jennison & Turnbull (2000), tables 2.2 to 2.8, as in gsDesign's test-base.R: two-sided 5%, power 80%."""
    design = group_sequential(k, Shape(name=shape))
    assert design.inflation * 100 == pytest.approx(largest, abs=0.06)
    assert design.expected_null * 100 == pytest.approx(null, abs=0.06)


RPACT = [
    # Figures printed in rpact's own unit tests (test-f_design_group_sequential.R and _beta_spending.R).
    (
        ((0.2, 0.4, 1), hsd(0), 0.03, 1, 0.86, None),
        (2.5121443, 2.4228747, 2.0280392),
        None,
        (1.0788327, 0.83081135, 1.0697705),
    ),
    (
        ((0.2, 0.4, 1), hsd(-1), 0.07, 1, 0.86, Futility(spending=hsd(-2))),
        (2.364813, 2.1928805, 1.5660474),
        (-1.1063623, -0.35992439),
        (1.0869177, 0.82636428, 0.79471657),
    ),
    (
        ((0.3, 0.7, 1), kim_demets(2.2), 0.03, 1, 0.66, Futility(spending=kim_demets(3.2))),
        (2.8594012, 2.2435708, 1.9735737),
        (-1.1558435, 0.72836893),
        (1.0555891, 0.86740735, 0.75480974),
    ),
    (
        ((0.4, 0.65, 0.8, 1), kim_demets(2.5), 0.05, 2, 0.9, Futility(spending=kim_demets(1.5), binding=True)),
        (2.8032117, 2.4453423, 2.2956849, 1.9878913),
        (0.3085062, 0.97461473, 1.3896954),
        (1.1094363, 0.72647427, 0.72430062),
    ),
]


@pytest.mark.parametrize(("given", "efficacy", "futility", "sizes"), RPACT)
def test_rpact(given, efficacy, futility, sizes):
    """Unequal looks, both sides, futility binding or not: boundaries, inflation and expected sizes as rpact prints."""
    times, rule, alpha, sides, power, futile = given
    design = group_sequential(times, rule, alpha=alpha, sides=sides, power=power, futility=futile)
    assert [look.efficacy_z for look in design.looks] == pytest.approx(efficacy, abs=2e-6)
    if futility is not None:
        assert [look.futility_z for look in design.looks][:-1] == pytest.approx(futility, abs=5e-6)
    found = (design.inflation, design.expected_effect, design.expected_null)
    assert found == pytest.approx(sizes, abs=2e-6)


def test_one_look_is_the_fixed_test():
    """With one look nothing is inflated and the boundary is the plain critical value."""
    for rule in (Spending(), Shape(name="pocock")):
        design = group_sequential(1, rule, power=0.9)
        assert design.looks[0].efficacy_z == pytest.approx(1.959964, abs=1e-6)
        assert (design.inflation, design.expected_null) == pytest.approx((1, 1))


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("rule", [Spending(), Spending(family="pocock"), Shape(name="wang-tsiatis", delta=0.3)])
@pytest.mark.parametrize("looks", [2, 28, (0.1, 0.5, 0.55, 1.0)])
@pytest.mark.parametrize("futility", [None, Futility(), Futility(binding=True)])
def test_power_and_error_add_up(rule, looks, sides, futility):
    """Power is what was asked for, alpha what is spent, the stops of each column sum to 1, sizes lie in order."""
    design = group_sequential(looks, rule, alpha=0.04, sides=sides, power=0.85, futility=futility)
    assert design.looks[-1].power == pytest.approx(0.85, abs=1e-7)
    assert design.looks[-1].alpha_spent == 0.04
    assert sum(look.stop_null for look in design.looks) == pytest.approx(1)
    assert sum(look.stop_effect for look in design.looks) == pytest.approx(1)
    assert design.inflation > 1
    assert max(design.expected_effect, design.expected_null) < design.inflation
    binding = futility is not None and futility.binding
    assert design.error_ignoring_futility == pytest.approx(0.04, abs=1e-9) or binding
    assert design.error_ignoring_futility >= 0.04 - 1e-9


def test_many_looks_are_no_different():
    """200 looks: the error is still exact and the inflation still small."""
    design = group_sequential(200)
    assert design.error_ignoring_futility == pytest.approx(0.05, abs=1e-9)
    assert 1.05 < design.inflation < 1.06
    assert np.all(np.diff([look.efficacy_z for look in design.looks if look.efficacy_z < 30]) < 0)


@pytest.mark.parametrize(
    ("looks", "options"),
    [
        (0, {}),
        (501, {}),
        (10**9, {}),
        ((0.5, 0.9), {}),
        ((0.5, 1.2), {}),
        (3, {"alpha": 0.0}),
        (3, {"alpha": 0.5}),
        (3, {"power": 0.05}),
        (3, {"power": 1.0}),
        (3, {"sides": 2, "power": 0.06, "alpha": 0.059, "futility": Futility(spending=kim_demets(0.01))}),
    ],
)
def test_impossible_designs_are_refused(looks, options):
    """Looks, error rates and powers out of range are refused by name; what can be answered is finite."""
    if options.get("futility"):
        design = group_sequential(looks, **options)
        assert np.isfinite(design.inflation)
    else:
        with pytest.raises(Refused):
            group_sequential(looks, **options)


@pytest.mark.parametrize("given", [{"name": "wang-tsiatis"}, {"name": "pocock", "delta": 0.1}])
def test_impossible_shapes_are_refused(given):
    """Delta is Wang and Tsiatis's alone."""
    with pytest.raises(ValidationError):
        Shape(**given)
