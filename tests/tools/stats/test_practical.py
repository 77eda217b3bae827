"""The practical number: the effect times the traffic, with its interval, open ends and money."""

from __future__ import annotations

import math

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.evidence import Evidence, MetricCell, Quality, SourceInfo, UnitCell
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.practical import Practical, practical
from copilot_tools.stats.reading import read
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric


def _spec(**changes):
    fields = {
        "arms": (Arm(name="a"), Arm(name="b"), Arm(name="c")),
        "control": "a",
        "metrics": (Metric(name="visit", role="primary", kind="proportion", column="visit"),),
        "minimum_effect": Effect(size=0.01, scale="absolute"),
    }
    return AnalysisSpec(**{**fields, **changes})


def _evidence(counts):
    return Evidence(
        source=SourceInfo(kind="counts", name="typed", digest="0"),
        units=tuple(UnitCell(arm=a, units=n) for a, (_, n) in counts.items()),
        cells=tuple(
            MetricCell(metric="visit", arm=a, moments=Moments.of_proportion(n, x)) for a, (x, n) in counts.items()
        ),
        quality=Quality(rows=sum(n for _, n in counts.values())),
    )


COUNTS = {"a": (500, 5000), "b": (600, 5000), "c": (0, 0)}


def test_effect_times_traffic():
    """Two points more at 40,000 units a month are 800 conversions, and the interval scales alike."""
    spec = _spec()
    reading = read(spec, _evidence(COUNTS))
    (number,) = practical(spec, reading, 40_000)
    ends = reading.comparison("visit", "b").absolute.interval
    assert number.arm == "b"
    assert number.per_month == pytest.approx(800)
    assert (number.low, number.high) == pytest.approx((40_000 * ends.low, 40_000 * ends.high))
    assert number.money_per_month is None


def test_money_scales_by_the_value_of_a_conversion():
    """At 12.5 a conversion the money is the number times 12.5, ends included."""
    spec = _spec()
    (number,) = practical(spec, read(spec, _evidence(COUNTS)), 40_000, 12.5)
    assert number.money_per_month == pytest.approx((10_000, 12.5 * number.low, 12.5 * number.high))


def test_an_open_end_stays_open_and_survives_json():
    """A one-sided plan's number has no upper limit, in memory and after JSON."""
    spec = _spec(sides=1)
    (number,) = practical(spec, read(spec, _evidence(COUNTS)), 40_000, 2.0)
    assert number.high == math.inf
    assert number.money_per_month[2] == math.inf
    assert Practical.model_validate(number.to_json()) == number
    assert number.to_json()["high"] == "inf"


@pytest.mark.parametrize(("traffic", "value"), [(0, None), (-5, None), (math.nan, None), (100, 0), (100, -1)])
def test_impossible_traffic_and_value_are_refused(traffic, value):
    """Traffic and value must be positive numbers."""
    spec = _spec()
    with pytest.raises(Refused, match=r"traffic_per_month|value_per_unit"):
        practical(spec, read(spec, _evidence(COUNTS)), traffic, value)
