"""Summary counts become evidence: typed, from CSV and YAML, by stratum, with several metrics."""

from __future__ import annotations

import datetime as dt
import statistics
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.results import Slice
from copilot_tools.stats.inference.strata import Stratum, mantel_haenszel
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.sources.counts.arm_counts import ArmCounts
from copilot_tools.stats.sources.counts.count_roles import CountColumns
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.counts.typed_arms import parse_arm, parse_arms
from copilot_tools.stats.spec import AnalysisSpec, Arm, Cap, Dialect, Metric
from tools.stats.sources.count_worlds import MATTERS, spec_of_counts


def saved(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def two_arms(**more) -> AnalysisSpec:
    return spec_of_counts(("control", "b"), "control", **more)


def several_metrics(**more) -> AnalysisSpec:
    metrics = (
        Metric(name="conversion", role="primary", kind="proportion", column="orders"),
        Metric(name="revenue", kind="mean", column="revenue"),
    )
    fields = {
        "arms": (Arm(name="control"), Arm(name="b")),
        "control": "control",
        "metrics": metrics,
        "minimum_effect": MATTERS,
    }
    return AnalysisSpec.model_validate(fields | more)


def test_typed_counts_become_evidence():
    """Two typed arms: units, moments and quality; what counts cannot tell is None, not 0."""
    source = CountsSource.of(parse_arms(["control=10000:520", "b=10100:581"]))
    spec = two_arms()
    assert source.arms() == ("control", "b")
    assert source.problems(spec) == ()
    evidence = source.scan(spec, metrics=spec.metrics)
    assert (evidence.units_of("control"), evidence.units_of("b"), evidence.total_units) == (10_000, 10_100, 20_100)
    assert evidence.moments_of("conversion", "b") == Moments.of_proportion(10_100, 581)
    quality = evidence.quality
    assert (quality.rows, quality.units_before_policy) == (20_100, {"control": 10_000, "b": 10_100})
    assert (quality.duplicate_rows, quality.two_arms, quality.contradictions, quality.missing) == (None,) * 4
    assert evidence.source.kind == "counts"
    assert evidence.source.sketch == ()


def test_blinded_scan_holds_no_outcome():
    """With no metric to be read only units come back, strata included."""
    source = CountsSource.of(parse_arms(["control=10000:520", "b=10100:581"]))
    evidence = source.scan(two_arms(), metrics=())
    assert evidence.cells == ()
    assert evidence.total_units == 20_100


@pytest.mark.parametrize(
    "text",
    [
        "b=6:21:91",
        "b=n=6:sum=21:sum_of_squares=91",
        "b=6:mean=3.5:sd=1.8708286933869707",
        " b = 6 : sd=1.8708286933869707 : mean=3.5",
    ],
)
def test_the_forms_of_a_mean_say_the_same(text):
    """Sum and sum of squares, or mean and sample standard deviation, of 1 to 6 give the same moments."""
    counts = parse_arm(text)
    assert (counts.arm, counts.kind, counts.n) == ("b", "mean", 6)
    assert counts.moments.mean[0] == pytest.approx(statistics.mean(range(1, 7)))
    assert counts.moments.variance() == pytest.approx(statistics.variance(range(1, 7)))


def test_numbers_from_python_are_the_same_as_typed_ones():
    """ArmCounts.of and a typed text agree; an unknown value is a mistake of the program."""
    assert ArmCounts.of("b", 100, mean=3.2, sd=30.0).moments == parse_arm("b=100:mean=3.2:sd=30").moments
    assert ArmCounts.of("b", 100, successes=5).moments == parse_arm("b=100:5").moments
    with pytest.raises(TypeError, match="succeses"):
        ArmCounts.of("b", 100, succeses=5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=40),
    st.sampled_from([0, 10**4, 10**8]),
)
def test_sums_of_whole_numbers_keep_their_variance(values, shift):
    """Sums of whole numbers, even far from zero, give the variance exactly: no catastrophic cancellation."""
    values = [v + shift for v in values]
    text = f"b={len(values)}:{sum(values)}:{sum(v * v for v in values)}"
    if sum(v * v for v in values) > 2**53:
        return  # such a sum has been rounded wherever doubles were used; the refusal has its own test
    moments = parse_arm(text).moments
    assert moments.mean[0] == pytest.approx(statistics.fmean(values), rel=1e-15)
    assert moments.variance() == pytest.approx(float(statistics.variance(values)), rel=1e-14, abs=1e-300)


