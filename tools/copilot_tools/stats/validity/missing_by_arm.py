"""Missing values by arm: if one arm loses more values than the other, what is left is no longer comparable.

Only counts of empty cells are read, so this may be looked at while the outcomes are closed.

Alarm levels: serious below p = .001, a note below .01, after Holm's correction over all metrics and arms; a note also
where more than 5% of a metric is missing evenly.
"""

from __future__ import annotations

from typing import NamedTuple

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.goodness import two_proportions
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "missing_by_arm"]

ATTACK = Attack("missing-by-arm", "Missing values by arm")

MANY = 0.05
"""Share of a metric's cells from which even loss is worth a note."""


class _Loss(NamedTuple):
    metric: str
    arm: str
    missing: int
    units: int
    control_missing: int
    control_units: int
    p: float


def missing_by_arm(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Compare the share of empty cells of each metric between each arm and control."""
    counted = evidence.quality.missing
    if counted is None:
        return ATTACK.cannot("it holds no single rows whose empty cells could be counted")
    by_cell = {(m.metric, m.arm): m for m in counted}
    losses = []
    for name in dict.fromkeys(m.metric for m in counted):
        control = by_cell.get((name, spec.control))
        for arm in spec.treatments:
            cell = by_cell.get((name, arm.name))
            if control is not None and cell is not None and control.units and cell.units:
                p = two_proportions(cell.missing, cell.units, control.missing, control.units)
                losses.append(_Loss(name, arm.text, cell.missing, cell.units, control.missing, control.units, p))
    if not losses:
        return ATTACK.cannot("the empty cells of no metric were counted in two arms")
    units = min(loss.units + loss.control_units for loss in losses)
    total = sum(m.missing for m in counted)
    if total == 0:
        metrics = plural(len({loss.metric for loss in losses}), "metric")
        sentence = f"0 cells are empty over {metrics} in all arms."
        return ATTACK.finds("none", sentence, value=0, unit="count", units=units)
    corrected = holm([loss.p for loss in losses]).tolist()
    p, worst = min(zip(corrected, losses, strict=True), key=lambda pair: (pair[0], pair[1].p))
    severity = ATTACK.level.severity(p)
    control_text = spec.arm(spec.control).text
    rates = (
        f"{formats.share(worst.missing / worst.units, 2)} of {worst.arm} and "
        f"{formats.share(worst.control_missing / worst.control_units, 2)} of {control_text}"
    )
    details = tuple(
        f"{loss.metric}: {formats.count(loss.missing)} of {plural(loss.units, 'unit')} empty in {loss.arm}, "
        f"{formats.count(loss.control_missing)} of {formats.count(loss.control_units)} in {control_text} "
        f"({formats.p_value(q)} corrected)."
        for q, loss in zip(corrected, losses, strict=True)
        if loss.missing or loss.control_missing
    )
    if severity != "none":
        sentence = (
            f"{worst.metric} is missing unevenly: in {rates} ({formats.p_value(p)}), so the units that are left differ "
            "by more than the treatment."
        )
    else:
        evenly = max(losses, key=lambda loss: (loss.missing + loss.control_missing) / (loss.units + loss.control_units))
        share = (evenly.missing + evenly.control_missing) / (evenly.units + evenly.control_units)
        sentence = f"Empty cells are spread evenly: {worst.metric} in {rates} ({formats.p_value(p)})."
        if share > MANY:
            severity = "note"
            sentence += f" But {formats.share(share)} of {evenly.metric} is missing, which the result cannot speak for."
    return ATTACK.finds(severity, sentence, value=p, unit="p", details=details, units=units)
