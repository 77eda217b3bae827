"""Honest prose by strangers: what the firewall keeps back stays within what the documentation says."""

from __future__ import annotations

from evals.evals_at_hand import honest_measure


def test_little_honest_prose_is_kept_back():
    """Of each set, at most a quarter is kept back as written and at most one in twenty after the one repair turn."""
    folders = honest_measure.sets()
    assert folders
    for folder in folders:
        share = honest_measure.measure(folder)
        assert share.statements >= 400
        assert share.at_first <= 0.25 * share.statements, folder
        assert share.after_repair <= 0.05 * share.statements, folder
