"""Moments add like numbers: any grouping and order of the rows gives the same, and rows can be taken out again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.stats.moments import Moments

steady = settings(derandomize=True, deadline=None)
values = st.floats(-1e6, 1e6, allow_nan=False)
row_sets = st.lists(st.tuples(values, values), min_size=1, max_size=12)
centres = st.sampled_from([0.0, 1.0, -1e6, 1e9])


def assert_close(a, b, *, scale):
    """Equal to 1e-9 of the spread of the data (not of its distance from zero) beyond what a float can hold."""
    assert a.n == b.n
    largest = max(abs(x) for x in (*a.mean, *b.mean, 1.0))
    for x, y in zip(a.mean, b.mean, strict=True):
        assert x == pytest.approx(y, rel=1e-12, abs=1e-9 * max(scale, 1e-3))
    # Rounding of the rows themselves: half a unit in the last place at this distance from zero.
    slack = a.n * (scale + 1) * largest * 1e-15 * 8
    for left, right in zip(a.comoments, b.comoments, strict=True):
        for x, y in zip(left, right, strict=True):
            assert x == pytest.approx(y, rel=1e-9, abs=1e-9 * scale * scale + slack)


def shifted(rows, centre):
    return [(x + centre, y + centre) for x, y in rows]


def spread(*row_sets):
    flat = [x for rows in row_sets for row in rows for x in row]
    return max(flat) - min(flat)


@steady
@given(row_sets, row_sets, centres)
def test_addition_commutes(left, right, centre):
    """A + b is b + a, to 1e-9."""
    a, b = (Moments.of(shifted(rows, centre)) for rows in (left, right))
    assert_close(a + b, b + a, scale=spread(left, right))


@steady
@given(row_sets, row_sets, row_sets, centres)
def test_addition_is_associative(first, second, third, centre):
    """(a + b) + c is a + (b + c), to 1e-9."""
    a, b, c = (Moments.of(shifted(rows, centre)) for rows in (first, second, third))
    assert_close((a + b) + c, a + (b + c), scale=spread(first, second, third))


@steady
@given(row_sets, row_sets, centres)
def test_addition_is_what_all_rows_together_give(left, right, centre):
    """Adding the moments of two parts gives the moments of all rows."""
    whole = Moments.of(shifted(left + right, centre))
    parts = Moments.of(shifted(left, centre)) + Moments.of(shifted(right, centre))
    assert_close(parts, whole, scale=spread(left, right))


@steady
@given(row_sets, st.tuples(values, values), centres)
def test_without_undoes_addition(rows, row, centre):
    """Taking a row out again gives back what was there before it came."""
    (added,) = shifted([row], centre)
    before = Moments.of(shifted(rows, centre))
    after = (before + Moments.of([added])).without(added)
    assert_close(after, before, scale=spread(rows, [row]))


def test_empty_is_neutral():
    """Nothing added changes nothing, and the last row taken out leaves nothing."""
    a = Moments.of([(1.0, 2.0), (3.0, 5.0)])
    assert a + Moments.empty(2) == a
    assert Moments.empty(2) + a == a
    assert Moments.of([(1.0, 2.0)]).without((1.0, 2.0)) == Moments.empty(2)
    assert Moments.sum([], 3) == Moments.empty(3)


def test_a_huge_mean_keeps_its_standard_deviation():
    """Mean 1e9 with standard deviation 1, from a thousand parts: the variance keeps seven digits.

    Raw sums of squares would lose all of them; the parts' means are themselves rounded to 1e-7 here.
    """
    rng = np.random.default_rng(7)
    x = rng.normal(size=100_000)
    shifted_x = 1e9 + x
    exact = np.var(shifted_x - 1e9, ddof=1)
    parts = [Moments.of([(float(v),) for v in chunk]) for chunk in np.split(shifted_x, 1000)]
    total = Moments.sum(parts, 1)
    assert total.n == 100_000
    assert total.variance() == pytest.approx(float(exact), rel=1e-7)
    assert math.sqrt(total.variance() / total.n) == pytest.approx(0.00316, rel=0.01)


def test_against_numpy():
    """Means and covariances are numpy's."""
    rng = np.random.default_rng(11)
    rows = rng.normal(size=(200, 3)) @ np.array([[1, 2, 0], [0, 1, -3], [0, 0, 5.0]]) + [10, -4, 0]
    found = Moments.of(rows.tolist())
    assert found.mean == pytest.approx(rows.mean(axis=0))
    covariance = np.cov(rows, rowvar=False)
    for i in range(3):
        for j in range(3):
            assert found.covariance(i, j) == pytest.approx(covariance[i, j])
    part = found.only(2, 0)
    assert part.mean == (found.mean[2], found.mean[0])
    assert part.covariance(0, 1) == found.covariance(2, 0)


@steady
@given(row_sets, st.sampled_from([0.0, -3.0, 1e6]))
def test_shifted_sums_from_any_centre(rows, centre):
    """Sums about a rough centre give the moments, wherever the centre is."""
    sums = [math.fsum(r[i] - centre for r in rows) for i in range(2)]
    products = [[math.fsum((r[i] - centre) * (r[j] - centre) for r in rows) for j in range(2)] for i in range(2)]
    found = Moments.from_shifted_sums(len(rows), (centre, centre), sums, products)
    assert_close(found, Moments.of(rows), scale=spread(rows) + abs(centre) + max(abs(x) for r in rows for x in r))


@pytest.mark.parametrize(("n", "successes"), [(10, 3), (1, 0), (5, 5), (0, 0)])
def test_proportions_are_zeros_and_ones(n, successes):
    """Counts give the moments of that many ones and zeros."""
    found = Moments.of_proportion(n, successes)
    if n == 0:
        assert found == Moments.empty(1)
    else:
        rows = [(1.0,)] * successes + [(0.0,)] * (n - successes)
        assert_close(found, Moments.of(rows), scale=1)


def test_a_variance_needs_two_rows():
    """One row has no variance: refused, not zero."""
    with pytest.raises(Refused, match="at least 2 units"):
        Moments.of([(1.0,)]).variance()
    with pytest.raises(Refused, match="no rows"):
        Moments.of([])


def test_shapes_must_agree():
    """Moments of different columns do not add, and a table of the wrong shape is no moments."""
    with pytest.raises(ValueError, match="2 and 1 columns"):
        Moments.empty(2) + Moments.empty(1)
    with pytest.raises(ValidationError):
        Moments(n=1, mean=(1.0, 2.0), comoments=((0.0,),))
    with pytest.raises(ValidationError):
        Moments(n=1, mean=(float("nan"),), comoments=((0.0,),))


def test_json_round_trip():
    """Moments read back unchanged from their JSON, so that a readout can be recomputed."""
    a = Moments.of([(0.1, 1e9), (0.7, 1e9 + 1), (1 / 3, 1e9 - 2)])
    assert Moments.model_validate_json(a.model_dump_json()) == a
