"""Specs to read counts under."""

from __future__ import annotations

from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric

__all__ = ["MATTERS", "spec_of_counts"]

MATTERS = Effect(size=0.05, scale="relative")


def spec_of_counts(
    arms: tuple[str, ...], control: str, *, metric: str = "conversion", kind: str = "proportion", **more: object
) -> AnalysisSpec:
    """A spec of one metric over these arms."""
    names = {k: more.pop(k) for k in ("column", "direction", "unit") if k in more}
    only = Metric.model_validate({"name": metric, "role": "primary", "kind": kind, "column": metric, **names})
    base = {"arms": tuple(Arm(name=a) for a in arms), "control": control, "metrics": (only,), "minimum_effect": MATTERS}
    return AnalysisSpec.model_validate({**base, **more})
