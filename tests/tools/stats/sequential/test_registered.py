"""A registered look's boundary against published designs, the next look, and the estimate after the end."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from copilot_tools.results import Estimate, Interval
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.reading import Reading, read_interim
from copilot_tools.stats.sequential.after_stop import after_stop
from copilot_tools.stats.sequential.boundaries import Boundaries
from copilot_tools.stats.sequential.registered import (
    RegisteredLook,
    design_of_looks,
    next_look,
    registered_look,
    stage_wise,
    units_at,
)
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Looks, Metric
from copilot_tools.stats.validity.looks import looks as looks_taken
from copilot_tools.stats.validity.looks import repeated_testing_rate


def spec(looks: Looks | None, *, arms: int = 2, **change: object) -> AnalysisSpec:
    names = ("control", "b", "c", "d")[:arms]
    fields: dict[str, object] = {
        "arms": tuple(Arm(name=n) for n in names),
        "control": "control",
        "metrics": (Metric(name="spent", role="primary", kind="mean", column="spent"),),
        "minimum_effect": Effect(size=0.5, scale="absolute"),
        "looks": looks,
    }
    return AnalysisSpec.model_validate(fields | change)


def at(plan: AnalysisSpec, *information: float, last: bool = False) -> RegisteredLook:
    found = registered_look(plan, Circumstances(committed_units=1000, information=information), last=last)
    assert found is not None
    return found


# gsDesign and rpact, two-sided 5%: O'Brien-Fleming-like spending a side at two looks, Pocock-like at five.
PUBLISHED = [
    ("obrien_fleming", (0.5,), [2.963, 1.969]),
    ("obrien_fleming", (0.2, 0.4, 0.6, 0.8), [4.877, 3.357, 2.680, 2.290, 2.031]),
    ("pocock", (0.2, 0.4, 0.6, 0.8), [2.438, 2.427, 2.410, 2.397, 2.386]),
]


@pytest.mark.parametrize(("spending", "shares", "bounds"), PUBLISHED)
def test_boundaries_are_the_published_ones(spending: str, shares: tuple[float, ...], bounds: list[float]) -> None:
    """At the planned looks the boundaries are those of the published designs."""
    plan = spec(Looks.model_validate({"shares": shares, "spending": spending}))
    times = (*shares, 1.0)
    for k in range(len(times)):
        look = at(plan, *times[: k + 1], last=k + 1 == len(times))
        assert look.boundaries == pytest.approx(bounds[: k + 1], abs=0.0015)
        assert (look.place, look.of) == (k + 1, len(times))


def test_error_over_late_early_and_overrun_looks_is_alpha() -> None:
    """Whatever the looks' timing, crossing any boundary without an effect has chance alpha, overrun included."""
    times = (0.31, 0.33, 0.7, 1.2)
    for sides, arms in ((2, 1), (1, 1), (2, 2)):
        plan = spec(Looks(shares=(0.3, 0.32, 0.6), spending="pocock"), arms=arms + 1, sides=sides)
        look = at(plan, *times, last=True)
        exits = Boundaries(times, sides, look.boundaries).crossing().exits(0.0)
        error = exits.upper.sum() + (exits.lower.sum() if sides == 2 else 0.0)
        assert error == pytest.approx(0.05 / arms, abs=1e-9)
        assert look.spent == pytest.approx(0.05, abs=1e-12)


def test_the_rest_is_spent_where_nothing_more_is_read() -> None:
    """A last look short of the committed size spends all that is left."""
    plan = spec(Looks(shares=(0.5,)))
    assert at(plan, 0.5, 0.8, last=True).boundary < at(plan, 0.5, 0.8).boundary
    assert at(plan, 0.8, last=True).boundary == pytest.approx(1.959964, abs=1e-6)


def test_a_boundary_too_far_to_mean_anything_is_finite() -> None:
    """A first look at 1% has its O'Brien-Fleming-like boundary beyond any number; it is read at 8."""
    assert at(spec(Looks(shares=(0.01,))), 0.01).boundary == 8.0


@pytest.mark.parametrize(
    ("information", "units"),
    [((), 250), ((0.25,), 500), ((0.26,), 500), ((0.4995,), 750), ((0.6,), 750), ((0.75,), 1000), ((0.9,), 1000)],
)
def test_next_look(information: tuple[float, ...], units: int) -> None:
    """The next share not used up; one within .001 of the units of the look before is used up by it; then the end."""
    assert next_look(Looks(shares=(0.25, 0.5, 0.75)), 1000, information) == units


