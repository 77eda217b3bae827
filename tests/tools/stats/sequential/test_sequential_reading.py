"""Reading a test at its looks, and estimates after its stop: independent integrals, agreement, every action."""

from __future__ import annotations

import math

import pytest
from scipy import integrate, stats

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.sequential.after_stop import after_stop, repeated_interval
from copilot_tools.stats.sequential.boundaries import Boundaries, by_spending
from copilot_tools.stats.sequential.designs import Futility, Shape, group_sequential
from copilot_tools.stats.sequential.monitoring import Estimated, SeenLook, read


def seen(*looks):
    """Looks as (information, z)."""
    return tuple(SeenLook(information=t, z=z) for t, z in looks)


def _at_least(bounds, z, drift):
    """Chance of an outcome at least as high at the second look, by adaptive quadrature over the first."""
    (t1, t2), b1 = bounds.times, bounds.efficacy[0]
    low = -math.inf if bounds.sides == 1 else -b1
    if bounds.futility is not None:
        low = bounds.futility[0]

    def both(z1):
        mean = drift * math.sqrt(t2) + math.sqrt(t1 / t2) * (z1 - drift * math.sqrt(t1))
        return stats.norm.pdf(z1, drift * math.sqrt(t1)) * stats.norm.sf(z, mean, math.sqrt(1 - t1 / t2))

    inner = integrate.quad(both, max(low, drift * math.sqrt(t1) - 12), b1, epsabs=1e-12, limit=400)[0]
    return stats.norm.sf(b1, drift * math.sqrt(t1)) + inner


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("futility", [None, -0.2])
@pytest.mark.parametrize("z", [2.6, 1.4, -0.3])
def test_estimates_against_an_independent_integral(sides, futility, z):
    """Under the limits and the estimate, an outcome as high has the chances that define them; p is that under 0."""
    if sides == 2 and futility is not None:
        futility = None
    bounds = Boundaries((0.4, 1.0), sides, (2.5, 2.0), None if futility is None else (futility, 2.0))
    found = after_stop(bounds, z, 0.1, binding=True)
    p = _at_least(bounds, z, 0.0)
    assert found.p_value == pytest.approx(p if sides == 1 else 2 * min(p, 1 - p), abs=1e-8)
    assert _at_least(bounds, z, found.median_unbiased) == pytest.approx(0.5, abs=1e-8)
    assert _at_least(bounds, z, found.low) == pytest.approx(0.1 / sides, abs=1e-8)
    if sides == 1:
        assert found.high == math.inf
    else:
        assert _at_least(bounds, z, found.high) == pytest.approx(0.95, abs=1e-8)


def test_a_stop_at_the_first_look_is_an_ordinary_test():
    """Nothing came before: plain p-value, plain estimate, plain interval."""
    bounds = Boundaries((0.3,), 2, (2.9,))
    found = after_stop(bounds, 3.1, 0.05)
    root = math.sqrt(0.3)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(3.1), rel=1e-9)
    assert (found.low, found.median_unbiased, found.high) == pytest.approx(
        ((3.1 - 1.959964) / root, 3.1 / root, (3.1 + 1.959964) / root), abs=1e-5
    )


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("rule", [Shape(name="pocock"), Shape(name="obrien-fleming")])
@pytest.mark.parametrize("futility", [None, Futility()])
def test_p_value_interval_and_boundary_agree(rule, sides, k, futility):
    """Just past the boundary p is at most the error spent and 0 outside the interval; just short at the end, not."""
    design = group_sequential(5, rule, sides=sides, futility=futility)
    quiet = [((j + 1) / 5, max(1.0, (design.looks[j].futility_z or 0) + 0.01)) for j in range(k - 1)]
    bound = design.looks[k - 1].efficacy_z
    found = read(design, seen(*quiet, (k / 5, bound + 1e-6)))
    assert (found.action, found.stopped_at) == ("stop: efficacy", k)
    assert isinstance(found.estimated, Estimated)
    assert found.estimated.p_value <= found.looks[-1].alpha_spent + 1e-9
    assert found.estimated.interval.low > 0
    assert found.looks[-1].interval.low == pytest.approx(1e-6, abs=1e-7)
    if futility is None:
        # Stopping allows for itself: the estimate is pulled towards 0, never away.
        assert found.estimated.median_unbiased <= found.estimated.plain + 1e-9
    if k == 5:
        short = read(design, seen(*quiet, (1.0, bound - 1e-4)))
        assert short.action == "end: no effect shown"
        assert isinstance(short.estimated, Estimated)
        assert short.estimated.p_value > 0.05
        assert short.estimated.interval.low < 0


def test_two_sides_mirror():
    """The same looks with the other sign give the mirrored reading."""
    design = group_sequential(4)
    up, down = (read(design, seen((0.25, 0.3 * s), (0.5, 3.2 * s))) for s in (1, -1))
    assert (up.action, down.action) == ("stop: efficacy", "stop: opposite direction")
    assert up.estimated.median_unbiased == pytest.approx(-down.estimated.median_unbiased)
    assert up.estimated.interval.low == pytest.approx(-down.estimated.interval.high)
    assert up.estimated.p_value == pytest.approx(down.estimated.p_value)


@pytest.mark.parametrize("name", ["pocock", "obrien-fleming"])
def test_classical_boundaries_come_back_at_their_own_looks(name):
    """Read at the planned looks, implied spending gives the classical boundaries; elsewhere it still spends alpha."""
    design = group_sequential(4, Shape(name=name))
    planned = read(design, seen(*((t, 0.0) for t in design.times)))
    bounds = [look.efficacy_z for look in design.looks]
    assert [look.efficacy_z for look in planned.looks] == pytest.approx(bounds, abs=1e-8)
    moved = read(design, seen((0.1, 0), (0.6, 0), (0.61, 0), (0.9, 0), (1.0, 0)))
    again = Boundaries(tuple(x.information for x in moved.looks), 2, tuple(x.efficacy_z for x in moved.looks))
    exits = again.crossing().exits(0.0)
    assert float((exits.upper + exits.lower).sum()) == pytest.approx(0.05, abs=1e-9)


