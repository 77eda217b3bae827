"""Tools that hold parts of a test against each other: cohorts and model versions, segments, guardrails in segments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.stats.personalization.findings import Concentration, Consistency, SegmentGuardrails
from copilot_tools.stats.personalization.given import Cohort, GuardrailCell, Segment
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]


class ConsistencyArguments(Frozen):
    """Cohorts and versions."""

    cohorts: Annotated[tuple[Cohort, ...], Field(min_length=1, max_length=1000)]
    scale: Annotated[
        Literal["absolute", "relative"],
        Field(description='"absolute": a lift adds the same everywhere; "relative": it multiplies.'),
    ] = "absolute"
    level: Annotated[float, Field(gt=0, lt=0.5, description="Chance that one effect is called inconsistent.")] = 0.01
    alpha: Annotated[float, Field(gt=0, lt=0.5, description="Intervals cover 1 - alpha.")] = 0.05


def _consistency(a: ConsistencyArguments) -> Consistency:
    from copilot_tools.stats.personalization.consistency import consistency  # noqa: PLC0415 - scipy

    return consistency(a.cohorts, scale=a.scale, level=a.level, alpha=a.alpha)


class ConcentrationArguments(Frozen):
    """Segments that together are everyone."""

    segments: Annotated[tuple[Segment, ...], Field(min_length=2, max_length=500)]
    looked_at: Annotated[
        int | None,
        Field(ge=1, le=10**6, description="Segments looked at in choosing the unplanned ones, listed or not."),
    ] = None
    alpha: Annotated[
        float, Field(gt=0, lt=0.5, description="Family-wise error rate of planned and, again, of unplanned segments.")
    ] = 0.025


def _concentration(a: ConcentrationArguments) -> Concentration:
    from copilot_tools.stats.personalization.concentration import concentration  # noqa: PLC0415 - scipy

    return concentration(a.segments, looked_at=a.looked_at, alpha=a.alpha)


class GuardrailArguments(Frozen):
    """Guardrails in segments."""

    cells: Annotated[tuple[GuardrailCell, ...], Field(min_length=1, max_length=1000)]
    alpha: Annotated[
        float, Field(gt=0, lt=0.5, description="One-sided, over all cells: of any false harm; of any false safety.")
    ] = 0.025


def _guardrails(a: GuardrailArguments) -> SegmentGuardrails:
    from copilot_tools.stats.personalization.guardrails import guard_segments  # noqa: PLC0415 - scipy

    return guard_segments(a.cells, alpha=a.alpha)


TOOLS = (
    Tool(
        name="check_consistency",
        summary="Do time cohorts and model versions show one effect, so that they may be pooled?",
        when="When a model was retrained, swapped or replaced, or weeks differed, during a test: may the parts be "
        "pooled into one result? Not for segments of the same units' traits (lift_concentration), nor for "
        "repeated separate tests of one idea (combine_tests).",
        arguments=ConsistencyArguments,
        result=Consistency,
        function=_consistency,
        examples=(
            {
                "cohorts": [
                    {
                        "cohort": "week 1",
                        "version": "2026-02",
                        "control": {"n": 10000, "successes": 1000},
                        "treatment": {"n": 10000, "successes": 1110},
                    },
                    {
                        "cohort": "week 2",
                        "version": "2026-02",
                        "control": {"n": 10000, "successes": 985},
                        "treatment": {"n": 10000, "successes": 1085},
                    },
                    {
                        "cohort": "week 2",
                        "version": "2026-03",
                        "control": {"n": 10000, "successes": 1010},
                        "treatment": {"n": 10000, "successes": 860},
                    },
                ]
            },
        ),
    ),
    Tool(
        name="lift_concentration",
        summary="Which segments carry more of the lift than their share of units, beyond chance?",
        when="When somebody claims that the whole gain or lift comes from one segment, country or device, and "
        "wants to ship there only. Give all segments of one dimension. Not to find out whether mixed arms "
        "mislead (compare_within_strata).",
        arguments=ConcentrationArguments,
        result=Concentration,
        function=_concentration,
        examples=(
            {
                "segments": [
                    {
                        "name": "mobile",
                        "planned": True,
                        "control": {"n": 20000, "successes": 2000},
                        "treatment": {"n": 20000, "successes": 2440},
                    },
                    {
                        "name": "desktop",
                        "control": {"n": 30000, "successes": 3600},
                        "treatment": {"n": 30000, "successes": 3660},
                    },
                    {
                        "name": "tablet",
                        "control": {"n": 5000, "successes": 500},
                        "treatment": {"n": 5000, "successes": 515},
                    },
                ],
                "looked_at": 12,
            },
        ),
    ),
    Tool(
        name="guardrails_by_segment",
        summary="Is any guardrail worse in any segment, and is every segment shown to be safe?",
        when="When complaints, unsubscribes, returns or another guardrail look fine on average, which may hide a "
        "segment or group of customers that is harmed, as personalization can. Not for one guardrail over "
        "everyone (compare_means, compare_proportions).",
        arguments=GuardrailArguments,
        result=SegmentGuardrails,
        function=_guardrails,
        examples=(
            {
                "cells": [
                    {
                        "name": "new customers",
                        "guardrail": "unsubscribed",
                        "better": "decrease",
                        "margin": 0.005,
                        "control": {"n": 20000, "successes": 400},
                        "treatment": {"n": 20000, "successes": 520},
                    },
                    {
                        "name": "regulars",
                        "guardrail": "unsubscribed",
                        "better": "decrease",
                        "margin": 0.005,
                        "control": {"n": 20000, "successes": 200},
                        "treatment": {"n": 20000, "successes": 195},
                    },
                    {
                        "name": "regulars",
                        "guardrail": "order value",
                        "margin": 2.0,
                        "control": {"n": 4000, "mean": 41.0, "sd": 22.0},
                        "treatment": {"n": 4100, "mean": 41.2, "sd": 22.5},
                    },
                ]
            },
        ),
    ),
)
