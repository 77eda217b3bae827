"""Quantities are read as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expcopilot.language.roles.quantities import quantities


@pytest.mark.parametrize(
    ("text", "values", "unit"),
    [
        ("5%", {5}, "%"),
        ("5 percent", {5}, "%"),
        ("five per cent", {5}, "%"),
        ("3,5 %", {3.5}, "%"),
        ("half a point", {0.5}, "points"),
        ("½ point", {0.5}, "points"),
        ("0.5 percentage points", {0.5}, "points"),
        ("10 basis points", {10}, "basis points"),
        ("-5%", {5}, "%"),
        ("20k", {20_000}, ""),
        ("1.5m", {1_500_000}, ""),
        ("1,500", {1500, 1.5}, ""),
        ("1.500", {1500, 1.5}, ""),
        ("1,234,567", {1_234_567}, ""),
        ("1.234,56", {1234.56}, ""),
        ("$3.50", {3.5}, "$"),
        ("3 dollars", {3}, "$"),
        ("€ 2", {2}, "€"),
        ("two weeks", {2}, "weeks"),
        ("14-day", {14}, "days"),
        ("twenty-five", {25}, ""),
        ("two hundred and five", {205}, ""),
        ("three thousand", {3000}, ""),
        ("a dozen", {12}, ""),
        ("a third of", {1 / 3}, ""),
        ("two thirds of", {2 / 3}, ""),
        ("twice", {2}, "times"),
        ("2x", {2}, "times"),
        ("triples", {3}, "times"),
        ("٣ days", {3}, "days"),
        ("１２", {12}, ""),
        ("五", {5}, ""),
        ("5th", {5}, ""),
        ("thousands", set(), ""),
        ("the majority", set(), ""),
        ("one week", {1}, "weeks"),
    ],
)
def test_a_quantity_is_read(text, values, unit):
    """Digits in any script, words, fractions, multiples and units become a value and a unit."""
    (found,) = quantities(text)
    assert sorted(found.values) == pytest.approx(sorted(values))
    assert found.unit == unit


@pytest.mark.parametrize(
    "text", ["the one page", "this quarter", "B2B", "gate40", "no one", "the second page", "often"]
)
def test_what_is_no_quantity_is_left_alone(text):
    """Pronouns, names with digits in them and ordinals in words are no quantities."""
    assert quantities(text) == ()


def test_the_same_number_with_another_unit_is_another_quantity():
    """Five percent, five points and five days differ; five percent written twice does not."""
    (percent,), (words,), (points,), (days,) = map(quantities, ("5%", "five percent", "5 points", "5 days"))
    assert percent.same(words)
    assert not percent.same(points)
    assert not percent.same(days)


def test_what_is_counted_tells_bare_numbers_apart_when_asked():
    """Three fields and three rounds share a number; with the noun they are not the same."""
    (fields,), (rounds,) = quantities("3 fields"), quantities("3 rounds")
    assert fields.same(rounds)
    assert not fields.same(rounds, noun=True)


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text):
    """Any text is read without an error, and every value found is a number."""
    for found in quantities(text):
        assert all(math.isfinite(value) for value in found.values)
