"""The tools about copy, through the catalogue."""

from __future__ import annotations

import pytest

from copilot_tools.catalogue import find
from copilot_tools.refusals import Refused


def test_near_duplicates_are_named_against_everything_given():
    """Variants against each other, the control and earlier copy; nearest first, each with its reason."""
    found = find("compare_variants").run(
        {
            "variants": ["Start your free trial now", "Begin your free trial today", "Doctors recommend our socks"],
            "control": "Plan your week in five minutes",
            "earlier": ["Physicians recommend our socks"],
        }
    )
    assert found.names == ("variant 1", "variant 2", "variant 3", "control", "earlier 1")
    assert {(n.first, n.second) for n in found.near_duplicates} == {
        ("variant 1", "variant 2"),
        ("variant 3", "earlier 1"),
    }
    assert [n.distance for n in found.near_duplicates] == sorted(n.distance for n in found.near_duplicates)
    assert [n.nearest for n in found.nearest] == ["variant 2", "variant 1", "earlier 1"]
    assert "authority" in found.nearest[2].shows
    assert all(n.why for n in found.near_duplicates)
    assert "variant 1 and variant 2" in found.sentence


def test_distinct_variants_are_said_to_be_so():
    """Without near-duplicates the least distance is named; a single text has nothing to be compared with."""
    apart = find("compare_variants").run({"variants": ["Doctors recommend our socks", "Ends at midnight"]})
    assert apart.sentence.startswith("No near-duplicates")
    alone = find("compare_variants").run({"variants": ["Ends at midnight"]})
    assert (alone.nearest[0].distance, alone.near_duplicates) == (None, ())


def test_a_text_without_words_is_refused():
    """No distance is made up for it."""
    with pytest.raises(Refused, match="no word"):
        find("compare_variants").run({"variants": ["Fine", "…"]})


def test_a_channel_is_checked_with_its_reading_level():
    """Findings are counted by severity; short copy says why its reading level was not assessed."""
    found = find("check_channel").run(
        {"channel": "search ads", "fields": {"headline_1": "Plan your whole week in a minute!"}}
    )
    assert found.channel == "search_ads"
    assert found.errors == 6
    assert found.reading.startswith("Not assessed: 7 words")
    with pytest.raises(Refused, match="Did you mean push"):
        find("check_channel").run({"channel": "pusch", "fields": {"body": "x"}})
