"""Ramps, holdouts and namespaces, held against GrowthBook's own SDK and against counting."""

from __future__ import annotations

import itertools

import pytest
from growthbook import Experiment, GrowthBook

from copilot_tools.refusals import Refused
from copilot_tools.stats.assignment.rollout import Holdout, assign_outside, free_slice, overlaps, ramp_step
from copilot_tools.stats.assignment.split import Namespace, Split, WeightedArm

UNITS = [f"user-{i}" for i in range(4000)]


def split(coverage=1.0, weights=(1.0, 1.0), seed="s", namespace=None):
    """Two arms."""
    arms = tuple(WeightedArm(name=n, weight=w) for n, w in zip("ab", weights, strict=True))
    return Split(seed=seed, arms=arms, coverage=coverage, namespace=namespace)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3333])
def test_a_holdout_is_growthbooks_first_variation(share):
    """The same units are held out by GrowthBook's SDK with the share as the first variation's weight."""
    experiment = Experiment(
        key="h", variations=["out", "in"], seed="holdout", hashVersion=2, weights=[share, 1 - share]
    )
    holdout = Holdout(seed="holdout", share=share)
    theirs = [GrowthBook(attributes={"id": u}).run(experiment).value == "out" for u in UNITS[:800]]
    assert [holdout.holds(u) for u in UNITS[:800]] == theirs


def test_held_out_units_are_in_no_experiment_and_the_rest_keep_their_arm():
    """None where held out; the same arm as ever elsewhere; and the arms stay even, as the hashes are independent."""
    holdout = Holdout(seed="holdout", share=0.2)
    found = assign_outside(holdout, split(), UNITS)
    for unit, arm, plain in zip(UNITS, found, split().assign_all(UNITS), strict=True):
        assert arm == (None if holdout.holds(unit) else plain)
    assert found.count(None) == pytest.approx(800, abs=4 * 25.3)
    assert found.count("a") == pytest.approx(1600, abs=4 * 31)
    assert assign_outside(holdout, split(), []) == ()
    with pytest.raises(Refused, match="seed of its own"):
        assign_outside(Holdout(seed="s", share=0.1), split(), UNITS)


@pytest.mark.parametrize("weights", [(1, 1), (1, 3), (0.7, 0.3)])
def test_a_ramp_keeps_everybody_in_their_arm(weights):
    """Coverage 1%, 10%, 50%, all: nobody leaves or moves, by the places and by the units themselves."""
    steps = [split(c, weights) for c in (0.01, 0.1, 0.5, 1.0)]
    for before, after in itertools.pairwise(steps):
        step = ramp_step(before, after)
        assert (step.leave, step.move) == (0, 0)
        assert step.stay + step.enter == pytest.approx(after.coverage, abs=2e-4)
        old, new = before.assign_all(UNITS), after.assign_all(UNITS)
        assert all(a in {None, b} for a, b in zip(old, new, strict=True))


@pytest.mark.parametrize(
    ("before", "after"),
    [(split(0.5), split(0.2)), (split(1, (1, 1)), split(1, (1, 3))), (split(0.4, (1, 1)), split(0.8, (3, 1)))],
)
def test_what_is_no_ramp_is_counted(before, after):
    """Less coverage and other weights: the shares told are those counted over units, and not 0."""
    step = ramp_step(before, after)
    pairs = list(zip(before.assign_all(UNITS), after.assign_all(UNITS), strict=True))
    counted = {
        "stay": sum(a is not None and a == b for a, b in pairs),
        "enter": sum(a is None and b is not None for a, b in pairs),
        "leave": sum(a is not None and b is None for a, b in pairs),
        "move": sum(None not in (a, b) and a != b for a, b in pairs),
    }
    assert step.leave + step.move > 0.05
    for name, count in counted.items():
        assert getattr(step, name) == pytest.approx(count / len(UNITS), abs=0.03)


def test_another_seed_is_another_experiment():
    """Seed, arms or namespace changed: refused, each by name."""
    other = Split(seed="t", arms=(WeightedArm(name="a"), WeightedArm(name="c")), namespace=Namespace(name="n", end=0.5))
    with pytest.raises(Refused) as refused:
        ramp_step(split(), other)
    assert [r.name for r in refused.value.refusals] == ["seed", "namespace", "arms"]


def test_slices_that_do_not_meet_share_nobody():
    """Overlaps told are those counted over units; adjacent slices share nobody; other namespaces share by chance."""
    slices = [
        Namespace(name="n", start=0, end=0.3),
        Namespace(name="n", start=0.3, end=0.7),
        Namespace(name="n", start=0.6, end=1),
        Namespace(name="m", start=0, end=0.5),
    ]
    found = {(i, j): share for i, j, share in overlaps(slices)}
    assert set(found) == {(1, 2), (0, 3), (1, 3), (2, 3)}
    for i in range(4):
        for j in range(i + 1, 4):
            both = sum(slices[i].holds(u) and slices[j].holds(u) for u in UNITS) / len(UNITS)
            assert both == pytest.approx(found.get((i, j), 0.0), abs=0.03)
            if (i, j) not in found:
                assert both == 0


def test_a_free_slice_is_found_and_a_full_namespace_refused():
    """The first gap that is wide enough; it meets no other; none left is refused with the widest."""
    taken = [
        Namespace(name="n", start=0.1, end=0.3),
        Namespace(name="n", start=0.5, end=0.9),
        Namespace(name="m", start=0, end=1),
    ]
    found = free_slice("n", 0.2, taken)
    assert (found.start, found.end) == (0.3, 0.5)
    assert overlaps([found, *taken[:2]]) == ()
    assert free_slice("n", 0.1, taken).start == 0
    assert free_slice("n", 1.0, []).end == 1
    with pytest.raises(Refused, match=r"widest is 0.2"):
        free_slice("n", 0.21, taken)
