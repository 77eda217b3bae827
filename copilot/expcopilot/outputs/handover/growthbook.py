"""A GrowthBook payload: one feature whose rule is the experiment, and one that is its kill switch.

The rule splits by ``seed`` under hash version 2, exactly as ``Handover.split`` does. The experiment runs while the
feature ``KEY-live`` is true: setting its value to false gives everybody control, without touching the split.

References:
    GrowthBook, SDK payload: features, rules, parentConditions (docs.growthbook.io/lib/build-your-own).
"""

from __future__ import annotations

from typing import Any

from expcopilot.outputs.handover.flags import value_of
from expcopilot.outputs.handover.handover import Handover
from expcopilot.outputs.handover.markup import as_json

__all__ = ["to_growthbook"]


def to_growthbook(handover: Handover) -> str:
    """The payload as JSON: ``{"features": {...}}``, as an SDK takes it from a file or from GrowthBook's API.

    Raises:
        Refused: The hand-over does not fit together.
    """
    arms = handover.arms()
    split = handover.split
    key = handover.key
    rule: dict[str, Any] = {
        "key": key,
        "variations": [value_of(arm) for arm in arms],
        "weights": list(split.shares),
        "coverage": split.coverage,
        "hashAttribute": handover.unit,
        "hashVersion": 2,
        "seed": split.seed,
        "meta": [{"key": arm.name, "name": arm.variant.mechanism if arm.variant else arm.name} for arm in arms],
        "name": handover.experiment,
        "phase": "0",
        # Not a gate: while the switch is off the rule is passed over, and the default value, control, is served.
        "parentConditions": [{"id": f"{key}-live", "condition": {"value": True}}],
    }
    if split.namespace is not None:
        rule["namespace"] = [split.namespace.name, split.namespace.start, split.namespace.end]
    return as_json(
        {
            "features": {
                key: {"defaultValue": value_of(arms[0]), "rules": [rule]},
                f"{key}-live": {"defaultValue": handover.live},
            }
        }
    )
