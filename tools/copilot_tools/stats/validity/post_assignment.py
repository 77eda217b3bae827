"""Conditioning on something measured after assignment: such a cut or filter compares units the treatment has chosen.

Alarm level: serious whenever a cut, or the activation filter, is by a column the plan lists as measured after
assignment, or by a column of one of the metrics themselves. No chance is involved.

References:
    Montgomery, Nyhan & Torres (2018), How conditioning on posttreatment variables can ruin your experiment, AJPS 62(3).
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, listed

__all__ = ["ATTACK", "dimensions_before_assignment", "post_assignment"]

ATTACK = Attack("post-assignment", "Measured after assignment")


def _after_assignment(spec: AnalysisSpec) -> set[str]:
    outcomes = {c for m in spec.metrics for c in (m.column, m.denominator) if c is not None}
    return set(spec.after_assignment) | outcomes


def dimensions_before_assignment(spec: AnalysisSpec, evidence: Evidence) -> tuple[str, ...]:
    """Dimensions that are sliced and that nothing after assignment can have moved, as far as the plan knows."""
    after = _after_assignment(spec)
    return tuple(d for d in evidence.dimensions if d not in after)


def post_assignment(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Name every cut or filter by something measured after assignment."""
    after = _after_assignment(spec)
    cuts = [d for d in evidence.dimensions if d in after]
    filters = [spec.activation] if spec.activation in after and spec.activation is not None else []
    if not cuts and not filters:
        looked = listed(list(evidence.dimensions)) if evidence.dimensions else "nothing"
        return ATTACK.finds(
            "none",
            f"0 cuts or filters are by something measured after assignment (cut by {looked}).",
            value=0,
            unit="count",
            units=evidence.total_units,
        )
    parts = []
    if cuts:
        parts.append(
            f"the cut by {listed(cuts)} is conditioned on something measured after assignment, which the treatment "
            "itself may have changed, so its parts are not comparable between the arms"
        )
    if filters:
        parts.append(
            f"only units with {listed(filters)} are analysed, and that was measured after assignment, so each arm "
            "chose its own units"
        )
    sentence = "; ".join(parts)
    return ATTACK.finds(
        "serious",
        f"{sentence[0].upper()}{sentence[1:]}.",
        value=len(cuts) + len(filters),
        unit="count",
        units=evidence.total_units,
    )
