"""A reading holds every estimate the plan asks for, refusals in place, and nothing more while blinded."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict

import numpy as np
import pytest

from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Interval, Slice
from copilot_tools.stats.evidence import Evidence, MetricCell, Quality, SourceInfo, UnitCell
from copilot_tools.stats.inference.always_valid import always_valid_critical
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.reading import Reading, alarms, read
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric, Segment
from sampling import moments_of

VISIT = Metric(name="visit", role="primary", kind="proportion", column="visit")
SPEND = Metric(name="spend", kind="mean", column="spend")
COMPLAINT = Metric(
    name="complaint",
    role="guardrail",
    kind="proportion",
    column="complaint",
    direction="decrease",
    margin=Effect(size=0.01, scale="absolute"),
)
RETENTION = Metric(
    name="retention",
    role="guardrail",
    kind="proportion",
    column="retention",
    margin=Effect(size=0.1, scale="relative"),
)


def _spec(*metrics, **changes):
    fields = {
        "arms": (Arm(name="a"), Arm(name="b")),
        "control": "a",
        "metrics": metrics or (VISIT,),
        "minimum_effect": Effect(size=0.02, scale="absolute"),
    }
    return AnalysisSpec(**{**fields, **changes})


def _evidence(cells):
    """Evidence from {(metric, arm) or (metric, arm, dimension, level): moments}."""
    units, found = {}, []
    for (metric, arm, *cut), moments in cells.items():
        part = Slice(dimension=cut[0], level=cut[1]) if cut else Slice()
        units[arm, part] = UnitCell(arm=arm, slice=part, units=moments.n)
        found.append(MetricCell(metric=metric, arm=arm, slice=part, moments=moments))
    return Evidence(
        source=SourceInfo(kind="counts", name="typed", digest="0"),
        units=tuple(units.values()),
        cells=tuple(found),
        quality=Quality(rows=sum(u.units for u in units.values() if u.slice.whole)),
    )


def _share(x, n):
    return Moments.of_proportion(n, x)


def test_every_metric_and_arm_is_compared():
    """Metrics times treatments, in the plan's order, found by name."""
    spec = _spec(VISIT, SPEND, arms=(Arm(name="a"), Arm(name="b"), Arm(name="c")))
    rng = np.random.default_rng(1)
    cells = {("visit", k): _share(100 + i, 1000) for i, k in enumerate("abc")}
    cells |= {("spend", k): moments_of(rng.gamma(2, 2, 80)) for k in "abc"}
    reading = read(spec, _evidence(cells))
    assert [(c.metric, c.treatment.arm) for c in reading.comparisons] == [
        ("visit", "b"),
        ("visit", "c"),
        ("spend", "b"),
        ("spend", "c"),
    ]
    assert reading.comparison("spend", "c").simultaneous == "dunnett"
    assert Reading.model_validate(json.loads(json.dumps(reading.to_json()))) == reading


def test_what_cannot_be_estimated_stands_beside_what_can():
    """A metric without data, and one whose arm is empty, carry refusals; the primary stands."""
    spec = _spec(VISIT, SPEND, COMPLAINT)
    cells = {("visit", "a"): _share(100, 1000), ("visit", "b"): _share(140, 1000), ("complaint", "a"): _share(3, 1000)}
    reading = read(spec, _evidence(cells))
    assert isinstance(reading.comparison("visit", "b").absolute, Estimate)
    assert isinstance(reading.comparison("spend", "b").absolute, Refusal)
    (guardrail,) = reading.guardrails
    assert isinstance(guardrail.effect, Refusal)
    assert isinstance(guardrail.always_valid, Refusal)
    assert (guardrail.alarm, guardrail.safe) == (False, False)


