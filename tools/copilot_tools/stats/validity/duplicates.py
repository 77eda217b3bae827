"""Duplicates: the same unit several times in one arm makes chance look smaller than it is.

Alarm levels: where the plan's policy is to refuse, blocking from the first one on. Where the first row was kept, a
note; serious above 5% of all rows (then the rows are probably events, not units). No chance is involved.
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack
from copilot_tools.stats.validity._set_aside import rows_set_aside

__all__ = ["ATTACK", "duplicates"]

ATTACK = Attack("duplicates", "Duplicate rows")


def duplicates(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Count the rows beyond the first of each unit in its arm."""
    counted = evidence.quality.duplicate_rows
    if counted is None:
        return ATTACK.cannot("the data does not name its units")
    return rows_set_aside(
        ATTACK,
        spec,
        evidence,
        counted,
        refused=spec.policy.duplicates == "refuse",
        one="repeats a unit already in the same arm",
        several="repeat a unit already in the same arm",
        treated="keeps the first row of each",
        many="With {share} of all rows, these may be events rather than units.",
    )
