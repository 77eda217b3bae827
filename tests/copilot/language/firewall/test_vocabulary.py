"""The vocabulary as data: closed, plain, and without a judging word."""

from __future__ import annotations

import itertools
import re

import pytest
from hostile.scorer import escapes

from expcopilot.language.firewall.check import check
from expcopilot.language.firewall.lexicon import lexicon
from expcopilot.records.prose import CheckedSentence, Statement


def test_no_single_word_judges():
    """The scorer, which has lists of its own, finds no judging word but those that may only stand in a possibility."""
    words = lexicon()
    judging = {w for w in words.words if escapes(w, [], {}, "finding")}
    assert judging <= words.possible | words.places["noise"] | {"third"}


def test_what_may_only_be_possible_is_held_to_it(facts):
    """A word that judges where it states is kept back there, and passes in a question and with "could"."""
    for text, passes in [
        ("Some visitors prefer a short wait.", False),
        ("Some visitors could prefer a short wait.", True),
        ("This is noise.", False),
        ("Could this be noise?", True),
        ("{arm.b} could grow.", False),
    ]:
        found = check(Statement(text=text), facts["landing"])
        assert isinstance(found, CheckedSentence) == passes, text


def test_words_are_plain():
    """Every word is lower-case letters, and but for "a" and "I" has at least two."""
    for word in lexicon().words:
        assert re.fullmatch(r"[a-z]{2,}|a|i", word), word


def test_an_unknown_language_is_named():
    """A language without data is an error of the program, not an empty vocabulary."""
    with pytest.raises(FileNotFoundError, match="klingon"):
        lexicon("klingon")


FRAMES = (
    "The verdict is {} {{verdict.phrase}}.",
    "{{arm.b}} is {} {{primary.b.direction}}.",
    "The effect of {{arm.b}} is {} {{primary.b.comparison}}.",
    "{{arm.b}} is {}.",
)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.calibrate)])
def test_no_word_of_ours_turns_a_result(facts, frame, every):
    """Put into the place before a result, of all words and phrases only reviewed ones pass.

    Each stands in one of the three frames of a result, and every third in that of a state; calibrated, all in all.
    """
    words = lexicon()
    reviewed = {
        "read", "as", "gave", "gives", "is", "was", "reads", "returned", "returns", "stands as", "stands at",
        "verdict", "in words", "in plain words", "in other words", "that is", "came out at",
        "comes out at", "are", "were", "which",
        "that", "reading", "direction", "shows", "showed", "stays", "remains",
    }  # fmt: skip
    states = words.places["after_arm_is"] | {
        "compared with", "compared to", "set against", "set beside", "not planned", "not registered",
        "not part of the plan", "still running", "still collecting data", "blinded", "a new e-mail",
    }  # fmt: skip
    allowed = states if frame.endswith("is {}.") else reviewed
    phrases = {
        " ".join(chosen)
        for group in words.phrases.values()
        for p in group
        if p.beside or len(p.words) < 4
        for chosen in itertools.islice(itertools.product(*map(sorted, p.words)), 12)
    }
    everything = words.words | phrases
    tried = {*sorted(everything)[FRAMES.index(frame) % every :: every], *(everything & allowed)}
    passed = {
        word
        for word in tried
        if isinstance(check(Statement(text=frame.format(word)), facts["landing"]), CheckedSentence)
    }
    assert passed
    assert {w for w in passed - allowed if not w.startswith("not ")} == set()
