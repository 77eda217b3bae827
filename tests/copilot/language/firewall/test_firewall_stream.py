"""Streamed chat through the gate."""

from __future__ import annotations

import random

from expcopilot.language.firewall.stream import SentenceSplitter, StreamGate
from expcopilot.records.prose import Blocked, CheckedSentence

TEXT = "The verdict is {verdict.phrase}. The estimate is {primary.b.effect}; B won! Who saw it?\nThe plan is read. It"


def test_any_cutting_gives_the_same_sentences():
    """However a stream is cut into chunks, the sentences are those of the whole."""
    whole = SentenceSplitter()
    expected = whole.feed(TEXT)
    rng = random.Random(4)  # noqa: S311 - repeatable, not secret
    for _ in range(200):
        splitter, found, at = SentenceSplitter(), [], 0
        while at < len(TEXT):
            step = rng.randint(1, 9)
            found += splitter.feed(TEXT[at : at + step])
            at += step
        assert found == expected
        assert splitter.finish() == ["It"]
    assert expected[0] == "The verdict is {verdict.phrase}."
    assert expected[-1] == "The plan is read."


def test_nothing_unfinished_is_shown(facts):
    """A stream that is cut shows the finished sentences only; the rest is handed back for the record."""
    gate = StreamGate(facts["landing"], verdict_row="inconclusive")
    shown = [s for chunk in TEXT.split(" ") for s in gate.feed(chunk + " ")]
    assert gate.drop().strip() == "It"
    assert [type(s) for s in shown] == [CheckedSentence, Blocked, CheckedSentence, CheckedSentence]
    assert shown[0].text == "The verdict is inconclusive."


def test_a_flood_without_an_end_is_blocked_and_forgotten(facts):
    """Megabytes without a full stop are kept back in pieces, and memory stays bounded."""
    gate = StreamGate(facts["landing"])
    found = [s for _ in range(200) for s in gate.feed("the plan " * 100)]
    assert found
    assert all(isinstance(s, Blocked) for s in found)
    assert len(gate.drop()) < 4000
