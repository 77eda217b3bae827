"""Duplicates: the same unit several times in one arm makes chance look smaller than it is.

Alarm levels: where the plan's policy is to refuse, blocking from the first one on. Where the first row was kept, a
note; serious above 5% of all rows (then the rows are probably events, not units). No chance is involved.
"""

from __future__ import annotations

from copilot_tools import formats
from copilot_tools.results import Objection
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "duplicates"]

ATTACK = Attack("duplicates", "Duplicate rows")


def duplicates(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Count the rows beyond the first of each unit in its arm."""
    counted = evidence.quality.duplicate_rows
    if counted is None:
        return ATTACK.cannot("the data does not name its units")
    rows, extra = max(evidence.quality.rows, 1), sum(counted.values())
    if extra == 0:
        sentence = f"0 of {plural(evidence.quality.rows, 'row')} repeat a unit already there."
        return ATTACK.finds("none", sentence, value=0, unit="count", units=rows)
    by_arm = ", ".join(f"{arm.text} {formats.count(counted.get(arm.name, 0))}" for arm in spec.arms)
    found = f"{plural(extra, 'row repeats', 'rows repeat')} a unit already in the same arm ({by_arm})"
    if spec.policy.duplicates == "refuse":
        sentence = f"{found}; say in the plan's policy (duplicates) how to treat them."
        return ATTACK.finds("blocking", sentence, value=extra, unit="count", units=rows)
    many = ATTACK.level.serious is not None and extra / rows > ATTACK.level.serious
    sentence = f"{found}; the plan's policy keeps the first row of each."
    if many:
        sentence += f" With {formats.share(extra / rows)} of all rows, these may be events rather than units."
    return ATTACK.finds("serious" if many else "note", sentence, value=extra, unit="count", units=rows)
