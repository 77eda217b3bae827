"""Plans that could only ever be answered one way: five percent typed as 5, outcomes named as known before."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from expcopilot.flow.quick import quick_spec
from expcopilot.flow.steps.check_plan import check_plan, unanswered
from tests_plan import plan

FIVE_PERCENT = Effect(size=0.05, scale="relative")
FIVE = Effect(size=5, scale="relative")


def conversion(**more):
    return Metric.model_validate(
        {"name": "conversion", "role": "primary", "kind": "proportion", "column": "converted", **more}
    )


def guardrail(kind, margin, direction="increase"):
    return Metric(name="g", role="guardrail", kind=kind, column="g", direction=direction, margin=margin)


def asked(field, **analysis):
    """Weights of the questions about a field."""
    return [q.weight for q in check_plan(plan(**analysis)) if q.field == field]


@pytest.mark.parametrize(
    ("metric", "weights"),
    [
        (guardrail("proportion", FIVE), ["must"]),
        (guardrail("mean", FIVE), ["must"]),
        (guardrail("mean", Effect(size=1, scale="relative")), ["must"]),
        (guardrail("proportion", FIVE, "decrease"), ["should"]),
        (guardrail("mean", FIVE, "decrease"), ["should"]),
        (guardrail("proportion", Effect(size=2, scale="absolute")), ["must"]),
        (guardrail("proportion", Effect(size=2, scale="absolute"), "decrease"), ["must"]),
        (guardrail("mean", Effect(size=2, scale="absolute")), []),
        (guardrail("proportion", Effect(size=0.02, scale="absolute")), []),
        (guardrail("proportion", FIVE_PERCENT), []),
        (guardrail("mean", FIVE_PERCENT, "decrease"), []),
    ],
)
def test_margins_that_nothing_can_overstep_stop_the_registration(metric, weights):
    """A guardrail that may lose five times itself is always safe, so the plan has to say it otherwise."""
    assert asked("analysis.metrics.g.margin", metrics=(conversion(), metric)) == weights


def test_non_inferiority_within_an_impossible_margin_is_not_registered():
    """Half of the orders lost was "not worse by the margin" where the margin was 500%."""
    found = unanswered(plan(goal="noninferiority", metrics=(conversion(margin=FIVE),)))
    assert [r.name for r in found] == ["analysis.metrics.conversion.margin"]
    assert not unanswered(plan(goal="noninferiority", metrics=(conversion(margin=FIVE_PERCENT),)))


@pytest.mark.parametrize(("direction", "weight"), [("decrease", "must"), ("increase", "should")])
def test_minimum_effect_no_share_can_fall_by(direction, weight):
    """A share may rise to six times itself; it cannot fall by five times."""
    assert asked("analysis.minimum_effect", metrics=(conversion(direction=direction),), minimum_effect=FIVE) == [weight]


@pytest.mark.parametrize("named", ["covariate", "covariates"])
def test_outcomes_are_not_known_before_the_test(named):
    """A plan that adjusts one outcome by another has taken the effect out before it is read."""
    revenue = Metric(
        name="revenue", kind="mean", column="revenue", covariate="converted" if named == "covariate" else None
    )
    covariates = ("converted",) if named == "covariates" else ()
    found = unanswered(plan(metrics=(conversion(), revenue), covariates=covariates))
    assert [r.name for r in found] == ["analysis.metrics"]
    assert "converted" in found[0].reason


def test_aa_plan_is_two_sided():
    """One-sided, an A/A test would call a loss of half of everything no difference."""
    with pytest.raises(ValidationError, match="two-sided"):
        AnalysisSpec(
            arms=(Arm(name="control"), Arm(name="b")),
            control="control",
            metrics=(conversion(),),
            minimum_effect=FIVE_PERCENT,
            goal="aa",
            sides=1,
        )


def test_quick_look_for_a_change_no_share_can_make_is_refused():
    """200 points of a conversion rate: every result would have been "refuted"."""
    with pytest.raises(Refused, match="possible change of a share"):
        quick_spec(
            arms=("control", "b"), control=None, metric=conversion(), minimum_effect=Effect(size=2, scale="absolute")
        )
    whole = Metric(name="m", kind="mean", column="m")
    spec = quick_spec(
        arms=("control", "b"), control=None, metric=whole, minimum_effect=Effect(size=2, scale="absolute")
    )
    assert spec.minimum_effect.size == 2
