"""What a reader takes in is what is read, at its place in the text as given; what is not certain is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.wording.disguised import disguises, undisguised
from copilot_tools.wording.readable import readable
from copilot_tools.wording.text import tokens

HIDDEN = [
    *map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C, 0x180E, 0x200B, 0xFE0F, 0xE0061, 0xE0101, 8))
]
FREE = ["Ⓕⓡⓔⓔ", "🅕🅡🅔🅔", "🅵🆁🅴🅴", "🄵🅁🄴🄴", "ᶠʳᵉᵉ", "ｆｒｅｅ", "𝐟𝐫𝐞𝐞", "𝒻𝓇ℯℯ", "ꜰʀᴇᴇ", "⒡⒭⒠⒠", "🇫 🇷 🇪 🇪"]


@pytest.mark.parametrize("hidden", HIDDEN, ids=[f"{ord(c):04X}" for c in HIDDEN])
def test_what_draws_nothing_parts_no_word_and_is_named(hidden):
    """A word with a hidden character in it is that word, from its first letter to its last; and somebody is told."""
    text = f"it is f{hidden}ree"
    token = tokens(text)[-1]
    assert (token.norm, text[token.start : token.end]) == ("free", f"f{hidden}ree")
    assert [(d.start, d.end) for d in disguises(text)] == [(7, 8)]


@pytest.mark.parametrize(
    "written",
    [*FREE, "F.R.E.E", "F R E E", "f-r-e-e", "f*r*e*e", "fr**ee", "fr33", "FR3E", "f\u20ddree"],
)
def test_a_word_in_another_dress_is_that_word(written):
    """Styled letters, letters set apart, marks between them and digits for letters: read as the word, at its place."""
    text = f"now {written} for you"
    found = [t for t in tokens(text) if t.norm == "free"]
    assert [text[t.start : t.end] for t in found] == [written]


@pytest.mark.parametrize(
    ("text", "norms"),
    [
        ("⁵⁰% off", ["50", "%", "off"]),
        ("⑳ ㊿ ❿ Ⅳ", ["20", "50", "10", "4"]),
        ("5️⃣0️⃣ days", ["50", "days"]),
        ("faster¹ than", ["faster", "than"]),
        ("40 m² flat", ["40", "m2", "flat"]),
        ("№1", ["#", "1"]),
        ("½ price", ["1/2", "price"]),
        ("1⁄2 price", ["1/2", "price"]),
        ("our 🥇", ["our", "winner"]),
        ("BestPriceEver", ["best", "price", "ever"]),
        ("buy1get1free", ["buy", "1", "get", "1", "free"]),
        ("gu4r4nt33d, guaran-\nteed, gua-ran-teed", ["guaranteed"] * 3),
        ("$ave now", ["save", "now"]),
        ("in 🇫🇷🇩🇪", ["in"]),
    ],
)
def test_figures_and_words_in_signs_are_read(text, norms):
    """Digits in circles, fractions, footnotes, medals, words run together: what a reader takes from them."""
    assert [t.norm for t in tokens(text)] == norms


@pytest.mark.parametrize(
    "text",
    [
        "B2B and B2C, MP3, i18n, COVID-19, 24/7, 2x, 500mg, H2O, CO₂ and 40 m²",
        "iPhone, YouTube, PayPal, McDonald's, eBay",
        "J. R. R. Tolkien in the U.S.A., e.g. at 5 p.m.",
        "sign-up, state-of-the-art, and/or, rock'n'roll, me@home.org",
        "schö\u00adne Grü\u00adße 👩\u200d👩\u200d👧 ❤️ 🏴\U000e0067\U000e0062\U000e007f 🇩🇪",
        "Naïve café, ½ cup, 4 °C, 10–20 %",
        "https://x.org/4ll_y0u_n33d and a1b2c3@d4e5.org",
    ],
)
def test_ordinary_writing_is_no_disguise(text):
    """Names, units, abbreviations, hyphenation, emoji and addresses are left alone."""
    assert disguises(text) == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s q u o r b l e s", "s q u o r b l e s"),
        ("the squ*orb*les", "squ*orb*les"),
        ("the squ0rb1es", "squ0rb1es"),
        ("f\u2800ree", "\u2800"),
        ("f\u3164ree", "\u3164"),
        ("not\u0336", "\u0336"),
        ("so 💯", "💯"),
        ("a 🏆", "🏆"),
        ("F\nR\nE\nE\nX", "F\nR\nE\nE\nX"),
    ],
)
def test_what_cannot_be_read_for_certain_is_named_at_its_place(text, place):
    """A stretch that may say something else than its characters do is pointed at, in one sentence."""
    (found,) = disguises(text)
    assert text[found.start : found.end] == place
    assert found.why.endswith(".")


@given(st.text(alphabet="aFr4 .*-_1²½Ⓐ🇫🇷\u200b\u202e\u0301\ufe0f🥇\n٣", max_size=40))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_character_read_has_its_place(text):
    """Whatever is dropped, joined or replaced, places run forward within the text, and tokens do not overlap."""
    for seen in (readable(text), undisguised(text)):
        starts = seen.starts if seen.starts is not None else list(range(len(text)))
        assert len(starts) == len(seen.text)
        assert starts == sorted(starts)
        assert all(0 <= s < len(text) for s in starts)
    last = 0
    for token in tokens(text):
        assert last <= token.start < token.end <= len(text)
        last = token.end
    assert all(0 <= d.start < d.end <= len(text) for d in disguises(text))


@pytest.mark.parametrize("unit", ["a ", "a.", "a*", "4a", "a4", "🇫", "²", "a-", "1a!", "@a", "$a", "a\n", "\u200ba"])
@pytest.mark.parametrize("length", [30_000, pytest.param(300_000, marks=pytest.mark.torture)])
def test_long_runs_of_disguises_are_read_to_their_end(unit, length):
    """Tens of thousands of characters of anything are read whole."""
    text = unit * (length // len(unit))
    assert all(t.end <= len(text) for t in tokens(text))
    assert all(d.end <= len(text) for d in disguises(text))