def test_a_float_sum_of_squares_is_read_to_its_rounding():
    """Sums printed from doubles give numpy's variance to nine digits at a usual spread."""
    values = np.random.default_rng(2).gamma(2.0, 15.0, 5_000)
    counts = parse_arm(f"b=5000:{values.sum()!r}:{(values**2).sum()!r}".replace("np.float64(", "").replace(")", ""))
    assert counts.moments.variance() == pytest.approx(values.var(ddof=1), rel=1e-9)


def test_csv_with_strata_sums_to_the_whole(tmp_path):
    """Every further column is a stratum: slices per level, and the whole is their sum."""
    file = saved(
        tmp_path,
        "counts.csv",
        "arm,device,country,n,successes\n"
        "control,phone,SE,100,10\ncontrol,phone,NO,50,4\ncontrol,desktop,SE,80,9\ncontrol,desktop,NO,20,1\n"
        "b,phone,SE,110,15\nb,phone,NO,40,4\nb,desktop,SE,75,7\nb,desktop,NO,0,0\n",
    )
    source = CountsSource.from_file(file)
    spec = two_arms()
    evidence = source.scan(spec, metrics=spec.metrics)
    assert evidence.dimensions == ("device", "country")
    assert evidence.levels("device") == ("phone", "desktop")
    assert evidence.units_of("control") == 250
    assert evidence.units_of("b", Slice(dimension="country", level="NO")) == 40
    for dimension in evidence.dimensions:
        for arm in spec.arm_names:
            parts = [
                evidence.moments_of("conversion", arm, Slice(dimension=dimension, level=level))
                for level in evidence.levels(dimension)
            ]
            total, whole = Moments.sum([p for p in parts if p], 1), evidence.moments_of("conversion", arm)
            assert total.n == whole.n == evidence.units_of(arm)
            assert total.comoments[0][0] == pytest.approx(whole.comoments[0][0])
    assert evidence.moments_of("conversion", "b").mean[0] == pytest.approx(26 / 225)
    assert source.describe().columns.keys() == {"arm", "device", "country", "n", "successes"}


def test_a_stratum_without_units_has_no_moments(tmp_path):
    """An arm with n = 0 in one stratum counts 0 units there and has no moments, and the others stand."""
    file = saved(
        tmp_path,
        "c.csv",
        "arm,device,n,successes\ncontrol,phone,9,3\ncontrol,tablet,4,1\nb,phone,8,2\nb,tablet,0,\n",
    )
    spec = two_arms()
    evidence = CountsSource.from_file(file).scan(spec, metrics=spec.metrics)
    part = Slice(dimension="device", level="tablet")
    assert evidence.units_of("b", part) == 0
    assert evidence.moments_of("conversion", "b", part) is None
    assert evidence.moments_of("conversion", "control", part) == Moments.of_proportion(4, 1)


YAML_FORMS = {
    "mapping": "arms:\n  control: {n: 10000, successes: 520}\n  b: {n: 10100, successes: 581}\n",
    "bare": "control: {n: 10000, successes: 520}\nb: {n: 10100, successes: 581}\n",
    "rows": "- {arm: control, n: 10000, successes: 520}\n- {arm: b, n: 10100, successes: 581}\n",
    "named": "metric: conversion\narms:\n  - {arm: control, n: 1e4, successes: 520}\n"
    "  - {arm: b, n: 10100.0, successes: 581}\n",
}


@pytest.mark.parametrize("form", YAML_FORMS)
def test_yaml_in_every_shape(tmp_path, form):
    """A mapping of arms, a bare mapping, a list of rows, and a named metric read the same."""
    file = saved(tmp_path, "counts.yaml", YAML_FORMS[form])
    spec = two_arms()
    evidence = CountsSource.from_file(file).scan(spec, metrics=spec.metrics)
    assert evidence.moments_of("conversion", "control") == Moments.of_proportion(10_000, 520)
    assert evidence.units_of("b") == 10_100


def test_an_arm_may_be_called_no(tmp_path):
    """YAML's no, on and 010 stay the texts they are."""
    file = saved(tmp_path, "counts.yml", "arms: {no: {n: 10, successes: 2}, 010: {n: 12, successes: 3}}\n")
    source = CountsSource.from_file(file)
    assert source.arms() == ("no", "010")
    spec = spec_of_counts(source.arms(), "no")
    assert source.scan(spec, metrics=spec.metrics).units_of("010") == 12


