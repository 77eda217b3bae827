"""Columns that are shown by arm while outcomes are closed must hold no outcome."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.refusals import Refusal
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["shown_while_blinded"]


def shown_while_blinded(spec: AnalysisSpec) -> Iterator[Refusal]:
    """Whatever in a plan would show an outcome by arm before outcomes are opened."""
    outcomes = {c: m.name for m in spec.metrics for c in (m.column, m.denominator) if c is not None}
    shown = {
        "analysis.unit": (spec.unit,),
        "analysis.arm_column": (spec.arm_column,),
        "analysis.segments": tuple(s.column for s in spec.segments),
        "analysis.covariates": spec.covariates,
        "analysis.metrics.covariate": tuple(
            c for m in spec.metrics for c in (m.covariate, m.covariate_denominator) if c is not None
        ),
        "analysis.activation": (spec.activation,),
        "analysis.exposure": (spec.exposure.column if spec.exposure else None,),
        "analysis.time_column": (spec.time_column,),
        "analysis.clusters": (spec.clusters.column if spec.clusters else None,),
    }
    for field, columns in shown.items():
        for column in dict.fromkeys(columns):
            if column in outcomes:
                yield Refusal(
                    code="plan.outcome_shown",
                    reason=f"{field} names {column!r}, which holds the outcome of {outcomes[column]!r}: it is counted "
                    "by arm while outcomes are still closed.",
                    cure="Name a column that was known before assignment, or leave it out.",
                    name=field,
                    value=column,
                )
    primary = spec.primary
    for guardrail in spec.guardrails:
        same = (guardrail.kind, guardrail.column, guardrail.denominator)
        if same == (primary.kind, primary.column, primary.denominator):
            yield Refusal(
                code="plan.guardrail_is_primary",
                reason=f"The guardrail {guardrail.name!r} is the primary metric {primary.name!r} again: its alarm "
                "would show the effect while outcomes are still closed.",
                cure="Leave it out: the verdict says whether the primary metric got worse.",
                name="analysis.metrics",
                value=guardrail.name,
            )
