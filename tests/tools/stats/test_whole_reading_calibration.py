"""The product's whole reading, from moments (and from a file) to the verdict: how often it errs, covers and finds."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np
import pytest

from copilot_tools.results import Estimate
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import decide
from copilot_tools.stats.evidence import Evidence, MetricCell, Quality, SourceInfo, UnitCell
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.planning.design import TrialDesign
from copilot_tools.stats.planning.outcomes import Mean, Proportion
from copilot_tools.stats.planning.size import sample_size
from copilot_tools.stats.reading import read
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from copilot_tools.stats.validity.case import case_for_null
from copilot_tools.stats.verdict_table import Row
from skewed import SHAPES, moments_with_thirds

GAINS = {Row.SUPPORTED, Row.SUPPORTED_SIZE_UNRESOLVED, Row.TOO_SMALL}
FOUND = GAINS | {Row.REFUTED_HARMFUL}
"""Rows that say there is a difference."""
NAMES = ("control", "b", "c", "d")


class Rates(NamedTuple):
    """Shares of tests: a difference found in some arm, a gain in the first treatment, all intervals hold, unread."""

    found: float
    gained: float
    covered: float
    unread: float


def spec_of(kind, arms, sides):
    """Arms in the plan's order; a minimum effect so small that every difference found is a finding."""
    return AnalysisSpec(
        unit="user",
        arm_column="arm",
        arms=tuple(Arm(name=n) for n in NAMES[:arms]),
        control="control",
        metrics=(Metric(name="y", role="primary", kind=kind, column="y"),),
        minimum_effect=Effect(size=1e-9, scale="absolute"),
        sides=sides,
    )


def evidence_of(spec, moments):
    """What a clean source of these moments brings."""
    return Evidence(
        source=SourceInfo(kind="counts", name="simulated", digest="0" * 64),
        units=tuple(UnitCell(arm=a, units=m.n) for a, m in zip(spec.arm_names, moments, strict=True)),
        cells=tuple(MetricCell(metric="y", arm=a, moments=m) for a, m in zip(spec.arm_names, moments, strict=True)),
        quality=Quality(rows=sum(m.n for m in moments)),
    )


def outcome(spec, moments, truths):
    """One test: difference found, gain in the first treatment, all true differences covered, unread; as 0 or 1."""
    reading = read(spec, evidence_of(spec, moments))
    verdict = decide(spec, Circumstances(), sum(m.n for m in moments), reading, ())
    rows = [a.row for a in verdict.arms]
    effects = [c.absolute for c in reading.comparisons]
    known = all(isinstance(e, Estimate) for e in effects)
    covered = all(
        not isinstance(e, Estimate) or e.interval.low <= t <= e.interval.high
        for e, t in zip(effects, truths, strict=True)
    )
    return any(r in FOUND for r in rows), rows[0] in GAINS, covered, not known


def rates_of(spec, draws, truths):
    """Rates over tests; equal draws are read once."""
    seen, total, count = {}, np.zeros(4), 0
    for moments in draws:
        key = tuple((m.n, m.mean, m.comoments) for m in moments)
        if key not in seen:
            seen[key] = np.array(outcome(spec, moments, truths), dtype=float)
        total += seen[key]
        count += 1
    return Rates(*(total / count))


def sizes_of(n, control_share, arms):
    """Units an arm: control's share of n, the others equal."""
    control = round(n * control_share)
    each = (n - control) // (arms - 1)
    return (control, *(each for _ in range(arms - 1)))


def binomials(rng, sizes, rates, tests):
    """Counts of every test, arm by arm, as moments."""
    hits = [rng.binomial(n, p, tests).tolist() for n, p in zip(sizes, rates, strict=True)]
    for row in zip(*hits, strict=True):
        yield tuple(Moments.of_proportion(n, x) for n, x in zip(sizes, row, strict=True))


def means(rng, shape, sizes, shifts, tests):
    """Values of every test, arm by arm, as moments with thirds; a shift adds to every value of an arm."""
    for _ in range(tests):
        yield tuple(moments_with_thirds(SHAPES[shape](rng, n) + d) for n, d in zip(sizes, shifts, strict=True))


def noise(rate, tests):
    """Four standard errors of a simulated rate."""
    return 4 * math.sqrt(rate * (1 - rate) / tests)


def report(*cells):
    """Show a row of docs/calibration/whole-reading.md."""
    sys.stdout.write("| " + " | ".join(str(c) for c in cells) + " |\n")


def check(null, true, tests, *, most=0.05):
    """Familywise error at most 5%, joint coverage at least 95%, both but for simulation error."""
    assert null.found <= most + noise(0.05, tests), null
    assert 1 - true.covered <= most + noise(0.05, tests), true


