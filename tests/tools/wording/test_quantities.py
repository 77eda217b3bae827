"""Quantities in text: number, unit, what is counted, bound, place, in four languages and any script's digits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.wording.agreement import why_not
from copilot_tools.wording.numerals import even
from copilot_tools.wording.quantities import Quantity, quantities
from copilot_tools.wording.quantity_words import WORDS


def only(text: str, language: str = "en") -> Quantity:
    (found,) = quantities(text, language)
    return found


@pytest.mark.parametrize(
    ("text", "low", "unit", "of"),
    [
        ("40%", 40, "percent", ""),
        ("４０％ of users", 40, "percent", "user"),
        ("٤٠٪", 40, "percent", ""),
        ("२५%", 25, "percent", ""),
        ("half", 0.5, "fraction", ""),
        ("¾ of users", 0.75, "fraction", "user"),
        ("3 in 4 nurses agree", 0.75, "fraction", "nurse"),
        ("3 in 4 love it", 0.75, "fraction", ""),
        ("two thirds of teams", 2 / 3, "fraction", "team"),
        ("5 percentage points", 5, "points", ""),
        ("50 bps", 0.5, "points", ""),
        ("twice as fast", 2, "times", ""),
        ("2x faster", 2, "times", ""),
        ("3-fold", 3, "times", ""),
        ("€1,299", 1299, "currency", "EUR"),
        ("$1.5M", 1.5e6, "currency", "USD"),
        ("1.5 million dollars", 1.5e6, "currency", "USD"),
        ("50 cents", 0.5, "currency", "cents"),
        ("half an hour", 1800, "duration", "second"),
        ("two and a half days", 216000, "duration", "second"),
        ("4 minutes and 30 seconds", 270, "duration", "second"),
        ("3 years", 36, "duration", "month"),
        ("1.2k reviews", 1200, "count", "review"),
        ("twelve thousand five hundred users", 12500, "count", "user"),
        ("a dozen eggs", 12, "count", "egg"),
        ("half a million users", 5e5, "count", "user"),
        ("10,000 paying customers in May", 10000, "count", "customer"),
        ("1,00,000 users", 1e5, "count", "user"),
        ("4.8 out of 5", 4.8, "rating", "5"),
        ("5/5 stars", 5, "rating", "5"),
        ("no. 1", 1, "rank", ""),
        ("ranked second", 2, "rank", ""),
        ("in 1998", 1998, "year", ""),
        ("2024 recipes", 2024, "count", "recipe"),
        ("1.5 kg", 1500, "measure", "gram"),
    ],
)
def test_number_unit_and_what_is_counted(text, low, unit, of):
    """Each way of writing is read as the number, the unit and the noun it says."""
    found = only(text)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(low))
    assert (found.unit, found.of) == (unit, of)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("40%", "exact"),
        ("over 40%", "over"),
        ("more than 40%", "over"),
        ("no more than 40%", "at most"),
        ("no less than 40%", "at least"),
        ("40%+", "at least"),
        ("less than 40%", "under"),
        ("under a minute", "under"),
        ("within 24 hours", "at most"),
        ("up to 40%", "up to"),
        ("as many as 40 users", "up to"),
        ("about 40%", "about"),
        ("~40%", "about"),
        ("nearly 40%", "nearly"),
        ("from €5", "from"),
        ("thousands of users", "at least"),
        ("top 10", "at most"),
    ],
)
def test_bounds(text, bound):
    """What stands before a number and changes its meaning is part of the quantity."""
    found = only(text)
    assert found.bound == bound
    assert text.startswith(found.text)


@pytest.mark.parametrize(
    ("text", "language", "low"),
    [
        ("2.500 Kunden", "de", 2500),
        ("2,5 Stunden", "de", 9000),
        ("1.234,56 Kunden", "de", 1234.56),
        ("2.500 users", "en", 2.5),
        ("1,234.56 users", "en", 1234.56),
        ("2 500 clients", "fr", 2500),
        ("2\u202f500 clients", "fr", 2500),
        ("12'500 users", "en", 12500),
        ("fünfundzwanzig Prozent", "de", 25),
        ("la mitad", "es", 0.5),
        ("treinta y cinco clientes", "es", 35),
    ],
)
def test_numbers_as_each_language_writes_them(text, language, low):
    """The same marks mean other numbers in other languages."""
    assert only(text, language).low == pytest.approx(low)


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("10–20%", 10, 20, "percent"),
        ("between 10% and 20%", 10, 20, "percent"),
        ("3 to 5 days", 259200, 432000, "duration"),
        ("€10–€20", 10, 20, "currency"),
        ("10-20 €", 10, 20, "currency"),
        ("zwischen 10 und 20 Kunden", 10, 20, "count"),
    ],
)
def test_ranges(text, low, high, unit):
    """Both ends of a range, in its unit."""
    found = only(text, "de" if "zw" in text else "en")
    assert (found.low, found.high, found.unit) == (low, high, unit)


@pytest.mark.parametrize(
    ("text", "per"),
    [
        ("€5 a month", "month"),
        ("€5/mo", "month"),
        ("€5 per user per month", "month user"),
        ("12 hours a week", "week"),
        ("€5 monthly", "month"),
        ("€5", ""),
    ],
)
def test_per(text, per):
    """A price a month is no price."""
    assert only(text).per == per


@pytest.mark.parametrize(
    "text",
    ["the one you love", "a third option", "version 1.2.3", "COVID-19", "MP3", "1О,000", "once a day", "", "no one"],
)
def test_what_is_no_quantity(text):
    """Pronouns, versions, names and mixed scripts are no numbers."""
    assert quantities(text) == ()


def test_the_minus_counts():
    """A minus before a number is kept."""
    assert only("−40%").negative
    assert not only("10-40%").negative


@given(st.text(alphabet=st.sampled_from("0123456789.,'% €$-–/½٤kmx+ abcdefilnoprstuy\n\u00a0\u202f"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_at_exact_places(text):
    """No text makes it raise, quantities stand in order without overlap, and each says the text at its place."""
    assert len(even(text)) == len(text)
    for language in WORDS:
        last = 0
        for found in quantities(text, language):
            assert last <= found.start < found.end <= len(text)
            assert text[found.start : found.end] == found.text
            assert found.low <= found.high
            last = found.end


@pytest.mark.parametrize(
    "piece", ["1,", "9", "1.1.", "1 ", "over ", "a ", "one hundred and ", "3 in ", "1-", "½", "a x1"]
)
@pytest.mark.parametrize("length", [30_000, pytest.param(300_000, marks=pytest.mark.torture)])
def test_long_texts_take_linear_time(piece, length):
    """Tens of thousands of characters of anything are read; a quadratic rule would take hours."""
    text = piece * (length // len(piece))
    for found in quantities(text):
        assert found.text in text


@given(low=st.integers(1, 99), tenths=st.integers(0, 9))
def test_a_number_follows_from_itself_and_its_bounds_follow(low, tenths):
    """Of any share: itself, "at least" itself and "up to" itself follow; "over" and "under" itself do not."""
    share = f"{low}.{tenths}% of users"
    for bound, follows in (("", 1), ("at least ", 1), ("at most ", 1), ("up to ", 1), ("over ", 0), ("under ", 0)):
        assert (why_not(only(bound + share), only(share)) == "") is bool(follows)