def test_json_is_yaml(tmp_path):
    """A JSON object of arms reads like YAML."""
    file = saved(tmp_path, "c.json", '{"control": {"n": 10, "successes": 2}, "b": {"n": 12, "successes": 3}}')
    spec = two_arms()
    assert CountsSource.from_file(file).scan(spec, metrics=spec.metrics).total_units == 22


def test_several_metrics_in_rows(tmp_path):
    """A metric column names the plan's metrics by name or column; rows of others are not looked at."""
    file = saved(
        tmp_path,
        "c.csv",
        "arm,metric,n,successes,mean,sd\n"
        "control,orders,100,10,,\ncontrol,revenue,100,,3.5,12\ncontrol,unplanned,900,3,,\n"
        "b,orders,110,15,,\nb,revenue,104,,4.5,13\nb,unplanned,900,3,,\n",
    )
    spec = several_metrics()
    evidence = CountsSource.from_file(file).scan(spec, metrics=spec.metrics)
    assert {cell.metric for cell in evidence.cells} == {"conversion", "revenue"}
    assert evidence.moments_of("revenue", "control").variance() == pytest.approx(144)
    assert evidence.units_of("b") == 110
    missing = {(m.metric, m.arm): m.missing for m in evidence.quality.missing}
    assert missing["revenue", "b"] == 6
    assert missing["conversion", "b"] == 0
    assert "revenue counts 104 units in b, where another metric counts 110" in evidence.quality.treatment[0]


def test_several_metrics_side_by_side(tmp_path):
    """A column called as a proportion's own column holds its successes; the remaining mean takes the sums."""
    file = saved(
        tmp_path,
        "c.csv",
        "arm,device,n,orders,sum,sum_of_squares\n"
        "control,phone,100,10,350,15000\ncontrol,web,50,4,90,900\nb,phone,110,15,400,16000\nb,web,40,6,80,800\n",
    )
    spec = several_metrics()
    evidence = CountsSource.from_file(file).scan(spec, metrics=spec.metrics)
    assert evidence.dimensions == ("device",)
    assert evidence.moments_of("conversion", "b") == Moments.of_proportion(110, 15) + Moments.of_proportion(40, 6)
    assert evidence.moments_of("revenue", "b").mean[0] == pytest.approx(480 / 150)
    assert evidence.quality.missing is None


def test_decimal_commas_as_declared(tmp_path):
    """With a declared decimal comma and semicolons the numbers read right."""
    file = saved(tmp_path, "c.csv", "arm;n;mean;sd\ncontrol;100;3,25;2,5\nb;100;3,5;2,5\n")
    spec = two_arms(kind="mean")
    source = CountsSource.from_file(file, dialect=Dialect(delimiter=";", decimal=","))
    assert source.scan(spec, metrics=spec.metrics).moments_of("conversion", "control").mean == (3.25,)


def test_days_are_found_in_the_time_column(tmp_path):
    """A stratum that is the plan's time column gives slices by day and the first and last day."""
    file = saved(
        tmp_path,
        "c.csv",
        "arm,day,n,successes\ncontrol,2026-01-06,9,1\nb,2026-01-06,8,1\ncontrol,2026-01-05,9,2\nb,2026-01-05,7,0\n",
    )
    spec = several_metrics(
        metrics=(Metric(name="c", role="primary", kind="proportion", column="c"),), time_column="day"
    )
    evidence = CountsSource.from_file(file).scan(spec, metrics=spec.metrics)
    assert evidence.days == (dt.date(2026, 1, 5), dt.date(2026, 1, 6))
    assert evidence.levels("day") == ("2026-01-06", "2026-01-05")


def test_what_counts_cannot_do_is_said(tmp_path):
    """A cap and an activation rule cannot be applied to sums: the treatment says what is taken for granted."""
    file = saved(tmp_path, "c.csv", "arm,n,mean,sd\ncontrol,100,3,2\nb,100,3,2\n")
    spec = several_metrics(
        metrics=(Metric(name="revenue", role="primary", kind="mean", column="revenue", cap=Cap(quantile=0.99)),),
        activation="saw_it",
    )
    said = " ".join(CountsSource.from_file(file).scan(spec, metrics=()).quality.treatment)
    assert "revenue are taken as already capped" in said
    assert "saw_it" in said


