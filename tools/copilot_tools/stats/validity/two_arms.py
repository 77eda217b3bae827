"""Units in two arms: they saw both versions, so they say nothing about either.

Alarm levels: where the plan's policy is to refuse, blocking above its tolerance. Where they were dropped (or
tolerated), a note; serious above 1% of all units. No chance is involved.
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "two_arms"]

ATTACK = Attack("two-arms", "Units in two arms")


def two_arms(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Count the units found in more than one arm."""
    crossed = evidence.quality.two_arms
    if crossed is None:
        return ATTACK.cannot("the data does not name its units")
    total = max(sum(evidence.quality.units_before_policy.values()) - crossed, evidence.total_units, 1)
    share = crossed / total
    if crossed == 0:
        sentence = f"0 of {plural(total, 'unit')} were found in more than one arm."
        return ATTACK.finds("none", sentence, value=0, unit="count", units=total)
    found = f"{plural(crossed, 'unit was', 'units were')} found in more than one arm ({formats.share(share, 2)} of all)"
    if spec.policy.two_arms == "refuse" and share > spec.policy.two_arms_tolerance:
        tolerated = spec.policy.two_arms_tolerance
        allowed = f"the plan tolerates {formats.share(tolerated, 2)}" if tolerated else "the plan tolerates none"
        return ATTACK.finds(
            "blocking",
            f"{found}, and {allowed}; say in the plan's policy (two_arms) how to treat them.",
            value=crossed,
            unit="count",
            units=total,
        )
    severity = ATTACK.level.severity(share)
    sentence = f"{found}; the plan's policy leaves them out."
    if severity == "serious":
        sentence += " So many point to a fault in the assignment itself."
    return ATTACK.finds(severity, sentence, value=crossed, unit="count", units=total)
