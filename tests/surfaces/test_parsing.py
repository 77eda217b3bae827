"""Numbers, sizes, guardrails and ranges as people type them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_tools.refusals import Refused
from expcopilot.surfaces import parsing


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4000", 4000),
        ("4,000", 4000),
        ("1,234,567.5", 1234567.5),
        ("4 000", 4000),
        ("20k", 20000),
        ("1.5m", 1500000),
        ("−3", -3),
        (".5", 0.5),
        ("1e3", 1000),
    ],
)
def test_numbers(text, value):
    """Numbers are read as people write them."""
    assert parsing.number("x", text) == value


@pytest.mark.parametrize("text", ["4,5", "1,23", "four", "", "1.2.3", "nan", "inf", "1,0000", "--3", "1e999", "4%"])
def test_no_numbers(text):
    """What is no number, or could be two, is refused with the name and the text."""
    with pytest.raises(Refused) as caught:
        parsing.number("traffic", text)
    refusal = caught.value.refusals[0]
    assert refusal.code == "input.not_a_number"
    assert (refusal.name, refusal.value) == ("traffic", text)
    assert refusal.cure


def test_a_decimal_comma_is_questioned():
    """A comma that could be a decimal mark is answered with the way to write it."""
    with pytest.raises(Refused, match="ambiguous") as caught:
        parsing.number("x", "4,5")
    assert "4.5" in caught.value.refusals[0].cure


@given(st.integers(min_value=1, max_value=10**12))
def test_counts_survive_thousands_separators(n):
    """A count is the same with and without separators."""
    assert parsing.count("n", f"{n:,}") == parsing.count("n", str(n)) == n


@pytest.mark.parametrize("text", ["0", "-5", "2.5"])
def test_counts_are_whole(text):
    """A count is whole and at least 1."""
    with pytest.raises(Refused):
        parsing.count("n", text)


@pytest.mark.parametrize(("text", "value"), [("4%", 0.04), ("0.04", 0.04), ("4 %", 0.04), ("99.5%", 0.995)])
def test_shares(text, value):
    """A share may be a percentage or a fraction."""
    assert parsing.share("baseline", text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", ["4", "0", "100%", "-1%", "1"])
def test_no_shares(text):
    """A share lies between 0 and 100%; a forgotten % is suspected."""
    with pytest.raises(Refused) as caught:
        parsing.share("baseline", text)
    if text == "4":
        assert "4%" in caught.value.refusals[0].cure


@pytest.mark.parametrize(
    ("text", "kind", "size", "scale", "direction", "points"),
    [
        ("+5%", "proportion", 0.05, "relative", "increase", False),
        ("5%", None, 0.05, "relative", None, False),
        ("-3%", "mean", 0.03, "relative", "decrease", False),
        ("−3%", "mean", 0.03, "relative", "decrease", False),
        ("0.2 points", "proportion", 0.002, "absolute", None, True),
        ("+1 point", None, 0.01, "absolute", "increase", True),
        ("0.5pp", None, 0.005, "absolute", None, True),
        ("0.5 percentage points", None, 0.005, "absolute", None, True),
        ("0.5% points", None, 0.005, "absolute", None, True),
        ("0.3", "mean", 0.3, "absolute", None, False),
    ],
)
def test_sizes(text, kind, size, scale, direction, points):
    """A size of effect says its scale, and its sign says the direction."""
    found = parsing.size("effect", text, kind)
    assert found.effect.size == pytest.approx(size, rel=1e-15)
    assert (found.effect.scale, found.direction, found.points) == (scale, direction, points)


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("0.2", "proportion", "input.scale"),
        ("0.2", None, "input.scale"),
        ("0%", "proportion", "input.zero"),
        ("1 point", "mean", "input.points"),
        ("a lot", "mean", "input.not_a_number"),
        ("", "mean", "input.not_a_number"),
    ],
)
def test_no_sizes(text, kind, code):
    """A size that leaves its scale open is refused, never guessed."""
    with pytest.raises(Refused) as caught:
        parsing.size("effect", text, kind)
    assert caught.value.refusals[0].code == code


def test_days():
    """A day is an ISO date."""
    assert parsing.day("start", "2026-03-01") == dt.date(2026, 3, 1)
    with pytest.raises(Refused, match="no day"):
        parsing.day("start", "March 1")


@pytest.mark.parametrize("text", ["week:201326-201402", "week:201326..201402"])
def test_groups(text):
    """A range of a column reads with a dash or two dots."""
    group = parsing.group(text)
    assert (group.column, group.low, group.high) == ("week", "201326", "201402")


@pytest.mark.parametrize("text", ["week", "week:201402-201326", "week:5", ":1-2"])
def test_no_groups(text):
    """A range without column or ends, or with its ends swapped, is refused."""
    with pytest.raises(Refused):
        parsing.group(text)


@pytest.mark.parametrize(
    ("text", "name", "kind", "size", "scale", "better"),
    [
        ("unsubscribe rate: +0.1 points", "unsubscribe rate", "proportion", 0.001, "absolute", "decrease"),
        ("revenue: -2% (number)", "revenue", "mean", 0.02, "relative", "increase"),
        ("returns: +5% share", "returns", "proportion", 0.05, "relative", "decrease"),
        ("a: b: -0.5 (mean)", "a: b", "mean", 0.5, "absolute", "increase"),
        ("share: +1 point", "share", "proportion", 0.01, "absolute", "decrease"),
    ],
)
def test_guardrails(text, name, kind, size, scale, better):
    """The sign of a guardrail's margin says which way hurts."""
    found = parsing.guardrail("guardrail", text)
    assert (found.name, found.kind, found.direction) == (name, kind, better)
    assert found.margin.size == pytest.approx(size, rel=1e-15)
    assert found.margin.scale == scale


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("unsubscribes", "input.guardrail"),
        ("unsubscribes:", "input.guardrail"),
        ("unsubscribes: 0.1 points", "input.guardrail_sign"),
        ("revenue: -2%", "input.guardrail_kind"),
    ],
)
def test_no_guardrails(text, code):
    """A guardrail without margin, sign or kind is asked for it."""
    with pytest.raises(Refused) as caught:
        parsing.guardrail("guardrail", text)
    assert caught.value.refusals[0].code == code


@pytest.mark.parametrize(("text", "plain"), [("20.000", "20000"), ("1.234.567", "1234567"), ("+4.000", "+4000")])
def test_a_count_with_points_is_questioned(text, plain):
    """Twenty thousand in half of the world must not be read as twenty."""
    with pytest.raises(Refused, match="ambiguous") as caught:
        parsing.count("traffic", text)
    assert plain in caught.value.refusals[0].cure


def test_a_share_with_a_decimal_comma_is_shown_whole():
    """The cure keeps the percent sign."""
    with pytest.raises(Refused, match="'4,5%'") as caught:
        parsing.share("baseline", "4,5%")
    assert "4.5%" in caught.value.refusals[0].cure