def test_the_digest_knows_the_counts():
    """Typed counts have one digest in any order, and another when a number changes; a file's is of its bytes."""
    there = CountsSource.of(parse_arms(["control=10000:520", "b=10100:581"])).describe().digest
    back = CountsSource.of(parse_arms(["b=10100:581", "control=10000:520"])).describe().digest
    other = CountsSource.of(parse_arms(["control=10000:521", "b=10100:581"])).describe().digest
    assert there == back != other


def test_evidence_survives_json(tmp_path):
    """Evidence from counts reads back from JSON unchanged."""
    file = saved(tmp_path, "c.csv", "arm,device,n,successes\ncontrol,p,9,3\nb,p,8,2\ncontrol,t,9,3\nb,t,8,2\n")
    spec = two_arms()
    evidence = CountsSource.from_file(file).scan(spec, metrics=spec.metrics)
    assert type(evidence).model_validate(evidence.to_json()) == evidence


def _stratum(evidence, department):
    men, women = (evidence.moments_of("admission", arm, department) for arm in ("Male", "Female"))
    return Stratum(
        level=department.level,
        treatment_successes=round(men.mean[0] * men.n),
        treatment_n=men.n,
        control_successes=round(women.mean[0] * women.n),
        control_n=women.n,
    )


@pytest.mark.real_data
def test_berkeley_reads_as_counts_with_strata(real_data):
    """Berkeley 1973, six departments: 44.5 against 30.4% overall, and within departments the other way round."""
    columns = CountColumns(arm="applicant", n="applied", successes="admitted")
    source = CountsSource.from_file(real_data / "berkeley_1973.csv", columns=columns)
    assert source.arms() == ("Female", "Male")
    spec = spec_of_counts(source.arms(), "Female", metric="admission")
    evidence = source.scan(spec, metrics=spec.metrics)
    assert evidence.dimensions == ("department",)
    rates = {arm: evidence.moments_of("admission", arm).mean[0] for arm in spec.arm_names}
    assert rates["Male"] == pytest.approx(0.44519, abs=1e-5)
    assert rates["Female"] == pytest.approx(0.30354, abs=1e-5)
    strata = [_stratum(evidence, Slice(dimension="department", level=d)) for d in evidence.levels("department")]
    women_higher = [
        s.level for s in strata if s.treatment_successes / s.treatment_n < s.control_successes / s.control_n
    ]
    assert women_higher == ["A", "B", "D", "F"]
    assert mantel_haenszel(strata).odds_ratio == pytest.approx(0.9046968, abs=1e-7)


@pytest.mark.real_data
def test_berkeley_reads_by_the_plans_own_columns(real_data):
    """A plan that names its arm and metric columns needs only to be told where n is."""
    source = CountsSource.from_file(real_data / "berkeley_1973.csv", columns=CountColumns(n="applied"))
    spec = several_metrics(
        arm_column="applicant",
        arms=(Arm(name="Female"), Arm(name="Male")),
        control="Female",
        metrics=(Metric(name="admission", role="primary", kind="proportion", column="admitted"),),
    )
    evidence = source.scan(spec, metrics=spec.metrics, cuts=("department",))
    assert (evidence.units_of("Male"), evidence.units_of("Female")) == (2691, 1835)


@pytest.mark.real_data
def test_kidney_stones_read_as_counts_with_strata(real_data):
    """Charig (1986): open surgery better in both strata (93.1 and 73.0%), worse overall (78.0 against 82.6%)."""
    columns = CountColumns(arm="treatment", successes="success")
    source = CountsSource.from_file(real_data / "kidney_stones.csv", columns=columns)
    spec = spec_of_counts(source.arms(), "pcnl", metric="success")
    evidence = source.scan(spec, metrics=spec.metrics)

    def rate(arm: str, level: str = "") -> float:
        part = Slice(dimension="stone_size", level=level) if level else None
        return evidence.moments_of("success", arm, part).mean[0]

    assert (rate("open_surgery"), rate("pcnl")) == pytest.approx((0.78, 0.8257), abs=1e-4)
    assert (rate("open_surgery", "small"), rate("pcnl", "small")) == pytest.approx((0.931, 0.867), abs=6e-4)
    assert (rate("open_surgery", "large"), rate("pcnl", "large")) == pytest.approx((0.730, 0.6875), abs=6e-4)
