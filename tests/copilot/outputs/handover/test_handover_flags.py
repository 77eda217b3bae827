"""Flag definitions as GrowthBook's and flagd's own SDKs read them: the split, the copy, the kill switch."""

from __future__ import annotations

import json

import pytest
from growthbook import GrowthBook
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import Reason
from scipy import stats

from copilot.outputs.handover.handover_samples import ATTACKS, USERS, hostile, ordinary
from copilot_tools.refusals import Refused
from copilot_tools.stats.assignment.split import Namespace
from expcopilot.outputs.handover import files
from expcopilot.outputs.handover.flagd import to_flagd
from expcopilot.outputs.handover.growthbook import to_growthbook

SPLITS = [{}, {"weights": (2, 1, 1)}, {"weights": (0.1, 0.6, 0.3), "seed": "another"}, {"weights": (8, 1, 1)}]


def growthbook_arms(handover, units):
    """The arm GrowthBook's SDK serves each unit, and whether it says that the unit is in the experiment."""
    features = json.loads(to_growthbook(handover))["features"]
    book = GrowthBook(features=features)
    found = []
    for unit in units:
        book.set_attributes({handover.unit: unit})
        result = book.eval_feature(handover.key)
        found.append(
            (result.value["arm"], result.experimentResult is not None and result.experimentResult.inExperiment)
        )
    return found


def flagd_core(handover):
    core = FlagdCore()
    core.set_flags(to_flagd(handover))
    return core


def flagd_arms(handover, units):
    """The arm flagd's evaluator serves each unit."""
    core = flagd_core(handover)
    served = (core.resolve_object_value(handover.key, {}, EvaluationContext(targeting_key=u)) for u in units)
    return [details.value["arm"] for details in served]


def p_of_split(arms, handover):
    """How surprising the counts by arm are under the configured weights (chi-square)."""
    names, shares = [a.name for a in handover.arms()], handover.split.shares
    return stats.chisquare([arms.count(n) for n in names], [s * len(arms) for s in shares]).pvalue


@pytest.mark.parametrize("more", SPLITS)
def test_growthbook_splits_as_configured_and_as_we_do(more):
    """10,000 users: within sampling error of the weights, and user by user the arm of our own assignment."""
    handover = ordinary(**more)
    arms = [arm for arm, inside in growthbook_arms(handover, USERS) if inside]
    assert arms == list(handover.split.assign_all(USERS))
    assert p_of_split(arms, handover) > 0.001


def test_growthbook_leaves_out_whom_we_leave_out():
    """Coverage and namespace: whoever takes no part gets control, outside the experiment, in the SDK as in ours."""
    handover = ordinary(coverage=0.6, namespace=Namespace(name="mail", start=0.2, end=0.9), unit="customer_id")
    ours = handover.split.assign_all(USERS[:2000])
    assert 0.3 < sum(arm is not None for arm in ours) / len(ours) < 0.55
    for (arm, inside), own in zip(growthbook_arms(handover, USERS[:2000]), ours, strict=True):
        assert (arm, inside) == (own or "control", own is not None)


@pytest.mark.parametrize("more", SPLITS)
def test_flagd_splits_as_configured(more):
    """10,000 users: within sampling error of the weights, the same for the same user, and not GrowthBook's split."""
    handover = ordinary(**more)
    arms = flagd_arms(handover, USERS)
    assert p_of_split(arms, handover) > 0.001
    assert flagd_arms(handover, USERS[:200]) == arms[:200]
    assert arms != list(handover.split.assign_all(USERS))


def test_flagd_covers_part_and_keeps_arms_when_the_coverage_grows():
    """Outside the coverage users get control; raising it takes nobody out of a variant."""
    few, all_ = flagd_arms(ordinary(coverage=0.3), USERS), flagd_arms(ordinary(), USERS)
    assert all(a in ("control", b) for a, b in zip(few, all_, strict=True))
    assert stats.binomtest(few.count("v1"), len(USERS), 0.1).pvalue > 0.001
    assert few.count("v1") < all_.count("v1")


def test_the_seed_alone_deals_the_cards():
    """Another seed gives another split in both tools; another text or another order of fields does not."""
    for arms_of in (flagd_arms, lambda h, u: [a for a, _ in growthbook_arms(h, u)]):
        one = arms_of(ordinary(seed="one"), USERS[:500])
        assert arms_of(ordinary(seed="one", control=()), USERS[:500]) == one
        assert arms_of(ordinary(seed="two"), USERS[:500]) != one


