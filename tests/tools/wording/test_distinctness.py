"""How far apart texts are: agreement with readers, and the properties a distance has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.refusals import Refused
from copilot_tools.wording.distinctness import LONGEST, NEAR, apart, distances
from copilot_tools.wording.text import tokens

copy = st.lists(
    st.sampled_from(
        ["save", "lose", "20%", "today", "join", "10,000", "teams", "plan", "your", "week", "free", "Tempo", "doctors"]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)


@given(copy, copy)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_it_lies_between_nought_and_one_and_has_no_direction(a, b):
    """The distance is the same from either end, lies in [0, 1], and near means below the bound."""
    there, back = apart(a, b), apart(b, a)
    assert there.distance == back.distance
    assert 0 <= there.distance <= 1
    assert there.near == (there.distance < NEAR)
    assert (there.only_first, there.only_second) == (back.only_second, back.only_first)


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_text_is_at_no_distance_from_itself(text):
    """Any text with a word is at distance 0 from itself and from itself shouted; one without is refused."""
    if not tokens(text):
        with pytest.raises(Refused, match="no word"):
            apart(text, text)
        return
    assert apart(text, text).distance == 0
    assert apart(text, f"  {text}\n").near


def test_changes_of_the_surface_are_no_distance():
    """Capitals, accents, punctuation, emoji and typography make no distance at all."""
    assert apart("Don't miss it: café crème!", "DON’T MISS IT — CAFE CREME 🎉").distance == 0


def test_the_frame_moves_texts_apart_and_together():
    """The same words with the frame turned round are farther apart than with the frame kept."""
    kept = apart("Save $100 a year by switching", "Switch and save $100 every year")
    turned = apart("Save $100 a year by switching", "Lose $100 a year by not switching")
    assert kept.near
    assert not turned.near
    assert turned.only_second == ("loss aversion",)
    assert "Framed differently: savings against loss aversion." in turned.why


def test_it_says_why():
    """The reason names shared words, or that only the order or the surface differs."""
    assert "same words in another order" in apart("Plan your week today", "Today plan your week").why
    assert "Sale" in apart("Sale ends Sunday", "Our sale is over on Sunday").why
    assert apart("Fresh bread", "fresh bread!").why.startswith("The same words")
    assert apart("Fresh bread", "Cheap flights").why.startswith("No content word in common.")


def test_nothing_in_common_is_far():
    """Texts without a common word or sequence of letters are at distance 1."""
    assert apart("zzz", "qqq").distance == 1


def test_other_languages_and_scripts_are_compared_as_they_stand():
    """A language without word lists still has distances, and near texts are near in it."""
    assert apart("今すぐ登録", "今すぐ登録!", "ja").distance == 0
    assert not apart("Spara pengar idag", "Våra kunder älskar oss", "sv").near
    assert apart("Nur noch heute: 20 % auf alles", "20 % auf alles, nur noch heute", "de").near


def test_a_shared_button_makes_no_duplicate():
    """Longer texts are compared sentence by sentence: a sentence in common counts as one, and order counts nothing."""
    button = "Start your free trial."
    one = f"Your week, planned in five minutes. Tempo reads your calendar and finds the gaps. {button}"
    other = f"Rated 4.8 by 10,000 teams. See why so many people switched to Tempo this year. {button}"
    turned = f"{button} Tempo reads your calendar and finds the gaps. Your week, planned in five minutes."
    assert 0.5 < apart(one, other).distance < 0.9
    assert apart(one, turned).distance == pytest.approx(0)


def test_the_matrix_is_symmetric():
    """Every text from every other, zeros on the diagonal, each entry as ``apart`` says."""
    texts = ["Join 10,000 teams", "Plan your week in minutes", "Thousands of teams joined"]
    matrix = distances(texts)
    assert all(matrix[i][i] == 0 for i in range(3))
    assert all(matrix[i][j] == matrix[j][i] == apart(texts[i], texts[j]).distance for i in range(3) for j in range(i))


def test_a_text_without_words_or_too_long_is_refused():
    """Nothing to compare is a refusal, never a distance."""
    for text in ("", "  ", "!!! …", "\u200b"):
        with pytest.raises(Refused, match="no word"):
            apart("Fine", text)
    with pytest.raises(Refused, match="at most 20,000"):
        apart("a " * LONGEST, "b")


@pytest.mark.parametrize("piece", ["save ", "only # ", "what ", "a" * 99 + " ", "join join ", "?", "'", "no-"])
@pytest.mark.parametrize("length", [LONGEST // 5, pytest.param(LONGEST, marks=pytest.mark.torture)])
def test_the_longest_text_is_no_trap(piece, length):
    """Texts up to the bound, of a marker's first words, are answered: a quadratic pattern would take minutes."""
    text = f"word {piece * (length // len(piece) - 10)}"
    assert apart(text, f"other {text[:-20]}").near
