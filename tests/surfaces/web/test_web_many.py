"""Several conversations at once: a short sample of what ``bench/bench_conversations.py`` measures."""

from __future__ import annotations

import runpy


def test_conversations_at_once_lose_and_double_nothing(repository):
    """Four people ask at once: every sentence arrives once in its own conversation and stands in its record."""
    bench = runpy.run_path(str(repository / "bench" / "bench_conversations.py"))
    measured = bench["run"](4, 1, rate=100.0, units=500)
    assert measured.errors == []
    assert 0 < len(measured.delays) <= 4 * len(bench["SENTENCES"])
    table = bench["table"](measured, 4, 1)
    assert "| errors | 0 |" in table
    assert f"| sentences | {len(measured.delays)} |" in table
