"""Turn what is missing or vague in a plan into questions. "must" questions stop the registration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.sequential.registered import design_of_looks
from copilot_tools.stats.spec import OUTCOME_AS_COVARIATE, AnalysisSpec, Effect, Metric
from expcopilot.flow.steps.shown_while_blinded import shown_while_blinded
from expcopilot.records.plan import Plan

__all__ = ["Question", "check_plan", "too_vague", "unanswered"]

_VAGUE = re.compile(
    r"^\W*(tbd|todo|tba|n/?a|none|unknown|\?+|\.+|x+|better|improve(s|d|ment)?|more engag\w+|best practice\w*)?\W*$",
    re.IGNORECASE,
)
_SHORT = 12
_NEVER = 6.0
"""A boundary in standard errors that no effect worth testing for reaches early on."""


class Question(Frozen):
    """What the plan leaves open.

    Attributes:
        field: Dotted name in the plan file.
        question: What to answer, in one sentence.
        weight: "must" stops the registration, "should" does not.
    """

    field: str
    question: str
    weight: Literal["must", "should"]


def check_plan(plan: Plan) -> tuple[Question, ...]:
    """All questions a plan leaves open, the ones that stop a registration first."""
    shown = (
        Question(field=r.name or "analysis", question=f"{r.reason} {r.cure}", weight="must")
        for r in shown_while_blinded(plan.analysis)
    )
    return tuple(sorted((*shown, *_questions(plan)), key=lambda q: q.weight != "must"))


def too_vague(text: str) -> bool:
    """Whether an answer in words says too little to be asked about only once."""
    return bool(_VAGUE.match(text)) or len(text.strip()) < _SHORT


def unanswered(plan: Plan) -> tuple[Refusal, ...]:
    """The questions that stop a registration, as refusals."""
    return tuple(
        Refusal(
            code="plan.open_question",
            reason=f"The plan leaves open {q.field}: {q.question}",
            cure="Answer it in the plan file.",
            name=q.field,
        )
        for q in _questions(plan)
        if q.weight == "must"
    )


def _questions(plan: Plan) -> Iterator[Question]:
    yield from _hypothesis(plan)
    yield from _design(plan)
    yield from _analysis(plan)


def _hypothesis(plan: Plan) -> Iterator[Question]:
    asks = {
        "change": "What exactly changes, so that somebody else could build it?",
        "audience": "For whom: who can see the change?",
        "because": "Why should it work: what do you know about these people that makes you believe it?",
        "falsifier": "What result would prove the idea wrong?",
    }
    for field, question in asks.items():
        text = getattr(plan.hypothesis, field)
        if _VAGUE.match(text):
            yield Question(field=f"hypothesis.{field}", question=question, weight="must")
        elif len(text.strip()) < _SHORT:
            yield Question(field=f"hypothesis.{field}", question=f"{question} {text!r} is very short.", weight="should")
    if not plan.north_star.strip():
        yield Question(
            field="north_star",
            question="How does the deciding number serve the company's main goal?",
            weight="should",
        )


def _design(plan: Plan) -> Iterator[Question]:
    design = plan.design
    if design.committed_units is None and design.committed_days is None:
        yield Question(
            field="design.committed_units",
            question="At how many units, or after how many days, are outcomes opened? `expcopilot size` computes it.",
            weight="must",
        )
    if design.first_exposure is None and plan.attested is None:
        yield Question(
            field="design.first_exposure",
            question="On which day can the first person see the change? Without it nobody can tell which came first.",
            weight="must",
        )
    if design.committed_days is not None and design.committed_days % 7:
        yield Question(
            field="design.committed_days",
            question=f"{design.committed_days:g} days are not whole weeks. Would "
            f"{-(-design.committed_days // 7) * 7:g} days do, so that every weekday counts alike?",
            weight="should",
        )
    if design.traffic_per_month is None:
        yield Question(
            field="design.traffic_per_month",
            question="How many units a month would the change reach? Then the readout says what it is worth a month.",
            weight="should",
        )


def _looks(plan: Plan) -> Iterator[Question]:
    looks = plan.analysis.looks
    if looks is None:
        return
    if plan.design.committed_units is None and plan.design.committed_days is not None:
        yield Question(
            field="design.committed_units",
            question="At how many units does the test end? Registered looks (analysis.looks) are shares of that; with "
            "days alone, leave analysis.looks out. `expcopilot size` computes the size.",
            weight="must",
        )
    try:
        design = design_of_looks(plan.analysis)
    except Refused as refused:
        yield Question(field="analysis.looks", question=str(refused.refusals[0]), weight="must")
        return
    idle = [look.information for look in design.looks if look.efficacy_z > _NEVER]
    if idle:
        shares = ", ".join(f"{share:.3g}" for share in idle)
        yield Question(
            field="analysis.looks.shares",
            question=f"The {'look' if len(idle) == 1 else 'looks'} at {shares} could stop the test only beyond "
            f"{_NEVER:g} standard errors, so practically never. Is it meant as a look for safety? A guardrail's alarm "
            "needs none; spending: pocock stops more easily early on.",
            weight="should",
        )


def _analysis(plan: Plan) -> Iterator[Question]:
    spec = plan.analysis
    yield from _looks(plan)
    if not spec.guardrails and spec.goal != "aa":
        yield Question(
            field="analysis.metrics",
            question="What must not get worse (a metric with role: guardrail and a margin)?",
            weight="should",
        )
    if spec.unit is None and spec.arm_column is not None:
        yield Question(
            field="analysis.unit",
            question="Which column identifies the unit? Without it, units in two arms cannot be found.",
            weight="should",
        )
    windows = sorted({m.window_days for m in spec.metrics if m.window_days is not None})
    if windows and spec.time_column is None:
        days = " and ".join(f"{w:g}" for w in windows)
        yield Question(
            field="analysis.time_column",
            question=f"The first {days} days after exposure are to count (window_days), but no column says when a unit "
            "was first exposed, so nobody can check that each had as many. Which column does, or does your export "
            "count exactly these days for everybody?",
            weight="should",
        )
    if spec.sides == 1:
        yield Question(
            field="analysis.sides",
            question="A one-sided plan can never establish harm. Is that really what you want?",
            weight="should",
        )
    yield from _known_before(spec)
    yield from _sizes(spec)


def _known_before(spec: AnalysisSpec) -> Iterator[Question]:
    for column in spec.outcomes_as_covariates:
        yield Question(
            field="analysis.metrics",
            question=f"{column} {OUTCOME_AS_COVARIATE} Which column was measured before?",
            weight="must",
        )


def _sizes(spec: AnalysisSpec) -> Iterator[Question]:
    """Sizes no metric can have: mostly five percent typed as 5."""
    for metric in spec.metrics:
        if metric.margin is not None:
            yield from _margin(metric, metric.margin)
    effect = spec.minimum_effect
    if effect.size > 1 and _downwards(spec.primary, effect, spec.primary.sign):
        yield Question(
            field="analysis.minimum_effect",
            question=f"{spec.primary.name} should decrease, and no share falls by {effect.size:.0%}. Is the scale "
            "right (0.05 is five percent)?",
            weight="must",
        )
    elif effect.scale == "relative" and effect.size > 1:
        yield Question(
            field="analysis.minimum_effect",
            question=f"A minimum effect of {effect.size:.0%} of control more than doubles the metric. "
            "Is the scale right (0.05 is five percent)?",
            weight="should",
        )
    if effect.scale == "absolute" and spec.primary.kind == "proportion" and effect.size >= 1:
        yield Question(
            field="analysis.minimum_effect",
            question=f"{effect.size:g} is no possible change of a share. Write one percentage point as 0.01.",
            weight="must",
        )


def _margin(metric: Metric, margin: Effect) -> Iterator[Question]:
    """A margin that nothing can overstep shows everything to be safe: five percent typed as 5."""
    field = f"analysis.metrics.{metric.name}.margin"
    if margin.scale == "absolute" and metric.kind == "proportion" and margin.size >= 1:
        yield Question(
            field=field,
            question=f"A share never changes by {margin.size:g}, so nothing could be worse than this margin. Write one "
            "percentage point as 0.01.",
            weight="must",
        )
    elif margin.size >= 1 and _downwards(metric, margin, -metric.sign):
        yield Question(
            field=field,
            question=f"No share loses more than all of itself, so nothing could be worse than {margin.size:.0%} of "
            "control. Is the scale right (0.05 is five percent)?",
            weight="must",
        )
    elif margin.scale == "relative" and margin.size >= 1:
        more = "all of it would be lost" if metric.sign > 0 else "it would at least double"
        yield Question(
            field=field,
            question=f"{metric.name} may get worse by {margin.size:.0%} of control: {more}, and still be taken for "
            "safe. Is the scale right (0.05 is five percent)? Where values go below 0, give the margin in their unit.",
            weight="must" if metric.sign > 0 else "should",
        )


def _downwards(metric: Metric, effect: Effect, sign: int) -> bool:
    """Whether an effect is a fall of a proportion in shares of control: it cannot fall by more than all of it."""
    return metric.kind == "proportion" and sign < 0 and effect.scale == "relative"
