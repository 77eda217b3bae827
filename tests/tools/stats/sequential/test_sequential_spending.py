"""Spending functions: published values, both conventions, and refusals."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.sequential.spending import Spending

TIMES = (0.2, 0.4, 0.5, 0.6, 0.8, 1.0)
PUBLISHED = [
    # Lan & DeMets (1983); Hwang, Shih & DeCani (1990); Kim & DeMets (1987); formulas of gsDesign's sfLDOF.
    (
        Spending(),
        (5.3887126e-07, 0.00039415176, 0.0015253228, 0.0038080633, 0.01221179, 0.025),
    ),
    (Spending(family="pocock"), (0.0073848632, 0.013078429, 0.015502863, 0.017712827, 0.021620993, 0.025)),
    (
        Spending(family="hwang-shih-decani", parameter=-4),
        (0.00057163397, 0.0018438288, 0.0029800731, 0.0046751503, 0.010976372, 0.025),
    ),
    (Spending(family="power", parameter=3), (0.0002, 0.0016, 0.003125, 0.0054, 0.0128, 0.025)),
]


@pytest.mark.parametrize(("spending", "values"), PUBLISHED, ids=lambda x: getattr(x, "family", ""))
def test_published_spending(spending, values):
    """One-sided 0.025 is spent as published."""
    assert [spending.spent(t, 0.025) for t in TIMES] == pytest.approx(values, abs=1e-7)


@pytest.mark.parametrize("error", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("t", [0.1, 0.37, 0.9])
def test_the_two_conventions_differ_only_with_two_sides(error, t):
    """Per side spends twice the half's function, two-sided the function of the whole; with one side they agree."""
    per_side, together = Spending(), Spending(family="obrien-fleming-two-sided")
    normal = stats.norm
    assert per_side.spent(t, error) == together.spent(t, error)
    assert per_side.spent(t, error, 2) == pytest.approx(4 * normal.sf(normal.isf(error / 4) / t**0.5), rel=1e-10)
    assert together.spent(t, error, 2) == pytest.approx(2 * normal.sf(normal.isf(error / 2) / t**0.5), rel=1e-10)


def test_limits_of_the_families():
    """Gamma 0 spends evenly, as rho 1 does; at and beyond the end everything is spent, at 0 nothing."""
    even = Spending(family="hwang-shih-decani", parameter=0)
    near = Spending(family="hwang-shih-decani", parameter=1e-7)
    assert even.spent(0.3, 0.05) == pytest.approx(0.015) == pytest.approx(near.spent(0.3, 0.05))
    assert Spending(family="power", parameter=1).spent(0.3, 0.05) == pytest.approx(0.015)
    for spending, _ in PUBLISHED:
        assert spending.spent(0, 0.05, 2) == 0
        assert spending.spent(1.3, 0.05, 2) == 0.05


def test_implied_spending_goes_straight_between_its_knots():
    """Between looks the error of fixed boundaries is read off the straight line."""
    implied = Spending(family="implied", knots=((0.5, 0.2), (1.0, 1.0)))
    assert [implied.spent(t, 0.1) for t in (0.25, 0.5, 0.75)] == pytest.approx([0.01, 0.02, 0.06])


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"family": "power"}, "needs a parameter"),
        ({"family": "power", "parameter": 0}, "not between"),
        ({"family": "hwang-shih-decani", "parameter": 41}, "not between"),
        ({"family": "pocock", "parameter": 1}, "takes no parameter"),
        ({"family": "implied"}, "knots"),
        ({"family": "implied", "knots": ((0.5, 0.5), (0.4, 1.0))}, "increase"),
        ({"family": "implied", "knots": ((0.5, 0.5),)}, "last knot"),
    ],
)
def test_impossible_functions_are_refused(given, word):
    """A parameter missing, out of range or out of place is named."""
    with pytest.raises(ValidationError, match=word):
        Spending(**given)


@pytest.mark.parametrize(("t", "error"), [(-0.1, 0.05), (0.5, 0.0), (0.5, 1.0), (float("nan"), 0.05)])
def test_impossible_arguments_are_refused(t, error):
    """Negative information, or an error rate that is none."""
    with pytest.raises(Refused):
        Spending().spent(t, error)