def test_an_overrun_spends_what_is_left_at_its_true_information():
    """A last look at 1.2 of the plan has all error, and its boundary uses the true correlation."""
    design = group_sequential(3)
    found = read(design, seen((1 / 3, 0.0), (2 / 3, 0.0), (1.2, 2.1)))
    spent = [look.alpha_spent for look in design.looks[:2]]
    expected = by_spending((1 / 3, 2 / 3, 1.2), (*spent, 0.05)).efficacy
    assert [look.efficacy_z for look in found.looks] == pytest.approx(expected, abs=1e-9)
    assert found.final
    assert found.action == "stop: efficacy"


def test_a_short_test_spends_the_rest_at_its_declared_end():
    """Ended at 0.7: final spends all, otherwise the same look goes on."""
    design = group_sequential(3)
    looks = seen((0.3, 0.5), (0.7, 2.0))
    assert read(design, looks).action == "continue"
    ended = read(design, looks, final=True)
    assert ended.looks[-1].alpha_spent == 0.05
    assert ended.action == "stop: efficacy"


def test_a_look_too_many_is_refused():
    """After all the information there is nothing left to spend."""
    with pytest.raises(Refused, match="was the last"):
        read(group_sequential(2), seen((0.5, 0), (1.0, 1.9), (1.1, 2.5)))


@pytest.mark.parametrize("times", [(0.5, 0.5), (0.5, 0.3)])
def test_looks_out_of_order_are_refused(times):
    """Looks that do not increase."""
    with pytest.raises(Refused, match="follows one"):
        read(group_sequential(2), seen(*((t, 0.0) for t in times)))


def test_more_looks_than_planned_are_fine_under_spending():
    """Ten looks under a plan of two: boundaries at each, the same error in all."""
    found = read(group_sequential(2), seen(*((k / 10, 0.0) for k in range(1, 11))))
    bounds = Boundaries(tuple(x.information for x in found.looks), 2, tuple(x.efficacy_z for x in found.looks))
    exits = bounds.crossing().exits(0.0)
    assert float((exits.upper + exits.lower).sum()) == pytest.approx(0.05, abs=1e-9)


def test_an_efficacy_boundary_once_crossed_stands():
    """What comes after a stop does not undo it, and the estimate is of the look that stopped."""
    design = group_sequential(4)
    found = read(design, seen((0.25, 1.0), (0.5, 3.4), (0.75, 1.2)))
    alone = read(design, seen((0.25, 1.0), (0.5, 3.4)))
    assert (found.action, found.stopped_at) == ("stop: efficacy", 2)
    assert found.estimated == alone.estimated


def test_futility_may_be_overruled_only_if_not_binding():
    """A crossed futility boundary stops; passed over it is noted, unless it is binding, when it stands."""
    looks = seen((0.3, 0.2), (0.6, -0.5), (0.8, 2.9))
    loose = group_sequential(4, sides=1, futility=Futility())
    strict = group_sequential(4, sides=1, futility=Futility(binding=True))
    assert read(loose, looks[:2]).action == "stop: futility"
    went_on = read(loose, looks)
    assert (went_on.action, went_on.overruled) == ("stop: efficacy", (2,))
    assert (read(strict, looks).action, read(strict, looks).stopped_at) == ("stop: futility", 2)


def test_a_two_sided_futility_stop_has_no_ordering():
    """Between two efficacy boundaries there is no order by stage: refused, with the repeated interval beside it."""
    found = read(group_sequential(4, futility=Futility()), seen((0.5, 1.5), (0.75, 0.05)))
    assert found.action == "stop: futility"
    assert isinstance(found.estimated, Refusal)
    assert found.estimated.code == "sequential.inner_stop"
    assert found.looks[-1].interval.low < 0 < found.looks[-1].interval.high


def test_a_jump_that_no_effect_explains_is_refused():
    """Inside at one look and at z = 22 at the next: ordering by stage would call it small, so it says nothing."""
    found = read(group_sequential(5), seen((0.2, 1.0), (0.4, 22.0)))
    assert found.action == "stop: efficacy"
    assert isinstance(found.estimated, Refusal)
    assert found.estimated.code == "sequential.jump"


def test_effects_come_in_the_metrics_unit():
    """Twice the standard error, twice the estimate, the interval and the repeated interval."""
    design = group_sequential(3)
    one, two = (read(design, (SeenLook(information=0.7, z=2.9, standard_error=s),)) for s in (0.01, 0.02))
    assert two.estimated.median_unbiased == pytest.approx(2 * one.estimated.median_unbiased)
    assert two.estimated.interval.low == pytest.approx(2 * one.estimated.interval.low)
    assert two.looks[0].interval.high == pytest.approx(2 * one.looks[0].interval.high)


@pytest.mark.parametrize(("z", "se"), [(float("nan"), 1.0), (float("inf"), 1.0), (1.0, 0.0), (1.0, -1.0)])
def test_figures_that_are_none_are_refused(z, se):
    """No NaN, no infinity, no standard error of 0."""
    with pytest.raises(Refused):
        repeated_interval(z, 2.5, 0.05, standard_error=se)
    if se == 1.0:
        with pytest.raises(Refused):
            after_stop(Boundaries((0.5,), 2, (2.9,)), z, 0.05)
