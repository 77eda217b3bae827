"""A/A suites find a wrong unit and a heavy tail; many streams judged plainly and by a sequence; one treated state."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from scipy import optimize, stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.across.aa_suite import aa_suite, buckets_of, buckets_of_sums, split_p_values
from copilot_tools.stats.across.streams import StreamLook, count_streams, read_stream
from copilot_tools.stats.across.synthetic_control import synthetic_control

# --- A/A suites ------------------------------------------------------------------------------------------------------


def test_each_split_is_scipys_test():
    """The statistics of random splits, redone by scipy on the very same splits."""
    x = np.random.default_rng(1).lognormal(size=200)
    data = buckets_of(x)
    z, df = split_p_values(data, splits=5, share=0.3, seed=9)
    treated = np.random.Generator(np.random.PCG64(9)).random((5, 200)) < 0.3
    for i in range(5):
        oracle = stats.ttest_ind(x[treated[i]], x[~treated[i]], equal_var=False)
        assert z[i] == pytest.approx(oracle.statistic, rel=1e-9)
        assert df[i] == pytest.approx(oracle.df, rel=1e-9)


def test_well_behaved_data_keep_the_promise():
    """Normal values and a rate, even split: near 5%, both sides alike, p-values uniform."""
    rng = np.random.default_rng(2)
    for x in (rng.standard_normal(2000), (rng.random(2000) < 0.2).astype(float)):
        found = aa_suite(buckets_of(x), splits=1000, seed=3)
        assert found.holds
        assert found.interval.low <= 0.05 <= found.interval.high
        assert found.uniformity_p > 0.001
        assert found.upward + found.downward == pytest.approx(found.false_alarms)
        assert found.test == ("pooled z" if set(x) <= {0.0, 1.0} else "welch")


def test_rows_of_one_unit_are_found_out():
    """Four alike rows a user, tested as rows: several times the error promised; one row a user: as promised."""
    rng = np.random.default_rng(4)
    users = np.repeat(rng.standard_normal(500), 4)
    rows = users + 0.3 * rng.standard_normal(2000)
    wrong = aa_suite(buckets_of(rows, [f"u{i // 4}" for i in range(2000)]), splits=500)
    assert not wrong.holds
    assert wrong.false_alarms > 0.2
    assert wrong.uniformity_p < 1e-6
    assert aa_suite(buckets_of(rows.reshape(-1, 4).mean(axis=1)), splits=500).holds


def test_a_heavy_tail_in_a_small_arm_is_found_out():
    """Very skewed revenue and 5% in treatment: false losses far beyond alpha / 2, no false gains."""
    x = np.random.default_rng(5).lognormal(0, 2.2, 3000)
    found = aa_suite(buckets_of(x), splits=500, share=0.05)
    assert not found.holds
    assert found.downward > 0.06
    assert found.upward < 0.02


def test_sums_by_bucket_are_the_same_data():
    """Buckets given as raw sums test as the values do, at a mean of a million too."""
    x = np.random.default_rng(6).standard_normal(2000) + 1e4
    units = [f"b{i % 100:03d}" for i in range(2000)]
    parts = [x[i::100] for i in range(100)]
    sums = buckets_of_sums([len(p) for p in parts], [p.sum() for p in parts], [(p * p).sum() for p in parts])
    one, other = (aa_suite(d, splits=100, seed=1).p_values for d in (sums, buckets_of(x, units)))
    assert one == pytest.approx(other, rel=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: aa_suite(buckets_of([1.0] * 50)),
        lambda: aa_suite(buckets_of([1.0, 2.0])),
        lambda: aa_suite(buckets_of(list(range(100))), share=0.01),
        lambda: aa_suite(buckets_of(list(range(100))), splits=5),
        lambda: buckets_of([1.0, math.nan]),
        lambda: buckets_of([1.0, 2.0], ["a"]),
        lambda: buckets_of_sums([10], [100.0], [5.0]),
        lambda: buckets_of_sums([100] * 30, [1e11] * 30, [1e20 + 100] * 30),
    ],
)
def test_what_cannot_be_split_is_refused(call):
    """Nothing varies, too few units, too small an arm or suite, NaN, impossible or digit-less squares: refused."""
    with pytest.raises(Refused):
        call()


# --- streams ---------------------------------------------------------------------------------------------------------


def walk(z, n=1000):
    """Looks of n more units an arm whose z are as given."""
    return [
        StreamLook(n * k, n * k, 0.0, value * math.sqrt(2 / (n * k)), 1.0, 1.0) for k, value in enumerate(z, start=1)
    ]


def test_a_stream_told_look_by_look():
    """Significant early only, then late: ever, last and changes are counted; a large z passes the sequence too."""
    early = read_stream(walk([2.2, 1.0, 0.5]))
    assert (early.plain_ever, early.plain_last, early.valid_ever, early.crossings) == (True, False, False, 1)
    late = read_stream(walk([1.0, 2.5, 5.0]))
    assert (late.plain_ever, late.plain_last, late.valid_ever, late.crossings) == (True, True, True, 1)
    assert late.last_z == pytest.approx(5.0)


@pytest.mark.parametrize("streams", [400, pytest.param(5000, marks=pytest.mark.calibrate)])
def test_streams_without_effect(streams):
    """28 looks at nothing: about 27% of streams cross plainly at some look, 5% at the last, under 5% the sequence."""
    rng = np.random.default_rng(8)
    steps = rng.standard_normal((streams, 28)).cumsum(axis=1) / np.sqrt(np.arange(1, 29))
    found = count_streams({str(i): walk(row.tolist()) for i, row in enumerate(steps)})
    assert abs(found.plain_ever / streams - 0.275) < 4 * math.sqrt(0.275 * 0.725 / streams)
    assert abs(found.plain_last / streams - 0.05) < 4 * math.sqrt(0.05 * 0.95 / streams)
    assert found.valid_ever / streams < 0.05


@pytest.mark.real_data
def test_asos_streams(real_data):
    """ASOS (Liu et al. 2021): of 161 streams 89 cross 1.96 at some look, 47 at the last; 30 always-validly."""
    rows: dict[str, list[tuple[float, StreamLook]]] = {}
    with (real_data / "asos.csv").open() as file:
        for row in csv.DictReader(file):
            if row["variance_c"] and row["variance_t"]:
                names = ("count_c", "count_t", "mean_c", "mean_t", "variance_c", "variance_t")
                key = "/".join((row["experiment_id"], row["variant_id"], row["metric_id"]))
                look = StreamLook(*(float(row[name]) for name in names))
                rows.setdefault(key, []).append((float(row["time_since_start"]), look))
    streams = {key: [look for _, look in sorted(looks, key=lambda pair: pair[0])] for key, looks in rows.items()}
    found = count_streams(streams)
    assert (found.streams, found.plain_ever, found.plain_last, found.valid_ever) == (161, 89, 47, 30)
    assert [count_streams(streams, horizon=h).valid_ever for h in (100_000, 1_000_000)] == [34, 42]
    # One experiment's count falls from one look to the next: its streams are told apart, not judged.
    assert {refusal.code for _, refusal in found.refused} == {"looks.not_cumulative"}
    assert {name.split("/")[0] for name, _ in found.refused} == {"4db6c7"}


def test_streams_that_cannot_be_judged_are_refused():
    """Too few units at every look, counts that fall, a negative variance: refused; over many, told apart."""
    few = [StreamLook(5, 5, 0, 1, 1, 1)]
    falling = walk([1.0, 1.0])[::-1]
    impossible = [StreamLook(50, 50, 0, 1, -1, 1)]
    for looks in (few, falling, impossible, []):
        with pytest.raises(Refused):
            read_stream(looks)
    found = count_streams({"a": few, "b": falling, "c": walk([1.0])})
    assert (found.streams, [name for name, _ in found.refused]) == (1, ["a", "b"])


# --- synthetic control -----------------------------------------------------------------------------------------------


def test_weights_are_the_constrained_least_squares():
    """Effect and fit are those of a general constrained optimiser, also at a level of a billion."""
    rng = np.random.default_rng(9)
    donors = rng.standard_normal((6, 20)).cumsum(axis=1)
    treated = 0.5 * donors[0] + 0.3 * donors[1] + 0.2 * donors[2] + 0.1 * rng.standard_normal(20)
    treated[14:] += 3.0
    found = synthetic_control(treated, donors, 14)
    best = optimize.minimize(
        lambda w: float(((treated - w @ donors)[:14] ** 2).sum()),
        np.full(6, 1 / 6),
        method="SLSQP",
        bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.weights == pytest.approx(best.x, abs=1e-4)
    assert found.effect == pytest.approx((treated - best.x @ donors)[14:].mean(), abs=1e-4)
    assert found.effect == pytest.approx(3.0, abs=0.3)
    assert found.placebos.p_value == pytest.approx(1 / 7)
    far = synthetic_control(treated + 1e9, donors + 1e9, 14)
    assert far.effect == pytest.approx(found.effect, abs=1e-5)


@pytest.mark.real_data
def test_proposition_99(real_data):
    """California (Arkhangelsky et al. 2021): -27.3 packs by DID, about -19.6 by synthetic control."""
    series: dict[str, list[float]] = {}
    with (real_data / "california_prop99.csv").open() as file:
        for row in csv.DictReader(file, delimiter=";"):
            series.setdefault(row["State"], []).append(float(row["PacksPerCapita"]))
    treated = series.pop("California")
    found = synthetic_control(treated, list(series.values()), 19)
    assert found.did == pytest.approx(-27.3, abs=0.06)
    assert found.effect == pytest.approx(-19.6, abs=0.15)
    assert found.inside
    weights = dict(zip(series, found.weights, strict=True))
    assert sorted(weights, key=weights.__getitem__)[-3:] == ["Nevada", "Montana", "Utah"]
    assert found.placebos.p_value == pytest.approx(3 / 39)


def test_placebo_p_values_are_uniform_without_an_effect():
    """Exchangeable units, one drawn as treated: p at most .2 in about a fifth of worlds, by both methods."""
    rng = np.random.default_rng(10)
    small = np.zeros(2)
    for _ in range(150):
        table = rng.standard_normal((10, 12)).cumsum(axis=1)
        found = synthetic_control(table[0], table[1:], 8)
        small += [found.placebos.p_value <= 0.2, found.did_placebos.p_value <= 0.2]
    assert (np.abs(small / 150 - 0.2) < 4 * math.sqrt(0.16 / 150)).all()


def test_a_unit_beyond_all_others_is_said_not_to_be_followed():
    """No mean of the others can follow a unit far above them: the reading says so."""
    others = [[1.0, 2.0, 1.5, 2.0, 1.0], [2.0, 1.0, 2.5, 1.0, 2.0], [1.5, 1.5, 1.0, 2.0, 1.2]]
    assert not synthetic_control([9.0, 9.5, 9.0, 9.2, 9.1], others, 3).inside


@pytest.mark.parametrize(
    ("treated", "others", "before"),
    [
        ([1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]] * 2, 2),
        ([1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]] * 3, 3),
        ([1.0, 2.0, 3.0], [[1.0, 2.0]] * 3, 2),
        ([1.0, math.inf, 3.0], [[1.0, 2.0, 3.0]] * 3, 2),
        ([1.0, 1.0, 1.0], [[1.0, 1.0, 1.0]] * 3, 2),
    ],
)
def test_impossible_panels_are_refused(treated, others, before):
    """Two donors, no later period, short series, infinity, nothing that varies: refused."""
    with pytest.raises(Refused):
        synthetic_control(treated, others, before)
