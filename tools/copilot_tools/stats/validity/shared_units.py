"""Shared units: another experiment was read on the same units, so this is not their first chance to show a difference.

Alarm level: serious whenever it happened. No chance is involved.
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "shared_units"]

ATTACK = Attack("shared-units", "Units of another experiment")


def shared_units(evidence: Evidence, circumstances: Circumstances) -> Objection:
    """Name every other experiment of this workspace read on the same units.

    Raised where the same units were read under another plan before.
    """
    others = circumstances.shared_units
    if others:
        experiments = plural(len(others), "other experiment was", "other experiments were")
        return ATTACK.finds(
            "serious",
            f"{experiments} read on the same units, so the choice of plan could have followed what was seen there.",
            value=len(others),
            unit="count",
            details=others,
            units=evidence.total_units,
        )
    if not evidence.source.sketch:
        return ATTACK.cannot("the data does not name its units, so they cannot be recognized in other experiments")
    sentence = "0 other experiments in this workspace were read on the same units."
    return ATTACK.finds("none", sentence, value=0, unit="count", units=evidence.total_units)
