"""What is read from a warehouse is what is read from files, to a billionth: every kind of metric, slice and day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from copilot_tools.refusals import Refusal
from copilot_tools.results import ArmResult, Comparison, Estimate
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.reading import Reading, read
from copilot_tools.stats.sources.rows.exposed import open_exposed
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.warehouse.source import open_table, open_tables
from copilot_tools.stats.spec import AnalysisSpec, Cap, Effect, Metric, Segment
from tools.stats.sources.warehouse.warehouse_worlds import assert_same, both, plan, world

A_BILLIONTH = 1e-9
LOSS = Effect(size=0.05, scale="relative")
A_PAST = {"covariate": "orders_before", "covariate_denominator": "visits_before"}
"""The ratio of the period before, as ``with_a_past`` adds it."""

USER_METRICS = (
    Metric(name="bought", role="primary", kind="proportion", column="bought"),
    Metric(name="bought, adjusted", kind="proportion", column="bought", covariate="before"),
    Metric(name="paid", role="guardrail", kind="proportion", column="paid", margin=LOSS),
    Metric(name="spend", kind="mean", column="spend", covariate="before"),
    Metric(name="spend capped", kind="mean", column="spend", cap=Cap(quantile=0.95)),
    Metric(name="spend at most 40", kind="mean", column="spend", covariate="before", cap=Cap(at=40.0)),
    Metric(name="rated", kind="mean", column="rated", nulls="drop"),
    Metric(name="rated or 0", kind="mean", column="rated", nulls="zero", direction="decrease"),
    Metric(name="orders a visit", kind="ratio", column="orders", denominator="visits"),
    Metric(name="orders a visit, adjusted", kind="ratio", column="orders", denominator="visits", **A_PAST),
)
EVENT_METRICS = (
    Metric(name="bought in a week", role="primary", kind="proportion", column="bought", window_days=7),
    Metric(name="bought, adjusted", kind="proportion", column="bought", covariate="before", window_days=7),
    Metric(name="revenue", kind="mean", column="amount", covariate="before", nulls="drop"),
    Metric(name="revenue in a week", role="guardrail", kind="mean", column="amount", window_days=7, margin=LOSS),
    Metric(name="revenue capped", kind="mean", column="amount", window_days=7, cap=Cap(quantile=0.95)),
    Metric(name="revenue at most 60", kind="mean", column="amount", covariate="before", cap=Cap(at=60.0)),
    Metric(name="amount a purchase", kind="ratio", column="amount", denominator="bought"),
    Metric(name="amount a purchase, adjusted", kind="ratio", column="amount", denominator="bought", **A_PAST),
)


def with_a_past(data: pa.Table, visits: np.ndarray, seed: int) -> pa.Table:
    """The table with a ratio of the period before: what each row's unit visited and ordered then."""
    orders = np.random.default_rng(seed).binomial(visits, 0.4)
    return data.append_column("visits_before", pa.array(visits)).append_column("orders_before", pa.array(orders))


def exposures_and_events(seed: int = 12) -> tuple[pa.Table, pa.Table]:
    """Units exposed on ten days, with a segment and a past; what each did, some of it before and long after."""
    g = np.random.default_rng(seed)
    units, events = 900, 7_000
    start = np.datetime64("2025-03-01T00:00:00", "us")
    exposures = pa.table(
        {
            "user": pa.array(np.arange(units)),
            "arm": pa.array(g.choice(["control", "b", "c"], units)),
            "at": pa.array(start + (g.random(units) * 10 * 86_400e6).astype("timedelta64[us]")),
            "before": pa.array(g.normal(20, 4, units)),
            "country": pa.array(g.choice(["DE", "FR"], units)),
            "member": pa.array(g.random(units) < 0.5),
        }
    )
    happenings = pa.table(
        {
            "customer": pa.array(g.integers(0, units, events)),
            "time": pa.array(start + (g.random(events) * 22 * 86_400e6 - 86_400e6).astype("timedelta64[us]")),
            "bought": pa.array((g.random(events) < 0.3).astype(int)),
            "amount": pa.array(g.exponential(30, events)),
        }
    )
    return with_a_past(exposures, g.poisson(3, units) + 1, seed), happenings


def numbers(found: ArmResult | Estimate) -> Iterator[tuple[str, float]]:
    """The figures of a level or an effect, by name."""
    if found.value is not None:
        yield "value", found.value
    if found.standard_error is not None:
        yield "standard error", found.standard_error
    if isinstance(found, Estimate):
        yield "low", found.interval.low
        yield "high", found.interval.high
        if found.p_value is not None:
            yield "p", found.p_value