def test_cuts_are_the_primary_by_slice_each_by_itself():
    """Slices other than days are compared two-sided without adjustment, even under a one-sided plan of three arms."""
    spec = _spec(
        VISIT,
        arms=(Arm(name="a"), Arm(name="b"), Arm(name="c")),
        sides=1,
        segments=(Segment(column="device"),),
        time_column="day",
    )
    cells = {("visit", k): _share(200, 1000) for k in "abc"}
    for k in "abc":
        cells["visit", k, "device", "phone"] = _share(150, 600)
        cells["visit", k, "device", "desk"] = _share(50, 400)
        cells["visit", k, "day", "2024-01-01"] = _share(200, 1000)
    reading = read(spec, _evidence(cells))
    assert {str(c.slice) for c in reading.cuts} == {"device = phone", "device = desk"}
    assert len(reading.cuts) == 4
    for cut in reading.cuts:
        assert cut.simultaneous == "none"
        assert math.isfinite(cut.absolute.interval.high)
        assert cut.absolute.interval.level == pytest.approx(0.95)
    assert reading.comparison("visit", "b", Slice(dimension="device", level="desk")).control.n == 400


def test_guardrails_read_in_the_desired_direction():
    """More complaints are a negative effect; the interval is mirrored with it and compared with the margin."""
    spec = _spec(VISIT, COMPLAINT)
    base = {("visit", "a"): _share(100, 1000), ("visit", "b"): _share(100, 1000)}
    cells = base | {("complaint", "a"): _share(500, 20_000), ("complaint", "b"): _share(560, 20_000)}
    reading = read(spec, _evidence(cells))
    (guardrail,) = reading.guardrails
    plain = reading.comparison("complaint", "b").absolute
    assert guardrail.effect.value == pytest.approx(-plain.value)
    assert guardrail.effect.value < 0
    assert guardrail.effect.statistic == pytest.approx(-plain.statistic)
    assert guardrail.effect.interval == plain.interval.mirrored()
    assert guardrail.safe == (guardrail.effect.interval.low > -0.01)
    assert guardrail.safe
    few = base | {("complaint", "a"): _share(25, 1000), ("complaint", "b"): _share(28, 1000)}
    assert not read(spec, _evidence(few)).guardrails[0].safe


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(
    ("metric", "control", "treatment", "alarm"),
    [
        (COMPLAINT, 500, 2000, True),
        (COMPLAINT, 2000, 500, False),
        (COMPLAINT, 500, 560, False),
        (RETENTION, 8000, 4000, True),
        (RETENTION, 4000, 8000, False),
        (RETENTION, 8000, 7900, False),
    ],
)
def test_alarm_only_when_the_sequence_lies_past_the_margin(metric, control, treatment, alarm, sides):
    """Harm past the margin alarms on either scale and in either direction; gains and small losses never do."""
    spec = _spec(VISIT, metric, sides=sides)
    cells = {(metric.name, "a"): _share(control, 20_000), (metric.name, "b"): _share(treatment, 20_000)}
    (guardrail,) = read(spec, _evidence(cells), horizon=40_000).guardrails
    assert guardrail.alarm is alarm
    assert guardrail.alarm == (guardrail.always_valid.high < -metric.margin.size)
    assert math.isfinite(guardrail.always_valid.high)
    assert math.isfinite(guardrail.always_valid.low)


def test_always_valid_interval_uses_its_share_of_alpha_and_horizon():
    """Two guardrails and two arms: alpha / 4 each, and this pair's part of the horizon by configured weights."""
    spec = _spec(
        VISIT,
        COMPLAINT,
        RETENTION.model_copy(update={"margin": Effect(size=0.05, scale="absolute")}),
        arms=(Arm(name="a", weight=2), Arm(name="b"), Arm(name="c")),
    )
    cells = {("retention", k): _share(800, 2000) for k in "abc"}
    guardrail = next(g for g in read(spec, _evidence(cells), horizon=8000).guardrails if g.metric == "retention")
    critical = always_valid_critical(4000, 8000 * 3 / 4, 0.05 / 4)
    error = (2 * 0.4 * 0.6 / 2000) ** 0.5
    assert guardrail.always_valid.level == pytest.approx(1 - 0.05 / 4)
    assert guardrail.always_valid.high == pytest.approx(critical * error, rel=0.01)


