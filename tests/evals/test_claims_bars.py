"""The product's own scanner against the labelled set: the bars it is held to."""

from __future__ import annotations

from copilot_tools.wording.claims.scan import scan
from evals.evals_at_hand import claims_labelled, claims_score


def test_the_scanner_reaches_every_bar():
    """Recall of every kind, span precision and false alarms on clean lines, on every line of the labelled set."""
    lines = claims_labelled.read()
    assert len(lines) >= 600
    assert not claims_score.short_of(claims_score.score(lines, scan))
