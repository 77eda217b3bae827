"""The hash: published values, GrowthBook's own SDK, and many units at once against one at a time."""

from __future__ import annotations

import pytest
from growthbook.core import gbhash
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.stats.assignment.hashing import bucket, buckets, fnv1a32

ANY_TEXT = st.text(st.characters(), max_size=12) | st.text("aü🎉\0\ud800", max_size=6)


@pytest.mark.parametrize(
    ("text", "value"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("b", 0xE70C2DE5), ("foobar", 0xBF9CF968)]
)
def test_the_hash_gives_the_published_values(text, value):
    """FNV-1a, 32 bits: the test vectors of the draft."""
    assert fnv1a32(text) == value


@given(ANY_TEXT, ANY_TEXT)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_place_is_the_one_growthbook_computes(seed, unit):
    """For any seed and unit, in any script and with half a surrogate pair, both versions agree with the SDK."""
    assert bucket(seed, unit) == gbhash(seed, unit, 2)
    assert bucket(seed, unit, version=1) == gbhash(seed, unit, 1)


@given(ANY_TEXT, st.lists(ANY_TEXT | st.just("x" * 300), max_size=20))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_many_units_at_once_are_placed_like_each_alone(seed, units):
    """The table of all gives bit for bit what the loop gives, in the units' order."""
    assert buckets(seed, units).tolist() == [bucket(seed, unit) for unit in units]


def test_more_units_than_one_table_holds_keep_their_order():
    """A hundred thousand units go through in pieces, and none changes its place."""
    units = [f"user-{i}" for i in range(100_000)]
    found = buckets("seed", units)
    for i in (0, 65_535, 65_536, 99_999):
        assert found[i] == bucket("seed", units[i])
    assert len(found) == len(units)