def test_without_a_committed_size_the_horizon_does_not_follow_the_data():
    """Doubling the data under no stated horizon uses the same fixed horizon, so the guarantee stands."""
    spec = _spec(VISIT, COMPLAINT)
    for n in (5000, 50_000):
        cells = {("complaint", k): _share(n // 10, n) for k in "ab"}
        (guardrail,) = read(spec, _evidence(cells)).guardrails
        expected = always_valid_critical(2 * n, 10_000, 0.05) * (2 * 0.09 / n) ** 0.5
        assert guardrail.always_valid.high == pytest.approx(expected, rel=0.02)


def test_too_few_units_for_an_alarm_are_refused():
    """With fewer than 30 units in an arm there is no always-valid interval, and so no alarm."""
    spec = _spec(VISIT, COMPLAINT)
    cells = {("complaint", "a"): _share(0, 29), ("complaint", "b"): _share(29, 29)}
    (guardrail,) = read(spec, _evidence(cells)).guardrails
    assert guardrail.always_valid.code == "always_valid.too_few_units"
    assert not guardrail.alarm


@pytest.mark.parametrize("treatment", [520, 2000])
def test_alarms_withhold_every_number(treatment):
    """While blinded the alarm is all: no effect, no interval, no word on safety, in memory and in JSON."""
    spec = _spec(VISIT, COMPLAINT)
    evidence = _evidence({("complaint", "a"): _share(500, 20_000), ("complaint", "b"): _share(treatment, 20_000)})
    (blinded,) = alarms(spec, evidence, horizon=40_000)
    (opened,) = read(spec, evidence, horizon=40_000).guardrails
    assert blinded.alarm == opened.alarm == (treatment == 2000)
    assert blinded.effect.code == blinded.always_valid.code == "blinded"
    assert not blinded.safe
    shown = blinded.to_json()
    shown.pop("margin")
    assert not [v for v in json.dumps(shown).split() if v.strip('",{}').replace(".", "").isdigit()]


def _daily(rng, days, per_day):
    cells = defaultdict(list)
    for day in range(days):
        for arm, share in (("a", 0.1), ("b", 0.15)):
            x = int(rng.binomial(per_day, share))
            cells["visit", arm, "day", f"2024-01-{day + 1:02d}"].append(_share(x, per_day))
            cells["visit", arm].append(_share(x, per_day))
    return {k: Moments.sum(v, 1) for k, v in cells.items()}


def test_trajectory_ends_at_the_reading():
    """The last day's cumulative point is the whole comparison, on the minimum effect's scale, in order of days."""
    spec = _spec(VISIT, time_column="day", minimum_effect=Effect(size=0.1, scale="relative"))
    cells = _daily(np.random.default_rng(3), 12, 150)
    shuffled = dict(sorted(cells.items(), key=lambda item: str(item[0])[::-1]))
    reading = read(spec, _evidence(shuffled))
    days = [p.day for p in reading.trajectory]
    assert days == sorted(days)
    last = reading.trajectory[-1]
    whole = reading.comparison("visit", "b").relative
    assert (last.units, last.effect.scale) == (12 * 300, "relative")
    assert (last.effect.value, last.effect.interval.low, last.effect.interval.high) == pytest.approx(
        (whole.value, whole.interval.low, whole.interval.high)
    )
    assert [p.units for p in reading.trajectory] == [300 * (i + 1) for i in range(12)]


def test_trajectory_skips_days_without_an_estimate():
    """Days on which an arm has fewer than two units, or nothing varies yet, leave a gap."""
    spec = _spec(VISIT, time_column="day")
    cells = {
        ("visit", "a", "day", "2024-01-01"): _share(0, 1),
        ("visit", "b", "day", "2024-01-01"): _share(1, 1),
        ("visit", "a", "day", "2024-01-03"): _share(4, 20),
        ("visit", "b", "day", "2024-01-03"): _share(6, 20),
        ("visit", "a"): _share(4, 21),
        ("visit", "b"): _share(7, 21),
    }
    assert [p.day for p in read(spec, _evidence(cells)).trajectory] == ["2024-01-03"]
    still = {k: _share(0, 20) for k in (("visit", a, "day", "2024-01-01") for a in "ab")}
    assert read(spec, _evidence(still)).trajectory == ()


def test_without_a_time_column_there_is_no_trajectory():
    """Slices are cuts when the plan names no time column."""
    cells = {("visit", a, "day", "2024-01-01"): _share(5, 20) for a in "ab"}
    reading = read(_spec(VISIT), _evidence(cells))
    assert reading.trajectory == ()
    assert len(reading.cuts) == 1


def _column(folder, file, arm, *columns):
    """Moments of some columns of a CSV by arm, read by the standard library."""
    rows = defaultdict(list)
    with (folder / file).open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            rows[row[arm]].append([float({"True": 1, "False": 0}.get(row[c], row[c])) for c in columns])
    return {name: moments_of(*np.array(values).T) for name, values in rows.items()}


@pytest.mark.real_data
def test_cookie_cats(real_data):
    """Cookie Cats: -0.82 points of 7-day retention, z = -3.164, p = .00155, interval -1.33 to -0.31 points."""
    metric = VISIT.model_copy(update={"name": "retention_7", "column": "retention_7"})
    spec = _spec(metric, arms=(Arm(name="gate_30"), Arm(name="gate_40")), control="gate_30")
    arms = _column(real_data, "cookie_cats.csv", "version", "retention_7")
    effect = read(spec, _evidence({("retention_7", a): m for a, m in arms.items()})).comparisons[0].absolute
    assert effect.value == pytest.approx(-0.0082, abs=5e-5)
    assert (effect.statistic, effect.p_value) == (pytest.approx(-3.164, abs=5e-4), pytest.approx(0.00155, abs=1e-5))
    assert (effect.interval.low, effect.interval.high) == pytest.approx((-0.0133, -0.0031), abs=5e-5)


@pytest.mark.real_data
def test_hillstrom(real_data):
    """Hillstrom: 18.28 / 15.14 / 10.62% visits, simultaneous; spend by history removes under a thousandth."""
    visit = VISIT
    spend = SPEND.model_copy(update={"covariate": "history"})
    names = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
    spec = _spec(visit, spend, arms=tuple(Arm(name=n) for n in names), control="No E-Mail")
    visits = _column(real_data, "hillstrom.csv", "segment", "visit")
    spends = _column(real_data, "hillstrom.csv", "segment", "spend", "history")
    cells = {("visit", a): m for a, m in visits.items()} | {("spend", a): m for a, m in spends.items()}
    reading = read(spec, _evidence(cells))
    mens, womens = (reading.comparison("visit", n) for n in names[1:])
    levels = [c.value for c in (mens.treatment, womens.treatment, mens.control)]
    assert levels == pytest.approx([0.1828, 0.1514, 0.1062], abs=5e-5)
    assert mens.absolute.standard_error == pytest.approx(0.00338589, rel=1e-4)
    assert 1.96 < mens.critical_value < 2.2414
    assert mens.simultaneous == "dunnett"
    money = reading.comparison("spend", "Mens E-Mail")
    assert (money.treatment.value, money.control.value) == pytest.approx((1.422617, 0.6527894), abs=1e-6)
    # .767438 (.145215) is with a slope from two arms, pooled across them; ours is from three, within them.
    assert money.absolute.value == pytest.approx(0.767438, abs=2e-4)
    assert money.absolute.standard_error == pytest.approx(0.145215, abs=1e-5)
    assert 0 < money.variance_reduction < 0.001
    assert isinstance(money.absolute.interval, Interval)