def assert_agree(one: Comparison, other: Comparison) -> int:
    """Levels and effects on both scales agree; returns how many figures were held against each other."""
    counted = 0
    # An effect is a difference of levels: what rounding leaves of it is measured by the levels and by its error.
    level = max(abs(side.value or 0.0) for side in (one.control, one.treatment))
    for a, b, unit in (
        (one.control, other.control, level),
        (one.treatment, other.treatment, level),
        (one.absolute, other.absolute, level),
        (one.relative, other.relative, 1.0),
    ):
        assert type(a) is type(b)
        if not isinstance(a, ArmResult | Estimate) or not isinstance(b, ArmResult | Estimate):
            assert a == b
            continue
        for (name, x), (_, y) in zip(numbers(a), numbers(b), strict=True):
            whole = max(abs(x), unit) if name in ("value", "low", "high") else abs(x)
            assert x == y or abs(x - y) <= A_BILLIONTH * whole, (one.metric, one.slice, name, x, y)
            counted += 1
    return counted


def assert_same_reading(spec: AnalysisSpec, by_file: Evidence, by_table: Evidence) -> Reading:
    """Evidence and everything read from it agree; the reading from the file."""
    assert_same(by_file, by_table)
    ours, theirs = read(spec, by_file), read(spec, by_table)
    assert {c.metric for c in ours.comparisons} == {m.name for m in spec.metrics}
    for part in ("comparisons", "cuts"):
        pairs = list(zip(getattr(ours, part), getattr(theirs, part), strict=True))
        assert sum(assert_agree(a, b) for a, b in pairs) >= 8 * len(pairs) > 0
    assert [(p.day, p.arm, p.units) for p in ours.trajectory] == [(p.day, p.arm, p.units) for p in theirs.trajectory]
    assert len({p.day for p in ours.trajectory}) >= 5
    for a, b in zip(ours.trajectory, theirs.trajectory, strict=True):
        assert a.effect.value == pytest.approx(b.effect.value, rel=A_BILLIONTH, abs=A_BILLIONTH)
    for mine, yours in zip(ours.guardrails, theirs.guardrails, strict=True):
        assert (mine.alarm, mine.safe) == (yours.alarm, yours.safe)
        assert isinstance(mine.effect, Estimate)
        assert isinstance(yours.effect, Estimate)
        assert mine.effect.value == pytest.approx(yours.effect.value, rel=A_BILLIONTH, abs=A_BILLIONTH)
    return ours


def test_estimates_of_user_tables(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Proportions, means, ratios, caps, covariates, empty cells, segments and days, read from Postgres and a file."""
    visits = np.random.default_rng(9).poisson(4, 2_000) + 1
    path = both(tmp_path, postgres, with_a_past(world(2_000), visits, 9))
    spec = plan(metrics=USER_METRICS)
    by_file = open_file(path).scan(spec, metrics=spec.metrics, cuts=("age",))
    by_table = open_table(postgres, "lab.results").scan(spec, metrics=spec.metrics, cuts=("age",))
    found = assert_same_reading(spec, by_file, by_table)
    assert {c.slice.dimension for c in found.cuts} >= {"country", "member"}
    adjusted = {c.metric: c.variance_reduction for c in found.comparisons}
    assert adjusted["orders a visit, adjusted"] is not None
    assert adjusted["spend at most 40"] is not None


def test_estimates_of_exposures_and_events(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """The same kinds from two tables, with conversion windows, segments and days."""
    exposures, happenings = exposures_and_events()
    one, two = both(tmp_path, postgres, exposures, "exposures"), both(tmp_path, postgres, happenings, "happenings")
    spec = plan(
        metrics=EVENT_METRICS, covariates=("before",), segments=(Segment(column="country"), Segment(column="member"))
    )
    by_file = open_exposed(one, two, unit="customer", time="time").scan(spec, metrics=spec.metrics)
    by_table = open_tables(postgres, "lab.exposures", "lab.happenings", unit="customer", time="time").scan(
        spec, metrics=spec.metrics
    )
    found = assert_same_reading(spec, by_file, by_table)
    assert {c.slice.dimension for c in found.cuts} >= {"country", "member"}
    assert any(c.variance_reduction is not None for c in found.comparisons if c.metric == "amount a purchase, adjusted")


def test_the_comparison_can_fail() -> None:
    """A figure off by ten billionths is seen."""
    level = ArmResult(arm="a", n=10, value=2.0, standard_error=0.1)
    off = level.model_copy(update={"value": 2.0 * (1 + 1e-8)})
    refused = Refusal(code="a.b", reason="No.", cure="Ask again.")
    effect = Comparison(metric="m", control=level, treatment=level, absolute=refused, relative=refused)
    assert assert_agree(effect, effect) == 4
    with pytest.raises(AssertionError):
        assert_agree(effect, effect.model_copy(update={"treatment": off}))
