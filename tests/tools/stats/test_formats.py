"""Numbers as people read them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats import formats
from copilot_tools.stats.spec import Metric

SHARE = Metric(name="signup", kind="proportion", column="x")
MONEY = Metric(name="spend", kind="mean", column="x", unit="$")
ROUNDS = Metric(name="rounds", kind="mean", column="x", unit="rounds")
BARE = Metric(name="score", kind="mean", column="x")


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (999, "999"), (1234567, "1,234,567"), (818535.4, "818,535")])
def test_counts_have_thousands_separators(value, text):
    """Counts are whole and grouped by three."""
    assert formats.count(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (-0.82, 2, "−0.82"),
        (0.82, 2, "+0.82"),
        (0, 2, "0.00"),
        (-0.0, 2, "0.00"),
        (-0.001, 2, "0.00"),
        (0.001, 2, "0.00"),
        (-1234.5, 1, "−1,234.5"),
        (-0.999, 2, "−1.00"),
    ],
)
def test_signs_are_true_minus_and_zero_has_none(value, digits, text):
    """What rounds to zero carries no sign; a minus is a minus sign, not a hyphen."""
    assert formats.signed(value, digits) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.00155, "p = .0015"),
        (0.05, "p = .0500"),
        (0.0999, "p = .0999"),
        (0.25, "p = .25"),
        (0.99, "p = .99"),
        (1.0, "p = 1.00"),
        (3e-99, "p < .0001"),
        (9.9e-5, "p < .0001"),
        (1e-4, "p = .0001"),
        (0, "p < .0001"),
        (1e-320, "p < .0001"),
    ],
)
def test_p_values_are_never_zero(p, text):
    """A p-value keeps four digits, what is smaller is said to be, and nothing is printed as 0."""
    assert formats.p_value(p) == text


@pytest.mark.parametrize(
    ("statistic", "df", "text"),
    [(-3.1634, None, "z = −3.16"), (2.0, 4998.0, "t(4,998) = 2.00"), (0.5, 97.34, "t(97.3) = 0.50"), (None, None, "")],
)
def test_a_test_statistic_is_said_with_its_name(statistic, df, text):
    """Z without and t with its degrees of freedom; nothing where a method has none."""
    ends = Interval(low=-1, high=1, level=0.95)
    made = Estimate(
        value=0.0,
        standard_error=1.0,
        interval=ends,
        p_value=0.5,
        statistic=statistic,
        df=df,
        scale="absolute",
        method="",
    )
    assert formats.statistic(made) == text


@pytest.mark.parametrize(("value", "text"), [(0.8, "80%"), (0.05, "5%"), (0.025, "2.5%"), (0.9995, "99.95%")])
def test_a_chosen_share_has_the_digits_it_was_given(value, text):
    """80% is not 80.0%, and 99.95% is not 100%."""
    assert formats.percent(value) == text


@settings(derandomize=True, deadline=None)
@given(st.floats(0, 1))
def test_no_p_value_reads_as_zero(p):
    """Whatever the p-value, its text holds a digit other than 0."""
    assert re.search(r"[1-9]", formats.p_value(p))


@pytest.mark.parametrize(
    ("metric", "value", "scale", "text"),
    [
        (SHARE, -0.0082, "absolute", "−0.82 points"),
        (SHARE, 0.043, "relative", "+4.3%"),
        (MONEY, 0.77, "absolute", "+$0.770"),
        (MONEY, -12.5, "absolute", "−$12.5"),
        (MONEY, -0.05, "relative", "−5.0%"),
        (ROUNDS, 1234.0, "absolute", "+1,234 rounds"),
        (BARE, 0.0, "absolute", "0.00"),
        (SHARE, math.inf, "absolute", "no upper limit"),
        (SHARE, -math.inf, "relative", "no lower limit"),
    ],
)
def test_effects_carry_sign_and_unit(metric, value, scale, text):
    """Points for a proportion, per cent for a lift, the metric's own unit else; the sign stands before the currency."""
    assert formats.effect_size(metric, value, scale) == text


def test_an_interval_says_its_unit_once():
    """The unit stands at the end, the level in front."""
    ends = Interval(low=-0.0133, high=-0.0031, level=0.95)
    assert formats.interval(SHARE, ends, "absolute") == "95% interval −1.33 to −0.31 points"
    assert formats.interval(SHARE, ends, "relative") == "95% interval −1.3 to −0.3%"
    odd = Interval(low=1, high=2, level=0.975)
    rounds = Interval(low=-3.72, high=1.4, level=0.95)
    assert formats.interval(ROUNDS, rounds, "absolute") == "95% interval −3.72 to +1.40 rounds"
    assert formats.interval(MONEY, odd, "absolute") == "97.5% interval +$1.00 to +$2.00"


def test_an_open_end_is_said_in_words():
    """A one-sided interval says which end is missing."""
    ends = Interval(low=-0.01, high=math.inf, level=0.95)
    assert formats.interval(SHARE, ends, "absolute") == "95% interval −1.00 points to no upper limit"


def test_a_refusal_reads_as_not_assessable():
    """Where there is no estimate the text says so, and shows no number."""
    assert formats.effect(SHARE, Refusal(code="x", reason="Nothing varies.")) == "not assessable"
    estimate = Estimate(
        value=0.01,
        standard_error=0.002,
        interval=Interval(low=0.006, high=0.014, level=0.95),
        p_value=0.001,
        statistic=5.0,
        scale="absolute",
        method="score (Mee)",
    )
    assert formats.effect(SHARE, estimate) == "+1.00 points"


def test_levels_in_their_unit():
    """A proportion as a percentage, money with its sign in front, other units behind."""
    assert formats.level(SHARE, 0.1828) == "18.28%"
    assert formats.level(MONEY, 20.1) == "$20.1"
    assert formats.level(ROUNDS, 52.4567) == "52.5 rounds"
    assert formats.share(0.1828) == "18.3%"