def proportion_cell(n, rate, control, sides, arms, tests):
    """No effect, then a lift of 30% (15% and more in further arms): error and coverage."""
    rng = np.random.default_rng([n, round(1000 * rate), round(100 * control), sides, arms])
    spec = spec_of("proportion", arms, sides)
    sizes = sizes_of(n, control, arms)
    rates = (rate, *(rate * (1 + 0.3 / k) for k in range(1, arms)))
    null = rates_of(spec, binomials(rng, sizes, [rate] * arms, tests), [0.0] * (arms - 1))
    true = rates_of(spec, binomials(rng, sizes, rates, tests), [r - rate for r in rates[1:]])
    return null, true


def mean_cell(shape, n, control, sides, arms, tests):
    """No effect, then every treatment a tenth of a control's root mean square above it."""
    rng = np.random.default_rng([sum(map(ord, shape)), n, round(100 * control), sides, arms])
    spec = spec_of("mean", arms, sides)
    sizes = sizes_of(n, control, arms)
    null = rates_of(spec, means(rng, shape, sizes, [0.0] * arms, tests), [0.0] * (arms - 1))
    shifts = [0.0] + [0.1] * (arms - 1)
    true = rates_of(spec, means(rng, shape, sizes, shifts, tests), [0.1] * (arms - 1))
    return null, true


SHARES = {0.5: "50:50", 0.9: "90:10"}
PROPORTIONS = [
    (n, rate, control, sides, 2)
    for n in (20, 200, 2000, 20_000, 1_000_000)
    for rate in (0.001, 0.01, 0.05, 0.2, 0.5)
    for control, sides in ((0.5, 2), (0.9, 2), (0.5, 1))
] + [
    (n, rate, control, sides, arms)
    for n, rate in ((400, 0.3), (6000, 0.05), (300_000, 0.005))
    for arms in (3, 4)
    for control, sides in ((1 / 4, 2), (0.9, 2), (1 / 4, 1))
]


@pytest.mark.calibrate
@pytest.mark.parametrize(("n", "rate", "control", "sides", "arms"), PROPORTIONS)
def test_proportions_from_moments_to_verdict(n, rate, control, sides, arms):
    """1,000 tests without effect and 1,000 with one: a difference is found in at most 5%, intervals hold in 95%."""
    tests = 1000 if n > 200 else 500  # small arms are read exactly, which takes its time
    null, true = proportion_cell(n, rate, control, sides, arms, tests)
    share = SHARES.get(control, f"{control:.0%} control")
    report(arms, f"{n:,}", rate, share, sides, f"{null.found:.3f}", f"{true.covered:.3f}", f"{null.unread:.3f}")
    check(null, true, tests, most=0.052 if n > 200 else 0.05)


MEANS = [
    (shape, n, control, sides, 2)
    for shape in ("normal", "exponential", "log-normal 1.5", "buyers 2%")
    for n in (20, 200, 2000, 20_000)
    for control, sides in ((0.5, 2), (0.9, 2), (0.5, 1), (0.9, 1))
] + [(shape, 2000, 0.25, 2, arms) for shape in ("normal", "exponential", "log-normal 1.5") for arms in (3, 4)]


@pytest.mark.calibrate
@pytest.mark.parametrize(("shape", "n", "control", "sides", "arms"), MEANS)
def test_means_from_moments_to_verdict(shape, n, control, sides, arms):
    """Tame and heavy tails, 20 to 20,000 units: error and coverage of the verdict's own interval, all arms jointly."""
    tests = int(min(1000, 1e7 / n))
    null, true = mean_cell(shape, n, control, sides, arms, tests)
    share = SHARES.get(control, f"{control:.0%} control")
    report(shape, arms, f"{n:,}", share, sides, f"{null.found:.3f}", f"{true.covered:.3f}", f"{null.unread:.3f}")
    check(null, true, tests)


@pytest.mark.calibrate
@pytest.mark.parametrize("shape", ["exponential", "log-normal 1.5", "buyers 2%"])
@pytest.mark.parametrize("control", [0.5, 0.9])
def test_means_of_a_million_units(shape, control):
    """A million units, heavy tails, 100 tests: error and coverage."""
    null, true = mean_cell(shape, 1_000_000, control, 2, 2, 100)
    report(shape, 2, "1,000,000", SHARES[control], 2, f"{null.found:.3f}", f"{true.covered:.3f}", f"{null.unread:.3f}")
    check(null, true, 100)


POWER = [
    (Proportion(baseline=0.001), 0.5, {}),
    (Proportion(baseline=0.05), 0.1, {}),
    (Proportion(baseline=0.05), 0.1, {"sides": 1}),
    (Proportion(baseline=0.05), 0.1, {"weights": (9, 1)}),
    (Proportion(baseline=0.5), 0.04, {"weights": (1, 1, 1)}),
    (Proportion(baseline=0.2), 0.1, {"weights": (1, 1, 1, 1)}),
    (Proportion(baseline=0.3), 0.8, {}),
    (Mean(baseline=10, sd=10), 0.1, {}),
    (Mean(baseline=10, sd=10), 0.1, {"weights": (9, 1)}),
    (Mean(baseline=10, sd=10), 0.4, {"weights": (1, 1, 1), "sides": 1}),
    (Mean(baseline=10, sd=10), 0.7, {}),
]