def test_the_kill_switch_gives_everybody_control():
    """Switched off, GrowthBook serves control to all; flagd serves the application's own default, and says why."""
    off = ordinary(live=False)
    assert set(growthbook_arms(off, USERS[:300])) == {("control", False)}
    details = flagd_core(off).resolve_object_value("spring", {"arm": "own"}, EvaluationContext(targeting_key="u"))
    assert (details.value, details.reason) == ({"arm": "own"}, Reason.DISABLED)
    payload = json.loads(to_growthbook(ordinary()))
    payload["features"]["spring-live"]["defaultValue"] = False
    assert payload == json.loads(to_growthbook(off))
    flags = json.loads(to_flagd(ordinary()))
    del flags["flags"]["spring"]["targeting"]
    core = FlagdCore()
    core.set_flags(flags)
    stopped = [
        core.resolve_object_value("spring", {}, EvaluationContext(targeting_key=u)).value["arm"] for u in USERS[:50]
    ]
    assert set(stopped) == {"control"}


def test_who_has_no_key_gets_control():
    """Without an id nobody is dealt into an arm, which would be one arm for all who have none."""
    handover = ordinary()
    for unit in ("", None):
        context = EvaluationContext(targeting_key=unit)
        assert flagd_core(handover).resolve_object_value("spring", {}, context).value["arm"] == "control"
        assert growthbook_arms(handover, [unit]) == [("control", False)]


def test_an_arm_serves_what_was_approved_and_where_it_is_from():
    """A served value holds the exact text, its digest and the model with its version; flagd says them once more."""
    handover = ordinary()
    features = json.loads(to_growthbook(handover))["features"]
    variations = {v["arm"]: v for v in features["spring"]["rules"][0]["variations"]}
    for approved in handover.variants:
        served = variations[approved.id]
        assert served["text"] == {f.name: f.text for f in approved.fields}
        assert (served["digest"], served["model"]) == (approved.digest, "claude-sonnet-5-5")
    assert features["spring"]["defaultValue"] == variations["control"]
    assert variations["control"]["text"]["subject"] == "Don't go"
    details = flagd_core(handover).resolve_object_value("spring", {}, EvaluationContext(targeting_key="user-1"))
    assert details.value == variations[details.variant]
    assert details.flag_metadata["models"] == "claude-sonnet-5-5"
    assert details.flag_metadata["digest.v1"] == handover.variants[0].digest
    assert details.flag_metadata["seed"] == "expcopilot/spring"


def test_a_control_the_application_holds_is_empty():
    """Without today's copy control is an arm all the same, with no text of its own."""
    handover = ordinary(control=())
    served = json.loads(to_growthbook(handover))["features"]["spring"]["defaultValue"]
    assert (served["arm"], served["text"], served["html"]) == ("control", {}, {})
    assert "control" in flagd_arms(handover, USERS[:50])


@pytest.mark.parametrize("form", ["growthbook", "flagd"])
def test_hostile_text_is_only_text_in_a_flag(form):
    """The exact text arrives as ``text``; as ``html`` it holds no tag; the file ends no script it is pasted into."""
    handover = hostile()
    (content,) = files(handover, form).values()
    assert not set(content) & set("<>&\u2028\u2029")
    data = json.loads(content)
    if form == "flagd":
        values = data["flags"][handover.key]["variants"].values()
    else:
        values = data["features"][handover.key]["rules"][0]["variations"]
    by_arm = {v["arm"]: v for v in values}
    for i, attack in enumerate(ATTACKS):
        served = by_arm[f"v{i}"]
        assert served["text"] == {"subject": attack, "body": attack}
        html = served["html"]["body"].replace("<br>\n", "")
        assert not set(html) & set("<>\"'{}")
    assert flagd_arms(handover, USERS[:200]) == flagd_arms(handover, USERS[:200])


def test_flagd_refuses_what_it_cannot_say():
    """A namespace has no place in a flagd file: refused, with what to do."""
    with pytest.raises(Refused, match="knows no namespaces"):
        to_flagd(ordinary(namespace=Namespace(name="mail", end=0.5)))
