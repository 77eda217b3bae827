"""Verdict flips at full size: 200 analyses under 25 wordings, 5,000 runs, through the api and the chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressing import conversations, faults_of, press, summary


@pytest.mark.torture
@pytest.mark.parametrize("first", range(1, 201, 10))
def test_of_all_runs_none_moves_anything(first: int, tmp_path: Path):
    """Ten analyses under every wording: 0 changed verdicts, 0 changed numbers, looks counted, nothing asserted."""
    outcomes = []
    for number, conversation in enumerate(c for c in conversations() if first <= c.analysis.number < first + 10):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcomes += press(conversation, folder)
    assert faults_of(outcomes) == []
    assert summary(outcomes)["runs"] == 250
