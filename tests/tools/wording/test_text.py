"""Sentences and tokens stand where they stand, whatever is in the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.wording.text import fold, number_of, sentences, tokens

PIECES = st.sampled_from(
    [
        "Save 40%",
        ". ",
        "! ",
        "\r\n",
        "\n\n",
        "👩‍👩‍👧",
        "e\u0301",
        "\u200b",
        "Dr. ",
        "3.5",
        "…",
        "。",
        "- ",
        "“so”",
        " ",
        "٣٠٪",
        "#GutHealth ",
        "x@y.de ",
    ]
)


def cut(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith meets Ms. Lee at 5 p.m. on Monday.", ["Dr. Smith meets Ms. Lee at 5 p.m. on Monday."]),
        ("No. 1 in Spain. Say no. Then go.", ["No. 1 in Spain.", "Say no.", "Then go."]),
        ("Only $4.50. Ends 3.5.2025.", ["Only $4.50.", "Ends 3.5.2025."]),
        ("Am 3. Mai geht es los. Kommen Sie!", ["Am 3. Mai geht es los.", "Kommen Sie!"]),
        ("“Wow!” she said. Buy it", ["“Wow!” she said.", "Buy it"]),
        ("Headline\nBody of it.\r\n\r\n- first\n- second", ["Headline", "Body of it.", "- first", "- second"]),
        ("save\nup to half", ["save\nup to half"]),
        ("最高です。今すぐ！", ["最高です。", "今すぐ！"]),
        ("Wait... what? Yes", ["Wait... what?", "Yes"]),
        ("   \n ", []),
    ],
)
def test_sentences_end_where_people_end_them(text, expected):
    """Abbreviations, numbers, quotations, list items and wrapped lines are cut as a reader would."""
    assert cut(text) == expected


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_code_point_stands_in_one_sentence_and_tokens_in_their_places(text):
    """Sentences are in order, do not overlap, leave out white space alone; tokens likewise, and none is empty."""
    covered = [i for s in sentences(text) for i in range(s.start, s.end)]
    assert covered == sorted(set(covered))
    assert {i for i, c in enumerate(text) if not c.isspace()} <= set(covered)
    last = 0
    for token in tokens(text):
        assert last <= token.start < token.end <= len(text)
        last = token.end
    assert all(not text[s.start].isspace() and not text[s.end - 1].isspace() for s in sentences(text))


def test_tokens_say_what_was_written():
    """Numbers in any script, glued units, symbols, elisions, hashtags; addresses are no words."""
    found = tokens("٣٠٪ off, 500mg! l'offre #GutHealth at www.best.com or me@free.org")
    assert [t.norm for t in found] == ["30", "%", "off", "500", "mg", "l'", "offre", "gut", "health", "at", "or"]
    assert [t.apart for t in found][3] is True
    assert [t.glued for t in found][4] is True


def test_folding_sees_through_disguises():
    """Accents, capitals, hidden characters, full width and look-alike letters do not make another word."""
    for disguised in ("GUARANTEED", "guar\u200banteed", "gu\u0430ranteed", "ｇｕａｒａｎｔｅｅｄ", "guarante\u0301ed"):
        assert fold(disguised) == "guaranteed"
    assert fold("ельф") == "ельф"
    assert [number_of(n) for n in ("½", "四", "1 200 000")] == ["1/2", "4", "1200000"]


@pytest.mark.parametrize(
    "unit", [" ", "a", "1,", "“", ".", "\n", "a@", "#a", "e\u0301", "★", "12 ", "a'", "a\u200b", "http://"]
)
@pytest.mark.parametrize("length", [60_000, pytest.param(600_000, marks=pytest.mark.torture)])
def test_long_runs_of_anything_are_read_to_their_end(unit, length):
    """Long runs of what makes careless patterns try again and again are read, all of them."""
    text = unit * (length // len(unit))
    covered = sum(s.end - s.start for s in sentences(text))
    assert covered >= sum(not c.isspace() for c in text)
    assert all(t.end <= len(text) for t in tokens(text))
