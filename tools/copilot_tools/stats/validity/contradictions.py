"""Contradictions: rows that were shown something else than their arm should have been shown.

Alarm levels: where the plan's policy is to refuse, blocking from the first one on. Where they were dropped, a note;
serious above 5% of all rows. No chance is involved.
"""

from __future__ import annotations

from copilot_tools import formats
from copilot_tools.results import Objection
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "contradictions"]

ATTACK = Attack("contradictions", "Rows against their arm")


def contradictions(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Count the rows whose exposure contradicts their arm."""
    counted = evidence.quality.contradictions
    if counted is None:
        return ATTACK.cannot("the plan names no column that says what each unit was really shown")
    rows, against = max(evidence.quality.rows, 1), sum(counted.values())
    if against == 0:
        sentence = f"0 of {plural(evidence.quality.rows, 'row')} contradict their arm."
        return ATTACK.finds("none", sentence, value=0, unit="count", units=rows)
    by_arm = ", ".join(f"{arm.text} {formats.count(counted.get(arm.name, 0))}" for arm in spec.arms)
    found = f"{plural(against, 'row contradicts its arm', 'rows contradict their arm')} ({by_arm})"
    if spec.policy.contradictions == "refuse":
        them = "it" if against == 1 else "them"
        sentence = f"{found}; say in the plan's policy (contradictions) how to treat {them}."
        return ATTACK.finds("blocking", sentence, value=against, unit="count", units=rows)
    many = ATTACK.level.serious is not None and against / rows > ATTACK.level.serious
    sentence = f"{found}; the plan's policy leaves them out."
    if many:
        sentence += f" That is {formats.share(against / rows)} of all rows: the treatment was not delivered as planned."
    return ATTACK.finds("serious" if many else "note", sentence, value=against, unit="count", units=rows)
