"""Channels as data, and lengths as each channel counts them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_tools.refusals import Refused
from copilot_tools.wording.channels import CHANNELS, channel, channels
from copilot_tools.wording.lengths import characters, segments, width


def test_every_bound_names_its_source():
    """Each field with a bound says where it comes from and when that was looked up."""
    assert tuple(c.name for c in channels()) == CHANNELS
    for known in channels():
        assert any(f.required for f in known.fields)
        assert known.usual
        for field in known.fields:
            assert field.most or field.advised, field.name
            assert field.source
            assert re.fullmatch(r"20\d\d-\d\d", field.looked_up)
            assert field.most is None or field.advised is None or field.advised <= field.most
        assert set(known.screened) <= {f.name for f in known.fields}


def test_search_ads_have_their_published_form():
    """3 to 15 headlines of 30, 2 to 4 descriptions of 90."""
    ads = channel("search_ads")
    heads = [f for f in ads.fields if f.name.startswith("headline")]
    tails = [f for f in ads.fields if f.name.startswith("description")]
    assert (len(heads), sum(f.required for f in heads), {f.most for f in heads}) == (15, 3, {30})
    assert (len(tails), sum(f.required for f in tails), {f.most for f in tails}) == (4, 2, {90})


def test_a_strange_channel_or_field_is_refused():
    """The nearest name is offered."""
    with pytest.raises(Refused, match="Did you mean email"):
        channel("emial")
    with pytest.raises(Refused, match="Did you mean subject"):
        channel("email").field("subjct")


@pytest.mark.parametrize(
    ("text", "parts", "alphabet"),
    [
        ("a" * 160, 1, "GSM-7"),
        ("a" * 161, 2, "GSM-7"),
        ("a" * 306, 2, "GSM-7"),
        ("a" * 307, 3, "GSM-7"),
        ("€" * 80, 1, "GSM-7"),
        ("€" * 81, 2, "GSM-7"),
        ("a" * 152 + "€" + "a" * 151, 2, "GSM-7"),
        ("a" * 152 + "€" + "a" * 152, 3, "GSM-7"),
        ("ж" * 70, 1, "UCS-2"),
        ("ж" * 71, 2, "UCS-2"),
        ("ж" * 134, 2, "UCS-2"),
        ("ж" * 135, 3, "UCS-2"),
        ("🎉" * 35, 1, "UCS-2"),
        ("ж" * 66 + "🎉" + "ж" * 65, 2, "UCS-2"),
        ("ж" * 66 + "🎉" + "ж" * 66, 3, "UCS-2"),
        ("it’s", 1, "UCS-2"),
        ("", 1, "GSM-7"),
    ],
)
def test_segments_follow_the_standard(text, parts, alphabet):
    """160 or 70, then 153 or 67; an escaped pair and a surrogate pair are never cut in two."""
    sent = segments(text)
    assert (sent.parts, sent.alphabet) == (parts, alphabet)


@given(st.text(max_size=400))
def test_segments_never_hold_more_than_they_can(text):
    """Any text: as many segments as its units need at least, and at most one more for every one but the last."""
    sent = segments(text)
    whole, part = (160, 153) if sent.alphabet == "GSM-7" else (70, 67)
    least = 1 if sent.units <= whole else -(-sent.units // part)
    assert least <= sent.parts <= least + least // (part // 2) + 1
    assert (sent.alphabet == "UCS-2") == bool(sent.outside)


def test_characters_are_what_a_reader_sees():
    """A family, a flag, a combined letter and a line break are one character each; wide ones count twice in width."""
    assert [characters(t) for t in ("👨‍👩‍👧", "🇩🇪", "e\u0301", "\r\n", "abc", "")] == [1, 1, 1, 1, 3, 0]
    assert [width(t) for t in ("日本", "🎉", "e\u0301", "abc", "한국어")] == [4, 2, 1, 3, 6]