def test_units_are_whole_and_not_too_few() -> None:
    """A share is reached with the first whole unit at or past it."""
    assert [units_at(s, 1001) for s in (0.1, 0.5, 0.999)] == [101, 501, 1000]
    assert units_at(0.1, 30) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"shares": ()},
        {"shares": (0.5, 0.5)},
        {"shares": (0.5, 0.4)},
        {"shares": (0.0, 0.4)},
        {"shares": (0.5, 1.0)},
        {"shares": (0.5, 0.9995)},
        {"shares": (0.0005,)},
        {"shares": (0.5,), "spending": "hwang_shih_decani"},
        {"shares": (0.5,), "gamma": -4.0},
        {"shares": (0.5,), "spending": "hwang_shih_decani", "gamma": -41.0},
        {"shares": (0.5,), "futility": "binding"},
    ],
)
def test_looks_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    """Shares out of order, out of range or too close, and a spending function without its parameter or with one."""
    with pytest.raises(ValidationError):
        Looks.model_validate(wrong)


def test_an_aa_plan_registers_no_looks() -> None:
    """What looks for no effect cannot be stopped by one."""
    with pytest.raises(ValidationError, match="A/A"):
        spec(Looks(shares=(0.5,)), goal="aa")


def test_hwang_shih_decani_and_futility_cost_units() -> None:
    """Looks cost units: O'Brien-Fleming-like a little, Pocock-like a fifth and more, futility some on top."""
    fifths = (0.2, 0.4, 0.6, 0.8)
    obf = design_of_looks(spec(Looks(shares=fifths))).inflation
    gamma = design_of_looks(spec(Looks(shares=fifths, spending="hwang_shih_decani", gamma=-4.0))).inflation
    pocock = design_of_looks(spec(Looks(shares=fifths, spending="pocock"))).inflation
    futile = design_of_looks(spec(Looks(shares=fifths, futility="nonbinding"))).inflation
    assert 1.01 < obf < 1.0284  # below the classical boundaries' 1.0284 (Jennison and Turnbull, table 2.4)
    assert 1.01 < gamma < 1.06
    assert 1.2 < pocock < 1.3
    assert futile > obf


def estimate(value: float, error: float, df: float | None = None, *, reach: float = 2.0) -> Estimate:
    return Estimate(
        value=value,
        standard_error=error,
        interval=Interval(low=value - reach * error, high=value + reach * error, level=0.95),
        p_value=None,
        statistic=value / error,
        df=df,
        scale="absolute",
        method="by hand",
    )


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_after_a_stop_the_estimate_is_the_stage_wise_one(sides: int, direction: str) -> None:
    """In the metric's own unit and direction, what ``after_stop`` says of the drift; below the plain one at a stop."""
    primary = Metric(name="spent", role="primary", kind="mean", column="spent", direction=direction)  # type: ignore[arg-type]
    plan = spec(Looks(shares=(0.25, 0.5)), sides=sides, metrics=(primary,))
    look = at(plan, 0.25, 0.5)
    z, error, sign = 3.4, 0.2, primary.sign
    found = stage_wise(plan, look, "b", estimate(sign * z * error, error, reach=look.boundary))
    drift = after_stop(Boundaries((0.25, 0.5), sides, look.boundaries), z, 0.05)
    unit = error * math.sqrt(0.5)
    assert found.value is not None
    assert found.interval is not None
    assert found.value == pytest.approx(sign * drift.median_unbiased * unit, rel=1e-9)
    wanted = found.interval.toward(sign)
    assert wanted.low == pytest.approx(drift.low * unit, rel=1e-9)
    assert (math.isinf(wanted.high)) == (sides == 1)
    assert 0 < wanted.low < sign * found.value < z * error
    assert found.p_value == pytest.approx(drift.p_value)


def test_t_statistics_are_read_by_their_tail() -> None:
    """Seven degrees of freedom: the statistic's tail, not its size, is what the boundaries are compared with."""
    plan = spec(Looks(shares=(0.5,)))
    look = at(plan, 0.5, 1.0, last=True)
    reach = float(stats.t.isf(stats.norm.sf(look.boundary), 7))
    found = stage_wise(plan, look, "b", estimate(1.0, 0.4, df=7, reach=reach))
    z = -stats.norm.ppf(stats.t.sf(2.5, 7))
    drift = after_stop(Boundaries((0.5, 1.0), 2, look.boundaries), z, 0.05)
    assert found.p_value == pytest.approx(drift.p_value, rel=1e-9)
    assert found.value is not None
    assert found.value == pytest.approx(1.0 + (drift.median_unbiased - z) * 0.4 * reach / look.boundary, rel=1e-9)


