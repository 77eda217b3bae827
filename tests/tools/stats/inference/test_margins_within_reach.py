"""Margins that no difference oversteps show everything to be the same: five percent typed as 5."""

from __future__ import annotations

import pytest

from copilot_tools import catalogue
from copilot_tools.refusals import Refused

SHARES = {"control": {"name": "c", "n": 900, "successes": 40}, "treatment": {"name": "b", "n": 900, "successes": 20}}
MEANS = {
    "control": {"name": "c", "n": 900, "mean": 20.0, "sd": 5.0},
    "treatment": {"name": "b", "n": 900, "mean": 12.0, "sd": 5.0},
}


def equivalence(size, scale, *, upper=None, **given):
    more = {} if upper is None else {"upper": upper}
    return catalogue.find("equivalence_test").run({**given, "margin": {"size": size, "scale": scale}, **more}).result


@pytest.mark.parametrize(
    ("size", "scale", "upper", "given"),
    [
        (5, "relative", None, {"proportions": SHARES}),
        (1, "relative", None, {"proportions": SHARES}),
        (5, "absolute", None, {"proportions": SHARES}),
        (0.05, "absolute", 5, {"proportions": SHARES}),
        (5, "relative", None, {"means": MEANS}),
    ],
)
def test_equivalence_within_a_margin_nothing_oversteps_is_refused(size, scale, upper, given):
    """Half of the conversions lost was "equivalence is shown (p < .0001)" within 500% of control."""
    with pytest.raises(Refused) as caught:
        equivalence(size, scale, upper=upper, **given)
    refusal = caught.value.refusals[0]
    assert refusal.code == "equivalence.margin_too_wide"
    assert refusal.cure


@pytest.mark.parametrize(
    ("size", "scale", "upper", "given", "equivalent"),
    [
        (0.05, "relative", None, {"proportions": SHARES}, False),
        (0.05, "absolute", None, {"proportions": SHARES}, True),
        (0.9, "relative", 3, {"proportions": SHARES}, True),
        (10, "absolute", None, {"means": MEANS}, True),
        (0.3, "relative", None, {"means": MEANS}, False),
    ],
)
def test_margins_within_reach_are_still_judged(size, scale, upper, given, equivalent):
    """A share may more than double, and a mean has units of its own: those margins stand."""
    assert equivalence(size, scale, upper=upper, **given).equivalent is equivalent


@pytest.mark.parametrize(("margin", "refused"), [(5, True), (1, True), (0.005, False)])
def test_guardrails_of_shares_have_margins_a_share_can_overstep(margin, refused):
    """A share that fell from 20% to 3% was safe in every segment within a margin of 5."""
    cell = {
        "name": "new",
        "guardrail": "orders",
        "margin": margin,
        "control": {"n": 20000, "successes": 4000},
        "treatment": {"n": 20000, "successes": 520},
    }
    tool = catalogue.find("guardrails_by_segment")
    if refused:
        with pytest.raises(Refused, match="percentage point"):
            tool.run({"cells": [cell]})
    else:
        assert not tool.run({"cells": [cell]}).all_safe


def test_guardrails_of_means_may_have_any_margin():
    """Two dollars are a margin like any other."""
    cell = {
        "name": "new",
        "guardrail": "order value",
        "margin": 2.0,
        "control": {"n": 4000, "mean": 41.0, "sd": 22.0},
        "treatment": {"n": 4100, "mean": 41.2, "sd": 22.5},
    }
    assert catalogue.find("guardrails_by_segment").run({"cells": [cell]}).all_safe
