"""Rows that break an assumption and that the plan's policy refuses or sets aside: one shape of objection."""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["rows_set_aside"]


def rows_set_aside(
    attack: Attack,
    spec: AnalysisSpec,
    evidence: Evidence,
    counted: dict[str, int],
    *,
    refused: bool,
    one: str,
    several: str,
    treated: str,
    many: str,
) -> Objection:
    """Blocking where the policy refuses such rows; else a note, or serious where they are many.

    Args:
        attack: Whose objection it is; its id is the policy's name.
        spec: The plan.
        evidence: Where all rows are counted.
        counted: Arm -> such rows.
        refused: Whether the policy is to refuse them.
        one: What one such row does, after "row": "contradicts its arm".
        several: What several do, after "rows"; also what none of the rows do.
        treated: What the policy does to them, after "the plan's policy".
        many: A further sentence where they are many, ``{share}`` being their share of all rows.
    """
    rows, broken = max(evidence.quality.rows, 1), sum(counted.values())
    if broken == 0:
        sentence = f"0 of {plural(evidence.quality.rows, 'row')} {several}."
        return attack.finds("none", sentence, value=0, unit="count", units=rows)
    by_arm = ", ".join(f"{arm.text} {formats.count(counted.get(arm.name, 0))}" for arm in spec.arms)
    found = f"{plural(broken, f'row {one}', f'rows {several}')} ({by_arm})"
    if refused:
        them = "it" if broken == 1 else "them"
        sentence = f"{found}; say in the plan's policy ({attack.id}) how to treat {them}."
        return attack.finds("blocking", sentence, value=broken, unit="count", units=rows)
    severity = attack.level.severity(broken / rows)
    sentence = f"{found}; the plan's policy {treated}."
    if severity == "serious":
        sentence += " " + many.format(share=formats.share(broken / rows))
    return attack.finds(severity, sentence, value=broken, unit="count", units=rows)