def power_of(planned, lift, design, tests):
    """The planned size, and how often the verdict finds the gain that was planned for, in the first treatment."""
    size = sample_size(planned, Effect(size=lift, scale="relative"), design=TrialDesign(**design))
    sizes, arms = size.per_arm, len(size.per_arm)
    rng = np.random.default_rng([round(1000 * lift), arms, sizes[0]])
    spec = spec_of(planned.kind, arms, design.get("sides", 2))
    level = planned.baseline
    if planned.kind == "proportion":
        drawn = binomials(rng, sizes, [level] + [level * (1 + lift)] * (arms - 1), tests)
    else:
        scaled = ([level, *[level * (1 + lift)] * (arms - 1)], planned.sd)
        drawn = (
            tuple(
                Moments(
                    n=n,
                    mean=(float(mean + rng.normal(0, scaled[1] / math.sqrt(n))),),
                    comoments=((float(scaled[1] ** 2 * rng.chisquare(n - 1)),),),
                )
                for n, mean in zip(sizes, scaled[0], strict=True)
            )
            for _ in range(tests)
        )
    return size, rates_of(spec, drawn, [level * lift] * (arms - 1)).gained


@pytest.mark.calibrate
@pytest.mark.parametrize(("planned", "lift", "design"), POWER)
def test_the_planned_power_is_reached(planned, lift, design):
    """2,000 tests of the planned size with the planned effect: found as often as planned, by the verdict itself."""
    size, gained = power_of(planned, lift, design, 2000)
    arms = " : ".join(f"{n:,}" for n in size.per_arm)
    what = f"{planned.kind} {planned.baseline:g}"
    report(what, f"+{lift:.0%}", arms, design.get("sides", 2), f"{size.power:.3f}", f"{gained:.3f}")
    # Up to about 100 units an arm counts are read exactly, which costs a little power.
    assert abs(gained - size.power) <= noise(0.8, 2000) + (0.03 if min(size.per_arm) <= 100 else 0.01)


@pytest.mark.parametrize(
    ("n", "rate", "control", "sides", "arms"),
    [(40, 0.3, 0.5, 2, 2), (6000, 0.05, 0.25, 1, 3), (1_000_000, 0.001, 0.9, 2, 2)],
)
def test_a_sample_of_proportions(n, rate, control, sides, arms):
    """The same for three cells, 150 tests each."""
    null, true = proportion_cell(n, rate, control, sides, arms, 150)
    check(null, true, 150)
    assert true.unread == 0


def test_a_sample_of_means():
    """Log-normal values in unequal arms, 150 tests: the verdict's interval, widened where they are skewed, holds."""
    check(*mean_cell("log-normal 1.5", 400, 0.9, 2, 2, 150), 150)


def test_a_sample_of_power():
    """150 tests of the planned size and effect are found about as often as planned."""
    size, gained = power_of(Proportion(baseline=0.05), 0.1, {"weights": (1, 1, 1)}, 150)
    assert abs(gained - size.power) <= noise(0.8, 150)


@pytest.mark.parametrize("shape", ["conversion", "exponential"])
def test_a_file_reads_as_its_moments(shape, tmp_path):
    """Files without effect, through the scan, the case for the null and the verdict: the rows their moments give."""
    rng = np.random.default_rng(17)
    kind = "proportion" if shape == "conversion" else "mean"
    spec = spec_of(kind, 3, 2)
    for turn in range(4):
        values = [
            (rng.random(300) < 0.3 + 0.15 * (turn == 3)).astype(float)
            if kind == "proportion"
            else SHAPES[shape](rng, 300)
            for _ in spec.arm_names
        ]
        path = tmp_path / f"{turn}.csv"
        rows = [
            f"{arm}{i},{arm},{v!r}"
            for arm, x in zip(spec.arm_names, values, strict=True)
            for i, v in enumerate(x.tolist())
        ]
        path.write_text("user,arm,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
        evidence = open_file(path).scan(spec, metrics=spec.metrics)
        reading = read(spec, evidence)
        objections = case_for_null(spec, evidence, reading, Circumstances())
        verdict = decide(spec, Circumstances(), evidence.total_units, reading, objections)
        moments = [moments_with_thirds(x) for x in values]
        expected = read(spec, evidence_of(spec, moments))
        for one, other in zip(reading.comparisons, expected.comparisons, strict=True):
            assert one.absolute.interval.low == pytest.approx(other.absolute.interval.low, rel=1e-9)
            assert one.absolute.p_value == pytest.approx(other.absolute.p_value, rel=1e-9)
        alike = decide(spec, Circumstances(), 900, expected, ())
        assert [a.row for a in verdict.arms] == [a.row for a in alike.arms]
