"""The picture of a power curve, and sizes in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from copilot_tools.stats.planning.curve import power_curve
from copilot_tools.stats.planning.outcomes import Mean, Proportion
from copilot_tools.stats.spec import Effect, Metric
from expcopilot.outputs.report.sizing import curve_picture

NAMESPACE = "{http://www.w3.org/2000/svg}"


def metric(**changed: object) -> Metric:
    base = {"name": "sign-up rate", "role": "primary", "kind": "proportion", "column": "signed_up"}
    return Metric.model_validate({**base, **changed})


def points(svg: str) -> list[tuple[float, float]]:
    path = next(e for e in ET.fromstring(svg).iter(f"{NAMESPACE}path"))  # noqa: S314 - our own drawing
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path.attrib["d"])]


@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_the_curve_rises_from_left_to_right_whichever_way_is_better(direction):
    """From no effect on the left to the largest on the right; the mark stands where the curve has its power."""
    effect = Effect(size=0.1, scale="relative")
    curve = power_curve(Proportion(baseline=0.05), 62_468, effect, direction=direction)
    picture = curve_picture(curve, metric(direction=direction), 0.8)
    drawn = points(picture.svg)
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert [y for _, y in drawn] == sorted((y for _, y in drawn), reverse=True)
    assert drawn[-1][0] == 1000
    sign = "+" if direction == "increase" else "−"
    assert f"what matters: {sign}10.0%" in picture.svg
    assert f"a true effect of {sign}5.0%" in picture.description
    assert picture.description.endswith("with 100%.")
    ticks = [t for t in re.findall(r'class="tick" text-anchor="\w+">([^<]+)<', picture.svg) if not t.endswith("%")]
    assert ticks[0] == "0" or ticks[-1] == "0"
    assert all(t == "0" or t.startswith(sign) for t in ticks)


def test_a_hostile_name_stays_words():
    """A metric's name is escaped, and there is nothing in the drawing that a swap of the page could mistake."""
    curve = power_curve(Mean(baseline=12.0, sd=30.0), 9000, Effect(size=0.4, scale="absolute"))
    evil = metric(name='"/><script>alert(1)</script>', kind="mean", unit="€")
    picture = curve_picture(curve, evil, 0.8)
    root = ET.fromstring(picture.svg)  # noqa: S314 - our own drawing
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    assert "script" in root.attrib["aria-label"]
    assert not [e for e in root.iter() if "id" in e.attrib]
    assert "true effect, €" in picture.svg