def test_a_statistic_that_is_not_the_effect_over_its_error_scales_nothing() -> None:
    """Exact and skew-corrected readings have a z of their own; the interval keeps the repeated one's reach a side."""
    plan = spec(Looks(shares=(0.5,)))
    look = at(plan, 0.5, 1.0, last=True)
    exact = estimate(0.0011, 0.004).model_copy(
        update={"statistic": 0.0155, "interval": Interval(low=-0.012, high=0.010, level=0.95)}
    )
    found = stage_wise(plan, look, "b", exact)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(-0.012, rel=0.05)
    assert found.interval.high == pytest.approx(0.010, rel=0.05)


def test_an_arm_that_did_not_stop_the_test_has_no_such_estimate() -> None:
    """Inside its boundaries before the end an outcome has no order by stage; nothing varies, there is none either."""
    plan = spec(Looks(shares=(0.5,)))
    inside = stage_wise(plan, at(plan, 0.5), "b", estimate(0.1, 0.2))
    assert inside.refused is not None
    assert inside.refused.code == "sequential.inner_stop"
    flat = estimate(0.1, 0.2).model_copy(update={"statistic": None})
    none = stage_wise(plan, at(plan, 0.5), "b", flat)
    assert none.refused is not None
    assert none.value is None


def moments(rng: np.random.Generator, n: int, mean: float) -> Moments:
    x = rng.normal(mean, 1, n)
    return Moments(n=n, mean=(float(x.mean()),), comoments=((float(((x - x.mean()) ** 2).sum()),),))


def test_repeated_intervals_cover_at_all_looks_together() -> None:
    """Seeded: over three looks the intervals of means miss a true effect at any look in at most 5% of the tests."""
    from copilot_tools.stats.evidence import Evidence, MetricCell, Quality, SourceInfo, UnitCell  # noqa: PLC0415

    rng = np.random.default_rng(3)
    plan = spec(Looks(shares=(0.4, 0.7), spending="pocock"))
    looks = [at(plan, 0.4), at(plan, 0.4, 0.7), at(plan, 0.4, 0.7, 1.0, last=True)]
    missed, tests, effect = 0, 600, 0.3
    for _ in range(tests):
        so_far = {"control": moments(rng, 40, 0), "b": moments(rng, 40, effect)}
        outside = False
        for look, more in zip(looks, (30, 30, 0), strict=True):
            evidence = Evidence(
                source=SourceInfo(kind="counts", name="x", digest="0" * 64),
                units=tuple(UnitCell(arm=a, units=m.n) for a, m in so_far.items()),
                cells=tuple(MetricCell(metric="spent", arm=a, moments=m) for a, m in so_far.items()),
                quality=Quality(rows=80),
            )
            reading: Reading = read_interim(plan, evidence, look)
            found = reading.comparisons[0].absolute
            assert isinstance(found, Estimate)
            assert found.interval.level == 0.95
            outside = outside or not found.interval.low <= effect <= found.interval.high
            if more:
                so_far = {a: m + moments(rng, more, effect * (a == "b")) for a, m in so_far.items()}
        missed += outside
    assert missed / tests <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / tests)
    assert missed > 0


def test_registered_looks_are_no_peeking_and_others_are() -> None:
    """The attack leaves registered looks at alpha and says what naive ones cost; one look more and it is naive."""
    plan = spec(Looks(shares=(0.25, 0.5)))
    circumstances = Circumstances(committed_units=1000, information=(0.25, 0.5), outcome_looks=(250, 500))
    fair = looks_taken(plan, circumstances)
    assert (fair.severity, fair.value) == ("none", 0.05)
    naive = repeated_testing_rate([0.5, 1.0], 1.959964)
    assert f"{naive * 100:.0f}" in fair.sentence
    peeked = looks_taken(plan, circumstances.model_copy(update={"outcome_looks": (250, 400, 500)}))
    assert peeked.value == pytest.approx(repeated_testing_rate([0.5, 0.8, 1.0], 1.959964))
    assert peeked.severity in {"note", "serious"}
