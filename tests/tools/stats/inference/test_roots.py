"""The root finder against scipy's."""

from __future__ import annotations

import math

import pytest
from scipy.optimize import brentq

from copilot_tools.stats.inference._roots import root

FUNCTIONS = [
    (lambda x: x**3 - 2 * x - 5, 2, 3),
    (lambda x: math.cos(x) - x, 0, 1),
    (lambda x: math.exp(x) - 1e-8, -40, 5),
    (lambda x: math.tanh(50 * (x - 0.37)), -1, 1),
]


@pytest.mark.parametrize(("f", "low", "high"), FUNCTIONS)
def test_roots_match_brentq(f, low, high):
    """Steep, flat and curved functions have the root scipy finds."""
    assert root(f, low, high) == pytest.approx(brentq(f, low, high, xtol=1e-14), abs=1e-9)


def test_a_triple_root_is_still_found():
    """Where the function is flat the bracket shrinks until the floats end."""
    assert root(lambda x: (x - 0.2) ** 3, -1, 1.7) == pytest.approx(0.2, abs=1e-5)


def test_an_end_may_be_the_root():
    """An end at which the function is 0 is returned."""
    assert root(lambda x: x, 0.0, 1.0) == 0.0
    assert root(lambda x: x - 1, 0.0, 1.0) == 1.0


def test_ends_that_bracket_nothing_are_an_error():
    """Two ends of the same sign are the caller's mistake and say so."""
    with pytest.raises(ArithmeticError, match="no root between"):
        root(lambda x: x * x + 1, -1, 1)
