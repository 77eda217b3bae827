"""Splits: as configured, the same for the same unit, GrowthBook's arm for arm, and refused where they cannot be."""

from __future__ import annotations

import pytest
from growthbook import Experiment, GrowthBook
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from copilot_tools.catalogue import find
from copilot_tools.refusals import Refused
from copilot_tools.stats.assignment.split import Namespace, Split, WeightedArm

USERS = [f"user-{i}" for i in range(10_000)]


def split(*weights, seed="spring", **more):
    return Split(seed=seed, arms=[WeightedArm(name=f"arm{i}", weight=w) for i, w in enumerate(weights)], **more)


@pytest.mark.parametrize("weights", [(1, 1), (1, 1, 1), (90, 9, 1), (0.2, 0.3, 0.1, 0.4)])
def test_ten_thousand_units_fall_as_the_weights_say(weights):
    """The counts by arm lie within sampling error of the weights (chi-square, p above .001)."""
    found = split(*weights)
    arms = found.assign_all(USERS)
    counts = [arms.count(arm.name) for arm in found.arms]
    assert sum(counts) == len(USERS)
    assert stats.chisquare(counts, [s * len(USERS) for s in found.shares]).pvalue > 0.001


@given(
    st.lists(st.floats(0.2, 100), min_size=2, max_size=6),
    st.floats(0.05, 1),
    st.none() | st.sampled_from([Namespace(name="n", start=0.1, end=0.7), Namespace(name="m", start=0.5)]),
    st.text(min_size=1, max_size=8),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_growthbook_assigns_every_unit_the_same(weights, coverage, namespace, seed):
    """Any weights, coverage, namespace and seed: the SDK puts each unit where the split puts it, or leaves it out."""
    ours = split(*weights, seed=seed, coverage=coverage, namespace=namespace)
    theirs = Experiment(
        key="k",
        variations=[arm.name for arm in ours.arms],
        weights=list(ours.shares),
        coverage=coverage,
        hashVersion=2,
        seed=seed,
        namespace=(namespace.name, namespace.start, namespace.end) if namespace else None,
    )
    for unit, arm in zip(USERS[:40], ours.assign_all(USERS[:40]), strict=True):
        result = GrowthBook(attributes={"id": unit}).run(theirs)
        assert (result.value if result.inExperiment else None) == arm
        assert ours.assign(unit) == arm


def test_a_higher_coverage_moves_nobody_out_of_an_arm():
    """Who takes part at 20% has the same arm at 100%; about a fifth take part."""
    few = split(1, 2, coverage=0.2).assign_all(USERS)
    everybody = split(1, 2).assign_all(USERS)
    assert all(a in (None, b) for a, b in zip(few, everybody, strict=True))
    assert stats.binomtest(sum(a is not None for a in few), len(USERS), 0.2).pvalue > 0.001


def test_another_seed_is_an_independent_split_and_the_same_one_is_not():
    """Two seeds give a cross table without association; one seed gives everybody the same arm twice."""
    one, other = split(1, 1, seed="a").assign_all(USERS), split(1, 1, seed="b").assign_all(USERS)
    table = [[sum(p == (x, y) for p in zip(one, other, strict=True)) for y in set(other)] for x in set(one)]
    assert stats.chi2_contingency(table).pvalue > 0.001
    assert split(1, 1, seed="a").assign_all(USERS) == one


def test_slices_of_one_namespace_share_no_unit():
    """Two experiments in neighbouring slices hold different units, and together all of them."""
    low = split(1, 1, namespace=Namespace(name="mail", end=0.4)).assign_all(USERS)
    high = split(1, 1, seed="other", namespace=Namespace(name="mail", start=0.4)).assign_all(USERS)
    assert all((a is None) != (b is None) for a, b in zip(low, high, strict=True))


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (split(1, 1e-5), "assignment.share_too_small"),
        (Split(seed="s", arms=[WeightedArm(name="a"), WeightedArm(name="a")]), "assignment.arm_twice"),
    ],
)
def test_a_split_that_cannot_be_is_refused(made, code):
    """A share finer than the hash and two arms of one name are refused by name."""
    with pytest.raises(Refused) as refused:
        made.assign("u")
    assert [r.code for r in refused.value.refusals] == [code]


def test_a_unit_without_a_name_and_an_empty_slice_are_refused():
    """Empty text is no unit, and a slice that ends before it begins is none."""
    with pytest.raises(Refused, match="Unit 2 of 2 is empty"):
        split(1, 1).assign_all(["a", ""])
    with pytest.raises(ValidationError, match="nobody would be in it"):
        Namespace(name="n", start=0.5, end=0.5)


def test_the_tools_tell_where_units_fall():
    """``assign_units`` counts what ``assign_unit`` says of each, and who takes no part stands apart."""
    arms = [{"name": "control", "weight": 3}, {"name": "v1", "weight": 1}]
    units = USERS[:400]
    found = find("assign_units").run({"seed": "s", "arms": arms, "units": units, "coverage": 0.5})
    assert found.outside == found.arms.count(None) > 0
    assert {c.name: c.units for c in found.counts} == {n: found.arms.count(n) for n in ("control", "v1")}
    assert sum(c.expected for c in found.counts) == pytest.approx(400 - found.outside)
    assert found.counts[0].expected == pytest.approx(3 * found.counts[1].expected)
    for unit, arm in list(zip(units, found.arms, strict=True))[:20]:
        single = find("assign_unit").run({"seed": "s", "arms": arms, "unit": unit, "coverage": 0.5})
        assert single.arm == arm
        assert ("takes no part" if arm is None else f"falls into {arm}") in single.sentence
    with pytest.raises(Refused, match="Two arms are called"):
        find("assign_unit").run({"seed": "s", "arms": [{"name": "a"}, {"name": "a"}], "unit": "u"})
