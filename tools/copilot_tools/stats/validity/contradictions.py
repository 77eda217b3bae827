"""Contradictions: rows that were shown something else than their arm should have been shown.

Alarm levels: where the plan's policy is to refuse, blocking from the first one on. Where they were dropped, a note;
serious above 5% of all rows. No chance is involved.
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack
from copilot_tools.stats.validity._set_aside import rows_set_aside

__all__ = ["ATTACK", "contradictions"]

ATTACK = Attack("contradictions", "Rows against their arm")


def contradictions(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Count the rows whose exposure contradicts their arm."""
    counted = evidence.quality.contradictions
    if counted is None:
        return ATTACK.cannot("the plan names no column that says what each unit was really shown")
    return rows_set_aside(
        ATTACK,
        spec,
        evidence,
        counted,
        refused=spec.policy.contradictions == "refuse",
        one="contradicts its arm",
        several="contradict their arm",
        treated="leaves them out",
        many="That is {share} of all rows: the treatment was not delivered as planned.",
    )
