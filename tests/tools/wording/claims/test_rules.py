"""The rules are data that is read strictly: every file, every pattern, and the language they are written in."""

from __future__ import annotations

import pytest

from copilot_tools.wording.claims.figures import items
from copilot_tools.wording.claims.marks import CLAIM_KINDS
from copilot_tools.wording.claims.patterns import PatternError, Patterns, endings, parse
from copilot_tools.wording.claims.rules import LANGUAGES, rules_for
from copilot_tools.wording.text import tokens

WORDS = {"people": frozenset({"cats", "dogs"})}


def taken(source: str, text: str) -> list[str]:
    row = items(tokens(text), WORDS)
    found = Patterns((parse(source, WORDS),)).matches(row)
    return [text[row[m.first].start : row[m.last - 1].end] for m in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_file_is_well_formed(language):
    """Every pattern reads, every pattern of a kind says why, and English knows every kind."""
    rules = rules_for(language)
    every = (*rules.patterns.all, *rules.pairs.all)
    assert all(p.why.endswith(".") for p in every if p.label in CLAIM_KINDS and not p.exception)
    assert {p.label for p in every} >= {"statistic", "superlative", "guarantee", "price", "scarcity"}
    assert rules.whole == (language == "en")


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("loved by", "loved by all, loved, by", ["loved by"]),
        ("loved , by", "loved, by", ["loved, by"]),
        ("a|b ..2 c", "a x y c; b c; a, c", ["a x y c", "b c"]),
        ("a ,.1 c", "a, x c", ["a, x c"]),
        ("a ,.1 c", "a, x, y c", []),
        ("by @people", "by cats and by mice", ["by cats"]),
        ("save~ #%", "saving 40% saved 5 percent", ["saving 40%"]),
        ("risk -free", "risk-free risk free", ["risk-free"]),
        ("^free", "free risk-free", ["free"]),
        ("more !than", "more than more", ["more"]),
        ("<!feel free", "feel free, free", ["free"]),
        ("very? good", "very good", ["very good", "good"]),
        ("only { * } left", "only some left", ["some"]),
        ("the * tea", "the best tea", ["the best tea"]),
    ],
)
def test_the_language_of_patterns(source, text, expected):
    """Each element takes what its row of the table says, and nothing else."""
    assert taken(source, text) == expected


@pytest.mark.parametrize(
    ("source", "word"),
    [("by @ghosts", "'@ghosts'"), ("a?", "takes nothing"), ("", "takes nothing"), ("* a", "anything")],
)
def test_a_pattern_that_is_none_is_an_error(source, word):
    """A class that does not exist, nothing to take, a beginning that is anything: named, never ignored."""
    with pytest.raises(PatternError, match=word):
        Patterns((parse(source, WORDS),))


def test_endings_are_english():
    """The endings of a verb, doubled letters and y included."""
    assert {"stops", "stopped", "stopping"} <= endings("stop")
    assert {"tries", "tried", "trying"} <= endings("try")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("40 %", "%"),
        ("forty percent", "%"),
        ("$1.5 million", "$"),
        ("20 euros", "$"),
        ("10x", "x"),
        ("three times", "x"),
        ("3 out of 4", "frac"),
        ("nine in ten", "frac"),
        ("4.8/5", "rating"),
        ("five stars", "stars"),
        ("★★★★★", "stars"),
        ("no. 1", "rank"),
        ("#1", "rank"),
        ("24/7", "247"),
        ("12 May 2025", "date"),
        ("12/05/2025", "date"),
        ("10:30", "time"),
        ("9 am", "time"),
        ("0800 555 0190", "phone"),
        ("+44 20 7946 0958", "phone"),
        ("2nd", "ord"),
        ("1999", "year"),
        ("3D", "name"),
        ("1080p", "name"),
        ("100%", "100%"),
        ("2 million", "large"),
        ("1,200", "large"),
        ("½", "frac"),
    ],
)
def test_figures_are_read_whole(text, tag):
    """A quantity of several words is one item that says what it is."""
    found = items(tokens(text), rules_for("en").words)
    assert len(found) == 1
    assert (found[0].start, found[0].end) == (0, len(text))
    assert tag in found[0].tags
