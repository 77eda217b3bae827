"""Pictures: small, deterministic, in the right place, escaped."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest

from copilot.outputs.sample_readouts import ALL, estimate, harmful, hostile, trajectory
from expcopilot.outputs.report.content import Picture
from expcopilot.outputs.report.forest import ForestRow, Mark, forest, forest_strip
from expcopilot.outputs.report.svg import Axis, axis_over
from expcopilot.outputs.report.timeline import timeline
from expcopilot.outputs.report.view import page

NAMESPACE = "{http://www.w3.org/2000/svg}"
MATTERS = Mark(at=1.0, label="what matters: +1", kind="matters")


def pictures(readout):
    made = page(readout)
    blocks = [b for s in made.sections for b in s.blocks if isinstance(b, Picture)]
    return [*blocks, *([made.headline.picture] if made.headline.picture else [])]


def drawn(rows, mark=MATTERS, better=1):
    return ET.fromstring(  # noqa: S314 - our own drawing
        forest("f", rows, mark, better=better, unit="points", factor=1.0, title="t", description="what it shows")
    )


def percent(length):
    return float(length.rstrip("%"))


@pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())
def test_pictures_are_small_well_formed_and_stable(make):
    """Each is valid XML below 10 KB and the same every time."""
    first, second = pictures(make()), pictures(make())
    assert [p.svg for p in first] == [p.svg for p in second]
    for picture in first:
        assert len(picture.svg.encode()) < 10_000
        assert ET.fromstring(picture.svg).tag == f"{NAMESPACE}svg"  # noqa: S314 - our own drawing


def test_full_readout_has_all_its_pictures():
    """Effect, each of two guardrails, segments and the effect over time."""
    assert len(pictures(harmful())) == 5


def test_a_guardrail_is_drawn_in_its_own_units_against_its_own_margin():
    """The margin's line stands where the axis says its number, whatever the scale and whichever way is better."""
    made = {p.title: p for p in pictures(harmful()) if p.title.startswith("Guardrail")}
    guards = {g.metric: g for g in harmful().look.reading.guardrails}
    assert {f"Guardrail {name}, against its margin" for name in guards} == set(made)
    for name, guard in guards.items():
        picture = made[f"Guardrail {name}, against its margin"]
        root = ET.fromstring(picture.svg)  # noqa: S314 - our own drawing
        words = [t.text for t in root.iter(f"{NAMESPACE}text")]
        (label,) = (w for w in words if w.startswith("tolerated: worse by"))
        assert f"{guard.margin * 100:g}" in label
        assert label in picture.strip[-1]
        ends = [guard.effect.interval.low, guard.effect.interval.high, guard.effect.value, -guard.margin]
        axis = axis_over(ends)
        (place,) = {line.get("x1") for line in root.iter(f"{NAMESPACE}line") if line.get("class") == "mark"}
        assert place == axis.at(-guard.margin)
        assert all(axis.label(tick, 100.0) in words for tick in axis.ticks())
        assert not any("margins" in (w or "") for w in words)


def test_dot_lies_within_its_bar_and_the_bar_left_of_zero_when_harmful():
    """Places on the axis keep the order of the numbers."""
    root = drawn((ForestRow(name="b", shown="−2", value=-2.0, low=-3.0, high=-1.0),))
    bar = next(
        line
        for line in root.iter(f"{NAMESPACE}line")
        if line.get("class") == "bar" and line.get("y1") == line.get("y2")
    )
    zero = next(line for line in root.iter(f"{NAMESPACE}line") if line.get("class") == "zero")
    mark = next(line for line in root.iter(f"{NAMESPACE}line") if line.get("class") == "mark")
    dot = next(root.iter(f"{NAMESPACE}circle"))
    order = [percent(x) for x in (bar.get("x1"), dot.get("cx"), bar.get("x2"), zero.get("x1"), mark.get("x1"))]
    assert order == sorted(order)
    assert len(set(order)) == 5


@pytest.mark.parametrize(("low", "high"), [(-math.inf, 1.0), (0.5, math.inf), (-math.inf, math.inf)])
def test_open_ends_are_arrows(low, high):
    """An open end has a tip and reaches the picture's edge; a closed end has neither."""
    root = drawn((ForestRow(name="b", shown="+1", value=1.0, low=low, high=high),))
    tips = [p for p in root.iter(f"{NAMESPACE}path") if p.get("class") == "tip"]
    assert len(tips) == math.isinf(low) + math.isinf(high)
    bar = next(line for line in root.iter(f"{NAMESPACE}line") if line.get("class") == "bar")
    assert (bar.get("x1") == "0") == math.isinf(low)
    assert (bar.get("x2") == "100%") == math.isinf(high)


def test_text_picture_shows_the_same_order():
    """Zero, what matters and the estimate stand where the numbers say; open ends have their own sign."""
    row, legend = forest_strip((ForestRow(name="b", shown="+3", value=3.0, low=2.0, high=math.inf),), MATTERS)
    assert row.index("│") < row.index("┆") < row.index("├") < row.index("●") < row.index("▸")
    assert "what matters: +1" in legend


def test_axis_ticks_are_round_and_hold_zero():
    """Ticks are multiples of a round step inside the axis; a label never says minus zero."""
    axis = axis_over([-0.0133, 0.005])
    ticks = axis.ticks()
    assert 0.0 in ticks
    assert all(axis.low <= t <= axis.high for t in ticks)
    assert 3 <= len(ticks) <= 12
    assert axis.label(-1e-12, 100) == "0"
    assert axis.label(-0.01, 100).startswith("−1")


@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [1e-9, -1e-9], [1e12], [math.inf]])
def test_axis_is_never_empty(values):
    """Equal, tiny, huge or open values still give an axis with a width."""
    axis = axis_over(values)
    assert axis.low < 0 <= axis.high or axis.low <= 0 < axis.high
    assert axis.low < axis.high
    assert axis.ticks()


def test_axis_keeps_places_inside():
    """What lies beyond the axis stands at its end."""
    axis = Axis(low=-1, high=1)
    assert axis.place(-9) == axis.place(-1) < axis.place(0) < axis.place(1) == axis.place(9)


def test_long_runs_are_thinned_and_keep_their_last_day():
    """Two years of days in three arms stay below 10 KB and end on the last day."""
    arms = tuple((f"arm {i}", trajectory(f"arm {i}", 0.01, 0.004, days=730)) for i in range(3))
    svg = timeline("t", arms, 0.02, better=1, factor=100.0, title="t", description="d")
    assert len(svg.encode()) < 10_000
    assert arms[0][1][-1].day in svg
    assert svg.count('class="dot"') == 3


def test_open_intervals_over_time_can_be_drawn():
    """One-sided intervals run off the panel instead of breaking it."""
    points = tuple(
        p.model_copy(update={"effect": estimate(p.effect.value, 0.01, one_sided=True)})
        for p in trajectory("b", 0.01, 0.004)
    )
    svg = timeline("t", (("b", points),), None, better=1, factor=100.0, title="t", description="d")
    ET.fromstring(svg)  # noqa: S314 - our own drawing
    assert "inf" not in svg
    assert "nan" not in svg


def test_names_in_pictures_are_escaped():
    """A tag in a name is text in the drawing."""
    for picture in pictures(hostile()):
        assert "<script" not in picture.svg
        assert "\x1b" not in picture.svg
